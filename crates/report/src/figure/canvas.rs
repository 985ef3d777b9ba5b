//! What a figure consists of, before it is drawn: shapes in pixels from the upper left corner.

use plotters::style::RGBColor;

/// A point of a figure.
pub(crate) type Place = (f64, f64);

/// Which end of a text lies at its place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Something to draw.
#[derive(Debug)]
pub(crate) enum Shape {
    Line {
        points: Vec<Place>,
        colour: RGBColor,
        width: f64,
    },
    Polygon {
        points: Vec<Place>,
        colour: RGBColor,
    },
    Disc {
        centre: Place,
        radius: f64,
        colour: RGBColor,
    },
    /// Vertically centred on its place; `upright` text reads from below.
    Text {
        text: String,
        place: Place,
        size: f64,
        colour: RGBColor,
        anchor: Anchor,
        upright: bool,
    },
}

/// A figure being made.
#[derive(Debug)]
pub(crate) struct Canvas {
    size: (u32, u32),
    shapes: Vec<Shape>,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { size: (width.ceil() as u32, height.ceil() as u32), shapes: Vec::new() }
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(crate) fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    pub(crate) fn line(&mut self, points: Vec<Place>, colour: RGBColor, width: f64) {
        self.shapes.push(Shape::Line { points, colour, width });
    }

    pub(crate) fn polygon(&mut self, points: Vec<Place>, colour: RGBColor) {
        self.shapes.push(Shape::Polygon { points, colour });
    }

    /// A filled rectangle from its left, upper to its right, lower corner.
    pub(crate) fn rectangle(&mut self, (x0, y0): Place, (x1, y1): Place, colour: RGBColor) {
        self.polygon(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour);
    }

    pub(crate) fn disc(&mut self, centre: Place, radius: f64, colour: RGBColor) {
        self.shapes.push(Shape::Disc { centre, radius, colour });
    }

    /// A line of dashes of 5 with gaps of 4, through all `points`.
    pub(crate) fn dashed(&mut self, points: &[Place], colour: RGBColor, width: f64) {
        const PATTERN: [f64; 2] = [5.0, 4.0];
        let (mut drawing, mut left) = (true, PATTERN[0]);
        for ends in points.windows(2) {
            let ((mut x, mut y), (to_x, to_y)) = (ends[0], ends[1]);
            loop {
                let distance = (to_x - x).hypot(to_y - y);
                let step = distance.min(left);
                let share = if distance > 0.0 { step / distance } else { 1.0 };
                let next = (x + share * (to_x - x), y + share * (to_y - y));
                if drawing {
                    self.line(vec![(x, y), next], colour, width);
                }
                (x, y) = next;
                left -= step;
                if left > 0.0 {
                    break;
                }
                drawing = !drawing;
                left = PATTERN[usize::from(!drawing)];
            }
        }
    }

    /// Text that starts, ends or is centred at its place.
    pub(crate) fn text(
        &mut self,
        text: impl Into<String>,
        place: Place,
        size: f64,
        colour: RGBColor,
        anchor: Anchor,
    ) {
        let text = text.into();
        self.shapes.push(Shape::Text { text, place, size, colour, anchor, upright: false });
    }

    /// Centred text that reads from below.
    pub(crate) fn upright_text(
        &mut self,
        text: impl Into<String>,
        place: Place,
        size: f64,
        colour: RGBColor,
    ) {
        let (text, anchor) = (text.into(), Anchor::Middle);
        self.shapes.push(Shape::Text { text, place, size, colour, anchor, upright: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_on_over_corners() {
        let mut canvas = Canvas::new(20.0, 20.0);
        let black = RGBColor(0, 0, 0);
        canvas.dashed(&[(0.0, 0.0), (7.0, 0.0), (7.0, 4.0)], black, 1.0);
        let ends: Vec<_> = canvas
            .shapes()
            .iter()
            .map(|shape| match shape {
                Shape::Line { points, .. } => (points[0], points[1]),
                other => panic!("{other:?}"),
            })
            .collect();
        // Five drawn, a gap of four over the corner, two drawn.
        assert_eq!(ends, [((0.0, 0.0), (5.0, 0.0)), ((7.0, 2.0), (7.0, 4.0))]);
    }
}
