//! The numbers a network computes with.

mod exponential;

use exponential::exponential;
use ndarray::NdFloat;
use std::iter::Sum;

/// `f32`, with which networks are trained, or `f64`, with which gradients are checked.
pub trait Real: NdFloat + Sum {
    /// The nearest number of this type.
    fn of(value: f64) -> Self;

    /// The same number in double precision.
    fn as_f64(self) -> f64;

    /// `e^x`, which loops compute for many numbers at a time where the standard library's `exp` is
    /// called for each.
    fn exponential(self) -> Self;

    /// The complementary error function, `1 - erf(x)`.
    fn erfc(self) -> Self;
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        exponential(self)
    }

    fn erfc(self) -> Self {
        libm::erfcf(self)
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }

    fn exponential(self) -> Self {
        self.exp()
    }

    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
