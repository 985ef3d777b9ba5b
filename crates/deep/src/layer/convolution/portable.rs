//! The portable tier: products of matrices of columns, a band of rows of outputs at a time, so that
//! its columns stay in the cache.

use super::Convolution;
use super::columns::{from_columns, to_columns};
use crate::kernels::{Mat, MatMut, Output, matmul, matmul_into};
use crate::real::Real;
use std::ops::Range;

/// Numbers of the columns of a band, which leave some of the second cache to the weights.
const BAND: usize = 100_000;

impl<R: Real> Convolution<R> {
    /// Numbers of the columns of a row of outputs.
    fn of_row(&self) -> usize {
        self.groups * self.fan_in() * self.output.width
    }

    /// Rows of outputs of a band; all bands are about equally high.
    fn band(&self) -> usize {
        let most = (BAND / self.of_row()).max(1);
        self.output.height.div_ceil(self.output.height.div_ceil(most))
    }

    /// The rows of outputs of each band.
    pub(super) fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let (band, height) = (self.band(), self.output.height);
        (0..height).step_by(band).map(move |first| first..height.min(first + band))
    }

    /// Room for the columns of a band.
    pub(super) fn band_columns(&self) -> Vec<R> {
        vec![R::zero(); self.band() * self.of_row()]
    }

    /// The weights of each group as a matrix, shape `(maps / groups, fan_in)`.
    fn matrices(&self) -> impl Iterator<Item = Mat<'_, R>> {
        let maps = self.output.channels / self.groups;
        let groups = self.weights.value.chunks_exact(maps * self.fan_in());
        groups.map(move |weights| Mat::new(weights, maps, self.fan_in()))
    }

    /// Outputs of some images.
    pub(super) fn convolve_columns(&self, input: &[R], output: &mut [R], columns: &mut [R]) {
        let (fan_in, plane) = (self.fan_in(), self.output.plane());
        let maps = self.output.channels / self.groups;
        let images = input.chunks_exact(self.input.len());
        for (x, y) in images.zip(output.chunks_exact_mut(self.output.len())) {
            let mode = match &self.biases {
                Some(biases) => {
                    let maps = y.chunks_exact_mut(plane).zip(&biases.value);
                    maps.for_each(|(map, &bias)| map.fill(bias));
                    Output::Add
                }
                None => Output::Replace,
            };
            for rows in self.bands() {
                let (first, pixels) =
                    (rows.start * self.output.width, rows.len() * self.output.width);
                let columns = &mut columns[..rows.len() * self.of_row()];
                to_columns(x, self.input, self.output, self.window, &rows, columns);
                let groups = columns.chunks_exact(fan_in * pixels);
                let groups = groups.zip(y.chunks_exact_mut(maps * plane));
                for (weights, (columns, y)) in self.matrices().zip(groups) {
                    let mut y = MatMut::new(y, maps, plane).column_range(first, pixels);
                    matmul_into(weights, Mat::new(columns, fan_in, pixels), &mut y, mode);
                }
            }
        }
    }

    /// Adds the transposed `dL/dw` of each group and writes `dL/dx` of some images.
    pub(super) fn columns_back(
        &self,
        input: &[R],
        output_gradient: &[R],
        mut input_gradient: Option<&mut [R]>,
        (columns, weight_gradient): (&mut [R], &mut [R]),
    ) {
        let images = input.chunks_exact(self.input.len());
        let of_output = output_gradient.chunks_exact(self.output.len());
        for (index, (x, dy)) in images.zip(of_output).enumerate() {
            let length = self.input.len();
            let mut dx = input_gradient.as_mut().map(|dx| &mut dx[index * length..][..length]);
            if let Some(dx) = &mut dx {
                dx.fill(R::zero());
            }
            for rows in self.bands() {
                let columns = &mut columns[..rows.len() * self.of_row()];
                to_columns(x, self.input, self.output, self.window, &rows, columns);
                self.add_weight_gradient(columns, dy, &rows, weight_gradient);
                if let Some(dx) = &mut dx {
                    self.columns_gradient(dy, &rows, columns);
                    from_columns(columns, self.input, self.output, self.window, &rows, dx);
                }
            }
        }
    }

    /// Adds the transposed `dL/dw = dL/dy columns^T` of a band: `dL/dy` is then the matrix whose
    /// order has to be changed for the product, and it is smaller than the columns.
    fn add_weight_gradient(&self, columns: &[R], dy: &[R], rows: &Range<usize>, dw: &mut [R]) {
        let maps = self.output.channels / self.groups;
        let groups = columns.chunks_exact(columns.len() / self.groups).zip(self.band_of(dy, rows));
        for ((columns, dy), dw) in groups.zip(dw.chunks_exact_mut(maps * self.fan_in())) {
            let columns = Mat::new(columns, self.fan_in(), columns.len() / self.fan_in());
            matmul(columns, dy.transposed(), dw, Output::Add);
        }
    }

    /// `dL/dcolumns = w^T dL/dy` of a band.
    fn columns_gradient(&self, dy: &[R], rows: &Range<usize>, columns: &mut [R]) {
        let columns = columns.chunks_exact_mut(columns.len() / self.groups);
        for ((weights, dy), columns) in self.matrices().zip(self.band_of(dy, rows)).zip(columns) {
            matmul(weights.transposed(), dy, columns, Output::Replace);
        }
    }

    /// A band of the output maps of each group, shape `(maps / groups, rows * width)`.
    fn band_of<'a>(&self, y: &'a [R], rows: &Range<usize>) -> impl Iterator<Item = Mat<'a, R>> {
        let (maps, plane) = (self.output.channels / self.groups, self.output.plane());
        let (first, pixels) = (rows.start * self.output.width, rows.len() * self.output.width);
        let groups = y.chunks_exact(maps * plane);
        groups.map(move |y| Mat::new(y, maps, plane).column_range(first, pixels))
    }

    /// Brings the transposed gradient of each group into the order of the weights.
    pub(super) fn transpose_gradient(&mut self, transposed: &[R]) {
        let (maps, fan_in) = (self.output.channels / self.groups, self.fan_in());
        let groups = self.weights.gradient.chunks_exact_mut(maps * fan_in);
        for (to, from) in groups.zip(transposed.chunks_exact(maps * fan_in)) {
            for (map, to) in to.chunks_exact_mut(fan_in).enumerate() {
                let from = from[map..].iter().step_by(maps);
                to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
            }
        }
    }
}
