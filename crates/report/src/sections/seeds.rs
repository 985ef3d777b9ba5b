//! The same settings trained with several seeds: how much of a result is the luck of the training.

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
        let figure = figure(&set, &trained, run.manifest.protocol.margin)?;
        parts.push(html! {
            h3 id=(set.anchor("seeds")) { (look::name(&set.summary.dataset)) }
            (champions(run, &set, &trained))
            (figure.html(&html! {
                "Each training beside the mean of its pipeline; filled: the first, which is the one \
                 of the answer. Dashed: as far from the mean as the margin."
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
fn champions(run: &Run, set: &SetView<'_>, trained: &[Trained<'_>]) -> Markup {
    let Some(champions) = set.champions() else { return html! {} };
    // Of one that depends on the seed, the trainings may still be missing.
    let seeded = |name: &str| run.manifest.pipelines.iter().any(|it| it.name == name && it.seeded);
    html! {
        p.facts {
            @for (pipeline, result) in champions {
                @let of = trained.iter().find(|one| one.pipeline.name == pipeline.name);
                span {
                    (look::pipeline(pipeline.family, &pipeline.name)) " "
                    @match of {
                        Some(one) => strong { (text::percent_span(&one.accuracies)) },
                        None => {
                            strong { (text::percent(result.accuracy)) }
                            @if !seeded(&pipeline.name) { ", from any seed" }
                        },
                    }
                }
            }
        }
    }
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
            td.number { (text::percent_span(&of.accuracies)) }
            td { @if failed > 0 { (text::counted(failed, "training", "trainings")) " failed" } }
        }
    }
}

/// The trainings of each pipeline on a line, around their mean.
fn figure(set: &SetView<'_>, trained: &[Trained<'_>], margin: f64) -> Result<Figure, ReportError> {
    const WIDTH: f64 = 760.0;
    const ROW: f64 = 26.0;
    let beside = |one: &Trained<'_>, share: f64| 100.0 * (share - one.spread.mean());
    let all = trained.iter().flat_map(|one| one.accuracies.iter().map(|&it| beside(one, it)));
    let farthest = all.fold(130.0 * margin, |farthest, it| farthest.max(it.abs()));
    let frame = Frame {
        left: 250.0,
        top: 34.0,
        right: WIDTH - 80.0,
        bottom: 34.0 + ROW * trained.len() as f64,
        x: Axis::linear([-farthest, farthest].into_iter(), 6.0, (-100.0, 100.0)),
        y: Axis::linear([0.0, 1.0].into_iter(), 1.0, (0.0, 1.0)),
    };
    let mut canvas = Canvas::new(WIDTH, frame.bottom + 46.0);
    let decimals = frame.x.decimals(1.0);
    let write = |tick: f64| text::signed_points(tick / 100.0, decimals);
    let title = "test accuracy − mean of the pipeline’s trainings (percentage points)";
    frame.mark_x(&mut canvas, write, title);
    for side in [-100.0 * margin, 100.0 * margin] {
        let x = frame.across(side);
        canvas.dashed(&[(x, frame.top - 4.0), (x, frame.bottom)], look::INK, 1.0);
    }
    let occurs = |family| trained.iter().any(|one| one.pipeline.family == family);
    plot::legend(&mut canvas, occurs, (frame.left, 14.0));
    canvas.text("mean", (frame.right + 12.0, 14.0), SMALL, look::MUTED, Anchor::Start);
    for (index, one) in trained.iter().enumerate() {
        let y = frame.top + ROW * (index as f64 + 0.5);
        let family = one.pipeline.family;
        let colour = look::family(family).colour;
        let champion = if set.is_champion(one.pipeline) { "★ " } else { "" };
        let name = fitted(&format!("{champion}{}", one.pipeline.name), LABEL, frame.left - 20.0);
        canvas.text(name, (frame.left - 12.0, y), LABEL, look::INK, Anchor::End);
        let at = |share: f64| (frame.across(beside(one, share)), y);
        // The answer's is drawn last, so that no other hides it.
        for &share in one.accuracies.iter().rev() {
            canvas.disc(at(share), 5.0, colour);
            canvas.disc(at(share), 3.5, look::WHITE);
        }
        if let Some(&Some(first)) = one.pipeline.trainings.first() {
            plot::marker(&mut canvas, family, at(first));
        }
        let mean = text::percent(one.spread.mean());
        canvas.text(mean, (frame.right + 12.0, y), SMALL, look::INK, Anchor::Start);
    }
    let told = trained
        .iter()
        .map(|one| format!("{} {}", one.pipeline.name, text::percent_span(&one.accuracies)));
    let alt = format!(
        "Test accuracy on {} of trainings with different seeds: {}.",
        set.summary.dataset,
        told.collect::<Vec<_>>().join("; ")
    );
    Figure::new(set.stem("seeds"), &alt, &canvas)
}
