//! Half the squared distance from the targets.

use crate::real::Real;

/// `1/2 sum of (z[k] - t[k])^2`.
pub(super) fn of_row<R: Real>(z: &[R], wanted: &[R]) -> R {
    z.iter().zip(wanted).map(|(&z, &t)| R::of(0.5) * (z - t) * (z - t)).sum()
}
