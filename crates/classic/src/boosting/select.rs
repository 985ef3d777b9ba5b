//! Features that boosting has chosen, for any recipe.

use super::AdaBoost;
use base::{Fit, FitError, FitSummary, Labels, Matrix, Predict, Scores, Seed};
use ndarray::Axis;

/// Wraps a recipe so that it sees only the columns which boosted stumps look at, learned from the
/// training rows only.
///
/// The columns keep their order. The more rounds, the more columns; one that several stumps look
/// at is taken once.
///
/// Source: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
/// features", CVPR 2001, where boosting chooses among the Haar-like features of a window.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{AdaBoost, AdaBoostParams, NearestNeighbours, SelectByBoosting};
/// // The first column is larger, but says nothing.
/// let x = ndarray::array![[900.0, 0.0], [100.0, 0.1], [800.0, 1.0], [200.0, 1.1]];
/// let y = Labels::new(vec![0, 0, 1, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let boosting = AdaBoost::new(&AdaBoostParams::default()).unwrap();
/// let nearest = NearestNeighbours::new(&Default::default()).unwrap();
/// let model = SelectByBoosting::new(boosting, Box::new(nearest)).fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[100.0, 0.9]]).predicted(), [1]);
/// ```
pub struct SelectByBoosting {
    boosting: AdaBoost,
    inner: Box<dyn Fit<Matrix>>,
}

impl SelectByBoosting {
    /// Wraps `inner`.
    pub fn new(boosting: AdaBoost, inner: Box<dyn Fit<Matrix>>) -> Self {
        Self { boosting, inner }
    }
}

impl Fit<Matrix> for SelectByBoosting {
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        let kept = self.boosting.train(x, y)?.features();
        let inner = self.inner.fit(&x.select(Axis(1), &kept), y, seed)?;
        Ok(Box::new(SelectedModel { columns: x.ncols(), kept, inner }))
    }
}

struct SelectedModel {
    /// Features in training.
    columns: usize,
    /// Those that `inner` sees.
    kept: Vec<usize>,
    inner: Box<dyn Predict<Matrix>>,
}

impl Predict<Matrix> for SelectedModel {
    fn scores(&self, x: &Matrix) -> Scores {
        assert_eq!(x.ncols(), self.columns, "as many features as in training");
        self.inner.scores(&x.select(Axis(1), &self.kept))
    }

    fn summary(&self) -> FitSummary {
        let inner = self.inner.summary();
        let own = size_of_val(self.kept.as_slice()) as u64;
        FitSummary { model_bytes: inner.model_bytes + own, ..inner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, labels};
    use crate::{AdaBoostParams, NearestNeighbours, NearestNeighboursParams};

    fn select() -> SelectByBoosting {
        let boosting = AdaBoost::new(&AdaBoostParams { rounds: 10, ..Default::default() }).unwrap();
        let nearest = NearestNeighbours::new(&NearestNeighboursParams { k: 3 }).unwrap();
        SelectByBoosting::new(boosting, Box::new(nearest))
    }

    #[test]
    fn keeps_the_contract() {
        let (x, y) = clouds(3, 10);
        eval::contract::check(&select(), &x, &y);
    }

    /// Column 5 is the class, columns around it are noise whose size would drown it.
    #[test]
    fn the_inner_recipe_sees_the_chosen_columns_only() {
        let noise = Seed(3).permutation(20 * 6);
        let x = Matrix::from_shape_fn((20, 6), |(row, column)| {
            if column == 5 { (row / 10) as f32 } else { noise[row * 6 + column] as f32 }
        });
        let y = labels((0..20).map(|row| row / 10).collect(), 2);
        let model = select().fit(&x, &y, Seed(1)).unwrap();
        let mut other = x.clone();
        other.slice_mut(ndarray::s![.., ..5]).fill(1e9);
        assert_eq!(model.scores(&x).predicted(), y.ids());
        assert_eq!(model.scores(&other), model.scores(&x));
    }
}
