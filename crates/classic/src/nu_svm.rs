//! The nu-support vector machine: instead of a penalty, the share of rows that may lie inside the
//! margins is given.
//!
//! `nu` is an upper bound on the share of rows inside the margins or on the wrong side, and a lower
//! bound on the share of support vectors, of each pair of classes.
//!
//! Source: B. Schoelkopf, A. Smola, R. Williamson, P. Bartlett, "New support vector algorithms",
//! Neural Computation 12(5):1207-1245, 2000, in LIBSVM's form (scikit-learn's `NuSVC`). Departures:
//! those of [`crate::Svm`]; no weights; and classes without a margin between them are an error,
//! where LIBSVM divides by a number near 0 without a word.

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName, Points};
use crate::smo::{KernelRows, Machine, Memory, Rule, Solution, Stop};
use crate::svm_model::SvmModel;
use crate::svm_params::SvmParams;
use crate::svm_parts::MultiClass;
use crate::svm_problem::{
    Block, Frame, Sorted, Source, SvmInput, Task, by_class, checked_kernel, gamma_of, tasks,
    with_source,
};
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use serde::{Deserialize, Serialize};

/// Settings of [`NuSvm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NuSvmParams {
    /// Above 0 and at most 1; with unbalanced classes at most twice the share of the smaller one.
    pub nu: f64,
    /// As [`SvmParams::kernel`].
    pub kernel: KernelName,
    /// As [`SvmParams::gamma`].
    pub gamma: Gamma,
    /// As [`SvmParams::degree`].
    pub degree: u16,
    /// As [`SvmParams::coef0`].
    pub coef0: f64,
    /// As [`SvmParams::tolerance`].
    pub tolerance: f64,
    /// As [`SvmParams::max_iterations`].
    pub max_iterations: u64,
    /// As [`SvmParams::memory_limit_bytes`].
    pub memory_limit_bytes: u64,
}

impl Default for NuSvmParams {
    fn default() -> Self {
        let SvmParams {
            kernel,
            gamma,
            degree,
            coef0,
            tolerance,
            max_iterations,
            memory_limit_bytes,
            ..
        } = SvmParams::default();
        Self {
            nu: 0.5,
            kernel,
            gamma,
            degree,
            coef0,
            tolerance,
            max_iterations,
            memory_limit_bytes,
        }
    }
}

/// A nu-support vector machine that can be trained, one class against another. Checked when it is
/// made.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{NuSvm, NuSvmParams};
/// let x = ndarray::array![[0.0], [0.1], [1.0], [1.1]];
/// let y = Labels::new(vec![0, 0, 1, 1], &["low".to_owned(), "high".to_owned()]).unwrap();
/// let svm = NuSvm::new(&NuSvmParams { nu: 0.5, ..NuSvmParams::default() }).unwrap();
/// let model = svm.fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.2], [0.9]]).predicted(), [0, 1]);
/// ```
#[derive(Debug, Clone)]
pub struct NuSvm {
    nu: f64,
    params: SvmParams,
}

impl NuSvm {
    /// # Errors
    /// If a setting is out of range, also one that the chosen kernel does not use.
    pub fn new(params: &NuSvmParams) -> Result<Self, ParamError> {
        let nu = params.nu;
        if !(nu > 0.0 && nu <= 1.0) {
            return Err(ParamError::new("nu", nu, "above 0 and at most 1"));
        }
        let params = SvmParams {
            kernel: params.kernel,
            gamma: params.gamma,
            degree: params.degree,
            coef0: params.coef0,
            tolerance: params.tolerance,
            max_iterations: params.max_iterations,
            memory_limit_bytes: params.memory_limit_bytes,
            ..SvmParams::default()
        };
        params.check()?;
        Ok(Self { nu, params })
    }

    /// Like [`Fit::fit`], for those who want the pairs, objectives and decision values too.
    ///
    /// # Errors
    /// As [`crate::Svm::train`]; if `nu` is too large for a pair of classes; and if there is no
    /// margin between one, as between equal rows: decisions are measured in units of it.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<SvmModel, FitError> {
        check::training_rows(x, y)?;
        let gamma = gamma_of(self.params.kernel, self.params.gamma, x);
        let kernel = checked_kernel(self.params.kernel_with(gamma), x)?;
        let (order, blocks) = by_class(y, 0..x.nrows());
        let tasks = tasks(MultiClass::OneVsOne, &blocks);
        self.check_feasible(&blocks)?;
        let frame =
            Frame { kernel, blocks: &blocks, features: x.ncols(), class_count: y.class_count() };
        if kernel == Kernel::Precomputed {
            let size = (order.len(), order.len());
            let gram = Matrix::from_shape_fn(size, |(a, b)| x[[order[a], order[b]]]);
            let memory = Memory::new(self.params.memory_limit_bytes);
            let solved = self.solve(Source::Gram(gram.view()), &memory, &tasks);
            self.check_margins(&blocks, &tasks, &solved)?;
            return Ok(frame.assemble(&Sorted::Places(&order), &tasks, &solved));
        }
        let points = Points::pick(x.view(), &order);
        let limit = self.params.memory_limit_bytes;
        let solved = with_source(kernel, &points, limit, |source, memory| {
            self.solve(source, memory, &tasks)
        });
        self.check_margins(&blocks, &tasks, &solved)?;
        Ok(frame.assemble(&Sorted::Points(&points), &tasks, &solved))
    }

    fn check_feasible(&self, blocks: &[Block]) -> Result<(), SvmInput> {
        for (first, a) in blocks.iter().enumerate() {
            for b in &blocks[first + 1..] {
                let (rows, others) = (a.rows.len(), b.rows.len());
                let most = 2.0 * rows.min(others) as f64 / (rows + others) as f64;
                if self.nu > most {
                    let (a, b, nu) = (a.class, b.class, self.nu);
                    return Err(SvmInput::Infeasible {
                        nu,
                        a,
                        b,
                        first: rows,
                        second: others,
                        most,
                    });
                }
            }
        }
        Ok(())
    }

    /// Offsets are known to half the tolerance, and so is the margin between two of them. A solver
    /// that gave up is told by the model.
    fn check_margins(
        &self,
        blocks: &[Block],
        tasks: &[Task],
        solved: &[Solution],
    ) -> Result<(), SvmInput> {
        let (nu, tolerance) = (self.nu, self.params.tolerance);
        for (task, &Solution { margin, converged, .. }) in tasks.iter().zip(solved) {
            if converged && margin <= tolerance {
                let (first, second) = task.classes;
                let second = second.expect("boundaries are between two classes");
                let (a, b) = (blocks[first].class, blocks[second].class);
                return Err(SvmInput::NoMargin { nu, a, b, margin, tolerance });
            }
        }
        Ok(())
    }

    fn solve(&self, source: Source<'_>, memory: &Memory, tasks: &[Task]) -> Vec<Solution> {
        let SvmParams { tolerance, max_iterations, .. } = self.params;
        let stop = Stop { tolerance, max_iterations };
        source.solve(tasks, |task: &Task, rows: &dyn KernelRows| {
            let mut machine = Machine::new(rows, Rule::Nu, task.positive, memory);
            let mut state = machine.state(start(self.nu, task.positive, rows.len()));
            machine.run(&mut state, &vec![1.0; rows.len()], stop)
        })
    }
}

/// LIBSVM's start: the first rows of each sign get the coefficient 1, until each sign has half of
/// `nu` times the number of rows.
fn start(nu: f64, positive: usize, n: usize) -> Vec<f64> {
    let mut beta = vec![0.0; n];
    for (range, sign) in [(0..positive, 1.0), (positive..n, -1.0)] {
        let mut left = nu * n as f64 / 2.0;
        for t in range {
            let alpha = left.min(1.0);
            beta[t] = sign * alpha;
            left -= alpha;
        }
    }
    beta
}

impl Fit<Matrix> for NuSvm {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, labels};

    fn nu_svm(nu: f64) -> NuSvm {
        NuSvm::new(&NuSvmParams { nu, ..Default::default() }).expect("valid settings")
    }

    #[test]
    fn keeps_the_contract() {
        let (x, y) = clouds(3, 12);
        eval::contract::check(&nu_svm(0.3), &x, &y);
    }

    #[test]
    fn nu_that_is_out_of_range_or_too_large_for_the_classes_is_named() {
        for nu in [0.0, 1.5, f64::NAN] {
            let params = NuSvmParams { nu, ..Default::default() };
            assert_eq!(NuSvm::new(&params).unwrap_err().name, "nu");
        }
        let x = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
        let error = nu_svm(0.6).train(&x, &labels(vec![0, 1, 1, 1], 2)).unwrap_err();
        assert!(error.to_string().contains("at most 0.5"), "{error}");
    }

    /// By hand: of equal rows every boundary is the same, and the margin is 0. Of rows 0.001 apart
    /// under the Gaussian with gamma 1 and `nu` = 1 all four coefficients are 1, and the kernel
    /// values differ by 1e-6: the margin is 2e-6.
    #[test]
    fn classes_without_a_margin_between_them_are_named() {
        let y = labels(vec![0, 2, 0, 2], 3);
        let equal = Matrix::from_elem((4, 2), 0.5);
        let close = ndarray::array![[0.0], [0.001], [0.0], [0.001]];
        for (x, nu) in [(&equal, 0.5), (&close, 1.0)] {
            let params = NuSvmParams { nu, gamma: Gamma::Value(1.0), ..Default::default() };
            let error = NuSvm::new(&params).unwrap().train(x, &y).unwrap_err().to_string();
            assert!(error.contains("no margin between classes 0 and 2"), "{error}");
        }
        // A tolerance that can tell it.
        let params = NuSvmParams { nu: 1.0, gamma: Gamma::Value(1.0), ..Default::default() };
        let finer = NuSvm::new(&NuSvmParams { tolerance: 1e-8, ..params }).unwrap();
        let model = finer.train(&close, &y).unwrap();
        assert_eq!(model.scores(&close).predicted(), y.ids());
    }

    #[test]
    fn a_solver_that_gave_up_is_told_by_the_model() {
        let (x, y) = clouds(3, 20);
        let params = NuSvmParams { nu: 0.5, max_iterations: 1, ..Default::default() };
        let model = NuSvm::new(&params).unwrap().train(&x, &y).unwrap();
        assert!(model.fits().iter().any(|fit| !fit.converged));
    }

    /// What `nu` stands for.
    #[test]
    fn nu_bounds_the_share_of_support_vectors_from_below() {
        let (x, y) = clouds(2, 50);
        for nu in [0.2, 0.5, 0.8] {
            let model = nu_svm(nu).train(&x, &y).unwrap();
            assert!(model.support_vectors() as f64 >= nu * 100.0 - 1e-9, "{nu}");
        }
    }
}
