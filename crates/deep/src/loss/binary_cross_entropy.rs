//! Probabilities of things that are so or are not, and the loss that trains them.
//!
//! With `y = 1 / (1 + exp(-z))`, the loss `- t log y - (1 - t) log (1 - y)` is
//! `max(z, 0) - t z + log (1 + exp(-|z|))`, in which nothing overflows.

use crate::real::Real;

/// `1 / (1 + exp(-z))` of each number, in place. For large negative `z`, `exp(z)` is the same and
/// does not overflow.
pub(super) fn sigmoids<R: Real>(z: &mut [R]) {
    z.iter_mut().for_each(|z| *z = sigmoid(*z));
}

/// `1 / (1 + exp(-z))`.
pub(crate) fn sigmoid<R: Real>(z: R) -> R {
    let small = (-z.abs()).exponential();
    let share = R::one() / (R::one() + small);
    if z < R::zero() { small * share } else { share }
}

/// `log (1 + exp(z))`.
pub(crate) fn softplus<R: Real>(z: R) -> R {
    // `max` would turn NaN into 0.
    let positive = if z < R::zero() { R::zero() } else { z };
    positive + (-z.abs()).exponential().ln_1p()
}

pub(super) fn of_row<R: Real>(z: &[R], wanted: impl Fn(usize) -> R) -> R {
    z.iter().enumerate().map(|(k, &z)| softplus(z) - wanted(k) * z).sum()
}
