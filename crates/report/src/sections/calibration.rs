//! Whether models that give probabilities are as sure as they are right.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::Canvas;
use crate::figure::plot::Frame;
use crate::look;
use crate::run_view::{SetView, evidence, sets};
use crate::text;
use crate::write::ReportError;
use eval::interval::wilson;
use eval::metric::{Binning, Reliability, ScoreKind};
use eval::record::Outcome;
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult};
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "calibration", title: "How sure, and how right", render };

/// Ten bins can be told apart in a small picture.
const BINS: Binning = Binning::EqualWidth(10);

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let level = run.manifest.protocol.level;
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    let mut any_disputed = false;
    for set in sets(run, summary) {
        let mut of_set = Vec::new();
        for (pipeline, result) in set.finished() {
            let Some(evidence) = evidence(run, &set, result)? else { continue };
            if evidence.kind() != ScoreKind::Probability || !worth_showing(&set, pipeline) {
                continue;
            }
            let Ok(reliability) = evidence.reliability(BINS) else { continue };
            let number = position(&set, pipeline);
            let (figure, caption) = figure(&set, number, pipeline, &reliability, level)?;
            let disputed = disputed(run, result);
            any_disputed |= disputed.is_some();
            of_set.push((figure, html! { (caption) (told(disputed, result.predicted.len())) }));
        }
        if !of_set.is_empty() {
            parts.push(html! {
                h3 id=(set.anchor("calibration")) { (look::name(&set.summary.dataset)) }
                div.pair { @for (figure, caption) in &of_set { div { (figure.html(caption)) } } }
            });
            figures.extend(of_set.into_iter().map(|(figure, _)| figure));
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "A model is calibrated if, of the images it is 80 % sure of, 80 % are right. Dots on \
             the diagonal: calibrated. Below it: more sure than right. The bars say how many \
             images lie in each bin; the lines are " (text::plain(100.0 * level)) " % Wilson \
             intervals; the calibration error is the distance of both, averaged over \
             the images. Shown are the models whose scores are probabilities; votes and margins \
             of support vector machines are none, unless they were calibrated."
        }
        @if any_disputed {
            p {
                "An image is disputed if the machine that was calibrated and its probabilities \
                 name different classes, which happens where classes are about equally likely. \
                 Many disputed images say that the probabilities do not describe this machine. \
                 Which of the two decides is a setting (" code { "decide" } ")."
            }
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

/// Test images on which a calibrated machine and its probabilities differ; `None` if the pipeline
/// was not calibrated.
fn disputed(run: &Run, result: &TestResult) -> Option<usize> {
    match run.trials.get(&result.trial)?.outcome {
        Outcome::Done { disputed, .. } => disputed,
        Outcome::Failed { .. } => None,
    }
}

fn told(disputed: Option<usize>, images: usize) -> Markup {
    html! {
        @if let Some(disputed) = disputed {
            ", " (text::count(disputed as u64)) " of "
            (text::counted(images as u64, "image", "images")) " disputed"
        }
    }
}

/// Baselines only fill the page, unless one is being compared.
fn worth_showing(set: &SetView<'_>, pipeline: &PipelineSummary) -> bool {
    pipeline.family != eval::record::Family::Reference || set.is_champion(pipeline)
}

fn position(set: &SetView<'_>, pipeline: &PipelineSummary) -> usize {
    1 + set.summary.pipelines.iter().position(|other| other.name == pipeline.name).unwrap_or(0)
}

fn figure(
    set: &SetView<'_>,
    number: usize,
    pipeline: &PipelineSummary,
    reliability: &Reliability,
    level: f64,
) -> Result<(Figure, Markup), ReportError> {
    let percent = || Axis::linear([0.0, 100.0].into_iter(), 5.0, (0.0, 100.0));
    let frame =
        Frame { left: 64.0, top: 14.0, right: 364.0, bottom: 294.0, x: percent(), y: percent() };
    let mut canvas = Canvas::new(376.0, 340.0);
    frame.mark_x(&mut canvas, |tick| format!("{tick:.0}"), "mean confidence (%)");
    frame.mark_y(&mut canvas, |tick| format!("{tick:.0}"), "share right (%)");
    let colour = look::family(pipeline.family).colour;
    let most = reliability.bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1);
    let width = 100.0 / reliability.bins.len() as f64;
    for (index, bin) in reliability.bins.iter().enumerate() {
        // A fifth of the height, so that they stay behind the dots.
        let height = 20.0 * bin.count as f64 / most as f64;
        let (from, to) = (index as f64 * width + 0.6, (index as f64 + 1.0) * width - 0.6);
        canvas.rectangle(frame.at(from, height), frame.at(to, 0.0), look::RULE);
    }
    canvas.dashed(&[frame.at(0.0, 0.0), frame.at(100.0, 100.0)], look::GREY, 1.2);
    for bin in &reliability.bins {
        let (Some(confidence), Some(accuracy)) = (bin.confidence(), bin.accuracy()) else {
            continue;
        };
        let right = (accuracy * bin.count as f64).round() as u64;
        let range = wilson(right, bin.count as u64, level);
        let at = |share: f64| frame.at(100.0 * confidence, 100.0 * share);
        canvas.line(vec![at(range.low), at(range.high)], colour, 1.5);
        canvas.disc(at(accuracy), 5.5, look::WHITE);
        canvas.disc(at(accuracy), 4.0, colour);
    }
    let error = text::percent(reliability.expected_error());
    let alt = format!(
        "Reliability of {} on {}: the expected calibration error is {error}.",
        pipeline.name, set.summary.dataset
    );
    let stem = format!("calibration-{}-{number}-{}", set.number, text::slug(&pipeline.name));
    let caption = html! {
        (look::pipeline(pipeline.family, &pipeline.name)) ", calibration error " (error)
    };
    Ok((Figure::new(stem.trim_end_matches('-').to_owned(), &alt, &canvas)?, caption))
}
