//! Dropout: in training, a share of the numbers is set to 0, others in every step.
//!
//! ```text
//! y = x m / (1 - share),     m = 0 with probability `share`, else 1
//! dL/dx = dL/dy m / (1 - share)
//! ```
//!
//! so that the expectation of `y` is `x`, and inference has nothing to correct.
//!
//! Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a
//! simple way to prevent neural networks from overfitting", JMLR 15:1929-1958, 2014.

use crate::layer::{Layer, LayerError, PIECE, Shape, batch_length};
use crate::real::Real;
use base::{ParamError, Seed};
use rand::RngExt;
use rayon::prelude::*;

/// Sets a share of the numbers to 0.
#[derive(Debug, Clone)]
pub struct Dropout {
    shape: Shape,
    share: f64,
    seed: Seed,
    frozen: bool,
    /// Whether each number of the latest batch was kept.
    kept: Vec<bool>,
}

impl Dropout {
    /// For inputs of this shape. `seed` decides until [`Layer::reseed`] does: two forward passes
    /// with one seed drop the same numbers.
    ///
    /// # Errors
    /// If `share` is not at least 0 and less than 1.
    pub fn new(shape: Shape, share: f64, seed: Seed) -> Result<Self, LayerError> {
        if !(0.0..1.0).contains(&share) {
            return Err(ParamError::new("share", share, "at least 0 and less than 1").into());
        }
        Ok(Self { shape, share, seed, frozen: false, kept: Vec::new() })
    }

    fn pass<R: Real>(&self, input: &[R], output: &mut [R]) {
        let scale = R::of(1.0 / (1.0 - self.share));
        for ((y, &x), &kept) in output.iter_mut().zip(input).zip(&self.kept) {
            *y = if kept { scale * x } else { R::zero() };
        }
    }
}

impl<R: Real> Layer<R> for Dropout {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        output.copy_from_slice(input);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        if self.frozen {
            return output.copy_from_slice(input);
        }
        self.kept.resize(input.len(), false);
        let (seed, share) = (self.seed, self.share);
        // Every piece has a seed of its own, whichever thread works on it.
        let pieces = self.kept.par_chunks_mut(PIECE * self.shape.len()).enumerate();
        pieces.for_each(|(piece, kept)| {
            let mut rng = seed.child("piece", piece as u64).rng();
            kept.iter_mut().for_each(|kept| *kept = rng.random::<f64>() >= share);
        });
        self.pass(input, output);
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        batch_length(input, self.shape.len(), output_gradient, self.shape.len());
        let Some(input_gradient) = input_gradient else { return };
        if self.frozen {
            return input_gradient.copy_from_slice(output_gradient);
        }
        assert_eq!(self.kept.len(), output_gradient.len(), "the batch of the forward pass");
        self.pass(output_gradient, input_gradient);
    }

    fn reseed(&mut self, seed: Seed) {
        self.seed = seed;
    }

    fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    fn passed(layer: &mut Dropout, n: usize) -> Vec<f64> {
        let mut output = vec![f64::NAN; n];
        layer.forward(&vec![1.0; n], &mut output);
        output
    }

    #[test]
    fn the_share_is_dropped_and_the_rest_makes_up_for_it() {
        let mut layer = Dropout::new(Shape::vector(10), 0.2, Seed(1)).unwrap();
        let first = passed(&mut layer, 10_000);
        assert!(first.iter().all(|&y| y == 0.0 || y == 1.25));
        // The number of zeros has mean 2000 and deviation 40.
        let zeros = first.iter().filter(|&&y| y == 0.0).count();
        assert!((1840..2160).contains(&zeros), "{zeros}");
        assert_eq!(first, passed(&mut layer, 10_000));
        Layer::<f64>::reseed(&mut layer, Seed(2));
        assert_ne!(first, passed(&mut layer, 10_000));
        Layer::<f64>::freeze(&mut layer, true);
        assert_eq!(passed(&mut layer, 20), [1.0; 20]);
    }

    #[test]
    fn gradients_equal_central_differences() {
        check_gradients(&mut Dropout::new(Shape::vector(6), 0.4, Seed(3)).unwrap(), 6, 18);
    }

    #[test]
    fn a_share_of_1_would_leave_nothing_to_scale() {
        let error = Dropout::new(Shape::vector(1), 1.0, Seed(1)).unwrap_err().to_string();
        assert_eq!(error, "`share` is 1, but must be at least 0 and less than 1");
    }
}
