//! The parts that plots share: a frame with marked axes, markers, intervals, legends.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Place};
use super::font;
use crate::look::{self, INK, MUTED, RULE, WHITE};
use eval::record::Family;
use plotters::style::RGBColor;

/// Size of labels, and of the numbers at the axes.
pub(crate) const LABEL: f64 = 12.5;
pub(crate) const SMALL: f64 = 11.5;
/// Half the size of a marker.
const MARKER: f64 = 4.5;

/// The rectangle in which values are drawn.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Axis,
    pub y: Axis,
}

impl Frame {
    /// Where a horizontal value lies.
    pub(crate) fn across(&self, value: f64) -> f64 {
        self.left + self.x.share(value) * (self.right - self.left)
    }

    /// Where a vertical value lies.
    pub(crate) fn up(&self, value: f64) -> f64 {
        self.bottom - self.y.share(value) * (self.bottom - self.top)
    }

    /// Where a pair of values lies.
    pub(crate) fn at(&self, x: f64, y: f64) -> Place {
        (self.across(x), self.up(y))
    }

    /// Vertical rules with their numbers below, and what they count.
    pub(crate) fn mark_x(&self, canvas: &mut Canvas, write: impl Fn(f64) -> String, title: &str) {
        for &tick in &self.x.ticks {
            let x = self.across(tick);
            canvas.line(vec![(x, self.top), (x, self.bottom)], RULE, 1.0);
            canvas.text(write(tick), (x, self.bottom + 13.0), SMALL, MUTED, Anchor::Middle);
        }
        let middle = (self.left + self.right) / 2.0;
        canvas.text(title, (middle, self.bottom + 33.0), SMALL, MUTED, Anchor::Middle);
    }

    /// Horizontal rules with their numbers to the left, and what they count.
    pub(crate) fn mark_y(&self, canvas: &mut Canvas, write: impl Fn(f64) -> String, title: &str) {
        for &tick in &self.y.ticks {
            let y = self.up(tick);
            canvas.line(vec![(self.left, y), (self.right, y)], RULE, 1.0);
            canvas.text(write(tick), (self.left - 8.0, y), SMALL, MUTED, Anchor::End);
        }
        let middle = (self.top + self.bottom) / 2.0;
        canvas.upright_text(title, (self.left - 52.0, middle), SMALL, MUTED);
    }
}

/// The marker of a family: disc, triangle, square, with a white rim that parts it from others.
pub(crate) fn marker(canvas: &mut Canvas, family: Family, place: Place) {
    let colour = look::family(family).colour;
    for (size, colour) in [(MARKER + 1.5, WHITE), (MARKER, colour)] {
        shape(canvas, family, place, size, colour);
    }
}

fn shape(canvas: &mut Canvas, family: Family, (x, y): Place, size: f64, colour: RGBColor) {
    match family {
        Family::Classical => canvas.disc((x, y), size, colour),
        Family::Deep => {
            let (half, up, down) = (1.25 * size, 1.35 * size, 0.85 * size);
            canvas.polygon(vec![(x, y - up), (x + half, y + down), (x - half, y + down)], colour);
        }
        Family::Reference => {
            let half = 0.9 * size;
            canvas.rectangle((x - half, y - half), (x + half, y + half), colour);
        }
    }
}

/// A horizontal interval with end strokes.
pub(crate) fn interval(canvas: &mut Canvas, (low, high): (f64, f64), y: f64, colour: RGBColor) {
    canvas.line(vec![(low, y), (high, y)], colour, 2.0);
    for x in [low, high] {
        canvas.line(vec![(x, y - 4.0), (x, y + 4.0)], colour, 2.0);
    }
}

/// The families that occur, in one line from `place` on.
pub(crate) fn legend(canvas: &mut Canvas, occurs: impl Fn(Family) -> bool, (mut x, y): Place) {
    for family in look::FAMILIES.into_iter().filter(|&family| occurs(family)) {
        let word = look::family(family).word;
        marker(canvas, family, (x + MARKER, y));
        canvas.text(word, (x + 14.0, y), SMALL, INK, Anchor::Start);
        x += 14.0 + font::width(word, SMALL) + 22.0;
    }
}
