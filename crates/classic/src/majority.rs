//! The least that any classifier must beat.

use crate::check;
use base::{Convergence, Fit, FitError, FitSummary, Labels, Matrix, Predict, Scores, Seed};
use ndarray::{Array1, Array2};

/// Names the most frequent training class whatever the features; the first of equally frequent
/// ones. Scores are the shares of the classes among the training rows.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// let names = ["a", "b"].map(str::to_owned);
/// let y = Labels::new(vec![0, 1, 1, 1], &names).unwrap();
/// let model = classic::Majority.fit(&ndarray::Array2::zeros((4, 2)), &y, Seed(1)).unwrap();
/// let scores = model.scores(&ndarray::array![[5.0, 5.0]]);
/// assert_eq!(scores.view(), ndarray::array![[0.25, 0.75]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Majority;

impl Fit<Matrix> for Majority {
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        check::training_rows(x, y)?;
        let rows = y.len() as f32;
        let shares = y.counts().into_iter().map(|count| count as f32 / rows).collect();
        Ok(Box::new(MajorityModel { shares }))
    }
}

struct MajorityModel {
    shares: Array1<f32>,
}

impl Predict<Matrix> for MajorityModel {
    fn scores(&self, x: &Matrix) -> Scores {
        let mut scores = Array2::zeros((x.nrows(), self.shares.len()));
        scores.rows_mut().into_iter().for_each(|mut row| row.assign(&self.shares));
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        let model_bytes = 4 * self.shares.len() as u64;
        FitSummary { convergence: Convergence::Direct, model_bytes, curve: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;

    /// `eval::contract` asks for more right answers than the largest class has rows, which this
    /// recipe never gives; the rest of the contract is checked here.
    #[test]
    fn refuses_what_every_recipe_refuses() {
        let fit = |x: &Matrix, ids: Vec<usize>| Majority.fit(x, &labels(ids, 2), Seed(1)).err();
        let x = Matrix::zeros((3, 1));
        assert!(matches!(fit(&x, vec![1, 1, 1]), Some(FitError::TooFewClasses { found: 1 })));
        assert!(matches!(fit(&x, vec![0, 1]), Some(FitError::RowCount { rows: 3, labels: 2 })));
        let broken = Matrix::from_elem((3, 1), f32::NAN);
        assert!(matches!(fit(&broken, vec![0, 1, 1]), Some(FitError::NotFinite { .. })));
    }
}
