//! Gaussian blur.

use super::{Corruption, UnitImage};
use ndarray::Axis;

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const GAUSSIAN: Corruption = Corruption {
    name: "gaussian-blur",
    unit: "standard deviation in pixels",
    grey: [1.0, 2.0, 3.0, 4.0, 6.0],
    colour: [0.4, 0.6, 0.7, 0.8, 1.0],
    length: true,
    apply: |image, sigma, _| gaussian_blur(image, sigma),
};

/// Averages around each pixel with a sampled Gaussian of standard deviation `sigma` pixels, cut
/// off at the radius `int(4 sigma + 0.5)` and scaled to sum to 1. Pixels beyond the edge equal the
/// last one. Each channel on its own; `sigma` 0 changes nothing. Reference:
/// `scipy.ndimage.gaussian_filter` with `mode="nearest"`.
///
/// # Panics
/// If `sigma` is negative or not finite.
pub fn gaussian_blur(image: &UnitImage, sigma: f64) -> UnitImage {
    assert!(sigma >= 0.0 && sigma.is_finite(), "`sigma` is {sigma}, but must be 0 or more");
    let kernel = kernel(sigma);
    along(&along(image, Axis(0), &kernel), Axis(1), &kernel)
}

fn kernel(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as i64;
    if radius == 0 {
        return vec![1.0];
    }
    let weight = |offset: i64| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let weights: Vec<f64> = (-radius..=radius).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn along(image: &UnitImage, axis: Axis, kernel: &[f64]) -> UnitImage {
    let radius = kernel.len() / 2;
    let mut out = image.clone();
    for (source, mut target) in image.lanes(axis).into_iter().zip(out.lanes_mut(axis)) {
        let last = source.len() - 1;
        for (position, value) in target.iter_mut().enumerate() {
            let taps = kernel.iter().enumerate();
            let tap = |tap: usize| source[(position + tap).saturating_sub(radius).min(last)];
            *value = taps.map(|(offset, weight)| weight * tap(offset)).sum();
        }
    }
    out
}
