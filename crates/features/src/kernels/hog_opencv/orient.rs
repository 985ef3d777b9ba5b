//! What share each bin of directions has in a gradient.

use super::{Column, LANES, Lanes, kernel};

/// How the direction of a gradient is divided among bins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bins {
    /// Number of bins.
    pub(crate) count: usize,
    /// Bins per radian.
    pub(crate) per_radian: f32,
    /// The column from which on OpenCV's arc tangent is that of its scalar loop.
    pub(crate) scalar_from: u32,
}

kernel! {
    /// The share of each bin in the strength of each gradient: two bins have one, the others 0.
    ///
    /// Bin `b` of chunk `i` lies in `out` at `b * bin_stride + i * LANES`.
    ///
    /// `BINS` is their number, or 0 if it is known to `bins` only: with a constant, the loop over
    /// bins is unrolled.
    pub(crate) fn orient<const BINS: usize>(
        dx: &[Lanes], dy: &[Lanes], columns: &[Column], bins: Bins, bin_stride: usize,
        out: &mut [f32],
    ) {
        let number = if BINS > 0 { BINS } else { bins.count };
        let count = number as f32;
        for (chunk, ((dx, dy), columns)) in dx.iter().zip(dy).zip(columns).enumerate() {
            let mut lower = [0.0; LANES];
            let mut upper = [0.0; LANES];
            let mut share = [0.0; LANES];
            let mut upper_share = [0.0; LANES];
            for lane in 0..LANES {
                let (x, y) = (dx[lane], dy[lane]);
                let strength = x.mul_add(x, y * y).sqrt();
                let radians = angle(x, y, columns[lane] >= bins.scalar_from);
                let place = radians * bins.per_radian - 0.5;
                let below = floor(place);
                let fraction = place - below;
                share[lane] = strength * (1.0 - fraction);
                upper_share[lane] = strength * fraction;
                let below = if below < 0.0 { below + count } else { below };
                let below = if below >= count { below - count } else { below };
                lower[lane] = below;
                upper[lane] = if below + 1.0 >= count { 0.0 } else { below + 1.0 };
            }
            for bin in 0..number {
                let at = bin * bin_stride + chunk * LANES;
                let out: &mut Lanes = (&mut out[at..at + LANES]).try_into().expect("LANES");
                let bin = bin as f32;
                for lane in 0..LANES {
                    // With one bin in all, only the second vote counts, as in OpenCV.
                    let share = if lower[lane] == bin { share[lane] } else { 0.0 };
                    out[lane] = if upper[lane] == bin { upper_share[lane] } else { share };
                }
            }
        }
    }
}

/// OpenCV's `fastAtan2` in radians, 0 to 2 pi, with the fused operations of its AVX2 version.
#[inline(always)]
fn angle(x: f32, y: f32, scalar: bool) -> f32 {
    const DEGREES: f32 = (180.0 / std::f64::consts::PI) as f32;
    const P1: f32 = 0.999_787_85 * DEGREES;
    const P3: f32 = -0.325_808_4 * DEGREES;
    const P5: f32 = 0.155_578_66 * DEGREES;
    const P7: f32 = -0.044_326_555 * DEGREES;
    let (ax, ay) = (x.abs(), y.abs());
    let steep = ay > ax;
    let (small, large) = if steep { (ax, ay) } else { (ay, ax) };
    let c = small / (large + f64::EPSILON as f32);
    let cc = c * c;
    let polynomial = cc.mul_add(P7, P5).mul_add(cc, P3).mul_add(cc, P1);
    let flat = polynomial * c;
    // The compiler of OpenCV's scalar loop fused this one, too.
    let upright = if scalar { (-polynomial).mul_add(c, 90.0) } else { 90.0 - flat };
    let degrees = if steep { upright } else { flat };
    let degrees = if x < 0.0 { 180.0 - degrees } else { degrees };
    let degrees = if y < 0.0 { 360.0 - degrees } else { degrees };
    degrees * (std::f64::consts::PI / 180.0) as f32
}

/// The largest whole number that is not above `value`, which is far smaller than 2^22; `f32::floor`
/// would be a call of a function where there is no instruction for it.
#[inline(always)]
fn floor(value: f32) -> f32 {
    const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23: no room is left for a fraction
    let nearest = (value + WHOLE) - WHOLE;
    if nearest > value { nearest - 1.0 } else { nearest }
}
