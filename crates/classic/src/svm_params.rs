//! Settings of a support vector machine.

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName};
use crate::svm_parts::MultiClass;
use crate::weights::ClassWeight;
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
        self.kernel.with(gamma, self.degree, self.coef0)
    }
}
