//! The logistic function and its kin. Their slopes fall to 0 far from 0 (for softplus, on one
//! side), and products of many small slopes vanish: deep networks of sigmoids learn slowly.

use crate::activation::Function;
use crate::loss::{sigmoid, softplus};
use crate::real::Real;

/// `1 / (1 + e^-x)`.
#[derive(Debug, Clone, Copy)]
pub struct Sigmoid;

impl Function for Sigmoid {
    fn value<R: Real>(&self, x: R) -> R {
        sigmoid(x)
    }

    fn slope<R: Real>(&self, x: R) -> R {
        sigmoid(x) * sigmoid(-x)
    }
}

/// Hyperbolic tangent.
#[derive(Debug, Clone, Copy)]
pub struct Tanh;

impl Function for Tanh {
    fn value<R: Real>(&self, x: R) -> R {
        x.tanh()
    }

    fn slope<R: Real>(&self, x: R) -> R {
        R::one() - x.tanh() * x.tanh()
    }
}

/// `log (1 + e^x)`. PyTorch returns `x` itself above 20, which differs by up to 2e-9.
#[derive(Debug, Clone, Copy)]
pub struct Softplus;

impl Function for Softplus {
    fn value<R: Real>(&self, x: R) -> R {
        softplus(x)
    }

    fn slope<R: Real>(&self, x: R) -> R {
        sigmoid(x)
    }
}
