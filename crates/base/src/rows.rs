//! Anything that can be split by rows.

use ndarray::{Array, Array2, Axis, Dimension};

/// Features, shape `(n, features)`.
pub type Matrix = Array2<f32>;

/// Data with one entry per sample, of which any rows can be taken.
pub trait Rows: Sized + Sync {
    /// Number of samples.
    fn row_count(&self) -> usize;

    /// The given rows, in the order given; a row may be given twice.
    ///
    /// # Panics
    /// If a row is not below [`Self::row_count`].
    fn pick(&self, rows: &[usize]) -> Self;
}

impl Rows for Matrix {
    fn row_count(&self) -> usize {
        self.nrows()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        self.select(Axis(0), rows)
    }
}

/// The array with its numbers in row-major order; copied only if they are not already.
pub(crate) fn contiguous<T: Clone, D: Dimension>(array: Array<T, D>) -> Array<T, D> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}
