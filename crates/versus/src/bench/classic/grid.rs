//! A search over C and gamma by cross-validation, as scikit-learn's `GridSearchCV` does it.

use super::problems::Problem;
use super::recipe;
use crate::bench::task::{Quality, Task};
use crate::bench::{Rival, Work};
use anyhow::Result;
use base::{Labels, Matrix, Predict, Rows};
use classic::{Gamma, Svm};
use rayon::prelude::*;
use std::sync::Arc;

const CS: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Times the gamma that scikit-learn would take.
const GAMMAS: [f64; 3] = [0.25, 1.0, 4.0];
const FOLDS: usize = 5;

/// All cells on all folds; the accuracy is the mean over the folds of the best cell.
pub(super) fn grid(problem: &Arc<Problem>, n: usize) -> Result<Work> {
    let (x, y) = problem.first(n);
    let gammas = GAMMAS.map(|factor| factor * Gamma::Scale.value(&x));
    let cells = gammas.iter().flat_map(|&gamma| CS.map(|c| recipe(c, gamma)));
    let cells: Vec<Svm> = cells.collect::<Result<_>>()?;
    let list = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(":");
    let (cs, gammas) = (list(&CS), list(&gammas));
    let name = &problem.name;
    let request = |library| {
        let settings = format!("cs={cs},gammas={gammas},folds={FOLDS}");
        Rival::Python(format!("grid {library} {name} {n} {settings}"))
    };
    let rivals = vec![("libsvm", request("libsvm")), ("onedal", request("onedal"))];
    let work_name = format!("grid {}x{}x{FOLDS} {name} {n} rows", CS.len(), GAMMAS.len());
    let ours = Grid { cells, folds: folds(&y), x, y, best: None };
    Ok(Work { name: work_name, ours: Box::new(ours), parallel: true, rivals, rows: None })
}

/// The k-th row of each class is in fold k modulo their number.
fn folds(y: &Labels) -> Vec<usize> {
    let mut seen = vec![0; y.class_count()];
    let fold = |&id: &usize| {
        seen[id] += 1;
        (seen[id] - 1) % FOLDS
    };
    y.ids().iter().map(fold).collect()
}

struct Grid {
    cells: Vec<Svm>,
    /// Of each row.
    folds: Vec<usize>,
    x: Matrix,
    y: Labels,
    best: Option<f64>,
}

impl Grid {
    /// Share of the rows of the fold that a machine trained on all others tells right.
    fn accuracy(&self, cell: &Svm, fold: usize) -> f64 {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..self.folds.len()).partition(|&row| self.folds[row] == fold);
        let model = cell.train(&self.x.pick(&outside), &self.y.pick(&outside));
        let model = model.expect("rows and labels are sound");
        let predicted = model.scores(&self.x.pick(&inside)).predicted();
        let right = inside.iter().zip(predicted).filter(|&(&row, id)| self.y.ids()[row] == id);
        right.count() as f64 / inside.len() as f64
    }
}

impl Task for Grid {
    fn run(&mut self) {
        let mean = |cell: &Svm| {
            let accuracies = (0..FOLDS).into_par_iter().map(|fold| self.accuracy(cell, fold));
            accuracies.collect::<Vec<_>>().into_iter().sum::<f64>() / FOLDS as f64
        };
        let means: Vec<f64> = self.cells.par_iter().map(mean).collect();
        self.best = means.into_iter().max_by(f64::total_cmp);
    }

    fn quality(&self) -> Option<Quality> {
        Some(Quality { accuracy: self.best, objective: None })
    }
}
