//! A trained support vector machine.

use crate::check;
use crate::confidence::one_vs_one_scores;
use crate::kernel::{Kernel, Points};
use crate::svm_parts::{MultiClass, PartsError, SvmParts};
use base::{Convergence, FitSummary, Matrix, Predict, Scores};
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;
use std::ops::Range;

/// Rows predicted at a time; one piece of parallel work.
const BLOCK: usize = 128;

/// A boundary between two classes, or between one and all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Id of the class for which positive decision values speak.
    pub first: usize,
    /// Id of the class for which negative decision values speak; none if all others are meant.
    pub second: Option<usize>,
    /// Subtracted from the weighted kernel values to get the decision value.
    pub rho: f64,
}

/// How the training of one of [`SvmModel::pairs`] ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairFit {
    /// Value of the dual problem, see [`crate::smo`]; LIBSVM prints it as `obj`.
    pub objective: f64,
    /// Value of the primal problem minus that of the dual: 0 at the optimum, and an upper bound
    /// on what either of them could still gain.
    pub duality_gap: f64,
    /// Largest violation of the optimality conditions that is left.
    pub violation: f64,
    /// `||w||`, the length of the normal of the boundary in the kernel's space.
    pub weight_norm: f64,
    /// Steps of the solver.
    pub iterations: u64,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// A trained [`crate::Svm`].
#[derive(Debug, Clone)]
pub struct SvmModel {
    kernel: Kernel,
    multi_class: MultiClass,
    pairs: Vec<Pair>,
    /// One per pair; empty if the model was not trained here.
    fits: Vec<PairFit>,
    /// Ids of the classes that have support vectors or had training rows.
    classes: Vec<usize>,
    class_count: usize,
    /// Numbers per row to predict.
    features: usize,
    /// Rows that support at least one boundary, once each and sorted by class.
    vectors: Points,
    /// Where the support vectors of each class are among them.
    blocks: Vec<Range<usize>>,
    /// One row per support vector, see [`SvmParts::coefficients`].
    coefficients: Array2<f64>,
    /// Linear kernel: what the support vectors of each pair add up to. Shape `(features, pairs)`.
    planes: Option<Array2<f64>>,
}

impl SvmModel {
    /// A model of parts that were read from a file or made elsewhere. How its training ended is
    /// not known: [`Self::fits`] is empty.
    ///
    /// ```
    /// use base::Predict;
    /// use classic::kernel::Kernel;
    /// use classic::{MultiClass, SvmModel, SvmParts};
    /// // The numbers 1 and -1 under the linear kernel: the boundary is 0.
    /// let model = SvmModel::from_parts(SvmParts {
    ///     kernel: Kernel::Linear,
    ///     multi_class: MultiClass::OneVsOne,
    ///     class_count: 2,
    ///     classes: vec![0, 1],
    ///     features: 1,
    ///     vectors_per_class: vec![1, 1],
    ///     vectors: ndarray::array![[1.0], [-1.0]],
    ///     coefficients: ndarray::array![[0.5, -0.5]],
    ///     rho: vec![0.0],
    /// })
    /// .unwrap();
    /// assert_eq!(model.scores(&ndarray::array![[3.0], [-2.0]]).predicted(), [0, 1]);
    /// assert_eq!(model.weight_norms(), Some(vec![1.0]));
    /// ```
    ///
    /// # Errors
    /// If the parts contradict each other or hold values that are not finite.
    pub fn from_parts(parts: SvmParts) -> Result<Self, PartsError> {
        parts.check()?;
        let pairs = parts.pairs();
        let mut start = 0;
        let block = |&count: &usize| {
            start += count;
            start - count..start
        };
        let blocks = parts.vectors_per_class.iter().map(block).collect();
        let mut model = Self {
            kernel: parts.kernel,
            multi_class: parts.multi_class,
            pairs,
            fits: Vec::new(),
            classes: parts.classes,
            class_count: parts.class_count,
            features: parts.features,
            vectors: Points::new(parts.vectors.view()),
            blocks,
            coefficients: parts.coefficients.t().as_standard_layout().into_owned(),
            planes: None,
        };
        if model.kernel == Kernel::Linear {
            model.planes = Some(model.weigh(model.vectors.to_rows().t()));
        }
        Ok(model)
    }

    /// Adds how the training of each pair ended.
    pub(crate) fn with_fits(self, fits: Vec<PairFit>) -> Self {
        debug_assert_eq!(fits.len(), self.pairs.len(), "one per pair");
        Self { fits, ..self }
    }

    /// All that [`Self::from_parts`] needs to make this model once more.
    pub fn to_parts(&self) -> SvmParts {
        SvmParts {
            kernel: self.kernel,
            multi_class: self.multi_class,
            class_count: self.class_count,
            classes: self.classes.clone(),
            features: self.features,
            vectors_per_class: self.support_vectors_per_class(),
            vectors: self.support_vector_rows(),
            coefficients: self.dual_coefficients().to_owned(),
            rho: self.pairs.iter().map(|pair| pair.rho).collect(),
        }
    }

    /// The kernel with its numbers.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// What the boundaries divide.
    pub fn multi_class(&self) -> MultiClass {
        self.multi_class
    }

    /// The boundaries, by position in [`Self::classes`]: (0, 1), (0, 2) ... (1, 2) ..., or one per
    /// class against all others.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// How the training of each of [`Self::pairs`] ended; empty if the model was made of parts.
    pub fn fits(&self) -> &[PairFit] {
        &self.fits
    }

    /// Ids of the classes that had training rows.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// Number of classes, also of those without a training row.
    pub fn class_count(&self) -> usize {
        self.class_count
    }

    /// Numbers per row to predict.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of training rows that support at least one boundary.
    pub fn support_vectors(&self) -> usize {
        self.vectors.len()
    }

    /// Number of support vectors in each of [`Self::classes`].
    pub fn support_vectors_per_class(&self) -> Vec<usize> {
        self.blocks.iter().map(ExactSizeIterator::len).collect()
    }

    /// The support vectors, class after class, shape `(support vectors, features)`; see
    /// [`SvmParts::vectors`] for what they are under the precomputed kernel.
    pub fn support_vector_rows(&self) -> Matrix {
        self.vectors.to_rows()
    }

    /// Dual coefficients `y alpha` in the layout of LIBSVM's files and scikit-learn's `dual_coef_`,
    /// shape `(classes - 1, support vectors)`; see [`SvmParts::coefficients`].
    pub fn dual_coefficients(&self) -> ArrayView2<'_, f64> {
        self.coefficients.t()
    }

    /// The weights `w` of each pair, shape `(pairs, features)`: the decision value of `x` is
    /// `w.x - rho`. Only the linear kernel has them.
    pub fn weights(&self) -> Option<ArrayView2<'_, f64>> {
        self.planes.as_ref().map(|planes| planes.t())
    }

    /// `||w||` of each pair, the length of its normal in the kernel's space. None if the kernel is
    /// precomputed and the model was made of parts: values between support vectors are not known.
    pub fn weight_norms(&self) -> Option<Vec<f64>> {
        if !self.fits.is_empty() {
            return Some(self.fits.iter().map(|fit| fit.weight_norm).collect());
        }
        if self.kernel == Kernel::Precomputed {
            return None;
        }
        let mut squares = vec![0.0; self.pairs.len()];
        let mut values = Array2::zeros((BLOCK, self.vectors.len()));
        for start in (0..self.vectors.len()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.vectors.len());
            let mut values = values.slice_mut(s![..end - start, ..]);
            let side = self.vectors.side();
            self.kernel.block(&side.part(start, end), &side, values.view_mut());
            let sums = self.weigh(values.view());
            for (vector, sums) in (start..end).zip(sums.rows()) {
                for (pair, square) in squares.iter_mut().enumerate() {
                    *square += self.coefficient(vector, pair) * sums[pair];
                }
            }
        }
        Some(squares.into_iter().map(|square| square.max(0.0).sqrt()).collect())
    }

    /// `1 / ||w||` of each pair: how far its margins lie from the boundary in the kernel's space.
    /// None as in [`Self::weight_norms`].
    pub fn margins(&self) -> Option<Vec<f64>> {
        Some(self.weight_norms()?.into_iter().map(|norm| 1.0 / norm).collect())
    }

    /// The coefficient of a support vector in a pair; 0 if it has no part in it.
    fn coefficient(&self, vector: usize, pair: usize) -> f64 {
        if self.multi_class == MultiClass::OneVsRest {
            return self.coefficients[[vector, pair]];
        }
        let class = self.blocks.partition_point(|block| block.end <= vector);
        match class_pairs(self.classes.len()).nth(pair) {
            Some((first, second)) if class == first => self.coefficients[[vector, second - 1]],
            Some((first, second)) if class == second => self.coefficients[[vector, first]],
            _ => 0.0,
        }
    }

    /// The decision value of each row of `x` for each of [`Self::pairs`], shape `(n, pairs)`.
    /// The values of a row do not depend on the other rows, bit for bit; all are finite.
    ///
    /// With a precomputed kernel a row of `x` holds the kernel values with all training rows.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn decisions(&self, x: &Matrix) -> Array2<f64> {
        assert_eq!(x.ncols(), self.features, "as many features as in training");
        let mut decisions = match &self.planes {
            Some(planes) => x.mapv(f64::from).dot(planes),
            None => {
                let points = Points::new(x.view());
                let mut sums = Array2::zeros((x.nrows(), self.pairs.len()));
                let blocks: Vec<_> = sums.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
                blocks.into_par_iter().enumerate().for_each(|(block, mut out)| {
                    let start = block * BLOCK;
                    let rows = points.side().part(start, start + out.nrows());
                    let mut values = Array2::zeros((out.nrows(), self.vectors.len()));
                    self.kernel.block(&rows, &self.vectors.side(), values.view_mut());
                    out.assign(&self.weigh(values.view()));
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

    /// Sums over the support vectors of coefficient x value for each pair, shape `(n, pairs)`, from
    /// values of shape `(n, support vectors)`. In 64 bits: large terms of both signs nearly cancel.
    fn weigh(&self, values: ArrayView2<'_, f32>) -> Array2<f64> {
        let values = values.mapv(f64::from);
        if self.multi_class == MultiClass::OneVsRest {
            return values.dot(&self.coefficients);
        }
        let sum = |block: &Range<usize>| {
            let coefficients = self.coefficients.slice(s![block.clone(), ..]);
            values.slice(s![.., block.clone()]).dot(&coefficients)
        };
        let sums: Vec<Array2<f64>> = self.blocks.iter().map(sum).collect();
        let pairs: Vec<(usize, usize)> = class_pairs(self.blocks.len()).collect();
        Array2::from_shape_fn((values.nrows(), pairs.len()), |(row, pair)| {
            let (first, second) = pairs[pair];
            sums[first][[row, second - 1]] + sums[second][[row, first]]
        })
    }
}

impl Predict<Matrix> for SvmModel {
    /// With two classes `(-d, d)`, where `d` is the decision value for the second; with more,
    /// votes and confidences as in [`one_vs_one_scores`], or the decision value of each class
    /// against all others. Classes without a training row get the lowest score.
    fn scores(&self, x: &Matrix) -> Scores {
        scores_of(&self.decisions(x), self.multi_class, &self.classes, self.class_count)
    }

    fn summary(&self) -> FitSummary {
        let convergence = convergence_of(&self.fits);
        let (floats, doubles) = match &self.planes {
            Some(planes) => (0, planes.len()),
            // The vectors and their squared lengths.
            None => ((self.vectors.features() + 1) * self.vectors.len(), self.coefficients.len()),
        };
        let model_bytes = (4 * floats + 8 * (doubles + self.pairs.len())) as u64;
        FitSummary { convergence, model_bytes, curve: Vec::new() }
    }
}

/// How the training of all boundaries together ended.
pub(crate) fn convergence_of(fits: &[PairFit]) -> Convergence {
    let iterations = fits.iter().map(|fit| fit.iterations).sum();
    if fits.is_empty() {
        Convergence::Unknown
    } else if fits.iter().all(|fit| fit.converged) {
        Convergence::Converged { iterations }
    } else {
        Convergence::LimitReached { iterations }
    }
}

/// (0, 1), (0, 2) ... (1, 2) ...
pub(crate) fn class_pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |a| (a + 1..classes).map(move |b| (a, b)))
}

/// One score per class, see [`SvmModel::scores`], from decisions of shape `(n, boundaries)` between
/// `classes`.
pub(crate) fn scores_of(
    decisions: &Array2<f64>,
    multi_class: MultiClass,
    classes: &[usize],
    class_count: usize,
) -> Scores {
    let mut scores = Array2::zeros((decisions.nrows(), class_count));
    let mut known = vec![0.0; classes.len()];
    for (decisions, mut out) in decisions.rows().into_iter().zip(scores.rows_mut()) {
        let decisions = decisions.to_slice().expect("a new array is contiguous");
        if let [decision] = *decisions {
            known.copy_from_slice(&[decision, -decision]);
        } else if multi_class == MultiClass::OneVsRest {
            known.copy_from_slice(decisions);
        } else {
            one_vs_one_scores(decisions, &mut known);
        }
        let lowest = known.iter().copied().fold(0.0, f64::min) - 1.0;
        out.fill(check::bounded(lowest) as f32);
        for (&class, &score) in classes.iter().zip(&known) {
            out[class] = score as f32;
        }
    }
    Scores::new(scores)
}
