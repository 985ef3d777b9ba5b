//! Gradient descent, plain and with momentum.

use super::{Memory, Step};
use crate::real::Real;

/// `w <- w - lr g`.
pub(super) fn sgd<R: Real>(step: Step, w: &mut [R], g: &[R]) {
    let (rate, decay) = (R::of(step.rate), R::of(step.decay));
    for (w, &g) in w.iter_mut().zip(g) {
        *w -= rate * (g + decay * *w);
    }
}

/// `b <- mu b + g`, `w <- w - lr b`.
pub(super) fn momentum<R: Real>(step: Step, mu: f64, w: &mut [R], g: &[R], memory: &mut Memory<R>) {
    let (rate, decay, mu) = (R::of(step.rate), R::of(step.decay), R::of(mu));
    for ((w, &g), b) in w.iter_mut().zip(g).zip(&mut memory[0]) {
        *b = mu * *b + (g + decay * *w);
        *w -= rate * *b;
    }
}

/// `b <- mu b + g`, `w <- w - lr (g + mu b)`.
pub(super) fn nesterov<R: Real>(step: Step, mu: f64, w: &mut [R], g: &[R], memory: &mut Memory<R>) {
    let (rate, decay, mu) = (R::of(step.rate), R::of(step.decay), R::of(mu));
    for ((w, &g), b) in w.iter_mut().zip(g).zip(&mut memory[0]) {
        let g = g + decay * *w;
        *b = mu * *b + g;
        *w -= rate * (g + mu * *b);
    }
}
