//! The same settings trained with several seeds: how much of a result is the luck of the training.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::font::fitted;
use crate::figure::plot::{self, Frame, LABEL};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::statistics::spread::Spread;
use eval::summary::{PipelineSummary, Summary};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "seeds", title: "Luck of the training", render };

/// A pipeline with the accuracies of all its trainings that did not fail, the answer's first.
struct Trained<'a> {
    pipeline: &'a PipelineSummary,
    accuracies: Vec<f64>,
    spread: Spread,
}

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let (mut figures, mut parts) = (Vec::new(), Vec::new());
    for set in sets(run, summary) {
        let trained: Vec<Trained<'_>> = set.finished().into_iter().filter_map(trained).collect();
        if trained.is_empty() {
            continue;
        }
        let figure = figure(&set, &trained)?;
        parts.push(html! {
            h3 id=(set.anchor("seeds")) { (look::name(&set.summary.dataset)) }
            (champions(&set, &trained))
            (figure.html(&html! {
                "Test accuracy of each training; filled: the first, which is the one of the answer. \
                 The line goes from the lowest to the highest."
            }))
            (table(&trained))
        });
        figures.push(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Where a training depends on the seed (of its first weights, the order of the images, \
             what is drawn), the winner of the search was trained "
            (text::counted(run.manifest.protocol.seeds as u64, "time", "times"))
            " on the same images, each time with another seed, and scored on the same test images. \
             Where it does not, it was trained once. The first training is the one that the answer \
             rests on, whatever came of the others: to choose among them here would be a search on \
             the test images."
        }
        p {
            "The spread is shown and never tested as evidence. Another seed is no other test image: \
             a test over seeds takes the luck of these few images for proof, the surer the more \
             seeds there are. Between two equally good learners, a t test over ten seeds found a \
             difference in 66 % of cases at a nominal 5 % (the simulation is among the tests of \
             this program)."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// A pipeline that was trained at least twice.
fn trained<'a, R>((pipeline, _): (&'a PipelineSummary, R)) -> Option<Trained<'a>> {
    let accuracies: Vec<f64> = pipeline.trainings.iter().copied().flatten().collect();
    let spread = Spread::new(&accuracies).ok()?;
    (pipeline.trainings.len() > 1).then_some(Trained { pipeline, accuracies, spread })
}

/// What it means for the two that the answer compares.
fn champions(set: &SetView<'_>, trained: &[Trained<'_>]) -> Markup {
    let Some(champions) = set.champions() else { return html! {} };
    html! {
        p.facts {
            @for (pipeline, result) in champions {
                @let of = trained.iter().find(|one| one.pipeline.name == pipeline.name);
                span {
                    (look::pipeline(pipeline.family, &pipeline.name)) " "
                    @match of {
                        Some(one) => strong { (range(one)) },
                        None => { strong { (text::percent(result.accuracy)) } ", from any seed" },
                    }
                }
            }
        }
    }
}

/// "96.1 – 97.0 %"
fn range(of: &Trained<'_>) -> String {
    let (low, high) = ends(&of.accuracies);
    text::percent_range(eval::interval::Interval { low, high })
}

fn ends(values: &[f64]) -> (f64, f64) {
    let widen = |(low, high): (f64, f64), value: &f64| (low.min(*value), high.max(*value));
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), widen)
}

fn table(trained: &[Trained<'_>]) -> Markup {
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Pipeline" }
                th.number { "Trainings" }
                th.number { "The answer’s" }
                th.number { "Mean" }
                th.number { "Standard deviation (points)" }
                th.number { "Lowest – highest" }
                th { "Notes" }
            } }
            tbody { @for one in trained { (row(one)) } }
        } }
    }
}

fn row(of: &Trained<'_>) -> Markup {
    let all = &of.pipeline.trainings;
    let failed = (all.len() - of.accuracies.len()) as u64;
    let points = |sd: f64| text::unsigned_points(sd, 2);
    html! {
        tr {
            th.name scope="row" { (look::pipeline(of.pipeline.family, &of.pipeline.name)) }
            td.number { (all.len()) }
            td.number { (all[0].map_or(text::NONE.to_owned(), text::percent)) }
            td.number { strong { (text::percent(of.spread.mean())) } }
            td.number { (of.spread.sd().map_or(text::NONE.to_owned(), points)) }
            td.number { (range(of)) }
            td { @if failed > 0 { (text::counted(failed, "training", "trainings")) " failed" } }
        }
    }
}

/// The trainings of each pipeline on a line.
fn figure(set: &SetView<'_>, trained: &[Trained<'_>]) -> Result<Figure, ReportError> {
    const WIDTH: f64 = 760.0;
    const ROW: f64 = 26.0;
    let values = trained.iter().flat_map(|one| one.accuracies.iter().map(|share| 100.0 * share));
    let frame = Frame {
        left: 250.0,
        top: 34.0,
        right: WIDTH - 30.0,
        bottom: 34.0 + ROW * trained.len() as f64,
        x: Axis::linear(values, 6.0, (0.0, 100.0)),
        y: Axis::linear([0.0, 1.0].into_iter(), 1.0, (0.0, 1.0)),
    };
    let mut canvas = Canvas::new(WIDTH, frame.bottom + 46.0);
    let decimals = frame.x.decimals(1.0);
    let write = |tick: f64| format!("{tick:.decimals$}");
    frame.mark_x(&mut canvas, write, "accuracy on the test images (%)");
    let occurs = |family| trained.iter().any(|one| one.pipeline.family == family);
    plot::legend(&mut canvas, occurs, (frame.left, 14.0));
    for (index, one) in trained.iter().enumerate() {
        let y = frame.top + ROW * (index as f64 + 0.5);
        let family = one.pipeline.family;
        let colour = look::family(family).colour;
        let champion = if set.is_champion(one.pipeline) { "★ " } else { "" };
        let name = fitted(&format!("{champion}{}", one.pipeline.name), LABEL, frame.left - 20.0);
        canvas.text(name, (frame.left - 12.0, y), LABEL, look::INK, Anchor::End);
        let at = |share: f64| (frame.across(100.0 * share), y);
        let (low, high) = ends(&one.accuracies);
        canvas.line(vec![at(low), at(high)], colour, 1.5);
        // The answer's is drawn last, so that no other hides it.
        for &share in one.accuracies.iter().rev() {
            canvas.disc(at(share), 4.5, colour);
            canvas.disc(at(share), 3.0, look::WHITE);
        }
        if let Some(&Some(first)) = one.pipeline.trainings.first() {
            plot::marker(&mut canvas, family, at(first));
        }
    }
    let told = trained.iter().map(|one| format!("{} {}", one.pipeline.name, range(one)));
    let alt = format!(
        "Test accuracy on {} of trainings with different seeds: {}.",
        set.summary.dataset,
        told.collect::<Vec<_>>().join("; ")
    );
    Figure::new(set.stem("seeds"), &alt, &canvas)
}
