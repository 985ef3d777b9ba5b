//! Things moved, turned and hidden. What comes in from outside the image is black, 0.

use super::Picture;
use ndarray::{Array3, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Moves the content right by `dx` and down by `dy` pixels.
pub fn translate(image: &Picture, dx: isize, dy: isize) -> Picture {
    Array3::from_shape_fn(image.dim(), |(y, x, c)| {
        let from = (y.checked_add_signed(-dy), x.checked_add_signed(-dx));
        let (Some(y), Some(x)) = from else { return 0.0 };
        image.get([y, x, c]).copied().unwrap_or(0.0)
    })
}

/// Sets a rectangle to 0; what of it lies outside the image does not matter.
pub fn occlude(image: &Picture, left: usize, top: usize, width: usize, height: usize) -> Picture {
    let (rows, columns, _) = image.dim();
    let mut out = image.clone();
    let (bottom, right) = ((top + height).min(rows), (left + width).min(columns));
    out.slice_mut(s![top.min(bottom)..bottom, left.min(right)..right, ..]).fill(0.0);
    out
}

/// Turns the content counter-clockwise about the centre by an angle in radians.
pub fn rotate(image: &Picture, angle: f64) -> Picture {
    let (sin, cos) = angle.sin_cos();
    // From a place in the result to the place it shows; y points down.
    warp(image, [[cos, -sin], [sin, cos]])
}

/// Shears the content along its rows about the centre: a row `dy` below it moves by `amount dy`.
pub fn shear(image: &Picture, amount: f64) -> Picture {
    warp(image, [[1.0, -amount], [0.0, 1.0]])
}

/// Shows the content smaller by `factor`, about the centre.
///
/// # Panics
/// If `factor` is not positive.
pub fn scale(image: &Picture, factor: f64) -> Picture {
    assert!(factor > 0.0, "a factor of {factor}");
    warp(image, [[1.0 / factor, 0.0], [0.0, 1.0 / factor]])
}

/// The pixel at `(x, y)` from the centre shows what was at `matrix (x, y)`, bilinear.
fn warp(image: &Picture, matrix: [[f64; 2]; 2]) -> Picture {
    let (height, width, _) = image.dim();
    let (middle_x, middle_y) = ((width as f64 - 1.0) / 2.0, (height as f64 - 1.0) / 2.0);
    Array3::from_shape_fn(image.dim(), |(y, x, c)| {
        let (x, y) = (x as f64 - middle_x, y as f64 - middle_y);
        let from_x = matrix[0][0] * x + matrix[0][1] * y + middle_x;
        let from_y = matrix[1][0] * x + matrix[1][1] * y + middle_y;
        let (left, top) = (from_x.floor(), from_y.floor());
        let (share_x, share_y) = (from_x - left, from_y - top);
        let pixel = |x: f64, y: f64| {
            let inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
            if inside { image[[y as usize, x as usize, c]] } else { 0.0 }
        };
        let upper = (1.0 - share_x) * pixel(left, top) + share_x * pixel(left + 1.0, top);
        let lower =
            (1.0 - share_x) * pixel(left, top + 1.0) + share_x * pixel(left + 1.0, top + 1.0);
        (1.0 - share_y) * upper + share_y * lower
    })
}

/// [`rotate`], either way with equal chance.
pub(super) fn rotate_either_way(image: &Picture, angle: f64, rng: &mut ChaCha8Rng) -> Picture {
    rotate(image, signed(angle, rng))
}

/// [`shear`], either way with equal chance.
pub(super) fn shear_either_way(image: &Picture, amount: f64, rng: &mut ChaCha8Rng) -> Picture {
    shear(image, signed(amount, rng))
}

/// [`translate`] by a share of each side, either way in both directions with equal chance.
pub(super) fn translate_any_way(image: &Picture, share: f64, rng: &mut ChaCha8Rng) -> Picture {
    let (height, width, _) = image.dim();
    let pixels = |side: usize| (share * side as f64).round().max(1.0);
    let (dx, dy) = (signed(pixels(width), rng), signed(pixels(height), rng));
    translate(image, dx as isize, dy as isize)
}

/// [`occlude`] by a rectangle whose sides are a share of the image's, anywhere inside it.
pub(super) fn occlude_anywhere(image: &Picture, share: f64, rng: &mut ChaCha8Rng) -> Picture {
    let (rows, columns, _) = image.dim();
    let side = |of: usize| (share * of as f64).round().max(1.0) as usize;
    let (width, height) = (side(columns), side(rows));
    let (left, top) = (rng.random_range(0..=columns - width), rng.random_range(0..=rows - height));
    occlude(image, left, top, width, height)
}

fn signed(value: f64, rng: &mut ChaCha8Rng) -> f64 {
    if rng.random::<bool>() { value } else { -value }
}
