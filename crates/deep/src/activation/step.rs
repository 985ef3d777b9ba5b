//! The step function, with which the first perceptrons decided.

use crate::activation::Function;
use crate::real::Real;

/// 1 if `x >= 0`, else 0 (Heaviside). Only for networks whose weights are set by hand or by the
/// perceptron rule: its slope is 0 wherever it has one.
///
/// Source: F. Rosenblatt, "The perceptron", Psychological Review 65(6):386-408, 1958.
#[derive(Debug, Clone, Copy)]
pub struct Step;

impl Function for Step {
    fn value<R: Real>(&self, x: R) -> R {
        if x.is_nan() {
            x
        } else if x < R::zero() {
            R::zero()
        } else {
            R::one()
        }
    }

    fn slope<R: Real>(&self, _x: R) -> R {
        R::zero()
    }

    fn no_gradient(&self) -> Option<&'static str> {
        Some(
            "the step function is flat on both sides of 0, so its gradient is 0 and says nothing \
             about which way to go; use `sigmoid`",
        )
    }
}
