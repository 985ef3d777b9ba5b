//! Probabilities from the scores of any recipe.
//!
//! A model's scores on its own training rows are too good, so the rows are dealt into folds; each
//! fold is scored by a model that was trained on the others, and a map from scores to
//! probabilities is fitted to those held-out scores. The machine itself is then trained on all
//! rows (scikit-learn's `CalibratedClassifierCV` with `ensemble=False`).
//!
//! Probabilities need not have their maximum where the machine's scores have it. A calibrated
//! model therefore has both, lists the rows on which they differ, and decides by the one that was
//! asked for: see [`Decide`].

mod coupled;
mod coupling;
mod curves;
mod folds;
#[cfg(test)]
mod golden;
mod isotonic;
mod model;
mod platt;
mod temperature;
#[cfg(test)]
mod tests;

pub use coupled::{CoupledSvm, CoupledSvmParams};
pub use coupling::couple;
pub use isotonic::Isotonic;
pub use model::{CalibratedModel, Decide};
pub use platt::Platt;
pub use temperature::Temperature;

use crate::check;
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use curves::Calibrator;
use folds::{deal, held_out};
use model::Trained;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How scores become probabilities, as written in a plan file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationMethod {
    /// A sigmoid ([`Platt`]) for each class against the others: two numbers, fit for few rows.
    #[default]
    Sigmoid,
    /// A rising step curve ([`Isotonic`]) for each class against the others: any rising shape, but
    /// it takes a thousand rows or so, and gives many equal probabilities.
    Isotonic,
    /// One [`Temperature`] for all classes: keeps the order of the scores, so the most probable
    /// class is always the machine's.
    Temperature,
}

/// Settings of [`Calibrated`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibratedParams {
    /// `sigmoid` (the default), `isotonic` or `temperature`.
    pub method: CalibrationMethod,
    /// Folds of the training rows, at least 2.
    pub folds: usize,
    /// Who decides where both differ: `probability` (the default) or `machine`.
    pub decide: Decide,
}

impl Default for CalibratedParams {
    fn default() -> Self {
        Self { method: CalibrationMethod::default(), folds: 5, decide: Decide::default() }
    }
}

/// Why scores could not be turned into probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CalibrationError {
    /// A class that cannot be both held out and trained on.
    #[error("class {class} has one training row; calibration needs two of each class it finds")]
    SingleRow {
        /// Id of the class.
        class: usize,
    },
}

impl From<CalibrationError> for FitError {
    fn from(source: CalibrationError) -> Self {
        Self::Library { what: "calibration", source: Box::new(source) }
    }
}

/// Wraps a recipe so that its scores are probabilities. Checked when it is made.
///
/// With [`CalibrationMethod::Sigmoid`] and [`CalibrationMethod::Isotonic`] each class is calibrated
/// against the others and the results are divided by their sum; with two classes the difference of
/// the scores is calibrated once.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{Calibrated, CalibratedParams, NearestMean};
/// let x = ndarray::Array2::from_shape_fn((20, 1), |(row, _)| row as f32);
/// let names = ["low", "high"].map(str::to_owned);
/// let y = Labels::new((0..20).map(|row| row / 10).collect(), &names).unwrap();
/// let recipe = Calibrated::new(&CalibratedParams::default(), Box::new(NearestMean)).unwrap();
/// let model = recipe.train(&x, &y, Seed(1)).unwrap();
/// let probabilities = model.probabilities(&ndarray::array![[2.0], [9.6]]);
/// assert!(probabilities.view()[[0, 0]] > 0.9);
/// assert!((probabilities.view()[[1, 0]] - 0.5).abs() < 0.1);
/// assert!(model.disagreements(&x).is_empty());
/// ```
pub struct Calibrated {
    params: CalibratedParams,
    inner: Box<dyn Fit<Matrix>>,
}

impl Calibrated {
    /// `inner` with probabilities.
    ///
    /// # Errors
    /// If there are fewer than two folds.
    pub fn new(params: &CalibratedParams, inner: Box<dyn Fit<Matrix>>) -> Result<Self, ParamError> {
        check_folds(params.folds)?;
        Ok(Self { params: params.clone(), inner })
    }

    /// Like [`Fit::fit`], for those who want to know where the machine and its probabilities
    /// differ. The machine is the one that the inner recipe alone makes of these rows and seed.
    ///
    /// # Errors
    /// If a class has a single row, or the inner recipe refuses the rows or those of a fold.
    pub fn train(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<CalibratedModel, FitError> {
        check::training_rows(x, y)?;
        let folds = deal(y, self.params.folds, seed.child("deal", 0))?;
        let held_out = held_out(x, y, &folds, y.class_count(), |fold, x, y, rows| {
            let model = self.inner.fit(x, y, seed.child("fold", fold))?;
            let scores = model.scores(rows).view().mapv(f64::from);
            Ok((scores, model.summary().convergence))
        })?;
        let classes = present(y);
        let ids: Vec<usize> = y.ids().to_vec();
        let calibrator = Calibrator::fit(self.params.method, held_out.values.view(), &ids, classes);
        let machine = self.inner.fit(x, y, seed)?;
        let trained = Trained { machine, calibrator };
        Ok(CalibratedModel::new(Box::new(trained), self.params.decide, &held_out.convergence))
    }
}

impl Fit<Matrix> for Calibrated {
    /// Deals the folds and trains in them with children of the seed.
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y, seed)?))
    }
}

fn check_folds(folds: usize) -> Result<(), ParamError> {
    if folds < 2 { Err(ParamError::new("folds", folds, "at least 2")) } else { Ok(()) }
}

/// Ids of the classes that have rows.
fn present(y: &Labels) -> Vec<usize> {
    let counts = y.counts();
    (0..counts.len()).filter(|&class| counts[class] > 0).collect()
}

/// Held-out values of all rows.
struct HeldOut {
    /// Shape `(n, values per row)`.
    values: Array2<f64>,
    /// How the training of each fold ended.
    convergence: Vec<base::Convergence>,
}
