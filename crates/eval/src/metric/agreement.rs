//! Agreement of truth and prediction beyond chance.
//!
//! Sources: J. Cohen, Educational and Psychological Measurement 20:37-46, 1960, and Psychological
//! Bulletin 70:213-220, 1968 (weights); J. Gorodkin, Computational Biology and Chemistry
//! 28:367-374, 2004 (Matthews's coefficient for several classes). Reference: `sklearn.metrics`.

use super::Confusion;
use crate::statistics::Undefined;

/// How much worse a confusion of classes is that lie farther apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// All confusions are the same; for classes without an order.
    None,
    /// By the distance of the class ids.
    Linear,
    /// By its square.
    Quadratic,
}

impl Confusion {
    /// Cohen's kappa: 1 is perfect, 0 what truth and prediction would agree by chance.
    ///
    /// ```
    /// use eval::metric::{Confusion, Weights};
    /// let confusion = Confusion::new(&[0, 0, 1, 1], &[0, 0, 1, 0], 2);
    /// // Agreement is 3/4, by chance it would be 1/2.
    /// assert_eq!(confusion.kappa(Weights::None), Ok(0.5));
    /// ```
    ///
    /// # Errors
    /// If truth and prediction are the same single class, or there are none: chance is perfect.
    pub fn kappa(&self, weights: Weights) -> Result<f64, Undefined> {
        let (truth, predicted) = self.marginals();
        let total = self.total() as f64;
        let (mut observed, mut expected) = (0.0, 0.0);
        for (row, counts) in self.counts().iter().enumerate() {
            for (column, &count) in counts.iter().enumerate() {
                let distance = row.abs_diff(column) as f64;
                let weight = match weights {
                    Weights::None => f64::from(distance > 0.0),
                    Weights::Linear => distance,
                    Weights::Quadratic => distance * distance,
                };
                observed += weight * count as f64;
                expected += weight * truth[row] * predicted[column] / total.max(1.0);
            }
        }
        if expected == 0.0 {
            return Err(Undefined::NoVariance("truths and predictions"));
        }
        Ok(1.0 - observed / expected)
    }

    /// Matthews's correlation coefficient of truth and prediction, in [-1, 1]; 0 where either is
    /// always the same class, which tells nothing.
    pub fn mcc(&self) -> f64 {
        let (truth, predicted) = self.marginals();
        let total = self.total() as f64;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let covariance = total * self.right() as f64 - dot(&truth, &predicted);
        let variances =
            (total * total - dot(&truth, &truth)) * (total * total - dot(&predicted, &predicted));
        if variances == 0.0 { 0.0 } else { covariance / variances.sqrt() }
    }

    /// Images and predictions of each class.
    fn marginals(&self) -> (Vec<f64>, Vec<f64>) {
        let classes = self.per_class();
        let truth = classes.iter().map(|class| class.support as f64).collect();
        (truth, classes.iter().map(|class| class.predicted as f64).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_everywhere_is_no_agreement_beyond_chance() {
        let same = Confusion::new(&[1, 1, 1], &[1, 1, 1], 3);
        for weights in [Weights::None, Weights::Linear, Weights::Quadratic] {
            assert!(same.kappa(weights).is_err());
            assert_eq!(Confusion::new(&[0, 1, 2], &[1, 1, 1], 3).mcc(), 0.0);
        }
        assert_eq!(same.mcc(), 0.0);
        assert!(Confusion::new(&[], &[], 2).kappa(Weights::None).is_err());
        assert_eq!(Confusion::new(&[0, 1], &[1, 0], 2).mcc(), -1.0);
    }
}
