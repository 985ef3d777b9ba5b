//! How much a model loses when images are corrupted.
//!
//! For corruption `c` at severities `s`, with `E` the error rates of the model and `B` those of a
//! baseline on the same images:
//!
//! ```text
//! CE_c = sum_s E[c, s] / sum_s B[c, s]                        mCE = mean over c
//! relative CE_c = sum_s (E[c, s] - E clean) / sum_s (B[c, s] - B clean)
//! retention = mean accuracy on corrupted images / accuracy on clean ones
//! ```
//!
//! Below 1 the model bears corruption better than the baseline.
//!
//! Sources: D. Hendrycks, T. Dietterich, "Benchmarking neural network robustness to common
//! corruptions and perturbations", ICLR 2019; N. Mu, J. Gilmer, "MNIST-C", 2019.

use crate::statistics::Undefined;
use crate::statistics::outcome::check;

/// Error rates of one model, in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// On the images as they are.
    pub clean: f64,
    /// By corruption, then severity. All corruptions have the same severities.
    pub corrupted: Vec<Vec<f64>>,
}

/// A model beside a baseline. What has no value says why.
#[derive(Debug, Clone, PartialEq)]
pub struct CorruptionError {
    /// `CE` of each corruption; undefined where the baseline makes no error.
    pub ce: Vec<Result<f64, Undefined>>,
    /// Their mean; undefined if one of them is.
    pub mce: Result<f64, Undefined>,
    /// Relative `CE`; undefined where the baseline loses nothing.
    pub relative_ce: Vec<Result<f64, Undefined>>,
    /// Their mean; undefined if one of them is.
    pub relative_mce: Result<f64, Undefined>,
}

impl Errors {
    /// # Errors
    /// Without corruptions or severities, if corruptions differ in their number, or an error rate
    /// is not finite.
    pub fn new(clean: f64, corrupted: Vec<Vec<f64>>) -> Result<Self, Undefined> {
        check("clean error rate", &[clean], 1)?;
        let severities = corrupted.first().map_or(0, Vec::len);
        let cells = corrupted.len() * severities;
        if cells == 0 {
            return Err(Undefined::TooFew { what: "corruptions", needed: 1, found: 0 });
        }
        for of_one in &corrupted {
            if of_one.len() != severities {
                let (expected, found) = (severities, of_one.len());
                return Err(Undefined::Length { what: "severities", expected, found });
            }
            check("error rate", of_one, 1)?;
        }
        Ok(Self { clean, corrupted })
    }

    /// Mean accuracy over all corruptions and severities.
    pub fn mean_corruption_accuracy(&self) -> f64 {
        let cells = (self.corrupted.len() * self.corrupted[0].len()) as f64;
        1.0 - self.corrupted.iter().flatten().sum::<f64>() / cells
    }

    /// Share of the accuracy on clean images that is left on corrupted ones.
    ///
    /// # Errors
    /// If no clean image is classified right.
    pub fn retention(&self) -> Result<f64, Undefined> {
        ratio(self.mean_corruption_accuracy(), 1.0 - self.clean, "accuracy on clean images")
    }

    /// Corruption errors beside a baseline.
    ///
    /// ```
    /// use eval::robustness::Errors;
    /// let model = Errors::new(0.1, vec![vec![0.2, 0.4]]).unwrap();
    /// let baseline = Errors::new(0.2, vec![vec![0.5, 0.7]]).unwrap();
    /// let error = model.beside(&baseline).unwrap();
    /// // 0.6 / 1.2, and 0.4 / 0.8 of what is lost.
    /// assert!((error.mce.unwrap() - 0.5).abs() < 1e-12);
    /// assert!((error.relative_mce.unwrap() - 0.5).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// If the baseline has other corruptions or severities.
    pub fn beside(&self, baseline: &Self) -> Result<CorruptionError, Undefined> {
        let same = |what, found: usize, expected: usize| {
            if found == expected {
                Ok(())
            } else {
                Err(Undefined::Length { what, expected, found })
            }
        };
        same("corruptions of the baseline", baseline.corrupted.len(), self.corrupted.len())?;
        same("severities of the baseline", baseline.corrupted[0].len(), self.corrupted[0].len())?;
        let pairs = || self.corrupted.iter().zip(&baseline.corrupted);
        let sum = |errors: &[f64], clean: f64| errors.iter().map(|error| error - clean).sum();
        let ce = pairs().map(|(model, base)| ratio(sum(model, 0.0), sum(base, 0.0), "error"));
        let relative = pairs().map(|(model, base)| {
            let lost = "loss of the baseline under corruption";
            ratio(sum(model, self.clean), sum(base, baseline.clean), lost)
        });
        let (ce, relative_ce): (Vec<_>, Vec<_>) = (ce.collect(), relative.collect());
        Ok(CorruptionError { mce: mean(&ce), relative_mce: mean(&relative_ce), ce, relative_ce })
    }
}

fn ratio(above: f64, below: f64, name: &'static str) -> Result<f64, Undefined> {
    if below > 1e-12 {
        return Ok(above / below);
    }
    Err(Undefined::OutOfRange { name, value: below, expected: "above 0" })
}

fn mean(values: &[Result<f64, Undefined>]) -> Result<f64, Undefined> {
    let sum = values.iter().copied().sum::<Result<f64, Undefined>>()?;
    Ok(sum / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_without_errors_or_losses_is_no_yardstick() {
        let model = Errors::new(0.0, vec![vec![0.1], vec![0.2]]).unwrap();
        let perfect = Errors::new(0.0, vec![vec![0.0], vec![0.1]]).unwrap();
        let error = model.beside(&perfect).unwrap();
        assert!(error.ce[0].is_err() && error.ce[1].is_ok() && error.mce.is_err());
        let better_when_corrupted = Errors::new(0.5, vec![vec![0.4], vec![0.6]]).unwrap();
        let error = model.beside(&better_when_corrupted).unwrap();
        assert!(error.mce.is_ok() && error.relative_ce[0].is_err());
        assert!(Errors::new(1.0, vec![vec![1.0]]).unwrap().retention().is_err());
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        assert!(Errors::new(0.0, vec![]).is_err() && Errors::new(0.0, vec![vec![]]).is_err());
        assert!(Errors::new(0.0, vec![vec![0.1], vec![0.1, 0.2]]).is_err());
        assert!(Errors::new(f64::NAN, vec![vec![0.1]]).is_err());
        assert!(Errors::new(0.0, vec![vec![f64::INFINITY]]).is_err());
        let one = Errors::new(0.0, vec![vec![0.1]]).unwrap();
        let two = Errors::new(0.0, vec![vec![0.1], vec![0.1]]).unwrap();
        assert!(one.beside(&two).is_err());
    }
}
