//! Linear machines for many rows: squared hinge, one class against the others.

use super::problems::Problem;
use crate::bench::task::{Quality, Task};
use crate::bench::{Rival, Work};
use anyhow::Result;
use base::{Labels, Matrix, Predict, Seed};
use classic::{LinearModel, LinearSvm, LinearSvmParams};
use std::sync::Arc;

const C: f64 = 1.0;
/// LIBLINEAR's own for the squared hinge, which the rivals use too.
const TOLERANCE: f64 = 0.1;

/// The objective is the primal one, with the bias among the weights as LIBLINEAR has it.
pub(super) fn linear(problem: &Arc<Problem>, n: usize) -> Result<Work> {
    let (x, y) = problem.first(n);
    let name = &problem.name;
    let request = |library| Rival::Python(format!("linear {library} {name} {n} c={C}"));
    let params = LinearSvmParams { c: C, tolerance: TOLERANCE, ..LinearSvmParams::default() };
    let recipe = LinearSvm::new(&params)?;
    let ours = Fit { recipe, x, y, problem: Arc::clone(problem), model: None };
    Ok(Work {
        name: format!("fit linear C={C} {name} {n} rows"),
        ours: Box::new(ours),
        parallel: true,
        rivals: vec![
            ("liblinear", request("liblinear")),
            ("liblinear-multi", request("liblinear-multi")),
        ],
        rows: None,
    })
}

struct Fit {
    recipe: LinearSvm,
    x: Matrix,
    y: Labels,
    problem: Arc<Problem>,
    model: Option<LinearModel>,
}

impl Task for Fit {
    fn run(&mut self) {
        let model = self.recipe.train(&self.x, &self.y, Seed(1));
        self.model = Some(model.expect("rows and labels are sound"));
    }

    fn quality(&self) -> Option<Quality> {
        let model = self.model.as_ref()?;
        let accuracy = Some(self.problem.accuracy(&model.scores(&self.problem.x_test)));
        let objective = Some(model.optima().iter().map(|optimum| optimum.primal).sum());
        Some(Quality { accuracy, objective })
    }
}
