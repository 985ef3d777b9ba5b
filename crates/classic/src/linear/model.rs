//! Trained planes: one per class, or one between two classes.

use crate::check;
use crate::kernels::Simd;
use crate::kernels::linear::dot;
use crate::linear::rows::Plane;
use base::{Convergence, Epoch, FitSummary, Matrix, Predict, Scores};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Rows predicted at a time; one piece of parallel work.
const BLOCK: usize = 128;

/// What is known about one problem that a solver has solved.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// Id of the class on the positive side; none where all classes are one problem.
    pub class: Option<usize>,
    /// Value of the minimised function.
    pub primal: f64,
    /// Value of its dual, which the minimum cannot be below; none for a solver without one.
    pub dual: Option<f64>,
    /// Passes over the rows, or Newton steps.
    pub iterations: u64,
    /// Whether the stopping rule was met.
    pub converged: bool,
}

impl Optimum {
    /// How far the primal value can be above its minimum: primal less dual. Rounding can make it
    /// a little less than 0.
    pub fn gap(&self) -> Option<f64> {
        self.dual.map(|dual| self.primal - dual)
    }
}

/// What becomes of the values of the planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// They are the scores; `(-d, d)` for one plane between two classes.
    Margins,
    /// They become probabilities: softmax, or the logistic function of one plane.
    Probabilities,
}

/// A trained [`crate::LinearSvm`], [`crate::SgdSvm`] or [`crate::LogisticRegression`].
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// Shape `(planes, features)`.
    weights: Array2<f64>,
    intercepts: Vec<f64>,
    classes: Vec<usize>,
    class_count: usize,
    output: Output,
    optima: Vec<Optimum>,
    convergence: Convergence,
    curve: Vec<Epoch>,
}

impl LinearModel {
    /// One plane per class of `classes`, or one alone whose positive side is the second of two.
    /// `constant` is the value of the feature whose weight each plane holds apart.
    pub(crate) fn new(
        planes: &[Plane],
        constant: f64,
        classes: Vec<usize>,
        class_count: usize,
        output: Output,
    ) -> Self {
        let features = planes[0].weights.len();
        let weights =
            Array2::from_shape_fn((planes.len(), features), |(k, j)| planes[k].weights[j]);
        let intercepts = planes.iter().map(|plane| plane.constant * constant).collect();
        Self {
            weights,
            intercepts,
            classes,
            class_count,
            output,
            optima: Vec::new(),
            convergence: Convergence::Unknown,
            curve: Vec::new(),
        }
    }

    /// The same planes with what the solver tells of each problem.
    pub(crate) fn with_optima(self, optima: Vec<Optimum>) -> Self {
        let iterations = optima.iter().map(|optimum| optimum.iterations).sum();
        let convergence = if optima.iter().all(|optimum| optimum.converged) {
            Convergence::Converged { iterations }
        } else {
            Convergence::LimitReached { iterations }
        };
        Self { optima, convergence, ..self }
    }

    /// The same planes after that many epochs.
    pub(crate) fn after_epochs(self, iterations: u64, curve: Vec<Epoch>) -> Self {
        Self { convergence: Convergence::Completed { iterations }, curve, ..self }
    }

    /// Weights of the features, shape `(planes, features)`: one plane per class of
    /// [`Self::classes`], or one whose positive side is the second of two classes.
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// Added to the weighted sum of the features, one per plane.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// Ids of the classes that had training rows.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// Length of the weights of each plane, without the intercept. [`Self::decisions`] divided by
    /// it are the distances of rows from the plane, and 1 divided by it is the margin.
    pub fn norms(&self) -> Vec<f64> {
        self.weights.rows().into_iter().map(|w| w.dot(&w).sqrt()).collect()
    }

    /// Objectives, gap and iterations of each problem solved; none after stochastic descent.
    pub fn optima(&self) -> &[Optimum] {
        &self.optima
    }

    /// The value `w . x + b` of each plane for each row of `x`, shape `(n, planes)`. The values of
    /// a row do not depend on the other rows, bit for bit; all are finite.
    ///
    /// # Panics
    /// If the rows have another length than in training.
    pub fn decisions(&self, x: &Matrix) -> Array2<f64> {
        assert_eq!(x.ncols(), self.weights.ncols(), "as many features as in training");
        let (x, simd) = (x.as_standard_layout(), Simd::best());
        let mut decisions = Array2::zeros((x.nrows(), self.weights.nrows()));
        let blocks: Vec<_> = decisions.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
        let parts: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
        blocks.into_par_iter().zip(parts).for_each(|(mut out, rows)| {
            for (mut out, row) in out.rows_mut().into_iter().zip(rows.rows()) {
                let row = row.to_slice().expect("row-major");
                let planes = self.weights.rows().into_iter().zip(&self.intercepts);
                for (out, (weights, intercept)) in out.iter_mut().zip(planes) {
                    let weights = weights.to_slice().expect("a new array is contiguous");
                    *out = check::bounded(dot(simd, weights, row) + intercept);
                }
            }
        });
        decisions
    }
}

impl Predict<Matrix> for LinearModel {
    /// Margins or, after logistic regression, probabilities. Classes without a training row get
    /// the lowest score: 1 below all others, or probability 0.
    fn scores(&self, x: &Matrix) -> Scores {
        let decisions = self.decisions(x);
        let mut scores = Array2::zeros((x.nrows(), self.class_count));
        let mut known = vec![0.0; self.classes.len()];
        for (decisions, mut out) in decisions.rows().into_iter().zip(scores.rows_mut()) {
            match decisions.to_slice().expect("a new array is contiguous") {
                [decision] => known.copy_from_slice(&[-decision, *decision]),
                decisions => known.copy_from_slice(decisions),
            }
            let others = match self.output {
                Output::Margins => known.iter().copied().fold(0.0, f64::min) - 1.0,
                Output::Probabilities => {
                    if decisions.len() == 1 {
                        // e^d / (e^d + 1), as e^(d/2) / (e^(d/2) + e^(-d/2)).
                        known.iter_mut().for_each(|value| *value *= 0.5);
                    }
                    softmax(&mut known);
                    0.0
                }
            };
            out.fill(check::bounded(others) as f32);
            for (&class, &score) in self.classes.iter().zip(&known) {
                out[class] = score as f32;
            }
        }
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        FitSummary {
            convergence: self.convergence,
            model_bytes: 8 * (self.weights.len() + self.intercepts.len()) as u64,
            curve: self.curve.clone(),
        }
    }
}

/// `e^v` of each value, divided by their sum. Returns the logarithm of the sum.
pub(crate) fn softmax(values: &mut [f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn planes(weights: &[[f64; 2]]) -> Vec<Plane> {
        weights.iter().map(|w| Plane { weights: w.to_vec(), constant: 0.5 }).collect()
    }

    #[test]
    fn two_classes_share_a_plane_and_absent_ones_are_last() {
        let one = planes(&[[3.0, 4.0]]);
        let model = LinearModel::new(&one, 2.0, vec![0, 2], 3, Output::Margins);
        assert_eq!(model.norms(), [5.0]);
        assert_eq!(model.intercepts(), [1.0]);
        let x = array![[1.0, 0.0], [0.0, -1.0]];
        assert_eq!(model.decisions(&x), array![[4.0], [-3.0]]);
        assert_eq!(model.scores(&x).view(), array![[-4.0, -5.0, 4.0], [3.0, -4.0, -3.0]]);
    }

    #[test]
    fn probabilities_are_those_of_the_logistic_function_and_the_softmax() {
        let one = planes(&[[1.0, 0.0]]);
        let model = LinearModel::new(&one, 0.0, vec![0, 2], 3, Output::Probabilities);
        let scores = model.scores(&array![[f32::ln(3.0), 7.0], [1e4, 0.0]]);
        for (got, want) in scores.view().iter().zip([0.25, 0.0, 0.75, 0.0, 0.0, 1.0]) {
            assert!((got - want).abs() < 1e-7, "{scores:?}");
        }
        let three = planes(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        let model = LinearModel::new(&three, 0.0, vec![0, 1, 2], 3, Output::Probabilities);
        let scores = model.scores(&array![[f32::ln(2.0), f32::ln(5.0)]]);
        for (got, want) in scores.view().iter().zip([0.125, 0.25, 0.625]) {
            assert!((got - want).abs() < 1e-7, "{scores:?}");
        }
    }

    /// At block edges in particular.
    #[test]
    fn a_row_predicted_alone_has_the_same_bits() {
        let model = LinearModel::new(&planes(&[[0.3, -1.7]]), 1.0, vec![0, 1], 2, Output::Margins);
        let x = Matrix::from_shape_fn((300, 2), |(row, j)| (row * 7 + j) as f32 / 3.0);
        let together = model.decisions(&x);
        for row in [0, 127, 128, 299] {
            let alone = x.select(Axis(0), &[row]);
            assert_eq!(model.decisions(&alone).row(0), together.row(row));
        }
    }
}
