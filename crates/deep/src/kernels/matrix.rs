//! Products of matrices, by the `gemm` crate: packed panels and micro-kernels for AVX-512, AVX2
//! and NEON, after K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication",
//! ACM TOMS 34(3), 2008.

use crate::real::Real;

/// A matrix in a slice: `rows x columns` numbers, where the one in row `y` and column `x` is
/// `values[y * row_stride + x * column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Mat<'a, R> {
    values: &'a [R],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, R> Mat<'a, R> {
    /// `rows x columns` numbers, row by row.
    ///
    /// # Panics
    /// If there are not exactly that many.
    pub(crate) fn new(values: &'a [R], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a {rows}x{columns} matrix");
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same numbers with rows and columns exchanged; nothing is moved.
    pub(crate) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Columns `first..first + count`; nothing is moved.
    ///
    /// # Panics
    /// If there are not that many.
    pub(crate) fn column_range(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.columns, "columns {first}..{}", first + count);
        let start = (first * self.column_stride).min(self.values.len());
        Self { values: &self.values[start..], columns: count, ..self }
    }

    /// Whether every number of the matrix lies within the slice.
    fn fits(&self) -> bool {
        let last = (self.rows.saturating_sub(1)) * self.row_stride
            + (self.columns.saturating_sub(1)) * self.column_stride;
        self.rows == 0 || self.columns == 0 || last < self.values.len()
    }
}

/// A matrix of the same kind that is written to, with neighbouring columns side by side.
pub(crate) struct MatMut<'a, R> {
    values: &'a mut [R],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

impl<'a, R> MatMut<'a, R> {
    /// `rows x columns` numbers, row by row.
    ///
    /// # Panics
    /// If there are not exactly that many.
    pub(crate) fn new(values: &'a mut [R], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a {rows}x{columns} matrix");
        Self { values, rows, columns, row_stride: columns }
    }

    /// Columns `first..first + count`.
    ///
    /// # Panics
    /// If there are not that many.
    pub(crate) fn column_range(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.columns, "columns {first}..{}", first + count);
        let start = first.min(self.values.len());
        Self { values: &mut self.values[start..], columns: count, ..self }
    }

    /// Whether every number of the matrix lies within the slice.
    fn fits(&self) -> bool {
        let Self { ref values, rows, columns, row_stride } = *self;
        Mat { values, rows, columns, row_stride, column_stride: 1 }.fits()
    }
}

/// What becomes of the numbers that are in the output already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// They are replaced by the product.
    Replace,
    /// The product is added to them.
    Add,
}

/// `out = a b`, or `out += a b`: `a` is `m x k`, `b` is `k x n`, `out` is `m x n`, row by row.
///
/// Equal shapes and numbers give equal bits on one machine. Machines with other vector
/// instructions round differently.
///
/// # Panics
/// If the shapes do not fit together.
pub(crate) fn matmul<R: Real>(a: Mat<'_, R>, b: Mat<'_, R>, out: &mut [R], output: Output) {
    assert_eq!(out.len(), a.rows * b.columns, "size of the product");
    matmul_into(a, b, &mut MatMut::new(out, a.rows, b.columns), output);
}

/// [`matmul`] into some columns of a matrix.
///
/// It is fastest where `b` lies row by row, which is read as it is; `b` in another order is moved
/// first, however few rows `a` has. Then the transposed product `b^T a^T` may be the better one.
///
/// # Panics
/// If the shapes do not fit together.
#[allow(unsafe_code)]
pub(crate) fn matmul_into<R: Real>(
    a: Mat<'_, R>,
    b: Mat<'_, R>,
    out: &mut MatMut<'_, R>,
    output: Output,
) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(b.rows, k, "inner sizes of the product");
    assert_eq!((out.rows, out.columns), (m, n), "size of the product");
    assert!(a.fits() && b.fits() && out.fits(), "matrices lie within their slices");
    if output == Output::Replace && k == 0 && n > 0 {
        for row in out.values.chunks_mut(out.row_stride) {
            row[..n].fill(R::zero());
        }
    }
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    // SAFETY: the assertions above keep every index that `gemm` computes from the sizes and
    // strides inside the three slices; strides are at most slice lengths, which fit an `isize`;
    // `out` is borrowed mutably and so overlaps neither input; `Real` is f32 or f64, both of
    // which `gemm` supports.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.values.as_mut_ptr(),
            1,
            out.row_stride as isize,
            output == Output::Add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            R::one(), // factor of what is in `out`
            R::one(), // factor of the product
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers, whose sums are exact in any order.
    fn numbers<R: Real>(count: usize, step: usize) -> Vec<R> {
        (0..count).map(|i| R::of(((i * step + 3) % 11) as f64 - 5.0)).collect()
    }

    fn triple_loop<R: Real>(a: Mat<'_, R>, b: Mat<'_, R>, out: &mut [R]) {
        for y in 0..a.rows {
            for x in 0..b.columns {
                for i in 0..a.columns {
                    out[y * b.columns + x] += a.values[y * a.row_stride + i * a.column_stride]
                        * b.values[i * b.row_stride + x * b.column_stride];
                }
            }
        }
    }

    fn compare_with_triple_loop<R: Real>() {
        let sizes = [(1, 1, 1), (1, 7, 5), (5, 7, 1), (3, 0, 2), (16, 9, 49), (33, 70, 17)];
        for (m, k, n) in sizes {
            let (a, b): (Vec<R>, Vec<R>) = (numbers(m * k, 7), numbers(k * n, 5));
            let left = [Mat::new(&a, m, k), Mat::new(&a, k, m).transposed()];
            let right = [Mat::new(&b, k, n), Mat::new(&b, n, k).transposed()];
            for (a, b) in left.into_iter().flat_map(|a| right.map(|b| (a, b))) {
                let mut expected = vec![R::zero(); m * n];
                triple_loop(a, b, &mut expected);
                let mut got = vec![R::nan(); m * n];
                matmul(a, b, &mut got, Output::Replace);
                assert_eq!(got, expected, "{m}x{k} times {k}x{n}");
                matmul(a, b, &mut got, Output::Add);
                triple_loop(a, b, &mut expected);
                assert_eq!(got, expected, "{m}x{k} times {k}x{n}, added");
            }
        }
    }

    #[test]
    fn matmul_equals_the_triple_loop() {
        compare_with_triple_loop::<f32>();
        compare_with_triple_loop::<f64>();
    }

    #[test]
    fn a_range_of_columns_is_multiplied_alone() {
        // (1 2 3; 4 5 6), columns 1 and 2, transposed: (2 5; 3 6).
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let a = Mat::new(&values, 2, 3).column_range(1, 2).transposed();
        let mut out = [0.0; 2];
        matmul(a, Mat::new(&[1.0, 10.0], 2, 1), &mut out, Output::Replace);
        assert_eq!(out, [52.0, 63.0]);
    }

    #[test]
    fn a_product_may_be_some_columns_of_a_matrix() {
        for (k, product) in [(0, 0.0), (1, 6.0)] {
            let (a, b, mut out) = (vec![2.0; 2 * k], vec![3.0; 2 * k], [1.0; 8]);
            let mut middle = MatMut::new(&mut out, 2, 4).column_range(1, 2);
            matmul_into(Mat::new(&a, 2, k), Mat::new(&b, k, 2), &mut middle, Output::Replace);
            assert_eq!(out, [1.0, product, product, 1.0, 1.0, product, product, 1.0]);
        }
    }

    #[test]
    #[should_panic(expected = "size of the product")]
    fn an_output_of_another_size_is_refused() {
        let ones = [1.0_f32; 4];
        matmul(Mat::new(&ones, 2, 2), Mat::new(&ones, 2, 2), &mut [0.0; 3], Output::Replace);
    }
}
