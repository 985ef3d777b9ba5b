//! Maps become one long vector.

use crate::layer::{Layer, Shape, batch_length};
use crate::real::Real;

/// The numbers of all maps one after another, in the order `(channels, height, width)`. An affine
/// layer takes maps as they are, so this is for readers, and for numbering layers as PyTorch does.
#[derive(Debug, Clone)]
pub struct Flatten {
    input: Shape,
}

impl Flatten {
    /// For inputs of this shape.
    pub fn new(input: Shape) -> Self {
        Self { input }
    }
}

impl<R: Real> Layer<R> for Flatten {
    fn output_shape(&self) -> Shape {
        Shape::vector(self.input.len())
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.input.len());
        output.copy_from_slice(input);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        self.infer(input, output);
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        self.backward_part(input, output_gradient, input_gradient, &mut []);
    }

    fn is_local(&self) -> bool {
        true
    }

    fn is_made_again(&self) -> bool {
        true
    }

    fn backward_part(
        &self,
        input: &[R],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        _parameters: &mut [R],
    ) {
        batch_length(input, self.input.len(), output_gradient, self.input.len());
        if let Some(input_gradient) = input_gradient {
            input_gradient.copy_from_slice(output_gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn gradients_equal_central_differences() {
        let shape = Shape { channels: 2, height: 3, width: 2 };
        let mut layer = Flatten::new(shape);
        assert_eq!(Layer::<f64>::output_shape(&layer), Shape::vector(12));
        check_gradients(&mut layer, shape.len(), 2);
    }
}
