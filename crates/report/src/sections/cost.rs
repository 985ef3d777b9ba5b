//! What a pipeline costs: time to train, time to answer, memory.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas, Place};
use crate::figure::font::{fitted, width};
use crate::figure::plot::{self, Frame, SMALL};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::{Costs, Environment};
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "cost", title: "Cost", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary).filter(|set| !set.finished().is_empty()) {
        let figure = figure(&set)?;
        parts.push(html! {
            h3 id=(set.anchor("cost")) { (look::name(&set.summary.dataset)) }
            @if let Some(figure) = &figure {
                (figure.html(&html! {
                    "Up and to the left is better: more accurate, sooner trained. One timed \
                     training per point, extraction included."
                }))
            }
            (table(&set))
        });
        figures.extend(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Measured on " (machine(&run.environment)) ". Only times of trainings that ran alone \
             are shown; each was timed once, so differences of a few percent mean nothing. \
             Extraction is the time to describe all training images; training starts from the \
             features. What learns its features, as a network does, starts from pixels; where \
             another classifier runs on what was learned, training is that of both. Batch speed scores all test images at \
             once, extraction included at the speed measured. Latency is one image \
             from pixels to class, one after another, after a warm-up. Peak memory is the most that \
             the whole program held while it trained and scored, images and features included."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// The machine in half a sentence.
fn machine(environment: &Environment) -> Markup {
    let threads = |n: usize| text::counted(n as u64, "thread", "threads");
    html! {
        @match &environment.cpu {
            Some(cpu) => { bdi { (cpu) } " (" bdi { (environment.target) } ")" },
            None => bdi { (environment.target) },
        }
        " with " (threads(environment.threads)) " of " (environment.available_threads)
        "; the yardstick (64 million dependent multiply-adds on one thread) takes "
        (text::seconds(environment.yardstick_seconds)) " there"
    }
}

/// Costs whose times may be claimed.
fn claimed(result: &TestResult) -> Option<&Costs> {
    result.costs.as_ref().filter(|costs| costs.alone)
}

/// Images per second from pixels to class in one batch; `None` if the clock saw nothing.
fn batch_rate(set: &SetView<'_>, costs: &Costs) -> Option<f64> {
    let per_image = costs.extract_seconds / set.summary.train_images.max(1) as f64
        + costs.score_seconds / set.summary.test_images.max(1) as f64;
    (per_image > 0.0).then(|| 1.0 / per_image)
}

fn table(set: &SetView<'_>) -> Markup {
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Pipeline" }
                th.number { "Extraction" }
                th.number { "Training" }
                th.number { "Latency, median" }
                th.number { "Latency, 99th percentile" }
                th.number { "Batch (images/s)" }
                th.number { "Model" }
                th.number { "Peak memory" }
                th.number { "Threads" }
            } }
            tbody {
                @for (pipeline, result) in set.finished() {
                    @let costs = claimed(result);
                    @let extraction = costs.map(|c| c.extract_seconds).filter(|&s| s > 0.0);
                    @let show = |number: Option<String>| html! {
                        td.number { (number.unwrap_or_else(|| text::NONE.to_owned())) }
                    };
                    tr {
                        th.name scope="row" { (look::pipeline(pipeline.family, &pipeline.name)) }
                        (show(extraction.map(text::seconds)))
                        (show(costs.map(|c| text::seconds(c.learn_seconds + c.fit_seconds))))
                        (show(costs.and_then(|c| Some(text::seconds(c.latency?.p50_seconds)))))
                        (show(costs.and_then(|c| Some(text::seconds(c.latency?.p99_seconds)))))
                        (show(costs.and_then(|c| Some(text::rate(batch_rate(set, c)?)))))
                        (show(Some(text::bytes(result.model_bytes))))
                        (show(costs.and_then(|c| Some(text::bytes(c.peak_bytes?)))))
                        (show(costs.map(|c| text::count(c.threads as u64))))
                    }
                }
            }
        } }
    }
}

/// Accuracy against the time from training images to model.
fn figure(set: &SetView<'_>) -> Result<Option<Figure>, ReportError> {
    let mut points: Vec<(&PipelineSummary, f64, f64)> = set
        .finished()
        .into_iter()
        .filter_map(|(pipeline, result)| {
            let costs = claimed(result)?;
            // A logarithmic axis has no zero; no clock sees less than a tenth of a microsecond.
            let seconds = costs.learn_seconds + costs.extract_seconds + costs.fit_seconds;
            let seconds = seconds.max(1e-7);
            Some((pipeline, seconds, 100.0 * result.accuracy))
        })
        .collect();
    if points.len() < 2 {
        return Ok(None);
    }
    let begin = 100.0 * set.scale_begin();
    // Labels are given out in this order while there is room.
    points.sort_by_key(|(pipeline, _, _)| !set.is_champion(pipeline));
    let frame = Frame {
        left: 70.0,
        top: 34.0,
        right: 740.0,
        bottom: 350.0,
        x: Axis::logarithmic(points.iter().map(|&(_, seconds, _)| seconds)),
        y: Axis::linear(
            points.iter().map(|&(_, _, accuracy)| accuracy.max(begin)),
            5.0,
            (0.0, 100.0),
        ),
    };
    let mut canvas = Canvas::new(760.0, frame.bottom + 46.0);
    frame.mark_x(&mut canvas, tick_seconds, "extraction + training (logarithmic)");
    let decimals = frame.y.decimals(1.0);
    frame.mark_y(&mut canvas, |tick| format!("{tick:.decimals$}"), "test accuracy (%)");
    let occurs = |family| points.iter().any(|(pipeline, _, _)| pipeline.family == family);
    plot::legend(&mut canvas, occurs, (frame.left, 14.0));
    let places: Vec<Place> = points.iter().map(|&(_, s, accuracy)| frame.at(s, accuracy)).collect();
    label(&mut canvas, set, &frame, &points, &places);
    for ((pipeline, _, _), &place) in points.iter().zip(&places) {
        plot::marker(&mut canvas, pipeline.family, place);
    }
    let alt = format!(
        "Accuracy on {} against the time to train, {}; numbers in the table below.",
        set.summary.dataset,
        text::counted(points.len() as u64, "pipeline", "pipelines")
    );
    Figure::new(set.stem("cost"), &alt, &canvas).map(Some)
}

/// A time at an axis, in seconds from one second on: "5 ms", "1 s", "1,000 s".
fn tick_seconds(seconds: f64) -> String {
    if seconds >= 1.0 {
        return format!("{}\u{a0}s", text::count(seconds.round() as u64));
    }
    let text = text::seconds(seconds);
    let (number, unit) = text.split_once(text::NBSP).unwrap_or((&text, ""));
    let number = number.parse::<f64>().map_or(number.to_owned(), text::plain);
    format!("{number}\u{a0}{unit}")
}

/// Names beside their markers where they hide nothing; the table has the others.
fn label(
    canvas: &mut Canvas,
    set: &SetView<'_>,
    frame: &Frame,
    points: &[(&PipelineSummary, f64, f64)],
    places: &[Place],
) {
    const HIGH: f64 = 14.0;
    // Left, top, right, bottom of what is taken.
    type Area = (f64, f64, f64, f64);
    let overlap = |a: Area, b: Area| a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3;
    let mut taken: Vec<Area> =
        places.iter().map(|&(x, y)| (x - 6.0, y - 6.0, x + 6.0, y + 6.0)).collect();
    for ((pipeline, _, accuracy), &(x, y)) in points.iter().zip(places) {
        let champion = if set.is_champion(pipeline) { "★ " } else { "" };
        let mut name = fitted(&format!("{champion}{}", pipeline.name), SMALL, 220.0);
        if *accuracy < 100.0 * set.scale_begin() {
            name += &format!(" ↓ {accuracy:.1}\u{a0}%");
        }
        let wide = width(&name, SMALL);
        let right = (x + 10.0, y - HIGH / 2.0);
        let left = (x - 10.0 - wide, y - HIGH / 2.0);
        let above = (x - wide / 2.0, y - 9.0 - HIGH);
        let below = (x - wide / 2.0, y + 9.0);
        let free = [right, left, above, below].into_iter().find(|&(x0, y0)| {
            let area = (x0, y0, x0 + wide, y0 + HIGH);
            let inside = x0 > frame.left + 2.0
                && x0 + wide < frame.right - 2.0
                && y0 > frame.top - HIGH
                && y0 + HIGH <= frame.bottom + HIGH / 2.0;
            inside && !taken.iter().any(|&other| overlap(area, other))
        });
        if let Some((x0, y0)) = free {
            taken.push((x0, y0, x0 + wide, y0 + HIGH));
            canvas.text(name, (x0, y0 + HIGH / 2.0), SMALL, look::INK, Anchor::Start);
        }
    }
}
