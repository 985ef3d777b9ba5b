//! Pictures of what descriptors see, for reports and for looking at: as images and as SVG text.

mod hog;
mod lbp;
mod overlay;
mod svg;

pub use hog::{
    NEGATIVE, POSITIVE, hog_cell_weights, hog_glyphs, hog_glyphs_svg, hog_lines, hog_stars,
    hog_stars_svg, hog_weights, hog_weights_svg,
};
pub use lbp::{lbp_picture, lbp_picture_svg};
pub use overlay::{Overlay, OverlayError, OverlayStyle};

use image::{GrayImage, Luma};
use ndarray::ArrayView2;

fn gray_image<T: Copy>(values: ArrayView2<'_, T>, level: impl Fn(T) -> u8) -> GrayImage {
    let (height, width) = values.dim();
    GrayImage::from_fn(width as u32, height as u32, |x, y| {
        Luma([level(values[[y as usize, x as usize]])])
    })
}
