//! Accuracy by the number of training images, and from how many the networks pay.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::Canvas;
use crate::figure::plot::{self, Frame};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use base::Seed;
use eval::interval::Interval;
use eval::learning::Curve;
use eval::learning_curve::{BreakEven, BreakEvenInterval};
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "learning", title: "Learning curves", render };

/// A pipeline with its curve.
struct Measured<'a> {
    pipeline: &'a PipelineSummary,
    curve: Curve,
    /// Accuracy with its band, by size.
    band: Vec<(f64, Interval)>,
}

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let level = run.manifest.protocol.level;
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary) {
        let seed = Seed(run.manifest.seed).child("learning-curve-intervals", 0);
        let mut measured = Vec::new();
        for (pipeline, result) in set.finished() {
            let Some(curve) = Curve::read(run, set.summary, result)? else { continue };
            if let Ok(band) = curve.band(level, seed) {
                measured.push(Measured { pipeline, curve, band });
            }
        }
        if measured.is_empty() {
            continue;
        }
        let champions: Vec<&Measured<'_>> =
            measured.iter().filter(|one| set.is_champion(one.pipeline)).collect();
        let drawn =
            if champions.is_empty() { measured.iter().take(2).collect() } else { champions };
        let figure = figure(&set, &drawn)?;
        parts.push(html! {
            h3 id=(set.anchor("learning")) { (look::name(&set.summary.dataset)) }
            (statement(&set, &measured, level, seed))
            (figure.html(&html! {
                "The two champions. Bands: " (text::plain(100.0 * level))
                " % bootstrap intervals over test images and repetitions."
            }))
            details { summary { "All pipelines" } (table(&measured)) }
        });
        figures.push(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Every pipeline was trained again on parts of the training rows, with the settings that \
             the search on all of them chose, and scored on the same test images. In each \
             repetition larger parts contain the smaller ones. Settings chosen for few images could \
             be better ones for few images, so small sizes are shown at a disadvantage."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// From how many images the deep champion is ahead.
fn statement(set: &SetView<'_>, measured: &[Measured<'_>], level: f64, seed: Seed) -> Markup {
    let of = |name: &str| measured.iter().find(|one| one.pipeline.name == name);
    let sides = set
        .champions()
        .and_then(|[(classical, _), (deep, _)]| Some((of(&classical.name)?, of(&deep.name)?)));
    let Some((classical, deep)) = sides else { return html! {} };
    let Ok(found) = classical.curve.overtaken_by(&deep.curve, level, seed) else {
        return html! {};
    };
    let sizes = &classical.curve.sizes;
    html! {
        p {
            strong { "Break-even size: " (estimate(&found, sizes)) "." }
            " " (text::plain(100.0 * level)) " % interval: "
            (end(found.low, sizes)) " to " (end(found.high, sizes)) "."
            @if let Some(guess) = extrapolated(classical, deep, &found) {
                " Extrapolated, fitted power laws would cross near " (guess)
                " training images; nothing measured supports that number."
            }
        }
    }
}

fn images(number: f64) -> String {
    text::count(number.round() as u64)
}

fn estimate(found: &BreakEvenInterval, sizes: &[usize]) -> String {
    match found.estimate {
        BreakEven::Below => {
            format!(
                "the deep champion is ahead from {} training images on, the fewest tried",
                images(sizes.first().map_or(0.0, |&size| size as f64))
            )
        }
        BreakEven::At(n) => {
            format!("the deep champion is ahead from about {} training images on", images(n))
        }
        BreakEven::Beyond => "not within the data you have; with all training images the deep \
                              champion is not ahead"
            .to_owned(),
    }
}

fn end(of: BreakEven, sizes: &[usize]) -> String {
    let at = |size: Option<&usize>| images(size.map_or(0.0, |&size| size as f64));
    match of {
        BreakEven::Below => format!("below {}", at(sizes.first())),
        BreakEven::At(n) => images(n),
        BreakEven::Beyond => format!("more than {}", at(sizes.last())),
    }
}

/// Where fitted laws cross beyond the data, if the curves did not cross within them.
fn extrapolated(
    classical: &Measured<'_>,
    deep: &Measured<'_>,
    found: &BreakEvenInterval,
) -> Option<String> {
    if found.estimate != BreakEven::Beyond {
        return None;
    }
    let crossing = classical.curve.law().ok()?.crossing(&deep.curve.law().ok()?)?;
    let largest = *classical.curve.sizes.last()? as f64;
    // Two digits are more than it is worth.
    let digits = 10_f64.powf(crossing.images.log10().floor() - 1.0);
    let beyond = crossing.first_better_below && crossing.images > largest;
    beyond.then(|| images((crossing.images / digits).round() * digits))
}

fn figure(set: &SetView<'_>, drawn: &[&Measured<'_>]) -> Result<Figure, ReportError> {
    let all = || drawn.iter().flat_map(|one| &one.band);
    let ends = all().flat_map(|(_, band)| [100.0 * band.low, 100.0 * band.high]);
    let sizes = drawn.iter().flat_map(|one| one.curve.sizes.iter().map(|&size| size as f64));
    let frame = Frame {
        left: 70.0,
        top: 34.0,
        right: 740.0,
        bottom: 320.0,
        x: Axis::logarithmic(sizes),
        y: Axis::linear(ends, 5.0, (0.0, 100.0)),
    };
    let mut canvas = Canvas::new(760.0, frame.bottom + 46.0);
    let write = |tick: f64| text::count(tick.round() as u64);
    frame.mark_x(&mut canvas, write, "training images (logarithmic)");
    let decimals = frame.y.decimals(1.0);
    frame.mark_y(&mut canvas, |tick| format!("{tick:.decimals$}"), "test accuracy (%)");
    let occurs = |family| drawn.iter().any(|one| one.pipeline.family == family);
    plot::legend(&mut canvas, occurs, (frame.left, 14.0));
    for one in drawn {
        let colour = look::family(one.pipeline.family).colour;
        let at = |(&size, value): (&usize, f64)| frame.at(size as f64, 100.0 * value);
        let along = |value: fn(&(f64, Interval)) -> f64| -> Vec<_> {
            one.curve.sizes.iter().zip(one.band.iter().map(value)).map(at).collect()
        };
        canvas.dashed(&along(|(_, band)| band.low), colour, 1.0);
        canvas.dashed(&along(|(_, band)| band.high), colour, 1.0);
        canvas.line(along(|(mean, _)| *mean), colour, 2.0);
        for place in along(|(mean, _)| *mean) {
            plot::marker(&mut canvas, one.pipeline.family, place);
        }
    }
    let names: Vec<&str> = drawn.iter().map(|one| one.pipeline.name.as_str()).collect();
    let alt = format!(
        "Test accuracy on {} by the number of training images: {}; numbers in the table below.",
        set.summary.dataset,
        names.join(", ")
    );
    Figure::new(set.stem("learning"), &alt, &canvas)
}

fn table(measured: &[Measured<'_>]) -> Markup {
    let sizes = measured.first().map_or(&[][..], |one| &one.curve.sizes);
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Pipeline" }
                @for &size in sizes { th.number { (text::count(size as u64)) } }
            } }
            tbody {
                @for one in measured {
                    tr {
                        th.name scope="row" {
                            (look::pipeline(one.pipeline.family, &one.pipeline.name))
                        }
                        @for (mean, _) in &one.band { td.number { (text::percent(*mean)) } }
                    }
                }
            }
        } }
    }
}
