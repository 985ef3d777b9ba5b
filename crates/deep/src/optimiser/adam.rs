//! Adam and AdamW: means of gradients and of their squares.
//!
//! The means start at 0; the divisions by `1 - beta^t` make up for it.

use super::{Memory, Step};
use crate::real::Real;

const EPSILON: f64 = 1e-8;

/// Weight decay is part of the gradient.
pub(super) fn adam<R: Real>(
    step: Step,
    betas: [f64; 2],
    w: &mut [R],
    g: &[R],
    memory: &mut Memory<R>,
) {
    let decay = R::of(step.decay);
    move_weights(step, betas, w, g, memory, R::one(), |w, g| g + decay * w);
}

/// Weights lose the share `lr lambda` of themselves, whatever their gradient is.
pub(super) fn adam_w<R: Real>(
    step: Step,
    betas: [f64; 2],
    w: &mut [R],
    g: &[R],
    memory: &mut Memory<R>,
) {
    move_weights(step, betas, w, g, memory, R::of(1.0 - step.rate * step.decay), |_, g| g);
}

fn move_weights<R: Real>(
    step: Step,
    [beta1, beta2]: [f64; 2],
    w: &mut [R],
    g: &[R],
    [m, v]: &mut Memory<R>,
    kept: R,
    gradient: impl Fn(R, R) -> R,
) {
    let rate = R::of(step.rate / (1.0 - beta1.powi(step.count)));
    let v_scale = R::of(1.0 / (1.0 - beta2.powi(step.count)));
    let (epsilon, one) = (R::of(EPSILON), R::one());
    let (beta1, beta2) = (R::of(beta1), R::of(beta2));
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        let g = gradient(*w, g);
        *m = beta1 * *m + (one - beta1) * g;
        *v = beta2 * *v + (one - beta2) * g * g;
        *w = kept * *w - rate * *m / ((*v * v_scale).sqrt() + epsilon);
    }
}
