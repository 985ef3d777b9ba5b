//! Rotation, shear, scale and shift of the content, about the middle of the image.
//!
//! Each pixel of the result is looked up where it came from, linearly between the four pixels
//! around that place; outside the image all is black. Reference: `skimage.transform.warp` of order
//! 1 with `mode="constant"`, as MNIST-C uses it. Departure: `shear` is the slope itself, where
//! scikit-image takes an angle. The direction is drawn for each image.

use super::{Corruption, UnitImage};
use ndarray::Array3;
use rand::{Rng, RngExt};

/// Severities of MNIST-C; CIFAR-10-C has no such corruption, so RGB images take the same.
pub(super) const ROTATE: Corruption = Corruption {
    name: "rotate",
    unit: "radians, to either side",
    grey: [0.2, 0.4, 0.6, 0.8, 1.0],
    colour: [0.2, 0.4, 0.6, 0.8, 1.0],
    length: false,
    apply: |image, angle, rng| rotate(image, either(rng) * angle),
};

/// Severities of MNIST-C; CIFAR-10-C has no such corruption, so RGB images take the same.
pub(super) const SHEAR: Corruption = Corruption {
    name: "shear",
    unit: "columns moved per row, to either side",
    grey: [0.2, 0.4, 0.6, 0.8, 1.0],
    colour: [0.2, 0.4, 0.6, 0.8, 1.0],
    length: false,
    apply: |image, slope, rng| shear(image, either(rng) * slope),
};

/// Severities of MNIST-C; CIFAR-10-C has no such corruption, so RGB images take the same.
pub(super) const SCALE: Corruption = Corruption {
    name: "scale",
    unit: "size of the content",
    grey: [0.9, 0.8, 0.7, 0.6, 0.5],
    colour: [0.9, 0.8, 0.7, 0.6, 0.5],
    length: false,
    apply: |image, factor, _| scale(image, factor),
};

/// Severities of MNIST-C; CIFAR-10-C has no such corruption, so RGB images take the same.
pub(super) const TRANSLATE: Corruption = Corruption {
    name: "translate",
    unit: "pixels to either side, and up or down",
    grey: [1.0, 2.0, 3.0, 4.0, 5.0],
    colour: [1.0, 2.0, 3.0, 4.0, 5.0],
    length: true,
    apply: |image, distance, rng| {
        let (across, down) = (either(rng) * distance, either(rng) * distance);
        translate(image, across, down)
    },
};

/// Turns the content by `angle` radians, clockwise as the image is seen.
pub fn rotate(image: &UnitImage, angle: f64) -> UnitImage {
    let (sin, cos) = angle.sin_cos();
    warp(image, [[cos, sin], [-sin, cos]], [0.0, 0.0])
}

/// Moves each row by `slope` columns for every row that it lies below the middle one.
pub fn shear(image: &UnitImage, slope: f64) -> UnitImage {
    warp(image, [[1.0, -slope], [0.0, 1.0]], [0.0, 0.0])
}

/// Makes the content `factor` times as large.
///
/// # Panics
/// If `factor` is not a positive number.
pub fn scale(image: &UnitImage, factor: f64) -> UnitImage {
    assert!(factor > 0.0 && factor.is_finite(), "`factor` is {factor}, but must be positive");
    warp(image, [[1.0 / factor, 0.0], [0.0, 1.0 / factor]], [0.0, 0.0])
}

/// Moves the content right by `dx` pixels and down by `dy`.
///
/// ```
/// let image = ndarray::array![[[0.2], [0.4], [0.8]]];
/// let moved = data::corrupt::translate(&image, 1.0, 0.0);
/// assert_eq!(moved, ndarray::array![[[0.0], [0.2], [0.4]]]);
/// ```
pub fn translate(image: &UnitImage, dx: f64, dy: f64) -> UnitImage {
    warp(image, [[1.0, 0.0], [0.0, 1.0]], [dx, dy])
}

fn either(rng: &mut dyn Rng) -> f64 {
    if rng.random() { 1.0 } else { -1.0 }
}

/// Pixel `(x, y)` of the result comes from `matrix (x - centre - shift) + centre`.
fn warp(image: &UnitImage, matrix: [[f64; 2]; 2], shift: [f64; 2]) -> UnitImage {
    let (height, width, channels) = image.dim();
    let (middle_x, middle_y) = ((width - 1) as f64 / 2.0, (height - 1) as f64 / 2.0);
    let mut out = Array3::zeros(image.raw_dim());
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (x as f64 - middle_x - shift[0], y as f64 - middle_y - shift[1]);
            let from_x = matrix[0][0] * dx + matrix[0][1] * dy + middle_x;
            let from_y = matrix[1][0] * dx + matrix[1][1] * dy + middle_y;
            for (row, row_share) in beside(from_y, height) {
                for (column, share) in beside(from_x, width) {
                    for channel in 0..channels {
                        out[[y, x, channel]] += row_share * share * image[[row, column, channel]];
                    }
                }
            }
        }
    }
    // Rounding must not leave the range.
    out.mapv_inplace(|value: f64| value.clamp(0.0, 1.0));
    out
}

/// The one or two pixels beside a place on an axis of `length` pixels, and the share of each;
/// what lies outside is left out, since it is black.
fn beside(place: f64, length: usize) -> impl Iterator<Item = (usize, f64)> {
    let below = place.floor();
    let share = place - below;
    [(below, 1.0 - share), (below + 1.0, share)].into_iter().filter_map(move |(at, share)| {
        (share > 0.0 && at >= 0.0 && at < length as f64).then_some((at as usize, share))
    })
}
