//! What a refitted model says of corrupted test images: `corrupted/<aa>/<trial id>.json`.

use crate::robustness::Errors;
use crate::statistics::Undefined;
use crate::store::{RunDirectory, StoreError, read_json_if_there};
use serde::{Deserialize, Serialize};

/// Predictions of one trial's model, by corruption and severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrupted {
    /// Id of the trial whose model it is.
    pub trial: String,
    /// Corruptions in the order of the report, severities ascending.
    pub conditions: Vec<Condition>,
}

/// Predictions under one corruption of one severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Name of the corruption.
    pub corruption: String,
    /// 1 to 5.
    pub severity: usize,
    /// Class ids predicted, in the order of the test rows, with blanks between them.
    pub predicted: String,
}

impl Condition {
    /// Takes the class predicted for each test row.
    pub fn new(corruption: &str, severity: usize, predicted: &[usize]) -> Self {
        let words: Vec<String> = predicted.iter().map(ToString::to_string).collect();
        Self { corruption: corruption.to_owned(), severity, predicted: words.join(" ") }
    }

    /// Share of the test images classified wrongly; `None` if the record does not hold one class
    /// for each of them.
    pub fn error(&self, truth: &[usize]) -> Option<f64> {
        let words = self.predicted.split_ascii_whitespace();
        let predicted: Vec<usize> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        if predicted.len() != truth.len() || truth.is_empty() {
            return None;
        }
        let wrong = predicted.iter().zip(truth).filter(|(a, b)| a != b).count();
        Some(wrong as f64 / truth.len() as f64)
    }
}

impl Corrupted {
    /// Names of the corruptions, in their order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.conditions.iter().map(|c| c.corruption.as_str()).collect();
        names.dedup();
        names
    }

    /// Error rates by corruption and severity, beside `clean`, that of the images as they are.
    ///
    /// # Errors
    /// If the record does not fit the truth, or has no corruption.
    pub fn errors(&self, clean: f64, truth: &[usize]) -> Result<Errors, Undefined> {
        let mut all: Vec<(&str, Vec<f64>)> = Vec::new();
        for condition in &self.conditions {
            let words = condition.predicted.split_ascii_whitespace().count();
            let error = condition.error(truth).ok_or(Undefined::Length {
                what: "predictions",
                expected: truth.len(),
                found: words,
            })?;
            match all.last_mut() {
                Some((name, errors)) if *name == condition.corruption => errors.push(error),
                _ => all.push((&condition.corruption, vec![error])),
            }
        }
        Errors::new(clean, all.into_iter().map(|(_, errors)| errors).collect())
    }
}

/// Where the record of a trial lies below the run directory.
///
/// # Panics
/// If the id is shorter than two characters, which none is.
pub fn path(id: &str) -> String {
    format!("corrupted/{}/{id}.json", &id[..2])
}

/// The record of a trial; `None` if there is none.
///
/// # Errors
/// If it cannot be read.
pub fn read(directory: &RunDirectory, id: &str) -> Result<Option<Corrupted>, StoreError> {
    read_json_if_there(&directory.root().join(path(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_rates_come_back_by_corruption_and_severity() {
        let condition =
            |name, severity, predicted: &[usize]| Condition::new(name, severity, predicted);
        let record = Corrupted {
            trial: "ab".to_owned(),
            conditions: vec![
                condition("blur", 1, &[0, 1, 1, 1]),
                condition("blur", 2, &[1, 1, 1, 1]),
                condition("noise", 1, &[0, 0, 1, 1]),
                condition("noise", 2, &[0, 0, 0, 1]),
            ],
        };
        assert_eq!(record.names(), ["blur", "noise"]);
        let errors = record.errors(0.0, &[0, 0, 1, 1]).unwrap();
        assert_eq!(errors.corrupted, [[0.25, 0.5], [0.0, 0.25]]);
        assert!(record.errors(0.0, &[0, 0, 1]).is_err());
        let odd = Condition { predicted: "0 x".to_owned(), ..condition("blur", 1, &[]) };
        assert_eq!(odd.error(&[0, 0]), None);
    }
}
