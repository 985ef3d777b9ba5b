//! Temperature scaling: one number that makes the probabilities of a network as sure as they
//! should be, and changes no prediction.
//!
//! `T` minimises the mean of `-ln softmax(z / T)` of the true class, over images that were not
//! trained on. In `b = 1 / T` that is convex, so the root of the slope is the minimum; it is found
//! by bisection on the logarithm of `b`.
//!
//! Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
//! ICML 2017. Departure: the root of the slope rather than L-BFGS.

use super::ranking::check_rows;
use crate::statistics::Undefined;
use crate::statistics::distribution::falling_root;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// Temperatures outside `e^-20..e^20` (about 2e-9 to 5e8) count as none.
const LARGEST_LOG: f64 = 20.0;

/// A temperature above 0; above 1 it makes probabilities less sure.
///
/// ```
/// use eval::metric::Temperature;
/// // Twice as sure as right: the odds are e^2, but 2 of 3 are right.
/// let logits = ndarray::array![[2.0, 0.0], [2.0, 0.0], [2.0, 0.0]];
/// let fitted = Temperature::fit(&[0, 0, 1], logits.view()).unwrap();
/// assert!((fitted.temperature() - 2.0 / 2_f64.ln()).abs() < 1e-9);
/// assert!((fitted.probabilities(logits.view())[[0, 0]] - 2.0 / 3.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(f64);

impl Temperature {
    /// Fits on held-out images: their truth, and logits of shape `(images, classes)`.
    ///
    /// # Errors
    /// Without images; if there is not one row of finite logits per truth; if the logits are all
    /// right or tell nothing, where the best temperature is 0 or without bound.
    pub fn fit(truth: &[usize], logits: ArrayView2<'_, f64>) -> Result<Self, Undefined> {
        check_rows(truth, logits)?;
        if truth.is_empty() {
            return Err(Undefined::TooFew { what: "images", needed: 1, found: 0 });
        }
        // Minus the slope of the loss in b: it falls with b.
        let gain = |b: f64| {
            let rows = logits.rows().into_iter().zip(truth);
            rows.map(|(row, &truth)| lead(row, truth, b)).sum::<f64>()
        };
        let log_b = falling_root(0.0, -LARGEST_LOG, LARGEST_LOG, |log_b| gain(log_b.exp()));
        if log_b.abs() > LARGEST_LOG - 1e-6 {
            return Err(Undefined::Unbounded("the temperature, or one over it,"));
        }
        Ok(Self((-log_b).exp()))
    }

    /// The temperature itself.
    pub fn temperature(self) -> f64 {
        self.0
    }

    /// Probabilities of logits of shape `(images, classes)`; each row sums to 1.
    pub fn probabilities(self, logits: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut probabilities = logits.to_owned();
        for mut row in probabilities.rows_mut() {
            let largest = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            row.mapv_inplace(|z| ((z - largest) / self.0).exp());
            let sum = row.sum();
            row /= sum;
        }
        probabilities
    }
}

/// Softmax of the logits as they are.
pub fn softmax(logits: ArrayView2<'_, f64>) -> Array2<f64> {
    Temperature(1.0).probabilities(logits)
}

/// By how much the logit of the truth lies above the mean of the logits under `softmax(b z)`.
fn lead(row: ArrayView1<'_, f64>, truth: usize, b: f64) -> f64 {
    let largest = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let (mut sum, mut weighted) = (0.0, 0.0);
    for &z in row {
        let weight = (b * (z - largest)).exp();
        sum += weight;
        // Not negative for the largest logit, whatever the rounding.
        weighted += weight * (row[truth] - z);
    }
    weighted / sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::log_loss;
    use ndarray::array;

    #[test]
    fn no_best_temperature_is_said() {
        let logits = array![[2.0, 0.0], [0.0, 3.0]];
        // All right: the surer, the better. All wrong: the less sure. No difference: no matter.
        assert!(Temperature::fit(&[0, 1], logits.view()).is_err());
        assert!(Temperature::fit(&[1, 0], logits.view()).is_err());
        assert!(Temperature::fit(&[0, 1], Array2::zeros((2, 2)).view()).is_err());
        assert!(Temperature::fit(&[], Array2::zeros((0, 2)).view()).is_err());
        assert!(Temperature::fit(&[0, 1], array![[f64::NAN, 0.0], [0.0, 1.0]].view()).is_err());
    }

    #[test]
    fn no_temperature_beside_it_is_better() {
        let logits = array![[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [1.0, 0.0, 4.0], [2.0, 2.5, 0.0]];
        let truth = [0, 1, 2, 0];
        let best = Temperature::fit(&truth, logits.view()).unwrap();
        let loss = |t: f64| log_loss(&truth, Temperature(t).probabilities(logits.view()).view());
        let least = loss(best.0).unwrap();
        for factor in [0.5, 0.99, 1.01, 2.0] {
            assert!(loss(factor * best.0).unwrap() > least);
        }
    }
}
