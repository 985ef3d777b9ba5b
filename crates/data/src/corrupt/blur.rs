//! Loss of detail.

use super::Picture;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder};
use ndarray::{Array3, Axis};
use std::io::Cursor;

/// The shorter side in pixels.
pub(super) fn side(image: &Picture) -> f64 {
    image.len_of(Axis(0)).min(image.len_of(Axis(1))) as f64
}

/// Gaussian blur of deviation `sigma` in pixels, by two passes; the edge is continued outwards.
///
/// The kernel reaches `int(4 sigma + 0.5)` pixels to each side and sums to 1. Reference:
/// `scipy.ndimage.gaussian_filter(mode="nearest")`.
///
/// # Panics
/// If `sigma` is negative or not finite.
pub fn gaussian(image: &Picture, sigma: f64) -> Picture {
    assert!(sigma >= 0.0 && sigma.is_finite(), "a blur of {sigma} pixels");
    let radius = (4.0 * sigma + 0.5) as usize;
    if radius == 0 {
        return image.clone();
    }
    let weight = |offset: usize| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let half: Vec<f64> = (0..=radius).map(weight).collect();
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    let kernel: Vec<f64> = half.iter().map(|weight| weight / sum).collect();
    along(&along(image, Axis(0), &kernel), Axis(1), &kernel)
}

/// One pass; `kernel` from its middle outwards.
fn along(image: &Picture, axis: Axis, kernel: &[f64]) -> Picture {
    let mut out = Array3::zeros(image.dim());
    for (from, mut to) in image.lanes(axis).into_iter().zip(out.lanes_mut(axis)) {
        let last = from.len() - 1;
        for (at, to) in to.iter_mut().enumerate() {
            let pair =
                |offset: usize| from[at.saturating_sub(offset)] + from[(at + offset).min(last)];
            let sides = kernel.iter().enumerate().skip(1);
            *to = kernel[0] * from[at] + sides.map(|(k, weight)| weight * pair(k)).sum::<f64>();
        }
    }
    out
}

/// Shrinks both sides to `int(factor side)` pixels, at least one, by area means, and enlarges again
/// by the nearest pixel.
///
/// # Panics
/// If `factor` is not in (0, 1].
pub fn pixelate(image: &Picture, factor: f64) -> Picture {
    assert!(factor > 0.0 && factor <= 1.0, "a factor of {factor}");
    let (height, width, channels) = image.dim();
    let small = |side: usize| ((factor * side as f64) as usize).max(1);
    let (rows, columns) = (area(height, small(height)), area(width, small(width)));
    let shrunk = Array3::from_shape_fn((rows.len(), columns.len(), channels), |(y, x, c)| {
        let mut sum = 0.0;
        for &(row, y_share) in &rows[y] {
            for &(column, x_share) in &columns[x] {
                sum += y_share * x_share * image[[row, column, c]];
            }
        }
        sum
    });
    let nearest = |at: usize, side: usize, small: usize| (2 * at + 1) * small / (2 * side);
    Array3::from_shape_fn(image.dim(), |(y, x, c)| {
        shrunk[[nearest(y, height, rows.len()), nearest(x, width, columns.len()), c]]
    })
}

/// For each pixel of a shorter line: the pixels of the longer that it covers, with their shares.
fn area(side: usize, small: usize) -> Vec<Vec<(usize, f64)>> {
    let size = side as f64 / small as f64;
    let of = |at: usize| {
        let (from, to) = (at as f64 * size, (at + 1) as f64 * size);
        let last = (to.ceil() as usize).min(side);
        let share = |pixel: usize| {
            let covered = to.min((pixel + 1) as f64) - from.max(pixel as f64);
            (pixel, covered.max(0.0) / size)
        };
        (from as usize..last).map(share).collect()
    };
    (0..small).map(of).collect()
}

/// Through a JPEG file of this quality, from 1 to 100, and back.
pub fn jpeg(image: &Picture, quality: u8) -> Picture {
    let (height, width, channels) = image.dim();
    let pixels: Vec<u8> = image.iter().map(|x| (255.0 * x).round() as u8).collect();
    let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(&pixels, width as u32, height as u32, colour)
        .expect("a picture in memory can be encoded");
    let decoded = JpegDecoder::new(Cursor::new(file)).and_then(DynamicImage::from_decoder);
    let decoded = decoded.expect("what was just encoded can be decoded");
    let bytes = if channels == 1 {
        decoded.into_luma8().into_raw()
    } else {
        decoded.into_rgb8().into_raw()
    };
    let values = bytes.into_iter().map(|byte| f64::from(byte) / 255.0).collect();
    Array3::from_shape_vec(image.dim(), values).expect("the size is kept")
}
