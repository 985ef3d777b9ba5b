//! Max pooling: the largest number of every 2x2 window, so that maps are halved.
//!
//! Windows do not overlap. The last row or column of a map with an odd side is dropped, and of
//! equal numbers in a window the first (row by row) gets the gradient, both as PyTorch's
//! `MaxPool2d(2)` does.

use crate::layer::{Layer, PIECE, Shape, batch_length};
use crate::real::Real;
use rayon::prelude::*;

/// Halves the sides of every map.
#[derive(Debug, Clone)]
pub struct MaxPool {
    input: Shape,
    /// For each output of the latest forward pass, which of the four numbers of its window was
    /// the largest: 0 and 1 in the upper row, 2 and 3 in the lower.
    largest: Vec<u8>,
}

impl MaxPool {
    /// For maps of at least 2x2 numbers.
    ///
    /// # Panics
    /// If they are smaller.
    pub fn new(input: Shape) -> Self {
        assert!(input.height >= 2 && input.width >= 2, "maps of at least 2x2, not {input:?}");
        Self { input, largest: Vec::new() }
    }

    fn shape(&self) -> Shape {
        let Shape { channels, height, width } = self.input;
        Shape { channels, height: height / 2, width: width / 2 }
    }

    /// Calls `found(output index, largest number, which of the four)` for every window.
    fn windows<R: Real>(&self, input: &[R], mut found: impl FnMut(usize, R, u8)) {
        let (width, output) = (self.input.width, self.shape());
        let mut index = 0;
        for map in input.chunks_exact(self.input.plane()) {
            for rows in map.chunks_exact(2 * width) {
                let (upper, lower) = rows.split_at(width);
                let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
                for (upper, lower) in pairs {
                    let mut best = (upper[0], 0);
                    for (which, value) in [(1, upper[1]), (2, lower[0]), (3, lower[1])] {
                        best = if value > best.0 { (value, which) } else { best };
                    }
                    found(index, best.0, best.1);
                    index += 1;
                }
            }
        }
        debug_assert_eq!(index * self.input.len(), input.len() * output.len());
    }
}

impl<R: Real> Layer<R> for MaxPool {
    fn output_shape(&self) -> Shape {
        self.shape()
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.shape().len());
        self.windows(input, |index, value, _| output[index] = value);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.shape().len());
        let (x_piece, y_piece) = (PIECE * self.input.len(), PIECE * self.shape().len());
        let mut largest = std::mem::take(&mut self.largest);
        largest.resize(output.len(), 0);
        let pieces = input.par_chunks(x_piece).zip(output.par_chunks_mut(y_piece));
        pieces.zip(largest.par_chunks_mut(y_piece)).for_each(|((x, y), largest)| {
            self.windows(x, |index, value, which| {
                y[index] = value;
                largest[index] = which;
            });
        });
        self.largest = largest;
    }

    /// `dL/dx = dL/dy` for the largest `x` of each window, 0 for the others.
    fn backward(&mut self, _input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let (input, output) = (self.input, self.shape());
        batch_length(input_gradient, input.len(), output_gradient, output.len());
        assert_eq!(self.largest.len(), output_gradient.len(), "the batch of the forward pass");
        let maps = input_gradient.par_chunks_mut(input.plane()).with_min_len(input.channels);
        let of_output = output_gradient.par_chunks(output.plane());
        let largest = self.largest.par_chunks(output.plane());
        maps.zip(of_output).zip(largest).for_each(|((dx, dy), largest)| {
            dx.fill(R::zero());
            let of_rows = dy.chunks_exact(output.width).zip(largest.chunks_exact(output.width));
            for (rows, (dy, largest)) in dx.chunks_exact_mut(2 * input.width).zip(of_rows) {
                for (x, (&dy, &which)) in dy.iter().zip(largest).enumerate() {
                    let (lower, right) = (usize::from(which / 2), usize::from(which % 2));
                    rows[lower * input.width + 2 * x + right] = dy;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn the_first_of_equal_numbers_gets_the_gradient_and_odd_edges_are_dropped() {
        // 2 2 | 9      The window holds 2 2 / 1 2; the last column has no window.
        // 1 2 | 9
        let mut pool = MaxPool::new(Shape { channels: 1, height: 2, width: 3 });
        let input = [2.0_f32, 2.0, 9.0, 1.0, 2.0, 9.0];
        let (mut output, mut gradient) = ([0.0], [7.0; 6]);
        pool.forward(&input, &mut output);
        assert_eq!(output, [2.0]);
        pool.backward(&input, &[5.0], Some(&mut gradient));
        assert_eq!(gradient, [5.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn gradients_equal_central_differences() {
        let shape = Shape { channels: 2, height: 5, width: 4 };
        check_gradients(&mut MaxPool::new(shape), shape.len(), 18);
    }
}
