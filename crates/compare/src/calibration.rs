//! `calibration` of a classifier: its scores become probabilities.

use crate::catalogue::{self, EntryError};
use crate::plan::{ClassifierEntry, Settings};
use base::{Fit, Matrix};
use classic::{
    Calibrated, CalibratedParams, CalibrationMethod, CoupledSvm, CoupledSvmParams, Decide,
};
use serde::{Deserialize, Serialize};

/// As written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CalibrationParams {
    /// How scores become probabilities.
    pub(crate) method: Method,
    /// Folds of the training rows, at least 2: held-out scores are what is calibrated.
    pub(crate) folds: usize,
    /// Who decides where the most probable class is not the machine's.
    pub(crate) decide: Decide,
}

impl Default for CalibrationParams {
    fn default() -> Self {
        let CalibratedParams { folds, decide, .. } = CalibratedParams::default();
        Self { method: Method::default(), folds, decide }
    }
}

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// [`CalibrationMethod::Sigmoid`], Platt's.
    #[default]
    Sigmoid,
    /// [`CalibrationMethod::Isotonic`].
    Isotonic,
    /// [`CalibrationMethod::Temperature`].
    Temperature,
    /// A sigmoid per pair of classes, coupled as LIBSVM does: [`CoupledSvm`].
    Coupling,
}

/// The classifier of an entry at the point of its grid that gave `settings`.
pub(crate) fn classifier(
    entry: &ClassifierEntry,
    settings: &Settings,
) -> Result<Box<dyn Fit<Matrix>>, EntryError> {
    let ClassifierEntry { kind, standardise, transforms, calibration, .. } = entry;
    let inner = || catalogue::classifier(kind, *standardise, transforms, settings);
    let Some(CalibrationParams { method, folds, decide }) = calibration.clone() else {
        return inner();
    };
    let method = match method {
        Method::Sigmoid => CalibrationMethod::Sigmoid,
        Method::Isotonic => CalibrationMethod::Isotonic,
        Method::Temperature => CalibrationMethod::Temperature,
        Method::Coupling if kind == "svm" => {
            let before = catalogue::before(*standardise, transforms)?;
            let params = CoupledSvmParams { folds, decide };
            return Ok(Box::new(CoupledSvm::new(&params, before, catalogue::svm(settings)?)?));
        }
        Method::Coupling => return Err(EntryError::Coupling(kind.clone())),
    };
    let params = CalibratedParams { method, folds, decide };
    Ok(Box::new(Calibrated::new(&params, inner()?)?))
}
