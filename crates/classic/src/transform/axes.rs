//! Sums of squares and products of rows, and the directions in which rows spread.
//!
//! In 64 bits: the squares of 32-bit values, and the eigenvalues made from them, then carry all
//! digits the values had. Rows are converted a strip at a time, so no 64-bit copy is made of all.

use super::TransformError;
use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Rows or columns converted at a time.
const STRIP: usize = 512;

/// Rows of a matrix of products made at a time; one piece of parallel work.
const BAND: usize = 96;

/// Largest matrix that is decomposed: 0.5 GiB, and some minutes on one core.
const MAX_SIZE: usize = 8192;

/// Iterations per eigenvalue; two or three are usual.
const ITERATIONS: usize = 60;

/// Mean of each column.
pub(super) fn means(x: ArrayView2<'_, f32>) -> Vec<f64> {
    let mut sums = vec![0.0; x.ncols()];
    for row in x.rows() {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    let rows = x.nrows().max(1) as f64;
    sums.iter_mut().for_each(|sum| *sum /= rows);
    sums
}

/// `A'A` for rows `A` of shape `dim`, given by their value at (row, column).
///
/// # Errors
/// If it were too large.
pub(super) fn scatter(
    what: &'static str,
    (rows, features): (usize, usize),
    value: impl Fn(usize, usize) -> f64,
) -> Result<Array2<f64>, TransformError> {
    if features > MAX_SIZE {
        return Err(TransformError::TooLarge { what, rows, features, max: MAX_SIZE });
    }
    let mut products = Array2::zeros((features, features));
    for start in (0..rows).step_by(STRIP) {
        let dim = (STRIP.min(rows - start), features);
        let strip = Array2::from_shape_fn(dim, |(row, column)| value(start + row, column));
        add_products(strip.t(), &mut products);
    }
    mirror(&mut products);
    Ok(products)
}

/// Adds `A A'`, on and right of the diagonal.
fn add_products(a: ArrayView2<'_, f64>, products: &mut Array2<f64>) {
    let bands: Vec<_> = products.axis_chunks_iter_mut(Axis(0), BAND).enumerate().collect();
    bands.into_par_iter().for_each(|(band, mut out)| {
        let start = band * BAND;
        let left = a.slice(s![start..start + out.nrows(), ..]);
        let right = a.slice(s![start.., ..]);
        general_mat_mul(1.0, &left, &right.t(), 1.0, &mut out.slice_mut(s![.., start..]));
    });
}

fn mirror(products: &mut Array2<f64>) {
    for y in 0..products.nrows() {
        for x in 0..y {
            products[[y, x]] = products[[x, y]];
        }
    }
}

/// Eigenvalues of a symmetric matrix, the largest first, and an eigenvector of length 1 for each,
/// a row; its largest component is positive.
pub(super) struct Eigen {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Array2<f64>,
}

impl Eigen {
    /// # Errors
    /// If the iteration does not end.
    pub(super) fn of(what: &'static str, matrix: &Array2<f64>) -> Result<Self, TransformError> {
        let n = matrix.nrows();
        let iterations = ITERATIONS * n;
        let values = matrix.iter().copied();
        let decomposed = SymmetricEigen::try_new(
            DMatrix::from_row_iterator(n, n, values),
            f64::EPSILON,
            iterations,
        );
        let finite = |eigen: &SymmetricEigen<f64, nalgebra::Dyn>| {
            eigen.eigenvalues.iter().chain(eigen.eigenvectors.iter()).all(|v: &f64| v.is_finite())
        };
        let Some(eigen) = decomposed.filter(finite) else {
            return Err(TransformError::NotConverged { what, iterations });
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let vector = |(place, component)| eigen.eigenvectors[(component, order[place])];
        let mut vectors = Array2::from_shape_fn((n, n), vector);
        turn(&mut vectors);
        Ok(Self { values: order.iter().map(|&at| eigen.eigenvalues[at]).collect(), vectors })
    }
}

/// Turns rows so that the component of largest size, the first of equal ones, is positive: the
/// convention of scikit-learn's `svd_flip` with `u_based_decision=False`.
pub(super) fn turn(directions: &mut Array2<f64>) {
    for mut row in directions.rows_mut() {
        let larger = |best: f64, &value: &f64| if value.abs() > best.abs() { value } else { best };
        if row.iter().fold(0.0, larger) < 0.0 {
            row.mapv_inplace(|value| -value);
        }
    }
}

/// Directions in which rows `A` spread around 0, from most to least, as far as the sum of
/// squares is above `tolerance` times the largest.
pub(super) struct Axes {
    /// Sum of squares along each direction: squares of the singular values of `A`.
    pub(super) squares: Vec<f64>,
    /// Shape `(kept, features)`, rows of length 1 at right angles.
    pub(super) directions: Array2<f64>,
    /// Sum of squares over all directions.
    pub(super) total: f64,
}

impl Axes {
    /// Decomposes `A'A`, or `AA'` where there are fewer rows than features; rows of shape `dim`
    /// are given by their value at (row, column).
    ///
    /// # Errors
    /// If the smaller of both is too large.
    pub(super) fn of(
        what: &'static str,
        dim: (usize, usize),
        value: impl Fn(usize, usize) -> f64,
        tolerance: f64,
    ) -> Result<Self, TransformError> {
        let (rows, features) = dim;
        if features <= rows {
            let products = scatter(what, dim, value)?;
            let eigen = Eigen::of(what, &products)?;
            let squares = above(&eigen.values, tolerance);
            let directions = eigen.vectors.slice_move(s![..squares.len(), ..]);
            return Ok(Self { squares, directions, total: products.diag().sum() });
        }
        if rows > MAX_SIZE {
            return Err(TransformError::TooLarge { what, rows, features, max: MAX_SIZE });
        }
        let strip = |start: usize| {
            let dim = (rows, STRIP.min(features - start));
            Array2::from_shape_fn(dim, |(row, column)| value(row, start + column))
        };
        let mut products = Array2::zeros((rows, rows));
        for start in (0..features).step_by(STRIP) {
            add_products(strip(start).view(), &mut products);
        }
        mirror(&mut products);
        let eigen = Eigen::of(what, &products)?;
        let squares = above(&eigen.values, tolerance);
        let kept = eigen.vectors.slice(s![..squares.len(), ..]);
        let mut directions = Array2::zeros((squares.len(), features));
        for start in (0..features).step_by(STRIP) {
            let strip = strip(start);
            let mut out = directions.slice_mut(s![.., start..start + strip.ncols()]);
            general_mat_mul(1.0, &kept, &strip, 0.0, &mut out);
        }
        for (mut direction, square) in directions.rows_mut().into_iter().zip(&squares) {
            direction /= square.sqrt();
        }
        turn(&mut directions);
        Ok(Self { squares, directions, total: products.diag().sum() })
    }
}

/// Those of the descending values that are positive and above `tolerance` times the first.
fn above(values: &[f64], tolerance: f64) -> Vec<f64> {
    let least = values.first().map_or(0.0, |first| first * tolerance).max(0.0);
    values.iter().copied().take_while(|&value| value > least).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Matrix, Seed};

    fn noise(rows: usize, features: usize) -> Matrix {
        let noise = Seed(9).permutation(rows * features);
        let scale = (rows * features) as f32;
        Matrix::from_shape_fn((rows, features), |(y, x)| {
            (noise[y * features + x] as f32 / scale - 0.5) / (1.0 + x as f32)
        })
    }

    fn given(x: &Matrix) -> impl Fn(usize, usize) -> f64 {
        |row, column| x[[row, column]].into()
    }

    /// More than one strip and several bands, against plain loops.
    #[test]
    fn scatter_is_the_sum_of_products() {
        let x = noise(STRIP + 60, 2 * BAND + 7);
        let got = scatter("test", x.dim(), given(&x)).unwrap();
        let wide = x.mapv(f64::from);
        for ((a, b), &got) in got.indexed_iter() {
            let want = wide.column(a).dot(&wide.column(b));
            assert!((got - want).abs() < 1e-12, "{a} {b}: {got} {want}");
        }
    }

    /// Both ways lead to the same directions, also for those whose signs are free.
    #[test]
    fn axes_of_few_rows_are_those_of_the_scatter_matrix() {
        let x = noise(30, 40);
        let by_rows = Axes::of("test", x.dim(), given(&x), 1e-9).unwrap();
        let eigen = Eigen::of("test", &scatter("test", x.dim(), given(&x)).unwrap()).unwrap();
        assert_eq!(by_rows.squares.len(), 30);
        for (at, square) in by_rows.squares.iter().enumerate() {
            assert!((square - eigen.values[at]).abs() < 1e-12, "{at}");
            let along = by_rows.directions.row(at).dot(&eigen.vectors.row(at));
            assert!((along - 1.0).abs() < 1e-8, "{at}: {along}");
        }
        assert!((by_rows.total - by_rows.squares.iter().sum::<f64>()).abs() < 1e-10);
    }

    #[test]
    fn sizes_that_cannot_be_decomposed_are_refused() {
        let x = Matrix::zeros((MAX_SIZE + 1, MAX_SIZE + 2));
        for error in [
            Axes::of("test", x.dim(), given(&x), 0.0).err().unwrap(),
            scatter("test", x.dim(), given(&x)).err().unwrap(),
        ] {
            assert!(matches!(error, TransformError::TooLarge { max: MAX_SIZE, .. }), "{error}");
        }
    }
}
