//! All metrics of the champions, and of every pipeline on request.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, evidence, sets};
use crate::text;
use crate::write::ReportError;
use eval::metric::{Evidence, METRICS, Metric, ScoreKind};
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "metrics", title: "More metrics", render };

/// A pipeline with its stored scores.
type Scored<'a> = (&'a PipelineSummary, Evidence);

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut parts = Vec::new();
    for set in sets(run, summary) {
        let mut scored = Vec::new();
        for (pipeline, result) in set.finished() {
            if let Some(evidence) = evidence(run, &set, result)? {
                scored.push((pipeline, evidence));
            }
        }
        if !scored.is_empty() {
            parts.push(part(&set, &scored));
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Accuracy is what the answer is about. Where classes are unequal, balanced accuracy and \
             macro F1 say more; where a decision hangs on how sure a model is, log loss, Brier \
             score and calibration error do. The latter need probabilities: models that give votes \
             or margins have none. All come from the stored scores of the test images."
        }
        @for part in &parts { (part) }
        details {
            summary { "What the metrics mean" }
            dl.method {
                @for metric in METRICS {
                    dt { (metric.title) @if !metric.higher_is_better { " (lower is better)" } }
                    dd { (metric.description) }
                }
            }
        }
    };
    Ok(Some(Content::text(html)))
}

fn part(set: &SetView<'_>, scored: &[Scored<'_>]) -> Markup {
    let champions: Vec<&Scored<'_>> =
        scored.iter().filter(|(pipeline, _)| set.is_champion(pipeline)).collect();
    let all: Vec<&Scored<'_>> = scored.iter().collect();
    html! {
        h3 id=(set.anchor("metrics")) { (look::name(&set.summary.dataset)) }
        @if !champions.is_empty() {
            (table(&champions))
        }
        details {
            summary { "All pipelines" }
            (table(&all))
        }
    }
}

/// One row per pipeline, one column per metric that any of them has.
fn table(scored: &[&Scored<'_>]) -> Markup {
    let metrics: Vec<&Metric> =
        METRICS.iter().filter(|metric| some_value(metric, scored)).collect();
    html! {
        div.scroll { table {
            thead { tr {
                th { "Pipeline" }
                @for metric in &metrics {
                    th.number { (metric.title) @if !metric.higher_is_better { " ↓" } }
                }
            } }
            tbody {
                @for (pipeline, evidence) in scored {
                    tr {
                        th scope="row" { (look::pipeline(pipeline.family, &pipeline.name)) }
                        @for metric in &metrics { (value(metric, evidence)) }
                    }
                }
            }
        } }
    }
}

/// A metric that nobody has is not worth a column.
fn some_value(metric: &Metric, scored: &[&Scored<'_>]) -> bool {
    scored.iter().any(|(_, evidence)| matches!(metric.of(evidence), Some(Ok(_))))
}

fn value(metric: &Metric, evidence: &Evidence) -> Markup {
    match metric.of(evidence) {
        Some(Ok(value)) => html! { td.number { (format!("{value:.3}")) } },
        Some(Err(why)) => html! { td.number title=(why.to_string()) { (text::NONE) } },
        None => {
            debug_assert_eq!(evidence.kind(), ScoreKind::Decision);
            html! { td.number title="the scores are no probabilities" { (text::NONE) } }
        }
    }
}
