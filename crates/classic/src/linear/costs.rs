//! What an error costs, by class and by row.

use base::{FitError, Labels};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How much the rows of each class weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeight {
    /// Every row weighs 1, so large classes weigh more.
    #[default]
    Equal,
    /// The rows of each class weigh as much together as those of any other: a row of a class with
    /// `m` of `n` rows in `k` classes weighs `n / (k m)`.
    Balanced,
}

/// Row weights that cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SampleWeightError {
    /// Another number of weights than of rows.
    #[error("there are {weights} sample weights for {rows} rows; there must be one per row")]
    Count {
        /// Weights given.
        weights: usize,
        /// Rows given.
        rows: usize,
    },
    /// A weight that is no number, below 0, or so large that sums of them may overflow.
    #[error("the sample weight of row {row} is {weight}, but must be a number from 0 to 3.4e38")]
    Range {
        /// Row of the weight.
        row: usize,
        /// The weight itself.
        weight: f64,
    },
}

/// Weights of rows and classes, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Costs {
    /// Of each row, at least 0; rows of weight 0 do not exist for a solver.
    pub(crate) rows: Vec<f64>,
    /// Factor of each class on its rows, by class id; 0 for those without rows.
    pub(crate) classes: Vec<f64>,
    /// Ids of the classes that have rows of positive weight, two at least.
    pub(crate) present: Vec<usize>,
}

impl Costs {
    /// `sample_weights` has one number per row, or is missing: then every row has 1.
    ///
    /// # Errors
    /// If the weights are not one per row, each from 0 to the largest of 32 bits, or fewer than two classes have
    /// rows that count.
    pub(crate) fn new(
        y: &Labels,
        class_weight: ClassWeight,
        sample_weights: Option<&[f64]>,
    ) -> Result<Self, FitError> {
        let rows = match sample_weights {
            Some(weights) => checked(weights, y.len()).map_err(|error| FitError::Library {
                what: "sample weights",
                source: Box::new(error),
            })?,
            None => vec![1.0; y.len()],
        };
        let mut sums = vec![0.0; y.class_count()];
        for (&class, &weight) in y.ids().iter().zip(&rows) {
            sums[class] += weight;
        }
        let present: Vec<usize> = (0..sums.len()).filter(|&class| sums[class] > 0.0).collect();
        if present.len() < 2 {
            return Err(FitError::TooFewClasses { found: present.len() });
        }
        let share = sums.iter().sum::<f64>() / present.len() as f64;
        let mut classes = vec![0.0; y.class_count()];
        for &class in &present {
            classes[class] = match class_weight {
                ClassWeight::Equal => 1.0,
                ClassWeight::Balanced => share / sums[class],
            };
        }
        Ok(Self { rows, classes, present })
    }

    /// The weight of every row, with that of its class.
    pub(crate) fn by_row(&self, y: &Labels) -> Vec<f64> {
        self.rows.iter().zip(y.ids()).map(|(row, &class)| row * self.classes[class]).collect()
    }
}

fn checked(weights: &[f64], rows: usize) -> Result<Vec<f64>, SampleWeightError> {
    if weights.len() != rows {
        return Err(SampleWeightError::Count { weights: weights.len(), rows });
    }
    let allowed = 0.0..=f64::from(f32::MAX);
    match weights.iter().position(|weight| !allowed.contains(weight)) {
        Some(row) => Err(SampleWeightError::Range { row, weight: weights[row] }),
        None => Ok(weights.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;

    #[test]
    fn balanced_classes_weigh_the_same_and_all_rows_as_much_as_before() {
        let y = labels(vec![0, 0, 0, 2, 2, 3], 4);
        let costs = Costs::new(&y, ClassWeight::Balanced, None).unwrap();
        assert_eq!(costs.present, [0, 2, 3]);
        assert_eq!(costs.classes, [2.0 / 3.0, 0.0, 1.0, 2.0]);
        assert!((costs.by_row(&y).iter().sum::<f64>() - 6.0).abs() < 1e-15);
    }

    #[test]
    fn bad_weights_are_named() {
        let y = labels(vec![0, 1], 2);
        let error = |weights: &[f64]| {
            Costs::new(&y, ClassWeight::Equal, Some(weights)).unwrap_err().to_string()
        };
        assert!(error(&[1.0]).contains("1 sample weights for 2 rows"), "{}", error(&[1.0]));
        for bad in [-1.0, f64::NAN, f64::INFINITY, f64::MAX] {
            assert!(error(&[1.0, bad]).contains("of row 1 is"), "{}", error(&[1.0, bad]));
        }
        assert!(error(&[0.0, 1.0]).contains("1 class(es)"), "{}", error(&[0.0, 1.0]));
    }
}
