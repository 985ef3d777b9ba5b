//! How the learning rate changes in the course of training.
//!
//! ```text
//! step         lr factor^floor(epoch / every)
//! cosine       last + (lr - last) (1 + cos(pi epoch / epochs)) / 2
//! warm-up      lr (first + (1 - first) min(step / steps, 1)), times what follows
//! one-cycle    from lr / 25 up to lr in the first 30 % of all steps and down to lr / 250,000 in the
//!              rest, along half a cosine each
//! plateau      lr factor^k, where k is how often the loss did not fall for `patience` epochs
//! ```
//!
//! A step is a batch, an epoch a pass over the training rows; both are counted from 0.
//!
//! Sources: I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, eq. 5, without restarts; P. Goyal et al.,
//! "Accurate, large minibatch SGD", arXiv:1706.02677, 2017 (warm-up); L. Smith, N. Topin,
//! "Super-convergence", 2019 (one-cycle). References: `torch.optim.lr_scheduler`.

use base::ParamError;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A rule for the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScheduleParams {
    /// Always the same.
    Constant {},
    /// Falls by a factor every few epochs.
    Step {
        /// Epochs between falls, at least 1.
        every: usize,
        /// What is left at each fall, above 0 and at most 1.
        #[serde(default = "constants::tenth")]
        factor: f64,
    },
    /// Falls along half a cosine, epoch by epoch.
    Cosine {
        /// Where it would be after the last epoch, as a share of the rate at first, 0 to 1.
        #[serde(default)]
        last: f64,
    },
    /// Rises in a straight line over the first steps.
    WarmUp {
        /// Steps until it is full, at least 1.
        steps: usize,
        /// The share it starts from, 0 to 1.
        #[serde(default)]
        first: f64,
        /// The rule that goes on meanwhile and after.
        then: Box<ScheduleParams>,
    },
    /// Rises, then falls, step by step. The learning rate of the settings is the highest.
    OneCycle {},
    /// Falls by a factor when the loss on held-out rows (on training rows, if none are) stops
    /// falling: when it was not lower than 0.9999 times the lowest for more than `patience` epochs.
    Plateau {
        /// What is left at each fall, above 0 and at most 1.
        #[serde(default = "constants::tenth")]
        factor: f64,
        /// Epochs without a lower loss that are put up with.
        #[serde(default = "constants::ten")]
        patience: usize,
    },
}

mod constants {
    pub(super) fn tenth() -> f64 {
        0.1
    }

    pub(super) fn ten() -> usize {
        10
    }
}

impl Default for ScheduleParams {
    fn default() -> Self {
        Self::Cosine { last: 0.0 }
    }
}

/// Where training stands, counted from 0, and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Passes over the training rows so far.
    pub epoch: usize,
    /// All of them.
    pub epochs: usize,
    /// Batches so far, in all epochs.
    pub step: usize,
    /// All of them.
    pub steps: usize,
}

/// What [`ScheduleParams::Plateau`] remembers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// What is left of the rate.
    pub factor: f64,
    /// The lowest loss so far; none yet at the start.
    pub lowest: Option<f64>,
    /// Epochs since, or since the latest fall.
    pub epochs_since: usize,
}

/// A rule for the learning rate, and what it remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    params: ScheduleParams,
    plateau: PlateauState,
}

impl Schedule {
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &ScheduleParams) -> Result<Self, ParamError> {
        check(params)?;
        let plateau = PlateauState { factor: 1.0, lowest: None, epochs_since: 0 };
        Ok(Self { params: params.clone(), plateau })
    }

    /// The learning rate now, given that of the settings.
    ///
    /// ```
    /// use deep::{Progress, Schedule, ScheduleParams};
    ///
    /// let schedule = Schedule::new(&ScheduleParams::Step { every: 30, factor: 0.1 }).unwrap();
    /// let at = |epoch| Progress { epoch, epochs: 90, step: 100 * epoch, steps: 9000 };
    /// assert_eq!(schedule.rate(0.5, at(29)), 0.5);
    /// assert_eq!(schedule.rate(0.5, at(30)), 0.05);
    /// ```
    pub fn rate(&self, full: f64, now: Progress) -> f64 {
        rate(&self.params, full, now, &self.plateau)
    }

    /// Tells the loss at the end of an epoch, which only [`ScheduleParams::Plateau`] listens to.
    pub fn observe(&mut self, loss: f64) {
        let mut params = &self.params;
        while let ScheduleParams::WarmUp { then, .. } = params {
            params = then;
        }
        let ScheduleParams::Plateau { factor, patience } = *params else { return };
        let state = &mut self.plateau;
        if state.lowest.is_none_or(|lowest| loss < lowest * (1.0 - 1e-4)) {
            (state.lowest, state.epochs_since) = (Some(loss), 0);
        } else {
            state.epochs_since += 1;
        }
        if state.epochs_since > patience {
            (state.factor, state.epochs_since) = (state.factor * factor, 0);
        }
    }

    /// What it remembers, for checkpoints.
    pub fn state(&self) -> PlateauState {
        self.plateau
    }

    /// Puts [`Self::state`] back.
    pub fn restore(&mut self, state: PlateauState) {
        self.plateau = state;
    }
}

fn rate(params: &ScheduleParams, full: f64, now: Progress, plateau: &PlateauState) -> f64 {
    // From `from` at 0 to `to` at 1, along half a cosine.
    let cosine = |from: f64, to: f64, at: f64| to + (from - to) * 0.5 * (1.0 + (PI * at).cos());
    match *params {
        ScheduleParams::Constant {} => full,
        ScheduleParams::Step { every, factor } => {
            full * factor.powi((now.epoch / every).min(10_000) as i32)
        }
        ScheduleParams::Cosine { last } => {
            cosine(full, last * full, now.epoch as f64 / now.epochs as f64)
        }
        ScheduleParams::WarmUp { steps, first, ref then } => {
            let risen = (now.step as f64 / steps as f64).min(1.0);
            (first + (1.0 - first) * risen) * rate(then, full, now, plateau)
        }
        ScheduleParams::OneCycle {} => {
            let top = 0.3 * now.steps as f64 - 1.0;
            let (step, last) = (now.step as f64, now.steps as f64 - 1.0);
            let first = full / 25.0;
            if step <= top {
                cosine(first, full, step / top.max(1.0))
            } else {
                cosine(full, first / 1e4, (step - top) / (last - top))
            }
        }
        ScheduleParams::Plateau { .. } => full * plateau.factor,
    }
}

fn check(params: &ScheduleParams) -> Result<(), ParamError> {
    let at_least_1 = |name, value: usize| match value {
        0 => Err(ParamError::new(name, value, "at least 1")),
        _ => Ok(()),
    };
    let share = |name, value: f64, above: f64| {
        let inside = (0.0..=1.0).contains(&value) && value > above;
        let expected = if above < 0.0 { "from 0 to 1" } else { "above 0 and at most 1" };
        if inside { Ok(()) } else { Err(ParamError::new(name, value, expected)) }
    };
    match params {
        ScheduleParams::Constant {} | ScheduleParams::OneCycle {} => Ok(()),
        ScheduleParams::Step { every, factor } => {
            at_least_1("every", *every)?;
            share("factor", *factor, 0.0)
        }
        ScheduleParams::Cosine { last } => share("last", *last, -1.0),
        ScheduleParams::WarmUp { steps, first, then } => {
            at_least_1("steps", *steps)?;
            share("first", *first, -1.0)?;
            check(then)
        }
        ScheduleParams::Plateau { factor, .. } => share("factor", *factor, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let refused = |params| Schedule::new(&params).unwrap_err().name;
        assert_eq!(refused(ScheduleParams::Step { every: 0, factor: 0.5 }), "every");
        assert_eq!(refused(ScheduleParams::Step { every: 1, factor: 0.0 }), "factor");
        assert_eq!(refused(ScheduleParams::Cosine { last: f64::NAN }), "last");
        let then = Box::new(ScheduleParams::Plateau { factor: 2.0, patience: 1 });
        assert_eq!(refused(ScheduleParams::WarmUp { steps: 1, first: 0.0, then }), "factor");
    }

    /// A plan of one or two steps has no room for a cycle, but a rate.
    #[test]
    fn a_cycle_of_few_steps_has_finite_rates() {
        let schedule = Schedule::new(&ScheduleParams::OneCycle {}).unwrap();
        for steps in 1..5 {
            for step in 0..steps {
                let now = Progress { epoch: 0, epochs: 1, step, steps };
                let rate = schedule.rate(0.1, now);
                assert!((0.0..=0.1).contains(&rate), "step {step} of {steps}: {rate}");
            }
        }
    }
}
