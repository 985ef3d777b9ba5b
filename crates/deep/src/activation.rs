//! Activation functions, as layers.
//!
//! Without one between them, affine layers would collapse into a single affine layer. The chain
//! rule for a function of one number is `dL/dx = f'(x) dL/dy`.
//!
//! ```text
//!             f(x)                       f'(x)
//! step        1 if x >= 0, else 0        0 almost everywhere: nothing can be learned through it
//! identity    x                          1
//! scale       factor x                   factor
//! sigmoid     s(x) = 1 / (1 + e^-x)      s(x) (1 - s(x))     at most 1/4: gradients vanish
//! tanh        tanh x                     1 - tanh^2 x
//! softplus    log (1 + e^x)              s(x)
//! relu        max(x, 0)                  1 if x > 0, else 0
//! leaky-relu  x if x > 0, else slope x   1 if x > 0, else slope
//! elu         x if x > 0, else alpha (e^x - 1)       1 if x > 0, else alpha e^x
//! gelu        x Phi(x)                   Phi(x) + x phi(x)   Phi, phi: of the normal distribution
//! silu        x s(x)                     s(x) (1 + x (1 - s(x)))
//! frelu       max(x, T(x))               T: a learned 3x3 window; see `frelu.rs`
//! softmax     e^x[k] / sum of e^x[j]     y[k] (1 if j = k, else 0) - y[k] y[j]
//! ```

mod frelu;
mod gated;
mod rectifiers;
mod sigmoids;
mod softmax;
mod step;

pub use frelu::Frelu;
pub use gated::{Gelu, Silu};
pub use rectifiers::{Elu, Identity, LeakyRelu, Relu, Scale};
pub use sigmoids::{Sigmoid, Softplus, Tanh};
pub use softmax::Softmax;
pub use step::Step;

use crate::kernels::{AfterMaps, wide};
use crate::layer::{Layer, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;

/// A function of one number.
pub trait Function: Send + Sync {
    /// `f(x)`. NaN stays NaN, so that a failure is not hidden.
    fn value<R: Real>(&self, x: R) -> R;

    /// `f'(x)`. Where the function has a corner, as in PyTorch.
    fn slope<R: Real>(&self, x: R) -> R;

    /// Why there is no `f'` to learn by, if so.
    fn no_gradient(&self) -> Option<&'static str> {
        None
    }

    /// What a convolution can do in its stead, if it is that.
    fn after_maps<R>(&self) -> Option<AfterMaps<'_, R>> {
        None
    }

    /// Whether it takes no longer than fetching its value.
    fn is_quick(&self) -> bool {
        false
    }
}

/// The layer that applies a function to every number.
#[derive(Debug, Clone)]
pub struct Elementwise<F> {
    shape: Shape,
    function: F,
}

impl<F: Function> Elementwise<F> {
    /// For inputs of this shape; outputs have the same.
    pub fn new(shape: Shape, function: F) -> Self {
        Self { shape, function }
    }
}

impl<R: Real, F: Function> Layer<R> for Elementwise<F> {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        wide(|| {
            for (y, &x) in output.iter_mut().zip(input) {
                *y = self.function.value(x);
            }
        });
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.shape, output, self.shape, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let work = |x: &[R], dy: &[R], dx: &mut [R]| self.backward_part(x, dy, Some(dx), &mut []);
        pieces_back(input, self.shape, output_gradient, self.shape, input_gradient, work);
    }

    fn is_local(&self) -> bool {
        true
    }

    fn is_made_again(&self) -> bool {
        self.function.is_quick()
    }

    fn after_maps(&self) -> Option<AfterMaps<'_, R>> {
        self.function.after_maps()
    }

    fn backward_part(
        &self,
        input: &[R],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        _parameters: &mut [R],
    ) {
        let Some(input_gradient) = input_gradient else { return };
        wide(|| {
            for ((dx, &x), &dy) in input_gradient.iter_mut().zip(input).zip(output_gradient) {
                *dx = self.function.slope(x) * dy;
            }
        });
    }

    fn no_gradient(&self) -> Option<&'static str> {
        self.function.no_gradient()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    fn check(function: impl Function) {
        check_gradients(&mut Elementwise::new(Shape::vector(5), function), 5, 18);
    }

    #[test]
    fn gradients_equal_central_differences() {
        check(Identity);
        check(Sigmoid);
        check(Tanh);
        check(Softplus);
        check(Relu);
        check(LeakyRelu { slope: 0.1 });
        check(Scale { factor: -0.3 });
        check(Elu { alpha: 1.5 });
        check(Gelu);
        check(Silu);
    }

    /// The largest and smallest numbers must not make an infinity or NaN out of a finite limit.
    #[test]
    fn far_from_zero_functions_reach_their_limits_and_nan_stays() {
        fn at(function: impl Function + Copy, x: f32) -> (f32, f32) {
            (function.value(x), function.slope(x))
        }
        fn nan(function: impl Function + Copy) -> bool {
            function.value(f32::NAN).is_nan()
        }
        assert_eq!([at(Sigmoid, -1e38), at(Sigmoid, 1e38)], [(0.0, 0.0), (1.0, 0.0)]);
        assert_eq!([at(Tanh, -1e38), at(Tanh, 1e38)], [(-1.0, 0.0), (1.0, 0.0)]);
        assert_eq!([at(Softplus, -1e38), at(Softplus, 1e38)], [(0.0, 0.0), (1e38, 1.0)]);
        assert_eq!([at(Relu, -1e38), at(Relu, 1e38)], [(0.0, 0.0), (1e38, 1.0)]);
        let leaky = LeakyRelu { slope: 0.5 };
        assert_eq!([at(leaky, -1e38), at(leaky, 1e38)], [(-5e37, 0.5), (1e38, 1.0)]);
        let elu = Elu { alpha: 2.0 };
        assert_eq!([at(elu, -1e38), at(elu, 1e38)], [(-2.0, 0.0), (1e38, 1.0)]);
        assert_eq!([at(Gelu, -1e38), at(Gelu, 1e38)], [(0.0, 0.0), (1e38, 1.0)]);
        assert_eq!([at(Silu, -1e38), at(Silu, 1e38)], [(0.0, 0.0), (1e38, 1.0)]);
        assert!(nan(Identity) && nan(Sigmoid) && nan(Tanh) && nan(Softplus) && nan(Relu));
        assert!(nan(leaky) && nan(elu) && nan(Gelu) && nan(Silu) && nan(Step));
    }
}
