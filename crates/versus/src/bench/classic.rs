//! Works of the crate `classic`.
//!
//! Every program gets the same rows, C, gamma and stopping tolerance.

mod grid;
mod linear;
mod problems;
mod rust_rivals;

use super::task::{Quality, Task};
use super::{Rival, Work};
use anyhow::{Result, bail};
use base::{Labels, Matrix, Predict, Scores};
use classic::{Gamma, Svm, SvmModel, SvmParams};
use problems::Problem;
pub(super) use problems::Problems;
use rust_rivals::{Linfa, Smartcore};
use std::path::PathBuf;
use std::sync::Arc;

/// Rows to train on, as far as there are so many; the largest are worked on if asked for.
const ROWS: [usize; 3] = [1000, 2000, 10_000];
const FULL: usize = 60_000;
/// Rows that a grid is searched on, unless others are asked for.
const GRID_ROWS: [usize; 2] = [2000, 5000];
/// Rows above which a slow rival is left out: its time would be many minutes.
const SLOW: usize = 2000;
const VERY_SLOW: usize = 1000;
/// Penalty on images, which are easy, and on noise.
const C: f64 = 10.0;
const NOISE_C: f64 = 100.0;
const TOLERANCE: f64 = 1e-3;

/// Settings of the works of `classic`.
#[derive(Debug, clap::Args)]
pub(super) struct ClassicOptions {
    /// classic: images to train on, as `compare` reads them, with a test part (such as a folder
    /// with MNIST's files); without it, the digits that come with the project
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// classic: numbers of training rows, separated by commas, instead of 1000,2000,10000
    #[arg(long, value_delimiter = ',', value_name = "ROWS")]
    n: Vec<usize>,
    /// classic: also 60,000 rows; this takes minutes per rival
    #[arg(long)]
    full: bool,
    /// classic: draw how the time of a fit grows with the rows (PNG)
    #[arg(long, value_name = "FILE")]
    pub(super) plot: Option<PathBuf>,
}

impl ClassicOptions {
    /// Whether one of them was given.
    pub(super) fn given(&self) -> bool {
        self.data.is_some() || !self.n.is_empty() || self.full || self.plot.is_some()
    }

    /// Numbers of training rows where there are `available`, ascending.
    fn rows(&self, available: usize) -> Result<Vec<usize>> {
        if let Some(n) = self.n.iter().find(|&&n| n < 100 || n > available) {
            bail!(
                "--n {n}: the training part has {available} rows, and fewer than 100 prove nothing"
            );
        }
        let mut rows = self.or_given(&ROWS, available);
        if self.full {
            rows.push(FULL.min(available));
            rows.sort_unstable();
            rows.dedup();
        }
        Ok(rows)
    }

    /// The rows asked for or, if none were, those given here as far as there are so many.
    fn or_given(&self, rows: &[usize], available: usize) -> Vec<usize> {
        let rows = if self.n.is_empty() { rows } else { self.n.as_slice() };
        let mut rows: Vec<usize> = rows.iter().map(|&n| n.min(available)).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

/// All of them.
pub(super) fn works(options: &ClassicOptions, problems: &Problems) -> Result<Vec<Work>> {
    let Problems { coarse, fine, noise, .. } = problems;
    let rows = options.rows(coarse.x.nrows())?;
    let mut works = Vec::new();
    for &n in &rows {
        works.push(fit(coarse, n, C, true)?);
    }
    for n in [1000, 4000] {
        works.push(fit(noise, n, NOISE_C, false)?);
    }
    for &n in rows.iter().filter(|&&n| n < FULL) {
        works.push(predict(coarse, n)?);
    }
    for n in options.or_given(&GRID_ROWS, coarse.x.nrows()) {
        works.push(grid::grid(coarse, n)?);
    }
    for problem in [coarse, fine] {
        for &n in &rows {
            works.push(linear::linear(problem, n)?);
        }
    }
    Ok(works)
}

/// The recipe of ours that the others are given the settings of.
fn recipe(c: f64, gamma: f64) -> Result<Svm> {
    let gamma = Gamma::Value(gamma);
    Ok(Svm::new(&SvmParams { c, gamma, tolerance: TOLERANCE, ..SvmParams::default() })?)
}

/// One machine with a Gaussian kernel.
fn fit(problem: &Arc<Problem>, n: usize, c: f64, in_plot: bool) -> Result<Work> {
    let (x, y) = problem.first(n);
    let gamma = Gamma::Scale.value(&x);
    let name = &problem.name;
    let request = |library| Rival::Python(format!("fit {library} {name} {n} c={c},gamma={gamma}"));
    let mut rivals = vec![("libsvm", request("libsvm")), ("onedal", request("onedal"))];
    if n <= SLOW {
        rivals.push(("thundersvm", request("thundersvm")));
        let linfa = Linfa::new(c, gamma, x.clone(), y.clone(), Arc::clone(problem))?;
        rivals.push(("linfa-svm", Rival::Here(Box::new(linfa))));
    }
    if n <= VERY_SLOW {
        let smartcore = Smartcore::new([c, gamma, TOLERANCE], &x, &y, Arc::clone(problem))?;
        rivals.push(("smartcore", Rival::Here(Box::new(smartcore))));
    }
    let work_name = format!("fit rbf C={c} {name} {n} rows");
    let ours = Fit { recipe: recipe(c, gamma)?, x, y, problem: Arc::clone(problem), model: None };
    let rows = in_plot.then_some(n);
    Ok(Work { name: work_name, ours: Box::new(ours), parallel: true, rivals, rows })
}

struct Fit {
    recipe: Svm,
    x: Matrix,
    y: Labels,
    problem: Arc<Problem>,
    model: Option<SvmModel>,
}

impl Task for Fit {
    fn run(&mut self) {
        self.model = Some(self.recipe.train(&self.x, &self.y).expect("rows and labels are sound"));
    }

    fn quality(&self) -> Option<Quality> {
        let model = self.model.as_ref()?;
        let accuracy = Some(self.problem.accuracy(&model.scores(&self.problem.x_test)));
        let objective = Some(model.fits().iter().map(|fit| fit.objective).sum());
        Some(Quality { accuracy, objective })
    }
}

/// The test rows under one machine.
fn predict(problem: &Arc<Problem>, n: usize) -> Result<Work> {
    let (x, y) = problem.first(n);
    let gamma = Gamma::Scale.value(&x);
    let name = &problem.name;
    let request =
        |library| Rival::Python(format!("predict {library} {name} {n} c={C},gamma={gamma}"));
    let rivals = vec![("libsvm", request("libsvm")), ("onedal", request("onedal"))];
    let work_name = format!("predict {} rows {name} {n} rows", problem.x_test.nrows());
    let model = recipe(C, gamma)?.train(&x, &y)?;
    let ours = Prediction { model, problem: Arc::clone(problem), scores: None };
    Ok(Work { name: work_name, ours: Box::new(ours), parallel: true, rivals, rows: None })
}

struct Prediction {
    model: SvmModel,
    problem: Arc<Problem>,
    scores: Option<Scores>,
}

impl Task for Prediction {
    fn run(&mut self) {
        self.scores = Some(self.model.scores(&self.problem.x_test));
    }

    fn quality(&self) -> Option<Quality> {
        let accuracy = self.scores.as_ref().map(|scores| self.problem.accuracy(scores));
        Some(Quality { accuracy, objective: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_asked_for_and_never_more_than_there_are() {
        let options =
            |n: &[usize], full| ClassicOptions { data: None, n: n.to_vec(), full, plot: None };
        assert_eq!(options(&[], false).rows(4000).unwrap(), [1000, 2000, 4000]);
        assert_eq!(options(&[], true).rows(60_000).unwrap(), [1000, 2000, 10_000, 60_000]);
        assert_eq!(options(&[500, 300], false).rows(4000).unwrap(), [300, 500]);
        let error = options(&[4001], false).rows(4000).unwrap_err().to_string();
        assert!(error.contains("--n 4001"), "{error}");
        assert!(options(&[99], false).rows(4000).is_err());
    }
}
