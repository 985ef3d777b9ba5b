//! What a trained model says about each sample.

use crate::rows::contiguous;
use ndarray::{Array2, ArrayView2};

/// One score per sample and class, shape `(n, classes)`; the highest in a row is the prediction.
///
/// Scores of different models are on different scales: votes, margins or probabilities.
///
/// ```
/// let scores = base::Scores::new(ndarray::array![[0.1, 0.9], [0.5, 0.5]]);
/// // Equal scores: the first class.
/// assert_eq!(scores.predicted(), [1, 0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores(Array2<f32>);

impl Scores {
    /// Takes scores of shape `(n, classes)`.
    pub fn new(scores: Array2<f32>) -> Self {
        Self(contiguous(scores))
    }

    /// The scores, shape `(n, classes)`, contiguous by sample.
    pub fn view(&self) -> ArrayView2<'_, f32> {
        self.0.view()
    }

    /// The class of the highest score for each sample; the first of equal ones.
    pub fn predicted(&self) -> Vec<usize> {
        self.0.rows().into_iter().map(|row| first_largest(row.iter().copied())).collect()
    }
}

/// Index of the largest value, the first of equal ones; NaN never wins; 0 if there is none.
fn first_largest(values: impl Iterator<Item = f32>) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value > best.1 {
            best = (index, value);
        }
    }
    best.0
}
