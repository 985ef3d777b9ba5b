//! The trained stumps and what they say.

use super::search::Split;
use base::{Convergence, FitSummary, Matrix, Predict, Scores};
use ndarray::{Array1, ArrayView1};
use std::collections::BTreeSet;

/// A rule about one feature: one class up to a threshold, another (or the same) above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stump {
    /// Column of the matrix.
    pub feature: usize,
    /// Half-way between the two training values that it separates.
    pub threshold: f64,
    /// Class of rows whose value is at most the threshold.
    pub below: usize,
    /// Class of the other rows.
    pub above: usize,
    /// Share of the training rows it got wrong, by their weights in its round.
    pub error: f64,
    /// Weight of its word among the others; positive.
    pub vote: f64,
}

impl Stump {
    pub(super) fn new(split: Split, vote: f64) -> Self {
        let Split { feature, threshold, below, above, error } = split;
        Self { feature, threshold, below, above, error, vote }
    }

    /// The class it names for a value of its feature.
    pub fn class(&self, value: f32) -> usize {
        if f64::from(value) <= self.threshold { self.below } else { self.above }
    }
}

/// Trained [`crate::AdaBoost`].
#[derive(Debug, Clone)]
pub struct AdaBoostModel {
    pub(super) stumps: Vec<Stump>,
    pub(super) convergence: Convergence,
    /// Features in training.
    pub(super) columns: usize,
    /// Classes with a name.
    pub(super) classes: usize,
    /// Classes with a training row.
    pub(super) present: usize,
}

impl AdaBoostModel {
    /// The stumps, round by round; at least one.
    pub fn stumps(&self) -> &[Stump] {
        &self.stumps
    }

    /// Columns that a stump looks at, ascending, each once.
    pub fn features(&self) -> Vec<usize> {
        let features: BTreeSet<usize> = self.stumps.iter().map(|stump| stump.feature).collect();
        features.into_iter().collect()
    }

    /// The same model for rows that hold the columns of [`Self::features`] only, in that order.
    #[must_use]
    pub fn on_features(&self) -> Self {
        let features = self.features();
        let place = |feature| features.binary_search(&feature).expect("a stump's own feature");
        let move_to = |stump: &Stump| Stump { feature: place(stump.feature), ..*stump };
        let stumps = self.stumps.iter().map(move_to).collect();
        Self { stumps, columns: features.len(), ..*self }
    }

    /// Sum of the votes for each class, over the sum of all votes.
    fn shares(&self, row: ArrayView1<'_, f32>) -> Array1<f64> {
        let mut shares = Array1::zeros(self.classes);
        for stump in &self.stumps {
            shares[stump.class(row[stump.feature])] += stump.vote;
        }
        let all: f64 = self.stumps.iter().map(|stump| stump.vote).sum();
        // A learning rate next to 0 can make votes of 0.
        shares / all.max(f64::MIN_POSITIVE)
    }
}

impl Predict<Matrix> for AdaBoostModel {
    fn scores(&self, x: &Matrix) -> Scores {
        assert_eq!(x.ncols(), self.columns, "as many features as in training");
        let others = self.present as f64 - 1.0;
        let mut scores = ndarray::Array2::zeros((x.nrows(), self.classes));
        for (row, mut scores) in x.rows().into_iter().zip(scores.rows_mut()) {
            scores.assign(&self.shares(row).mapv(|share| (share - (1.0 - share) / others) as f32));
        }
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        let model_bytes = size_of_val(self.stumps.as_slice()) as u64;
        FitSummary { convergence: self.convergence, model_bytes, curve: Vec::new() }
    }
}
