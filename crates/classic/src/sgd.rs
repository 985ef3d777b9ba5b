//! Linear support vector machines by stochastic descent: one look at one row at a time.
//!
//! Minimised for each class against the rest, where `m_i = y_i (w . x_i)`:
//!
//! ```text
//! lambda / 2 ||w||^2 + 1/n sum max(0, 1 - m_i)
//! ```
//!
//! the problem of [`crate::LinearSvm`] with hinge loss and `C = 1 / (lambda n)`. Step `t`, counted
//! from 1, looks at one row and goes down by a rate times the subgradient there:
//! [`SgdRule`] says which rate, and which of the many `w` is kept.
//!
//! Sources: S. Shalev-Shwartz, Y. Singer, N. Srebro, A. Cotter, "Pegasos: primal estimated
//! sub-gradient solver for SVM", Mathematical Programming 127(1):3-30, 2011, Figure 1, with the
//! projection. S. Lacoste-Julien, M. Schmidt, F. Bach, "A simpler approach to obtaining an O(1/t)
//! convergence rate for the projected stochastic subgradient method", arXiv:1212.2002, 2012.
//! Departures: rows come in a random order per epoch, each once, not drawn with repetition; the
//! intercept is the weight of a constant feature, as in LIBLINEAR; in the averaged rule the rate
//! starts at 1 / R^2, where the paper's first steps overshoot by 1 / lambda.

mod online;
mod plane;

pub use online::{OnlineError, OnlineLinear, OnlineLinearParams};

use crate::check;
use crate::linear::{LinearModel, TrainingRows};
use base::{Epoch, Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use serde::{Deserialize, Serialize};

/// How far each step goes and what is kept. `R^2` is the largest squared length of the rows seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SgdRule {
    /// Rate `1 / (lambda t)`; `w` is brought back to length `1 / sqrt(lambda)`, where the optimum
    /// lies within. The last `w` is kept.
    Pegasos,
    /// Rate `2 / (lambda (t + 1) + 2 R^2)`. The average of all `w` is kept, where that after step
    /// `t` weighs `t`.
    #[default]
    Averaged,
}

/// Settings of [`SgdSvm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdSvmParams {
    /// Weight of the regularisation, positive.
    pub lambda: f64,
    /// `averaged` (the default) or `pegasos`.
    pub rule: SgdRule,
    /// Passes over the rows, at least 1.
    pub epochs: u64,
    /// Value of a constant feature whose weight is the intercept, at least 0; 0 means none.
    pub intercept_scaling: f64,
}

impl Default for SgdSvmParams {
    fn default() -> Self {
        let OnlineLinearParams { lambda, rule, intercept_scaling } = OnlineLinearParams::default();
        Self { lambda, rule, epochs: 10, intercept_scaling }
    }
}

/// A linear support vector machine trained by passes over the rows in random order.
///
/// All planned epochs are run; the curve of the summary tells the mean hinge loss (added up over
/// the machines) and the accuracy of each, as the rows were met. Rows that come bit by bit are for
/// [`OnlineLinear`].
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{SgdSvm, SgdSvmParams};
/// let x = ndarray::array![[-1.0], [1.0], [-1.2], [0.8]];
/// let y = Labels::new(vec![0, 1, 0, 1], &["left".to_owned(), "right".to_owned()]).unwrap();
/// let model = SgdSvm::new(&SgdSvmParams::default()).unwrap().fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.5], [-0.5]]).predicted(), [1, 0]);
/// ```
#[derive(Debug, Clone)]
pub struct SgdSvm {
    params: SgdSvmParams,
}

impl SgdSvm {
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &SgdSvmParams) -> Result<Self, ParamError> {
        let recipe = Self { params: params.clone() };
        check::at_least_one("epochs", params.epochs)?;
        OnlineLinear::new(&recipe.online())?;
        Ok(recipe)
    }

    fn online(&self) -> OnlineLinearParams {
        let SgdSvmParams { lambda, rule, intercept_scaling, .. } = self.params;
        OnlineLinearParams { lambda, rule, intercept_scaling }
    }

    /// Trains on `x`, shape `(n, features)`, and `y`: what [`Fit::fit`] does, with the model's own
    /// type as result.
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, or a value is not finite.
    pub fn train(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<LinearModel, FitError> {
        FitError::check_labels(x.nrows(), y)?;
        let rows = TrainingRows::new(x, self.params.intercept_scaling)?;
        let mut online = OnlineLinear::new(&self.online()).expect("settings were checked");
        let mut curve = Vec::new();
        for epoch in 1..=self.params.epochs {
            let order = seed.child("epoch", epoch).permutation(rows.len());
            let met = online.learn(&rows, y, &order)?;
            curve.push(Epoch {
                epoch,
                loss: check::bounded(met.loss) as f32,
                accuracy: met.accuracy as f32,
                validation_loss: None,
                validation_accuracy: None,
                learning_rate: check::bounded(met.last_rate) as f32,
                layers: Vec::new(),
            });
        }
        let model = online.model().expect("rows of two classes were seen");
        Ok(model.after_epochs(self.params.epochs, curve))
    }
}

impl Fit<Matrix> for SgdSvm {
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y, seed)?))
    }
}

#[cfg(test)]
mod tests;
