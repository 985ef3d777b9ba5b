//! Fewer pixels.

use super::{Corruption, UnitImage};
use ndarray::{Array3, Axis};

/// Severities of CIFAR-10-C; MNIST-C has no such corruption, so grey images take the same.
pub(super) const PIXELATE: Corruption = Corruption {
    name: "pixelate",
    unit: "share of the side that is left",
    grey: [0.95, 0.9, 0.85, 0.75, 0.65],
    colour: [0.95, 0.9, 0.85, 0.75, 0.65],
    length: false,
    apply: |image, factor, _| pixelate(image, factor),
};

/// Shrinks both sides to `int(side factor)` pixels, at least 1, and enlarges them again, both with
/// a box filter: a pixel is the mean of the pixels whose centres lie in its box. Reference:
/// `PIL.Image.resize` with `BOX`. Departure: nothing is rounded between the passes.
///
/// # Panics
/// If `factor` is not above 0 and at most 1.
pub fn pixelate(image: &UnitImage, factor: f64) -> UnitImage {
    assert!(factor > 0.0 && factor <= 1.0, "`factor` is {factor}, but must be in (0, 1]");
    let (height, width, _) = image.dim();
    let less = |side: usize| ((side as f64 * factor) as usize).max(1);
    let small = resize(&resize(image, Axis(1), less(width)), Axis(0), less(height));
    resize(&resize(&small, Axis(1), width), Axis(0), height)
}

fn resize(image: &UnitImage, axis: Axis, to: usize) -> UnitImage {
    let from = image.len_of(axis);
    let mut dim = image.raw_dim();
    dim[axis.index()] = to;
    let mut out = Array3::zeros(dim);
    let step = from as f64 / to as f64;
    // Enlarging, the box is one pixel wide: the nearest.
    let radius = 0.5 * step.max(1.0);
    for (index, mut target) in out.axis_iter_mut(axis).enumerate() {
        let centre = (index as f64 + 0.5) * step;
        let inside = |x: &usize| {
            let offset = (*x as f64 + 0.5 - centre) / step.max(1.0);
            offset > -0.5 && offset <= 0.5
        };
        let first = (centre - radius).max(0.0) as usize;
        let beyond = ((centre + radius + 1.0) as usize).min(from);
        let mut count = 0.0;
        for x in (first..beyond).filter(inside) {
            target += &image.index_axis(axis, x);
            count += 1.0;
        }
        target /= count;
    }
    out
}
