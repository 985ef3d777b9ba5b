//! What metrics are worked out from: the truth and a model's scores.

use super::calibration::{Binning, Reliability, first_largest};
use super::confusion::Confusion;
use super::ranking::check_rows;
use crate::statistics::Undefined;
use ndarray::{Array2, ArrayView2};

/// A row of probabilities may miss the sum 1 by this: 32-bit numbers, some thousand classes.
const ROUNDING: f64 = 1e-4;

/// What the scores of a model are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreKind {
    /// Votes, margins or logits: the highest is the prediction, and that is all.
    Decision,
    /// Probabilities: not negative, and of sum 1 for each image.
    Probability,
}

impl ScoreKind {
    /// What scores of shape `(images, classes)` can be: probabilities if every row is.
    pub fn of(scores: ArrayView2<'_, f64>) -> Self {
        let is_probability = scores.rows().into_iter().all(|row| {
            row.iter().all(|score| (0.0..=1.0).contains(score))
                && (row.sum() - 1.0).abs() <= ROUNDING
        });
        if is_probability && scores.nrows() > 0 { Self::Probability } else { Self::Decision }
    }
}

/// The truth, the scores of a model, and what was predicted.
///
/// ```
/// use eval::metric::{Evidence, METRICS, ScoreKind};
/// let scores = ndarray::array![[0.9, 0.1], [0.6, 0.4]];
/// let evidence = Evidence::new(&[0, 1], scores, None).unwrap();
/// assert_eq!(evidence.kind(), ScoreKind::Probability);
/// assert_eq!(METRICS[0].of(&evidence), Some(Ok(0.5)));
/// ```
#[derive(Debug, Clone)]
pub struct Evidence {
    truth: Vec<usize>,
    scores: Array2<f64>,
    kind: ScoreKind,
    confusion: Confusion,
}

impl Evidence {
    /// From class ids and scores of shape `(images, classes)`; without a `kind`, the scores are
    /// looked at ([`ScoreKind::of`]).
    ///
    /// # Errors
    /// If there is not one row of finite scores per truth, with a column for each class; or if
    /// they are said to be probabilities and are not.
    pub fn new(
        truth: &[usize],
        scores: Array2<f64>,
        kind: Option<ScoreKind>,
    ) -> Result<Self, Undefined> {
        check_rows(truth, scores.view())?;
        let seen = ScoreKind::of(scores.view());
        let kind = kind.unwrap_or(seen);
        if kind == ScoreKind::Probability && seen != kind && !truth.is_empty() {
            let of = |row: ndarray::ArrayView1<'_, f64>| row.sum();
            let farthest = |a: f64, b: f64| if (b - 1.0).abs() > (a - 1.0).abs() { b } else { a };
            let value = scores.rows().into_iter().map(of).fold(1.0, farthest);
            let (name, expected) = ("sum of probabilities", "1, of numbers in [0, 1]");
            return Err(Undefined::OutOfRange { name, value, expected });
        }
        let predicted: Vec<usize> = scores.rows().into_iter().map(first_largest).collect();
        let confusion = Confusion::new(truth, &predicted, scores.ncols());
        Ok(Self { truth: truth.to_vec(), scores, kind, confusion })
    }

    /// True class ids.
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// The scores, shape `(images, classes)`.
    pub fn scores(&self) -> ArrayView2<'_, f64> {
        self.scores.view()
    }

    /// What they are.
    pub fn kind(&self) -> ScoreKind {
        self.kind
    }

    /// Truth against prediction, which is the first of the highest scores.
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// The reliability diagram of the predictions.
    ///
    /// # Errors
    /// Without images, or if the scores are not in [0, 1].
    pub fn reliability(&self, binning: Binning) -> Result<Reliability, Undefined> {
        Reliability::of_predictions(&self.truth, self.scores(), binning)
    }
}
