//! The learning curves of a run, read back from its trials.

use crate::interval::Interval;
use crate::learning_curve::{BreakEvenInterval, Point, band, break_even};
use crate::power_law::PowerLaw;
use crate::record::{SplitRecord, TrialSpec};
use crate::run::Run;
use crate::statistics::Undefined;
use crate::store::StoreError;
use crate::summary::{SetSummary, TestResult, curve_name, hold_out_name, truth};
use base::Seed;

/// Resamples of each interval.
const RESAMPLES: usize = 1000;

/// A pipeline trained on parts of the training rows, sizes ascending; all training rows are last.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Training images of each size.
    pub sizes: Vec<usize>,
    /// By size, repetition and test image: whether it was classified right. All training rows were
    /// trained on once; that result stands for every repetition.
    pub right: Vec<Vec<Vec<bool>>>,
}

impl Curve {
    /// The curve of a pipeline's chosen point; `None` if the plan asked for none, or a trial is
    /// missing or failed.
    ///
    /// # Errors
    /// If stored scores cannot be read.
    pub fn read(
        run: &Run,
        set: &SetSummary,
        result: &TestResult,
    ) -> Result<Option<Self>, StoreError> {
        let hold_out = run.splits.get(&hold_out_name(&set.dataset));
        let (Some(trial), Some(hold_out)) = (run.trials.get(&result.trial), hold_out) else {
            return Ok(None);
        };
        let Some(protocol) = &run.manifest.protocol.learning_curve else { return Ok(None) };
        let truth = truth(&run.data[&set.dataset], hold_out);
        let mut curve = Self { sizes: Vec::new(), right: Vec::new() };
        for size in sizes(run, &set.dataset) {
            let mut repeats = Vec::new();
            for repeat in 0..protocol.repeats {
                let Some(split) = run.splits.get(&curve_name(&set.dataset, size, repeat)) else {
                    return Ok(None);
                };
                let Some(right) = right(run, &trial.spec, split, &truth)? else { return Ok(None) };
                repeats.push(right);
            }
            curve.sizes.push(size);
            curve.right.push(repeats);
        }
        if curve.sizes.is_empty() {
            return Ok(None);
        }
        let all: Vec<bool> = result.predicted.iter().zip(&truth).map(|(a, b)| a == b).collect();
        curve.sizes.push(hold_out.train.len());
        curve.right.push(vec![all; protocol.repeats]);
        Ok(Some(curve))
    }

    /// Mean accuracy at each size, with a bootstrap band over test images and repetitions.
    ///
    /// # Errors
    /// If there is nothing to average.
    pub fn band(&self, level: f64, seed: Seed) -> Result<Vec<(f64, Interval)>, Undefined> {
        self.right.iter().map(|right| band(right, level, RESAMPLES, seed)).collect()
    }

    /// The size from which `other` is ahead of this curve.
    ///
    /// # Errors
    /// If the two do not have the same sizes, repetitions and test images.
    pub fn overtaken_by(
        &self,
        other: &Self,
        level: f64,
        seed: Seed,
    ) -> Result<BreakEvenInterval, Undefined> {
        crate::statistics::outcome::check_length("sizes", other.sizes.len(), self.sizes.len())?;
        let sides = self.right.iter().zip(&other.right);
        let points = self.sizes.iter().zip(sides).map(|(&size, (first, second))| Point {
            size,
            first: first.clone(),
            second: second.clone(),
        });
        break_even(&points.collect::<Vec<_>>(), level, RESAMPLES, seed)
    }

    /// The power law of the error rates. What it says beyond the sizes is an extrapolation.
    ///
    /// # Errors
    /// As [`PowerLaw::fit`].
    pub fn law(&self) -> Result<PowerLaw, Undefined> {
        let sizes: Vec<f64> = self.sizes.iter().map(|&size| size as f64).collect();
        let error = |repeats: &Vec<Vec<bool>>| {
            let all = repeats.iter().flatten();
            all.clone().filter(|right| !**right).count() as f64 / all.count() as f64
        };
        PowerLaw::fit(&sizes, &self.right.iter().map(error).collect::<Vec<_>>())
    }
}

/// Sizes of the parts of a set's training rows, ascending.
fn sizes(run: &Run, set: &str) -> Vec<usize> {
    let prefix = format!("{set}.curve");
    let size = |name: &String| name.strip_prefix(&prefix)?.strip_suffix("-0")?.parse().ok();
    let mut sizes: Vec<usize> = run.splits.keys().filter_map(size).collect();
    sizes.sort_unstable();
    sizes
}

/// Which test images a setting trained on `split` classified right.
fn right(
    run: &Run,
    of: &TrialSpec,
    split: &SplitRecord,
    truth: &[usize],
) -> Result<Option<Vec<bool>>, StoreError> {
    let spec = TrialSpec { split: split.sha256.clone(), ..of.clone() };
    let Some(trial) = run.trials.get(&spec.id()) else { return Ok(None) };
    let Some(scores) = run.directory.scores(trial)? else { return Ok(None) };
    let predicted = scores.predicted();
    if predicted.len() != truth.len() {
        return Ok(None);
    }
    Ok(Some(predicted.iter().zip(truth).map(|(a, b)| a == b).collect()))
}
