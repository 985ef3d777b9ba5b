//! Codes with the rounding errors of scikit-image, for comparisons with results made by it.

use base::ParamError;
use ndarray::{Array2, ArrayView2};

use super::codes::{check_ring, position};
use super::label::{LbpMethod, label};

/// As [`crate::lbp_codes`], but where a point is exactly as bright as the centre, rounding errors
/// decide as they do in scikit-image 0.26 on x86-64 without fused multiplication: bit for bit the
/// same labels, several times slower.
///
/// Such a tie may be decided differently at different places of an image. They are rare: with 24
/// points at radius 3, 10 of the 14647 pixels of a photo of coins.
///
/// # Errors
/// As [`crate::lbp_codes`].
pub fn lbp_codes_like_scikit_image(
    image: ArrayView2<'_, u8>,
    points: usize,
    radius: f64,
    method: LbpMethod,
) -> Result<Array2<u32>, ParamError> {
    check_ring(points, radius)?;
    let (height, width) = image.dim();
    let level = |y: f64, x: f64| {
        let inside = (0.0..height as f64).contains(&y) && (0.0..width as f64).contains(&x);
        if inside { f64::from(image[[y as usize, x as usize]]) } else { 0.0 }
    };
    // Operation by operation, in scikit-image's order.
    let brightness = |y: f64, x: f64| {
        let (top, left, bottom, right) = (y.floor(), x.floor(), y.ceil(), x.ceil());
        let (down, across) = (y - top, x - left);
        let above = (1.0 - across) * level(top, left) + across * level(top, right);
        let below = (1.0 - across) * level(bottom, left) + across * level(bottom, right);
        (1.0 - down) * above + down * below
    };
    let ring: Vec<_> = (0..points).map(|k| position(k, points, radius)).collect();
    Ok(Array2::from_shape_fn((height, width), |(y, x)| {
        let centre = f64::from(image[[y, x]]);
        let mut code = 0;
        for (bit, (dy, dx)) in ring.iter().enumerate() {
            let brighter = brightness(y as f64 + dy, x as f64 + dx) - centre >= 0.0;
            code |= u32::from(brighter) << bit;
        }
        label(code, points, method)
    }))
}
