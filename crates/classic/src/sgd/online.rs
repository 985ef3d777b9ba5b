//! A linear machine that learns from rows as they come.

use crate::check;
use crate::linear::{LinearModel, Output, Plane, TrainingRows};
use crate::sgd::SgdRule;
use crate::sgd::plane::{OnlinePlane, Settings};
use base::{FitError, Labels, Matrix, ParamError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings of [`OnlineLinear`]; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnlineLinearParams {
    /// Weight of the regularisation, positive.
    pub lambda: f64,
    /// `averaged` (the default) or `pegasos`.
    pub rule: SgdRule,
    /// Value of a constant feature whose weight is the intercept, at least 0; 0 means none.
    pub intercept_scaling: f64,
}

impl Default for OnlineLinearParams {
    fn default() -> Self {
        Self { lambda: 1e-4, rule: SgdRule::default(), intercept_scaling: 1.0 }
    }
}

/// Rows that do not go with those before them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OnlineError {
    /// Rows of another length.
    #[error("the rows have {found} features, but those before them had {known}")]
    Features {
        /// Features of the new rows.
        found: usize,
        /// Features of all rows before.
        known: usize,
    },
    /// Labels with another list of class names.
    #[error("the labels name the classes {found:?}, but those before them {known:?}")]
    Classes {
        /// Names of the new labels.
        found: Vec<String>,
        /// Names of all labels before.
        known: Vec<String>,
    },
}

/// Learns a plane per class, one step per row, as described for [`SgdRule`].
///
/// Rows are looked at in the order given: rows sorted by class should be shuffled before. Labels
/// must always name the same classes, but need not have rows of each. Feeding the same rows in
/// one piece or in many gives the same bits.
///
/// ```
/// use base::{Labels, Predict};
/// use classic::{OnlineLinear, OnlineLinearParams};
/// let names = ["left", "right"].map(str::to_owned);
/// let mut online = OnlineLinear::new(&OnlineLinearParams::default()).unwrap();
/// for _ in 0..10 {
///     let y = Labels::new(vec![0, 1], &names).unwrap();
///     online.partial_fit(&ndarray::array![[-1.0], [1.0]], &y).unwrap();
/// }
/// assert_eq!(online.steps(), 20);
/// let model = online.model().unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.5], [-0.5]]).predicted(), [1, 0]);
/// ```
#[derive(Debug, Clone)]
pub struct OnlineLinear {
    settings: Settings,
    constant: f64,
    steps: u64,
    state: Option<State>,
}

/// What is known once there were rows.
#[derive(Debug, Clone)]
struct State {
    names: Vec<String>,
    features: usize,
    /// Whether there was a row of each class.
    seen: Vec<bool>,
    largest_square: f64,
    /// One per class, or one for two classes.
    planes: Vec<OnlinePlane>,
}

/// How the rows of one piece were met.
pub(super) struct Met {
    /// Hinge loss, added up over the planes; mean over the rows.
    pub(super) loss: f64,
    pub(super) accuracy: f64,
    pub(super) last_rate: f64,
}

impl OnlineLinear {
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &OnlineLinearParams) -> Result<Self, ParamError> {
        let lambda = check::positive("lambda", params.lambda)?;
        let constant = check::not_negative("intercept_scaling", params.intercept_scaling)?;
        let settings = Settings { lambda, rule: params.rule };
        Ok(Self { settings, constant, steps: 0, state: None })
    }

    /// Learns from rows `x`, shape `(n, features)`, and their labels, first to last. After an
    /// error nothing has changed.
    ///
    /// # Errors
    /// If rows and labels differ in number, a value is not finite, fewer than two classes are
    /// named, or features or classes are not those of the rows before ([`OnlineError`]).
    pub fn partial_fit(&mut self, x: &Matrix, y: &Labels) -> Result<(), FitError> {
        if x.nrows() != y.len() {
            return Err(FitError::RowCount { rows: x.nrows(), labels: y.len() });
        }
        let rows = TrainingRows::new(x, self.constant)?;
        let order: Vec<usize> = (0..rows.len()).collect();
        self.learn(&rows, y, &order)?;
        Ok(())
    }

    /// Rows learned from so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The machine as it is now; none before rows of two classes were seen. Its convergence is
    /// `Unknown`: more rows may come.
    pub fn model(&self) -> Option<LinearModel> {
        let state = self.state.as_ref()?;
        let classes: Vec<usize> =
            (0..state.names.len()).filter(|&class| state.seen[class]).collect();
        if classes.len() < 2 {
            return None;
        }
        let kept = |plane: &OnlinePlane| plane.kept(self.settings, self.steps);
        let planes: Vec<Plane> = match &state.planes[..] {
            [plane] => vec![kept(plane)],
            planes => classes.iter().map(|&class| kept(&planes[class])).collect(),
        };
        let (constant, count) = (self.constant, state.names.len());
        Some(LinearModel::new(&planes, constant, classes, count, Output::Margins))
    }

    /// One step per row in that order; classes in parallel, each on its own.
    pub(super) fn learn(
        &mut self,
        rows: &TrainingRows<'_>,
        y: &Labels,
        order: &[usize],
    ) -> Result<Met, FitError> {
        let mut state = match self.state.take() {
            Some(state) => state,
            None => State::new(rows.features(), y)?,
        };
        let fits = state.check(rows.features(), y);
        if let Err(error) = fits {
            self.state = Some(state);
            return Err(FitError::Library { what: "online learning", source: Box::new(error) });
        }
        let (settings, before) = (self.settings, self.steps);
        let mut rates = Vec::with_capacity(order.len());
        for (step, &row) in (before + 1..).zip(order) {
            state.seen[y.ids()[row]] = true;
            state.largest_square = state.largest_square.max(rows.squared_length(row));
            rates.push(settings.rate(step, state.largest_square));
        }
        let first = usize::from(state.planes.len() == 1);
        let follow = |(place, plane): (usize, &mut OnlinePlane)| -> Vec<f64> {
            let mut values = Vec::with_capacity(order.len());
            for (at, (&row, &rate)) in order.iter().zip(&rates).enumerate() {
                if let Some(&next) = order.get(at + 1) {
                    rows.announce(next);
                }
                let side = if y.ids()[row] == place + first { 1.0 } else { -1.0 };
                let step = before + 1 + at as u64;
                values.push(plane.step(settings, step, rate, rows, row, side));
            }
            values
        };
        let values: Vec<Vec<f64>> = state.planes.par_iter_mut().enumerate().map(follow).collect();
        self.state = Some(state);
        self.steps += order.len() as u64;
        Ok(Met::new(&values, y, order, rates.last().copied().unwrap_or(0.0)))
    }
}

impl State {
    fn new(features: usize, y: &Labels) -> Result<Self, FitError> {
        let classes = y.class_count();
        let planes = match classes {
            0 | 1 => return Err(FitError::TooFewClasses { found: classes }),
            2 => 1,
            _ => classes,
        };
        Ok(Self {
            names: y.classes().to_vec(),
            features,
            seen: vec![false; classes],
            largest_square: 0.0,
            planes: vec![OnlinePlane::zero(features); planes],
        })
    }

    fn check(&self, features: usize, y: &Labels) -> Result<(), OnlineError> {
        if features != self.features {
            return Err(OnlineError::Features { found: features, known: self.features });
        }
        if y.classes() != self.names {
            let (found, known) = (y.classes().to_vec(), self.names.clone());
            return Err(OnlineError::Classes { found, known });
        }
        Ok(())
    }
}

impl Met {
    /// `values` has, per plane, one number per row of `order`.
    fn new(values: &[Vec<f64>], y: &Labels, order: &[usize], last_rate: f64) -> Self {
        let first = usize::from(values.len() == 1);
        let (mut loss, mut right) = (0.0, 0_usize);
        for (at, &row) in order.iter().enumerate() {
            let id = y.ids()[row];
            for (place, values) in values.iter().enumerate() {
                let side = if id == place + first { 1.0 } else { -1.0 };
                loss += (1.0 - side * values[at]).max(0.0);
            }
            let predicted = match values {
                [values] => usize::from(values[at] > 0.0),
                planes => (0..planes.len())
                    .rev()
                    .max_by(|&a, &b| planes[a][at].total_cmp(&planes[b][at]))
                    .expect("there are planes"),
            };
            right += usize::from(predicted == id);
        }
        let n = order.len().max(1) as f64;
        Self { loss: loss / n, accuracy: right as f64 / n, last_rate }
    }
}
