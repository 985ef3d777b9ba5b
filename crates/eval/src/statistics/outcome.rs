//! What tests return, and why some have no value.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a statistic or a metric has no value for these data. It is said, never returned as NaN.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum Undefined {
    /// Not enough numbers.
    #[error("needs at least {needed} {what}, but there are {found}")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// The least number.
        needed: usize,
        /// What there is.
        found: usize,
    },
    /// Too many numbers for an exact answer.
    #[error("is exact up to {limit} {what} only, but there are {found}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The largest number.
        limit: usize,
        /// What there is.
        found: usize,
    },
    /// All values are the same, so there is no spread to judge by.
    #[error("the {0} are all the same, so there is no spread to judge by")]
    NoVariance(&'static str),
    /// A number that is NaN or infinite.
    #[error("{what} {index} is not a finite number")]
    NotFinite {
        /// What the number is.
        what: &'static str,
        /// Its position.
        index: usize,
    },
    /// A number outside the range where the question makes sense.
    #[error("`{name}` is {value}, but must be {expected}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// Two lists that belong together have different lengths.
    #[error("there are {found} {what}, but must be {expected}")]
    Length {
        /// What is counted.
        what: &'static str,
        /// The number that it must be.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// The best value lies at infinity.
    #[error("{0} grows beyond all bounds")]
    Unbounded(&'static str),
}

/// Outcome of a test whose statistic follows the chi-squared distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChiSquaredTest {
    /// The statistic, 0 or more.
    pub chi2: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Probability of a statistic at least this large if the null hypothesis holds.
    pub p: f64,
}

/// Outcome of a two-sided test whose statistic follows Student's t distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// The statistic.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Probability of a statistic at least this far from 0 if the null hypothesis holds.
    pub p: f64,
}

/// Outcome of a test whose statistic follows the F distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FTest {
    /// The statistic, 0 or more.
    pub f: f64,
    /// Degrees of freedom of the numerator and of the denominator.
    pub df: [f64; 2],
    /// Probability of a statistic at least this large if the null hypothesis holds.
    pub p: f64,
}

/// # Errors
/// If there are fewer than `needed` numbers, or one is not finite.
pub(crate) fn check(what: &'static str, values: &[f64], needed: usize) -> Result<(), Undefined> {
    if values.len() < needed {
        return Err(Undefined::TooFew { what, needed, found: values.len() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Undefined::NotFinite { what, index }),
        None => Ok(()),
    }
}

/// # Errors
/// If there are not as many as expected.
pub(crate) fn check_length(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), Undefined> {
    if found == expected { Ok(()) } else { Err(Undefined::Length { what, expected, found }) }
}
