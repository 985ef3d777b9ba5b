//! Class probabilities, and the loss that trains them.
//!
//! ```text
//! p[k] = exp(z[k]) / sum over j of exp(z[j])        loss = - sum over k of t[k] log p[k]
//! ```
//!
//! Nothing overflows: with `m` the largest `z`, `exp(z - m)` is at most 1, and the logarithm is
//! worked out as `log p[k] = z[k] - m - log(sum of exp(z - m))`, whose sum is at least 1.

use crate::real::Real;

/// Turns outputs `z`, shape `(n, classes)`, into probabilities, in place.
///
/// ```
/// let mut z = [1000.0_f64, 1000.0, -1000.0];
/// deep::softmax(&mut z, 3);
/// assert_eq!(z, [0.5, 0.5, 0.0]);
/// ```
///
/// # Panics
/// If `classes` is 0.
pub fn softmax<R: Real>(z: &mut [R], classes: usize) {
    for z in z.chunks_exact_mut(classes) {
        let largest = z.iter().copied().fold(R::neg_infinity(), R::max);
        z.iter_mut().for_each(|z| *z = (*z - largest).exponential());
        let sum: R = z.iter().copied().sum();
        z.iter_mut().for_each(|z| *z /= sum);
    }
}

/// `- sum of t[k] log p[k]`. Classes that are not wanted at all do not count, also if `p` is 0.
pub(super) fn of_row<R: Real>(z: &[R], wanted: impl Fn(usize) -> R) -> R {
    let largest = z.iter().copied().fold(R::neg_infinity(), R::max);
    let log_sum = z.iter().map(|&z| (z - largest).exponential()).sum::<R>().ln();
    let terms = z.iter().enumerate().map(|(k, &z)| (z, wanted(k)));
    let terms = terms.filter(|(_, t)| *t != R::zero());
    terms.map(|(z, t)| t * (log_sum - (z - largest))).sum()
}
