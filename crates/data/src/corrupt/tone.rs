//! Changes of tone.

use super::Picture;
use ndarray::Axis;

/// `(x - mean) factor + mean`, with the mean of each channel over the image.
pub fn contrast(image: &Picture, factor: f64) -> Picture {
    let mean = image.mean_axis(Axis(0)).and_then(|rows| rows.mean_axis(Axis(0)));
    let Some(mean) = mean else { return image.clone() };
    ((image - &mean) * factor + &mean).mapv(|x| x.clamp(0.0, 1.0))
}

/// Adds to the value of hue, saturation and value; for a grey image, to each pixel.
///
/// The value is the largest of the three channels. Hue and saturation stay, so all three grow in
/// proportion.
pub fn brightness(image: &Picture, added: f64) -> Picture {
    let mut out = image.clone();
    for mut pixel in out.lanes_mut(Axis(2)) {
        let value = pixel.fold(0.0_f64, |value, &x| value.max(x));
        let new = (value + added).clamp(0.0, 1.0);
        if value > 0.0 {
            pixel.mapv_inplace(|x| (x / value * new).clamp(0.0, 1.0));
        } else {
            pixel.fill(new);
        }
    }
    out
}

/// Only `2^bits` levels are left: the nearest of `k / (2^bits - 1)`.
///
/// # Panics
/// If `bits` is not from 1 to 31.
pub fn quantize(image: &Picture, bits: u32) -> Picture {
    assert!((1..32).contains(&bits), "{bits} bits");
    let levels = f64::from((1_u32 << bits) - 1);
    image.mapv(|x| (x * levels).round() / levels)
}

/// `1 - x`: the negative.
pub fn inverse(image: &Picture) -> Picture {
    image.mapv(|x| 1.0 - x)
}
