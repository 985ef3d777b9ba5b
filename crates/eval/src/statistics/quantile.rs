//! Quantiles of a sample.
//!
//! Source: R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", The American
//! Statistician 50(4):361-365, 1996: type 7, the default of NumPy and R.

use super::outcome::{Undefined, check};

/// The type 7 quantile: linear between the two order statistics beside position `p (n - 1)`.
///
/// ```
/// use eval::statistics::quantile::{median, quantile};
/// assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.25), Ok(1.75));
/// assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Ok(2.5));
/// ```
///
/// # Errors
/// Without values, or if one is not finite, or `p` is not in [0, 1].
pub fn quantile(values: &[f64], p: f64) -> Result<f64, Undefined> {
    check("value", values, 1)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(Undefined::OutOfRange { name: "p", value: p, expected: "in [0, 1]" });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(of_sorted(&sorted, p))
}

/// The middle value, or the mean of both.
///
/// # Errors
/// Without values, or if one is not finite.
pub fn median(values: &[f64]) -> Result<f64, Undefined> {
    quantile(values, 0.5)
}

/// [`quantile`] of values in ascending order, at least one.
pub(crate) fn of_sorted(sorted: &[f64], p: f64) -> f64 {
    let position = p * (sorted.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}
