//! Which of the points that were tried to take.

use serde::{Deserialize, Serialize};

/// How the point is chosen among those that a search ends with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The highest mean; the simplest of equal ones.
    #[default]
    Best,
    /// The simplest whose mean is within one standard error of the highest.
    OneStandardError,
}

/// A point and its scores over the folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Place among the points of the search, which come from simple to complex.
    pub point: usize,
    /// Mean score.
    pub mean: f64,
    /// Standard error of the mean, `sd / sqrt(folds)`; 0 with one fold.
    pub error: f64,
}

impl Candidate {
    /// From one score per fold.
    pub fn new(point: usize, scores: &[f64]) -> Self {
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let squares = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
        let error = if scores.len() < 2 { 0.0 } else { (squares / (count - 1.0) / count).sqrt() };
        Self { point, mean, error }
    }
}

impl Rule {
    /// Place of the chosen one among the candidates, which come from simple to complex; 0 if there
    /// is none.
    pub fn choose(self, candidates: &[Candidate]) -> usize {
        let means: Vec<f64> = candidates.iter().map(|candidate| candidate.mean).collect();
        let errors: Vec<f64> = candidates.iter().map(|candidate| candidate.error).collect();
        match self {
            Self::Best => best(&means),
            Self::OneStandardError => one_standard_error(&means, &errors, |index| index as f64),
        }
    }
}

/// Index of the highest mean, the first of equal ones. Points come from simple to complex, so
/// the simplest of equally good ones is chosen. NaN never wins; 0 if nothing does.
///
/// ```
/// assert_eq!(eval::search::rule::best(&[0.7, 0.9, 0.9]), 1);
/// ```
pub fn best(means: &[f64]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, &mean) in means.iter().enumerate() {
        if mean > best.1 {
            best = (index, mean);
        }
    }
    best.0
}

/// Index of the simplest point whose mean is at least the highest minus the standard error of that
/// one; the first of equally simple ones. The folds share training rows, so the error is a rough
/// one; it keeps a search from taking a complex point for luck.
///
/// Source: L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees",
/// 1984, section 3.4.3. Reference: `select_by_one_std_err` of the R package `tune`.
///
/// ```
/// let (means, errors) = ([0.90, 0.925, 0.93], [0.01, 0.008, 0.006]);
/// let chosen = eval::search::rule::one_standard_error(&means, &errors, |index| index as f64);
/// assert_eq!(chosen, 1);
/// ```
///
/// # Panics
/// If there are fewer errors than means.
pub fn one_standard_error(
    means: &[f64],
    errors: &[f64],
    complexity: impl Fn(usize) -> f64,
) -> usize {
    let best = best(means);
    let Some(&highest) = means.get(best) else { return best };
    let least = highest - errors[best];
    let good = (0..means.len()).filter(|&index| means[index] >= least);
    good.min_by(|&a, &b| complexity(a).total_cmp(&complexity(b))).unwrap_or(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_first_of_equal_ones_and_never_nan() {
        assert_eq!(best(&[0.5, 0.5]), 0);
        assert_eq!(best(&[f64::NAN, 0.1, 0.9, 0.9]), 2);
        assert_eq!(best(&[f64::NAN, f64::NAN]), 0);
        assert_eq!(best(&[]), 0);
    }

    /// Variance 2 x 0.01 / 3 over four folds: an error of sqrt(0.02 / 12) = 0.0408.
    #[test]
    fn the_simplest_within_one_standard_error_is_taken() {
        let candidates = [[0.7; 4], [0.77; 4], [0.7, 0.8, 0.8, 0.9]];
        let candidates: Vec<Candidate> = candidates
            .iter()
            .zip(0..)
            .map(|(scores, point)| Candidate::new(point, scores))
            .collect();
        assert!((candidates[2].error - (0.02_f64 / 12.0).sqrt()).abs() < 1e-12);
        assert_eq!(Rule::Best.choose(&candidates), 2);
        assert_eq!(Rule::OneStandardError.choose(&candidates), 1);
        assert_eq!(Candidate::new(0, &[0.9]).error, 0.0);
        assert_eq!(Rule::OneStandardError.choose(&[]), 0);
    }
}
