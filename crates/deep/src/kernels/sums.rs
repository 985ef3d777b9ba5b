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

/// [`sum_pairs`] of products of each of `a` with `b`: side by side, each in its own order.
///
/// # Panics
/// If the slices differ in length.
#[inline(always)]
pub(crate) fn products<R: Real>(a: [&[R]; 4], b: &[R]) -> [R; 4] {
    assert!(a.iter().all(|a| a.len() == b.len()), "slices of one length");
    // Four variables, not an array of them: the compiler keeps these in registers.
    let mut sums = [[R::zero(); LANES]; 4];
    let [s0, s1, s2, s3] = &mut sums;
    let ([a0, a1, a2, a3], (b, b_rest)) = (a.map(|a| a.as_chunks().0), b.as_chunks());
    for ((((b, a0), a1), a2), a3) in b.iter().zip(a0).zip(a1).zip(a2).zip(a3) {
        add_products(s0, a0, b);
        add_products(s1, a1, b);
        add_products(s2, a2, b);
        add_products(s3, a3, b);
    }
    let rest = a.map(|a| {
        let pairs = a[a.len() - b_rest.len()..].iter().zip(b_rest);
        pairs.map(|(&a, &b)| a * b).sum::<R>()
    });
    let sums = sums.map(|lanes| lanes.into_iter().sum::<R>());
    [sums[0] + rest[0], sums[1] + rest[1], sums[2] + rest[2], sums[3] + rest[3]]
}

#[inline(always)]
fn add_products<R: Real>(sums: &mut [R; LANES], a: &[R; LANES], b: &[R; LANES]) {
    for lane in 0..LANES {
        sums[lane] += a[lane] * b[lane];
    }
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
        let (ones, twos) = ([1.0; 37], [2.0; 37]);
        let got = products([&values, &twos, &ones, &[0.0; 37]], &values);
        assert_eq!(got, [17_575.0, 1406.0, 703.0, 0.0]);
    }
}
