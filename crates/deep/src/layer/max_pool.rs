//! Max pooling: the largest number under a window, at every place of the window.
//!
//! Of equal numbers the first (row by row) counts, and so gets the whole gradient:
//!
//! ```text
//! y[r, s] = x[largest]      dL/dx[k] = sum of dL/dy[r, s] over the places whose largest is k
//! ```
//!
//! Rows and columns that no window reaches are dropped. Reference: `torch.nn.MaxPool2d`.

use crate::layer::window::Window;
use crate::layer::{Layer, LayerError, PIECE, PoolParams, Shape, batch_length};
use crate::real::Real;
use rayon::prelude::*;

/// The largest number under each window.
#[derive(Debug, Clone)]
pub struct MaxPool {
    input: Shape,
    output: Shape,
    window: Window,
    /// For each output of the latest forward pass, which number of its window was the largest,
    /// counted row by row.
    largest: Vec<u8>,
}

impl MaxPool {
    /// For inputs of this shape.
    ///
    /// # Errors
    /// If a setting is out of range or the window larger than the maps.
    pub fn new(input: Shape, params: &PoolParams) -> Result<Self, LayerError> {
        let window = params.window()?;
        Ok(Self { input, output: window.places(input)?, window, largest: Vec::new() })
    }

    /// Calls `found(output index, largest number, which of its window)` for every window.
    fn windows<R: Real>(&self, input: &[R], found: impl FnMut(usize, R, u8)) {
        match self.window {
            Window { size: 2, stride: 2, padding: 0, .. } => self.halves(input, found),
            _ => self.any_windows(input, found),
        }
    }

    fn any_windows<R: Real>(&self, input: &[R], mut found: impl FnMut(usize, R, u8)) {
        let (Shape { height, width, .. }, size) = (self.input, self.window.size);
        let mut index = 0;
        for map in input.chunks_exact(self.input.plane()) {
            for r in 0..self.output.height {
                for s in 0..self.output.width {
                    let mut best = (R::neg_infinity(), None);
                    for which in 0..size * size {
                        let y = self.window.covered(r, which / size, height);
                        let x = self.window.covered(s, which % size, width);
                        let (Some(y), Some(x)) = (y, x) else { continue };
                        let value = map[y * width + x];
                        if value > best.0 || best.1.is_none() {
                            best = (value, Some(which));
                        }
                    }
                    let which = best.1.expect("half of a window or more lies on the map");
                    found(index, best.0, which as u8);
                    index += 1;
                }
            }
        }
    }

    /// Windows of 2x2 numbers side by side.
    fn halves<R: Real>(&self, input: &[R], mut found: impl FnMut(usize, R, u8)) {
        let mut index = 0;
        for map in input.chunks_exact(self.input.plane()) {
            for rows in map.chunks_exact(2 * self.input.width) {
                let (upper, lower) = rows.split_at(self.input.width);
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
    }
}

impl<R: Real> Layer<R> for MaxPool {
    fn output_shape(&self) -> Shape {
        self.output
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        self.windows(input, |index, value, _| output[index] = value);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        let (x_piece, y_piece) = (PIECE * self.input.len(), PIECE * self.output.len());
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

    fn backward(&mut self, _input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let (input, output, window) = (self.input, self.output, self.window);
        batch_length(input_gradient, input.len(), output_gradient, output.len());
        assert_eq!(self.largest.len(), output_gradient.len(), "the batch of the forward pass");
        // From the corner of a window, on the map with its border, to each of its numbers.
        let steps = 0..window.size * window.size;
        let steps = steps.map(|which| which / window.size * input.width + which % window.size);
        let steps: Vec<usize> = steps.collect();
        let border = window.padding * (input.width + 1);
        let maps = input_gradient.par_chunks_mut(input.plane()).with_min_len(input.channels);
        let of_output = output_gradient.par_chunks(output.plane());
        let largest = self.largest.par_chunks(output.plane());
        maps.zip(of_output).zip(largest).for_each(|((dx, dy), largest)| {
            dx.fill(R::zero());
            let rows = dy.chunks_exact(output.width).zip(largest.chunks_exact(output.width));
            for (r, (dy, largest)) in rows.enumerate() {
                let mut corner = r * window.stride * input.width;
                for (&dy, &which) in dy.iter().zip(largest) {
                    dx[corner + steps[usize::from(which)] - border] += dy;
                    corner += window.stride;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::{check_gradients, normal};

    #[test]
    fn the_first_of_equal_numbers_gets_the_gradient_and_odd_edges_are_dropped() {
        // 2 2 | 9      The window holds 2 2 / 1 2; the last column has no window.
        // 1 2 | 9
        let shape = Shape { channels: 1, height: 2, width: 3 };
        let mut pool = MaxPool::new(shape, &PoolParams::new(2)).unwrap();
        let input = [2.0_f32, 2.0, 9.0, 1.0, 2.0, 9.0];
        let (mut output, mut gradient) = ([0.0], [7.0; 6]);
        pool.forward(&input, &mut output);
        assert_eq!(output, [2.0]);
        pool.backward(&input, &[5.0], Some(&mut gradient));
        assert_eq!(gradient, [5.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn both_ways_to_halve_maps_are_the_same() {
        let shape = Shape { channels: 2, height: 7, width: 6 };
        let pool = MaxPool::new(shape, &PoolParams::new(2)).unwrap();
        let input = normal(shape.len(), 3);
        let (mut fast, mut plain) = (Vec::new(), Vec::new());
        pool.halves(&input, |index, value, which| fast.push((index, value, which)));
        pool.any_windows(&input, |index, value, which| plain.push((index, value, which)));
        assert_eq!(fast, plain);
    }

    #[test]
    fn gradients_equal_central_differences() {
        let shape = Shape { channels: 2, height: 5, width: 4 };
        for (size, stride, padding) in [(2, 2, 0), (3, 1, 1), (3, 2, 0), (1, 2, 0), (2, 3, 1)] {
            let params = PoolParams { size, stride: Some(stride), padding };
            check_gradients(&mut MaxPool::new(shape, &params).unwrap(), shape.len(), 18);
        }
    }
}
