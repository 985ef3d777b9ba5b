//! Half the squared distance from the targets.

use crate::real::Real;

/// `1/2 sum of (z[k] - t[k])^2`.
pub(super) fn of_row<R: Real>(z: &[R], wanted: impl Fn(usize) -> R) -> R {
    let differences = z.iter().enumerate().map(|(k, &z)| z - wanted(k));
    differences.map(|difference| R::of(0.5) * difference * difference).sum()
}
