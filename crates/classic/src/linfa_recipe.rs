//! Recipes of this suite where linfa asks for its own: [`ForLinfa`] implements linfa's `Fit`, what
//! it trains linfa's `PredictInplace`.
//!
//! The traits are those of `linfa` 0.8.1. Numbers of 64 bits are rounded to the 32 that the
//! recipes read.

use base::{Fit, FitError, Labels, Matrix, Predict, Seed};
use linfa::{DatasetBase, Float, dataset::AsSingleTargets, traits};
use ndarray::{Array1, ArrayBase, Data, Ix2};
use std::fmt::Display;
use thiserror::Error;

/// A recipe that takes linfa's data sets: rows of `f32` or `f64`, and one label per row of any
/// type that can be ordered (numbers, strings, `bool`).
///
/// ```
/// use classic::{ForLinfa, Svm, SvmParams};
/// use linfa::{DatasetBase, traits::{Fit, Predict}};
/// use ndarray::array;
///
/// let x = array![[0.0], [0.1], [1.0], [1.1]];
/// let rows = DatasetBase::new(x, array!["low", "low", "high", "high"]);
/// let svm = ForLinfa::new(Svm::new(&SvmParams::default()).unwrap(), base::Seed(1));
/// let model = svm.fit(&rows).unwrap();
/// assert_eq!(model.predict(&array![[0.9], [0.2]]), array!["high", "low"]);
/// ```
#[derive(Debug, Clone)]
pub struct ForLinfa<R> {
    recipe: R,
    seed: Seed,
}

impl<R: Fit<Matrix>> ForLinfa<R> {
    /// `seed` serves every fit, since linfa's trait has no place for one.
    pub fn new(recipe: R, seed: Seed) -> Self {
        Self { recipe, seed }
    }
}

/// Why a recipe could not be trained on linfa's data set.
#[derive(Debug, Error)]
pub enum ForLinfaError {
    /// The recipe refused the rows or failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// linfa's own, which its trait asks for.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}

/// What [`ForLinfa`] has trained; predicts labels as they were given.
pub struct LinfaPredictor<L> {
    model: Box<dyn Predict<Matrix>>,
    /// Label of each class, ascending.
    labels: Vec<L>,
}

impl<R, F, D, T, L> traits::Fit<ArrayBase<D, Ix2>, T, ForLinfaError> for ForLinfa<R>
where
    R: Fit<Matrix>,
    F: Float,
    D: Data<Elem = F>,
    T: AsSingleTargets<Elem = L>,
    L: Ord + Clone + Display,
{
    type Object = LinfaPredictor<L>;

    /// Weights of rows that the data set may carry are not used.
    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, T>,
    ) -> Result<Self::Object, ForLinfaError> {
        let targets = dataset.targets.as_targets();
        let mut labels: Vec<L> = targets.iter().cloned().collect();
        labels.sort();
        labels.dedup();
        let id = |label| labels.binary_search(label).expect("every label was listed");
        let ids = targets.iter().map(id).collect();
        // Numbered, since two labels may be written alike.
        let names: Vec<String> =
            labels.iter().enumerate().map(|(id, label)| format!("{id}: {label}")).collect();
        let classes = Labels::new(ids, &names).expect("ids and names come from the same list");
        let model = self.recipe.fit(&matrix(&dataset.records), &classes, self.seed)?;
        Ok(LinfaPredictor { model, labels })
    }
}

/// Panics, as linfa's own models do, if the rows have another length than those of the training.
impl<F, D, L> traits::PredictInplace<ArrayBase<D, Ix2>, Array1<L>> for LinfaPredictor<L>
where
    F: Float,
    D: Data<Elem = F>,
    L: Clone + Default,
{
    fn predict_inplace<'a>(&'a self, x: &'a ArrayBase<D, Ix2>, y: &mut Array1<L>) {
        assert_eq!(x.nrows(), y.len(), "as many targets as rows");
        let predicted = self.model.scores(&matrix(x)).predicted();
        for (target, id) in y.iter_mut().zip(predicted) {
            target.clone_from(&self.labels[id]);
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<L> {
        Array1::default(x.nrows())
    }
}

fn matrix<F: Float>(records: &ArrayBase<impl Data<Elem = F>, Ix2>) -> Matrix {
    records.mapv(<f32 as Float>::cast)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinfaSvm, LinfaSvmParams, Svm, SvmParams};
    use linfa::traits::{Fit as _, Predict as _};
    use ndarray::{Array2, array};

    /// Three clouds, of labels that are neither dense nor sorted.
    fn clouds() -> DatasetBase<Array2<f64>, Array1<usize>> {
        let x = Array2::from_shape_fn((30, 2), |(row, column)| {
            let centre = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]][row % 3][column];
            centre + ((row * 7 + column * 5) % 11) as f64 / 11.0
        });
        DatasetBase::new(x, Array1::from_shape_fn(30, |row| [40, 7, 19][row % 3]))
    }

    #[test]
    fn labels_come_back_as_they_were_given() {
        let rows = clouds();
        let recipe = ForLinfa::new(Svm::new(&SvmParams::default()).unwrap(), Seed(1));
        let predicted = recipe.fit(&rows).unwrap().predict(&rows);
        assert_eq!(predicted, rows.targets);
    }

    #[test]
    fn a_recipe_predicts_alike_under_both_traits() {
        let rows = clouds();
        let recipe = LinfaSvm::new(&LinfaSvmParams::default()).unwrap();
        let (x, names) = (matrix(&rows.records), ["7", "19", "40"].map(str::to_owned));
        let ids =
            rows.targets.iter().map(|&label| usize::from(label > 7) + usize::from(label > 19));
        let labels = Labels::new(ids.collect(), &names).unwrap();
        let ours = base::Fit::fit(&recipe, &x, &labels, Seed(1)).unwrap();
        let ours: Array1<usize> =
            ours.scores(&x).predicted().iter().map(|&id| [7, 19, 40][id]).collect();
        let theirs = ForLinfa::new(recipe, Seed(1)).fit(&rows).unwrap().predict(&rows);
        assert_eq!(theirs, ours);
    }

    #[test]
    fn bad_rows_are_refused_as_ever() {
        let recipe = ForLinfa::new(Svm::new(&SvmParams::default()).unwrap(), Seed(1));
        let one_class = DatasetBase::new(array![[0.0], [1.0]], array![3, 3]);
        let error = recipe.fit(&one_class).err().expect("one class cannot be told apart");
        assert!(matches!(error, ForLinfaError::Fit(FitError::TooFewClasses { found: 1 })));
        let huge = DatasetBase::new(array![[0.0], [1e300]], array![3, 4]);
        let error = recipe.fit(&huge).err().expect("1e300 has no 32 bits");
        assert!(matches!(error, ForLinfaError::Fit(FitError::NotFinite { .. })), "{error}");
    }
}
