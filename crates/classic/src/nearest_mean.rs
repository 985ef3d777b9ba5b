//! The nearest class mean: what a single prototype per class can do.

use crate::check;
use base::{Convergence, Fit, FitError, FitSummary, Labels, Matrix, Predict, Scores, Seed};
use ndarray::Array2;

/// Names the class whose mean is nearest (Euclidean distance; the first of equally near ones), as
/// scikit-learn's `NearestCentroid` does. The score of a class is the distance with a minus sign;
/// classes without a training row get the lowest number there is.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// let y = Labels::new(vec![0, 0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[0.0, 0.0], [0.0, 2.0], [4.0, 1.0]];
/// let model = classic::NearestMean.fit(&x, &y, Seed(1)).unwrap();
/// let scores = model.scores(&ndarray::array![[1.0, 1.0]]);
/// assert_eq!(scores.view(), ndarray::array![[-1.0, -3.0]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NearestMean;

impl Fit<Matrix> for NearestMean {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        check::training_rows(x, y)?;
        let counts = y.counts();
        let mut means = Array2::zeros((counts.len(), x.ncols()));
        for (row, &id) in x.rows().into_iter().zip(y.ids()) {
            for (sum, &value) in means.row_mut(id).iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        for (mut mean, &count) in means.rows_mut().into_iter().zip(&counts) {
            mean /= count.max(1) as f64;
        }
        let known = counts.into_iter().map(|count| count > 0).collect();
        Ok(Box::new(NearestMeanModel { means, known }))
    }
}

struct NearestMeanModel {
    /// Shape `(classes, features)`.
    means: Array2<f64>,
    /// Which classes had training rows.
    known: Vec<bool>,
}

impl Predict<Matrix> for NearestMeanModel {
    fn scores(&self, x: &Matrix) -> Scores {
        assert_eq!(x.ncols(), self.means.ncols(), "as many features as in training");
        let mut scores = Array2::from_elem((x.nrows(), self.known.len()), f32::MIN);
        for (row, mut out) in x.rows().into_iter().zip(scores.rows_mut()) {
            for (class, mean) in self.means.rows().into_iter().enumerate() {
                if self.known[class] {
                    let pairs = row.iter().zip(mean);
                    let squared: f64 =
                        pairs.map(|(&value, mean)| (f64::from(value) - mean).powi(2)).sum();
                    // Above the score of classes without rows.
                    out[class] = (-squared.sqrt()).max(f64::from(f32::MIN) / 2.0) as f32;
                }
            }
        }
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        let model_bytes = (8 * self.means.len() + self.known.len()) as u64;
        FitSummary { convergence: Convergence::Direct, model_bytes, curve: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, labels};

    #[test]
    fn keeps_the_contract() {
        let (x, y) = clouds(4, 30);
        eval::contract::check(&NearestMean, &x, &y);
    }

    /// Class 1 has no rows, though the mean of none would lie nearest; the first of equals wins.
    #[test]
    fn classes_without_rows_are_never_named_and_ties_go_to_the_first() {
        let x = ndarray::array![[-2.0], [2.0]];
        let model = NearestMean.fit(&x, &labels(vec![2, 0], 3), Seed(1)).unwrap();
        let far = ndarray::array![[0.0], [f32::MAX], [f32::MIN]];
        assert_eq!(model.scores(&far).predicted()[0], 0);
        assert!(model.scores(&far).predicted().iter().all(|&class| class != 1));
    }
}
