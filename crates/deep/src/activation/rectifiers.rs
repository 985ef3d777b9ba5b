//! The identity, and functions that equal it for positive numbers: gradients pass unweakened.

use crate::activation::Function;
use crate::kernels::AfterMaps;
use crate::real::Real;

/// `x`.
#[derive(Debug, Clone, Copy)]
pub struct Identity;

impl Function for Identity {
    #[inline]
    fn value<R: Real>(&self, x: R) -> R {
        x
    }

    #[inline]
    fn slope<R: Real>(&self, _x: R) -> R {
        R::one()
    }

    fn is_quick(&self) -> bool {
        true
    }
}

/// Rectified linear unit, `max(x, 0)`. The slope at 0 is 0.
///
/// Source: V. Nair, G. Hinton, "Rectified linear units improve restricted Boltzmann machines",
/// ICML 2010.
#[derive(Debug, Clone, Copy)]
pub struct Relu;

impl Function for Relu {
    #[inline]
    fn value<R: Real>(&self, x: R) -> R {
        if x < R::zero() { R::zero() } else { x }
    }

    #[inline]
    fn slope<R: Real>(&self, x: R) -> R {
        if x > R::zero() { R::one() } else { R::zero() }
    }

    fn after_maps<R>(&self) -> Option<AfterMaps<'_, R>> {
        Some(AfterMaps::Rectify)
    }

    fn is_quick(&self) -> bool {
        true
    }
}

/// `factor x`. As the last layer, with a factor below 1, it lets outputs start small, and the layer
/// before it learn more slowly.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// What every number is multiplied by.
    pub factor: f64,
}

impl Function for Scale {
    #[inline]
    fn value<R: Real>(&self, x: R) -> R {
        R::of(self.factor) * x
    }

    #[inline]
    fn slope<R: Real>(&self, _x: R) -> R {
        R::of(self.factor)
    }

    fn is_quick(&self) -> bool {
        true
    }
}

/// `x` if positive, else `slope x`: units cannot die.
///
/// Source: A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic
/// models", ICML 2013.
#[derive(Debug, Clone, Copy)]
pub struct LeakyRelu {
    /// Slope for negative numbers.
    pub slope: f64,
}

impl Function for LeakyRelu {
    #[inline]
    fn value<R: Real>(&self, x: R) -> R {
        if x < R::zero() { R::of(self.slope) * x } else { x }
    }

    #[inline]
    fn slope<R: Real>(&self, x: R) -> R {
        if x > R::zero() { R::one() } else { R::of(self.slope) }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

/// Exponential linear unit: `x` if positive, else `alpha (e^x - 1)`.
///
/// Source: D. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by
/// exponential linear units", ICLR 2016.
#[derive(Debug, Clone, Copy)]
pub struct Elu {
    /// How far below 0 it falls.
    pub alpha: f64,
}

impl Function for Elu {
    #[inline]
    fn value<R: Real>(&self, x: R) -> R {
        if x < R::zero() { R::of(self.alpha) * x.exp_m1() } else { x }
    }

    #[inline]
    fn slope<R: Real>(&self, x: R) -> R {
        if x > R::zero() { R::one() } else { R::of(self.alpha) * x.exponential() }
    }
}
