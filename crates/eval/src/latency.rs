//! What a list of times says: quantiles and spread.
//!
//! Source: R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", The American
//! Statistician 50(4), 1996: type 7, unless the nearest rank is asked for.

use crate::statistics::Undefined;
use crate::statistics::quantile::{median, quantile};

/// Quantiles of times, in the unit of the times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 90 of 100 take at most this.
    pub p90: f64,
    /// 95 of 100 take at most this.
    pub p95: f64,
    /// 99 of 100 take at most this.
    pub p99: f64,
    /// Median distance from the median, not scaled: a spread that one slow call does not move.
    pub mad: f64,
}

impl Quantiles {
    /// Quantiles of some times, in any order and unit.
    ///
    /// ```
    /// let times = [3.0, 1.0, 2.0, 100.0];
    /// let quantiles = eval::latency::Quantiles::of(&times).unwrap();
    /// assert_eq!((quantiles.p50, quantiles.mad), (2.5, 1.0));
    /// ```
    ///
    /// # Errors
    /// Without times, or if one is not finite.
    pub fn of(times: &[f64]) -> Result<Self, Undefined> {
        let p50 = median(times)?;
        let distances: Vec<f64> = times.iter().map(|time| (time - p50).abs()).collect();
        Ok(Self {
            p50,
            p90: quantile(times, 0.9)?,
            p95: quantile(times, 0.95)?,
            p99: quantile(times, 0.99)?,
            mad: median(&distances)?,
        })
    }
}

/// The smallest time that at least the share `p` of all times do not exceed: a time that was
/// measured, where [`quantile`] gives one between two.
///
/// # Errors
/// Without times, if one is not finite, or `p` is not in [0, 1].
pub fn nearest_rank(times: &[f64], p: f64) -> Result<f64, Undefined> {
    quantile(times, p)?;
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (p * sorted.len() as f64).ceil().max(1.0) as usize;
    Ok(sorted[rank.min(sorted.len()) - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_is_a_time_that_was_measured() {
        let times = [5.0, 1.0, 4.0, 2.0, 3.0];
        let shares = [(0.0, 1.0), (0.2, 1.0), (0.21, 2.0), (0.99, 5.0), (1.0, 5.0)];
        for (p, expected) in shares {
            assert_eq!(nearest_rank(&times, p), Ok(expected));
        }
        assert!(nearest_rank(&[], 0.5).is_err() && nearest_rank(&times, 1.1).is_err());
        assert!(Quantiles::of(&[1.0, f64::NAN]).is_err());
    }
}
