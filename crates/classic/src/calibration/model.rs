//! A machine with probabilities, and what to do where they name different classes.

use super::curves::Calibrator;
use base::{Convergence, FitSummary, Matrix, Predict, Scores};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Who decides on rows where the most probable class is not the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decide {
    /// The most probable class is the prediction.
    #[default]
    Probability,
    /// The machine's class is the prediction: on such rows it changes places with the most
    /// probable one, so its score is the highest and scores still add up to 1.
    Machine,
}

/// What a calibrated model is made of.
pub(super) trait Machine: Send + Sync {
    /// The machine's prediction for each row, and the probabilities, shape `(n, classes)`.
    fn both(&self, x: &Matrix) -> (Vec<usize>, Array2<f64>);

    /// Of the machine with its calibration.
    fn summary(&self) -> FitSummary;

    /// Whether the calibration itself was fitted to the end.
    fn calibrated(&self) -> bool;
}

/// A machine whose scores are calibrated.
pub(super) struct Trained {
    pub(super) machine: Box<dyn Predict<Matrix>>,
    pub(super) calibrator: Calibrator,
}

impl Machine for Trained {
    fn both(&self, x: &Matrix) -> (Vec<usize>, Array2<f64>) {
        let scores = self.machine.scores(x);
        let wide = scores.view().mapv(f64::from);
        let mut probabilities = Array2::zeros(wide.raw_dim());
        for (scores, mut out) in wide.rows().into_iter().zip(probabilities.rows_mut()) {
            let out = out.as_slice_mut().expect("rows of a new array are contiguous");
            self.calibrator.probabilities(scores, out);
        }
        (scores.predicted(), probabilities)
    }

    fn summary(&self) -> FitSummary {
        let inner = self.machine.summary();
        FitSummary { model_bytes: inner.model_bytes + self.calibrator.bytes(), ..inner }
    }

    fn calibrated(&self) -> bool {
        self.calibrator.converged()
    }
}

/// A trained machine with probabilities.
///
/// As a [`Predict`] its scores are [`Self::probabilities`], rearranged where [`Decide::Machine`]
/// asks for it.
pub struct CalibratedModel {
    machine: Box<dyn Machine>,
    decide: Decide,
    /// Whether a fold or the calibration stopped early.
    cut_short: bool,
}

impl CalibratedModel {
    pub(super) fn new(machine: Box<dyn Machine>, decide: Decide, folds: &[Convergence]) -> Self {
        let limited = |ending: &Convergence| matches!(ending, Convergence::LimitReached { .. });
        let cut_short = folds.iter().any(limited) || !machine.calibrated();
        Self { machine, decide, cut_short }
    }

    /// The probability of each class for each row of `x`, shape `(n, classes)`; they add up to 1
    /// but for rounding. Classes without a training row have 0.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn probabilities(&self, x: &Matrix) -> Scores {
        Scores::new(self.machine.both(x).1.mapv(|value| value as f32))
    }

    /// The class the machine names for each row of `x`, whoever decides.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn machine(&self, x: &Matrix) -> Vec<usize> {
        self.machine.both(x).0
    }

    /// The rows of `x` on which the most probable class is not the machine's.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn disagreements(&self, x: &Matrix) -> Vec<usize> {
        let (machine, probabilities) = self.machine.both(x);
        let probable = Scores::new(probabilities.mapv(|value| value as f32)).predicted();
        (0..machine.len()).filter(|&row| machine[row] != probable[row]).collect()
    }
}

impl Predict<Matrix> for CalibratedModel {
    fn scores(&self, x: &Matrix) -> Scores {
        let (machine, probabilities) = self.machine.both(x);
        let mut scores = probabilities.mapv(|value| value as f32);
        if self.decide == Decide::Machine {
            let probable = Scores::new(scores.clone()).predicted();
            for (mut row, (&machine, probable)) in
                scores.rows_mut().into_iter().zip(machine.iter().zip(probable))
            {
                row.swap(machine, probable);
                // Equal numbers would leave the decision to the order of the classes.
                if row.iter().take(machine).any(|&other| other == row[machine]) {
                    row[machine] = row[machine].next_up();
                }
            }
        }
        Scores::new(scores)
    }

    fn disputed(&self, x: &Matrix) -> Option<usize> {
        Some(self.disagreements(x).len())
    }

    /// That of the machine; a fold or a calibration that stopped early counts as the limit.
    fn summary(&self) -> FitSummary {
        let summary = self.machine.summary();
        let convergence = match summary.convergence {
            Convergence::Converged { iterations } if self.cut_short => {
                Convergence::LimitReached { iterations }
            }
            Convergence::Direct if self.cut_short => Convergence::LimitReached { iterations: 0 },
            other => other,
        };
        FitSummary { convergence, ..summary }
    }
}
