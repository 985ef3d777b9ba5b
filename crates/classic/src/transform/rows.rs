//! Rows of length 1.

use super::{FeatureMap, Transform};
use crate::check;
use base::{FitError, Labels, Matrix, Seed};
use serde::{Deserialize, Serialize};

/// What is meant by the length of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowNorm {
    /// Sum of the values without their signs: histograms become shares.
    L1,
    /// Root of the sum of squares.
    #[default]
    L2,
}

/// Settings of [`NormaliseRows`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormaliseRowsParams {
    /// `l2` (the default) or `l1`.
    pub norm: RowNorm,
}

/// Each row divided by its length, as scikit-learn's `normalize` does. Rows of zeros stay.
///
/// Nothing is learned; `l1` and then [`super::Hellinger`] is what "RootSIFT" does to histograms
/// (R. Arandjelović, A. Zisserman, CVPR 2012).
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{NormaliseRows, NormaliseRowsParams, Transform};
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[3.0, -4.0], [0.0, 0.0]];
/// let recipe = NormaliseRows::new(&NormaliseRowsParams::default());
/// let map = recipe.learn(&x, &y, Seed(1)).unwrap();
/// assert_eq!(map.apply(&x), ndarray::array![[0.6, -0.8], [0.0, 0.0]]);
/// ```
#[derive(Debug, Clone)]
pub struct NormaliseRows {
    norm: RowNorm,
}

impl NormaliseRows {
    /// No setting can be out of range.
    pub fn new(params: &NormaliseRowsParams) -> Self {
        Self { norm: params.norm }
    }
}

impl Transform for NormaliseRows {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        Ok(Box::new(NormaliseRowsMap { norm: self.norm, features: x.ncols() }))
    }
}

struct NormaliseRowsMap {
    norm: RowNorm,
    features: usize,
}

impl FeatureMap for NormaliseRowsMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.features, "as many features as in training");
        let mut scaled = x.as_standard_layout().into_owned();
        for mut row in scaled.rows_mut() {
            let values = row.iter().map(|&value| f64::from(value));
            let length = match self.norm {
                RowNorm::L1 => values.map(f64::abs).sum::<f64>(),
                RowNorm::L2 => values.map(|value| value * value).sum::<f64>().sqrt(),
            };
            if length > 0.0 {
                row.mapv_inplace(|value| (f64::from(value) / length) as f32);
            }
        }
        scaled
    }

    fn bytes(&self) -> u64 {
        0
    }
}
