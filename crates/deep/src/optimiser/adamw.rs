//! AdamW: gradient descent with a step size for each weight, and decoupled weight decay.
//!
//! With `g` the gradient of a weight `w` in step `t` (from 1), rate `lr` and decay `lambda`:
//!
//! ```text
//! w <- w - lr lambda w
//! m <- beta1 m + (1 - beta1) g        average gradient
//! v <- beta2 v + (1 - beta2) g^2      average squared gradient
//! w <- w - lr / (1 - beta1^t)  m / (sqrt(v / (1 - beta2^t)) + epsilon)
//! ```
//!
//! where the divisions by `1 - beta^t` make up for averages that start at 0.
//!
//! Source: D. Kingma, J. Ba, "Adam", ICLR 2015; I. Loshchilov, F. Hutter, "Decoupled weight decay
//! regularization", ICLR 2019. Reference: `torch.optim.AdamW`. The constants are those of both.

use crate::layer::{Parameter, Role};
use crate::real::Real;
use rayon::prelude::*;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Weights per piece of work.
const PIECE: usize = 4096;

/// The averages of all weights of a network, in the order of its parameters.
#[derive(Debug, Clone)]
pub struct AdamW<R> {
    weight_decay: f64,
    steps: i32,
    /// `m` and `v` of each parameter; made in the first step.
    averages: Vec<(Vec<R>, Vec<R>)>,
}

impl<R: Real> AdamW<R> {
    /// `weight_decay` is `lambda`: in each step, weights lose this share of themselves times the
    /// learning rate.
    pub fn new(weight_decay: f64) -> Self {
        Self { weight_decay, steps: 0, averages: Vec::new() }
    }

    /// Moves all parameters against their gradients. Every call must be given the same parameters.
    ///
    /// # Panics
    /// If their number or their lengths differ from the first call's.
    pub fn step(&mut self, parameters: Vec<&mut Parameter<R>>, learning_rate: f64) {
        let parameters: Vec<_> = parameters.into_iter().filter(|p| p.is_learned()).collect();
        if self.steps == 0 {
            let zeros = |p: &&mut Parameter<R>| vec![R::zero(); p.value.len()];
            self.averages = parameters.iter().map(|p| (zeros(p), zeros(p))).collect();
        }
        assert_eq!(parameters.len(), self.averages.len(), "the parameters of the first step");
        self.steps += 1;
        let rate = R::of(learning_rate / (1.0 - BETA1.powi(self.steps)));
        let v_scale = R::of(1.0 / (1.0 - BETA2.powi(self.steps)));
        let (epsilon, one) = (R::of(EPSILON), R::one());
        let (beta1, beta2) = (R::of(BETA1), R::of(BETA2));
        for (parameter, (m, v)) in parameters.into_iter().zip(&mut self.averages) {
            assert_eq!(parameter.value.len(), m.len(), "the parameters of the first step");
            let decay = if parameter.role == Role::Weight {
                learning_rate * self.weight_decay
            } else {
                0.0
            };
            let kept = R::of(1.0 - decay);
            let weights = parameter.value.par_chunks_mut(PIECE);
            let weights = weights.zip(parameter.gradient.par_chunks(PIECE));
            let averages = m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE));
            weights.zip(averages).for_each(|((w, g), (m, v))| {
                for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                    *m = beta1 * *m + (one - beta1) * g;
                    *v = beta2 * *v + (one - beta2) * g * g;
                    *w = kept * *w - rate * *m / ((*v * v_scale).sqrt() + epsilon);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the first step m / sqrt(v) is the sign of the gradient: every weight moves by the rate.
    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut decaying = Parameter::new("w", Role::Weight, &[3], vec![1.0, 1.0, 1.0_f64]);
        decaying.gradient = vec![0.001, -50.0, 0.0];
        let mut exempt = Parameter { role: Role::Bias, ..decaying.clone() };
        AdamW::new(0.5).step(vec![&mut decaying, &mut exempt], 0.1);
        let expected = [([0.85, 1.05, 0.95], decaying), ([0.9, 1.1, 1.0], exempt)];
        for (expected, parameter) in expected {
            for (got, expected) in parameter.value.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-5, "{got}, expected {expected}");
            }
        }
    }
}
