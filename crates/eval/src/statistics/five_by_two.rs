//! Five repetitions of a two-fold cross-validation.
//!
//! With the differences `p[i][j]` of repetition `i`, half `j`, and the variances
//! `s2[i] = (p[i][0] - mean)^2 + (p[i][1] - mean)^2`:
//!
//! ```text
//! t = p[0][0] / sqrt(sum of s2 / 5)             5 degrees of freedom
//! f = sum of p^2 / (2 sum of s2)                10 and 5 degrees of freedom
//! ```
//!
//! Sources: T. G. Dietterich, "Approximate statistical tests for comparing supervised
//! classification learning algorithms", Neural Computation 10(7):1895-1923, 1998 (t);
//! E. Alpaydın, "Combined 5x2 cv F test", Neural Computation 11(8):1885-1892, 1999 (F, which does
//! not hang on the first difference alone). Reference: `mlxtend`.

use super::distribution::{f_sf, t_two_sided};
use super::outcome::{FTest, TTest, Undefined};

/// Differences `[repetition][half]` of two learners.
///
/// ```
/// use eval::statistics::five_by_two::FiveByTwo;
/// let halves = [[0.02, 0.01], [0.03, 0.02], [0.01, 0.03], [0.02, 0.04], [0.02, 0.01]];
/// let test = FiveByTwo::new(halves).unwrap().f().unwrap();
/// assert!((test.f - 4.818).abs() < 1e-3 && (test.p - 0.0483).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiveByTwo {
    differences: [[f64; 2]; 5],
    /// Sum of the five variances.
    variances: f64,
}

impl FiveByTwo {
    /// # Errors
    /// If a difference is not finite.
    pub fn new(differences: [[f64; 2]; 5]) -> Result<Self, Undefined> {
        if let Some(index) = differences.iter().flatten().position(|value| !value.is_finite()) {
            return Err(Undefined::NotFinite { what: "difference", index });
        }
        // Of two numbers, the squares of the distances from their mean are half that of each other.
        let variances = differences.iter().map(|[a, b]| (a - b).powi(2) / 2.0).sum();
        Ok(Self { differences, variances })
    }

    /// Dietterich's t test.
    ///
    /// # Errors
    /// If both halves agree in every repetition.
    pub fn t(&self) -> Result<TTest, Undefined> {
        let t = self.differences[0][0] / (self.variances()? / 5.0).sqrt();
        Ok(TTest { t, df: 5.0, p: t_two_sided(t, 5.0) })
    }

    /// Alpaydın's F test, the one to prefer.
    ///
    /// # Errors
    /// If both halves agree in every repetition.
    pub fn f(&self) -> Result<FTest, Undefined> {
        let squares: f64 = self.differences.iter().flatten().map(|p| p * p).sum();
        let f = squares / (2.0 * self.variances()?);
        Ok(FTest { f, df: [10.0, 5.0], p: f_sf(f, 10.0, 5.0) })
    }

    fn variances(&self) -> Result<f64, Undefined> {
        match self.variances {
            0.0 => Err(Undefined::NoVariance("differences of both halves")),
            variances => Ok(variances),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_variance_there_is_no_test() {
        let test = FiveByTwo::new([[0.02; 2]; 5]).unwrap();
        assert!(test.t().is_err() && test.f().is_err());
        assert!(FiveByTwo::new([[f64::NAN, 0.0]; 5]).is_err());
    }
}
