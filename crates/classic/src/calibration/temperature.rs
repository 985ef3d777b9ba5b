//! Temperature scaling: one number that makes scores as sure as they are right.
//!
//! Probabilities are the soft maximum of `beta` x scores; `beta`, the inverse temperature,
//! minimises the mean cross-entropy. The order of the scores stays as it is.
//!
//! Source: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks",
//! ICML 2017. As in scikit-learn (`CalibratedClassifierCV(method="temperature")`), the logarithm
//! of `beta` lies between -10 and 10; classes that are told apart without a fault have no minimum.

use ndarray::{ArrayView1, ArrayView2};

/// Bounds of the logarithm of `beta`.
const BOUND: f64 = 10.0;

/// Halvings of the range of the logarithm; more than 64 bits can tell apart.
const HALVINGS: usize = 60;

/// Probabilities as the soft maximum of `beta` x scores.
///
/// ```
/// // Right in three of four cases, so 3/4 is the best probability for the higher score.
/// let scores = ndarray::array![[9.0, 0.0], [9.0, 0.0], [9.0, 0.0], [9.0, 0.0]];
/// let temperature = classic::Temperature::fit(scores.view(), &[0, 0, 0, 1]);
/// assert!((temperature.probabilities(&[9.0, 0.0])[0] - 0.75).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// Inverse temperature, positive.
    pub beta: f64,
}

impl Temperature {
    /// Fits the number to finite scores, shape `(n, classes)`, of rows of these classes; 1 if the
    /// scores say nothing.
    ///
    /// # Panics
    /// If there is not one class per row, or it is none of the columns.
    pub fn fit(scores: ArrayView2<'_, f64>, ids: &[usize]) -> Self {
        assert_eq!(scores.nrows(), ids.len(), "one class per row");
        let all_equal = scores.rows().into_iter().all(|row| row.iter().all(|&s| s == row[0]));
        if all_equal {
            return Self { beta: 1.0 };
        }
        // The cross-entropy is convex in beta, so its slope changes sign once at most.
        let slope = |log: f64| -> f64 {
            let beta = log.exp();
            let rows = scores.rows().into_iter().zip(ids);
            rows.map(|(row, &id)| soft_mean(beta, row) - row[id]).sum()
        };
        let (mut low, mut high) = (-BOUND, BOUND);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            // A slope too small to be told from 0 is one that only nears it, from below.
            if slope(middle) <= 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self { beta: (0.5 * (low + high)).exp() }
    }

    /// One probability per score; they add up to 1.
    pub fn probabilities(&self, scores: &[f64]) -> Vec<f64> {
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights = scores.iter().map(|score| (self.beta * (score - most)).exp());
        let mut weights: Vec<f64> = weights.collect();
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        weights
    }
}

/// Mean of the scores under their own probabilities.
fn soft_mean(beta: f64, scores: ArrayView1<'_, f64>) -> f64 {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut weights) = (0.0, 0.0);
    for &score in scores {
        let weight = (beta * (score - most)).exp();
        sum += weight * (score - most);
        weights += weight;
    }
    most + sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_are_all_right_all_wrong_or_empty_end_at_a_bound() {
        let scores = ndarray::array![[2.0, 1.0], [0.0, 3.0]];
        let right = Temperature::fit(scores.view(), &[0, 1]);
        let wrong = Temperature::fit(scores.view(), &[1, 0]);
        assert!((right.beta.ln() - BOUND).abs() < 1e-9 && (wrong.beta.ln() + BOUND).abs() < 1e-9);
        let nothing = Temperature::fit(ndarray::Array2::ones((3, 2)).view(), &[0, 1, 1]);
        assert_eq!(nothing.beta, 1.0);
    }
}
