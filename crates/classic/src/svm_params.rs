//! Settings of a support vector machine.

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName};
use crate::svm_parts::MultiClass;
use base::ParamError;
use serde::{Deserialize, Serialize};

/// Settings of [`crate::Svm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SvmParams {
    /// `linear`, `polynomial`, `rbf` (the default), `sigmoid`, `precomputed`,
    /// `histogram_intersection` or `chi_square`.
    pub kernel: KernelName,
    /// Penalty of a row on the wrong side of its margin, positive.
    pub c: f64,
    /// Factor inside the kernels that have one: `"scale"`, `"auto"`, `"median"` or a positive
    /// number.
    pub gamma: Gamma,
    /// Exponent of the polynomial kernel, at least 1.
    pub degree: u16,
    /// Added to the inner product in the polynomial and the sigmoid kernel.
    pub coef0: f64,
    /// What `c` is multiplied by for the rows of each class: `"equal"`, `"balanced"` or a list
    /// with one positive number per class.
    pub class_weight: ClassWeight,
    /// `one_vs_one` (the default) or `one_vs_rest`.
    pub multi_class: MultiClass,
    /// Largest violation of the optimality conditions that is left, positive.
    pub tolerance: f64,
    /// Steps of the solver per boundary, at least 1. LIBSVM's limit is 10 million or more.
    pub max_iterations: u64,
    /// Bytes that kernel values may take in training, whatever the number of rows. Those that
    /// do not fit are worked out again when they are needed. A few hundred kilobytes per thread
    /// come on top.
    pub memory_limit_bytes: u64,
}

impl Default for SvmParams {
    fn default() -> Self {
        Self {
            kernel: KernelName::Rbf,
            c: 1.0,
            gamma: Gamma::Scale,
            degree: 3,
            coef0: 0.0,
            class_weight: ClassWeight::Equal,
            multi_class: MultiClass::OneVsOne,
            tolerance: 1e-3,
            max_iterations: 10_000_000,
            memory_limit_bytes: 1 << 29,
        }
    }
}

impl SvmParams {
    pub(crate) fn check(&self) -> Result<(), ParamError> {
        check::positive("c", self.c)?;
        self.gamma.check()?;
        check::at_least_one("degree", self.degree)?;
        check::finite("coef0", self.coef0)?;
        self.class_weight.check()?;
        check::positive("tolerance", self.tolerance)?;
        check::at_least_one("max_iterations", self.max_iterations)?;
        check::at_least_one("memory_limit_bytes", self.memory_limit_bytes)?;
        Ok(())
    }

    /// The kernel with its numbers.
    pub(crate) fn kernel_with(&self, gamma: f64) -> Kernel {
        let (gamma, coef0, degree) = (gamma as f32, self.coef0 as f32, self.degree);
        match self.kernel {
            KernelName::Linear => Kernel::Linear,
            KernelName::Polynomial => Kernel::Polynomial { gamma, coef0, degree },
            KernelName::Rbf => Kernel::Rbf { gamma },
            KernelName::Sigmoid => Kernel::Sigmoid { gamma, coef0 },
            KernelName::Precomputed => Kernel::Precomputed,
            KernelName::HistogramIntersection => Kernel::HistogramIntersection,
            KernelName::ChiSquare => Kernel::ChiSquare { gamma },
        }
    }
}

/// What the penalty `c` is multiplied by for the rows of each class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ClassWeightText", into = "ClassWeightText")]
pub enum ClassWeight {
    /// `"equal"`: 1.
    Equal,
    /// `"balanced"`: rows / (classes x rows of the class), counting classes that have rows, as in
    /// scikit-learn.
    Balanced,
    /// One positive number per class, by class id.
    PerClass(Vec<f64>),
}

const EXPECTED: &str = "\"equal\", \"balanced\" or a list of positive numbers";

impl ClassWeight {
    fn check(&self) -> Result<(), ParamError> {
        let Self::PerClass(weights) = self else { return Ok(()) };
        let wrong = |weight: &&f64| !(weight.is_finite() && **weight > 0.0);
        match weights.iter().find(wrong) {
            Some(weight) => Err(ParamError::new("class_weight", weight, EXPECTED)),
            None if weights.is_empty() => Err(ParamError::new("class_weight", "[]", EXPECTED)),
            None => Ok(()),
        }
    }

    /// The number for each class, given the training rows of each.
    ///
    /// # Errors
    /// If numbers are given, but not one per class.
    pub(crate) fn of_classes(&self, counts: &[usize]) -> Result<Vec<f64>, ParamError> {
        match self {
            Self::Equal => Ok(vec![1.0; counts.len()]),
            Self::Balanced => {
                let rows: usize = counts.iter().sum();
                let present = counts.iter().filter(|&&count| count > 0).count();
                let weight = |&count: &usize| rows as f64 / (present * count.max(1)) as f64;
                Ok(counts.iter().map(weight).collect())
            }
            Self::PerClass(weights) if weights.len() == counts.len() => Ok(weights.clone()),
            Self::PerClass(weights) => {
                let value = format!("{} number(s) for {} classes", weights.len(), counts.len());
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
        let weights = ClassWeight::Balanced.of_classes(&[10, 0, 30]).unwrap();
        assert_eq!((weights[0] * 10.0, weights[2] * 30.0), (20.0, 20.0));
        let error = ClassWeight::PerClass(vec![1.0]).of_classes(&[5, 5]).unwrap_err();
        assert_eq!(error.name, "class_weight");
    }
}
