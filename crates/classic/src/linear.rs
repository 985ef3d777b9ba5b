//! Linear support vector machines for many rows.
//!
//! A machine with a plane per class is fitted without a kernel matrix, in time in proportion to
//! the rows. [`LinearLoss`] and [`LinearMultiClass`] say what is minimised; `linear/dual.rs` and
//! `linear/crammer_singer.rs` how.
//!
//! Source: R.-E. Fan, K.-W. Chang, C.-J. Hsieh, X.-R. Wang, C.-J. Lin, "LIBLINEAR: a library for
//! large linear classification", JMLR 9:1871-1874, 2008, solvers 1, 3 and 4; settings are named
//! and read as in scikit-learn's `LinearSVC`. Departures: a solver that meets its limit stops and
//! says so, where LIBLINEAR from version 2.40 starts another; objectives on both sides are told.

mod costs;
mod crammer_singer;
mod dual;
mod model;
mod packed;
mod rows;

use crate::weights::ClassWeight;
pub use model::{LinearModel, Optimum};

pub(crate) use costs::Costs;
pub(crate) use model::{Output, softmax};
pub(crate) use rows::{Plane, TrainingRows};

use crate::check;
use base::{Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use dual::{Machine, Stop};
use packed::PackedRows;
use rayon::prelude::*;
use rows::ReadRows;
use serde::{Deserialize, Serialize};

/// Largest penalty: beyond all use, and small enough that neither products with weights of rows
/// nor squares of `alpha` leave the range of 64 bits.
const MAX_C: f64 = 1e30;

/// What a row costs that lies short of its margin by `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinearLoss {
    /// `s`, LIBLINEAR's L1 loss.
    Hinge,
    /// `s^2`, LIBLINEAR's L2 loss.
    #[default]
    SquaredHinge,
}

impl LinearLoss {
    /// The loss of a row that is `short`, at least 0, of its margin.
    pub(crate) fn of_shortfall(self, short: f64) -> f64 {
        match self {
            Self::Hinge => short,
            Self::SquaredHinge => short * short,
        }
    }
}

/// How many classes are made of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinearMultiClass {
    /// A machine per class, with all other rows on the other side; one machine for two classes.
    #[default]
    OneVsRest,
    /// One problem whose loss is the shortfall behind the best of the other classes (hinge only;
    /// `loss` is not used).
    CrammerSinger,
}

/// Settings of [`LinearSvm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearSvmParams {
    /// Penalty of a row short of its margin, positive and at most 1e30.
    pub c: f64,
    /// `squared_hinge` (the default) or `hinge`.
    pub loss: LinearLoss,
    /// `one_vs_rest` (the default) or `crammer_singer`.
    pub multi_class: LinearMultiClass,
    /// `equal` (the default) or `balanced`. As in LIBLINEAR, one against the rest weighs the rows
    /// of the one by it, and those of the rest equally.
    pub class_weight: ClassWeight,
    /// Value of a constant feature whose weight is the intercept, at least 0. The intercept is
    /// regularised like all weights, the less so the larger this is; 0 means no intercept.
    pub intercept_scaling: f64,
    /// Largest spread of projected gradients that is left, positive: margins are met to within
    /// it. LIBLINEAR's default is 0.1, scikit-learn's 0.0001.
    pub tolerance: f64,
    /// Passes over the rows per machine, at least 1.
    pub max_iterations: u64,
}

impl Default for LinearSvmParams {
    fn default() -> Self {
        Self {
            c: 1.0,
            loss: LinearLoss::default(),
            multi_class: LinearMultiClass::default(),
            class_weight: ClassWeight::default(),
            intercept_scaling: 1.0,
            tolerance: 1e-3,
            max_iterations: 1000,
        }
    }
}

/// A linear support vector machine that can be trained. Checked when it is made.
///
/// Rows are read in place as 32 bits, or packed if that makes them a quarter smaller, which leaves
/// out most zeros; the packed ones are held beside them. A fit further holds 48 bytes per row for
/// each machine that is trained at the time, or 16 per row and class (Crammer and Singer).
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{LinearSvm, LinearSvmParams};
/// let x = ndarray::array![[-1.0], [1.0]];
/// let y = Labels::new(vec![0, 1], &["left".to_owned(), "right".to_owned()]).unwrap();
/// let params = LinearSvmParams { c: 3.0, tolerance: 1e-9, ..Default::default() };
/// let model = LinearSvm::new(&params).unwrap().train(&x, &y, Seed(1)).unwrap();
/// // The minimum of w^2 / 2 + 2 C (1 - w)^2.
/// assert!((model.weights()[[0, 0]] - 12.0 / 13.0).abs() < 1e-8);
/// assert!(model.optima()[0].gap().unwrap() < 1e-8);
/// ```
#[derive(Debug, Clone)]
pub struct LinearSvm {
    params: LinearSvmParams,
    stop: Stop,
}

impl LinearSvm {
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &LinearSvmParams) -> Result<Self, ParamError> {
        if check::positive("c", params.c)? > MAX_C {
            return Err(ParamError::new("c", params.c, "a positive number of at most 1e30"));
        }
        params.class_weight.check()?;
        check::not_negative("intercept_scaling", params.intercept_scaling)?;
        let tolerance = check::positive("tolerance", params.tolerance)?;
        let max_iterations = check::at_least_one("max_iterations", params.max_iterations)?;
        Ok(Self { params: params.clone(), stop: Stop { tolerance, max_iterations } })
    }

    /// Trains on `x`, shape `(n, features)`, and `y`: what [`Fit::fit`] does, with the model's own
    /// type as result.
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, or a value is not finite.
    pub fn train(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<LinearModel, FitError> {
        self.train_rows(x, y, None, seed)
    }

    /// Like [`Self::train`], with a factor on the penalty of each row, at least 0. Rows of weight 0
    /// count as absent.
    ///
    /// # Errors
    /// As [`Self::train`], or if the weights are not one per row, finite and at least 0
    /// ([`crate::SampleWeightError`]).
    pub fn train_weighted(
        &self,
        x: &Matrix,
        y: &Labels,
        weights: &[f64],
        seed: Seed,
    ) -> Result<LinearModel, FitError> {
        self.train_rows(x, y, Some(weights), seed)
    }

    fn train_rows(
        &self,
        x: &Matrix,
        y: &Labels,
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<LinearModel, FitError> {
        FitError::check_labels(x.nrows(), y)?;
        let costs = Costs::new(y, &self.params.class_weight, weights)?;
        let rows = TrainingRows::new(x, self.params.intercept_scaling)?;
        let (planes, optima) = match PackedRows::new(&rows) {
            Some(packed) => self.solve(&packed, y, &costs, seed),
            None => self.solve(&rows, y, &costs, seed),
        };
        let (classes, count) = (costs.present, y.class_count());
        let model = LinearModel::new(&planes, rows.constant(), classes, count, Output::Margins);
        Ok(model.with_optima(optima))
    }

    fn solve(
        &self,
        rows: &impl ReadRows,
        y: &Labels,
        costs: &Costs,
        seed: Seed,
    ) -> (Vec<Plane>, Vec<Optimum>) {
        match self.params.multi_class {
            LinearMultiClass::OneVsRest => self.one_vs_rest(rows, y, costs, seed),
            LinearMultiClass::CrammerSinger => self.crammer_singer(rows, y, costs, seed),
        }
    }

    /// A machine per class, several at a time; one for two classes.
    fn one_vs_rest(
        &self,
        rows: &impl ReadRows,
        y: &Labels,
        costs: &Costs,
        seed: Seed,
    ) -> (Vec<Plane>, Vec<Optimum>) {
        let (positive, others) = match costs.present[..] {
            // The second class is the positive side, the first weighs as it should.
            [first, second] => (vec![second], costs.classes[first]),
            _ => (costs.present.clone(), 1.0),
        };
        let solve = |&class: &usize| {
            let is_one = |&id: &usize| id == class;
            let sides: Vec<f64> =
                y.ids().iter().map(|id| if is_one(id) { 1.0 } else { -1.0 }).collect();
            let factor = |id| if is_one(id) { costs.classes[class] } else { others };
            let row_costs: Vec<f64> = y
                .ids()
                .iter()
                .zip(&costs.rows)
                .map(|(id, weight)| self.params.c * weight * factor(id))
                .collect();
            let machine =
                Machine { loss: self.params.loss, rows, sides: &sides, costs: &row_costs };
            let solution = machine.solve(self.stop, seed.child("class", class as u64));
            let optimum = Optimum {
                class: Some(class),
                primal: solution.primal,
                dual: Some(solution.dual),
                iterations: solution.iterations,
                converged: solution.converged,
            };
            (solution.plane, optimum)
        };
        positive.par_iter().map(solve).unzip()
    }

    fn crammer_singer(
        &self,
        rows: &impl ReadRows,
        y: &Labels,
        costs: &Costs,
        seed: Seed,
    ) -> (Vec<Plane>, Vec<Optimum>) {
        // Rows of absent classes have weight 0; any place will do for them.
        let place = |class: &usize| costs.present.iter().position(|p| p == class).unwrap_or(0);
        let ids: Vec<usize> = y.ids().iter().map(place).collect();
        let row_costs: Vec<f64> =
            costs.by_row(y).into_iter().map(|weight| weight * self.params.c).collect();
        let classes = costs.present.len();
        let problem = crammer_singer::Problem { rows, ids: &ids, costs: &row_costs, classes };
        let solution = problem.solve(self.stop, seed.child("crammer-singer", 0));
        let optimum = Optimum {
            class: None,
            primal: solution.primal,
            dual: Some(solution.dual),
            iterations: solution.iterations,
            converged: solution.converged,
        };
        (solution.planes, vec![optimum])
    }
}

impl Fit<Matrix> for LinearSvm {
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
