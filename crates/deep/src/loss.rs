//! Losses: what a network's outputs for a batch are worth.
//!
//! The last layer puts out numbers `z`; an objective says what they mean, `y`, and how bad it is
//! when `t` was wanted:
//!
//! ```text
//!                        y[k]                           loss of one row
//! squared error          z[k]                           1/2 sum over k of (y[k] - t[k])^2
//! binary cross-entropy   1 / (1 + exp(-z[k]))           - sum over k of t[k] log y[k]
//!                                                           + (1 - t[k]) log (1 - y[k])
//! cross-entropy          exp(z[k]) / sum of exp(z[j])   - sum over k of t[k] log y[k]
//! ```
//!
//! In each row of this table the gradient is the same: `dloss/dz[k] = y[k] - t[k]` (for the last
//! one, if the `t[k]` of a row sum to 1).
//!
//! Source: C. Bishop, "Pattern Recognition and Machine Learning", 2006, sections 5.2 and 4.3.6.

mod binary_cross_entropy;
mod softmax_cross_entropy;
mod squared_error;

pub(crate) use binary_cross_entropy::{sigmoid, softplus};
pub use softmax_cross_entropy::softmax;

use crate::real::Real;
use base::ParamError;
use serde::{Deserialize, Serialize};

/// What a network's outputs for a batch are worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Sum of the losses of all rows. Not finite if an output is NaN or infinite.
    pub sum: f64,
    /// Rows whose wanted class has the largest output (the first, if several have). With one
    /// output, rows with that output on the right side of 1/2.
    pub right: usize,
}

/// What a network should have put out for a batch.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a, R> {
    /// The class of each row: 1 for that output, 0 for the others.
    Classes(&'a [usize]),
    /// A number for each output, shape `(n, outputs)`.
    Values(&'a [R]),
}

impl<R> Target<'_, R> {
    /// Rows, given the number of outputs.
    pub fn rows(&self, columns: usize) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.len() / columns.max(1),
        }
    }
}

/// What outputs mean, and how bad they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Objective {
    /// Outputs are the values themselves: regression.
    SquaredError {},
    /// Each output is the log-odds of something that is so or is not.
    BinaryCrossEntropy {},
    /// Outputs are the logarithms, up to a constant, of probabilities that sum to 1.
    CrossEntropy {
        /// The share of each wanted probability that is spread evenly over all classes, 0 to 1
        /// (C. Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7).
        #[serde(default)]
        label_smoothing: f64,
    },
}

impl Default for Objective {
    fn default() -> Self {
        Self::CrossEntropy { label_smoothing: 0.0 }
    }
}

impl Objective {
    /// Turns outputs `z`, shape `(n, columns)`, into what they mean, in place.
    ///
    /// ```
    /// let mut z = [0.0_f64, 1000.0, -1000.0];
    /// deep::Objective::BinaryCrossEntropy {}.meaning(&mut z, 3);
    /// assert_eq!(z, [0.5, 1.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If `columns` is 0.
    pub fn meaning<R: Real>(self, z: &mut [R], columns: usize) {
        match self {
            Self::SquaredError {} => {}
            Self::BinaryCrossEntropy {} => binary_cross_entropy::sigmoids(z),
            Self::CrossEntropy { .. } => softmax(z, columns),
        }
    }

    /// The loss of outputs `z`, shape `(n, columns)`, and the gradient of the **mean** loss over
    /// the batch with respect to `z`.
    ///
    /// # Panics
    /// If the lengths of `z`, `target` and `gradient` do not fit together, or a class is out of
    /// range.
    pub fn loss<R: Real>(
        self,
        z: &[R],
        columns: usize,
        target: Target<'_, R>,
        gradient: &mut [R],
    ) -> Loss {
        let n = target.rows(columns);
        assert_eq!(z.len(), n * columns, "one row of outputs per target");
        gradient.copy_from_slice(z);
        self.meaning(gradient, columns.max(1));
        let share = R::of(1.0 / n.max(1) as f64);
        let mut loss = Loss { sum: 0.0, right: 0 };
        if let Target::Classes(classes) = target {
            assert!(classes.iter().all(|&class| class < columns), "a class per output");
        }
        let rows = z.chunks_exact(columns.max(1)).zip(gradient.chunks_exact_mut(columns.max(1)));
        for (row, (z, gradient)) in rows.enumerate() {
            loss.right += usize::from(is_right(self, z, |k| target.at(row, k, columns)));
            let wanted = |k| self.smooth(target.at(row, k, columns), columns);
            let of_row = match self {
                Self::SquaredError {} => squared_error::of_row(z, wanted),
                Self::BinaryCrossEntropy {} => binary_cross_entropy::of_row(z, wanted),
                Self::CrossEntropy { .. } => softmax_cross_entropy::of_row(z, wanted),
            };
            loss.sum += of_row.as_f64();
            for (k, gradient) in gradient.iter_mut().enumerate() {
                *gradient = (*gradient - wanted(k)) * share;
            }
        }
        loss
    }

    /// A target after the share of label smoothing was spread over all `columns` classes.
    fn smooth<R: Real>(self, wanted: R, columns: usize) -> R {
        match self {
            Self::CrossEntropy { label_smoothing } if label_smoothing > 0.0 => {
                let (kept, spread) = (1.0 - label_smoothing, label_smoothing / columns as f64);
                R::of(kept) * wanted + R::of(spread)
            }
            _ => wanted,
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn check(self) -> Result<(), ParamError> {
        match self {
            Self::CrossEntropy { label_smoothing: share } if !(0.0..=1.0).contains(&share) => {
                Err(ParamError::new("label_smoothing", share, "between 0 and 1"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Real> Target<'_, R> {
    /// What is wanted of output `k` in a row.
    fn at(&self, row: usize, k: usize, columns: usize) -> R {
        match self {
            Self::Classes(classes) if classes[row] == k => R::one(),
            Self::Classes(_) => R::zero(),
            Self::Values(values) => values[row * columns + k],
        }
    }
}

fn first_largest<R: Real>(values: impl Iterator<Item = R> + Clone) -> Option<usize> {
    let largest = values.clone().fold(R::neg_infinity(), R::max);
    values.into_iter().position(|value| value == largest)
}

fn is_right<R: Real>(objective: Objective, z: &[R], wanted: impl Fn(usize) -> R) -> bool {
    let half = R::of(0.5);
    match z {
        [z] => {
            let at_half = if objective == (Objective::SquaredError {}) { half } else { R::zero() };
            (*z > at_half) == (wanted(0) > half)
        }
        // NaN is never right.
        _ => first_largest(z.iter().copied())
            .is_some_and(|class| Some(class) == first_largest((0..z.len()).map(&wanted))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::normal;

    const OBJECTIVES: [Objective; 4] = [
        Objective::SquaredError {},
        Objective::BinaryCrossEntropy {},
        Objective::CrossEntropy { label_smoothing: 0.0 },
        Objective::CrossEntropy { label_smoothing: 0.2 },
    ];

    #[test]
    fn gradients_equal_central_differences() {
        const H: f64 = 1e-5;
        let z = normal(12, 8);
        // Rows that sum to 1, as cross-entropy needs.
        let mut values = normal(12, 9);
        softmax(&mut values, 4);
        for target in [Target::Classes(&[3, 0, 1]), Target::Values(&values)] {
            for objective in OBJECTIVES {
                let mut gradient = [0.0; 12];
                objective.loss(&z, 4, target, &mut gradient);
                for i in 0..12 {
                    let mean_loss = |by: f64| {
                        let mut z = z.clone();
                        z[i] += by;
                        objective.loss(&z, 4, target, &mut [0.0; 12]).sum / 3.0
                    };
                    let difference = (mean_loss(H) - mean_loss(-H)) / (2.0 * H);
                    let error = (gradient[i] - difference).abs();
                    assert!(error < 1e-9, "{objective:?}: {} {difference}", gradient[i]);
                }
            }
        }
    }

    #[test]
    fn large_outputs_do_not_overflow_and_failures_show() {
        let mut gradient = [0.0_f32; 2];
        let cross_entropy = Objective::default();
        let loss = cross_entropy.loss(&[3e38, -3e38], 2, Target::Classes(&[0]), &mut gradient);
        assert_eq!((loss, gradient), (Loss { sum: 0.0, right: 1 }, [0.0, 0.0]));
        let loss = cross_entropy.loss(&[200.0, 0.0], 2, Target::Classes(&[1]), &mut gradient);
        assert_eq!((loss, gradient), (Loss { sum: 200.0, right: 0 }, [1.0, -1.0]));
        let binary = Objective::BinaryCrossEntropy {};
        let loss = binary.loss(&[200.0, -1e38], 2, Target::Values(&[0.0, 0.0]), &mut gradient);
        assert_eq!((loss.sum, gradient), (200.0, [1.0, 0.0]));
        for objective in OBJECTIVES {
            for failure in [f32::NAN, f32::INFINITY] {
                let target = Target::Classes(&[1]);
                let loss = objective.loss(&[failure, 0.0], 2, target, &mut gradient);
                assert!(!loss.sum.is_finite(), "{objective:?} {failure}");
            }
        }
    }

    #[test]
    fn one_output_is_right_on_the_side_of_its_target() {
        let right = |objective: Objective, z: f64, t: f64| {
            objective.loss(&[z], 1, Target::Values(&[t]), &mut [0.0]).right
        };
        let binary = Objective::BinaryCrossEntropy {};
        assert_eq!((right(binary, 0.1, 1.0), right(binary, 0.1, 0.0)), (1, 0));
        let squared = Objective::SquaredError {};
        assert_eq!((right(squared, 0.1, 0.0), right(squared, 0.1, 1.0)), (1, 0));
    }
}
