//! Bootstrap intervals for any number that is worked out from rows.
//!
//! The rows are drawn anew, with replacement, and the number is worked out again each time. The
//! percentile interval holds the middle of what comes out; BCa (bias-corrected and accelerated)
//! shifts its ends for a biased or skewed statistic and is the one to use.
//!
//! Sources: B. Efron, "Better bootstrap confidence intervals", JASA 82:171-185, 1987;
//! T. J. DiCiccio, B. Efron, "Bootstrap confidence intervals", Statistical Science 11:189-228,
//! 1996. Reference: `scipy.stats.bootstrap`.

use super::distribution::{normal_cdf, normal_quantile};
use super::interval::Interval;
use super::outcome::{Undefined, check};
use super::quantile::of_sorted;
use super::spread::mean;
use base::Seed;
use rand::RngExt;

/// A statistic of the rows, of resampled rows, and without each row in turn.
///
/// ```
/// use eval::statistics::bootstrap::Bootstrap;
/// let right = [true, true, true, false, true, true, false, true, true, true];
/// let share = |rows: &[usize]| {
///     rows.iter().filter(|&&row| right[row]).count() as f64 / rows.len() as f64
/// };
/// let bootstrap = Bootstrap::new(right.len(), 2000, base::Seed(1), share).unwrap();
/// let interval = bootstrap.bca(0.95).unwrap();
/// assert_eq!(bootstrap.estimate(), 0.8);
/// assert_eq!((interval.low, interval.high), (0.5, 1.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    estimate: f64,
    /// Ascending.
    replicates: Vec<f64>,
    /// Without each row.
    jackknife: Vec<f64>,
}

impl Bootstrap {
    /// Works `statistic` out from `rows` row numbers, and from `resamples` draws of as many. Each
    /// draw has its own child of the seed.
    ///
    /// # Errors
    /// With fewer than two rows, without resamples, or if the statistic is not finite.
    pub fn new(
        rows: usize,
        resamples: usize,
        seed: Seed,
        statistic: impl Fn(&[usize]) -> f64,
    ) -> Result<Self, Undefined> {
        let draw = |number: usize| {
            let mut rng = seed.child("resample", number as u64).rng();
            (0..rows).map(|_| rng.random_range(0..rows)).collect::<Vec<usize>>()
        };
        Self::of(rows, resamples, draw, statistic)
    }

    /// [`Self::new`] with given draws of row numbers.
    ///
    /// # Errors
    /// As [`Self::new`]; also if a row number is too large or a draw empty.
    pub fn with_draws(
        rows: usize,
        draws: &[Vec<usize>],
        statistic: impl Fn(&[usize]) -> f64,
    ) -> Result<Self, Undefined> {
        if draws.iter().any(Vec::is_empty) {
            return Err(Undefined::TooFew { what: "rows in each draw", needed: 1, found: 0 });
        }
        if let Some(&row) = draws.iter().flatten().find(|&&row| row >= rows) {
            let (value, expected) = (row as f64, "a row that there is");
            return Err(Undefined::OutOfRange { name: "draws", value, expected });
        }
        Self::of(rows, draws.len(), |number| draws[number].clone(), statistic)
    }

    fn of(
        rows: usize,
        resamples: usize,
        draw: impl Fn(usize) -> Vec<usize>,
        statistic: impl Fn(&[usize]) -> f64,
    ) -> Result<Self, Undefined> {
        for (what, found, needed) in [("rows", rows, 2), ("resamples", resamples, 1)] {
            if found < needed {
                return Err(Undefined::TooFew { what, needed, found });
            }
        }
        let all: Vec<usize> = (0..rows).collect();
        let estimate = statistic(&all);
        check("estimate", &[estimate], 1)?;
        let mut replicates: Vec<f64> =
            (0..resamples).map(|number| statistic(&draw(number))).collect();
        check("statistic of resample", &replicates, 1)?;
        replicates.sort_unstable_by(f64::total_cmp);
        // The row left out moves from the first place to the last.
        let mut others: Vec<usize> = (1..rows).collect();
        let mut jackknife = Vec::with_capacity(rows);
        for row in 0..rows {
            jackknife.push(statistic(&others));
            if row < rows - 1 {
                others[row] = row;
            }
        }
        check("statistic without row", &jackknife, 1)?;
        Ok(Self { estimate, replicates, jackknife })
    }

    /// The statistic of all rows.
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The middle of the replicates, their share being `level`.
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn percentile(&self, level: f64) -> Interval {
        let tail = tail(level);
        self.between(tail, 1.0 - tail)
    }

    /// The BCa interval.
    ///
    /// # Errors
    /// If no row changes the statistic, or all replicates lie on one side of the estimate.
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn bca(&self, level: f64) -> Result<Interval, Undefined> {
        let (bias, acceleration) = (self.bias()?, self.acceleration()?);
        let shifted = |p: f64| {
            let z = bias + normal_quantile(p);
            normal_cdf(bias + z / (1.0 - acceleration * z))
        };
        let tail = tail(level);
        Ok(self.between(shifted(tail), shifted(1.0 - tail)))
    }

    /// `z0`: how many standard deviations the median of the replicates lies below the estimate.
    ///
    /// # Errors
    /// If all replicates lie on one side of the estimate.
    pub fn bias(&self) -> Result<f64, Undefined> {
        let below = self.replicates.partition_point(|&value| value < self.estimate);
        let up_to = self.replicates.partition_point(|&value| value <= self.estimate);
        let bias = normal_quantile((below + up_to) as f64 / (2 * self.replicates.len()) as f64);
        if bias.is_finite() { Ok(bias) } else { Err(Undefined::Unbounded("the bias correction")) }
    }

    /// `a`: how fast the standard error changes with the statistic, from leaving out one row at a
    /// time; a sixth of the sum of cubes over the sum of squares to the power of 3/2.
    ///
    /// # Errors
    /// If no row changes the statistic.
    pub fn acceleration(&self) -> Result<f64, Undefined> {
        let first = self.jackknife[0];
        if self.jackknife.iter().all(|&value| value == first) {
            return Err(Undefined::NoVariance("values without one row"));
        }
        let mean = mean(&self.jackknife);
        let power = |n: i32| self.jackknife.iter().map(|value| (mean - value).powi(n)).sum::<f64>();
        Ok(power(3) / (6.0 * power(2).powf(1.5)))
    }

    fn between(&self, low: f64, high: f64) -> Interval {
        Interval { low: of_sorted(&self.replicates, low), high: of_sorted(&self.replicates, high) }
    }
}

/// The share on either side of the middle.
fn tail(level: f64) -> f64 {
    assert!(level > 0.0 && level < 1.0, "the level is {level}, but must be between 0 and 1");
    (1.0 - level) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_have_a_percentile_interval_and_no_bca() {
        let bootstrap = Bootstrap::new(5, 50, Seed(2), |_| 0.7).unwrap();
        assert_eq!(bootstrap.percentile(0.95), Interval { low: 0.7, high: 0.7 });
        assert_eq!(bootstrap.bias(), Ok(0.0));
        assert_eq!(bootstrap.bca(0.95), Err(Undefined::NoVariance("values without one row")));
    }

    #[test]
    fn impossible_requests_are_refused() {
        assert!(Bootstrap::new(1, 50, Seed(2), |_| 0.7).is_err());
        assert!(Bootstrap::new(5, 0, Seed(2), |_| 0.7).is_err());
        assert!(Bootstrap::new(5, 3, Seed(2), |_| f64::NAN).is_err());
        assert!(Bootstrap::with_draws(2, &[vec![0, 2]], |_| 0.7).is_err());
        assert!(Bootstrap::with_draws(2, &[vec![]], |_| 0.7).is_err());
        // All draws are below the estimate.
        let rows =
            |rows: &[usize]| if rows.len() == 3 && rows[1] == 1 { 1.0 } else { rows[0] as f64 };
        let one_side = Bootstrap::with_draws(3, &[vec![0, 0, 0], vec![0, 0, 1]], rows).unwrap();
        assert!(one_side.bca(0.9).is_err());
    }

    /// Of shares near 0.9 in 100 rows, the interval should hold the truth in 95 % of the cases.
    #[test]
    fn bca_holds_its_level() {
        let mut held = 0;
        for trial in 0..300 {
            let mut rng = Seed(7).child("data", trial).rng();
            let values: Vec<f64> = (0..60).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect();
            let mean =
                |rows: &[usize]| rows.iter().map(|&r| values[r]).sum::<f64>() / rows.len() as f64;
            let interval = Bootstrap::new(60, 400, Seed(8).child("draw", trial), mean)
                .unwrap()
                .bca(0.95)
                .unwrap();
            held += u32::from(interval.low <= 1.0 && 1.0 <= interval.high);
        }
        // 94 % are expected of skewed numbers; four standard deviations to either side.
        assert!((265..=297).contains(&held), "{held} of 300");
    }
}
