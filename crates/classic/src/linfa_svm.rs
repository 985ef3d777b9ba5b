//! The support vector machine of `linfa-svm` 0.8.1 behind this suite's traits: a rival by other
//! hands, to cross-check [`crate::Svm`] with.
//!
//! It is slow beside ours (64 bits, one kernel value at a time, a new Gram matrix per class), so
//! the number of rows is limited. What had to be known to use it well, read from its source:
//!
//! - The Gaussian kernel is `exp(-|x - y|^2 / eps)`, though its docs leave the square out; so
//!   `eps = 1 / gamma`.
//! - The polynomial kernel has no `gamma`; the rows are multiplied by its square root instead.
//! - Shrinking can panic once it starts, after at most 1,000 steps; it is switched off.
//! - It knows two classes only. Here each class is trained against all others, so its decisions
//!   equal those of a one-against-one machine for two classes only.
//! - It gives up after 10 million steps and that cannot be changed. How it ended is only told by
//!   its text form; that is read, and [`Convergence::Unknown`] reported should the words change.
//! - It does not ask whether values are finite or both classes have rows; here both are seen to.

use crate::check;
use crate::kernel::{Gamma, KernelName};
use base::{
    Convergence, Fit, FitError, FitSummary, Labels, Matrix, ParamError, Predict, Scores, Seed,
};
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_svm::{Svm as LinfaModel, SvmError};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings of [`LinfaSvm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinfaSvmParams {
    /// `linear`, `polynomial` or `rbf` (the default).
    pub kernel: KernelName,
    /// Penalty of a row on the wrong side of its margin, positive.
    pub c: f64,
    /// Factor inside the kernels other than the linear: `"scale"`, `"auto"` or a positive number.
    pub gamma: Gamma,
    /// Exponent of the polynomial kernel, at least 1.
    pub degree: u16,
    /// Added to the inner product in the polynomial kernel.
    pub coef0: f64,
    /// Rows above which the fit is refused, at least 1. Each class takes 8 bytes x rows x rows
    /// while it is trained.
    pub max_rows: usize,
}

impl Default for LinfaSvmParams {
    fn default() -> Self {
        Self {
            kernel: KernelName::Rbf,
            c: 1.0,
            gamma: Gamma::Scale,
            degree: 3,
            coef0: 0.0,
            max_rows: 3000,
        }
    }
}

/// The library's machine, one class against the others. Checked when it is made.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{LinfaSvm, LinfaSvmParams};
/// let x = ndarray::array![[0.0], [0.1], [1.0], [1.1]];
/// let y = Labels::new(vec![0, 0, 1, 1], &["low".to_owned(), "high".to_owned()]).unwrap();
/// let svm = LinfaSvm::new(&LinfaSvmParams::default()).unwrap();
/// let model = svm.fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.9]]).predicted(), [1]);
/// ```
#[derive(Debug, Clone)]
pub struct LinfaSvm {
    params: LinfaSvmParams,
}

impl LinfaSvm {
    /// # Errors
    /// If a setting is out of range, or the library lacks the kernel.
    pub fn new(params: &LinfaSvmParams) -> Result<Self, ParamError> {
        let possible = "linear, polynomial or rbf with linfa-svm";
        let refused = match params.kernel {
            KernelName::Linear | KernelName::Polynomial | KernelName::Rbf => None,
            KernelName::Sigmoid => Some("sigmoid"),
            KernelName::Precomputed => Some("precomputed"),
            KernelName::HistogramIntersection => Some("histogram_intersection"),
            KernelName::ChiSquare => Some("chi_square"),
        };
        if let Some(kernel) = refused {
            return Err(ParamError::new("kernel", kernel, possible));
        }
        check::positive("c", params.c)?;
        params.gamma.check()?;
        check::at_least_one("degree", params.degree)?;
        check::finite("coef0", params.coef0)?;
        if params.max_rows == 0 {
            return Err(ParamError::new("max_rows", params.max_rows, "at least 1"));
        }
        Ok(Self { params: params.clone() })
    }

    /// Trains class `class` against all others.
    fn one_against_rest(
        &self,
        x: &Array2<f64>,
        y: &Labels,
        class: usize,
        gamma: f64,
    ) -> Result<LinfaModel<f64, bool>, FitError> {
        let LinfaSvmParams { kernel, c, degree, coef0, .. } = self.params;
        let params =
            LinfaModel::<f64, bool>::params().pos_neg_weights(c, c).eps(1e-3).shrinking(false);
        let params = match kernel {
            KernelName::Polynomial => params.polynomial_kernel(coef0, degree.into()),
            KernelName::Rbf => params.gaussian_kernel(1.0 / gamma),
            // `new` has refused all others.
            _ => params.linear_kernel(),
        };
        let targets: Array1<bool> = y.ids().iter().map(|&id| id == class).collect();
        let rows = DatasetBase::new(x.view(), targets.view());
        params.fit(&rows).map_err(|source: SvmError| library(source))
    }
}

impl Fit<Matrix> for LinfaSvm {
    /// The seed is not used: nothing is random. Classes are trained in parallel.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        check::training_rows(x, y)?;
        let LinfaSvmParams { kernel, max_rows, coef0, degree, .. } = self.params;
        if x.nrows() > max_rows {
            let what = "linfa-svm with this `max_rows`";
            return Err(FitError::TooManyRows { what, rows: x.nrows(), max: max_rows });
        }
        let gamma = self.params.gamma.value(x);
        let row_factor = if kernel == KernelName::Polynomial { gamma.sqrt() } else { 1.0 };
        let x = x.mapv(|value| f64::from(value) * row_factor);
        if kernel == KernelName::Polynomial {
            let square = x.rows().into_iter().map(|row| row.dot(&row)).fold(0.0, f64::max);
            // Squares of kernel values must be finite too.
            let bound = (square + coef0.abs()).powi(i32::from(degree));
            if !(bound * bound).is_finite() {
                return Err(library(PolynomialOverflow { bound }));
            }
        }
        let counts = y.counts();
        let present: Vec<usize> = (0..y.class_count()).filter(|&class| counts[class] > 0).collect();
        let train = |&class: &usize| Ok((class, self.one_against_rest(&x, y, class, gamma)?));
        let machines = present.par_iter().map(train).collect::<Result<Vec<_>, FitError>>()?;
        let (features, class_count) = (x.ncols(), y.class_count());
        Ok(Box::new(LinfaSvmModel { machines, kernel, row_factor, features, class_count }))
    }
}

/// The numbers of the polynomial kernel do not fit into 64 bits.
#[derive(Debug, Error)]
#[error(
    "values of the polynomial kernel between the training rows can reach {bound}; standardise the \
     features, or choose a smaller `gamma` or `degree`"
)]
struct PolynomialOverflow {
    bound: f64,
}

fn library(source: impl std::error::Error + Send + Sync + 'static) -> FitError {
    FitError::Library { what: "linfa-svm", source: Box::new(source) }
}

struct LinfaSvmModel {
    /// Class id and its machine against all others.
    machines: Vec<(usize, LinfaModel<f64, bool>)>,
    kernel: KernelName,
    row_factor: f64,
    features: usize,
    class_count: usize,
}

impl Predict<Matrix> for LinfaSvmModel {
    /// The decision value of each class against the rest; classes without a training row get less
    /// than the lowest of them.
    fn scores(&self, x: &Matrix) -> Scores {
        assert_eq!(x.ncols(), self.features, "as many features as in training");
        let x = x.mapv(|value| f64::from(value) * self.row_factor);
        let mut scores = Array2::zeros((x.nrows(), self.class_count));
        let rows: Vec<_> = x.outer_iter().zip(scores.rows_mut()).collect();
        rows.into_par_iter().for_each(|(row, mut out)| {
            let decide = |(class, machine): &(usize, LinfaModel<f64, bool>)| {
                (*class, check::bounded(machine.weighted_sum(&row) - machine.rho))
            };
            let known: Vec<(usize, f64)> = self.machines.iter().map(decide).collect();
            let lowest = known.iter().map(|&(_, decision)| decision).fold(0.0, f64::min);
            out.fill(check::bounded(lowest - 1.0) as f32);
            for (class, decision) in known {
                out[class] = decision as f32;
            }
        });
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        let numbers = |machine: &LinfaModel<f64, bool>| match self.kernel {
            KernelName::Linear => self.features + 1,
            _ => machine.nsupport() * (self.features + 1) + 1,
        };
        let numbers: usize = self.machines.iter().map(|(_, machine)| numbers(machine)).sum();
        let ends = self.machines.iter().map(|(_, machine)| Ending::read(&machine.to_string()));
        let convergence = match ends.collect::<Option<Vec<Ending>>>() {
            None => Convergence::Unknown,
            Some(ends) => {
                let iterations = ends.iter().map(|end| end.iterations).sum();
                if ends.iter().all(|end| end.converged) {
                    Convergence::Converged { iterations }
                } else {
                    Convergence::LimitReached { iterations }
                }
            }
        };
        FitSummary { convergence, model_bytes: 8 * numbers as u64, curve: Vec::new() }
    }
}

/// How the library's solver ended.
#[derive(Debug, PartialEq)]
struct Ending {
    converged: bool,
    iterations: u64,
}

impl Ending {
    /// Reads "Exited after 12 iterations with ..." or "Reached maximal iterations 12 with ...".
    fn read(text: &str) -> Option<Self> {
        let (converged, rest) = match text.strip_prefix("Exited after ") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("Reached maximal iterations ")?),
        };
        let iterations = rest.split(' ').next()?.parse().ok()?;
        Some(Self { converged, iterations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};

    fn linfa(params: &LinfaSvmParams) -> LinfaSvm {
        LinfaSvm::new(params).expect("valid settings")
    }

    #[test]
    fn keeps_the_contract_with_every_kernel_it_has() {
        let (x, y) = clouds(3, 12);
        for kernel in [KernelName::Linear, KernelName::Polynomial, KernelName::Rbf] {
            let params = LinfaSvmParams { kernel, c: 10.0, ..Default::default() };
            eval::contract::check(&linfa(&params), &x, &y);
        }
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let base = LinfaSvmParams::default;
        for (params, name) in [
            (LinfaSvmParams { kernel: KernelName::Sigmoid, ..base() }, "kernel"),
            (LinfaSvmParams { kernel: KernelName::ChiSquare, ..base() }, "kernel"),
            (LinfaSvmParams { c: -1.0, ..base() }, "c"),
            (LinfaSvmParams { gamma: Gamma::Value(0.0), ..base() }, "gamma"),
            (LinfaSvmParams { degree: 0, ..base() }, "degree"),
            (LinfaSvmParams { coef0: f64::INFINITY, ..base() }, "coef0"),
            (LinfaSvmParams { max_rows: 0, ..base() }, "max_rows"),
        ] {
            assert_eq!(LinfaSvm::new(&params).unwrap_err().name, name);
        }
    }

    #[test]
    fn more_rows_than_allowed_and_huge_kernel_values_are_refused() {
        let (x, y) = clouds(2, 5);
        let few = linfa(&LinfaSvmParams { max_rows: 9, ..Default::default() });
        let error = few.fit(&x, &y, Seed(1)).err().unwrap();
        assert!(matches!(error, FitError::TooManyRows { rows: 10, max: 9, .. }), "{error}");
        let kernel = KernelName::Polynomial;
        let params = LinfaSvmParams { kernel, gamma: Gamma::Value(1.0), ..Default::default() };
        let error = linfa(&params).fit(&(x * 1e30), &y, Seed(1)).err().unwrap();
        assert!(error.to_string().contains("standardise"), "{error}");
    }

    #[test]
    fn classes_without_rows_single_rows_and_equal_rows_work() {
        let x = ndarray::array![[0.0], [0.2], [2.0], [4.0], [4.2], [4.2], [0.0]];
        let y = labels(vec![0, 0, 1, 3, 3, 0, 3], 5);
        for kernel in [KernelName::Linear, KernelName::Polynomial, KernelName::Rbf] {
            let recipe = linfa(&LinfaSvmParams { kernel, ..Default::default() });
            let scores = recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x);
            assert!(scores.view().iter().all(|score| score.is_finite()), "{kernel:?}");
            assert!(scores.predicted().iter().all(|class| ![2, 4].contains(class)), "{kernel:?}");
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y) = clouds(4, 20);
        let scores = || linfa(&Default::default()).fit(&x, &y, Seed(1)).unwrap().scores(&x);
        assert_eq!(in_threads(1, scores), in_threads(2, scores));
    }

    #[test]
    fn the_end_of_the_solver_is_read_from_its_words() {
        let (x, y) = clouds(2, 10);
        let summary = linfa(&Default::default()).fit(&x, &y, Seed(1)).unwrap().summary();
        assert!(matches!(summary.convergence, Convergence::Converged { iterations: 1.. }));
        let limit = Ending::read("Reached maximal iterations 10000000 with obj = 1");
        assert_eq!(limit, Some(Ending { converged: false, iterations: 10_000_000 }));
        assert_eq!(Ending::read("Stopped"), None);
    }
}
