//! Rectified linear unit: `y = max(x, 0)`.
//!
//! Source: V. Nair, G. Hinton, "Rectified linear units improve restricted Boltzmann machines",
//! ICML 2010. The gradient at 0 is 0, as in PyTorch.

use crate::layer::{Layer, PIECE, Shape, batch_length};
use crate::real::Real;
use rayon::prelude::*;

/// Replaces negative numbers by 0. NaN stays NaN, so that a failure is not hidden.
#[derive(Debug, Clone)]
pub struct Relu {
    shape: Shape,
}

impl Relu {
    /// For inputs of this shape; outputs have the same.
    pub fn new(shape: Shape) -> Self {
        Self { shape }
    }
}

impl<R: Real> Layer<R> for Relu {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        assert_eq!(input.len(), output.len(), "one output per input");
        for (y, &x) in output.iter_mut().zip(input) {
            *y = if x < R::zero() { R::zero() } else { x };
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let piece = PIECE * self.shape.len();
        let pieces = output.par_chunks_mut(piece).zip(input.par_chunks(piece));
        pieces.for_each(|(y, x)| self.infer(x, y));
    }

    /// `dL/dx = dL/dy` where `x > 0`, else 0.
    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        batch_length(input, self.shape.len(), output_gradient, self.shape.len());
        assert_eq!(input_gradient.len(), input.len(), "a gradient per input");
        let piece = PIECE * self.shape.len();
        let pieces = input_gradient.par_chunks_mut(piece).zip(input.par_chunks(piece));
        pieces.zip(output_gradient.par_chunks(piece)).for_each(|((dx, x), dy)| {
            for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
                *dx = if x > R::zero() { dy } else { R::zero() };
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn negative_numbers_become_zero_and_nan_stays() {
        let relu = Relu::new(Shape::vector(4));
        let mut output = [9.0_f32; 4];
        relu.infer(&[-1.0, 0.0, 2.0, f32::NAN], &mut output);
        assert_eq!(output[..3], [0.0, 0.0, 2.0]);
        assert!(output[3].is_nan());
    }

    #[test]
    fn gradients_equal_central_differences() {
        check_gradients(&mut Relu::new(Shape::vector(5)), 5, 18);
    }
}
