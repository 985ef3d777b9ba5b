//! Sums over slices, in an order that vector instructions can keep.

use crate::real::Real;

/// Sums kept side by side, so that the compiler can use vector instructions; a plain sum may not
/// be reordered. Fixed, so that the order of additions is the same on every machine.
const LANES: usize = 16;

/// The sum of `term(a[i], b[i])` over all `i`.
///
/// # Panics
/// If the slices differ in length.
#[inline(always)] // so that `wide` reaches it
pub(crate) fn sum_pairs<R: Real>(a: &[R], b: &[R], term: impl Fn(R, R) -> R) -> R {
    assert_eq!(a.len(), b.len(), "slices of one length");
    let mut lanes = [R::zero(); LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: R = rest.map(|(&a, &b)| term(a, b)).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    lanes.into_iter().sum::<R>() + rest
}

/// The sum of `term(value)` over all values.
#[inline(always)]
pub(crate) fn sum_of<R: Real>(values: &[R], term: impl Fn(R) -> R) -> R {
    sum_pairs(values, values, |value, _| term(value))
}

/// `target[i] += values[i]` for all `i`.
///
/// # Panics
/// If the slices differ in length.
#[inline(always)]
pub(crate) fn add<R: Real>(target: &mut [R], values: &[R]) {
    assert_eq!(target.len(), values.len(), "slices of one length");
    for (target, &value) in target.iter_mut().zip(values) {
        *target += value;
    }
}

/// `b` if it is larger than `a`, else `a`, also if one is NaN.
#[inline(always)]
pub(crate) fn larger<R: Real>(a: R, b: R) -> R {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_include_the_rest_beyond_the_lanes() {
        let values: Vec<f64> = (1..=37).map(f64::from).collect();
        assert_eq!(sum_of(&values, |value| value), 703.0);
        assert_eq!(sum_pairs(&values, &values, |a, b| a * b), 17_575.0);
    }
}
