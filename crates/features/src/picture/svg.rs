//! Drawings as SVG text.

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use std::fmt::Write;

/// A drawing in units of pixels, on black.
pub(super) struct Svg {
    text: String,
    size: [usize; 2],
}

impl Svg {
    /// `size` is height and width.
    pub(super) fn new([height, width]: [usize; 2]) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#000000\"/>\n"
        );
        Self { text, size: [height, width] }
    }

    /// From the middle of one pixel (row, column) to that of another.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: [u8; 3], opacity: f64) {
        if opacity < 1.0 / 255.0 {
            return; // nobody would see it
        }
        let [y1, x1] = from.map(|place| place + 0.5);
        let [y2, x2] = to.map(|place| place + 0.5);
        self.push(format_args!(
            "<line x1=\"{x1:.2}\" y1=\"{y1:.2}\" x2=\"{x2:.2}\" y2=\"{y2:.2}\" \
             stroke=\"{}\" stroke-opacity=\"{opacity:.3}\"/>\n",
            hexadecimal(colour)
        ));
    }

    /// A filled rectangle; first row and column, height and width.
    pub(super) fn rectangle(
        &mut self,
        [y, x, height, width]: [usize; 4],
        colour: [u8; 3],
        opacity: f64,
    ) {
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\" \
             fill-opacity=\"{opacity:.3}\"/>\n",
            hexadecimal(colour)
        ));
    }

    /// An image of the size of the drawing, of grey levels or of red, green and blue by turns.
    pub(super) fn image(&mut self, pixels: &[u8]) {
        let [height, width] = self.size;
        let colour = match pixels.len() == height * width {
            true => ExtendedColorType::L8,
            false => ExtendedColorType::Rgb8,
        };
        let mut png = Vec::new();
        let encoder = PngEncoder::new(&mut png);
        // An empty image has nothing to show.
        if encoder.write_image(pixels, width as u32, height as u32, colour).is_ok() {
            let mut data = String::new();
            base64(&png, &mut data);
            self.push(format_args!(
                "<image width=\"{width}\" height=\"{height}\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>\n"
            ));
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        self.text.write_fmt(element).expect("a string takes everything");
    }
}

fn hexadecimal([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(*three.get(place).unwrap_or(&0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648.
    #[test]
    fn base64_like_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            let mut out = String::new();
            base64(bytes.as_bytes(), &mut out);
            assert_eq!(out, text);
        }
    }
}
