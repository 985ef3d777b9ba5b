//! Pictures of what descriptors see, for reports and for looking at.
//!
//! [`hog_lines`] draws what `skimage.feature.hog(..., visualize=True)` draws. Not here yet:
//! pictures of LBP histograms and of the weights that a classifier gives to a descriptor.

use crate::haar::HaarFeature;
use image::{GrayImage, Luma, Rgb, RgbImage};
use ndarray::{Array2, ArrayView2, ArrayView3};

/// A line per cell and orientation, along the edge (across the gradient) and as bright as the
/// orientation has votes; lines that cross add up. Takes [`crate::Hog::cells`], shape `(cell rows,
/// cell columns, orientations)`; gives shape `(cell rows * height, cell columns * width)`, in the
/// unit of the votes. A larger `cell_size` (height, width in pixels) than that of the descriptor
/// enlarges the picture.
pub fn hog_lines(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> Array2<f64> {
    let (rows, columns, orientations) = cells.dim();
    let [height, width] = cell_size;
    let mut picture = Array2::zeros((rows * height, columns * width));
    let radius = (height.min(width) / 2).saturating_sub(1) as f64;
    for ((row, column, orientation), &votes) in cells.indexed_iter() {
        let middle = std::f64::consts::PI * (orientation as f64 + 0.5) / orientations as f64;
        let (along, across) = (radius * middle.sin(), radius * middle.cos());
        let (y, x) = ((row * height + height / 2) as f64, (column * width + width / 2) as f64);
        let from = [(y - across) as usize, (x + along) as usize];
        let to = [(y + across) as usize, (x - along) as usize];
        line(from, to, |at| picture[at] += f64::from(votes));
    }
    picture
}

/// [`hog_lines`] as an image: the brightest place is white, a place without votes black.
///
/// ```
/// use features::{Hog, HogParams, hog_glyphs};
/// let edge = ndarray::Array3::from_shape_fn((8, 8, 1), |(_, x, _)| if x < 4 { 0 } else { 99 });
/// let cells = Hog::new(&HogParams::default()).unwrap().cells(edge.view()).unwrap();
/// let picture = hog_glyphs(cells.view(), [16, 16]);
/// assert_eq!(picture.dimensions(), (32, 32));
/// // The edge runs downwards, and so do the lines.
/// assert_eq!(picture.get_pixel(8, 4).0, [255]);
/// assert_eq!(picture.get_pixel(4, 8).0, [0]);
/// ```
pub fn hog_glyphs(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> GrayImage {
    let lines = hog_lines(cells, cell_size);
    let brightest = lines.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    gray_image(lines.view(), |value| (value / brightest * 255.0).round() as u8)
}

/// The labels of [`crate::lbp_codes`] as grey levels: label 0 is black, the last of `labels` white.
pub fn lbp_picture(codes: ArrayView2<'_, u32>, labels: usize) -> GrayImage {
    let last = labels.saturating_sub(1).max(1) as f64;
    gray_image(codes, |code| (f64::from(code) / last * 255.0).round() as u8)
}

/// The image with a feature's rectangles laid over it, half transparent: green where brightness
/// counts positive, red where it counts negative.
///
/// # Panics
/// If the feature does not lie in the image.
pub fn haar_overlay(image: ArrayView2<'_, u8>, feature: HaarFeature) -> RgbImage {
    let (height, width) = image.dim();
    let mut picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([image[[y as usize, x as usize]]; 3])
    });
    for (place, rectangle) in feature.rectangles().enumerate() {
        let colour = if place % 2 == 1 { [0, 255, 0] } else { [255, 0, 0] };
        for y in rectangle.y..rectangle.y + rectangle.height {
            for x in rectangle.x..rectangle.x + rectangle.width {
                let pixel = picture.get_pixel_mut(x as u32, y as u32);
                let mix = |channel| u8::midpoint(pixel.0[channel], colour[channel]);
                pixel.0 = [mix(0), mix(1), mix(2)];
            }
        }
    }
    picture
}

fn gray_image<T: Copy>(values: ArrayView2<'_, T>, level: impl Fn(T) -> u8) -> GrayImage {
    let (height, width) = values.dim();
    GrayImage::from_fn(width as u32, height as u32, |x, y| {
        Luma([level(values[[y as usize, x as usize]])])
    })
}

/// Visits the pixels (row, column) of a line, both ends included, by Bresenham's algorithm with
/// the rounding of `skimage.draw.line`.
fn line(from: [usize; 2], to: [usize; 2], mut visit: impl FnMut([usize; 2])) {
    let distance = [0, 1].map(|axis| from[axis].abs_diff(to[axis]) as isize);
    let step = [0, 1].map(|axis| if to[axis] > from[axis] { 1 } else { -1 });
    // Along the major axis every step moves, along the minor one some do.
    let (major, minor) = if distance[0] > distance[1] { (0, 1) } else { (1, 0) };
    let mut at = from;
    let mut error = 2 * distance[minor] - distance[major];
    for _ in 0..distance[major] {
        visit(at);
        if error >= 0 {
            at[minor] = at[minor].wrapping_add_signed(step[minor]);
            error -= 2 * distance[major];
        }
        at[major] = at[major].wrapping_add_signed(step[major]);
        error += 2 * distance[minor];
    }
    visit(to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HaarKind, haar_features};
    use ndarray::array;

    #[test]
    fn overlay_by_hand() {
        let image = array![[100_u8, 100, 7]];
        let feature = haar_features(HaarKind::TwoX, 1, 3).next().unwrap();
        let picture = haar_overlay(image.view(), feature);
        assert_eq!(picture.into_raw(), [177, 50, 50, 50, 177, 50, 7, 7, 7]);
    }

    #[test]
    fn labels_run_from_black_to_white() {
        let picture = lbp_picture(array![[0_u32, 5, 9]].view(), 10);
        assert_eq!(picture.into_raw(), [0, 142, 255]);
    }

    #[test]
    fn the_smallest_cells_have_one_dot() {
        let cells = ndarray::Array3::from_elem((2, 2, 3), 1.0);
        assert!(hog_lines(cells.view(), [1, 1]).iter().all(|&votes| votes == 3.0));
    }
}
