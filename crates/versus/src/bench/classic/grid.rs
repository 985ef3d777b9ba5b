//! A search over C and gamma by cross-validation, as scikit-learn's `GridSearchCV` does it.

use super::problems::Problem;
use super::recipe;
use crate::bench::task::{Quality, Task};
use crate::bench::{Rival, Work};
use anyhow::Result;
use base::{Labels, Matrix};
use classic::{Gamma, GridPoint, Svm};
use std::sync::Arc;

const CS: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Times the gamma that scikit-learn would take.
const GAMMAS: [f64; 3] = [0.25, 1.0, 4.0];
const FOLDS: usize = 5;

/// All cells on all folds; the accuracy is the mean over the folds of the best cell.
pub(super) fn grid(problem: &Arc<Problem>, n: usize) -> Result<Work> {
    let (x, y) = problem.first(n);
    let gammas = GAMMAS.map(|factor| factor * Gamma::Scale.value(&x));
    let list = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(":");
    let (cs, listed) = (list(&CS), list(&gammas));
    let name = &problem.name;
    let request = |library| {
        let settings = format!("cs={cs},gammas={listed},folds={FOLDS}");
        Rival::Python(format!("grid {library} {name} {n} {settings}"))
    };
    let rivals = vec![("libsvm", request("libsvm")), ("onedal", request("onedal"))];
    let work_name = format!("grid {}x{}x{FOLDS} {name} {n} rows", CS.len(), GAMMAS.len());
    // The C and gamma of the recipe are not used.
    let recipe = recipe(1.0, 1.0)?;
    let gammas = gammas.map(Gamma::Value);
    let ours = Grid { recipe, gammas, folds: folds(&y), x, y, points: Vec::new() };
    Ok(Work { name: work_name, ours: Box::new(ours), parallel: true, rivals, rows: None })
}

/// The k-th row of each class is in fold k modulo their number.
fn folds(y: &Labels) -> Vec<Vec<usize>> {
    let mut seen = vec![0; y.class_count()];
    let mut folds = vec![Vec::new(); FOLDS];
    for (row, &id) in y.ids().iter().enumerate() {
        folds[seen[id] % FOLDS].push(row);
        seen[id] += 1;
    }
    folds
}

struct Grid {
    recipe: Svm,
    gammas: [Gamma; GAMMAS.len()],
    /// Rows held out.
    folds: Vec<Vec<usize>>,
    x: Matrix,
    y: Labels,
    points: Vec<GridPoint>,
}

impl Grid {
    /// Share of the rows held out that are told right.
    fn accuracy(&self, point: &GridPoint) -> f64 {
        let rows = self.folds[point.fold].iter().zip(point.scores.predicted());
        let right = rows.filter(|&(&row, id)| self.y.ids()[row] == id);
        right.count() as f64 / self.folds[point.fold].len() as f64
    }

    /// Mean over the folds.
    fn mean(&self, c: f64, gamma: usize) -> f64 {
        let cell = self.points.iter().filter(|point| point.c == c && point.gamma == gamma);
        cell.map(|point| self.accuracy(point)).sum::<f64>() / FOLDS as f64
    }
}

impl Task for Grid {
    fn run(&mut self) {
        let points = self.recipe.fit_grid(&self.x, &self.y, &self.folds, &CS, &self.gammas);
        self.points = points.expect("rows, labels and settings are sound");
    }

    fn quality(&self) -> Option<Quality> {
        let cells = (0..self.gammas.len()).flat_map(|gamma| CS.map(|c| self.mean(c, gamma)));
        Some(Quality { accuracy: cells.max_by(f64::total_cmp), objective: None })
    }
}
