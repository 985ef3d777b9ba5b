//! Rows mapped block by block, in parallel.

use crate::check;
use base::Matrix;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

/// Rows mapped at a time; one piece of parallel work.
const BLOCK: usize = 128;

/// `map` of each block of rows of `x` into as many rows of `features` numbers, which are finite in
/// the end: see [`check::bounded`].
pub(super) fn by_blocks(
    x: &Matrix,
    features: usize,
    map: impl Fn(ArrayView2<'_, f32>, &mut ArrayViewMut2<'_, f32>) + Sync,
) -> Matrix {
    let mut mapped = Array2::zeros((x.nrows(), features));
    let into: Vec<_> = mapped.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
    let from: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
    from.into_par_iter().zip(into).for_each(|(rows, mut out)| {
        map(rows, &mut out);
        out.mapv_inplace(|value| check::bounded(value.into()) as f32);
    });
    mapped
}

/// A linear map after a shift: `(x - shift) directions'`.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    shift: Vec<f64>,
    /// Shape `(kept, features)`.
    directions: Array2<f32>,
}

impl Projection {
    /// `shift` has one number per feature, `directions` the shape `(kept, features)`.
    pub(super) fn new(shift: Vec<f64>, directions: &Array2<f64>) -> Self {
        let directions = directions.mapv(|value| check::bounded(value) as f32);
        Self { shift, directions }
    }

    pub(super) fn directions(&self) -> ArrayView2<'_, f32> {
        self.directions.view()
    }

    pub(super) fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.shift.len(), "as many features as in training");
        by_blocks(x, self.directions.nrows(), |rows, out| {
            let mut shifted = Array2::zeros(rows.raw_dim());
            for (row, mut to) in rows.rows().into_iter().zip(shifted.rows_mut()) {
                for ((to, &value), &shift) in to.iter_mut().zip(row).zip(&self.shift) {
                    *to = check::bounded(f64::from(value) - shift) as f32;
                }
            }
            general_mat_mul(1.0, &shifted, &self.directions.t(), 0.0, out);
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        (8 * self.shift.len() + 4 * self.directions.len()) as u64
    }
}
