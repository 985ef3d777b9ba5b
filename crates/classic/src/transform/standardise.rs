//! Features of mean 0 and deviation 1.

use super::columns::{Column, Columns};
use super::{FeatureMap, Transform};
use crate::check;
use base::{FitError, Labels, Matrix, Seed};
use ndarray::ArrayView1;

/// `(x - mean) / deviation`, with mean and deviation of each column over the training rows.
///
/// The deviation is that of the population (divided by n), as in scikit-learn's `StandardScaler`.
/// A column whose training values are all equal is shifted to 0 and not scaled.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::Transform;
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[1.0, 7.0], [5.0, 7.0]];
/// let map = classic::Standardise.learn(&x, &y, Seed(1)).unwrap();
/// assert_eq!(map.apply(&ndarray::array![[6.0, 8.0]]), ndarray::array![[1.5, 1.0]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Standardise;

impl Transform for Standardise {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        let columns = x.columns().into_iter().map(column).collect();
        Ok(Box::new(Columns { columns, offset: 0.0 }))
    }
}

fn column(values: ArrayView1<'_, f32>) -> Column {
    // Asked of the values themselves: a variance that should be 0 rarely comes out as 0.
    if values.iter().all(|&value| value == values[0]) {
        return Column { shift: values[0].into(), factor: 1.0 };
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
    Column { shift: mean, factor: 1.0 / variance.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;

    /// Mean 3 and population deviation 2; a constant that has no exact binary form.
    #[test]
    fn columns_get_mean_0_and_deviation_1_and_constants_become_0() {
        let x = ndarray::array![[1.0, 0.1], [1.0, 0.1], [5.0, 0.1], [5.0, 0.1]];
        let map = Standardise.learn(&x, &labels(vec![0, 0, 1, 1], 2), Seed(1)).unwrap();
        let scaled = map.apply(&ndarray::array![[1.0, 0.1], [6.0, 1.1]]);
        assert_eq!(scaled, ndarray::array![[-1.0, 0.0], [1.5, 1.0]]);
    }
}
