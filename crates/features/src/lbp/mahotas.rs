//! Histograms of rotation invariant codes as mahotas works them out.

use super::label::{LbpMethod, label};
use base::ParamError;
use ndarray::ArrayView2;

/// Codes of `points` bits, 1 to 24, that no rotation makes smaller, in ascending order: the labels
/// of [`LbpMethod::Ror`] that occur.
///
/// ```
/// assert_eq!(features::lbp_rotation_classes(4).unwrap(), [0, 1, 3, 5, 7, 15]);
/// assert_eq!(features::lbp_rotation_classes(8).unwrap().len(), 36);
/// ```
///
/// Source of the enumeration: F. Ruskey, C. Savage, T. Wang, "Generating necklaces", Journal of
/// Algorithms 13(3):414-430, 1992.
///
/// # Errors
/// If `points` is not from 1 to 24; there are 699252 classes of 24 points.
pub fn lbp_rotation_classes(points: usize) -> Result<Vec<u32>, ParamError> {
    if !(1..=24).contains(&points) {
        return Err(ParamError::new("points", points, "from 1 to 24"));
    }
    // The bits of a code, the highest first; each code follows from the one before.
    let mut bits = vec![0_u8; points];
    let mut classes = vec![0];
    while let Some(last_zero) = bits.iter().rposition(|&bit| bit == 0) {
        bits[last_zero] = 1;
        let period = last_zero + 1;
        for i in period..points {
            bits[i] = bits[i - period];
        }
        if points.is_multiple_of(period) {
            classes.push(bits.iter().fold(0, |code, &bit| code << 1 | u32::from(bit)));
        }
    }
    Ok(classes)
}

/// How often each of the [`lbp_rotation_classes`] occurs in a grey image, bit for bit what
/// `mahotas.features.lbp` 1.4.19 gives.
///
/// Differs from [`crate::lbp_codes`]: a bit is set only if the point is brighter than the centre;
/// points lie on whole pixels, found by rounding their place up; and the image is moved by the
/// point, so the points lie on the other side, clockwise in a picture. With `ignore_zeros` black
/// pixels are not counted.
///
/// # Errors
/// If `points` is not from 1 to 24, or `radius` not finite or beyond 10^6 in size.
pub fn lbp_histogram_like_mahotas(
    image: ArrayView2<'_, u8>,
    radius: f64,
    points: usize,
    ignore_zeros: bool,
) -> Result<Vec<u64>, ParamError> {
    let classes = lbp_rotation_classes(points)?;
    if radius.is_nan() || radius.abs() > 1e6 {
        return Err(ParamError::new("radius", radius, "from -10^6 to 10^6"));
    }
    let (height, width) = image.dim();
    // Which row and column each point lies on, for every row and column of the image.
    let step = 2.0 * std::f64::consts::PI / points as f64;
    let places: Vec<_> = (0..points)
        .map(|k| {
            let (sin, cos) = (k as f64 * step).sin_cos();
            (shifted(height, radius * sin), shifted(width, radius * cos))
        })
        .collect();
    let mut counts = vec![0; classes.len()];
    for ((y, x), &level) in image.indexed_iter() {
        if ignore_zeros && level == 0 {
            continue;
        }
        let mut code = 0;
        for (bit, (rows, columns)) in places.iter().enumerate() {
            let outside_is_black = match (rows[y], columns[x]) {
                (Some(y), Some(x)) => image[[y, x]],
                _ => 0,
            };
            code |= u32::from(outside_is_black > level) << bit;
        }
        let class = label(code, points, LbpMethod::Ror);
        counts[classes.binary_search(&class).expect("all classes are listed")] += 1;
    }
    Ok(counts)
}

/// The place that each of `length` places takes its value from after a shift, if it lies inside.
fn shifted(length: usize, shift: f64) -> Vec<Option<usize>> {
    let place = |k: usize| {
        let place = k as f64 - shift + 0.5;
        // Rounded half away from zero, after mahotas has added a half.
        let place = if place > 0.0 { (place + 0.5).floor() } else { (place - 0.5).ceil() };
        (place > -1.0 && place < length as f64).then_some(place as usize)
    };
    (0..length).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn classes_are_the_smallest_rotations() {
        for points in 1..=12 {
            let labels: BTreeSet<_> =
                (0..1 << points).map(|code| label(code, points, LbpMethod::Ror)).collect();
            assert!(lbp_rotation_classes(points).unwrap().into_iter().eq(labels), "{points}");
        }
        assert_eq!(lbp_rotation_classes(24).unwrap().len(), 699_252);
    }

    #[test]
    fn radius_must_be_a_distance() {
        let image = ndarray::array![[1_u8]];
        for radius in [f64::NAN, f64::INFINITY, -2e6] {
            let error = lbp_histogram_like_mahotas(image.view(), radius, 8, false).unwrap_err();
            assert_eq!(error.name, "radius");
        }
    }
}
