//! Features or classifier: which of the two makes the difference?

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary};
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "table", title: "Features or classifier?", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let parts: Vec<Markup> = sets(run, summary)
        .filter(|set| !set.finished().is_empty())
        .map(|set| {
            html! {
                h3 id=(set.anchor("table")) { (look::name(&set.summary.dataset)) }
                (table(&set))
            }
        })
        .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::text(html! {
        p {
            "Accuracy on the test images by features (rows) and classifier (columns). Read down a \
             column: the same classifier on other features. Read along a row: the same features \
             under another classifier. Whatever changes the numbers more makes the difference. "
            strong { "Bold" } " is the best of its row, " span.best-column { "underlined" }
            " the best of its column; darker is better; – was not asked for or has not finished."
        }
        @for part in &parts { (part) }
    })))
}

/// Values in the order in which they first occur.
fn in_order<'a>(
    pipelines: &'a [PipelineSummary],
    of: impl Fn(&'a PipelineSummary) -> &'a str,
) -> Vec<&'a str> {
    let mut values = Vec::new();
    for value in pipelines.iter().map(of) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn accuracy(pipeline: &PipelineSummary) -> Option<f64> {
    Some(pipeline.result.as_ref().ok()?.accuracy)
}

fn table(set: &SetView<'_>) -> Markup {
    let pipelines = &set.summary.pipelines;
    let extractors = in_order(pipelines, |pipeline| &pipeline.extractor);
    let classifiers = in_order(pipelines, |pipeline| &pipeline.classifier);
    // The best of several; of one alone there is nothing to say.
    let best = |of: &dyn Fn(&PipelineSummary) -> bool| {
        let accuracies = pipelines.iter().filter(|p| of(p)).filter_map(accuracy);
        let accuracies: Vec<f64> = accuracies.collect();
        (accuracies.len() > 1).then(|| accuracies.into_iter().fold(0.0, f64::max))
    };
    let low = set.scale_begin();
    let high = set.finished().first().map_or(1.0, |(_, result)| result.accuracy);
    let columns: Vec<(&str, Option<f64>)> =
        classifiers.iter().map(|&name| (name, best(&|p| p.classifier == name))).collect();
    html! {
        div.scroll { table.grid {
            thead { tr {
                th { "Features" }
                @for (classifier, _) in &columns {
                    th.number title=(classifier) { span { (look::name(classifier)) } }
                }
            } }
            tbody {
                @for extractor in extractors {
                    @let best_of_row = best(&|p| p.extractor == extractor);
                    tr {
                        th.name scope="row" { (look::name(extractor)) }
                        @for &(classifier, best_of_column) in &columns {
                            // More than one only if a plan gives two names to one pair.
                            @let cell: Vec<f64> = pipelines.iter()
                                .filter(|p| p.extractor == extractor && p.classifier == classifier)
                                .filter_map(accuracy)
                                .collect();
                            td.number style=[shade(&cell, low, high)] {
                                @if cell.is_empty() { (text::NONE) }
                                @for (index, &value) in cell.iter().enumerate() {
                                    @if index > 0 { " / " }
                                    span.best-row[Some(value) == best_of_row]
                                        .best-column[Some(value) == best_of_column]
                                    { (text::percent(value)) }
                                }
                            }
                        }
                    }
                }
            }
        } }
    }
}

/// Background of a cell: the better among the accuracies of the set, the darker.
fn shade(cell: &[f64], low: f64, high: f64) -> Option<String> {
    let value = cell.iter().copied().reduce(f64::max)?;
    let share = if high > low { ((value - low) / (high - low)).max(0.0) } else { 1.0 };
    Some(format!("background: rgba(44, 122, 123, {:.2})", 0.04 + 0.34 * share))
}
