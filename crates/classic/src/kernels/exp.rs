//! The exponential of 32-bit floats, in a form that is vectorised.
//!
//! `x = n ln 2 + r` with a whole `n` and `|r| <= ln 2 / 2`, so `exp x = 2^n exp r`; `exp r` is a
//! polynomial of degree 6, `1 + r + r^2 q(r)`, with `q` fitted to the smallest largest relative error
//! on that interval (3e-9, below what rounding adds).
//! `ln 2` is split in two parts, so that `n ln 2` is exact (W. Cody, W. Waite, "Software manual for
//! the elementary functions", 1980).

#[cfg(test)]
use super::kernel;
use super::mul_add;

/// Below it the result would not be a normal number.
const LOWEST: f32 = -87.336_54;
const HIGHEST: f32 = 88.722_83;
/// Added and subtracted again, it rounds to a whole number.
const ROUND: f32 = 12_582_912.0;

/// `exp x`; relative error below 2e-7 (two units in the last place). 0 below -87.3, where the
/// exact value is less than 1.2e-38; the largest normal result above 88.7.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f32) -> f32 {
    let bounded = x.clamp(LOWEST, HIGHEST);
    let shifted = mul_add::<FMA>(bounded, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = mul_add::<FMA>(n, -0.693_359_4, bounded);
    let r = mul_add::<FMA>(n, 2.121_944_4e-4, r);
    let mut p = 1.381_459_9e-3_f32;
    for coefficient in [8.368_717e-3, 4.166_839e-2, 1.666_652e-1, 0.499_999_94, 1.0, 1.0] {
        p = mul_add::<FMA>(p, r, coefficient);
    }
    // The whole number is in the low bits of `shifted`; it goes to the exponent of `p` in two
    // halves, because `n` may be 128.
    let whole = shifted.to_bits() as i32 - ROUND.to_bits() as i32;
    let half = whole >> 1;
    let power = |n: i32| f32::from_bits(((n + 127) << 23) as u32);
    let value = p * power(half) * power(whole - half);
    if x < LOWEST { 0.0 } else { value }
}

#[cfg(test)]
kernel! {
    /// Replaces every value by its exponential.
    fn exp_all<FMA, _BITS>(values: &mut [f32]) {
        for value in values {
            *value = exp::<FMA>(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    #[test]
    fn it_is_the_exponential_to_two_units_in_the_last_place() {
        let xs: Vec<f32> =
            (-88_000_000..89_000_000_i32).step_by(977).map(|x| x as f32 * 1e-6).collect();
        for simd in Simd::all() {
            let mut got = xs.clone();
            exp_all(simd, &mut got);
            for (&x, &got) in xs.iter().zip(&got) {
                let want = f64::from(x).exp();
                if x < LOWEST {
                    assert_eq!(got, 0.0, "{simd:?} {x}");
                } else if x < HIGHEST {
                    let error = (f64::from(got) / want - 1.0).abs();
                    assert!(error < 2e-7, "{simd:?} {x}: {got} {want} {error:e}");
                }
            }
        }
    }

    #[test]
    fn the_ends_are_defined() {
        for simd in Simd::all() {
            let mut values = [0.0, -0.0, f32::NEG_INFINITY, f32::MIN, f32::MAX];
            exp_all(simd, &mut values);
            assert_eq!(values[..4], [1.0, 1.0, 0.0, 0.0], "{simd:?}");
            assert!(values[4] > 3.4e38 && values[4].is_finite(), "{simd:?}");
        }
    }
}
