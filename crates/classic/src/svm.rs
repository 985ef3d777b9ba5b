//! The C-support vector machine for any number of classes.
//!
//! The rows are sorted by class once, so that each boundary is between a few ranges of rows.
//! [`crate::smo`] solves the two-class problems, several at a time: up to some thousand rows on one
//! Gram matrix that they share, beyond on the kernel values that turn out to matter.
//!
//! Source: C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", ACM TIST
//! 2(3):27, 2011; settings are named and read as in scikit-learn's `SVC`. Departures: those of
//! [`crate::kernel`] and [`crate::smo`]; scores instead of a vote ([`crate::one_vs_one_scores`]).

use crate::check;
use crate::kernel::{Kernel, Points};
use crate::smo::{KernelRows, Machine, Memory, Rule, Solution, Starved, Stop};
use crate::svm_model::SvmModel;
use crate::svm_params::SvmParams;
use crate::svm_problem::{
    Frame, Sorted, Source, SvmInput, Task, by_class, checked_kernel, gamma_of, tasks, with_source,
};
use crate::weights::check_sample_weights;
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};

/// A support vector machine that can be trained. Checked when it is made.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{Svm, SvmParams};
/// let x = ndarray::array![[0.0], [0.1], [1.0], [1.1], [2.0], [2.1]];
/// let names = ["low", "middle", "high"].map(str::to_owned);
/// let y = Labels::new(vec![0, 0, 1, 1, 2, 2], &names).unwrap();
/// let svm = Svm::new(&SvmParams { c: 10.0, ..SvmParams::default() }).unwrap();
/// let model = svm.fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[2.2], [1.05]]).predicted(), [2, 1]);
/// ```
#[derive(Debug, Clone)]
pub struct Svm {
    pub(crate) params: SvmParams,
}

impl Svm {
    /// # Errors
    /// If a setting is out of range, also one that the chosen kernel does not use.
    pub fn new(params: &SvmParams) -> Result<Self, ParamError> {
        params.check()?;
        Ok(Self { params: params.clone() })
    }

    /// Like [`Fit::fit`], for those who want the pairs, objectives and decision values too.
    ///
    /// # Errors
    /// If the labels do not fit, a value is not finite or not one that the kernel is made for, a
    /// kernel value could overflow, or the class weights are not one per class.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<SvmModel, FitError> {
        check::training_rows(x, y)?;
        self.train_rows(x, y, &vec![1.0; x.nrows()])
    }

    /// As [`Self::train`], with `c` multiplied by a weight for each row. A row of weight 0 is left
    /// out, which the rules for `gamma` and the balance of classes do not know of.
    ///
    /// # Errors
    /// As [`Self::train`]; and if there is not one weight per row, a weight is negative or not
    /// finite, or fewer than two classes have rows of weight.
    pub fn train_weighted(
        &self,
        x: &Matrix,
        y: &Labels,
        weights: &[f64],
    ) -> Result<SvmModel, FitError> {
        check::training_rows(x, y)?;
        check_sample_weights(weights, x.nrows())?;
        self.train_rows(x, y, weights)
    }

    fn train_rows(&self, x: &Matrix, y: &Labels, weights: &[f64]) -> Result<SvmModel, FitError> {
        let gamma = gamma_of(self.params.kernel, self.params.gamma, x);
        let kernel = checked_kernel(self.params.kernel_with(gamma), x)?;
        let (order, blocks) = by_class(y, (0..x.nrows()).filter(|&row| weights[row] > 0.0));
        if blocks.len() < 2 {
            return Err(FitError::TooFewClasses { found: blocks.len() });
        }
        let upper = self.largest_coefficients(y, weights, &order)?;
        let tasks = tasks(self.params.multi_class, &blocks);
        let frame =
            Frame { kernel, blocks: &blocks, features: x.ncols(), class_count: y.class_count() };
        if kernel == Kernel::Precomputed {
            let size = (order.len(), order.len());
            let gram = Matrix::from_shape_fn(size, |(a, b)| x[[order[a], order[b]]]);
            let memory = Memory::new(self.params.memory_limit_bytes);
            let solved = self.solve(Source::Gram(gram.view()), &memory, &tasks, &upper);
            return Ok(frame.assemble(&Sorted::Places(&order), &tasks, &solved));
        }
        let points = Points::pick(x.view(), &order);
        let limit = self.params.memory_limit_bytes;
        let solved = with_source(kernel, &points, limit, |source, memory| {
            self.solve(source, memory, &tasks, &upper)
        });
        Ok(frame.assemble(&Sorted::Points(&points), &tasks, &solved))
    }

    /// Of each row of `order`: `c` times the weights of its class and its own.
    fn largest_coefficients(
        &self,
        y: &Labels,
        weights: &[f64],
        order: &[usize],
    ) -> Result<Vec<f64>, FitError> {
        let of_class = self.params.class_weight.of_labels(y).map_err(SvmInput::from)?;
        let upper = |&row: &usize| self.params.c * of_class[y.ids()[row]] * weights[row];
        Ok(order.iter().map(upper).collect())
    }

    fn solve(
        &self,
        source: Source<'_>,
        memory: &Memory,
        tasks: &[Task],
        upper: &[f64],
    ) -> Vec<Solution> {
        source.solve(tasks, |task: &Task, rows: &dyn KernelRows| -> Result<Solution, Starved> {
            let mut machine = Machine::new(rows, Rule::C, task.positive, memory);
            let mut state = machine.origin();
            machine.run(&mut state, &task.pick(upper), self.stop())
        })
    }

    pub(crate) fn stop(&self) -> Stop {
        let SvmParams { tolerance, max_iterations, .. } = self.params;
        Stop { tolerance, max_iterations }
    }
}

impl Fit<Matrix> for Svm {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};
    use crate::kernel::{KernelName, Points};
    use crate::{Gamma, MultiClass};
    use base::{Convergence, Rows};

    fn svm(params: &SvmParams) -> Svm {
        Svm::new(params).expect("valid settings")
    }

    #[test]
    fn keeps_the_contract_with_every_kernel() {
        let (x, y) = clouds(4, 12);
        for kernel in [
            KernelName::Linear,
            KernelName::Polynomial,
            KernelName::Rbf,
            KernelName::Sigmoid,
            KernelName::HistogramIntersection,
            KernelName::ChiSquare,
        ] {
            let recipe = svm(&SvmParams { kernel, gamma: Gamma::Value(0.2), ..Default::default() });
            eval::contract::check(&recipe, &x, &y);
        }
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let base = SvmParams::default;
        for (params, name) in [
            (SvmParams { c: 0.0, ..base() }, "c"),
            (SvmParams { c: f64::INFINITY, ..base() }, "c"),
            (SvmParams { gamma: Gamma::Value(-1.0), ..base() }, "gamma"),
            (SvmParams { degree: 0, ..base() }, "degree"),
            (SvmParams { coef0: f64::NAN, ..base() }, "coef0"),
            (SvmParams { tolerance: 0.0, ..base() }, "tolerance"),
            (SvmParams { max_iterations: 0, ..base() }, "max_iterations"),
            (SvmParams { memory_limit_bytes: 0, ..base() }, "memory_limit_bytes"),
        ] {
            assert_eq!(Svm::new(&params).unwrap_err().name, name);
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y) = clouds(5, 70);
        let recipe = svm(&SvmParams::default());
        let scores = || recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x);
        assert_eq!(in_threads(1, scores), in_threads(2, scores));
    }

    #[test]
    fn kernel_values_made_when_they_are_needed_give_the_same_bits() {
        let (x, y) = clouds(4, 90);
        for multi_class in [MultiClass::OneVsOne, MultiClass::OneVsRest] {
            let train = |memory_limit_bytes, threads| {
                let params = SvmParams { memory_limit_bytes, multi_class, ..Default::default() };
                in_threads(threads, || svm(&params).train(&x, &y).unwrap())
            };
            let whole = train(1 << 30, 1);
            // Below twice the whole Gram matrix: some rows can be kept; none can.
            for limit in [4 * 360 * 360, 1] {
                for threads in [1, 2] {
                    let parts = train(limit, threads);
                    assert_eq!(parts.decisions(&x), whole.decisions(&x), "{limit} {threads}");
                    assert_eq!(parts.fits(), whole.fits(), "{limit} {threads}");
                }
            }
        }
    }

    /// A Gram matrix of these rows would have 14 GB.
    #[test]
    fn sixty_thousand_rows_need_no_more_memory_than_allowed() {
        let n = 60_000;
        let noise = Seed(8).permutation(2 * n);
        let x = Matrix::from_shape_fn((n, 2), |(row, column)| {
            (row % 2 * 2) as f32 + noise[2 * row + column] as f32 / n as f32
        });
        let y = labels((0..n).map(|row| row % 2).collect(), 2);
        let memory_limit_bytes = 1 << 24;
        let model = svm(&SvmParams { memory_limit_bytes, ..Default::default() }).train(&x, &y);
        let fit = model.unwrap().fits()[0];
        assert!(fit.converged && fit.duality_gap < 1e-2 * fit.objective.abs(), "{fit:?}");
    }

    #[test]
    fn refuses_values_that_are_not_finite_or_become_so() {
        let (mut x, y) = clouds(2, 5);
        x[[3, 1]] = 1e30;
        let linear = svm(&SvmParams { kernel: KernelName::Linear, ..Default::default() });
        let error = linear.train(&x, &y).unwrap_err();
        assert!(error.to_string().contains("standardise"), "{error}");
        x[[3, 1]] = f32::NAN;
        let error = linear.train(&x, &y).unwrap_err();
        assert!(matches!(error, FitError::NotFinite { row: 3, column: 1, .. }), "{error}");
    }

    #[test]
    fn a_precomputed_kernel_gives_the_same_bits() {
        let (x, y) = clouds(3, 20);
        let order = Seed(5).permutation(60);
        let (x, y) = (x.pick(&order), y.pick(&order));
        let histogram = svm(&SvmParams { kernel: KernelName::ChiSquare, ..Default::default() });
        let model = histogram.train(&x, &y).unwrap();
        let gram = model.kernel().gram(&Points::new(x.view()).side());
        let given = svm(&SvmParams { kernel: KernelName::Precomputed, ..Default::default() });
        let precomputed = given.train(&gram, &y).unwrap();
        assert_eq!(precomputed.decisions(&gram), model.decisions(&x));
        assert_eq!(precomputed.fits(), model.fits());
        let error = given.train(&x, &y).unwrap_err();
        assert!(error.to_string().contains("60 rows and 4 columns"), "{error}");
    }

    #[test]
    fn histogram_kernels_refuse_negative_numbers() {
        let (mut x, y) = clouds(2, 5);
        x[[3, 1]] = -0.5;
        for kernel in [KernelName::ChiSquare, KernelName::HistogramIntersection] {
            let error = svm(&SvmParams { kernel, ..Default::default() }).train(&x, &y).unwrap_err();
            assert!(error.to_string().contains("row 3, column 1 is -0.5"), "{error}");
        }
    }

    #[test]
    fn a_class_of_one_row_and_a_class_without_rows_work() {
        let x = ndarray::array![[0.0], [0.2], [2.0], [4.0], [4.2]];
        let y = labels(vec![0, 0, 1, 3, 3], 5);
        let recipe = svm(&SvmParams { c: 100.0, gamma: Gamma::Value(1.0), ..Default::default() });
        let scores = recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x);
        assert_eq!(scores.predicted(), y.ids());
        for row in scores.view().rows() {
            let lowest = row.iter().copied().fold(f32::INFINITY, f32::min);
            assert_eq!((row[2], row[4]), (lowest, lowest), "classes without rows");
            assert!(row[0] > lowest && row[1] > lowest && row[3] > lowest);
        }
    }

    #[test]
    fn equal_rows_of_different_classes_end() {
        let x = Matrix::from_elem((6, 2), 0.5);
        let y = labels(vec![0, 1, 0, 1, 2, 2], 3);
        for kernel in [KernelName::Linear, KernelName::Rbf, KernelName::Sigmoid] {
            let model = svm(&SvmParams { kernel, ..Default::default() }).train(&x, &y).unwrap();
            assert!(model.fits().iter().all(|fit| fit.converged), "{kernel:?}");
        }
    }

    #[test]
    fn an_early_stop_is_told() {
        let (x, y) = clouds(3, 20);
        let summary = |max_iterations| {
            let recipe = svm(&SvmParams { max_iterations, ..Default::default() });
            recipe.fit(&x, &y, Seed(1)).unwrap().summary()
        };
        assert_eq!(summary(2).convergence, Convergence::LimitReached { iterations: 6 });
        assert!(matches!(summary(100_000).convergence, Convergence::Converged { .. }));
    }
}
