//! Softmax as a layer, for networks that are to put out probabilities themselves.

use crate::layer::{Layer, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;

/// `y[k] = e^x[k] / sum of e^x[j]` over the maps, at every pixel. The largest `x` is subtracted
/// first, so nothing overflows.
///
/// Every output depends on every input of its pixel: `dy[k]/dx[j] = y[k] (1 if j = k, else 0) -
/// y[k] y[j]`, so `dL/dx[j] = y[j] (dL/dy[j] - sum over k of y[k] dL/dy[k])`.
#[derive(Debug, Clone)]
pub struct Softmax {
    shape: Shape,
}

impl Softmax {
    /// For inputs of this shape; outputs have the same.
    pub fn new(shape: Shape) -> Self {
        Self { shape }
    }
}

impl<R: Real> Layer<R> for Softmax {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let plane = self.shape.plane();
        output.copy_from_slice(input);
        for image in output.chunks_exact_mut(self.shape.len()) {
            for pixel in 0..plane {
                let maps = || (pixel..self.shape.len()).step_by(plane);
                let largest = maps().map(|k| image[k]).fold(R::neg_infinity(), R::max);
                maps().for_each(|k| image[k] = (image[k] - largest).exponential());
                let sum: R = maps().map(|k| image[k]).sum();
                maps().for_each(|k| image[k] /= sum);
            }
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.shape, output, self.shape, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let (length, plane) = (self.shape.len(), self.shape.plane());
        let work = |x: &[R], dy: &[R], dx: &mut [R]| {
            self.infer(x, dx); // y, until it is used up
            for (dx, dy) in dx.chunks_exact_mut(length).zip(dy.chunks_exact(length)) {
                for pixel in 0..plane {
                    let maps = || (pixel..length).step_by(plane);
                    let sum: R = maps().map(|k| dx[k] * dy[k]).sum();
                    maps().for_each(|k| dx[k] *= dy[k] - sum);
                }
            }
        };
        pieces_back(input, self.shape, output_gradient, self.shape, input_gradient, work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn gradients_equal_central_differences() {
        for shape in [Shape::vector(5), Shape { channels: 3, height: 2, width: 2 }] {
            check_gradients(&mut Softmax::new(shape), shape.len(), 3);
        }
    }

    #[test]
    fn nothing_overflows() {
        let mut y = [0.0_f32; 3];
        Softmax::new(Shape::vector(3)).infer(&[3e38, 3e38, -3e38], &mut y);
        assert_eq!(y, [0.5, 0.5, 0.0]);
    }
}
