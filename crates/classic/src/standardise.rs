//! Features of mean 0 and deviation 1 around any recipe.

use crate::check;
use base::{Fit, FitError, FitSummary, Labels, Matrix, Predict, Scores, Seed};
use ndarray::ArrayView1;

/// Wraps a recipe so that it sees `(x - mean) / deviation`, with mean and deviation of each column
/// over the training rows only.
///
/// The deviation is that of the population (divided by n), as in scikit-learn's `StandardScaler`.
/// A column whose training values are all equal is shifted to 0 and not scaled.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{NearestNeighbours, NearestNeighboursParams, Standardised};
/// // The second column is larger, but says nothing.
/// let x = ndarray::array![[0.0, 900.0], [0.1, 100.0], [1.0, 800.0], [1.1, 200.0]];
/// let y = Labels::new(vec![0, 0, 1, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let nearest = NearestNeighbours::new(&NearestNeighboursParams { k: 1 }).unwrap();
/// let model = Standardised::new(Box::new(nearest)).fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.9, 400.0]]).predicted(), [1]);
/// ```
pub struct Standardised {
    inner: Box<dyn Fit<Matrix>>,
}

impl Standardised {
    /// Wraps `inner`.
    pub fn new(inner: Box<dyn Fit<Matrix>>) -> Self {
        Self { inner }
    }
}

impl Fit<Matrix> for Standardised {
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        // Before scaling, so that an error names the value the caller gave.
        check::training_rows(x, y)?;
        let columns: Vec<Column> = x.columns().into_iter().map(Column::of).collect();
        let inner = self.inner.fit(&scale(&columns, x), y, seed)?;
        Ok(Box::new(StandardisedModel { columns, inner }))
    }
}

/// How one column is shifted and scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Column {
    mean: f64,
    factor: f64,
}

impl Column {
    fn of(values: ArrayView1<'_, f32>) -> Self {
        // Asked of the values themselves: a variance that should be 0 rarely comes out as 0.
        if values.iter().all(|&value| value == values[0]) {
            return Self { mean: values[0].into(), factor: 1.0 };
        }
        let n = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let variance =
            values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
        Self { mean, factor: 1.0 / variance.sqrt() }
    }
}

fn scale(columns: &[Column], x: &Matrix) -> Matrix {
    assert_eq!(x.ncols(), columns.len(), "as many features as in training");
    let mut scaled = x.as_standard_layout().into_owned();
    for mut row in scaled.rows_mut() {
        for (value, column) in row.iter_mut().zip(columns) {
            let exact = (f64::from(*value) - column.mean) * column.factor;
            *value = check::bounded(exact) as f32;
        }
    }
    scaled
}

struct StandardisedModel {
    columns: Vec<Column>,
    inner: Box<dyn Predict<Matrix>>,
}

impl Predict<Matrix> for StandardisedModel {
    fn scores(&self, x: &Matrix) -> Scores {
        self.inner.scores(&scale(&self.columns, x))
    }

    fn summary(&self) -> FitSummary {
        let inner = self.inner.summary();
        let own = size_of_val(self.columns.as_slice()) as u64;
        FitSummary { model_bytes: inner.model_bytes + own, ..inner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::{NearestNeighbours, NearestNeighboursParams, Svm, SvmParams};

    #[test]
    fn keeps_the_contract() {
        let (x, y) = clouds(3, 10);
        let svm = Svm::new(&SvmParams::default()).unwrap();
        eval::contract::check(&Standardised::new(Box::new(svm)), &x, &y);
    }

    /// Mean 3 and population deviation 2; a constant that has no exact binary form.
    #[test]
    fn columns_get_mean_0_and_deviation_1_and_constants_become_0() {
        let x = ndarray::array![[1.0, 0.1], [1.0, 0.1], [5.0, 0.1], [5.0, 0.1]];
        let columns: Vec<Column> = x.columns().into_iter().map(Column::of).collect();
        let test = ndarray::array![[1.0, 0.1], [6.0, 1.1]];
        let scaled = scale(&columns, &test);
        assert_eq!(scaled, ndarray::array![[-1.0, 0.0], [1.5, 1.0]]);
    }

    /// A column scaled by its test rows as well would put the far row at the end of the range.
    #[test]
    fn rows_to_predict_change_nothing() {
        let (x, y) = clouds(2, 10);
        let params = NearestNeighboursParams { k: 3 };
        let nearest = NearestNeighbours::new(&params).unwrap();
        let model = Standardised::new(Box::new(nearest)).fit(&x, &y, Seed(1)).unwrap();
        let mut longer = x.clone();
        longer.push_row(ndarray::aview1(&[1e20, -1e20, 0.0, 0.0])).unwrap();
        let (alone, beside) = (model.scores(&x), model.scores(&longer));
        assert_eq!(alone.view(), beside.view().slice(ndarray::s![..20, ..]));
    }

    #[test]
    fn errors_name_the_value_before_scaling() {
        let (mut x, y) = clouds(2, 5);
        x[[4, 2]] = f32::INFINITY;
        let svm = Svm::new(&SvmParams::default()).unwrap();
        let error = Standardised::new(Box::new(svm)).fit(&x, &y, Seed(1)).err().unwrap();
        assert!(error.to_string().contains("row 4, column 2 is inf"), "{error}");
    }
}
