//! The two sides by nested cross-validation: another look at the same question, that depends less
//! on one split.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::selection::NestedAnswer;
use eval::statistics::resampled::Rope;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "nested", title: "The same question by cross-validation", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let protocol = &run.manifest.protocol;
    let parts: Vec<Markup> = sets(run, summary)
        .filter_map(|set| Some(part(&set, set.summary.nested.as_ref()?, protocol.margin)))
        .collect();
    let (Some(nested), false) = (protocol.nested, parts.is_empty()) else { return Ok(None) };
    let level = text::plain(100.0 * protocol.level);
    let html = html! {
        p {
            "The training part was cut into " (nested.folds) " outer folds. On the rest of each, \
             every pipeline had a search of its own; the best of each side by that search was \
             scored on the fold. So the accuracies include the luck of the search and of the \
             training images, and no test image of the answer above was used. The folds share \
             training images, so the " (level) " % interval and the p value are those of the \
             corrected resampled t test (Nadeau and Bengio 2003); a plain t test would be far too \
             sure. Few folds say little: this is a check of the answer, not the answer."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content::text(html)))
}

fn part(set: &SetView<'_>, answer: &NestedAnswer, margin: f64) -> Markup {
    let points = |value: f64| text::signed_points(value, 1);
    let ends = (points(answer.interval.low), points(answer.interval.high));
    html! {
        h3 id=(set.anchor("nested")) { (look::name(&set.summary.dataset)) }
        p.facts {
            span { "Classical − deep " strong { (text::points(points(answer.mean))) } }
            span { "Interval " strong { (ends.0) " to " (text::points(ends.1)) } }
            @if let Some(p) = answer.p { span { "p " strong { (text::p_value(p)) } } }
        }
        @if let Some(rope) = answer.believed(margin) { p { (believed(rope, margin)) } }
        div.scroll { table {
            thead { tr {
                th { "Outer fold" }
                th { "Classical champion" } th.number { "Accuracy" }
                th { "Deep champion" } th.number { "Accuracy" }
                th.number { "Difference (points)" }
            } }
            tbody {
                @for (fold, &difference) in answer.differences.iter().enumerate() {
                    tr {
                        th scope="row" { (fold + 1) }
                        (champion(set, answer.classical[fold], fold))
                        (champion(set, answer.deep[fold], fold))
                        td.number { (points(difference)) }
                    }
                }
            }
        } }
    }
}

fn champion(set: &SetView<'_>, index: usize, fold: usize) -> Markup {
    let pipeline = &set.summary.pipelines[index];
    let chosen = &pipeline.nested[fold].search.chosen;
    html! {
        td {
            (look::pipeline(pipeline.family, &pipeline.name))
            @if !chosen.is_empty() { " " bdi { "(" (text::point(chosen)) ")" } }
        }
        td.number { (text::percent(pipeline.nested[fold].accuracy)) }
    }
}

/// What the posterior says, in a sentence.
pub(super) fn believed(rope: Rope, margin: f64) -> Markup {
    html! {
        "By the Bayesian correlated t test (Benavoli and others 2017), the classical side is more \
         than " (text::points(text::plain(100.0 * margin))) " ahead with probability "
        (text::probability(rope.first_better)) ", within that margin of the deep side with "
        (text::probability(rope.equivalent)) ", and further behind with "
        (text::probability(rope.second_better)) "."
    }
}
