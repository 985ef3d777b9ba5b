//! The numbers a network computes with.

use ndarray::NdFloat;
use std::iter::Sum;

/// `f32`, with which networks are trained, or `f64`, with which gradients are checked.
pub trait Real: NdFloat + Sum {
    /// The nearest number of this type.
    fn of(value: f64) -> Self;

    /// The same number in double precision.
    fn as_f64(self) -> f64;

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

    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
