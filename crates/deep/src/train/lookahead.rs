//! Weights that follow those that are trained.
//!
//! Every few steps, slow weights go a part of the way to the trained ones, which are then put back
//! to them: what the steps in between had in common stays, and what was chance evens out. The part
//! gets smaller in the course of training; after the last step, the slow weights are what is left.
//!
//! ```text
//! slow <- decay slow + (1 - decay) w        w <- slow        decay = 0.95^5 (step / steps)^3
//! ```
//!
//! Source: M. Zhang, J. Lucas, G. Hinton, J. Ba, "Lookahead optimizer: k steps forward, 1 step
//! back", NeurIPS 2019; the decay is that of K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single
//! GPU", arXiv:2404.00498, 2024, section 3.4. Reference: `LookaheadState` of its program.

use crate::network::Network;
use crate::schedule::Progress;

/// The slow weights.
pub(crate) struct Lookahead {
    /// Steps until they follow again.
    every: usize,
    /// Of all parameters, statistics too.
    pub(crate) slow: Vec<Vec<f32>>,
}

impl Lookahead {
    /// They start where training starts.
    pub(crate) fn new(every: usize, network: &Network<f32>) -> Self {
        Self { every, slow: network.snapshot() }
    }

    /// To be called after every step.
    pub(crate) fn follow(&mut self, network: &mut Network<f32>, now: Progress) {
        let (done, is_last) = (now.step + 1, now.step + 1 == now.steps);
        if !done.is_multiple_of(self.every) && !is_last {
            return;
        }
        let share = match is_last {
            true => 0.0,
            false => 1.0 - 0.95_f64.powi(5) * (done as f64 / now.steps as f64).powi(3),
        };
        let mut slow = self.slow.iter_mut();
        network.visit_mut(&mut |parameter| {
            let slow = slow.next().expect("the parameters it started with");
            for (slow, value) in slow.iter_mut().zip(&mut parameter.value) {
                *slow += share as f32 * (*value - *slow);
                *value = *slow;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Shape;
    use crate::network::NetworkSpec;
    use base::Seed;

    #[test]
    fn slow_weights_follow_every_few_steps_and_are_left_at_the_end() {
        let spec = NetworkSpec::from_toml(r#"layers = [{ kind = "affine" }]"#).unwrap();
        let mut network = Network::<f32>::new(&spec, Shape::vector(1), 1, Seed(1)).unwrap();
        let set = |network: &mut Network<f32>, to: f32| {
            network.visit_mut(&mut |parameter| parameter.value.fill(to));
        };
        set(&mut network, 1.0);
        let mut lookahead = Lookahead::new(2, &network);
        let mut after = |step: usize, trained: f32| {
            set(&mut network, trained);
            let now = Progress { epoch: 0, epochs: 1, step, steps: 5 };
            lookahead.follow(&mut network, now);
            network.parameters()[0].value[0]
        };
        let decay = |step: f64| 0.95_f64.powi(5) * (step / 5.0).powi(3);
        assert_eq!(after(0, 7.0), 7.0);
        let second = decay(2.0) + (1.0 - decay(2.0)) * 3.0;
        assert!((f64::from(after(1, 3.0)) - second).abs() < 1e-6);
        assert_eq!(after(2, 9.0), 9.0);
        let fourth = decay(4.0) * second + (1.0 - decay(4.0)) * 5.0;
        assert!((f64::from(after(3, 5.0)) - fourth).abs() < 1e-6);
        assert!((f64::from(after(4, 100.0)) - fourth).abs() < 1e-6);
    }
}
