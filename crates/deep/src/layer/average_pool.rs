//! Average pooling: the mean under a window, at every place of the window; and of whole maps.
//!
//! ```text
//! y[r, s] = 1 / size^2  sum over the window of x
//! dL/dx[k] = 1 / size^2  sum of dL/dy[r, s] over the places whose window covers k
//! ```
//!
//! Reference: `torch.nn.AvgPool2d`, which counts the zeros of the padding too.

use crate::kernels::sum_of;
use crate::layer::window::Window;
use crate::layer::{Layer, LayerError, PoolParams, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;

/// The mean under each window.
#[derive(Debug, Clone)]
pub struct AveragePool {
    input: Shape,
    output: Shape,
    window: Window,
}

impl AveragePool {
    /// For inputs of this shape.
    ///
    /// # Errors
    /// If a setting is out of range or the window larger than the maps.
    pub fn new(input: Shape, params: &PoolParams) -> Result<Self, LayerError> {
        let window = params.window()?;
        Ok(Self { input, output: window.places(input)?, window })
    }

    /// The pixels of a map under the window at place `(r, s)`.
    fn covered(&self, r: usize, s: usize) -> impl Iterator<Item = usize> {
        let (window, Shape { height, width, .. }) = (self.window, self.input);
        let rows = (0..window.size).filter_map(move |i| window.covered(r, i, height));
        rows.flat_map(move |y| {
            let columns = (0..window.size).filter_map(move |j| window.covered(s, j, width));
            columns.map(move |x| y * width + x)
        })
    }

    fn share<R: Real>(&self) -> R {
        R::of(1.0 / (self.window.size * self.window.size) as f64)
    }
}

impl<R: Real> Layer<R> for AveragePool {
    fn output_shape(&self) -> Shape {
        self.output
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        let maps = input.chunks_exact(self.input.plane());
        for (x, y) in maps.zip(output.chunks_exact_mut(self.output.plane())) {
            for (r, y) in y.chunks_exact_mut(self.output.width).enumerate() {
                for (s, y) in y.iter_mut().enumerate() {
                    *y = self.share::<R>() * self.covered(r, s).map(|k| x[k]).sum::<R>();
                }
            }
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.input, output, self.output, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let work = |_: &[R], dy: &[R], dx: &mut [R]| {
            dx.fill(R::zero());
            let maps = dx.chunks_exact_mut(self.input.plane());
            for (dx, dy) in maps.zip(dy.chunks_exact(self.output.plane())) {
                for (r, dy) in dy.chunks_exact(self.output.width).enumerate() {
                    for (s, &dy) in dy.iter().enumerate() {
                        let dy = self.share::<R>() * dy;
                        self.covered(r, s).for_each(|k| dx[k] += dy);
                    }
                }
            }
        };
        pieces_back(input, self.input, output_gradient, self.output, input_gradient, work);
    }
}

/// The mean of each map, as a vector: what is left of the maps when no full connection follows.
///
/// Source: M. Lin, Q. Chen, S. Yan, "Network in network", ICLR 2014.
#[derive(Debug, Clone)]
pub struct GlobalAveragePool {
    input: Shape,
}

impl GlobalAveragePool {
    /// For inputs of this shape.
    pub fn new(input: Shape) -> Self {
        Self { input }
    }

    fn output(&self) -> Shape {
        Shape::vector(self.input.channels)
    }
}

impl<R: Real> Layer<R> for GlobalAveragePool {
    fn output_shape(&self) -> Shape {
        self.output()
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.input.channels);
        let pixels = R::of(self.input.plane() as f64);
        for (y, x) in output.iter_mut().zip(input.chunks_exact(self.input.plane())) {
            *y = sum_of(x, |x| x) / pixels;
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.input, output, self.output(), |x, y| self.infer(x, y));
    }

    /// `dL/dx = dL/dy / pixels` for every pixel of the map.
    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let pixels = R::of(self.input.plane() as f64);
        let work = |_: &[R], dy: &[R], dx: &mut [R]| {
            for (dx, &dy) in dx.chunks_exact_mut(self.input.plane()).zip(dy) {
                dx.fill(dy / pixels);
            }
        };
        pieces_back(input, self.input, output_gradient, self.output(), input_gradient, work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    const SHAPE: Shape = Shape { channels: 2, height: 5, width: 4 };

    #[test]
    fn gradients_equal_central_differences() {
        for (size, stride, padding) in [(2, 2, 0), (3, 1, 1), (3, 2, 0), (2, 3, 1)] {
            let params = PoolParams { size, stride: Some(stride), padding };
            check_gradients(&mut AveragePool::new(SHAPE, &params).unwrap(), SHAPE.len(), 18);
        }
        check_gradients(&mut GlobalAveragePool::new(SHAPE), SHAPE.len(), 18);
    }

    #[test]
    fn the_mean_of_a_map_is_the_mean_under_a_window_of_its_size() {
        let shape = Shape { channels: 1, height: 2, width: 2 };
        let (mut global, mut pooled) = ([0.0], [0.0]);
        let map = [1.0, 2.0, 4.0, 5.0_f32];
        GlobalAveragePool::new(shape).infer(&map, &mut global);
        AveragePool::new(shape, &PoolParams::new(2)).unwrap().infer(&map, &mut pooled);
        assert_eq!((global, pooled), ([3.0], [3.0]));
    }
}
