//! Which classes the two champions mix up.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult};
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "confusion", title: "Which classes are mixed up", render };

/// With more classes a matrix no longer fits a page, and a list says more.
const MAX_MATRIX: usize = 20;
/// Pairs in such a list.
const MAX_PAIRS: usize = 20;

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let parts: Vec<Markup> = sets(run, summary)
        .filter_map(|set| Some((set, set.champions()?)))
        .map(|(set, champions)| {
            html! {
                h3 id=(set.anchor("confusion")) { (look::name(&set.summary.dataset)) }
                div.pair {
                    @for champion in champions { (confusion(&set, champion)) }
                }
            }
        })
        .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::text(html! {
        p {
            "Test images of each true class (row) by the class predicted (column), for the two \
             champions. What is right lies on the diagonal. Recall is the share of a class that \
             was found; precision the share right among those given the class. Darker is a larger \
             share of the row."
        }
        @for part in &parts { (part) }
    })))
}

fn confusion(set: &SetView<'_>, (pipeline, result): (&PipelineSummary, &TestResult)) -> Markup {
    let classes = &set.data.classes;
    html! {
        div {
            h4 { (look::pipeline(pipeline.family, &pipeline.name)) }
            @if classes.len() <= MAX_MATRIX { (matrix(classes, result)) }
            @else { (pairs(classes, result)) }
        }
    }
}

fn matrix(classes: &[String], result: &TestResult) -> Markup {
    let turned = classes.iter().any(|class| class.chars().count() > 3);
    let (counts, per_class) = (result.confusion.counts(), result.confusion.per_class());
    html! {
        div.scroll { table.matrix {
            thead { tr {
                th.corner { "truth ↓ predicted →" }
                @for class in classes {
                    th.turned[turned] scope="col" title=(class) { span { (look::name(class)) } }
                }
                th { "recall (%)" }
            } }
            tbody {
                @for (class, (row, metrics)) in counts.iter().zip(&per_class).enumerate() {
                    tr {
                        th.name scope="row" { (look::name(&classes[class])) }
                        @for (column, &count) in row.iter().enumerate() {
                            td.number.diagonal[column == class].zero[count == 0]
                                style=[shade(count, metrics.support)]
                            { @if count == 0 { "·" } @else { (text::count(count)) } }
                        }
                        td.number.margin { (share(metrics.recall, metrics.support)) }
                    }
                }
                tr {
                    th.name scope="row" { "precision (%)" }
                    @for (column, metrics) in per_class.iter().enumerate() {
                        @let said: u64 = counts.iter().map(|row| row[column]).sum();
                        td.number.margin { (share(metrics.precision, said)) }
                    }
                    td.margin {}
                }
            }
        } }
    }
}

/// In whole percent, or a dash where there is nothing to share.
fn share(share: f64, of: u64) -> String {
    if of == 0 { text::NONE.to_owned() } else { format!("{:.0}", 100.0 * share) }
}

/// Errors are rare, so a root makes them visible.
fn shade(count: u64, of: u64) -> Option<String> {
    let share = count as f64 / of.max(1) as f64;
    (count > 0)
        .then(|| format!("background: rgba(44, 122, 123, {:.2})", 0.06 + 0.36 * share.sqrt()))
}

/// The pairs of classes that are taken for each other most often.
fn pairs(classes: &[String], result: &TestResult) -> Markup {
    let counts = result.confusion.counts();
    let mut pairs: Vec<(u64, usize, usize)> = counts
        .iter()
        .enumerate()
        .flat_map(|(truth, row)| row.iter().enumerate().map(move |(p, &count)| (count, truth, p)))
        .filter(|&(count, truth, predicted)| count > 0 && truth != predicted)
        .collect();
    // The most frequent first, equal ones in the order of the classes.
    pairs.sort_by_key(|&(count, truth, predicted)| (std::cmp::Reverse(count), truth, predicted));
    let shown = pairs.len().min(MAX_PAIRS);
    html! {
        p.note {
            (text::count(classes.len() as u64)) " classes: the " (shown) " most frequent of "
            (text::counted(pairs.len() as u64, "kind", "kinds")) " of mistake."
        }
        div.scroll { table {
            thead { tr {
                th { "Truth" } th { "Taken for" }
                th.number { "Images" } th.number { "of the class" }
            } }
            tbody {
                @for &(count, truth, predicted) in &pairs[..shown] {
                    @let support: u64 = counts[truth].iter().sum();
                    tr {
                        td { (look::name(&classes[truth])) }
                        td { (look::name(&classes[predicted])) }
                        td.number { (text::count(count)) }
                        td.number { (text::percent(count as f64 / support as f64)) }
                    }
                }
            }
        } }
    }
}
