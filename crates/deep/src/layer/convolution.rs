//! Convolution of maps with learned kernels, stride 1, zero padding: maps keep their size.
//!
//! ```text
//! y[o, r, s] = sum over c, i, j of  w[o, c, i, j] x[c, r + i - p, s + j - p],   p = (size - 1) / 2
//! ```
//!
//! (a cross-correlation, as in every deep learning library), where `x` is 0 outside the map.
//! There is no bias: batch normalisation follows and would subtract it.
//!
//! With `columns[(c, i, j), (r, s)] = x[c, r + i - p, s + j - p]` ("im2col") this is a product of
//! matrices, and so are its gradients:
//!
//! ```text
//! y = w columns       dL/dw = dL/dy columns^T       dL/dcolumns = w^T dL/dy
//! ```
//!
//! and `dL/dx` is the sum of `dL/dcolumns` over all places that `x` was copied to ("col2im").
//!
//! Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for
//! document processing", IWFHR 2006. Columns are made for one image at a time, so that they stay
//! in the cache, and made again in the backward pass, which is cheaper than keeping them.

use crate::kernels::{Mat, Output, add, matmul};
use crate::layer::init::he_normal;
use crate::layer::{Layer, PIECE, Parameter, Shape, batch_length};
use crate::real::Real;
use base::Seed;
use rayon::prelude::*;

/// Square kernels, one per pair of output and input map.
#[derive(Debug, Clone)]
pub struct Convolution<R> {
    input: Shape,
    maps: usize,
    size: usize,
    /// Shape `(maps, input channels, size, size)`.
    weights: Parameter<R>,
    workspaces: Vec<Workspace<R>>,
}

/// What one piece of the batch needs while it is worked on; kept between steps.
#[derive(Debug, Clone)]
struct Workspace<R> {
    /// Columns of one image, and later their gradient.
    columns: Vec<R>,
    /// `dL/dw` summed over the images of the piece.
    weight_gradient: Vec<R>,
}

impl<R: Real> Convolution<R> {
    /// Turns `input.channels` maps into `maps` maps with kernels of `size x size`.
    ///
    /// # Panics
    /// If `size` is even, or anything is 0.
    pub fn new(input: Shape, maps: usize, size: usize, seed: Seed) -> Self {
        assert!(size % 2 == 1, "kernels have a centre, so their side is odd, not {size}");
        assert!(maps > 0 && !input.is_empty(), "{maps} maps from {input:?}");
        let fan_in = input.channels * size * size;
        let weights = Parameter::new(he_normal(maps * fan_in, fan_in, seed), true);
        Self { input, maps, size, weights, workspaces: Vec::new() }
    }

    /// Rows of the matrix of columns: one per input map and place in the kernel.
    fn fan_in(&self) -> usize {
        self.input.channels * self.size * self.size
    }

    fn shape(&self) -> Shape {
        Shape { channels: self.maps, ..self.input }
    }

    fn empty_columns(&self) -> Vec<R> {
        vec![R::zero(); self.fan_in() * self.input.plane()]
    }

    /// The weights as a matrix, shape `(maps, fan_in)`.
    fn matrix(&self) -> Mat<'_, R> {
        Mat::new(&self.weights.value, self.maps, self.fan_in())
    }

    fn convolve(&self, input: &[R], output: &mut [R], columns: &mut [R]) {
        let images = input.chunks_exact(self.input.len());
        for (x, y) in images.zip(output.chunks_exact_mut(self.shape().len())) {
            to_columns(x, self.input, self.size, columns);
            let columns = Mat::new(columns, self.fan_in(), self.input.plane());
            matmul(self.matrix(), columns, y, Output::Replace);
        }
    }

    /// The backward pass for one piece of the batch.
    fn backward_piece(
        &self,
        input: &[R],
        output_gradient: &[R],
        mut input_gradient: Option<&mut [R]>,
        workspace: &mut Workspace<R>,
    ) {
        let (fan_in, plane) = (self.fan_in(), self.input.plane());
        let Workspace { columns, weight_gradient } = workspace;
        weight_gradient.fill(R::zero());
        let images = input.chunks_exact(self.input.len());
        let of_output = output_gradient.chunks_exact(self.shape().len());
        for (index, (x, dy)) in images.zip(of_output).enumerate() {
            let dy = Mat::new(dy, self.maps, plane);
            to_columns(x, self.input, self.size, columns);
            let by_columns = Mat::new(columns, fan_in, plane).transposed();
            matmul(dy, by_columns, weight_gradient, Output::Add);
            if let Some(dx) = &mut input_gradient {
                let dx = &mut dx[index * self.input.len()..][..self.input.len()];
                matmul(self.matrix().transposed(), dy, columns, Output::Replace);
                from_columns(columns, self.input, self.size, dx);
            }
        }
    }
}

impl<R: Real> Layer<R> for Convolution<R> {
    fn output_shape(&self) -> Shape {
        self.shape()
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.shape().len());
        self.convolve(input, output, &mut self.empty_columns());
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.shape().len());
        let piece = PIECE * self.input.len();
        let pieces = input.len().div_ceil(piece);
        let mut workspaces = std::mem::take(&mut self.workspaces);
        workspaces.resize_with(pieces.max(workspaces.len()), || Workspace {
            columns: self.empty_columns(),
            weight_gradient: vec![R::zero(); self.weights.value.len()],
        });
        let outputs = output.par_chunks_mut(PIECE * self.shape().len());
        let work = input.par_chunks(piece).zip(outputs).zip(&mut workspaces);
        work.for_each(|((x, y), workspace)| self.convolve(x, y, &mut workspace.columns));
        self.workspaces = workspaces;
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        batch_length(input, self.input.len(), output_gradient, self.shape().len());
        let piece = PIECE * self.input.len();
        let pieces = input.len().div_ceil(piece);
        assert!(pieces <= self.workspaces.len(), "the batch of the forward pass");
        let mut workspaces = std::mem::take(&mut self.workspaces);
        let of_output = output_gradient.par_chunks(PIECE * self.shape().len());
        let work = input.par_chunks(piece).zip(of_output).zip(&mut workspaces);
        if let Some(dx) = input_gradient {
            assert_eq!(dx.len(), input.len(), "a gradient per input");
            work.zip(dx.par_chunks_mut(piece)).for_each(|(((x, dy), workspace), dx)| {
                self.backward_piece(x, dy, Some(dx), workspace);
            });
        } else {
            work.for_each(|((x, dy), workspace)| self.backward_piece(x, dy, None, workspace));
        }
        // In the order of the pieces, whichever thread worked on them.
        self.weights.gradient.fill(R::zero());
        for workspace in &workspaces[..pieces] {
            add(&mut self.weights.gradient, &workspace.weight_gradient);
        }
        self.workspaces = workspaces;
    }

    fn parameters(&mut self) -> Vec<&mut Parameter<R>> {
        vec![&mut self.weights]
    }
}

/// For each place `(i, j)` in the kernel, by rows: how far it lies from the centre.
fn offsets(size: usize) -> impl Iterator<Item = (isize, isize)> {
    let p = (size as isize - 1) / 2;
    (-p..=p).flat_map(move |dy| (-p..=p).map(move |dx| (dy, dx)))
}

/// A map moved by `(dy, dx)`, with zeros where it has no number, is the map as one long row moved
/// by `dy * width + dx`, but for the columns where that wraps around the edge. These are the
/// ranges `(to, from)` of the long row.
fn moved(shape: Shape, dy: isize, dx: isize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let by = dy * shape.width as isize + dx;
    let skipped = by.unsigned_abs().min(shape.plane());
    let (first, last) = (0..shape.plane() - skipped, skipped..shape.plane());
    if by >= 0 { (first, last) } else { (last, first) }
}

/// Sets to zero the columns of a moved map that wrapped around the edge.
fn clear_wrapped<R: Real>(map: &mut [R], width: usize, dx: isize) {
    let count = dx.unsigned_abs().min(width);
    let start = if dx >= 0 { width - count } else { 0 };
    if count > 0 {
        for row in map.chunks_exact_mut(width) {
            row[start..start + count].fill(R::zero());
        }
    }
}

/// im2col of one image: `columns` has shape `(channels * size * size, height * width)`.
fn to_columns<R: Real>(image: &[R], shape: Shape, size: usize, columns: &mut [R]) {
    let mut rows = columns.chunks_exact_mut(shape.plane());
    for map in image.chunks_exact(shape.plane()) {
        for ((dy, dx), row) in offsets(size).zip(&mut rows) {
            let (to, from) = moved(shape, dy, dx);
            row[..to.start].fill(R::zero());
            row[to.end..].fill(R::zero());
            row[to].copy_from_slice(&map[from]);
            clear_wrapped(row, shape.width, dx);
        }
    }
}

/// col2im of one image: every number of `columns` is added where [`to_columns`] took it from.
/// `columns` is used up.
fn from_columns<R: Real>(columns: &mut [R], shape: Shape, size: usize, image: &mut [R]) {
    image.fill(R::zero());
    let mut rows = columns.chunks_exact_mut(shape.plane());
    for map in image.chunks_exact_mut(shape.plane()) {
        for ((dy, dx), row) in offsets(size).zip(&mut rows) {
            let (to, from) = moved(shape, dy, dx);
            clear_wrapped(row, shape.width, dx);
            add(&mut map[from], &row[to]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::{check_gradients, normal};

    /// The formula at the top of this file, written out.
    fn plain(convolution: &Convolution<f64>, x: &[f64]) -> Vec<f64> {
        let Shape { channels, height, width } = convolution.input;
        let (size, p) = (convolution.size, convolution.size / 2);
        let mut y = vec![0.0; convolution.shape().len()];
        for (o, map) in y.chunks_exact_mut(height * width).enumerate() {
            for (r, s) in (0..height).flat_map(|r| (0..width).map(move |s| (r, s))) {
                for (c, i, j) in (0..channels)
                    .flat_map(|c| (0..size).flat_map(move |i| (0..size).map(move |j| (c, i, j))))
                {
                    let (row, column) = (r + i, s + j);
                    if (p..height + p).contains(&row) && (p..width + p).contains(&column) {
                        let w =
                            convolution.weights.value[((o * channels + c) * size + i) * size + j];
                        map[r * width + s] += w * x[(c * height + row - p) * width + column - p];
                    }
                }
            }
        }
        y
    }

    #[test]
    fn equals_the_formula_also_where_kernels_are_larger_than_maps() {
        for (height, width, size) in [(4, 6, 3), (5, 3, 5), (1, 1, 3), (2, 1, 5), (1, 4, 7)] {
            let input = Shape { channels: 2, height, width };
            let convolution = Convolution::<f64>::new(input, 3, size, Seed(3));
            let x = normal(input.len(), 4);
            let mut y = vec![f64::NAN; convolution.shape().len()];
            convolution.infer(&x, &mut y);
            for (got, expected) in y.iter().zip(plain(&convolution, &x)) {
                assert!((got - expected).abs() < 1e-13, "{got} is not {expected}");
            }
        }
    }

    #[test]
    fn gradients_equal_central_differences() {
        for (height, width, size) in [(4, 5, 3), (3, 4, 5)] {
            let input = Shape { channels: 2, height, width };
            let mut convolution = Convolution::new(input, 3, size, Seed(5));
            check_gradients(&mut convolution, input.len(), PIECE + 2);
        }
    }
}
