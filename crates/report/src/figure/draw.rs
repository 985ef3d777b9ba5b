//! Draws the shapes of a canvas with `plotters`.
//!
//! Its coordinates are whole numbers, so the SVG is drawn four times as large and shown at a
//! quarter of that, which makes lines smooth.

use super::PNG_SCALE;
use super::canvas::{Anchor, Canvas, Place, Shape};
use super::font::{DEJAVU_LINE, font};
use crate::look::WHITE;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, RgbImage};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, TextStyle};
use std::error::Error;
use std::io::Cursor;

/// Units inside the SVG per unit of the figure.
pub(crate) const SVG_SCALE: u32 = 4;

/// The bitmap is drawn finer by this and averaged: the backend puts letters on whole pixels, and
/// words would have gaps.
const FINER: u32 = 2;

type Drawn<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What differs between the two backends.
struct Pen {
    /// Backend units per unit of the figure.
    scale: f64,
    /// Backend font size per em: each backend has its own idea of a font's size.
    font_size_per_em: f64,
    /// How far below the place, in ems, a centred text has to be asked for.
    drop: f64,
}

/// What lies inside the `svg` element.
pub(super) fn svg(canvas: &Canvas) -> Drawn<String> {
    let (width, height) = canvas.size();
    let mut svg = String::new();
    {
        let size = (width * SVG_SCALE, height * SVG_SCALE);
        let mut backend = SVGBackend::with_string(&mut svg, size);
        let (width, height) = (size.0 as i32, size.1 as i32);
        backend.draw_rect((0, 0), (width, height), &filled(WHITE), true)?;
        // The backend divides font sizes by 1.24.
        let pen = Pen { scale: f64::from(SVG_SCALE), font_size_per_em: 1.24, drop: 0.0 };
        pen.draw(canvas, &mut backend)?;
        backend.present()?;
    }
    // The element itself is written with the size at which it is shown.
    let start = svg.find('\n').ok_or("the SVG has no first line")? + 1;
    let end = svg.rfind("</svg>").ok_or("the SVG is not closed")?;
    Ok(svg[start..end].to_owned())
}

/// The picture as a PNG file, [`PNG_SCALE`] pixels per unit.
pub(super) fn png(canvas: &Canvas) -> Drawn<Vec<u8>> {
    let (width, height) = canvas.size();
    let (width, height) = (width * PNG_SCALE, height * PNG_SCALE);
    let (wide, high) = (width * FINER, height * FINER);
    // White.
    let mut pixels = vec![255; 3 * wide as usize * high as usize];
    {
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (wide, high));
        // The backend puts the base line at (0.5 - 0.5 / 1.24) of its font size below the place;
        // half of the x-height, 0.27 em, centres small letters as the SVG backend does.
        let pen = Pen {
            scale: f64::from(PNG_SCALE * FINER),
            font_size_per_em: DEJAVU_LINE,
            drop: 0.27 - DEJAVU_LINE * (0.5 - 0.5 / 1.24),
        };
        pen.draw(canvas, &mut backend)?;
        backend.present()?;
    }
    let fine = RgbImage::from_raw(wide, high, pixels).ok_or("the buffer has another size")?;
    // At a whole ratio this is the mean of the pixels that become one.
    let image = DynamicImage::from(fine).thumbnail_exact(width, height);
    let mut file = Cursor::new(Vec::new());
    let small =
        PngEncoder::new_with_quality(&mut file, CompressionType::Best, FilterType::NoFilter);
    image.write_with_encoder(small)?;
    Ok(file.into_inner())
}

impl Pen {
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas, backend: &mut B) -> Drawn<()>
    where
        B::ErrorType: 'static,
    {
        for shape in canvas.shapes() {
            match shape {
                Shape::Line { points, colour, width } => {
                    let width = (width * self.scale).round().max(1.0) as u32;
                    let style = colour.stroke_width(width);
                    backend.draw_path(points.iter().map(|&place| self.to(place)), &style)?;
                }
                Shape::Polygon { points, colour } => {
                    let points = points.iter().map(|&place| self.to(place));
                    backend.fill_polygon(points, &filled(*colour))?;
                }
                Shape::Disc { centre, radius, colour } => {
                    let radius = (radius * self.scale).round() as u32;
                    backend.draw_circle(self.to(*centre), radius, &filled(*colour), true)?;
                }
                Shape::Text { text, place, size, colour, anchor, upright } => {
                    let style = self.text_style(*size, *colour, *anchor, *upright);
                    let drop = self.drop * size;
                    let (x, y) = *place;
                    let place = if *upright { (x + drop, y) } else { (x, y + drop) };
                    backend.draw_text(text, &style, self.to(place))?;
                }
            }
        }
        Ok(())
    }

    fn to(&self, (x, y): Place) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn text_style(
        &self,
        size: f64,
        colour: RGBColor,
        anchor: Anchor,
        upright: bool,
    ) -> TextStyle<'static> {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let turn = if upright { FontTransform::Rotate270 } else { FontTransform::None };
        let font = font(size * self.scale * self.font_size_per_em).transform(turn);
        font.color(&colour).pos(Pos::new(horizontal, VPos::Center))
    }
}

fn filled(colour: RGBColor) -> plotters::style::ShapeStyle {
    colour.filled()
}
