//! Intervals for a share of successes.
//!
//! Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
//! JASA 22(158):209-212, 1927. Recommended over the textbook `p +- z sqrt(p (1 - p) / n)` by
//! L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion",
//! Statistical Science 16(2):101-133, 2001: it never leaves [0, 1] and holds its level near 0
//! and 1, where accuracies live. Also C. J. Clopper, E. S. Pearson, Biometrika 26:404-413, 1934;
//! A. Agresti, B. A. Coull, The American Statistician 52:119-126, 1998; Jeffreys's interval, as in
//! Brown et al. Reference: `statsmodels.stats.proportion.proportion_confint`.

use super::distribution::{beta_quantile, normal_quantile};
use serde::{Deserialize, Serialize};

/// Both ends of an interval; `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval that reaches `half` to either side of `middle`.
    pub(crate) fn around(middle: f64, half: f64) -> Self {
        Self { low: middle - half, high: middle + half }
    }

    /// The part of it within `low..=high`.
    pub(crate) fn within(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }
}

/// Wilson's two-sided interval, within [0, 1], for the share behind `successes` out of `trials`.
///
/// Without a trial nothing is known: the interval is [0, 1].
///
/// ```
/// // No success in ten trials does not mean that there never is one.
/// let interval = eval::interval::wilson(0, 10, 0.95);
/// assert_eq!(interval.low, 0.0);
/// assert!((interval.high - 0.2775).abs() < 1e-4);
/// ```
///
/// # Panics
/// If there are more successes than trials, or `level` is not strictly between 0 and 1.
pub fn wilson(successes: u64, trials: u64, level: f64) -> Interval {
    check(successes, trials);
    let z = two_sided_z(level);
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // Rounding alone would put the ends of 0 or all successes a little off 0 and 1.
    Interval {
        low: if successes == 0 { 0.0 } else { (middle - half) / scale },
        high: if successes == trials { 1.0 } else { (middle + half) / scale },
    }
}

/// Clopper and Pearson's interval: every share that the exact binomial test does not reject. It
/// holds its level for every share, and is wider than it needs to be for nearly all.
///
/// Without a trial it is [0, 1].
///
/// # Panics
/// If there are more successes than trials, or `level` is not strictly between 0 and 1.
pub fn clopper_pearson(successes: u64, trials: u64, level: f64) -> Interval {
    check(successes, trials);
    let tail = tail(level);
    let (right, wrong) = (successes as f64, (trials - successes) as f64);
    Interval {
        low: if successes == 0 { 0.0 } else { beta_quantile(tail, right, wrong + 1.0) },
        high: if successes == trials {
            1.0
        } else {
            // The upper quantile seen from 1 keeps its digits.
            1.0 - beta_quantile(tail, wrong, right + 1.0)
        },
    }
}

/// Jeffreys's interval: the middle of what Bayes's theorem tells of the share, if nothing was
/// known before (beta distribution with a half and a half).
///
/// # Panics
/// If there are more successes than trials, or `level` is not strictly between 0 and 1.
pub fn jeffreys(successes: u64, trials: u64, level: f64) -> Interval {
    check(successes, trials);
    let tail = tail(level);
    let (right, wrong) = (successes as f64 + 0.5, (trials - successes) as f64 + 0.5);
    Interval {
        low: beta_quantile(tail, right, wrong),
        high: 1.0 - beta_quantile(tail, wrong, right),
    }
}

/// Agresti and Coull's interval, within [0, 1]: the textbook one after `z^2 / 2` successes and as
/// many failures were added, which gives it Wilson's middle.
///
/// # Panics
/// If there are more successes than trials, or `level` is not strictly between 0 and 1.
pub fn agresti_coull(successes: u64, trials: u64, level: f64) -> Interval {
    check(successes, trials);
    let z = two_sided_z(level);
    let n = trials as f64 + z * z;
    let share = (successes as f64 + z * z / 2.0) / n;
    Interval::around(share, z * (share * (1.0 - share) / n).sqrt()).within(0.0, 1.0)
}

fn check(successes: u64, trials: u64) {
    assert!(successes <= trials, "{successes} successes in {trials} trials");
}

/// The chance beyond either end.
fn tail(level: f64) -> f64 {
    assert!(level > 0.0 && level < 1.0, "the level is {level}, but must be between 0 and 1");
    (1.0 - level) / 2.0
}

/// How many standard deviations to either side hold the share `level` of a normal distribution:
/// 1.96 for 0.95.
///
/// # Panics
/// If `level` is not strictly between 0 and 1.
pub(crate) fn two_sided_z(level: f64) -> f64 {
    -normal_quantile(tail(level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_known_without_a_trial() {
        assert_eq!(wilson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    #[should_panic(expected = "the level is 95")]
    fn a_level_in_per_cent_is_a_broken_promise() {
        wilson(1, 2, 95.0);
    }

    proptest! {
        /// The ends `p` are where the score test of the share `p` just rejects:
        /// `|successes / n - p| = z sqrt(p (1 - p) / n)`.
        #[test]
        fn the_ends_solve_the_score_equation(
            trials in 1_u64..100_000, share in 0.0..=1.0, level in 0.5..0.999,
        ) {
            let successes = (share * trials as f64) as u64;
            let n = trials as f64;
            let interval = wilson(successes, trials, level);
            prop_assert!(0.0 <= interval.low && interval.low < interval.high);
            prop_assert!(interval.high <= 1.0);
            for end in [interval.low, interval.high] {
                let distance = (successes as f64 / n - end).abs();
                let allowed = two_sided_z(level) * (end * (1.0 - end) / n).sqrt();
                prop_assert!((distance - allowed).abs() < 1e-9, "{distance} {allowed}");
            }
        }

        #[test]
        fn successes_and_failures_mirror_each_other(trials in 1_u64..1000, share in 0.0..=1.0) {
            let successes = (share * trials as f64) as u64;
            let here = wilson(successes, trials, 0.95);
            let there = wilson(trials - successes, trials, 0.95);
            prop_assert!((here.low - (1.0 - there.high)).abs() < 1e-12);
        }
    }
}
