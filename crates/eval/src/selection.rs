//! What the searches of a run found, worked out from its record: the search is gone through once
//! more with the results that are there.

use crate::record::{DataRecord, Family, PipelineInfo, SplitRecord, Trial};
use crate::run::Run;
use crate::search::grid::Point;
use crate::search::space::edges;
use crate::search::{self, Folds, Request, Results, Step};
use crate::statistics::interval::Interval;
use crate::statistics::resampled::{Resampled, Rope};
use crate::store::StoreError;
use crate::summary::{PipelineSummary, accuracy, fold_name, hold_out_name, truth};
use base::Seed;
use serde::{Deserialize, Serialize};

/// Rows to search on, and rows to test the winner on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The training part, and the hold-out that nobody searches on.
    HoldOut,
    /// An outer fold of the nested cross-validation inside the training part.
    Outer(usize),
}

impl Stage {
    /// Name of the split into all rows to search on and the rows to test on.
    pub fn test_name(self, dataset: &str) -> String {
        match self {
            Self::HoldOut => hold_out_name(dataset),
            Self::Outer(outer) => format!("{dataset}.outer{outer}"),
        }
    }

    /// Name of inner fold `number`.
    pub fn fold_name(self, dataset: &str, number: usize) -> String {
        match self {
            Self::HoldOut => fold_name(dataset, number),
            Self::Outer(outer) => format!("{dataset}.outer{outer}-fold{number}"),
        }
    }
}

/// Name of the split that trains on a part of a fold's rows only.
pub fn subset_name(fold: &str, rows: usize) -> String {
    format!("{fold}-rows{rows}")
}

/// What the search inside the training part found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The chosen point.
    pub chosen: Point,
    /// Mean accuracy of that point over the inner folds, where it was tried last.
    pub accuracy: f64,
    /// Standard error of that mean.
    pub error: f64,
    /// Settings whose chosen value lies at the edge of what was offered.
    pub at_edge: Vec<String>,
    /// Points tried.
    pub points: usize,
    /// Points never tried, since the search ended by its limit on trials.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Fits made.
    pub fits: usize,
    /// Seconds that training and scoring took in all, side by side with others.
    pub seconds: f64,
}

// The signature that serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What one side spent on its searches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Pipelines with something to choose, and without.
    pub pipelines: usize,
    /// Points tried.
    pub points: usize,
    /// Searches that ended by their limit on trials.
    pub limited: usize,
    /// Points that those never tried.
    pub left_out: usize,
    /// Fits made.
    pub fits: usize,
    /// Seconds that training and scoring took in all, side by side with others.
    pub seconds: f64,
}

impl Budget {
    /// What the pipelines of a family spent.
    pub fn of(pipelines: &[PipelineSummary], family: Family) -> Self {
        let of_family = pipelines.iter().filter(|pipeline| pipeline.family == family);
        of_family.filter_map(|pipeline| pipeline.search.as_ref()).fold(
            Self::default(),
            |sum, it| Self {
                pipelines: sum.pipelines + 1,
                points: sum.points + it.points,
                limited: sum.limited + usize::from(it.left_out > 0),
                left_out: sum.left_out + it.left_out,
                fits: sum.fits + it.fits,
                seconds: sum.seconds + it.seconds,
            },
        )
    }
}

/// The search of one outer fold, and its winner on the rows it has not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OuterFold {
    /// What the search inside the fold's training rows found.
    pub search: Search,
    /// Accuracy of the winner, trained on all of them, on the fold's test rows; 0 if it could not
    /// be trained.
    pub accuracy: f64,
}

/// The two sides over the outer folds. On each, a side stands for itself with the pipeline of the
/// best search inside the fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NestedAnswer {
    /// Index of the classical champion of each outer fold.
    pub classical: Vec<usize>,
    /// Index of the deep champion of each outer fold.
    pub deep: Vec<usize>,
    /// Accuracy of the classical champion minus that of the deep one, for each fold.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Interval of it that belongs to the corrected resampled t test, since the training rows of
    /// the folds overlap: see [`crate::statistics::resampled`].
    pub interval: Interval,
    /// p value of that test; `None` if all differences are the same.
    pub p: Option<f64>,
}

/// The trials of one pipeline on one data set.
pub(crate) struct Trials<'a> {
    pub(crate) run: &'a Run,
    pub(crate) data: &'a DataRecord,
    pub(crate) info: &'a PipelineInfo,
    pub(crate) trials: &'a [&'a Trial],
}

impl<'a> Trials<'a> {
    /// The trial of a point on a split, with the seed of the run.
    pub(crate) fn find(&self, split: &SplitRecord, point: &Point) -> Option<&'a Trial> {
        self.find_seeded(split, point, self.run.manifest.seed)
    }

    /// The trial of a point on a split, with that seed.
    pub(crate) fn find_seeded(
        &self,
        split: &SplitRecord,
        point: &Point,
        seed: u64,
    ) -> Option<&'a Trial> {
        let fits = |trial: &&&Trial| {
            let spec = &trial.spec;
            spec.split == split.sha256 && spec.parameters == *point && spec.seed == seed
        };
        self.trials.iter().find(fits).copied()
    }

    pub(crate) fn split(&self, name: &str) -> Option<&'a SplitRecord> {
        self.run.splits.get(name)
    }

    /// The search of a stage; `None` before it is done.
    ///
    /// # Errors
    /// If stored scores or costs cannot be read.
    pub(crate) fn search(&self, stage: Stage) -> Result<Option<Search>, StoreError> {
        let (manifest, dataset) = (&self.run.manifest, &self.data.name);
        let numbers = 0..manifest.protocol.folds;
        let folds = numbers.map(|number| self.split(&stage.fold_name(dataset, number)));
        let Some(folds) = folds.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let rows = folds.iter().map(|fold| fold.train.len()).min().unwrap_or(0);
        let sizes = Folds { count: folds.len(), rows, classes: self.data.classes.len() };
        let seed = Seed(manifest.seed);
        // A protocol that makes no sense was never run.
        let Ok(search) = search::Search::new(&manifest.protocol, &self.info.grid, seed, sizes)
        else {
            return Ok(None);
        };
        let (mut results, mut seconds) = (Results::new(), 0.0);
        let candidates = loop {
            match search.next(&results) {
                Step::Choose(candidates) => break candidates,
                Step::Evaluate(requests) => {
                    for request in requests {
                        let point = &search.points[request.point];
                        let Some((score, took)) = self.result(&folds, request, point)? else {
                            return Ok(None);
                        };
                        results.insert(request, score);
                        seconds += took;
                    }
                }
            }
        };
        let Some(chosen) = candidates.get(manifest.protocol.rule.choose(&candidates)) else {
            return Ok(None);
        };
        Ok(Some(Search {
            chosen: search.points[chosen.point].clone(),
            accuracy: chosen.mean,
            error: chosen.error,
            at_edge: edges(&self.info.grid, &search.points[chosen.point]),
            points: search.points.len(),
            left_out: search.left_out,
            fits: results.len(),
            seconds,
        }))
    }

    /// Accuracy and seconds of a trial of the search, if it is done.
    fn result(
        &self,
        folds: &[&SplitRecord],
        request: Request,
        point: &Point,
    ) -> Result<Option<(f64, f64)>, StoreError> {
        let fold = folds[request.fold];
        let split = match request.rows {
            None => Some(fold),
            Some(rows) => self.split(&subset_name(&fold.name, rows)),
        };
        let Some(split) = split else { return Ok(None) };
        let Some(trial) = self.find(split, point) else { return Ok(None) };
        let costs = self.run.directory.costs(&trial.id)?;
        let seconds = costs.map_or(0.0, |costs| costs.fit_seconds + costs.score_seconds);
        Ok(Some((self.accuracy(split, trial)?, seconds)))
    }

    /// Accuracy of a trial on its test rows; a failed trial counts as all wrong, so that a setting
    /// that cannot be trained is never chosen over one that can.
    pub(crate) fn accuracy(&self, split: &SplitRecord, trial: &Trial) -> Result<f64, StoreError> {
        let Some(scores) = self.run.directory.scores(trial)? else { return Ok(0.0) };
        Ok(accuracy(&truth(self.data, split), &scores.predicted()))
    }

    /// The outer folds that are done; none if the plan asks for none.
    ///
    /// # Errors
    /// If stored scores or costs cannot be read.
    pub(crate) fn outer_folds(&self) -> Result<Vec<OuterFold>, StoreError> {
        let count = self.run.manifest.protocol.nested.map_or(0, |nested| nested.folds);
        let mut folds = Vec::new();
        for stage in (0..count).map(Stage::Outer) {
            let Some(split) = self.split(&stage.test_name(&self.data.name)) else { break };
            let Some(search) = self.search(stage)? else { break };
            let Some(trial) = self.find(split, &search.chosen) else { break };
            let accuracy = self.accuracy(split, trial)?;
            folds.push(OuterFold { search, accuracy });
        }
        Ok(folds)
    }
}

impl NestedAnswer {
    /// The Bayesian correlated t test with the region of practical equivalence `-rope..rope`; the
    /// first learner is the classical side.
    pub fn believed(&self, rope: f64) -> Option<Rope> {
        Rope::over_folds(&self.differences, self.differences.len(), rope)
    }

    /// Compares the sides over `folds` outer folds; `None` if a side has no pipeline that is done
    /// with all of them.
    pub(crate) fn of(pipelines: &[PipelineSummary], folds: usize, level: f64) -> Option<Self> {
        let champions = |family| -> Option<Vec<usize>> {
            (0..folds).map(|fold| champion(pipelines, family, fold, folds)).collect()
        };
        let (classical, deep) = (champions(Family::Classical)?, champions(Family::Deep)?);
        let accuracy = |pipeline: usize, fold: usize| pipelines[pipeline].nested[fold].accuracy;
        let sides = classical.iter().zip(&deep).enumerate();
        let differences: Vec<f64> =
            sides.map(|(fold, (&a, &b))| accuracy(a, fold) - accuracy(b, fold)).collect();
        let resampled = Resampled::cross_validation(&differences, folds).ok()?;
        Some(Self {
            mean: resampled.mean(),
            interval: resampled.interval(level),
            p: resampled.corrected().ok().map(|test| test.p),
            classical,
            deep,
            differences,
        })
    }
}

/// The pipeline of a family with the best search inside an outer fold; the first of equal ones.
fn champion(
    pipelines: &[PipelineSummary],
    family: Family,
    fold: usize,
    folds: usize,
) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, pipeline) in pipelines.iter().enumerate() {
        if pipeline.family != family || pipeline.nested.len() < folds {
            continue;
        }
        let accuracy = pipeline.nested[fold].search.accuracy;
        if best.is_none_or(|(_, highest)| accuracy > highest) {
            best = Some((index, accuracy));
        }
    }
    best.map(|(index, _)| index)
}
