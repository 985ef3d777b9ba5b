//! From rows of several classes to two-class problems, and from their solutions to a model.

use crate::kernel::{Gamma, Kernel, KernelName, Points};
use crate::smo::{GramRows, KernelRows, Memory, PointRows, Solution, Starved};
use crate::svm_model::{PairFit, SvmModel, class_pairs};
use crate::svm_parts::{MultiClass, SvmParts};
use base::{FitError, Labels, Matrix, ParamError};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::ops::Range;
use thiserror::Error;

/// Why a machine cannot be trained on these rows.
#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum SvmInput {
    #[error(
        "values of {kernel:?} between the training rows can reach {bound}; standardise the \
         features, or choose a smaller `gamma` or `degree`"
    )]
    Overflow { kernel: Kernel, bound: f32 },
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
    #[error(transparent)]
    Param(#[from] ParamError),
    #[error("fold {fold} names row {row}, which another has named or is not below {rows}")]
    Fold { fold: usize, row: usize, rows: usize },
    #[error(
        "`nu` is {nu}, but with {first} and {second} rows of classes {a} and {b} it can be at most \
         {most}"
    )]
    Infeasible { nu: f64, a: usize, b: usize, first: usize, second: usize, most: f64 },
    #[error(
        "with `nu` = {nu} there is no margin between classes {a} and {b}: it is {margin:e}, which \
         the tolerance of {tolerance:e} cannot tell from 0; choose a smaller `nu`, or a kernel that \
         keeps the classes apart"
    )]
    NoMargin { nu: f64, a: usize, b: usize, margin: f64, tolerance: f64 },
}

impl From<SvmInput> for FitError {
    fn from(source: SvmInput) -> Self {
        Self::Library { what: "svm", source: Box::new(source) }
    }
}

/// Refuses rows that the kernel is not made for.
pub(crate) fn check_rows(kernel: Kernel, x: &Matrix) -> Result<(), SvmInput> {
    match kernel {
        Kernel::Precomputed if x.nrows() != x.ncols() => {
            Err(SvmInput::NotSquare { rows: x.nrows(), columns: x.ncols() })
        }
        Kernel::HistogramIntersection | Kernel::ChiSquare { .. } => {
            match x.indexed_iter().find(|&(_, &value)| value < 0.0) {
                Some(((row, column), &value)) => {
                    Err(SvmInput::Negative { kernel, row, column, value })
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The rows of one class after sorting.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) class: usize,
    pub(crate) rows: Range<usize>,
}

/// The given rows sorted by class, in their old order within one, and the block of each class that
/// has any.
pub(crate) fn by_class(y: &Labels, rows: impl Iterator<Item = usize>) -> (Vec<usize>, Vec<Block>) {
    let mut order: Vec<usize> = rows.collect();
    order.sort_by_key(|&row| y.ids()[row]);
    let mut blocks: Vec<Block> = Vec::new();
    for (at, &row) in order.iter().enumerate() {
        match blocks.last_mut() {
            Some(block) if block.class == y.ids()[row] => block.rows.end = at + 1,
            _ => blocks.push(Block { class: y.ids()[row], rows: at..at + 1 }),
        }
    }
    (order, blocks)
}

/// The two sides of a boundary: ranges of rows, those of the first side first.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) parts: Vec<Range<usize>>,
    /// Rows of the first side.
    pub(crate) positive: usize,
    /// Places of the two classes among the blocks; no second one if all others are meant.
    pub(crate) classes: (usize, Option<usize>),
}

impl Task {
    /// The value of each row of the task, of values for all sorted rows.
    pub(crate) fn pick(&self, of_all: &[f64]) -> Vec<f64> {
        self.parts.iter().flat_map(|part| &of_all[part.clone()]).copied().collect()
    }
}

/// All boundaries between blocks, in the order of [`SvmModel::pairs`].
pub(crate) fn tasks(multi_class: MultiClass, blocks: &[Block]) -> Vec<Task> {
    let rows = |block: usize| blocks[block].rows.clone();
    if multi_class == MultiClass::OneVsOne || blocks.len() == 2 {
        let task = |(first, second)| Task {
            parts: vec![rows(first), rows(second)],
            positive: rows(first).len(),
            classes: (first, Some(second)),
        };
        return class_pairs(blocks.len()).map(task).collect();
    }
    let n = blocks.last().map_or(0, |block| block.rows.end);
    let task = |first| Task {
        parts: vec![rows(first), 0..rows(first).start, rows(first).end..n],
        positive: rows(first).len(),
        classes: (first, None),
    };
    (0..blocks.len()).map(task).collect()
}

/// Where kernel values between sorted rows come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    Gram(ArrayView2<'a, f32>),
    Points { kernel: Kernel, points: &'a Points, diagonal: &'a [f32] },
}

impl Source<'_> {
    fn with_rows<T>(
        &self,
        task: &Task,
        parallel: bool,
        work: impl FnOnce(&dyn KernelRows) -> T,
    ) -> T {
        let parts = task.parts.clone();
        match *self {
            Self::Gram(gram) => work(&GramRows::new(gram, parts)),
            Self::Points { kernel, points, diagonal } => {
                work(&PointRows::new(kernel, points, diagonal, parts, parallel))
            }
        }
    }

    /// Solves all tasks, several at a time; then those for which memory did not suffice meanwhile,
    /// one after the other.
    pub(crate) fn solve<T: Send>(
        &self,
        tasks: &[Task],
        solve: impl Fn(&Task, &dyn KernelRows) -> Result<T, Starved> + Sync,
    ) -> Vec<T> {
        // With a single problem, threads are free to make its kernel values.
        let alone = |task: &Task| self.with_rows(task, true, |rows| solve(task, rows));
        if let [task] = tasks {
            return vec![alone(task).expect("alone it has the memory")];
        }
        let among = |task: &Task| self.with_rows(task, false, |rows| solve(task, rows));
        let solved: Vec<Result<T, Starved>> = tasks.par_iter().map(among).collect();
        let again = |(solved, task): (Result<T, Starved>, &Task)| {
            solved.or_else(|Starved| alone(task)).expect("alone it has the memory")
        };
        solved.into_iter().zip(tasks).map(again).collect()
    }
}

/// Most rows for which all kernel values are made at once: beyond, those that are never looked at
/// cost more than sharing the others saves.
const GRAM_ROWS: usize = 5000;

/// Makes kernel values available, all at once or when they are needed, and the memory that is left
/// for the solvers; then does `work` with them.
pub(crate) fn with_source<T>(
    kernel: Kernel,
    points: &Points,
    limit: u64,
    work: impl FnOnce(Source<'_>, &Memory) -> T,
) -> T {
    let bytes = 4 * (points.len() as u64).pow(2);
    if points.len() <= GRAM_ROWS && bytes <= limit / 2 {
        let gram = kernel.gram(&points.side());
        return work(Source::Gram(gram.view()), &Memory::new(limit - bytes));
    }
    let diagonal = kernel.diagonal(points);
    let source = Source::Points { kernel, points, diagonal: &diagonal };
    work(source, &Memory::new(limit))
}

/// Sorted training rows, of which the support vectors are taken.
pub(crate) enum Sorted<'a> {
    Points(&'a Points),
    /// The places of the rows in the precomputed matrix.
    Places(&'a [usize]),
}

impl Sorted<'_> {
    fn vectors(&self, kept: &[usize]) -> Matrix {
        match self {
            Self::Points(points) => points.rows_of(kept),
            Self::Places(places) => {
                Matrix::from_shape_fn((kept.len(), 1), |(row, _)| places[kept[row]] as f32)
            }
        }
    }
}

/// What a model is of, besides its solutions.
pub(crate) struct Frame<'a> {
    pub(crate) kernel: Kernel,
    pub(crate) blocks: &'a [Block],
    pub(crate) features: usize,
    pub(crate) class_count: usize,
}

impl Frame<'_> {
    /// The model of the solutions of all `tasks`.
    pub(crate) fn assemble(
        &self,
        sorted: &Sorted<'_>,
        tasks: &[Task],
        solved: &[Solution],
    ) -> SvmModel {
        let n = self.blocks.last().map_or(0, |block| block.rows.end);
        let one_vs_rest = tasks.iter().any(|task| task.classes.1.is_none());
        let columns = if one_vs_rest { self.blocks.len() } else { self.blocks.len() - 1 };
        let mut coefficients = Array2::zeros((columns, n));
        for (task, solution) in tasks.iter().zip(solved) {
            let (first, second) = task.classes;
            let rows = task.parts.iter().cloned().flatten();
            for (at, (row, &beta)) in rows.zip(&solution.beta).enumerate() {
                let column = match second {
                    Some(second) if at < task.positive => second - 1,
                    _ => first,
                };
                coefficients[[column, row]] = beta;
            }
        }
        let supports = |row: &usize| coefficients.column(*row).iter().any(|&beta| beta != 0.0);
        let kept: Vec<usize> = (0..n).filter(supports).collect();
        let count = |block: &Block| kept.iter().filter(|&row| block.rows.contains(row)).count();
        let parts = SvmParts {
            kernel: self.kernel,
            multi_class: if one_vs_rest { MultiClass::OneVsRest } else { MultiClass::OneVsOne },
            class_count: self.class_count,
            classes: self.blocks.iter().map(|block| block.class).collect(),
            features: self.features,
            vectors_per_class: self.blocks.iter().map(count).collect(),
            vectors: sorted.vectors(&kept),
            coefficients: coefficients.select(Axis(1), &kept),
            rho: solved.iter().map(|solution| solution.rho).collect(),
        };
        let model = SvmModel::from_parts(parts).expect("solutions are finite and fit their rows");
        model.with_fits(solved.iter().map(PairFit::from).collect())
    }
}

impl From<&Solution> for PairFit {
    fn from(solution: &Solution) -> Self {
        Self {
            objective: solution.objective,
            duality_gap: solution.duality_gap,
            violation: solution.violation,
            weight_norm: solution.weight_norm,
            iterations: solution.iterations,
            converged: solution.converged,
        }
    }
}

/// The kernel for these rows, after checking that it can be used on them.
pub(crate) fn checked_kernel(kernel: Kernel, x: &Matrix) -> Result<Kernel, SvmInput> {
    check_rows(kernel, x)?;
    let square = |row: ndarray::ArrayView1<'_, f32>| row.dot(&row);
    let bound = kernel.bound(x.rows().into_iter().map(square).fold(0.0, f32::max));
    if bound.is_finite() { Ok(kernel) } else { Err(SvmInput::Overflow { kernel, bound }) }
}

/// The number for `gamma`; not looked for where the kernel has none.
pub(crate) fn gamma_of(kernel: KernelName, gamma: Gamma, x: &Matrix) -> f64 {
    match kernel {
        KernelName::Linear | KernelName::Precomputed | KernelName::HistogramIntersection => 1.0,
        _ => gamma.value(x),
    }
}
