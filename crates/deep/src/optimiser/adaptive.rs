//! Step sizes that every weight learns from its own gradients.

use super::{Memory, Step};
use crate::real::Real;

/// `v <- v + g^2`, `w <- w - lr g / (sqrt(v) + epsilon)`.
pub(super) fn ada_grad<R: Real>(step: Step, w: &mut [R], g: &[R], memory: &mut Memory<R>) {
    let (rate, decay, epsilon) = (R::of(step.rate), R::of(step.decay), R::of(1e-10));
    for ((w, &g), v) in w.iter_mut().zip(g).zip(&mut memory[0]) {
        let g = g + decay * *w;
        *v += g * g;
        *w -= rate * g / (v.sqrt() + epsilon);
    }
}

/// `v <- rho v + (1 - rho) g^2`, `w <- w - lr g / (sqrt(v) + epsilon)`.
pub(super) fn rms_prop<R: Real>(
    step: Step,
    rho: f64,
    w: &mut [R],
    g: &[R],
    memory: &mut Memory<R>,
) {
    let (rate, decay, epsilon) = (R::of(step.rate), R::of(step.decay), R::of(1e-8));
    let (rho, rest) = (R::of(rho), R::of(1.0 - rho));
    for ((w, &g), v) in w.iter_mut().zip(g).zip(&mut memory[0]) {
        let g = g + decay * *w;
        *v = rho * *v + rest * g * g;
        *w -= rate * g / (v.sqrt() + epsilon);
    }
}

/// `v <- rho v + (1 - rho) g^2`, `d = g sqrt(u + epsilon) / sqrt(v + epsilon)`, `w <- w - lr d`,
/// `u <- rho u + (1 - rho) d^2`: steps have the unit of the weights.
pub(super) fn ada_delta<R: Real>(
    step: Step,
    rho: f64,
    w: &mut [R],
    g: &[R],
    memory: &mut Memory<R>,
) {
    let (rate, decay, epsilon) = (R::of(step.rate), R::of(step.decay), R::of(1e-6));
    let (rho, rest) = (R::of(rho), R::of(1.0 - rho));
    let [v, u] = memory;
    for (((w, &g), v), u) in w.iter_mut().zip(g).zip(v).zip(u) {
        let g = g + decay * *w;
        *v = rho * *v + rest * g * g;
        let d = (*u + epsilon).sqrt() / (*v + epsilon).sqrt() * g;
        *u = rho * *u + rest * d * d;
        *w -= rate * d;
    }
}
