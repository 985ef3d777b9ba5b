//! A trained support vector machine.

use crate::check;
use crate::confidence::one_vs_one_scores;
use crate::kernel::{Kernel, Points};
use crate::smo::Solution;
use crate::svm::Block;
use base::{Convergence, FitSummary, Matrix, Predict, Rows, Scores};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, Axis, s};
use rayon::prelude::*;
use std::ops::Range;

/// Rows predicted at a time; one piece of parallel work.
const BLOCK: usize = 128;

/// What is known about the boundary between two classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Id of the class for which positive decision values speak.
    pub first: usize,
    /// Id of the class for which negative decision values speak.
    pub second: usize,
    /// Value of the dual problem, see [`crate::smo`]; LIBSVM prints it as `obj`.
    pub objective: f64,
    /// Subtracted from the weighted kernel values to get the decision value.
    pub rho: f64,
    /// Steps of the solver.
    pub iterations: u64,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// A trained [`crate::Svm`].
///
/// Rows that support a boundary are kept once, sorted by class. The rows of one class take part in
/// its pairs only, so their coefficients form a matrix with a column per *other* class (the layout
/// of scikit-learn's `dual_coef_`).
#[derive(Debug, Clone)]
pub struct SvmModel {
    kernel: Kernel,
    vectors: Points,
    classes: Vec<ClassPart>,
    pairs: Vec<Pair>,
    class_count: usize,
}

/// The support vectors of one class.
#[derive(Debug, Clone)]
struct ClassPart {
    class: usize,
    /// Their rows among all support vectors.
    rows: Range<usize>,
    /// Shape `(rows, classes with rows - 1)`.
    coefficients: Array2<f64>,
}

impl SvmModel {
    /// `points` sorted by class into `blocks`, and the solutions of all pairs of blocks in order.
    pub(crate) fn new(
        kernel: Kernel,
        points: &Points,
        blocks: &[Block],
        solved: Vec<(Pair, Solution)>,
        class_count: usize,
    ) -> Self {
        let others = blocks.len() - 1;
        let mut coefficients = Array2::zeros((points.len(), others));
        for ((first, second), (_, solution)) in block_pairs(blocks.len()).zip(&solved) {
            let (of_first, of_second) = solution.beta.split_at(blocks[first].rows.len());
            for (row, &beta) in blocks[first].rows.clone().zip(of_first) {
                coefficients[[row, second - 1]] = beta;
            }
            for (row, &beta) in blocks[second].rows.clone().zip(of_second) {
                coefficients[[row, first]] = beta;
            }
        }
        let supports = |row: &usize| coefficients.row(*row).iter().any(|&beta| beta != 0.0);
        let mut kept = Vec::new();
        let mut classes = Vec::new();
        for block in blocks {
            let rows: Vec<usize> = block.rows.clone().filter(supports).collect();
            classes.push(ClassPart {
                class: block.class,
                rows: kept.len()..kept.len() + rows.len(),
                coefficients: coefficients.select(Axis(0), &rows),
            });
            kept.extend(rows);
        }
        let vectors = points.pick(&kept);
        let pairs = solved.into_iter().map(|(pair, _)| pair).collect();
        Self { kernel, vectors, classes, pairs, class_count }
    }

    /// The pairs of classes that have training rows, by class id: (0, 1), (0, 2) ... (1, 2) ...
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Rows that support at least one boundary, shape `(n, features)`, sorted by class.
    pub fn support_vectors(&self) -> ndarray::ArrayView2<'_, f32> {
        self.vectors.rows()
    }

    /// The decision value of each row of `x` for each of [`Self::pairs`], shape `(n, pairs)`.
    /// The values of a row do not depend on the other rows, bit for bit; all are finite.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn decisions(&self, x: &Matrix) -> Array2<f64> {
        assert_eq!(x.ncols(), self.vectors.rows().ncols(), "as many features as in training");
        let points = Points::new(x.clone());
        let mut decisions = Array2::zeros((x.nrows(), self.pairs.len()));
        let blocks: Vec<_> = decisions.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate().collect();
        blocks.into_par_iter().for_each(|(block, mut out)| {
            let start = block * BLOCK;
            let mut values = Array2::zeros((out.nrows(), self.vectors.len()));
            let rows = points.side().part(start, start + out.nrows());
            self.kernel.block(rows, self.vectors.side(), values.view_mut());
            out.assign(&self.weigh(&values));
        });
        decisions
    }

    /// Decision values, shape `(n, pairs)`, from kernel values of shape `(n, support vectors)`.
    fn weigh(&self, values: &Array2<f32>) -> Array2<f64> {
        // 64 bits: large coefficients of both signs nearly cancel.
        let values = values.mapv(f64::from);
        let parts: Vec<Array2<f64>> = self
            .classes
            .iter()
            .map(|part| {
                let mut sums = Array2::zeros((values.nrows(), self.classes.len() - 1));
                let own = values.slice(s![.., part.rows.clone()]);
                general_mat_mul(1.0, &own, &part.coefficients, 0.0, &mut sums);
                sums
            })
            .collect();
        let mut decisions = Array2::zeros((values.nrows(), self.pairs.len()));
        for (column, (first, second)) in block_pairs(self.classes.len()).enumerate() {
            let rho = self.pairs[column].rho;
            for (row, out) in decisions.column_mut(column).iter_mut().enumerate() {
                let sum = parts[first][[row, second - 1]] + parts[second][[row, first]];
                *out = check::bounded(sum - rho);
            }
        }
        decisions
    }
}

impl Predict<Matrix> for SvmModel {
    /// With two classes `(-d, d)`, where `d` is the decision value for the second; with more,
    /// votes and confidences as in [`one_vs_one_scores`]. Classes without a training row get the
    /// lowest score.
    fn scores(&self, x: &Matrix) -> Scores {
        let decisions = self.decisions(x);
        let mut scores = Array2::zeros((x.nrows(), self.class_count));
        let mut known = vec![0.0; self.classes.len()];
        for (decisions, mut out) in decisions.rows().into_iter().zip(scores.rows_mut()) {
            let decisions = decisions.to_slice().expect("a new array is contiguous");
            if let [decision] = *decisions {
                known.copy_from_slice(&[decision, -decision]);
            } else {
                one_vs_one_scores(decisions, &mut known);
            }
            let lowest = known.iter().copied().fold(0.0, f64::min) - 1.0;
            out.fill(lowest as f32);
            for (part, &score) in self.classes.iter().zip(&known) {
                out[part.class] = score as f32;
            }
        }
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        let iterations = self.pairs.iter().map(|pair| pair.iterations).sum();
        let convergence = if self.pairs.iter().all(|pair| pair.converged) {
            Convergence::Converged { iterations }
        } else {
            Convergence::LimitReached { iterations }
        };
        let coefficients: usize = self.classes.iter().map(|part| part.coefficients.len()).sum();
        // The vectors and their squared lengths in 4 bytes, coefficients and rho in 8.
        let floats = self.vectors.rows().len() + self.vectors.len();
        let doubles = coefficients + self.pairs.len();
        let model_bytes = (4 * floats + 8 * doubles) as u64;
        FitSummary { convergence, model_bytes, curve: Vec::new() }
    }
}

/// (0, 1), (0, 2) ... (1, 2) ...
fn block_pairs(blocks: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..blocks).flat_map(move |a| (a + 1..blocks).map(move |b| (a, b)))
}
