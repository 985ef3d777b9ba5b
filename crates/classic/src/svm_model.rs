//! A trained support vector machine.

use crate::check;
use crate::confidence::one_vs_one_scores;
use crate::kernel::{Kernel, Points};
use crate::smo::Solution;
use crate::svm::Block;
use base::{Convergence, FitSummary, Matrix, Predict, Rows, Scores};
use ndarray::{Array2, ArrayView2, Axis, s};
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
#[derive(Debug, Clone)]
pub struct SvmModel {
    boundaries: Boundaries,
    pairs: Vec<Pair>,
    /// Ids of the classes that had training rows.
    classes: Vec<usize>,
    class_count: usize,
    support_vectors: usize,
}

/// What the decision values are worked out from.
#[derive(Debug, Clone)]
enum Boundaries {
    /// Linear kernel: the support vectors of each pair add up to one vector of weights. Shape
    /// `(features, pairs)`.
    Planes(Array2<f64>),
    /// Rows that support at least one boundary, once each and sorted by class.
    Vectors { kernel: Kernel, vectors: Points, parts: Vec<Part> },
}

/// The support vectors of one class. They take part in the pairs of this class only, so there is
/// a column of coefficients per *other* class (the layout of scikit-learn's `dual_coef_`).
#[derive(Debug, Clone)]
struct Part {
    /// Among all support vectors.
    rows: Range<usize>,
    /// Shape `(rows, classes with training rows - 1)`.
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
        let mut coefficients = Array2::zeros((points.len(), blocks.len() - 1));
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
        let mut parts = Vec::new();
        for block in blocks {
            let start = kept.len();
            kept.extend(block.rows.clone().filter(supports));
            let coefficients = coefficients.select(Axis(0), &kept[start..]);
            parts.push(Part { rows: start..kept.len(), coefficients });
        }
        let vectors = points.pick(&kept);
        Self {
            boundaries: match kernel {
                Kernel::Linear => Boundaries::Planes(weigh(vectors.rows().t(), &parts)),
                _ => Boundaries::Vectors { kernel, vectors, parts },
            },
            pairs: solved.into_iter().map(|(pair, _)| pair).collect(),
            classes: blocks.iter().map(|block| block.class).collect(),
            class_count,
            support_vectors: kept.len(),
        }
    }

    /// The pairs of classes that have training rows, by class id: (0, 1), (0, 2) ... (1, 2) ...
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Number of training rows that support at least one boundary.
    pub fn support_vectors(&self) -> usize {
        self.support_vectors
    }

    /// The decision value of each row of `x` for each of [`Self::pairs`], shape `(n, pairs)`.
    /// The values of a row do not depend on the other rows, bit for bit; all are finite.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn decisions(&self, x: &Matrix) -> Array2<f64> {
        let mut decisions = match &self.boundaries {
            Boundaries::Planes(weights) => {
                assert_eq!(x.ncols(), weights.nrows(), "as many features as in training");
                x.mapv(f64::from).dot(weights)
            }
            Boundaries::Vectors { kernel, vectors, parts } => {
                assert_eq!(x.ncols(), vectors.rows().ncols(), "as many features as in training");
                let points = Points::new(x.clone());
                let mut sums = Array2::zeros((x.nrows(), self.pairs.len()));
                let blocks: Vec<_> = sums.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
                blocks.into_par_iter().enumerate().for_each(|(block, mut out)| {
                    let start = block * BLOCK;
                    let rows = points.side().part(start, start + out.nrows());
                    let mut values = Array2::zeros((out.nrows(), vectors.len()));
                    kernel.block(rows, vectors.side(), values.view_mut());
                    out.assign(&weigh(values.view(), parts));
                });
                sums
            }
        };
        for mut row in decisions.rows_mut() {
            for (sum, pair) in row.iter_mut().zip(&self.pairs) {
                *sum = check::bounded(*sum - pair.rho);
            }
        }
        decisions
    }
}

/// Sums over the support vectors of coefficient x value for each pair, shape `(n, pairs)`, from
/// values of shape `(n, support vectors)`. In 64 bits: large terms of both signs nearly cancel.
fn weigh(values: ArrayView2<'_, f32>, parts: &[Part]) -> Array2<f64> {
    let values = values.mapv(f64::from);
    let sum = |part: &Part| values.slice(s![.., part.rows.clone()]).dot(&part.coefficients);
    let sums: Vec<Array2<f64>> = parts.iter().map(sum).collect();
    let pairs: Vec<(usize, usize)> = block_pairs(parts.len()).collect();
    Array2::from_shape_fn((values.nrows(), pairs.len()), |(row, pair)| {
        let (first, second) = pairs[pair];
        sums[first][[row, second - 1]] + sums[second][[row, first]]
    })
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
            for (&class, &score) in self.classes.iter().zip(&known) {
                out[class] = score as f32;
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
        let (floats, doubles) = match &self.boundaries {
            Boundaries::Planes(weights) => (0, weights.len()),
            Boundaries::Vectors { vectors, parts, .. } => {
                // The vectors and their squared lengths.
                let floats = vectors.rows().len() + vectors.len();
                (floats, parts.iter().map(|part| part.coefficients.len()).sum())
            }
        };
        let model_bytes = (4 * floats + 8 * (doubles + self.pairs.len())) as u64;
        FitSummary { convergence, model_bytes, curve: Vec::new() }
    }
}

/// (0, 1), (0, 2) ... (1, 2) ...
fn block_pairs(blocks: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..blocks).flat_map(move |a| (a + 1..blocks).map(move |b| (a, b)))
}
