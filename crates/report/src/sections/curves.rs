//! How the final trainings of networks went, epoch by epoch.

mod layers;

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::plot::{Frame, SMALL};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use base::{Convergence, Epoch};
use eval::record::Curve;
use eval::run::Run;
use eval::summary::{PipelineSummary, Summary, TestResult};
use layers::Trained;
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "curves", title: "Training of the networks", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let mut figures = Vec::new();
    let mut parts = Vec::new();
    for set in sets(run, summary) {
        let (mut of_set, mut trained) = (Vec::new(), Vec::new());
        for (index, pipeline) in set.summary.pipelines.iter().enumerate() {
            let Ok(result) = &pipeline.result else { continue };
            let curve = run.directory.curve(&result.trial)?;
            if curve.len() < 2 {
                continue;
            }
            let (whole, caption) = figure(&set, index + 1, pipeline, result, &curve)?;
            let one = Trained { number: index + 1, name: &pipeline.name, curve };
            let layers = layers::over_epochs(&set, &one)?;
            of_set.push(html! {
                (whole.html(&caption))
                @if let Some((figure, table)) = &layers {
                    details {
                        summary { "Layer by layer: gradients and dead units" }
                        (figure.html(&html! {
                            (look::pipeline(pipeline.family, &pipeline.name))
                            (layers::caption_of_one())
                        }))
                        (table)
                    }
                }
            });
            figures.extend([whole].into_iter().chain(layers.map(|(figure, _)| figure)));
            trained.push(one);
        }
        if of_set.is_empty() {
            continue;
        }
        let by_layer = layers::by_layer(&set, &trained)?;
        parts.push(html! {
            h3 id=(set.anchor("curves")) { (look::name(&set.summary.dataset)) }
            @if let Some(figure) = &by_layer { (figure.html(&layers::caption())) }
            @for part in &of_set { (part) }
        });
        figures.extend(by_layer);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "Final trainings on all training rows. Solid: the rows trained on, as they were met. \
             Dashed: the rows of the training part that were held out to decide when to stop. If \
             the loss still falls at the end, more epochs would help; if the dashed line turns \
             up while the solid one falls, the network has begun to learn by heart."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content { html, figures }))
}

fn figure(
    set: &SetView<'_>,
    number: usize,
    pipeline: &PipelineSummary,
    result: &TestResult,
    curve: &Curve,
) -> Result<(Figure, Markup), ReportError> {
    let kept = match result.convergence {
        Convergence::EarlyStopped { best, .. } => Some(best),
        _ => None,
    };
    let mut canvas = Canvas::new(760.0, 300.0);
    let loss = Panel {
        title: "loss",
        training: &|epoch| f64::from(epoch.loss),
        validation: &|epoch| epoch.validation_loss.map(f64::from),
        limits: (0.0, f64::INFINITY),
    };
    let accuracy = Panel {
        title: "accuracy (%)",
        training: &|epoch| 100.0 * f64::from(epoch.accuracy),
        validation: &|epoch| epoch.validation_accuracy.map(|share| 100.0 * f64::from(share)),
        limits: (0.0, 100.0),
    };
    loss.draw(&mut canvas, (64.0, 366.0), curve, kept);
    accuracy.draw(&mut canvas, (446.0, 748.0), curve, kept);
    legend(&mut canvas, curve.iter().any(|epoch| epoch.validation_loss.is_some()));

    let last = curve.last().map_or(0, |epoch| epoch.epoch);
    let alt = format!(
        "Loss and accuracy of {} on {} over {last} epochs.",
        pipeline.name, set.summary.dataset
    );
    let caption = html! {
        (look::pipeline(pipeline.family, &pipeline.name)) ", "
        (text::counted(last, "epoch", "epochs"))
        @if let Some(kept) = kept { "; the weights of epoch " (kept) " were kept" }
        "."
    };
    let stem = format!("curve-{}-{number}-{}", set.number, text::slug(&pipeline.name));
    Ok((Figure::new(stem.trim_end_matches('-').to_owned(), &alt, &canvas)?, caption))
}

/// One quantity over the epochs.
struct Panel<'a> {
    title: &'static str,
    training: &'a dyn Fn(&Epoch) -> f64,
    validation: &'a dyn Fn(&Epoch) -> Option<f64>,
    /// What the quantity can be.
    limits: (f64, f64),
}

impl Panel<'_> {
    fn draw(&self, canvas: &mut Canvas, sides: (f64, f64), curve: &Curve, kept: Option<u64>) {
        let values = curve.iter().flat_map(|e| [Some((self.training)(e)), (self.validation)(e)]);
        let y = Axis::linear(values.flatten(), 5.0, self.limits);
        let frame = frame(sides, curve, y);
        frame.mark_x(canvas, |tick| format!("{tick:.0}"), "epoch");
        let decimals = frame.y.decimals(1.0);
        frame.mark_y(canvas, |tick| format!("{tick:.decimals$}"), self.title);
        if let Some(kept) = kept {
            let x = frame.across(kept as f64);
            canvas.line(vec![(x, frame.top), (x, frame.bottom)], look::GREY, 1.0);
            canvas.text("kept", (x, frame.top - 8.0), SMALL, look::MUTED, Anchor::Middle);
        }
        let place = |epoch: &Epoch, value: f64| {
            value.is_finite().then(|| frame.at(epoch.epoch as f64, value))
        };
        let training = curve.iter().filter_map(|e| place(e, (self.training)(e)));
        canvas.line(training.collect(), look::ORANGE, 2.0);
        let validation = curve.iter().filter_map(|e| place(e, (self.validation)(e)?));
        canvas.dashed(&validation.collect::<Vec<_>>(), look::INK, 1.5);
    }
}

/// The frame of a panel over the epochs.
fn frame((left, right): (f64, f64), curve: &Curve, y: Axis) -> Frame {
    let epochs = curve.iter().map(|epoch| epoch.epoch as f64);
    let last = curve.last().map_or(2.0, |epoch| epoch.epoch as f64);
    let x = Axis::linear(epochs, 5.0, (1.0, last));
    let mut frame = Frame { left, top: 40.0, right, bottom: 252.0, x, y };
    whole_numbers(&mut frame);
    frame
}

/// There is no half epoch, and no half layer.
fn whole_numbers(frame: &mut Frame) {
    frame.x.ticks.retain(|tick| tick.fract() == 0.0 && *tick >= 1.0);
}

fn legend(canvas: &mut Canvas, validation: bool) {
    canvas.line(vec![(64.0, 14.0), (92.0, 14.0)], look::ORANGE, 2.0);
    canvas.text("training rows", (100.0, 14.0), SMALL, look::INK, Anchor::Start);
    if validation {
        canvas.dashed(&[(206.0, 14.0), (238.0, 14.0)], look::INK, 1.5);
        canvas.text("validation rows", (246.0, 14.0), SMALL, look::INK, Anchor::Start);
    }
}
