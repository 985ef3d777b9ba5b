//! The confusion matrix, and what follows from it.
//!
//! 0/0 counts as 0, as in scikit-learn with `zero_division=0`, and [`ClassMetrics::note`] says so.
//! Macro F1 is the mean of the F1 of each class, not the F1 of mean precision and mean recall; the
//! two differ (J. Opitz, S. Burst, "Macro F1 and macro F1", arXiv:1911.03347, 2019; M. Sokolova,
//! G. Lapalme, Information Processing and Management 45:427-437, 2009). Reference:
//! `sklearn.metrics`.

use crate::statistics::Undefined;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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
    /// Predictions of this class.
    pub predicted: u64,
}

/// Why a number of a class stands on nothing and counts as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClassNote {
    /// No image was said to be of the class.
    #[error("never predicted: its precision counts as 0")]
    NeverPredicted,
    /// No image is of the class.
    #[error("not among the test images: its recall counts as 0")]
    Absent,
    /// Neither.
    #[error("neither among the test images nor predicted: all its numbers count as 0")]
    Unseen,
}

impl ClassMetrics {
    /// What a reader must know about these numbers, if anything.
    pub fn note(&self) -> Option<ClassNote> {
        match (self.support, self.predicted) {
            (0, 0) => Some(ClassNote::Unseen),
            (0, _) => Some(ClassNote::Absent),
            (_, 0) => Some(ClassNote::NeverPredicted),
            _ => None,
        }
    }
}

/// How the numbers of the classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Every class weighs the same, also those that never occur.
    Macro,
    /// A class weighs as much as it has images.
    Weighted,
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

    /// Balanced accuracy on a scale where guessing is 0 and perfection 1.
    ///
    /// # Errors
    /// If fewer than two classes occur in the truth, where guessing is perfect.
    pub fn balanced_accuracy_adjusted(&self) -> Result<f64, Undefined> {
        let classes = self.per_class().iter().filter(|class| class.support > 0).count();
        if classes < 2 {
            let what = "classes among the test images";
            return Err(Undefined::TooFew { what, needed: 2, found: classes });
        }
        let chance = 1.0 / classes as f64;
        Ok((self.balanced_accuracy() - chance) / (1.0 - chance))
    }

    /// Mean F1 of all classes, also of those that never occur (their F1 is 0); 0 without any.
    pub fn macro_f1(&self) -> f64 {
        self.f1(Average::Macro)
    }

    /// Mean precision of the classes.
    pub fn precision(&self, average: Average) -> f64 {
        self.average(average, |class| class.precision)
    }

    /// Mean recall of the classes.
    pub fn recall(&self, average: Average) -> f64 {
        self.average(average, |class| class.recall)
    }

    /// Mean F1 of the classes. The micro average, over images rather than classes, is
    /// [`Self::accuracy`], as those of precision and recall are: every image has one class and one
    /// prediction.
    pub fn f1(&self, average: Average) -> f64 {
        self.average(average, |class| class.f1)
    }

    fn average(&self, average: Average, value: impl Fn(&ClassMetrics) -> f64) -> f64 {
        let classes = self.per_class();
        match average {
            Average::Macro => mean(classes.iter().map(value)),
            Average::Weighted => {
                let sum: f64 = classes.iter().map(|c| c.support as f64 * value(c)).sum();
                sum / self.total().max(1) as f64
            }
        }
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
                predicted,
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
            for (name, value) in all(&confusion) {
                assert_eq!(value, 0.0, "{name}");
            }
            assert!(confusion.balanced_accuracy_adjusted().is_err());
        }
    }

    #[test]
    fn numbers_that_stand_on_nothing_have_a_note() {
        let classes = Confusion::new(&[0, 0, 1], &[0, 2, 0], 4).per_class();
        let notes: Vec<Option<ClassNote>> = classes.iter().map(ClassMetrics::note).collect();
        use ClassNote::{Absent, NeverPredicted, Unseen};
        assert_eq!(notes, [None, Some(NeverPredicted), Some(Absent), Some(Unseen)]);
    }

    fn all(confusion: &Confusion) -> [(&'static str, f64); 8] {
        use Average::{Macro, Weighted};
        [
            ("accuracy", confusion.accuracy()),
            ("balanced accuracy", confusion.balanced_accuracy()),
            ("macro precision", confusion.precision(Macro)),
            ("macro recall", confusion.recall(Macro)),
            ("macro F1", confusion.f1(Macro)),
            ("weighted precision", confusion.precision(Weighted)),
            ("weighted recall", confusion.recall(Weighted)),
            ("weighted F1", confusion.f1(Weighted)),
        ]
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
            for ((name, before), (_, after)) in all(&before).into_iter().zip(all(&after)) {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&before));
                prop_assert!((before - after).abs() < 1e-12, "{name}");
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
