//! Rivals written in Rust.

use super::problems::Problem;
use crate::bench::task::{Quality, Task};
use anyhow::Result;
use base::{Fit as _, Labels, Matrix, Predict, Seed};
use classic::{Gamma, LinfaSvm, LinfaSvmParams};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::svm::Kernels;
use smartcore::svm::svc::{MultiClassSVC, SVCParameters};
use std::sync::Arc;

/// linfa-svm, one class against the others.
pub(super) struct Linfa {
    recipe: LinfaSvm,
    x: Matrix,
    y: Labels,
    problem: Arc<Problem>,
    model: Option<Box<dyn Predict<Matrix>>>,
}

impl Linfa {
    pub(super) fn new(
        c: f64,
        gamma: f64,
        x: Matrix,
        y: Labels,
        problem: Arc<Problem>,
    ) -> Result<Self> {
        let gamma = Gamma::Value(gamma);
        let recipe = LinfaSvm::new(&LinfaSvmParams { c, gamma, ..LinfaSvmParams::default() })?;
        Ok(Self { recipe, x, y, problem, model: None })
    }
}

impl Task for Linfa {
    fn run(&mut self) {
        let model = self.recipe.fit(&self.x, &self.y, Seed(1));
        self.model = Some(model.expect("rows and labels are sound"));
    }

    fn quality(&self) -> Option<Quality> {
        let scores = self.model.as_ref()?.scores(&self.problem.x_test);
        Some(Quality { accuracy: Some(self.problem.accuracy(&scores)), objective: None })
    }
}

/// smartcore, one class against one. Its solver passes twice over the rows and stops there.
pub(super) struct Smartcore {
    c: f64,
    gamma: f64,
    tolerance: f64,
    x: DenseMatrix<f64>,
    y: Vec<i32>,
    problem: Arc<Problem>,
}

impl Smartcore {
    pub(super) fn new(
        [c, gamma, tolerance]: [f64; 3],
        x: &Matrix,
        y: &Labels,
        problem: Arc<Problem>,
    ) -> Result<Self> {
        let y = y.ids().iter().map(|&id| id as i32).collect();
        Ok(Self { c, gamma, tolerance, x: dense(x)?, y, problem })
    }

    fn params(&self) -> SVCParameters<f64, i32, DenseMatrix<f64>, Vec<i32>> {
        let kernel = Kernels::rbf().with_gamma(self.gamma);
        SVCParameters::default().with_c(self.c).with_tol(self.tolerance).with_kernel(kernel)
    }
}

impl Task for Smartcore {
    fn run(&mut self) {
        MultiClassSVC::fit(&self.x, &self.y, &self.params()).expect("rows and labels are sound");
    }

    /// A model borrows its rows and cannot be kept beside them, so one more is trained.
    fn quality(&self) -> Option<Quality> {
        let params = self.params();
        let model = MultiClassSVC::fit(&self.x, &self.y, &params).ok()?;
        let predicted = model.predict(&dense(&self.problem.x_test).ok()?).ok()?;
        let predicted: Vec<usize> = predicted.into_iter().map(|id| id as usize).collect();
        Some(Quality { accuracy: Some(self.problem.accuracy_of(&predicted)), objective: None })
    }
}

fn dense(x: &Matrix) -> Result<DenseMatrix<f64>> {
    let values = x.iter().map(|&value| f64::from(value)).collect();
    Ok(DenseMatrix::new(x.nrows(), x.ncols(), values, false)?)
}
