//! What rows and classes weigh in training.

use base::{FitError, Labels, ParamError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the penalty `c` is multiplied by for the rows of each class.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "ClassWeightText", into = "ClassWeightText")]
pub enum ClassWeight {
    /// `"equal"`: 1.
    #[default]
    Equal,
    /// `"balanced"`: rows / (classes x rows of the class), counting classes that have rows, as in
    /// scikit-learn.
    Balanced,
    /// One positive number per class, by class id, each at most the largest of 32 bits.
    PerClass(Vec<f64>),
}

const EXPECTED: &str = "\"equal\", \"balanced\" or a list of positive numbers up to 3.4e38";

impl ClassWeight {
    pub(crate) fn check(&self) -> Result<(), ParamError> {
        let Self::PerClass(weights) = self else { return Ok(()) };
        // As for weights of rows: products with those and with `c` stay finite.
        let wrong = |weight: &&f64| !(**weight > 0.0 && **weight <= f64::from(f32::MAX));
        match weights.iter().find(wrong) {
            Some(weight) => Err(ParamError::new("class_weight", weight, EXPECTED)),
            None if weights.is_empty() => Err(ParamError::new("class_weight", "[]", EXPECTED)),
            None => Ok(()),
        }
    }

    /// The number for each class of these training rows.
    ///
    /// # Errors
    /// If numbers are given, but not one per class.
    pub(crate) fn of_labels(&self, y: &Labels) -> Result<Vec<f64>, ParamError> {
        let counts: Vec<f64> = y.counts().into_iter().map(|count| count as f64).collect();
        self.of_classes(&counts)
    }

    /// The number for each class, given the training rows of each, or the sum of their weights.
    ///
    /// # Errors
    /// If numbers are given, but not one per class.
    pub(crate) fn of_classes(&self, sums: &[f64]) -> Result<Vec<f64>, ParamError> {
        match self {
            Self::Equal => Ok(vec![1.0; sums.len()]),
            Self::Balanced => {
                let present = sums.iter().filter(|&&sum| sum > 0.0).count();
                let share = sums.iter().sum::<f64>() / present as f64;
                Ok(sums.iter().map(|&sum| if sum > 0.0 { share / sum } else { 1.0 }).collect())
            }
            Self::PerClass(weights) if weights.len() == sums.len() => Ok(weights.clone()),
            Self::PerClass(weights) => {
                let value = format!("{} number(s) for {} classes", weights.len(), sums.len());
                Err(ParamError::new("class_weight", value, "one number per class"))
            }
        }
    }
}

/// What [`ClassWeight`] looks like in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ClassWeightText {
    PerClass(Vec<f64>),
    Rule(String),
}

impl TryFrom<ClassWeightText> for ClassWeight {
    type Error = ParamError;

    fn try_from(text: ClassWeightText) -> Result<Self, ParamError> {
        match text {
            ClassWeightText::PerClass(weights) => Ok(Self::PerClass(weights)),
            ClassWeightText::Rule(rule) if rule == "equal" => Ok(Self::Equal),
            ClassWeightText::Rule(rule) if rule == "balanced" => Ok(Self::Balanced),
            ClassWeightText::Rule(rule) => Err(ParamError::new("class_weight", rule, EXPECTED)),
        }
    }
}

impl From<ClassWeight> for ClassWeightText {
    fn from(weight: ClassWeight) -> Self {
        match weight {
            ClassWeight::Equal => Self::Rule("equal".to_owned()),
            ClassWeight::Balanced => Self::Rule("balanced".to_owned()),
            ClassWeight::PerClass(weights) => Self::PerClass(weights),
        }
    }
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

impl From<SampleWeightError> for FitError {
    fn from(source: SampleWeightError) -> Self {
        Self::Library { what: "sample weights", source: Box::new(source) }
    }
}

/// Refuses weights that are not one per row, each from 0 to the largest of 32 bits.
pub(crate) fn check_sample_weights(weights: &[f64], rows: usize) -> Result<(), SampleWeightError> {
    if weights.len() != rows {
        return Err(SampleWeightError::Count { weights: weights.len(), rows });
    }
    let allowed = 0.0..=f64::from(f32::MAX);
    match weights.iter().position(|weight| !allowed.contains(weight)) {
        Some(row) => Err(SampleWeightError::Range { row, weight: weights[row] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_weights_are_a_word_or_a_list_in_files() {
        for (text, weight) in [
            ("\"equal\"", ClassWeight::Equal),
            ("\"balanced\"", ClassWeight::Balanced),
            ("[1.0,2.5]", ClassWeight::PerClass(vec![1.0, 2.5])),
        ] {
            assert_eq!(serde_json::from_str::<ClassWeight>(text).unwrap(), weight);
            assert_eq!(serde_json::to_string(&weight).unwrap(), text);
        }
        let wrong = serde_json::from_str::<ClassWeight>("\"fair\"").unwrap_err().to_string();
        assert!(wrong.contains("`class_weight` is fair"), "{wrong}");
    }

    #[test]
    fn balanced_classes_weigh_the_same() {
        let weights = ClassWeight::Balanced.of_classes(&[10.0, 0.0, 30.0]).unwrap();
        assert_eq!((weights[0] * 10.0, weights[2] * 30.0), (20.0, 20.0));
        let error = ClassWeight::PerClass(vec![1.0]).of_classes(&[5.0, 5.0]).unwrap_err();
        assert_eq!(error.name, "class_weight");
    }
}
