//! Rules by which gradient descent moves the weights.
//!
//! With `g` the gradient of a weight `w`, and `lr` the learning rate:
//!
//! ```text
//! sgd        w <- w - lr g
//! momentum   b <- mu b + g               w <- w - lr b
//! nesterov   b <- mu b + g               w <- w - lr (g + mu b)
//! ada-grad   v <- v + g^2                w <- w - lr g / (sqrt(v) + epsilon)
//! rms-prop   v <- rho v + (1 - rho) g^2  w <- w - lr g / (sqrt(v) + epsilon)
//! ada-delta  v <- rho v + (1 - rho) g^2  d = g sqrt(u + epsilon) / sqrt(v + epsilon)
//!            w <- w - lr d               u <- rho u + (1 - rho) d^2
//! adam       m <- b1 m + (1 - b1) g,     v <- b2 v + (1 - b2) g^2,     in step t, from 1:
//!            w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
//! adam-w     the same, with weight decay apart
//! ```
//!
//! Weight decay `lambda` adds `lambda w` to the gradient before all that, but for `adam-w`, which
//! shrinks the weights by `lr lambda w` instead. Biases and scales of normalisation do not decay.
//!
//! References: `torch.optim`, whose numbers a test compares over ten steps.

mod adam;
mod adaptive;
mod momentum;

use crate::layer::{Parameter, Role};
use crate::real::Real;
use base::ParamError;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;

/// A rule and its constants; unset ones are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimiserParams {
    /// Plain gradient descent.
    Sgd {},
    /// With the gradients of earlier steps, which fade (B. Polyak, 1964).
    Momentum {
        /// What is kept of them in each step, at least 0 and less than 1.
        #[serde(default = "constants::momentum")]
        momentum: f64,
    },
    /// The gradient is taken a step ahead (Y. Nesterov, 1983; in the form of I. Sutskever et al.,
    /// ICML 2013).
    Nesterov {
        /// What is kept of earlier gradients, at least 0 and less than 1.
        #[serde(default = "constants::momentum")]
        momentum: f64,
    },
    /// Divided by the root of the sum of all squared gradients (J. Duchi, E. Hazan, Y. Singer,
    /// JMLR 12, 2011).
    AdaGrad {},
    /// Divided by the root of a fading mean of squared gradients (T. Tieleman, G. Hinton, Coursera
    /// lecture 6.5, 2012).
    RmsProp {
        /// What is kept of the mean in each step, at least 0 and less than 1.
        #[serde(default = "constants::rms_rho")]
        rho: f64,
    },
    /// With steps in the unit of the weights (M. Zeiler, arXiv:1212.5701, 2012). Its learning rate
    /// is 1.
    AdaDelta {
        /// What is kept of the means in each step, at least 0 and less than 1.
        #[serde(default = "constants::delta_rho")]
        rho: f64,
    },
    /// Means of gradients and of their squares (D. Kingma, J. Ba, ICLR 2015).
    Adam {
        /// What is kept of the mean of gradients, at least 0 and less than 1.
        #[serde(default = "constants::beta1")]
        beta1: f64,
        /// What is kept of the mean of squares, at least 0 and less than 1.
        #[serde(default = "constants::beta2")]
        beta2: f64,
    },
    /// Adam with weight decay apart from the gradients (I. Loshchilov, F. Hutter, ICLR 2019).
    AdamW {
        /// What is kept of the mean of gradients, at least 0 and less than 1.
        #[serde(default = "constants::beta1")]
        beta1: f64,
        /// What is kept of the mean of squares, at least 0 and less than 1.
        #[serde(default = "constants::beta2")]
        beta2: f64,
    },
}

/// PyTorch's constants; momentum has none there, and the usual one here.
mod constants {
    pub(super) fn momentum() -> f64 {
        0.9
    }

    pub(super) fn rms_rho() -> f64 {
        0.99
    }

    pub(super) fn delta_rho() -> f64 {
        0.9
    }

    pub(super) fn beta1() -> f64 {
        0.9
    }

    pub(super) fn beta2() -> f64 {
        0.999
    }
}

impl Default for OptimiserParams {
    fn default() -> Self {
        Self::AdamW { beta1: constants::beta1(), beta2: constants::beta2() }
    }
}

impl OptimiserParams {
    /// Checks the constants.
    ///
    /// # Errors
    /// If a constant is out of range.
    pub fn check(&self) -> Result<(), ParamError> {
        let constants: &[(&'static str, f64)] = match self {
            Self::Sgd {} | Self::AdaGrad {} => &[],
            Self::Momentum { momentum } | Self::Nesterov { momentum } => &[("momentum", *momentum)],
            Self::RmsProp { rho } | Self::AdaDelta { rho } => &[("rho", *rho)],
            Self::Adam { beta1, beta2 } | Self::AdamW { beta1, beta2 } => {
                &[("beta1", *beta1), ("beta2", *beta2)]
            }
        };
        for &(name, value) in constants {
            if !(0.0..1.0).contains(&value) {
                return Err(ParamError::new(name, value, "at least 0 and less than 1"));
            }
        }
        Ok(())
    }
}

/// What the rules need to know beside weights and gradients.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Counted from 1.
    count: i32,
    rate: f64,
    /// `lambda`, or 0 where nothing decays.
    decay: f64,
}

/// What a rule remembers of one parameter: up to two numbers per weight.
pub(crate) type Memory<R> = [Vec<R>; 2];

/// A rule, and what it remembers of the earlier steps.
#[derive(Debug, Clone)]
pub struct Optimiser<R> {
    params: OptimiserParams,
    weight_decay: f64,
    steps: u32,
    /// Of each parameter, in their order; made in the first step.
    memory: Vec<Memory<R>>,
}

impl<R: Real> Optimiser<R> {
    /// An optimiser before its first step; `weight_decay` is `lambda`.
    ///
    /// # Errors
    /// If a constant is out of range.
    pub fn new(params: &OptimiserParams, weight_decay: f64) -> Result<Self, ParamError> {
        params.check()?;
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            return Err(ParamError::new("weight_decay", weight_decay, "0 or a positive number"));
        }
        Ok(Self { params: *params, weight_decay, steps: 0, memory: Vec::new() })
    }

    /// Moves all learned parameters against their gradients. Every call must be given the same
    /// parameters.
    ///
    /// # Panics
    /// If their number or their lengths differ from the first call's.
    pub fn step(&mut self, parameters: Vec<&mut Parameter<R>>, rate: f64) {
        let mut step = self.start(rate);
        parameters.into_iter().for_each(|parameter| step.of(parameter));
        step.end();
    }

    /// Starts a step, which is then taken for one parameter after another.
    pub(crate) fn start(&mut self, rate: f64) -> Stepping<'_, R> {
        self.steps += 1;
        Stepping { optimiser: self, rate, next: 0 }
    }

    /// A step for the learned parameter number `index`.
    fn step_of(&mut self, index: usize, parameter: &mut Parameter<R>, rate: f64) {
        if self.steps == 1 && self.memory.len() == index {
            self.memory.push(self.blank(parameter.value.len()));
        }
        let decay = if parameter.role == Role::Weight { self.weight_decay } else { 0.0 };
        let rate = rate * parameter.rate;
        let step = Step { count: self.steps.cast_signed(), rate, decay };
        let (w, g) = (&mut parameter.value[..], &parameter.gradient[..]);
        let memory = self.memory.get_mut(index).expect("the parameters of the first step");
        assert!(memory.iter().all(|m| m.is_empty() || m.len() == w.len()), "same lengths");
        match self.params {
            OptimiserParams::Sgd {} => momentum::sgd(step, w, g),
            OptimiserParams::Momentum { momentum } => {
                momentum::momentum(step, momentum, w, g, memory);
            }
            OptimiserParams::Nesterov { momentum } => {
                momentum::nesterov(step, momentum, w, g, memory);
            }
            OptimiserParams::AdaGrad {} => adaptive::ada_grad(step, w, g, memory),
            OptimiserParams::RmsProp { rho } => adaptive::rms_prop(step, rho, w, g, memory),
            OptimiserParams::AdaDelta { rho } => adaptive::ada_delta(step, rho, w, g, memory),
            OptimiserParams::Adam { beta1, beta2 } => {
                adam::adam(step, [beta1, beta2], w, g, memory);
            }
            OptimiserParams::AdamW { beta1, beta2 } => {
                adam::adam_w(step, [beta1, beta2], w, g, memory);
            }
        }
    }

    /// What is remembered of these parameters before the first step.
    pub(crate) fn blanks<P: Borrow<Parameter<R>>>(&self, parameters: &[P]) -> Vec<Memory<R>> {
        let learned = parameters.iter().map(Borrow::borrow).filter(|p| p.is_learned());
        learned.map(|parameter| self.blank(parameter.value.len())).collect()
    }

    /// Zeros, as many as the rule needs for a parameter of that length.
    fn blank(&self, length: usize) -> Memory<R> {
        let count = match self.params {
            OptimiserParams::Sgd {} => 0,
            OptimiserParams::Momentum { .. }
            | OptimiserParams::Nesterov { .. }
            | OptimiserParams::AdaGrad {}
            | OptimiserParams::RmsProp { .. } => 1,
            OptimiserParams::AdaDelta { .. }
            | OptimiserParams::Adam { .. }
            | OptimiserParams::AdamW { .. } => 2,
        };
        [0, 1].map(|which| vec![R::zero(); if which < count { length } else { 0 }])
    }

    /// Steps so far, and what is remembered of each learned parameter, in their order: up to two
    /// numbers per weight. For checkpoints.
    pub fn memory(&self) -> (u32, &[[Vec<R>; 2]]) {
        (self.steps, &self.memory)
    }

    /// Puts [`Self::memory`] back.
    ///
    /// # Panics
    /// If the next step's parameters have other lengths, that step panics.
    pub fn restore(&mut self, steps: u32, memory: Vec<[Vec<R>; 2]>) {
        (self.steps, self.memory) = (steps, memory);
    }
}

/// A step that is being taken for one parameter after another.
pub(crate) struct Stepping<'a, R> {
    optimiser: &'a mut Optimiser<R>,
    rate: f64,
    /// Number of learned parameters so far.
    next: usize,
}

impl<R: Real> Stepping<'_, R> {
    /// Moves the next parameter, unless it is none that is learned.
    pub(crate) fn of(&mut self, parameter: &mut Parameter<R>) {
        if parameter.is_learned() {
            self.optimiser.step_of(self.next, parameter, self.rate);
            self.next += 1;
        }
    }

    /// # Panics
    /// If there were fewer parameters than in the first step.
    pub(crate) fn end(self) {
        assert_eq!(self.next, self.optimiser.memory.len(), "the parameters of the first step");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the first step m / sqrt(v) is the sign of the gradient: every weight moves by the rate.
    #[test]
    fn the_first_step_of_adam_w_has_the_length_of_the_learning_rate() {
        let mut decaying = Parameter::new("w", Role::Weight, &[3], vec![1.0, 1.0, 1.0_f64]);
        decaying.gradient = vec![0.001, -50.0, 0.0];
        let mut exempt = Parameter { role: Role::Bias, ..decaying.clone() };
        let mut optimiser = Optimiser::new(&OptimiserParams::default(), 0.5).unwrap();
        optimiser.step(vec![&mut decaying, &mut exempt], 0.1);
        let expected = [([0.85, 1.05, 0.95], decaying), ([0.9, 1.1, 1.0], exempt)];
        for (expected, parameter) in expected {
            for (got, expected) in parameter.value.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-5, "{got}, expected {expected}");
            }
        }
    }

    /// As if the learning rate were another one; with 0, as if there were no step.
    #[test]
    fn parameters_have_learning_rates_of_their_own() {
        for params in [
            OptimiserParams::Sgd {},
            OptimiserParams::Nesterov { momentum: 0.9 },
            OptimiserParams::RmsProp { rho: 0.9 },
            OptimiserParams::default(),
        ] {
            let after = |factor: f64, rate: f64| {
                let mut parameter = Parameter::new("w", Role::Weight, &[2], vec![1.0, -2.0_f64]);
                (parameter.gradient, parameter.rate) = (vec![0.5, -3.0], factor);
                let mut optimiser = Optimiser::new(&params, 0.1).unwrap();
                (0..3).for_each(|_| optimiser.step(vec![&mut parameter], rate));
                parameter.value
            };
            assert_eq!(after(4.0, 0.125), after(1.0, 0.5), "{params:?}");
            assert_ne!(after(4.0, 0.125), after(1.0, 0.125), "{params:?}");
            assert_eq!(after(0.0, 0.5), [1.0, -2.0], "{params:?}");
        }
    }

    #[test]
    fn constants_out_of_range_are_named() {
        let refused = |params, decay| Optimiser::<f32>::new(&params, decay).unwrap_err().name;
        assert_eq!(refused(OptimiserParams::Momentum { momentum: 1.0 }, 0.0), "momentum");
        assert_eq!(refused(OptimiserParams::RmsProp { rho: f64::NAN }, 0.0), "rho");
        assert_eq!(refused(OptimiserParams::Adam { beta1: 0.9, beta2: -0.1 }, 0.0), "beta2");
        assert_eq!(refused(OptimiserParams::Sgd {}, -1.0), "weight_decay");
    }
}
