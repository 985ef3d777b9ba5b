//! Max pooling: the largest number under a window, at every place of the window.
//!
//! Of equal numbers the first (row by row) counts, and so gets the whole gradient:
//!
//! ```text
//! y[r, s] = x[largest]      dL/dx[k] = sum of dL/dy[r, s] over the places whose largest is k
//! ```
//!
//! Rows and columns that no window reaches are dropped. Reference: `torch.nn.MaxPool2d`.

use crate::kernels::{AfterMaps, Loop, larger, wide, wide_loop};
use crate::layer::window::Window;
use crate::layer::{Layer, LayerError, PoolParams, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;

/// The largest number under each window.
#[derive(Debug, Clone)]
pub struct MaxPool {
    input: Shape,
    output: Shape,
    window: Window,
}

impl MaxPool {
    /// For inputs of this shape.
    ///
    /// # Errors
    /// If a setting is out of range or the window larger than the maps.
    pub fn new(input: Shape, params: &PoolParams) -> Result<Self, LayerError> {
        let window = params.window()?;
        Ok(Self { input, output: window.places(input)?, window })
    }

    /// Calls `found(output index, largest number, where it is on the maps)` for every window.
    fn windows<R: Real>(&self, input: &[R], mut found: impl FnMut(usize, R, usize)) {
        let (Shape { height, width, .. }, size) = (self.input, self.window.size);
        let mut index = 0;
        for (channel, map) in input.chunks_exact(self.input.plane()).enumerate() {
            for r in 0..self.output.height {
                for s in 0..self.output.width {
                    let mut best = (R::neg_infinity(), None);
                    for which in 0..size * size {
                        let y = self.window.covered(r, which / size, height);
                        let x = self.window.covered(s, which % size, width);
                        let (Some(y), Some(x)) = (y, x) else { continue };
                        let value = map[y * width + x];
                        if value > best.0 || best.1.is_none() {
                            best = (value, Some(y * width + x));
                        }
                    }
                    let place = best.1.expect("half of a window or more lies on the map");
                    found(index, best.0, channel * map.len() + place);
                    index += 1;
                }
            }
        }
    }

    /// Whether windows are of 2x2 numbers side by side, for which there is a shorter way.
    fn halves(&self) -> bool {
        matches!(self.window, Window { size: 2, stride: 2, padding: 0, .. })
    }

    #[inline(always)] // so that `wide` reaches it
    fn halve<R: Real>(&self, input: &[R], output: &mut [R]) {
        let width = self.input.width;
        let maps = output.chunks_exact_mut(self.output.plane());
        for (x, y) in input.chunks_exact(self.input.plane()).zip(maps) {
            for (rows, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(self.output.width)) {
                let (upper, lower) = rows.split_at(width);
                let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
                for (y, (upper, lower)) in y.iter_mut().zip(pairs) {
                    *y = larger(larger(larger(upper[0], upper[1]), lower[0]), lower[1]);
                }
            }
        }
    }

    #[inline(always)]
    fn halve_back<R: Real>(&self, input: &[R], output_gradient: &[R], input_gradient: &mut [R]) {
        let width = self.input.width;
        input_gradient.fill(R::zero());
        let maps = input.chunks_exact(self.input.plane());
        let maps = maps.zip(output_gradient.chunks_exact(self.output.plane()));
        for ((x, dy), dx) in maps.zip(input_gradient.chunks_exact_mut(self.input.plane())) {
            let rows = x.chunks_exact(2 * width).zip(dx.chunks_exact_mut(2 * width));
            for ((x, dx), dy) in rows.zip(dy.chunks_exact(self.output.width)) {
                let ((upper, lower), (dupper, dlower)) =
                    (x.split_at(width), dx.split_at_mut(width));
                let x = upper.as_chunks().0.iter().zip(lower.as_chunks().0);
                let dx = dupper.as_chunks_mut().0.iter_mut().zip(dlower.as_chunks_mut().0);
                for (((&[a, b], &[c, d]), (dupper, dlower)), &dy) in x.zip(dx).zip(dy) {
                    let either = |first, dy| if first { (dy, R::zero()) } else { (R::zero(), dy) };
                    let (to_d, rest) = either(d > larger(larger(a, b), c), dy);
                    let (to_c, rest) = either(c > larger(a, b), rest);
                    let (to_b, to_a) = either(b > a, rest);
                    (*dupper, *dlower) = ([to_a, to_b], [to_c, to_d]);
                }
            }
        }
    }
}

struct HalveBack<'a, R> {
    pool: &'a MaxPool,
    input: &'a [R],
    output_gradient: &'a [R],
    dx: &'a mut [R],
}

impl<R: Real> Loop for HalveBack<'_, R> {
    #[inline(always)]
    fn run(self) {
        self.pool.halve_back(self.input, self.output_gradient, self.dx);
    }
}

impl<R: Real> Layer<R> for MaxPool {
    fn output_shape(&self) -> Shape {
        self.output
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        match self.halves() {
            true => wide(|| self.halve(input, output)),
            false => self.windows(input, |index, value, _| output[index] = value),
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.input, output, self.output, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(dx) = input_gradient else { return };
        let work = |x: &[R], dy: &[R], dx: &mut [R]| self.backward_part(x, dy, Some(dx), &mut []);
        pieces_back(input, self.input, output_gradient, self.output, dx, work);
    }

    fn is_local(&self) -> bool {
        true
    }

    fn is_made_again(&self) -> bool {
        true
    }

    fn after_maps(&self) -> Option<AfterMaps<'_, R>> {
        self.halves().then_some(AfterMaps::Halve)
    }

    /// Looks for the largest numbers again, which is faster than having kept where they are.
    fn backward_part(
        &self,
        input: &[R],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        _parameters: &mut [R],
    ) {
        let Some(dx) = input_gradient else { return };
        if self.halves() {
            return wide_loop(HalveBack { pool: self, input, output_gradient, dx });
        }
        dx.fill(R::zero());
        self.windows(input, |index, _, place| dx[place] += output_gradient[index]);
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
        let (m, dy) = (pool.output.len(), normal(pool.output.len(), 4));
        let (mut fast, mut plain) = (vec![f64::NAN; m], vec![f64::NAN; m]);
        let (mut fast_dx, mut plain_dx) = (vec![f64::NAN; input.len()], vec![0.0; input.len()]);
        pool.halve(&input, &mut fast);
        pool.halve_back(&input, &dy, &mut fast_dx);
        pool.windows(&input, |index, value, place| {
            plain[index] = value;
            plain_dx[place] += dy[index];
        });
        assert_eq!((fast, fast_dx), (plain, plain_dx));
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
