//! How good predictions are, all worked out from the confusion matrix.
//!
//! 0/0 counts as 0, as in scikit-learn with `zero_division=0`. Macro F1 is the mean of the F1 of
//! each class, not the F1 of mean precision and mean recall; the two differ (J. Opitz, S. Burst,
//! "Macro F1 and macro F1", arXiv:1911.03347, 2019). Reference: `sklearn.metrics`.
//!
//! Not here yet: what needs scores rather than predictions (AUC, log-loss, calibration).

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A number by which predictions are judged, between 0 (worst) and 1.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name in files.
    pub id: &'static str,
    /// Name in the report.
    pub title: &'static str,
    /// What it means, for readers who do not know it.
    pub description: &'static str,
    /// Works it out.
    pub compute: fn(&Confusion) -> f64,
}

/// All metrics, in the order of the report.
pub const METRICS: &[Metric] = &[
    Metric {
        id: "accuracy",
        title: "Accuracy",
        description: "Share of images whose class was predicted right.",
        compute: Confusion::accuracy,
    },
    Metric {
        id: "balanced_accuracy",
        title: "Balanced accuracy",
        description: "Share predicted right within each class, averaged over the classes: \
                      a rare class weighs as much as a common one.",
        compute: Confusion::balanced_accuracy,
    },
    Metric {
        id: "macro_f1",
        title: "Macro F1",
        description: "Mean over the classes of F1, which is high only if most images of the \
                      class are found and most images said to be of it are.",
        compute: Confusion::macro_f1,
    },
];

/// How often each class was predicted as each class: row = truth, column = prediction.
///
/// ```
/// let confusion = eval::metric::Confusion::new(&[0, 0, 0, 1], &[0, 0, 1, 1], 2);
/// assert_eq!(confusion.counts(), [[2, 1], [0, 1]]);
/// assert_eq!(confusion.accuracy(), 0.75);
/// // 2 of 3 and 1 of 1.
/// assert!((confusion.balanced_accuracy() - 5.0 / 6.0).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<u64>>", into = "Vec<Vec<u64>>")]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

/// A stored confusion matrix that has not as many columns as rows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("row {row} of the confusion matrix has {columns} columns, but there are {rows} rows")]
pub struct NotSquare {
    /// The first offending row.
    pub row: usize,
    /// Its columns.
    pub columns: usize,
    /// Rows of the matrix.
    pub rows: usize,
}

/// How well one class was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// Share of the predictions of this class that are right, in [0, 1].
    pub precision: f64,
    /// Share of the images of this class that were found, in [0, 1].
    pub recall: f64,
    /// Harmonic mean of precision and recall, in [0, 1].
    pub f1: f64,
    /// Images of this class.
    pub support: u64,
}

impl Confusion {
    /// Counts class ids, each below `classes`.
    ///
    /// # Panics
    /// If there is not one prediction per truth, or an id is not below `classes`.
    pub fn new(truth: &[usize], predicted: &[usize], classes: usize) -> Self {
        assert_eq!(truth.len(), predicted.len(), "one prediction per truth");
        let mut counts = vec![vec![0; classes]; classes];
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            counts[truth][predicted] += 1;
        }
        Self { counts }
    }

    /// `counts()[truth][prediction]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Predictions made.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Predictions that are right.
    pub fn right(&self) -> u64 {
        self.counts.iter().enumerate().map(|(id, row)| row[id]).sum()
    }

    /// Share of predictions that are right; 0 without any.
    pub fn accuracy(&self) -> f64 {
        share(self.right(), self.total())
    }

    /// Mean recall of the classes that occur in the truth; 0 without any.
    pub fn balanced_accuracy(&self) -> f64 {
        mean(self.per_class().iter().filter(|class| class.support > 0).map(|class| class.recall))
    }

    /// Mean F1 of all classes, also of those that never occur (their F1 is 0); 0 without any.
    pub fn macro_f1(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.f1))
    }

    /// Precision, recall, F1 and support of every class, by class id.
    pub fn per_class(&self) -> Vec<ClassMetrics> {
        let of_class = |id: usize| {
            let right = self.counts[id][id];
            let support = self.counts[id].iter().sum();
            let predicted: u64 = self.counts.iter().map(|row| row[id]).sum();
            ClassMetrics {
                precision: share(right, predicted),
                recall: share(right, support),
                f1: share(2 * right, support + predicted),
                support,
            }
        };
        (0..self.counts.len()).map(of_class).collect()
    }
}

impl TryFrom<Vec<Vec<u64>>> for Confusion {
    type Error = NotSquare;

    fn try_from(counts: Vec<Vec<u64>>) -> Result<Self, NotSquare> {
        let rows = counts.len();
        match counts.iter().position(|row| row.len() != rows) {
            Some(row) => Err(NotSquare { row, columns: counts[row].len(), rows }),
            None => Ok(Self { counts }),
        }
    }
}

impl From<Confusion> for Vec<Vec<u64>> {
    fn from(confusion: Confusion) -> Self {
        confusion.counts
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, n), value| (sum + value, n + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_predicted_is_0_not_nan() {
        for confusion in [Confusion::new(&[], &[], 0), Confusion::new(&[], &[], 3)] {
            for metric in METRICS {
                assert_eq!((metric.compute)(&confusion), 0.0, "{}", metric.id);
            }
        }
    }

    #[test]
    fn stored_matrices_must_be_square() {
        let confusion = Confusion::new(&[0, 1, 1], &[0, 0, 1], 2);
        let json = serde_json::to_string(&confusion).unwrap();
        assert_eq!(json, "[[1,0],[1,1]]");
        assert_eq!(serde_json::from_str::<Confusion>(&json).unwrap(), confusion);
        let error = serde_json::from_str::<Confusion>("[[1,0],[1]]").unwrap_err();
        assert!(error.to_string().contains("row 1 of the confusion matrix has 1 columns"));
    }

    fn predictions() -> impl Strategy<Value = Vec<(usize, usize)>> {
        prop::collection::vec((0..4_usize, 0..4_usize), 1..60)
    }

    proptest! {
        /// Renaming the classes changes no metric beyond rounding.
        #[test]
        fn metrics_do_not_depend_on_class_ids(pairs in predictions(), shift in 0..4_usize) {
            let (truth, predicted): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let renamed = |ids: &[usize]| ids.iter().map(|id| (id + shift) % 4).collect::<Vec<_>>();
            let before = Confusion::new(&truth, &predicted, 4);
            let after = Confusion::new(&renamed(&truth), &renamed(&predicted), 4);
            for metric in METRICS {
                let (before, after) = ((metric.compute)(&before), (metric.compute)(&after));
                prop_assert!((0.0..=1.0 + 1e-12).contains(&before));
                prop_assert!((before - after).abs() < 1e-12, "{}", metric.id);
            }
        }

        #[test]
        fn counts_add_up(pairs in predictions()) {
            let (truth, predicted): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let confusion = Confusion::new(&truth, &predicted, 4);
            prop_assert_eq!(confusion.total(), pairs.len() as u64);
            let right = pairs.iter().filter(|(truth, predicted)| truth == predicted).count();
            prop_assert_eq!(confusion.right(), right as u64);
            let support: u64 = confusion.per_class().iter().map(|class| class.support).sum();
            prop_assert_eq!(support, confusion.total());
        }
    }
}
