//! Which pipelines nobody beats in both accuracy and a cost.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::Canvas;
use crate::figure::plot::{self, Frame};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::pareto::{Offer, front};
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult};
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "pareto", title: "Accuracy for each cost", render };

/// Something that a pipeline costs.
struct Cost {
    title: &'static str,
    /// `None` where it was not measured alone.
    of: fn(&TestResult) -> Option<f64>,
    write: fn(f64) -> String,
}

const COSTS: [Cost; 4] = [
    Cost {
        title: "training, from images to model",
        of: |result| {
            let costs = result.costs.as_ref().filter(|costs| costs.alone)?;
            Some(costs.learn_seconds + costs.extract_seconds + costs.fit_seconds)
        },
        write: text::seconds,
    },
    Cost {
        title: "one image, median",
        of: |result| {
            let costs = result.costs.as_ref().filter(|costs| costs.alone)?;
            Some(costs.latency?.p50_seconds)
        },
        write: text::seconds,
    },
    Cost {
        title: "model",
        of: |result| Some(result.model_bytes as f64),
        write: |value| text::bytes(value.round() as u64),
    },
    Cost {
        title: "peak memory while training",
        of: |result| {
            let costs = result.costs.as_ref().filter(|costs| costs.alone)?;
            Some(costs.peak_bytes? as f64)
        },
        write: |value| text::bytes(value.round() as u64),
    },
];

/// A pipeline in one panel.
struct Point<'a> {
    pipeline: &'a PipelineSummary,
    offer: Offer,
    on_front: bool,
}

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary).filter(|set| set.finished().len() > 1) {
        let figure = figure(&set)?;
        parts.push(html! {
            h3 id=(set.anchor("pareto")) { (look::name(&set.summary.dataset)) }
            (figure.html(&html! {
                "Up and to the left is better. The line joins the pipelines that no other beats in \
                 both; logarithmic scales."
            }))
            (table(&set))
        });
        figures.push(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "A pipeline that is not on a line is beaten there: another one is at least as accurate \
             and as cheap, and better in one of the two. Differences within the intervals of the \
             scoreboard decide who is on a line, so neighbours may change places on other images. \
             Peak memory is that of the whole program, images and features included."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// Pipelines that have this cost, the cheapest first.
fn points<'a>(set: &SetView<'a>, cost: &Cost) -> Vec<Point<'a>> {
    let measured: Vec<(&PipelineSummary, Offer)> = set
        .finished()
        .into_iter()
        .filter_map(|(pipeline, result)| {
            Some((pipeline, Offer { cost: (cost.of)(result)?, quality: result.accuracy }))
        })
        .collect();
    let offers: Vec<Offer> = measured.iter().map(|(_, offer)| *offer).collect();
    let front = front(&offers);
    let point =
        |(index, (pipeline, offer))| Point { pipeline, offer, on_front: front.contains(&index) };
    let mut points: Vec<Point<'_>> = measured.into_iter().enumerate().map(point).collect();
    points.sort_by(|a, b| a.offer.cost.total_cmp(&b.offer.cost));
    points
}

fn table(set: &SetView<'_>) -> Markup {
    html! {
        div.scroll { table.wide {
            thead { tr { th { "Cost" } th { "On the front, the cheapest first" } } }
            tbody {
                @for cost in &COSTS {
                    @let points = points(set, cost);
                    @if !points.is_empty() {
                        tr {
                            th.name scope="row" { (cost.title) }
                            td {
                                @for point in points.iter().filter(|point| point.on_front) {
                                    (look::pipeline(point.pipeline.family, &point.pipeline.name))
                                    " (" (text::percent(point.offer.quality)) ", "
                                    ((cost.write)(point.offer.cost)) ") "
                                }
                            }
                        }
                    }
                }
            }
        } }
    }
}

fn figure(set: &SetView<'_>) -> Result<Figure, ReportError> {
    let mut canvas = Canvas::new(760.0, 30.0 + 2.0 * 236.0);
    let begin = 100.0 * set.scale_begin();
    let finished = set.finished();
    let occurs = |family| finished.iter().any(|(pipeline, _)| pipeline.family == family);
    plot::legend(&mut canvas, occurs, (70.0, 14.0));
    for (index, cost) in COSTS.iter().enumerate() {
        // A logarithmic axis has no zero.
        let least = if cost.title == "model" { 1.0 } else { 1e-7 };
        let points = points(set, cost);
        let (left, top) = (70.0 + 380.0 * (index % 2) as f64, 40.0 + 236.0 * (index / 2) as f64);
        let mut frame = Frame {
            left,
            top,
            right: left + 296.0,
            bottom: top + 170.0,
            x: Axis::logarithmic(points.iter().map(|point| point.offer.cost.max(least))),
            y: Axis::linear(
                points.iter().map(|point| (100.0 * point.offer.quality).max(begin)),
                4.0,
                (0.0, 100.0),
            ),
        };
        thin_out(&mut frame);
        frame.mark_x(&mut canvas, cost.write, cost.title);
        let decimals = frame.y.decimals(1.0);
        frame.mark_y(&mut canvas, |tick| format!("{tick:.decimals$}"), "test accuracy (%)");
        let at =
            |point: &Point<'_>| frame.at(point.offer.cost.max(least), 100.0 * point.offer.quality);
        let line = points.iter().filter(|point| point.on_front).map(at).collect();
        canvas.line(line, look::INK, 1.0);
        for point in &points {
            plot::marker(&mut canvas, point.pipeline.family, at(point));
        }
    }
    let alt = format!(
        "Accuracy on {} against training time, time for one image, model size and peak memory; the \
         fronts are listed in the table below.",
        set.summary.dataset
    );
    Figure::new(set.stem("pareto"), &alt, &canvas)
}

/// Leaves out marks whose numbers would run into the one before.
fn thin_out(frame: &mut Frame) {
    const ROOM: f64 = 58.0;
    let mut kept: Vec<f64> = Vec::new();
    for &tick in &frame.x.ticks {
        let free = kept.last().is_none_or(|&last| frame.across(tick) - frame.across(last) >= ROOM);
        if free {
            kept.push(tick);
        }
    }
    frame.x.ticks = kept;
}
