//! The one font of the figures, and how wide text comes out in it.

use crate::text;
use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// The family that browsers resolve in SVG; in PNG it is the font compiled in.
pub(crate) const FAMILY: &str = "sans-serif";

/// See `assets/README.md`.
static DEJAVU: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");

/// Height of DejaVu Sans from the lowest to the highest line, in ems: `ascent + descent` of its
/// `hhea` table. `plotters` takes this height for the size of a bitmap font.
pub(crate) const DEJAVU_LINE: f64 = (1901.0 + 483.0) / 2048.0;

/// A font of so many pixels, as `plotters` counts them.
pub(crate) fn font(size: f64) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // Only a damaged font is refused, and then every figure says so when it is drawn.
        let _ = register_font(FAMILY, FontStyle::Normal, DEJAVU);
    });
    FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal)
}

/// Width of text of `size` pixels per em, in pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    // Measured large, since the library rounds to whole pixels.
    const LARGE: f64 = 200.0;
    let known: String = text.chars().filter(|&c| !is_wide(c)).collect();
    let wide = text.chars().filter(|&c| is_wide(c)).count() as f64;
    let measured = font(LARGE * DEJAVU_LINE).box_size(&known).map_or(0, |(width, _)| width);
    size * (f64::from(measured) / LARGE + wide)
}

/// Chinese, Japanese, Korean and pictures: not in the font, and as wide as high in others.
fn is_wide(c: char) -> bool {
    c >= '\u{1100}' && !('\u{1e00}'..='\u{2fff}').contains(&c)
}

/// Text that is at most `room` pixels wide, cut with an ellipsis if need be, and fit for XML.
pub(crate) fn fitted(text: &str, size: f64, room: f64) -> String {
    let mut text: String = text::printable(text).chars().take(200).collect();
    if width(&text, size) <= room {
        return text;
    }
    while !text.is_empty() && width(&format!("{text}…"), size) > room {
        text.pop();
    }
    format!("{}…", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advances in the `hmtx` table of DejaVu Sans, units per em 2048: "H" 1540, "i" 569.
    #[test]
    fn widths_are_those_of_the_font() {
        assert!((width("H", 100.0) - 100.0 * 1540.0 / 2048.0).abs() < 0.5);
        assert!((width("Hi", 100.0) - 100.0 * 2109.0 / 2048.0).abs() < 0.5);
        assert_eq!(width("数据", 10.0), 20.0);
    }

    #[test]
    fn long_text_is_cut_and_control_characters_go() {
        assert_eq!(fitted("short", 12.0, 100.0), "short");
        let cut = fitted(&"x".repeat(500), 12.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 100.0 && cut.len() > 10, "{cut}");
        assert_eq!(fitted("a\u{0}b\u{1b}c", 12.0, 100.0), "a\u{fffd}b\u{fffd}c");
    }
}
