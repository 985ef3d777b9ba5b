//! Affine map ("fully connected layer"): `y = W x + b`, with `W` of shape `(outputs, inputs)`.
//!
//! Over a batch, with inputs and outputs as rows of `X` and `Y`:
//!
//! ```text
//! Y = X W^T + b      dL/dW = (dL/dY)^T X      dL/db = sum of the rows of dL/dY      dL/dX = dL/dY W
//! ```

use crate::kernels::{Dense, Mat, Output, add, as_f32, as_f32_mut, matmul, sum_pairs, wide};
use crate::layer::init::he_normal;
use crate::layer::{Layer, PIECE, Parameter, Role, Shape, batch_length};
use crate::real::Real;
use base::Seed;
use rayon::prelude::*;
use std::any::TypeId;
use std::sync::OnceLock;

/// Outputs whose weight gradients are worked out together.
const OUTPUTS: usize = 32;

/// Every output is a weighted sum of all inputs plus a bias.
#[derive(Debug, Clone)]
pub struct Affine<R> {
    inputs: usize,
    outputs: usize,
    /// Shape `(outputs, inputs)`.
    weights: Parameter<R>,
    biases: Parameter<R>,
    /// For inference, where the processor allows it.
    dense: Option<Dense>,
    /// The weights in the order that `dense` reads them in, until they are changed.
    packed: OnceLock<Vec<f32>>,
}

impl<R: Real> Affine<R> {
    /// From `inputs` numbers to `outputs` numbers; biases start at 0.
    ///
    /// # Panics
    /// If either is 0.
    pub fn new(inputs: usize, outputs: usize, seed: Seed) -> Self {
        assert!(inputs > 0 && outputs > 0, "{outputs} outputs from {inputs} inputs");
        Self {
            inputs,
            outputs,
            weights: Parameter::new(
                "weight",
                Role::Weight,
                &[outputs, inputs],
                he_normal(inputs * outputs, inputs, seed),
            ),
            biases: Parameter::new("bias", Role::Bias, &[outputs], vec![R::zero(); outputs]),
            dense: (TypeId::of::<R>() == TypeId::of::<f32>())
                .then(|| Dense::new(inputs, outputs))
                .flatten(),
            packed: OnceLock::new(),
        }
    }
}

impl<R: Real> Layer<R> for Affine<R> {
    fn output_shape(&self) -> Shape {
        Shape::vector(self.outputs)
    }

    /// Every output is summed in one order: a product of matrices could add up in another when the
    /// batch has another size.
    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.inputs, output, self.outputs);
        let Some(dense) = &self.dense else {
            for (x, y) in input.chunks_exact(self.inputs).zip(output.chunks_exact_mut(self.outputs))
            {
                let weights = self.weights.value.chunks_exact(self.inputs);
                for ((y, w), &b) in y.iter_mut().zip(weights).zip(&self.biases.value) {
                    *y = b + wide(|| sum_pairs(w, x, |w, x| w * x));
                }
            }
            return;
        };
        let (Some(weights), Some(biases), Some(x), Some(y)) = (
            as_f32(&self.weights.value),
            as_f32(&self.biases.value),
            as_f32(input),
            as_f32_mut(output),
        ) else {
            unreachable!("there is a kernel for f32 only");
        };
        let packed = self.packed.get_or_init(|| {
            let mut packed = Vec::new();
            dense.pack(weights, &mut packed);
            packed
        });
        dense.forward(x, packed, biases, y);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.inputs, output, self.outputs);
        let weights = Mat::new(&self.weights.value, self.outputs, self.inputs).transposed();
        let outputs = output.par_chunks_mut(PIECE * self.outputs);
        input.par_chunks(PIECE * self.inputs).zip(outputs).for_each(|(x, y)| {
            for y in y.chunks_exact_mut(self.outputs) {
                y.copy_from_slice(&self.biases.value);
            }
            let x = Mat::new(x, x.len() / self.inputs, self.inputs);
            matmul(x, weights, y, Output::Add);
        });
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let n = batch_length(input, self.inputs, output_gradient, self.outputs);
        let x = Mat::new(input, n, self.inputs);
        let dy = Mat::new(output_gradient, n, self.outputs);
        // Pieces of outputs, not of the batch: each sum over the batch is made in one place.
        let pieces = self.weights.gradient.par_chunks_mut(OUTPUTS * self.inputs);
        pieces.enumerate().for_each(|(index, dw)| {
            let dy = dy.column_range(index * OUTPUTS, dw.len() / self.inputs);
            matmul(dy.transposed(), x, dw, Output::Replace);
        });
        self.biases.gradient.fill(R::zero());
        for dy in output_gradient.chunks_exact(self.outputs) {
            add(&mut self.biases.gradient, dy);
        }
        let Some(input_gradient) = input_gradient else { return };
        assert_eq!(input_gradient.len(), input.len(), "a gradient per input");
        let weights = Mat::new(&self.weights.value, self.outputs, self.inputs);
        let pieces = input_gradient.par_chunks_mut(PIECE * self.inputs);
        pieces.zip(output_gradient.par_chunks(PIECE * self.outputs)).for_each(|(dx, dy)| {
            let dy = Mat::new(dy, dy.len() / self.outputs, self.outputs);
            matmul(dy, weights, dx, Output::Replace);
        });
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        vec![&self.weights, &self.biases]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.packed.take();
        vec![&mut self.weights, &mut self.biases]
    }

    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        look(&self.weights);
        look(&self.biases);
    }

    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.packed.take();
        change(&mut self.weights);
        change(&mut self.biases);
    }

    fn multiply_adds(&self) -> u64 {
        (self.inputs * self.outputs) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn weights_and_biases_by_hand() {
        let mut affine = Affine::<f64>::new(2, 3, Seed(1));
        affine.weights.value = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        affine.biases.value = vec![0.5, 0.0, -1.0];
        let mut output = [0.0; 3];
        affine.infer(&[10.0, 1.0], &mut output);
        assert_eq!(output, [12.5, 34.0, 55.0]);
        affine.forward(&[10.0, 1.0], &mut output);
        assert_eq!(output, [12.5, 34.0, 55.0]);
    }

    #[test]
    fn gradients_equal_central_differences() {
        check_gradients(&mut Affine::new(5, OUTPUTS + 2, Seed(7)), 5, PIECE + 2);
    }

    #[test]
    #[should_panic(expected = "2 outputs of 3 numbers")]
    fn slices_of_different_batches_are_refused() {
        Affine::<f32>::new(4, 3, Seed(1)).forward(&[0.0; 8], &mut [0.0; 3]);
    }
}
