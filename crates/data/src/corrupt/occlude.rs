//! Something in front of the object.

use super::{Corruption, UnitImage};
use ndarray::s;
use rand::{Rng, RngExt};

/// Chosen here: neither CIFAR-10-C nor MNIST-C has it. At most a third of a square image is hidden.
pub(super) const OCCLUDE: Corruption = Corruption {
    name: "occlude",
    unit: "side of a black square, share of the shorter side",
    grey: [0.2, 0.3, 0.4, 0.5, 0.6],
    colour: [0.2, 0.3, 0.4, 0.5, 0.6],
    length: false,
    apply: anywhere,
};

/// Blackens the rectangle that starts at column `left` and row `top`, as far as it lies inside.
///
/// ```
/// let image = ndarray::Array3::ones((2, 3, 1));
/// let hidden = data::corrupt::occlude(&image, [1, 0, 5, 1]);
/// assert_eq!(hidden.iter().copied().collect::<Vec<_>>(), [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
/// ```
pub fn occlude(image: &UnitImage, [left, top, width, height]: [usize; 4]) -> UnitImage {
    let (rows, columns, _) = image.dim();
    let (left, top) = (left.min(columns), top.min(rows));
    let (right, bottom) =
        (left.saturating_add(width).min(columns), top.saturating_add(height).min(rows));
    let mut out = image.clone();
    out.slice_mut(s![top..bottom, left..right, ..]).fill(0.0);
    out
}

/// A square anywhere inside the image, every place equally likely.
fn anywhere(image: &UnitImage, share: f64, rng: &mut dyn Rng) -> UnitImage {
    let (height, width, _) = image.dim();
    let side = (share * height.min(width) as f64).round().max(1.0) as usize;
    // Shares of the free way, so that a larger square lies over the smaller one.
    let (across, down) = (rng.random::<f64>(), rng.random::<f64>());
    let place = |share: f64, room: usize| (share * (room - side + 1) as f64) as usize;
    occlude(image, [place(across, width), place(down, height), side, side])
}
