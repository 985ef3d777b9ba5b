//! All pipelines of a data set, the most accurate first.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::font::fitted;
use crate::figure::plot::{self, Frame, LABEL, SMALL};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use base::Convergence;
use eval::record::Family;
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult, Unfinished};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "scoreboard", title: "All pipelines", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let level = text::plain(100.0 * run.manifest.protocol.level);
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary).filter(|set| !set.summary.pipelines.is_empty()) {
        let figure = figure(&set)?;
        let images = set.summary.test_images as u64;
        parts.push(html! {
            h3 id=(set.anchor("scoreboard")) { (look::name(&set.summary.dataset)) }
            @if let Some(figure) = &figure {
                (figure.html(&html! {
                    "Accuracy on " (text::counted(images, "test image", "test images"))
                    " with its " (level) " % Wilson interval."
                    @if set.finished().iter().any(|(_, r)| r.accuracy < set.scale_begin()) {
                        " An arrow at the left: below the scale."
                    }
                }))
            }
            (table(&set, &level))
        });
        figures.extend(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Sorted by accuracy on the test images. The intervals say how far each accuracy may be \
             off by the luck of the test images; do not compare two pipelines by whether their \
             intervals overlap. All saw the same images, and the answer above compares them image \
             by image."
        }
        (look::legend())
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

fn table(set: &SetView<'_>, level: &str) -> Markup {
    let unfinished = set.summary.pipelines.iter().filter(|p| p.result.is_err());
    html! {
        div.scroll { table.wide.scoreboard {
            thead { tr {
                th { "Pipeline" }
                th.number { "Test accuracy" }
                th.number { (level) " % interval" }
                th.number { "Macro F1" }
                th.number { "Search accuracy" }
                th { "Chosen settings" }
                th { "Notes" }
            } }
            tbody {
                @for (pipeline, result) in set.finished() {
                    tr {
                        (name(set, pipeline))
                        td.number { strong { (text::percent(result.accuracy)) } }
                        td.number { (text::percent_range(result.interval)) }
                        td.number { (text::percent(result.macro_f1)) }
                        (search(pipeline))
                        td.notes { (notes(pipeline, result)) }
                    }
                }
                @for pipeline in unfinished {
                    tr.unfinished {
                        (name(set, pipeline))
                        td.number { (text::NONE) }
                        td.number { (text::NONE) }
                        td.number { (text::NONE) }
                        (search(pipeline))
                        td.notes { @match &pipeline.result {
                            Err(Unfinished::Failed(error)) => {
                                strong { "failed: " } (look::name(error))
                            },
                            _ => "not done yet",
                        } }
                    }
                }
            }
        } }
    }
}

fn name(set: &SetView<'_>, pipeline: &PipelineSummary) -> Markup {
    html! {
        th.name scope="row" {
            (look::pipeline(pipeline.family, &pipeline.name))
            @if set.is_champion(pipeline) { " " span.tag { "champion" } }
        }
    }
}

/// Accuracy in the search, and what was chosen.
fn search(pipeline: &PipelineSummary) -> Markup {
    match &pipeline.search {
        None => html! { td.number { (text::NONE) } td { (text::NONE) } },
        Some(search) => html! {
            td.number { (text::percent(search.accuracy)) }
            td {
                @if search.chosen.is_empty() { "fixed" }
                @else { bdi { (text::point(&search.chosen)) } }
            }
        },
    }
}

/// What a reader should know before trusting the number.
fn notes(pipeline: &PipelineSummary, result: &TestResult) -> Markup {
    let mut notes = Vec::new();
    match result.convergence {
        Convergence::LimitReached { iterations } => {
            let iterations = text::counted(iterations, "iteration", "iterations");
            notes.push(format!("did not converge within {iterations}"));
        }
        Convergence::EarlyStopped { iterations, best } => {
            let epochs = text::counted(iterations, "epoch", "epochs");
            notes.push(format!("stopped early after {epochs}, weights of epoch {best}"));
        }
        Convergence::Completed { iterations } => {
            let deep = pipeline.family == Family::Deep;
            let (one, many) = if deep { ("epoch", "epochs") } else { ("round", "rounds") };
            let passes = text::counted(iterations, one, many);
            notes.push(format!("ran its {passes}"));
        }
        Convergence::Direct | Convergence::Converged { .. } | Convergence::Unknown => {}
    }
    let at_edge = pipeline.search.iter().flat_map(|search| &search.at_edge);
    notes.extend(at_edge.map(|setting| {
        format!("{setting} at the edge of its grid: a better value may lie outside")
    }));
    if let Some(search) = pipeline.search.as_ref().filter(|search| search.left_out > 0) {
        let points = text::counted(search.left_out as u64, "point", "points");
        notes.push(format!("the search ended by its limit: {points} never tried"));
    }
    html! { bdi { (notes.join("; ")) } }
}

/// Accuracies with their intervals, one row per finished pipeline.
fn figure(set: &SetView<'_>) -> Result<Option<Figure>, ReportError> {
    const WIDTH: f64 = 760.0;
    const ROW: f64 = 24.0;
    let finished = set.finished();
    if finished.is_empty() {
        return Ok(None);
    }
    let begin = set.scale_begin();
    let shown = finished.iter().filter(|(_, result)| result.accuracy >= begin);
    let ends = shown.flat_map(|(_, r)| [r.interval.low, r.interval.high, r.accuracy]);
    let frame = Frame {
        left: 250.0,
        top: 34.0,
        right: WIDTH - 80.0,
        bottom: 34.0 + ROW * finished.len() as f64 + 4.0,
        x: Axis::linear(ends.map(|share| 100.0 * share), 6.0, (0.0, 100.0)),
        y: Axis::linear([0.0, 1.0].into_iter(), 1.0, (0.0, 1.0)),
    };
    let mut canvas = Canvas::new(WIDTH, frame.bottom + 46.0);
    let decimals = frame.x.decimals(1.0);
    frame.mark_x(
        &mut canvas,
        |tick| format!("{tick:.decimals$}"),
        "accuracy on the test images (%)",
    );
    let occurs = |family| finished.iter().any(|(pipeline, _)| pipeline.family == family);
    plot::legend(&mut canvas, occurs, (frame.left, 14.0));
    for (index, (pipeline, result)) in finished.iter().enumerate() {
        let y = frame.top + 2.0 + ROW * (index as f64 + 0.5);
        let colour = look::family(pipeline.family).colour;
        let champion = if set.is_champion(pipeline) { "★ " } else { "" };
        let name = fitted(&format!("{champion}{}", pipeline.name), LABEL, frame.left - 20.0);
        canvas.text(name, (frame.left - 12.0, y), LABEL, look::INK, Anchor::End);
        let across = |share: f64| frame.across(100.0 * share);
        if result.accuracy >= begin {
            let ends = (across(result.interval.low), across(result.interval.high));
            plot::interval(&mut canvas, ends, y, colour);
            plot::marker(&mut canvas, pipeline.family, (across(result.accuracy), y));
        } else {
            let x = frame.left;
            canvas.polygon(vec![(x + 2.0, y), (x + 10.0, y - 5.0), (x + 10.0, y + 5.0)], colour);
        }
        let accuracy = text::percent(result.accuracy);
        canvas.text(accuracy, (frame.right + 12.0, y), SMALL, look::INK, Anchor::Start);
    }
    let best = &finished[0];
    let alt = format!(
        "Accuracies of {} on {} with intervals; the best is {} with {}.",
        text::counted(finished.len() as u64, "pipeline", "pipelines"),
        set.summary.dataset,
        best.0.name,
        text::percent(best.1.accuracy)
    );
    Figure::new(set.stem("accuracy"), &alt, &canvas).map(Some)
}
