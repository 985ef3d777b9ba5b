//! What corrupted test images do to each pipeline.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::plot::{self, Frame, SMALL};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::corrupted;
use eval::robustness::Errors;
use eval::run::Run;
use eval::statistics::Undefined;
use eval::summary::{PipelineSummary, Summary, truth};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "robustness", title: "Robustness", render };

/// Panels side by side in the figure.
const COLUMNS: usize = 4;

/// A pipeline on corrupted images.
struct Tested<'a> {
    pipeline: &'a PipelineSummary,
    names: Vec<String>,
    /// Severities of the first corruption, which are those of all.
    severities: Vec<usize>,
    errors: Errors,
}

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary) {
        let tested = tested(run, &set)?;
        let Some(baseline) = baseline(&set, &tested) else { continue };
        let champions: Vec<&Tested<'_>> =
            tested.iter().filter(|one| set.is_champion(one.pipeline)).collect();
        let figure = figure(&set, &champions)?;
        parts.push(html! {
            h3 id=(set.anchor("robustness")) { (look::name(&set.summary.dataset)) }
            (figure.html(&html! {
                "Test accuracy of the two champions by severity; 0 are the images as they are."
            }))
            details { summary { "All pipelines" } (table(&tested, baseline)) }
        });
        figures.push(figure);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "The models of the scoreboard, not trained again, on corrupted copies of the test \
             images. The corruption error (CE) is the sum of the error rates over the severities, \
             divided by that of the deep champion; mCE is its mean over the corruptions: below 1 a \
             pipeline bears corruption better than that network. The relative mCE counts only what \
             a corruption adds to the error on clean images; there is none (–) where some corruption \
             costs the deep champion nothing. Severities are those of MNIST-C (grey) \
             and CIFAR-10-C (colour) where these have the corruption."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// Pipelines whose model was scored on corrupted images, the most accurate first.
fn tested<'a>(run: &Run, set: &SetView<'a>) -> Result<Vec<Tested<'a>>, ReportError> {
    let Some(hold_out) = set.hold_out else { return Ok(Vec::new()) };
    let truth = truth(set.data, hold_out);
    let mut all: Vec<Tested<'a>> = Vec::new();
    for (pipeline, result) in set.finished() {
        let Some(record) = corrupted::read(&run.directory, &result.trial)? else { continue };
        // A record that does not fit the test images is as good as none.
        let Ok(errors) = record.errors(1.0 - result.accuracy, &truth) else { continue };
        let names: Vec<String> = record.names().into_iter().map(text::printable).collect();
        let conditions = record.conditions.iter().take(errors.corrupted[0].len());
        let severities = conditions.map(|condition| condition.severity).collect();
        if all.first().is_none_or(|first| first.names == names) {
            all.push(Tested { pipeline, names, severities, errors });
        }
    }
    Ok(all)
}

/// The deep champion; without one, the most accurate pipeline.
fn baseline<'a, 'b>(set: &SetView<'b>, tested: &'a [Tested<'b>]) -> Option<&'a Tested<'b>> {
    let deep = set.champions().map(|[_, (deep, _)]| &deep.name);
    let champion = tested.iter().find(|one| Some(&one.pipeline.name) == deep);
    champion.or(tested.first())
}

fn table(tested: &[Tested<'_>], baseline: &Tested<'_>) -> Markup {
    let ratio = |value: Result<f64, Undefined>| {
        value.map_or(text::NONE.to_owned(), |value| format!("{value:.2}"))
    };
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Pipeline" }
                th.number { "Clean" }
                th.number { "Corrupted, mean" }
                th.number { "Kept" }
                th.number { "mCE" }
                th.number { "Relative mCE" }
                @for name in &baseline.names { th.number { "CE " (name) } }
            } }
            tbody {
                @for one in tested {
                    @if let Ok(beside) = one.errors.beside(&baseline.errors) {
                        tr {
                            th.name scope="row" {
                                (look::pipeline(one.pipeline.family, &one.pipeline.name))
                            }
                            td.number { (text::percent(1.0 - one.errors.clean)) }
                            td.number { (text::percent(one.errors.mean_corruption_accuracy())) }
                            td.number {
                                (one.errors.retention().map_or(text::NONE.to_owned(), text::percent))
                            }
                            td.number { (ratio(beside.mce)) }
                            td.number { (ratio(beside.relative_mce)) }
                            @for &ce in &beside.ce { td.number { (ratio(ce)) } }
                        }
                    }
                }
            }
        } }
    }
}

fn figure(set: &SetView<'_>, drawn: &[&Tested<'_>]) -> Result<Figure, ReportError> {
    const WIDTH: f64 = 180.0;
    const HEIGHT: f64 = 132.0;
    let names = drawn.first().map_or(&[][..], |one| &one.names);
    let rows = names.len().div_ceil(COLUMNS);
    let mut canvas = Canvas::new(760.0, 30.0 + HEIGHT * rows as f64 + 8.0);
    let occurs = |family| drawn.iter().any(|one| one.pipeline.family == family);
    plot::legend(&mut canvas, occurs, (40.0, 14.0));
    for (index, name) in names.iter().enumerate() {
        let (column, row) = ((index % COLUMNS) as f64, (index / COLUMNS) as f64);
        let (left, top) = (40.0 + WIDTH * column, 52.0 + HEIGHT * row);
        let frame = Frame {
            left,
            top,
            right: left + WIDTH - 44.0,
            bottom: top + HEIGHT - 50.0,
            x: Axis::linear([0.0, 5.0].into_iter(), 5.0, (0.0, 5.0)),
            y: Axis::linear([0.0, 100.0].into_iter(), 2.0, (0.0, 100.0)),
        };
        for (tick, x) in frame.x.ticks.iter().map(|&tick| (tick, frame.across(tick))) {
            let place = (x, frame.bottom + 11.0);
            canvas.text(format!("{tick:.0}"), place, SMALL, look::MUTED, Anchor::Middle);
        }
        for (tick, y) in frame.y.ticks.iter().map(|&tick| (tick, frame.up(tick))) {
            canvas.line(vec![(frame.left, y), (frame.right, y)], look::RULE, 1.0);
            let place = (frame.left - 6.0, y);
            canvas.text(format!("{tick:.0}"), place, SMALL, look::MUTED, Anchor::End);
        }
        canvas.text(name.as_str(), (frame.left, top - 11.0), SMALL, look::INK, Anchor::Start);
        for one in drawn {
            let clean = (0, one.errors.clean);
            let worse = one.severities.iter().copied().zip(one.errors.corrupted[index].clone());
            let points = [clean].into_iter().chain(worse);
            let at =
                |(severity, error): (usize, f64)| frame.at(severity as f64, 100.0 * (1.0 - error));
            let places: Vec<_> = points.map(at).collect();
            canvas.line(places.clone(), look::family(one.pipeline.family).colour, 2.0);
            for place in places {
                plot::marker(&mut canvas, one.pipeline.family, place);
            }
        }
    }
    let alt = format!(
        "Accuracy in percent of the two champions on {} under {} corruptions by severity.",
        set.summary.dataset,
        names.len()
    );
    Figure::new(set.stem("robustness"), &alt, &canvas)
}
