//! The .632 and .632+ estimates of an error rate, from bootstrap samples.
//!
//! On the rows it learned from a model is too good (the apparent error), and on those that a
//! bootstrap sample left out it is too bad, as it has seen 0.632 of the rows only. .632 is the
//! weighted mean of both. A model that learns its rows by heart has no apparent error, which makes
//! that mean too good; .632+ gives the left-out rows more weight the more the model overfits, up to
//! all of it. How much it overfits is told by where the error of the left-out rows lies between the
//! apparent one (0) and that of a model which knows nothing (1).
//!
//! ```text
//! R       = (out of bag - apparent) / (no information - apparent), between 0 and 1
//! .632    = 0.368 apparent + 0.632 out of bag
//! .632+   = .632 + (min(out of bag, no information) - apparent) 0.368 * 0.632 R / (1 - 0.368 R)
//! ```
//!
//! The samples are those of [`crate::split::bootstrap`].
//!
//! Sources: B. Efron, "Estimating the error rate of a prediction rule: improvement on
//! cross-validation", JASA 78:316-331, 1983; B. Efron, R. Tibshirani, "Improvements on
//! cross-validation: the .632+ bootstrap method", JASA 92:548-560, 1997, equations 24 to 32.
//! References: `bootstrap_point632_score` of mlxtend, and the R packages ipred and Daim. All are
//! equal while the error out of bag lies between the apparent one and that without information.
//! Where it is larger than both, R is 1 here and in Daim, and more in the others; where it is less
//! than the apparent one, R is 0 but in mlxtend, which has no bounds at all.

use super::outcome::{Undefined, check_length};
use serde::{Deserialize, Serialize};

/// Weight of the error out of bag: about `1 - 1/e`, the share of the rows that a sample holds.
const WEIGHT: f64 = 0.632;

/// The .632 estimate of an error rate.
///
/// `apparent` is the error of the model fitted to all rows, on these rows; `out_of_bag` the mean of
/// the errors that models fitted to bootstrap samples make on the rows left out. Both are shares.
///
/// This is for error rates, beside [`point_632_plus`], of which it is the first part.
/// [`estimate_632`](crate::split::estimate_632) starts from the error of each sample, and takes
/// measures that are no shares.
///
/// ```
/// let error = eval::statistics::error_632::point_632(0.1, 0.3).unwrap();
/// assert!((error - (0.368 * 0.1 + 0.632 * 0.3)).abs() < 1e-15);
/// ```
///
/// # Errors
/// If an error rate is not between 0 and 1.
pub fn point_632(apparent: f64, out_of_bag: f64) -> Result<f64, Undefined> {
    check_share("apparent", apparent)?;
    check_share("out_of_bag", out_of_bag)?;
    Ok(weighted(apparent, out_of_bag))
}

/// A .632+ estimate, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point632Plus {
    /// The estimate of the error rate.
    pub estimate: f64,
    /// The relative overfitting rate `R`: 0 none, 1 as bad out of bag as without information.
    pub overfitting: f64,
}

/// The .632+ estimate of an error rate.
///
/// `apparent` and `out_of_bag` are as in [`point_632`], `no_information` as from
/// [`no_information_rate`]. Where the model does not overfit, or the apparent error is no better
/// than that without information, it is the .632 estimate.
///
/// ```
/// # use eval::statistics::error_632::point_632_plus;
/// // One nearest neighbour on noise, two classes: .632 would say 0.316, but it is half.
/// let noise = point_632_plus(0.0, 0.5, 0.5).unwrap();
/// assert!((noise.estimate - 0.5).abs() < 1e-15 && noise.overfitting == 1.0);
/// ```
///
/// # Errors
/// If an error rate is not between 0 and 1.
pub fn point_632_plus(
    apparent: f64,
    out_of_bag: f64,
    no_information: f64,
) -> Result<Point632Plus, Undefined> {
    check_share("no_information", no_information)?;
    let plain = point_632(apparent, out_of_bag)?;
    let bounded = out_of_bag.min(no_information);
    if bounded <= apparent {
        return Ok(Point632Plus { estimate: plain, overfitting: 0.0 });
    }
    let overfitting = (bounded - apparent) / (no_information - apparent);
    let more = (1.0 - WEIGHT) * WEIGHT * overfitting / (1.0 - (1.0 - WEIGHT) * overfitting);
    Ok(Point632Plus { estimate: plain + (bounded - apparent) * more, overfitting })
}

/// The error rate of these predictions if they had nothing to do with the truth: the mean over all
/// pairs of a true class and a predicted one, which is the sum over the classes of the share of the
/// truth times 1 less the share of the predictions.
///
/// `predicted` are those of the model fitted to all rows, on these rows.
///
/// ```
/// let rate = eval::statistics::error_632::no_information_rate(&[0, 0, 0, 1], &[0, 0, 1, 1]);
/// assert_eq!(rate, Ok(0.75 * 0.5 + 0.25 * 0.5));
/// ```
///
/// # Errors
/// Without rows, or if the lists differ in length.
pub fn no_information_rate(truth: &[usize], predicted: &[usize]) -> Result<f64, Undefined> {
    if truth.is_empty() {
        return Err(Undefined::TooFew { what: "rows", needed: 1, found: 0 });
    }
    check_length("predictions", predicted.len(), truth.len())?;
    let classes = truth.iter().chain(predicted).max().map_or(0, |&most| most + 1);
    let counts = |ids: &[usize]| {
        let mut counts = vec![0_u64; classes];
        ids.iter().for_each(|&id| counts[id] += 1);
        counts
    };
    let equal: u64 = counts(truth).iter().zip(counts(predicted)).map(|(p, q)| p * q).sum();
    let pairs = (truth.len() as u64).pow(2);
    Ok((pairs - equal) as f64 / pairs as f64)
}

/// [`point_632`] of anything, shares or not.
pub(crate) fn weighted(apparent: f64, out_of_bag: f64) -> f64 {
    (1.0 - WEIGHT) * apparent + WEIGHT * out_of_bag
}

fn check_share(name: &'static str, value: f64) -> Result<(), Undefined> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(Undefined::OutOfRange { name, value, expected: "an error rate between 0 and 1" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_overfitting_brings_the_estimate_nearer_to_the_error_out_of_bag() {
        let mut last = 0.0;
        for step in 0..=20 {
            let out_of_bag = 0.1 + 0.4 * f64::from(step) / 20.0;
            let found = point_632_plus(0.1, out_of_bag, 0.5).unwrap();
            let plain = point_632(0.1, out_of_bag).unwrap();
            assert!((found.overfitting - f64::from(step) / 20.0).abs() < 1e-12);
            assert!(plain - 1e-15 <= found.estimate && found.estimate <= out_of_bag + 1e-15);
            let share = (found.estimate - 0.1) / (out_of_bag - 0.1);
            assert!(step == 0 || share > last, "{share} after {last}");
            last = if step == 0 { 0.0 } else { share };
        }
        assert!((last - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_error_rate_is_refused() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(point_632(bad, 0.2).is_err() && point_632(0.2, bad).is_err());
            assert!(point_632_plus(0.1, 0.2, bad).is_err());
            assert!(point_632_plus(bad, 0.2, 0.5).is_err());
        }
        assert!(no_information_rate(&[], &[]).is_err());
        assert!(no_information_rate(&[0, 1], &[0]).is_err());
        // The model that knows nothing is not worse than what it is compared with.
        assert_eq!(point_632_plus(0.5, 0.6, 0.5).unwrap().overfitting, 0.0);
    }
}
