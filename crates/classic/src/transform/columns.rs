//! A shift and a factor for each column: what the scalers have in common.

use super::FeatureMap;
use crate::check;
use base::Matrix;

/// How one column is shifted and scaled: `(x - shift) * factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) shift: f64,
    pub(super) factor: f64,
}

/// Columns scaled each on its own, in 64 bits.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// Added to all.
    pub(super) offset: f64,
}

impl FeatureMap for Columns {
    fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.columns.len(), "as many features as in training");
        let mut scaled = x.as_standard_layout().into_owned();
        for mut row in scaled.rows_mut() {
            for (value, column) in row.iter_mut().zip(&self.columns) {
                let exact = (f64::from(*value) - column.shift) * column.factor + self.offset;
                *value = check::bounded(exact) as f32;
            }
        }
        scaled
    }

    fn bytes(&self) -> u64 {
        size_of_val(self.columns.as_slice()) as u64
    }
}
