//! The C-support vector machine for any number of classes, one against one.
//!
//! The rows are sorted by class once, so that each pair of classes is two blocks of rows of one
//! Gram matrix, which all pairs share. [`crate::smo`] solves the pairs, several at a time.
//!
//! Source: C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", ACM TIST
//! 2(3):27, 2011; settings are named and read as in scikit-learn's `SVC`. Departures: those of
//! [`crate::kernel`] and [`crate::smo`]; no class weights and no probabilities yet; scores instead
//! of a vote ([`crate::one_vs_one_scores`]).

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName, Points};
use crate::smo::{PairGram, Solution, Stop, solve};
use crate::svm_model::{PairFit, SvmModel, class_pairs};
use crate::svm_parts::{MultiClass, SvmParts};
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Rows, Seed};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use thiserror::Error;

/// Settings of [`Svm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SvmParams {
    /// `linear`, `polynomial`, `rbf` (the default), `sigmoid`, `precomputed`,
    /// `histogram_intersection` or `chi_square`.
    pub kernel: KernelName,
    /// Penalty of a row on the wrong side of its margin, positive.
    pub c: f64,
    /// Factor inside the kernels other than the linear: `"scale"`, `"auto"` or a positive number.
    pub gamma: Gamma,
    /// Exponent of the polynomial kernel, at least 1.
    pub degree: u16,
    /// Added to the inner product in the polynomial and the sigmoid kernel.
    pub coef0: f64,
    /// Largest violation of the optimality conditions that is left, positive.
    pub tolerance: f64,
    /// Steps of the solver per pair of classes, at least 1. LIBSVM's limit is 10 million or more.
    pub max_iterations: u64,
    /// Bytes that a Gram matrix may take. If one of all rows (4 bytes x rows x rows) takes more,
    /// one after the other is made per pair of classes; if that takes more, the fit is refused.
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
            tolerance: 1e-3,
            max_iterations: 1_000_000,
            memory_limit_bytes: 1 << 30,
        }
    }
}

/// The numbers of a kernel do not fit into 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error(
    "values of {kernel:?} between the training rows can reach {bound}; standardise the features, \
     or choose a smaller `gamma` or `degree`"
)]
pub(crate) struct KernelOverflow {
    kernel: Kernel,
    bound: f32,
}

/// Rows that a kernel is not made for.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub(crate) enum KernelInput {
    #[error(
        "the kernel is precomputed, so there must be a square matrix of kernel values, but it has \
         {rows} rows and {columns} columns"
    )]
    NotSquare { rows: usize, columns: usize },
    #[error(
        "the value in row {row}, column {column} is {value}; {kernel:?} is for numbers that are \
         not negative"
    )]
    Negative { kernel: Kernel, row: usize, column: usize, value: f32 },
}

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
    params: SvmParams,
    stop: Stop,
}

impl Svm {
    /// # Errors
    /// If a setting is out of range, also one that the chosen kernel does not use.
    pub fn new(params: &SvmParams) -> Result<Self, ParamError> {
        check::positive("c", params.c)?;
        params.gamma.check()?;
        check::at_least_one("degree", params.degree)?;
        check::finite("coef0", params.coef0)?;
        let tolerance = check::positive("tolerance", params.tolerance)?;
        let max_iterations = check::at_least_one("max_iterations", params.max_iterations)?;
        check::at_least_one("memory_limit_bytes", params.memory_limit_bytes)?;
        Ok(Self { params: params.clone(), stop: Stop { tolerance, max_iterations } })
    }

    /// Like [`Fit::fit`], for those who want the pairs, objectives and decision values too.
    ///
    /// # Errors
    /// If the labels do not fit, a value is not finite, a kernel value could overflow, or the two
    /// largest classes have more rows than fit the memory limit.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<SvmModel, FitError> {
        check::training_rows(x, y)?;
        let kernel = self.kernel(x);
        check_rows(kernel, x)?;
        let (order, blocks) = by_class(y);
        if kernel == Kernel::Precomputed {
            let gram = Matrix::from_shape_fn(x.dim(), |(a, b)| x[[order[a], order[b]]]);
            let solved = self.solve_on_gram(&gram, &blocks);
            let places = Matrix::from_shape_fn((x.nrows(), 1), |(row, _)| order[row] as f32);
            return Ok(assemble(kernel, &places, x.ncols(), y.class_count(), &blocks, solved));
        }
        let points = Points::new(x.pick(&order));
        let bound = kernel.bound(points.largest_square());
        if !bound.is_finite() {
            let source = Box::new(KernelOverflow { kernel, bound });
            return Err(FitError::Library { what: "svm", source });
        }
        let solved = self.solve_pairs(kernel, &points, &blocks)?;
        let rows = points.rows().to_owned();
        Ok(assemble(kernel, &rows, x.ncols(), y.class_count(), &blocks, solved))
    }

    /// The kernel with its numbers, for these training rows.
    fn kernel(&self, x: &Matrix) -> Kernel {
        let SvmParams { kernel, gamma, degree, coef0, .. } = self.params;
        let (gamma, coef0) = (gamma.value(x) as f32, coef0 as f32);
        match kernel {
            KernelName::Linear => Kernel::Linear,
            KernelName::Polynomial => Kernel::Polynomial { gamma, coef0, degree },
            KernelName::Rbf => Kernel::Rbf { gamma },
            KernelName::Sigmoid => Kernel::Sigmoid { gamma, coef0 },
            KernelName::Precomputed => Kernel::Precomputed,
            KernelName::HistogramIntersection => Kernel::HistogramIntersection,
            KernelName::ChiSquare => Kernel::ChiSquare { gamma },
        }
    }

    /// Solves all pairs of blocks, in the order (0, 1), (0, 2) ... (1, 2) ...
    fn solve_pairs(
        &self,
        kernel: Kernel,
        points: &Points,
        blocks: &[Block],
    ) -> Result<Vec<Solution>, FitError> {
        let pairs: Vec<(&Block, &Block)> =
            class_pairs(blocks.len()).map(|(a, b)| (&blocks[a], &blocks[b])).collect();
        let max_rows = ((self.params.memory_limit_bytes / 4) as f64).sqrt() as usize;
        if points.len() <= max_rows {
            return Ok(self.solve_on_gram(&kernel.gram(points.side()), blocks));
        }
        let largest = pairs.iter().map(|(a, b)| a.rows.len() + b.rows.len()).max().unwrap_or(0);
        if largest > max_rows {
            let what = "svm with this `memory_limit_bytes`, for two classes together,";
            return Err(FitError::TooManyRows { what, rows: largest, max: max_rows });
        }
        let solve = |&(first, second): &(&Block, &Block)| {
            let rows: Vec<usize> = first.rows.clone().chain(second.rows.clone()).collect();
            let gram = kernel.gram(points.pick(&rows).side());
            let middle = first.rows.len();
            let pair = PairGram { gram: gram.view(), first: 0..middle, second: middle..rows.len() };
            solve(&pair, self.params.c, self.stop)
        };
        Ok(pairs.iter().map(solve).collect())
    }

    /// Solves all pairs of blocks, several at a time, on the Gram matrix of all rows.
    fn solve_on_gram(&self, gram: &Array2<f32>, blocks: &[Block]) -> Vec<Solution> {
        let pairs: Vec<(usize, usize)> = class_pairs(blocks.len()).collect();
        let solve = |&(first, second): &(usize, usize)| {
            let (first, second) = (blocks[first].rows.clone(), blocks[second].rows.clone());
            solve(&PairGram { gram: gram.view(), first, second }, self.params.c, self.stop)
        };
        pairs.par_iter().map(solve).collect()
    }
}

/// Refuses rows that the kernel is not made for.
fn check_rows(kernel: Kernel, x: &Matrix) -> Result<(), FitError> {
    let refuse = |source| Err(FitError::Library { what: "svm", source: Box::new(source) });
    match kernel {
        Kernel::Precomputed if x.nrows() != x.ncols() => {
            refuse(KernelInput::NotSquare { rows: x.nrows(), columns: x.ncols() })
        }
        Kernel::HistogramIntersection | Kernel::ChiSquare { .. } => {
            match x.indexed_iter().find(|&(_, &value)| value < 0.0) {
                Some(((row, column), &value)) => {
                    refuse(KernelInput::Negative { kernel, row, column, value })
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The model: `rows` sorted by class into `blocks`, and the solutions of all pairs in order.
fn assemble(
    kernel: Kernel,
    rows: &Matrix,
    features: usize,
    class_count: usize,
    blocks: &[Block],
    solved: Vec<Solution>,
) -> SvmModel {
    let mut coefficients = Array2::zeros((blocks.len() - 1, rows.nrows()));
    for ((first, second), solution) in class_pairs(blocks.len()).zip(&solved) {
        let (of_first, of_second) = solution.beta.split_at(blocks[first].rows.len());
        for (row, &beta) in blocks[first].rows.clone().zip(of_first) {
            coefficients[[second - 1, row]] = beta;
        }
        for (row, &beta) in blocks[second].rows.clone().zip(of_second) {
            coefficients[[first, row]] = beta;
        }
    }
    let supports = |row: &usize| coefficients.column(*row).iter().any(|&beta| beta != 0.0);
    let kept: Vec<usize> = (0..rows.nrows()).filter(supports).collect();
    let count = |block: &Block| kept.iter().filter(|&row| block.rows.contains(row)).count();
    let parts = SvmParts {
        kernel,
        multi_class: MultiClass::OneVsOne,
        class_count,
        classes: blocks.iter().map(|block| block.class).collect(),
        features,
        vectors_per_class: blocks.iter().map(count).collect(),
        vectors: rows.pick(&kept),
        coefficients: coefficients.select(Axis(1), &kept),
        rho: solved.iter().map(|solution| solution.rho).collect(),
    };
    let fit = |solution: Solution| PairFit {
        objective: solution.objective,
        duality_gap: solution.duality_gap,
        violation: solution.violation,
        weight_norm: solution.weight_norm,
        iterations: solution.iterations,
        converged: solution.converged,
    };
    let model = SvmModel::from_parts(parts).expect("solutions are finite and fit their rows");
    model.with_fits(solved.into_iter().map(fit).collect())
}

impl Fit<Matrix> for Svm {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

/// The rows of one class after sorting.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) class: usize,
    pub(crate) rows: Range<usize>,
}

/// The rows sorted by class, in their old order within one, and the block of each class that has
/// rows.
fn by_class(y: &Labels) -> (Vec<usize>, Vec<Block>) {
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by_key(|&row| y.ids()[row]);
    let mut start = 0;
    let mut blocks = Vec::new();
    for (class, count) in y.counts().into_iter().enumerate().filter(|&(_, count)| count > 0) {
        blocks.push(Block { class, rows: start..start + count });
        start += count;
    }
    (order, blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};
    use base::Convergence;

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
    fn a_gram_matrix_per_pair_gives_the_same_bits() {
        let (x, y) = clouds(3, 60);
        let fit = |bytes| svm(&SvmParams { memory_limit_bytes: bytes, ..Default::default() });
        let whole = fit(4 * 180 * 180).train(&x, &y).unwrap();
        let parts = fit(4 * 180 * 180 - 1).train(&x, &y).unwrap();
        assert_eq!(whole.decisions(&x), parts.decisions(&x));
        let error = fit(4 * 120 * 120 - 1).train(&x, &y).unwrap_err();
        assert!(matches!(error, FitError::TooManyRows { rows: 120, max: 119, .. }), "{error}");
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
        let gram = model.kernel().gram(Points::new(x.clone()).side());
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
