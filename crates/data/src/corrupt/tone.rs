//! Contrast, brightness, inverse, and fewer levels: each pixel by itself.

use super::{Corruption, UnitImage};
use ndarray::Axis;

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const CONTRAST: Corruption = Corruption {
    name: "contrast",
    unit: "share of the contrast that is left",
    grey: [0.4, 0.3, 0.2, 0.1, 0.05],
    colour: [0.75, 0.5, 0.4, 0.3, 0.15],
    length: false,
    apply: |image, factor, _| contrast(image, factor),
};

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const BRIGHTNESS: Corruption = Corruption {
    name: "brightness",
    unit: "added to the value of HSV, share of full brightness",
    grey: [0.1, 0.2, 0.3, 0.4, 0.5],
    colour: [0.05, 0.1, 0.15, 0.2, 0.3],
    length: false,
    apply: |image, amount, _| brightness(image, amount),
};

/// Severities of MNIST-C; CIFAR-10-C has no such corruption, so RGB images take the same.
pub(super) const QUANTISE: Corruption = Corruption {
    name: "quantise",
    unit: "bits per channel",
    grey: [5.0, 4.0, 3.0, 2.0, 1.0],
    colour: [5.0, 4.0, 3.0, 2.0, 1.0],
    length: false,
    apply: |image, bits, _| quantise(image, bits as u32),
};

/// Moves every value towards the mean of its channel over the image: `(x - mean) factor + mean`,
/// clipped to [0, 1].
///
/// ```
/// let image = ndarray::array![[[0.0], [1.0]]];
/// let flat = data::corrupt::contrast(&image, 0.5);
/// assert_eq!(flat, ndarray::array![[[0.25], [0.75]]]);
/// ```
pub fn contrast(image: &UnitImage, factor: f64) -> UnitImage {
    let mut out = image.clone();
    for mut channel in out.axis_iter_mut(Axis(2)) {
        let mean = channel.mean().unwrap_or(0.0);
        channel.mapv_inplace(|x| ((x - mean) * factor + mean).clamp(0.0, 1.0));
    }
    out
}

/// Adds `amount` to the value of HSV and clips it to [0, 1]. Hue and saturation stay, so the
/// channels of a pixel grow by one factor; a black pixel becomes grey.
pub fn brightness(image: &UnitImage, amount: f64) -> UnitImage {
    let mut out = image.clone();
    for mut pixel in out.lanes_mut(Axis(2)) {
        let value = pixel.fold(0.0_f64, |most, &x| most.max(x));
        let brighter = (value + amount).clamp(0.0, 1.0);
        if value > 0.0 {
            pixel.mapv_inplace(|x| if x == value { brighter } else { x / value * brighter });
        } else {
            pixel.fill(brighter);
        }
    }
    out
}

/// The nearest of `2^bits` evenly spaced levels, halves to the even one.
///
/// # Panics
/// If `bits` is 0 or above 52, where levels are finer than numbers.
pub fn quantise(image: &UnitImage, bits: u32) -> UnitImage {
    assert!((1..=52).contains(&bits), "`bits` is {bits}, but must be 1 to 52");
    let steps = ((1_u64 << bits) - 1) as f64;
    image.mapv(|x| (x * steps).round_ties_even() / steps)
}

/// Bright becomes dark: `1 - x`. It has no severities, so it is not one of
/// [`CORRUPTIONS`](super::CORRUPTIONS).
pub fn inverse(image: &UnitImage) -> UnitImage {
    image.mapv(|x| 1.0 - x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `colorsys.rgb_to_hsv(0.2, 0.4, 0.1)` has value 0.4; at 0.6, `hsv_to_rgb` gives
    /// (0.3, 0.6, 0.15). A black pixel has neither hue nor saturation.
    #[test]
    fn brightness_keeps_hue_and_saturation() {
        let brighter = brightness(&array![[[0.2, 0.4, 0.1], [0.0, 0.0, 0.0]]], 0.2);
        let expected = array![[[0.3, 0.6, 0.15], [0.2, 0.2, 0.2]]];
        assert!((&brighter - &expected).iter().all(|d: &f64| d.abs() < 1e-12), "{brighter}");
    }

    #[test]
    fn contrast_has_a_mean_per_channel() {
        let flat = contrast(&array![[[0.0, 0.5, 1.0], [1.0, 0.5, 0.5]]], 0.0);
        assert_eq!(flat, array![[[0.5, 0.5, 0.75], [0.5, 0.5, 0.75]]]);
    }
}
