//! Test images on which exactly one champion is right.

use super::{Content, Section};
use crate::look;
use crate::picture;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "examples", title: "Images that tell the two apart", render };

/// Most images shown for each side.
const MAX_SHOWN: usize = 24;
/// Length of the longer side on the page, in CSS pixels, at least; larger pictures are shrunk.
const SIDE: usize = 112;

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut parts = Vec::new();
    for set in sets(run, summary) {
        parts.extend(examples(run, &set)?);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::text(html! {
        p {
            "Where one champion is right and the other wrong. These images decide McNemar's test, \
             and often show what one side sees and the other does not. Evenly spread over the \
             stored pictures, not picked by hand."
        }
        @for part in &parts { (part) }
    })))
}

fn examples(run: &Run, set: &SetView<'_>) -> Result<Option<Markup>, ReportError> {
    let (Some([classical, deep]), Some(hold_out)) = (set.champions(), set.hold_out) else {
        return Ok(None);
    };
    let Some(rows) = set.summary.disagreements(set.data, hold_out) else { return Ok(None) };
    let mut sides = Vec::new();
    for (rows, (right, _), (wrong, wrong_result)) in
        [(&rows.only_classical, classical, deep), (&rows.only_deep, deep, classical)]
    {
        let mut pictures = Vec::new();
        for &row in rows {
            pictures.extend(picture::kept(run, set, row)?.map(|png| (row, png)));
        }
        let shown = spread(&pictures);
        let figures = shown.iter().map(|(row, png)| {
            let position = hold_out.test.binary_search(row).unwrap_or_default();
            let truth = &set.data.classes[set.data.labels[*row]];
            let mistake = &set.data.classes[wrong_result.predicted[position]];
            example(set, *row, png, truth, mistake)
        });
        let figures: Vec<Markup> = figures.collect();
        sides.push(html! {
            h4 {
                "Only " (look::pipeline(right.family, &right.name)) " is right: "
                (text::counted(rows.len() as u64, "image", "images"))
                @if figures.len() < rows.len() { ", " (figures.len()) " shown" }
            }
            @if !figures.is_empty() {
                p.note {
                    "Below each image its class, and what " (look::name(&wrong.name))
                    " took it for."
                }
                div.examples { @for figure in &figures { (figure) } }
            }
        });
    }
    Ok(Some(html! {
        h3 id=(set.anchor("examples")) { (look::name(&set.summary.dataset)) }
        @for side in &sides { (side) }
    }))
}

/// At most [`MAX_SHOWN`], evenly spread: rows are often sorted by class.
fn spread<T>(all: &[T]) -> Vec<&T> {
    let shown = all.len().min(MAX_SHOWN);
    (0..shown).map(|index| &all[index * all.len() / shown]).collect()
}

fn example(set: &SetView<'_>, row: usize, png: &[u8], truth: &str, mistake: &str) -> Markup {
    let name = picture::image_name(set, row);
    let alt = format!("test image {name}: {truth}, taken for {mistake}");
    html! {
        figure.example {
            (picture::img(set, row, png, SIDE, &alt))
            figcaption {
                span.right { span aria-label="truth" { "✓" } " " (look::name(truth)) }
                span.wrong { span aria-label="taken for" { "✗" } " " (look::name(mistake)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_all_of_few_and_reaches_far_among_many() {
        assert_eq!(spread(&[1, 2, 3]), [&1, &2, &3]);
        assert_eq!(spread::<u8>(&[]), [&0_u8; 0]);
        let many: Vec<usize> = (0..48).collect();
        assert_eq!(spread(&many), many.iter().step_by(2).collect::<Vec<_>>());
    }
}
