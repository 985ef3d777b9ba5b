//! How the layers of a network fared: gradients that vanish or explode, and units that died.

use super::{frame, whole_numbers};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas, Place};
use crate::figure::font;
use crate::figure::plot::{Frame, SMALL};
use crate::look;
use crate::run_view::SetView;
use crate::text;
use crate::write::ReportError;
use base::{Epoch, LayerEpoch};
use eval::record::Curve;
use maud::{Markup, html};
use plotters::style::RGBColor;

/// Networks of a data set that are drawn in one figure.
const MOST: usize = 6;
/// Height of a line of a legend.
const LINE: f64 = 18.0;

/// A network with the course of its training.
pub(super) struct Trained<'a> {
    /// Among the pipelines of the data set, counted from 1.
    pub(super) number: usize,
    pub(super) name: &'a str,
    pub(super) curve: Curve,
}

impl Trained<'_> {
    fn last(&self) -> Option<&Epoch> {
        self.curve.last()
    }

    /// Numbers of a kind, layer by layer, each with its values by epoch.
    fn lines(&self, value: fn(&LayerEpoch) -> Option<f32>) -> Vec<(usize, Vec<(f64, f64)>)> {
        let layers = self.last().map_or(0, |epoch| epoch.layers.len());
        let of_layer = |layer: usize| {
            let of_epoch = |epoch: &Epoch| {
                Some((epoch.epoch as f64, f64::from(value(epoch.layers.get(layer)?)?)))
            };
            (layer, self.curve.iter().filter_map(of_epoch).collect::<Vec<_>>())
        };
        (0..layers).map(of_layer).filter(|(_, values)| !values.is_empty()).collect()
    }
}

/// Gradients and dead units over the epochs, a line per layer; nothing if the run has none.
pub(super) fn over_epochs(
    set: &SetView<'_>,
    trained: &Trained<'_>,
) -> Result<Option<(Figure, Markup)>, ReportError> {
    let gradients = trained.lines(|layer| layer.gradient_norm);
    let dead = trained.lines(|layer| layer.dead.map(|share| 100.0 * share));
    let Some(last) = trained.last().filter(|_| !gradients.is_empty()) else { return Ok(None) };
    let layers = last.layers.len();
    let mut canvas = Canvas::new(760.0, 300.0);
    let panel = |sides, y, title, lines: &[Line], canvas: &mut Canvas| {
        let frame = frame(sides, &trained.curve, y);
        draw(canvas, &frame, title, lines, |layer| ramp(layer, layers));
    };
    let all = gradients.iter().flat_map(|(_, values)| values.iter().map(|(_, norm)| *norm));
    let right = if dead.is_empty() { 748.0 } else { 366.0 };
    let title = "length of the gradient (logarithmic)";
    panel((64.0, right), orders_of_magnitude(all), title, &gradients, &mut canvas);
    if !dead.is_empty() {
        let shares = dead.iter().flat_map(|(_, values)| values.iter().map(|(_, share)| *share));
        let y = Axis::linear(shares.chain([0.0]), 5.0, (0.0, 100.0));
        panel((446.0, 748.0), y, "dead units of ReLU layers (%)", &dead, &mut canvas);
    }
    ramp_legend(&mut canvas, (64.0, 14.0), layers);
    let alt = format!(
        "Lengths of the gradients of the layers of {} on {} over {} epochs; numbers in the table \
         below.",
        trained.name, set.summary.dataset, last.epoch
    );
    let stem = format!("gradients-{}-{}-{}", set.number, trained.number, text::slug(trained.name));
    let figure = Figure::new(stem.trim_end_matches('-').to_owned(), &alt, &canvas)?;
    Ok(Some((figure, table(&trained.curve))))
}

/// What [`over_epochs`] shows.
pub(super) fn caption_of_one() -> Markup {
    html! {
        ": length of the gradient of each layer's weights, mean over the steps of an epoch; and the \
         share of the units (behind convolutions, of the maps) of a ReLU layer that were 0 for all \
         images of the epoch's last batch. As long as a unit is 0 for all images, it learns nothing."
    }
}

/// What [`over_epochs`] shows at both ends.
fn table(curve: &Curve) -> Markup {
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return html! {} };
    let norm = |layer: &LayerEpoch| {
        layer.gradient_norm.map_or(text::NONE.to_owned(), |norm| format!("{norm:.1e}"))
    };
    let dead = |layer: &LayerEpoch| {
        layer.dead.map_or(text::NONE.to_owned(), |share| text::percent(f64::from(share)))
    };
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Layer" }
                th.number { "Gradient, epoch " (first.epoch) }
                th.number { "epoch " (last.epoch) }
                th.number { "Dead units, epoch " (first.epoch) }
                th.number { "epoch " (last.epoch) }
            } }
            tbody {
                @for (first, last) in first.layers.iter().zip(&last.layers) {
                    tr {
                        th.name scope="row" { (look::name(&last.layer)) }
                        td.number { (norm(first)) }
                        td.number { (norm(last)) }
                        td.number { (dead(first)) }
                        td.number { (dead(last)) }
                    }
                }
            }
        } }
    }
}

/// The gradient of each layer, a line per network; nothing if there are not two to compare.
pub(super) fn by_layer(
    set: &SetView<'_>,
    trained: &[Trained<'_>],
) -> Result<Option<Figure>, ReportError> {
    let norms = |epoch: Option<&Epoch>| -> Vec<(f64, f64)> {
        let layers = epoch.into_iter().flat_map(|epoch| &epoch.layers);
        let norms = layers.filter_map(|layer| layer.gradient_norm.map(f64::from));
        norms.enumerate().map(|(layer, norm)| ((layer + 1) as f64, norm)).collect()
    };
    let ends = |one: &Trained<'_>| [norms(one.curve.first()), norms(one.last())];
    let drawn = trained.iter().map(|one| (one.name, ends(one)));
    let drawn: Vec<_> = drawn.filter(|(_, [first, _])| first.len() > 1).take(MOST).collect();
    if drawn.len() < 2 {
        return Ok(None);
    }
    let all = || drawn.iter().flat_map(|(_, ends)| ends.iter().flatten());
    let top = 24.0 + LINE * drawn.len() as f64;
    let mut frame = Frame {
        left: 70.0,
        top,
        right: 740.0,
        bottom: top + 280.0,
        x: Axis::linear(all().map(|(layer, _)| *layer), 8.0, (1.0, f64::INFINITY)),
        y: orders_of_magnitude(all().map(|(_, norm)| *norm)),
    };
    whole_numbers(&mut frame);
    if frame.x.ticks.first().is_some_and(|&tick| tick > 1.0) {
        frame.x.ticks.insert(0, 1.0);
    }
    let mut canvas = Canvas::new(760.0, frame.bottom + 46.0);
    frame.mark_x(&mut canvas, |tick| format!("{tick:.0}"), "layer that learns, from the first on");
    frame.mark_y(&mut canvas, short, "length of the gradient (logarithmic)");
    for (index, (name, [first, last])) in drawn.iter().enumerate() {
        let colour = ramp(index, drawn.len());
        let at = |&(layer, norm): &(f64, f64)| frame.at(layer, norm);
        canvas.line(first.iter().map(at).collect(), colour, 2.0);
        canvas.dashed(&last.iter().map(at).collect::<Vec<_>>(), colour, 1.5);
        first.iter().for_each(|norm| canvas.disc(at(norm), 3.5, colour));
        let y = 14.0 + LINE * index as f64;
        canvas.line(vec![(70.0, y), (98.0, y)], colour, 2.0);
        canvas.disc((84.0, y), 3.5, colour);
        canvas.text(font::fitted(name, SMALL, 620.0), (106.0, y), SMALL, look::INK, Anchor::Start);
    }
    let names: Vec<&str> = drawn.iter().map(|(name, _)| *name).collect();
    let alt = format!(
        "Lengths of the gradients on {}, layer by layer, of {}; numbers in the tables below.",
        set.summary.dataset,
        names.join(", ")
    );
    Figure::new(set.stem("gradient-by-layer"), &alt, &canvas).map(Some)
}

/// What [`by_layer`] shows.
pub(super) fn caption() -> Markup {
    html! {
        "Length of the gradient of each layer's weights, mean over the steps of an epoch. Solid: \
         the first epoch. Dashed: the last. Where a line falls towards the first layer, gradients \
         vanish on their way back, and the first layers learn little; where it rises, they explode."
    }
}

/// A layer, and its values by epoch.
type Line = (usize, Vec<(f64, f64)>);

/// A logarithmic axis, however far apart its ends are.
fn orders_of_magnitude(values: impl Iterator<Item = f64>) -> Axis {
    let mut axis = Axis::logarithmic(values);
    let (mut index, every) = (0, axis.ticks.len().div_ceil(12).max(1));
    axis.ticks.retain(|_| {
        index += 1;
        (index - 1) % every == 0
    });
    axis
}

fn draw(
    canvas: &mut Canvas,
    frame: &Frame,
    title: &str,
    lines: &[Line],
    colour: impl Fn(usize) -> RGBColor,
) {
    frame.mark_x(canvas, |tick| format!("{tick:.0}"), "epoch");
    frame.mark_y(canvas, short, title);
    for (layer, values) in lines {
        let finite = values.iter().filter(|(_, value)| value.is_finite());
        let places = finite.map(|&(epoch, value)| frame.at(epoch, value)).collect();
        canvas.line(places, colour(*layer), 1.5);
    }
}

/// "50", "0.2", "1e-7"
fn short(tick: f64) -> String {
    let plain = tick == 0.0 || (0.0099..9999.0).contains(&tick.abs());
    if plain { text::plain(tick) } else { format!("{tick:.0e}") }
}

/// From dark for the first of `count` to orange for the last.
fn ramp(index: usize, count: usize) -> RGBColor {
    let share = index as f64 / (count.max(2) - 1) as f64;
    let between = |from: u8, to: u8| {
        (f64::from(from) + share * (f64::from(to) - f64::from(from))).round() as u8
    };
    let (dark, light) = (look::INK, look::ORANGE);
    RGBColor(between(dark.0, light.0), between(dark.1, light.1), between(dark.2, light.2))
}

fn ramp_legend(canvas: &mut Canvas, (mut x, y): Place, layers: usize) {
    let words = |canvas: &mut Canvas, text: &str, x: f64| {
        canvas.text(text, (x, y), SMALL, look::INK, Anchor::Start);
        x + font::width(text, SMALL) + 8.0
    };
    x = words(canvas, "first layer", x);
    for layer in 0..layers {
        let width = 120.0 / layers as f64;
        let corner = |side: f64, half: f64| (x + (layer as f64 + side) * width, y + half);
        canvas.rectangle(corner(0.0, -4.0), corner(1.0, 4.0), ramp(layer, layers));
    }
    words(canvas, "last layer", x + 128.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_short_and_not_too_many() {
        assert_eq!(orders_of_magnitude([1e-30, 1.0].into_iter()).ticks.len(), 11);
        assert_eq!(orders_of_magnitude([1e-5, 1.0].into_iter()).ticks.len(), 6);
        assert_eq!([0.0, 0.01, 0.2, 50.0, 1e-7].map(short), ["0", "0.01", "0.2", "50", "1e-7"]);
    }

    #[test]
    fn the_ramp_goes_from_one_end_to_the_other() {
        assert_eq!((ramp(0, 5), ramp(4, 5)), (look::INK, look::ORANGE));
        assert_eq!(ramp(0, 1), look::INK);
    }
}
