//! Functions that multiply a number with a gate between 0 and 1 that it opens itself.

use crate::activation::Function;
use crate::loss::sigmoid;
use crate::real::Real;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// `x Phi(x)`, with `Phi` the distribution function of the normal distribution. The exact one, not
/// the approximation by `tanh`.
///
/// Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, 2016.
#[derive(Debug, Clone, Copy)]
pub struct Gelu;

/// `Phi(x)`.
fn normal_distribution<R: Real>(x: R) -> R {
    R::of(0.5) * (x * R::of(-FRAC_1_SQRT_2)).erfc()
}

impl Function for Gelu {
    fn value<R: Real>(&self, x: R) -> R {
        x * normal_distribution(x)
    }

    fn slope<R: Real>(&self, x: R) -> R {
        // 1 / sqrt(2 pi) = 2 / sqrt(pi) / sqrt(2) / 2
        let density = R::of(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 / 2.0);
        let density = density * (x * x * R::of(-0.5)).exponential();
        // Far from 0 the density is 0, and x is not to spoil it.
        let term = if density > R::zero() { x * density } else { R::zero() };
        normal_distribution(x) + term
    }
}

/// `x / (1 + e^-x)`, also called swish.
///
/// Source: S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network
/// function approximation in reinforcement learning", Neural Networks 107:3-11, 2018.
#[derive(Debug, Clone, Copy)]
pub struct Silu;

impl Function for Silu {
    fn value<R: Real>(&self, x: R) -> R {
        x * sigmoid(x)
    }

    fn slope<R: Real>(&self, x: R) -> R {
        let gate = sigmoid(x);
        gate + x * gate * sigmoid(-x)
    }

    fn is_quick(&self) -> bool {
        true
    }
}
