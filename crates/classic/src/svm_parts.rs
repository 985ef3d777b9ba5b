//! What a support vector machine consists of, as plain data.

use crate::kernel::Kernel;
use crate::svm_model::{Pair, class_pairs};
use base::Matrix;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What each boundary of a machine for several classes divides. With two classes both are one
/// boundary between them, and the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MultiClass {
    /// One class from another: classes x (classes - 1) / 2 boundaries, which vote.
    OneVsOne,
    /// One class from all others: as many boundaries as classes; the highest decision wins.
    OneVsRest,
}

/// All numbers that prediction needs, in the layout of LIBSVM's model files.
#[derive(Debug, Clone, PartialEq)]
pub struct SvmParts {
    /// The kernel with its numbers.
    pub kernel: Kernel,
    /// What the boundaries divide; [`MultiClass::OneVsOne`] if there are two classes.
    pub multi_class: MultiClass,
    /// Number of classes, also of those that had no training row.
    pub class_count: usize,
    /// Ids of those that had one, each below `class_count`, at least two, in any order: the order
    /// of the blocks of `vectors` and of the boundaries.
    pub classes: Vec<usize>,
    /// Numbers per row to predict: as many as a support vector has or, if the kernel is
    /// precomputed, as there were training rows.
    pub features: usize,
    /// Support vectors of each of `classes`.
    pub vectors_per_class: Vec<usize>,
    /// The support vectors, class after class, shape `(support vectors, features)`. If the kernel
    /// is precomputed: shape `(support vectors, 1)`, the place of the training row counted from 0
    /// (LIBSVM's files count from 1), which is the column of a row to predict.
    pub vectors: Matrix,
    /// `y alpha` of the support vectors. One against one: shape
    /// `(classes - 1, support vectors)`; a support vector of the class at place `a` of `classes`
    /// has its coefficient for the boundary with the class at place `b` in row `b - 1` if `a < b`
    /// and in row `b` if `a > b`. One against rest: shape `(classes, support vectors)`.
    pub coefficients: Array2<f64>,
    /// Subtracted from the sum to get the decision value, for each boundary: (0, 1), (0, 2) ...
    /// (1, 2) ..., or one per class. A positive value speaks for the first class.
    pub rho: Vec<f64>,
}

/// Why parts do not make a machine.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PartsError {
    /// Fewer than two classes.
    #[error("the model has {found} class(es); it needs at least two")]
    TooFewClasses {
        /// Classes given.
        found: usize,
    },
    /// A class id that is out of range or given twice.
    #[error("class {id} is given twice or is not below the number of classes, {class_count}")]
    Class {
        /// The id.
        id: usize,
        /// Number of classes.
        class_count: usize,
    },
    /// Sizes that do not fit together.
    #[error("there are {found} {what}, but should be {expected}")]
    Size {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A number that cannot be: not finite, or not a place of a training row.
    #[error("`{what}` holds {value}, which it must not")]
    Value {
        /// The part.
        what: &'static str,
        /// The number.
        value: f64,
    },
}

impl SvmParts {
    pub(crate) fn check(&self) -> Result<(), PartsError> {
        let classes = self.classes.len();
        if classes < 2 {
            return Err(PartsError::TooFewClasses { found: classes });
        }
        for (place, &id) in self.classes.iter().enumerate() {
            if id >= self.class_count || self.classes[..place].contains(&id) {
                return Err(PartsError::Class { id, class_count: self.class_count });
            }
        }
        if classes == 2 && self.multi_class == MultiClass::OneVsRest {
            return Err(size("boundaries of two classes", 2, 1));
        }
        let vectors = self.vectors.nrows();
        let (rows, boundaries) = match self.multi_class {
            MultiClass::OneVsOne => (classes - 1, classes * (classes - 1) / 2),
            MultiClass::OneVsRest => (classes, classes),
        };
        let counted = self.vectors_per_class.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n));
        let columns = if self.kernel == Kernel::Precomputed { 1 } else { self.features };
        for (what, found, expected) in [
            ("counts of support vectors", self.vectors_per_class.len(), classes),
            ("support vectors of all classes", counted.unwrap_or(usize::MAX), vectors),
            ("numbers per support vector", self.vectors.ncols(), columns),
            ("rows of coefficients", self.coefficients.nrows(), rows),
            ("columns of coefficients", self.coefficients.ncols(), vectors),
            ("values of rho", self.rho.len(), boundaries),
        ] {
            if found != expected {
                return Err(size(what, found, expected));
            }
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), PartsError> {
        let (gamma, coef0) = self.kernel.numbers();
        all("gamma", [gamma].into_iter(), |gamma| gamma.is_finite() && gamma > 0.0)?;
        all("coef0", [coef0].into_iter(), f64::is_finite)?;
        all("coefficients", self.coefficients.iter().copied(), f64::is_finite)?;
        all("rho", self.rho.iter().copied(), f64::is_finite)?;
        let vectors = self.vectors.iter().map(|&value| f64::from(value));
        match self.kernel {
            Kernel::Precomputed => all("vectors", vectors, |place| {
                place >= 0.0 && place.fract() == 0.0 && place < self.features as f64
            }),
            Kernel::HistogramIntersection | Kernel::ChiSquare { .. } => {
                all("vectors", vectors, |value| value.is_finite() && value >= 0.0)
            }
            _ => all("vectors", vectors, f64::is_finite),
        }
    }

    /// The boundaries in order.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let pair = |((first, second), &rho): ((usize, Option<usize>), &f64)| Pair {
            first: self.classes[first],
            second: second.map(|second| self.classes[second]),
            rho,
        };
        match self.multi_class {
            MultiClass::OneVsOne => {
                let pairs = class_pairs(self.classes.len()).map(|(a, b)| (a, Some(b)));
                pairs.zip(&self.rho).map(pair).collect()
            }
            MultiClass::OneVsRest => (0..self.classes.len())
                .map(|class| (class, None))
                .zip(&self.rho)
                .map(pair)
                .collect(),
        }
    }
}

fn size(what: &'static str, found: usize, expected: usize) -> PartsError {
    PartsError::Size { what, found, expected }
}

/// Refuses the first value that is not right.
fn all(
    what: &'static str,
    mut values: impl Iterator<Item = f64>,
    right: impl Fn(f64) -> bool,
) -> Result<(), PartsError> {
    match values.find(|&value| !right(value)) {
        Some(value) => Err(PartsError::Value { what, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::{KernelName, Svm, SvmModel, SvmParams};
    use base::Predict;

    fn model(kernel: KernelName) -> (Matrix, SvmModel) {
        let (x, y) = clouds(3, 12);
        let svm = Svm::new(&SvmParams { kernel, ..Default::default() }).expect("valid");
        let model = svm.train(&x, &y).expect("learns");
        (x, model)
    }

    #[test]
    fn a_model_made_of_its_parts_gives_the_same_bits() {
        for kernel in [KernelName::Linear, KernelName::Rbf, KernelName::Polynomial] {
            let (x, model) = model(kernel);
            let again = SvmModel::from_parts(model.to_parts()).expect("its own parts");
            assert_eq!(again.decisions(&x), model.decisions(&x), "{kernel:?}");
            assert_eq!(again.scores(&x), model.scores(&x), "{kernel:?}");
            assert_eq!(again.to_parts(), model.to_parts(), "{kernel:?}");
            assert_eq!(again.fits(), [], "how it was trained is not known");
            // Once from the solver's own sums, once from the kernel values between the vectors.
            let norms =
                model.weight_norms().unwrap().into_iter().zip(again.weight_norms().unwrap());
            for (solved, worked_out) in norms {
                assert!((solved - worked_out).abs() < 1e-6 * solved, "{solved} {worked_out}");
            }
        }
    }

    #[test]
    fn weights_and_rho_are_the_decision() {
        let (x, model) = model(KernelName::Linear);
        let weights = model.weights().expect("the kernel is linear");
        assert_eq!(weights.dim(), (3, 4));
        let decisions = model.decisions(&x);
        for (pair, weights) in model.pairs().iter().zip(weights.rows()) {
            let at = model.pairs().iter().position(|other| other == pair).unwrap();
            for (row, &decision) in x.rows().into_iter().zip(decisions.column(at)) {
                let sum: f64 = row.iter().zip(weights).map(|(&x, w)| f64::from(x) * w).sum();
                assert!((sum - pair.rho - decision).abs() < 1e-12);
            }
            let norm = weights.dot(&weights).sqrt();
            assert!((norm - model.weight_norms().unwrap()[at]).abs() < 1e-6 * norm);
            assert!((1.0 / norm - model.margins().unwrap()[at]).abs() < 1e-6 / norm);
        }
    }

    #[test]
    fn parts_that_contradict_each_other_are_refused() {
        let (_, model) = model(KernelName::Rbf);
        let parts = model.to_parts();
        type Break = fn(&mut SvmParts);
        let broken: [(&str, Break); 9] = [
            ("class(es)", |parts| parts.classes.truncate(1)),
            ("given twice", |parts| parts.classes[1] = 0),
            ("given twice", |parts| parts.classes[1] = 3),
            ("all classes", |parts| parts.vectors_per_class[0] += 1),
            ("per support vector", |parts| parts.features += 1),
            ("values of rho", |parts| parts.rho.clear()),
            ("rows of coefficients", |parts| parts.multi_class = MultiClass::OneVsRest),
            ("`coefficients`", |parts| parts.coefficients[[1, 2]] = f64::NAN),
            ("`gamma`", |parts| parts.kernel = Kernel::Rbf { gamma: -1.0 }),
        ];
        for (word, break_it) in broken {
            let mut parts = parts.clone();
            break_it(&mut parts);
            let error = SvmModel::from_parts(parts).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
