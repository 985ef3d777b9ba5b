//! What an error costs, by class and by row.

use crate::weights::{ClassWeight, check_sample_weights};
use base::{FitError, Labels};

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
        class_weight: &ClassWeight,
        sample_weights: Option<&[f64]>,
    ) -> Result<Self, FitError> {
        let rows = match sample_weights {
            Some(weights) => {
                check_sample_weights(weights, y.len())?;
                weights.to_vec()
            }
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
        let mut classes = class_weight.of_classes(&sums).map_err(|error| FitError::Library {
            what: "class weights",
            source: Box::new(error),
        })?;
        classes.iter_mut().zip(&sums).for_each(|(weight, &sum)| *weight *= f64::from(sum > 0.0));
        Ok(Self { rows, classes, present })
    }

    /// The weight of every row, with that of its class.
    pub(crate) fn by_row(&self, y: &Labels) -> Vec<f64> {
        self.rows.iter().zip(y.ids()).map(|(row, &class)| row * self.classes[class]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;

    #[test]
    fn balanced_classes_weigh_the_same_and_all_rows_as_much_as_before() {
        let y = labels(vec![0, 0, 0, 2, 2, 3], 4);
        let costs = Costs::new(&y, &ClassWeight::Balanced, None).unwrap();
        assert_eq!(costs.present, [0, 2, 3]);
        assert_eq!(costs.classes, [2.0 / 3.0, 0.0, 1.0, 2.0]);
        assert!((costs.by_row(&y).iter().sum::<f64>() - 6.0).abs() < 1e-15);
    }

    #[test]
    fn bad_weights_are_named() {
        let y = labels(vec![0, 1], 2);
        let error = |weights: &[f64]| {
            Costs::new(&y, &ClassWeight::Equal, Some(weights)).unwrap_err().to_string()
        };
        assert!(error(&[1.0]).contains("1 sample weights for 2 rows"), "{}", error(&[1.0]));
        for bad in [-1.0, f64::NAN, f64::INFINITY, f64::MAX] {
            assert!(error(&[1.0, bad]).contains("of row 1 is"), "{}", error(&[1.0, bad]));
        }
        assert!(error(&[0.0, 1.0]).contains("1 class(es)"), "{}", error(&[0.0, 1.0]));
    }
}
