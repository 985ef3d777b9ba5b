//! Differences of two learners over the folds of a (repeated) cross-validation.
//!
//! The training parts overlap, so the differences are correlated and the usual t test takes chance
//! for evidence. The corrected test widens its variance by the share of tested to trained rows:
//!
//! ```text
//! t = mean / sqrt(variance (1 / J + test / train)),   J - 1 degrees of freedom
//! ```
//!
//! and the Bayesian one has the same t distribution as its posterior of the difference.
//!
//! Sources: C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning
//! 52:239-281, 2003; R. R. Bouckaert, E. Frank, PAKDD 2004 (repeated k-fold); G. Corani,
//! A. Benavoli, "A Bayesian approach for comparing cross-validated algorithms on multiple data
//! sets", Machine Learning 100:285-304, 2015; A. Benavoli, G. Corani, J. Demšar, M. Zaffalon,
//! "Time for a change", JMLR 18(77), 2017. Reference: `baycomp`, scikit-learn's example of it.

use super::distribution::{t_cdf, t_sf, t_two_sided};
use super::interval::Interval;
use super::outcome::{TTest, Undefined, check};
use super::spread::{mean, two_sided_t, variance};

/// Mean and variance of the differences, and how much the folds overlap.
///
/// ```
/// use eval::statistics::resampled::Resampled;
/// let differences = [0.02, 0.01, 0.03, 0.00, 0.02, 0.01, 0.02, 0.03, 0.01, 0.02];
/// let resampled = Resampled::cross_validation(&differences, 10).unwrap();
/// let (naive, corrected) = (resampled.naive().unwrap(), resampled.corrected().unwrap());
/// // The naive test claims far more than the data hold.
/// assert!((naive.t - 5.667).abs() < 1e-3 && (corrected.t - 3.900).abs() < 1e-3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampled {
    count: usize,
    mean: f64,
    variance: f64,
    /// Tested rows per trained row.
    ratio: f64,
}

impl Resampled {
    /// From one difference per fold, each trained on `train` rows and tested on `test` others.
    ///
    /// # Errors
    /// With fewer than two differences, one that is not finite, or no row to train or test on.
    pub fn new(differences: &[f64], train: usize, test: usize) -> Result<Self, Undefined> {
        for (name, rows) in [("train", train), ("test", test)] {
            if rows == 0 {
                return Err(Undefined::OutOfRange { name, value: 0.0, expected: "at least 1" });
            }
        }
        Self::with_ratio(differences, test as f64 / train as f64)
    }

    /// From one difference per fold of a k-fold cross-validation, repeated any number of times.
    ///
    /// # Errors
    /// With fewer than two differences or folds, or a difference that is not finite.
    pub fn cross_validation(differences: &[f64], folds: usize) -> Result<Self, Undefined> {
        if folds < 2 {
            return Err(Undefined::TooFew { what: "folds", needed: 2, found: folds });
        }
        Self::with_ratio(differences, 1.0 / (folds as f64 - 1.0))
    }

    fn with_ratio(differences: &[f64], ratio: f64) -> Result<Self, Undefined> {
        check("difference", differences, 2)?;
        let (mean, variance) = (mean(differences), variance(differences)?);
        Ok(Self { count: differences.len(), mean, variance, ratio })
    }

    /// Mean difference.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Variance of the differences, with `J - 1`.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// The corrected resampled t test of "no difference".
    ///
    /// # Errors
    /// If all differences are the same.
    pub fn corrected(&self) -> Result<TTest, Undefined> {
        self.test(self.scale())
    }

    /// The usual t test, which takes the folds for independent. It is shown beside the corrected
    /// one to tell how much it exaggerates, and is never evidence.
    ///
    /// # Errors
    /// If all differences are the same.
    pub fn naive(&self) -> Result<TTest, Undefined> {
        self.test((self.variance / self.count as f64).sqrt())
    }

    /// Interval of the difference that belongs to the corrected test.
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Interval {
        Interval::around(self.mean, two_sided_t(level, self.df()) * self.scale())
    }

    /// What is known of the difference after the folds were seen, if nothing was known before.
    pub fn posterior(&self) -> Posterior {
        Posterior { location: self.mean, scale: self.scale(), df: self.df() }
    }

    fn df(&self) -> f64 {
        self.count as f64 - 1.0
    }

    /// Corrected standard error of the mean.
    fn scale(&self) -> f64 {
        (self.variance * (1.0 / self.count as f64 + self.ratio)).sqrt()
    }

    fn test(&self, error: f64) -> Result<TTest, Undefined> {
        if self.variance == 0.0 {
            return Err(Undefined::NoVariance("differences"));
        }
        let t = self.mean / error;
        Ok(TTest { t, df: self.df(), p: t_two_sided(t, self.df()) })
    }
}

/// Student's t distribution of the difference between two learners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// Its middle.
    pub location: f64,
    /// Its width; 0 if all folds had the same difference.
    pub scale: f64,
    /// Degrees of freedom.
    pub df: f64,
}

/// Chances of the three answers; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// The first learner is better by more than the region.
    pub first_better: f64,
    /// The difference does not matter: it is within the region.
    pub equivalent: f64,
    /// The second learner is better by more than the region.
    pub second_better: f64,
}

impl Rope {
    /// [`Posterior::rope`] from the differences of a cross-validation; `None` where it has no value.
    pub(crate) fn over_folds(differences: &[f64], folds: usize, rope: f64) -> Option<Self> {
        Resampled::cross_validation(differences, folds).ok()?.posterior().rope(rope).ok()
    }
}

impl Posterior {
    /// Chances that the difference lies above, within and below the region of practical
    /// equivalence `-rope..rope`. Without a spread all chance lies at the location; there, and
    /// with a region of no width, a difference of 0 is half for either, as in `baycomp`.
    ///
    /// # Errors
    /// If `rope` is negative or not finite.
    pub fn rope(&self, rope: f64) -> Result<Rope, Undefined> {
        if !(rope >= 0.0 && rope.is_finite()) {
            let expected = "a number from 0";
            return Err(Undefined::OutOfRange { name: "rope", value: rope, expected });
        }
        let (first_better, second_better) = if self.scale == 0.0 {
            let half = if rope == 0.0 && self.location == 0.0 { 0.5 } else { 0.0 };
            let whole = |beyond: bool| if beyond { 1.0 } else { half };
            (whole(self.location > rope), whole(self.location < -rope))
        } else {
            let standard = |difference: f64| (difference - self.location) / self.scale;
            (t_sf(standard(rope), self.df), t_cdf(standard(-rope), self.df))
        };
        let equivalent = if rope == 0.0 { 0.0 } else { 1.0 - first_better - second_better };
        Ok(Rope { first_better, equivalent: equivalent.max(0.0), second_better })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_difference_in_every_fold_is_no_test() {
        let same = Resampled::new(&[0.1; 10], 90, 10).unwrap();
        assert_eq!(same.corrected(), Err(Undefined::NoVariance("differences")));
        assert!(same.naive().is_err());
        let rope = same.posterior().rope(0.05).unwrap();
        assert_eq!((rope.first_better, rope.equivalent, rope.second_better), (1.0, 0.0, 0.0));
        let zero = Resampled::new(&[0.0; 4], 3, 1).unwrap().posterior();
        assert_eq!(zero.rope(0.0).unwrap().first_better, 0.5);
        assert_eq!(zero.rope(0.1).unwrap().equivalent, 1.0);
    }

    #[test]
    fn impossible_inputs_are_refused() {
        assert!(Resampled::new(&[0.1, 0.2], 0, 10).is_err());
        assert!(Resampled::new(&[0.1], 10, 10).is_err());
        assert!(Resampled::cross_validation(&[0.1, 0.2], 1).is_err());
        assert!(Resampled::new(&[0.1, f64::INFINITY], 10, 10).is_err());
        let posterior = Resampled::new(&[0.1, 0.2], 10, 10).unwrap().posterior();
        assert!(posterior.rope(f64::NAN).is_err());
    }
}
