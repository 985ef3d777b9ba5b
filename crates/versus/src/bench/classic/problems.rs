//! The rows that are learned from: HOG of images, and noise; as files for the rivals.

use super::ClassicOptions;
use anyhow::{Context, Result};
use base::{Images, Labels, Matrix, Rows, Scores, Seed};
use data::ReadOptions;
use features::{Hog, HogParams};
use ndarray::{Array1, Array2, s};
use ndarray_npy::write_npy;
use rand::RngExt;
use rand_distr::StandardNormal;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/digits");
/// Test rows that are kept, if there are so many.
const TEST_ROWS: usize = 2000;

/// Training and test rows.
pub(in crate::bench) struct Problem {
    /// Without blanks.
    pub(super) name: String,
    /// In random order, so that the first are a fair sample.
    pub(super) x: Matrix,
    y: Labels,
    pub(super) x_test: Matrix,
    y_test: Labels,
}

impl Problem {
    /// The first `n` training rows.
    pub(super) fn first(&self, n: usize) -> (Matrix, Labels) {
        let rows: Vec<usize> = (0..n).collect();
        (self.x.slice(s![..n, ..]).to_owned(), self.y.pick(&rows))
    }

    /// Share of the test rows whose class has the highest score.
    pub(super) fn accuracy(&self, scores: &Scores) -> f64 {
        self.accuracy_of(&scores.predicted())
    }

    /// Share of the test rows that are told right.
    pub(super) fn accuracy_of(&self, predicted: &[usize]) -> f64 {
        let pairs = predicted.iter().zip(self.y_test.ids());
        pairs.filter(|(got, want)| got == want).count() as f64 / predicted.len() as f64
    }

    fn write(&self, folder: &Path) -> Result<()> {
        let folder = folder.join(&self.name);
        fs::create_dir_all(&folder)?;
        let ids = |y: &Labels| y.ids().iter().map(|&id| id as i32).collect::<Array1<i32>>();
        write_npy(folder.join("x.npy"), &self.x)?;
        write_npy(folder.join("y.npy"), &ids(&self.y))?;
        write_npy(folder.join("x_test.npy"), &self.x_test)?;
        write_npy(folder.join("y_test.npy"), &ids(&self.y_test))?;
        Ok(())
    }
}

/// All that the works are about, and the files that hold it.
pub(in crate::bench) struct Problems {
    /// HOG of the images with cells of 7x7 pixels (324 numbers for 28x28 pixels).
    pub(super) coarse: Arc<Problem>,
    /// HOG of the images with cells of 4x4 pixels (1,296 numbers).
    pub(super) fine: Arc<Problem>,
    /// Clouds that overlap, and labels that are often wrong.
    pub(super) noise: Arc<Problem>,
    /// Holds the files; they go with it.
    folder: TempDir,
}

impl Problems {
    /// Makes them all and writes them to a folder of their own.
    pub(in crate::bench) fn write(options: &ClassicOptions) -> Result<Self> {
        let path = options.data.clone().unwrap_or_else(|| PathBuf::from(DIGITS));
        let set = data::open(&path, &ReadOptions::default())?;
        let parts = set.parts().with_context(|| format!("{}: no test part", path.display()))?;
        let most = *options.rows(parts.train.len())?.last().context("some rows")?;
        let pick = |rows: &[usize], count: usize, name: &str| {
            let order = Seed(1).child(name, 0).permutation(rows.len());
            let rows: Vec<usize> = order.iter().take(count).map(|&at| rows[at]).collect();
            (set.images().pick(&rows), set.labels().pick(&rows))
        };
        let train = pick(&parts.train, most, "train");
        let test = pick(&parts.test, TEST_ROWS, "test");
        let problems = Self {
            coarse: Arc::new(hog(&train, &test, 7)?),
            fine: Arc::new(hog(&train, &test, 4)?),
            noise: Arc::new(noise()?),
            folder: tempfile::tempdir()?,
        };
        for problem in [&problems.coarse, &problems.fine, &problems.noise] {
            problem.write(problems.folder()).context("cannot write the rows for the rivals")?;
        }
        Ok(problems)
    }

    /// `NAME/x.npy`, `y.npy`, `x_test.npy` and `y_test.npy` of each problem.
    pub(in crate::bench) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn hog(train: &(Images, Labels), test: &(Images, Labels), cell: usize) -> Result<Problem> {
    let hog = Hog::new(&HogParams { cell_size: [cell; 2], ..HogParams::default() })?;
    let x = features::extract_all(&hog, &train.0)?;
    let x_test = features::extract_all(&hog, &test.0)?;
    let name = format!("hog{}", x.ncols());
    Ok(Problem { name, x, y: train.1.clone(), x_test, y_test: test.1.clone() })
}

/// Four clouds in 20 dimensions, a standard deviation of 1 around centres some 2.5 apart; 15 % of
/// the training labels are drawn anew. Most rows become support vectors.
fn noise() -> Result<Problem> {
    const CLASSES: usize = 4;
    const FEATURES: usize = 20;
    let mut rng = Seed(2).rng();
    let centres: Array2<f32> = Array2::from_shape_simple_fn((CLASSES, FEATURES), || {
        0.4 * rng.sample::<f32, _>(StandardNormal)
    });
    let mut draw = |rows: usize, wrong: f64| -> Result<(Matrix, Labels)> {
        let ids: Vec<usize> = (0..rows).map(|_| rng.random_range(0..CLASSES)).collect();
        let x = Matrix::from_shape_fn((rows, FEATURES), |(row, column)| {
            centres[[ids[row], column]] + rng.sample::<f32, _>(StandardNormal)
        });
        let told = ids
            .into_iter()
            .map(|id| if rng.random_bool(wrong) { rng.random_range(0..CLASSES) } else { id });
        let names: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
        Ok((x, Labels::new(told.collect(), &names)?))
    };
    let (x, y) = draw(4000, 0.15)?;
    let (x_test, y_test) = draw(TEST_ROWS, 0.0)?;
    Ok(Problem { name: "noise20".to_owned(), x, y, x_test, y_test })
}
