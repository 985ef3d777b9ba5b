//! Logistic regression: linear scores that are probabilities.
//!
//! Minimised over weights `W` and intercepts `b`, with `n` the sum of all row weights `s_i`:
//!
//! ```text
//! F(W, b) = 1/n sum s_i (-ln p_i) + 1 / (2 C n) ||W||^2
//! ```
//!
//! where `p_i` is the probability of the class of row `i`: the softmax of one plane per class, or
//! for two classes the logistic function of one plane. Intercepts are not regularised.
//!
//! Source: problem, settings and stopping rule are those of scikit-learn 1.9
//! `LogisticRegression(solver="lbfgs")`. Departure: the solver is a truncated Newton method with a
//! line search (`logistic/newton.rs`), which needs fewer passes over the rows for a tight optimum.

mod newton;
mod objective;

use crate::check;
use crate::linear::{Costs, LinearModel, Optimum, Output, Plane, TrainingRows};
use crate::weights::ClassWeight;
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use objective::Objective;
use serde::{Deserialize, Serialize};

/// Settings of [`LogisticRegression`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegressionParams {
    /// Weight of the rows against the regularisation, positive.
    pub c: f64,
    /// `equal` (the default) or `balanced`.
    pub class_weight: ClassWeight,
    /// Whether planes need not go through the origin.
    pub fit_intercept: bool,
    /// Largest entry of the gradient of `F` that is left, positive.
    pub tolerance: f64,
    /// Newton steps, at least 1.
    pub max_iterations: u64,
}

impl Default for LogisticRegressionParams {
    fn default() -> Self {
        Self {
            c: 1.0,
            class_weight: ClassWeight::default(),
            fit_intercept: true,
            tolerance: 1e-4,
            max_iterations: 100,
        }
    }
}

/// L2-regularised logistic regression that can be trained. Checked when it is made.
///
/// The scores of its models are probabilities: 0 to 1, adding up to 1 in each row. A fit holds 16
/// bytes per row and class beside the rows.
///
/// ```
/// use base::{Labels, Predict, Seed};
/// use classic::{LogisticRegression, LogisticRegressionParams};
/// let x = ndarray::array![[-1.0], [1.0]];
/// let y = Labels::new(vec![0, 1], &["left".to_owned(), "right".to_owned()]).unwrap();
/// let params = LogisticRegressionParams { c: 2.0, tolerance: 1e-10, ..Default::default() };
/// let model = LogisticRegression::new(&params).unwrap().train(&x, &y).unwrap();
/// // At the minimum of ln(1 + e^-w) + w^2 / 8 the derivative is 0.
/// let w = model.weights()[[0, 0]];
/// assert!((w / 4.0 - 1.0 / (1.0 + w.exp())).abs() < 1e-9);
/// assert!(model.scores(&ndarray::array![[0.0]]).view().iter().all(|p| (p - 0.5).abs() < 1e-6));
/// ```
#[derive(Debug, Clone)]
pub struct LogisticRegression {
    params: LogisticRegressionParams,
}

impl LogisticRegression {
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &LogisticRegressionParams) -> Result<Self, ParamError> {
        check::positive("c", params.c)?;
        params.class_weight.check()?;
        check::positive("tolerance", params.tolerance)?;
        check::at_least_one("max_iterations", params.max_iterations)?;
        Ok(Self { params: params.clone() })
    }

    /// Trains on `x`, shape `(n, features)`, and `y`: what [`Fit::fit`] does, with the model's own
    /// type as result.
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, or a value is not finite.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<LinearModel, FitError> {
        self.train_rows(x, y, None)
    }

    /// Like [`Self::train`], with a weight for each row, at least 0.
    ///
    /// # Errors
    /// As [`Self::train`], or if the weights are not one per row, finite and at least 0
    /// ([`crate::SampleWeightError`]).
    pub fn train_weighted(
        &self,
        x: &Matrix,
        y: &Labels,
        weights: &[f64],
    ) -> Result<LinearModel, FitError> {
        self.train_rows(x, y, Some(weights))
    }

    fn train_rows(
        &self,
        x: &Matrix,
        y: &Labels,
        weights: Option<&[f64]>,
    ) -> Result<LinearModel, FitError> {
        FitError::check_labels(x.nrows(), y)?;
        let costs = Costs::new(y, &self.params.class_weight, weights)?;
        let constant = if self.params.fit_intercept { 1.0 } else { 0.0 };
        let rows = TrainingRows::new(x, constant)?;
        let place = |class: &usize| costs.present.iter().position(|p| p == class).unwrap_or(0);
        let ids = y.ids().iter().map(place).collect();
        let objective =
            Objective::new(&rows, ids, costs.by_row(y), costs.present.len(), self.params.c);
        let found = newton::minimise(&objective, self.params.tolerance, self.params.max_iterations);
        let planes: Vec<Plane> = found
            .at
            .chunks_exact(rows.features() + 1)
            .map(|plane| Plane {
                weights: plane[..rows.features()].to_vec(),
                constant: plane[rows.features()],
            })
            .collect();
        let optimum = Optimum {
            class: None,
            primal: found.value,
            dual: None,
            iterations: found.iterations,
            converged: found.converged,
        };
        let (classes, count) = (costs.present, y.class_count());
        let model = LinearModel::new(&planes, constant, classes, count, Output::Probabilities);
        Ok(model.with_optima(vec![optimum]))
    }
}

impl Fit<Matrix> for LogisticRegression {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};
    use base::{Convergence, Rows};

    fn logistic(params: &LogisticRegressionParams) -> LogisticRegression {
        LogisticRegression::new(params).expect("valid settings")
    }

    #[test]
    fn keeps_the_contract() {
        for classes in [2, 4] {
            let (x, y) = clouds(classes, 15);
            let y = labels(y.ids().to_vec(), classes + 1);
            let recipe = logistic(&LogisticRegressionParams::default());
            eval::contract::check(&recipe, &x, &y);
            let scores = recipe.train(&x, &y).unwrap().scores(&x);
            for row in scores.view().rows() {
                assert!((row.sum() - 1.0).abs() < 1e-6 && row[classes] == 0.0, "{row}");
            }
        }
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let base = LogisticRegressionParams::default;
        for (params, name) in [
            (LogisticRegressionParams { c: 0.0, ..base() }, "c"),
            (
                LogisticRegressionParams {
                    class_weight: ClassWeight::PerClass(vec![1.0, -1.0]),
                    ..base()
                },
                "class_weight",
            ),
            (LogisticRegressionParams { tolerance: f64::NAN, ..base() }, "tolerance"),
            (LogisticRegressionParams { max_iterations: 0, ..base() }, "max_iterations"),
        ] {
            assert_eq!(LogisticRegression::new(&params).unwrap_err().name, name);
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y) = clouds(5, 400);
        let train = || logistic(&LogisticRegressionParams::default()).train(&x, &y).unwrap();
        assert_eq!(in_threads(1, train), in_threads(2, train));
    }

    #[test]
    fn weights_count_rows_and_a_fit_stopped_early_says_so() {
        let (x, y) = clouds(3, 20);
        let weights: Vec<f64> = (0..60).map(|row| [1.0, 2.0, 0.0][row % 3]).collect();
        let rows: Vec<usize> = (0..60).flat_map(|row| vec![row; weights[row] as usize]).collect();
        for class_weight in [ClassWeight::Equal, ClassWeight::Balanced] {
            let params =
                LogisticRegressionParams { class_weight, tolerance: 1e-10, ..Default::default() };
            let weighted = logistic(&params).train_weighted(&x, &y, &weights).unwrap();
            let repeated = logistic(&params).train(&x.pick(&rows), &y.pick(&rows)).unwrap();
            for (a, b) in weighted.weights().iter().zip(repeated.weights()) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
            let one = LogisticRegressionParams { max_iterations: 1, ..params };
            let stopped = logistic(&one).train(&x, &y).unwrap().summary().convergence;
            assert_eq!(stopped, Convergence::LimitReached { iterations: 1 });
        }
    }

    #[test]
    fn values_that_are_not_finite_are_told_with_their_place() {
        let (mut x, y) = clouds(2, 10);
        x[[3, 1]] = f32::INFINITY;
        let error = logistic(&LogisticRegressionParams::default()).train(&x, &y).unwrap_err();
        assert!(matches!(error, FitError::NotFinite { row: 3, column: 1, .. }), "{error}");
    }

    /// The mean loss of guessing, and no weight: nothing can be learned from equal rows.
    #[test]
    fn equal_rows_with_different_labels_give_the_shares_of_the_classes() {
        let y = labels(vec![0, 1, 1, 1, 2, 2, 0, 1], 3);
        let params = LogisticRegressionParams { tolerance: 1e-10, ..Default::default() };
        for value in [0.0, 1.0] {
            let x = Matrix::from_elem((8, 2), value);
            let model = logistic(&params).train(&x, &y).unwrap();
            assert!(model.weights().iter().all(|w| w.abs() < 1e-6), "{:?}", model.weights());
            for (got, want) in model.scores(&x).view().row(0).iter().zip([0.25, 0.5, 0.25]) {
                assert!((got - want).abs() < 1e-6, "{got} {want}");
            }
        }
    }
}
