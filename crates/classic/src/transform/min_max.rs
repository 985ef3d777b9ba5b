//! Features between two bounds.

use super::columns::{Column, Columns};
use super::{FeatureMap, Transform};
use crate::check;
use base::{FitError, Labels, Matrix, ParamError, Seed};
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

/// Settings of [`MinMax`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinMaxParams {
    /// Where the smallest training value of a column goes.
    pub low: f64,
    /// Where the largest goes, above `low`.
    pub high: f64,
}

impl Default for MinMaxParams {
    fn default() -> Self {
        Self { low: 0.0, high: 1.0 }
    }
}

/// Each column stretched so that its training values reach from `low` to `high`, as scikit-learn's
/// `MinMaxScaler` does; rows to predict may go beyond. A column whose training values are all
/// equal is shifted to `low` and not stretched.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{MinMax, MinMaxParams, Transform};
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[1.0, 7.0], [5.0, 7.0]];
/// let recipe = MinMax::new(&MinMaxParams { low: -1.0, high: 1.0 }).unwrap();
/// let map = recipe.learn(&x, &y, Seed(1)).unwrap();
/// assert_eq!(map.apply(&ndarray::array![[7.0, 7.0]]), ndarray::array![[2.0, -1.0]]);
/// ```
#[derive(Debug, Clone)]
pub struct MinMax {
    low: f64,
    high: f64,
}

impl MinMax {
    /// # Errors
    /// If a bound is not finite, or `high` is not above `low`.
    pub fn new(params: &MinMaxParams) -> Result<Self, ParamError> {
        let low = check::finite("low", params.low)?;
        let high = check::finite("high", params.high)?;
        if high <= low {
            return Err(ParamError::new("high", high, "above `low`"));
        }
        Ok(Self { low, high })
    }
}

impl Transform for MinMax {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        let column = |values: ArrayView1<'_, f32>| {
            let smallest = f64::from(values.iter().copied().fold(f32::INFINITY, f32::min));
            let largest = f64::from(values.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let range = if largest > smallest { largest - smallest } else { 1.0 };
            Column { shift: smallest, factor: (self.high - self.low) / range }
        };
        let columns = x.columns().into_iter().map(column).collect();
        Ok(Box::new(Columns { columns, offset: self.low }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_setting_is_named() {
        for (low, high, name) in
            [(f64::NAN, 1.0, "low"), (0.0, f64::INFINITY, "high"), (1.0, 1.0, "high")]
        {
            assert_eq!(MinMax::new(&MinMaxParams { low, high }).unwrap_err().name, name);
        }
    }
}
