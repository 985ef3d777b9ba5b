//! Does the trials of a run: search on the inner folds in parallel, then each winner alone on
//! all training rows, scored once on the hold-out.

use crate::curves;
use crate::pipelines::{OnLearned, Pipeline, Pipelines};
use crate::progress::{Progress, weight};
use crate::robustness;
use crate::seeds::Winners;
use crate::sources::{Finished, FixedFeatures, LearnedFeatures, Models, Source};
use base::{FitError, Images, Labels, Rows, Scores, Seed};
use eval::corrupted;
use eval::grid::Point;
use eval::peak_memory;
use eval::record::{
    Costs, DataRecord, Latency, Manifest, Outcome, PipelineInfo, SCHEMA, SplitRecord, Trial,
    TrialSpec, sha256_hex,
};
use eval::seeds;
use eval::store::{RunDirectory, score_bytes};
use eval::trial::latency;
use rayon::prelude::*;
use serde_json::json;
use std::hint::black_box;
use std::slice;
use std::time::Duration;

/// At most this long is one pipeline's latency measured.
const LATENCY_BUDGET: Duration = Duration::from_millis(50);
/// At most this many single images are timed.
const LATENCY_IMAGES: usize = 100;

/// One data set, ready to be worked on.
pub(crate) struct Work<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) directory: &'a RunDirectory,
    pub(crate) data: &'a DataRecord,
    pub(crate) images: &'a Images,
    pub(crate) labels: &'a Labels,
    /// The whole training part with the hold-out, then the outer folds of the nested
    /// cross-validation, if there are any.
    pub(crate) stages: Vec<Stage<'a>>,
    /// The folds of each repetition of a repeated cross-validation, if there is one.
    pub(crate) repeats: &'a [Vec<SplitRecord>],
    /// What the test images are put through for every model that is refitted on the whole training
    /// part.
    pub(crate) conditions: &'a [robustness::Condition],
    pub(crate) progress: &'a Progress,
}

/// Rows to search on, and rows to score the winner on.
pub(crate) struct Stage<'a> {
    /// Trains on all rows of the folds, and tests on rows of which no search has seen any.
    pub(crate) test: &'a SplitRecord,
    /// The inner folds.
    pub(crate) folds: &'a [SplitRecord],
    /// Parts of the training rows, for learning curves.
    pub(crate) curves: &'a [SplitRecord],
    /// Trainings of the winner, each with a seed of its own.
    pub(crate) seeds: usize,
    /// Whether the winner works alone and its times are claimed.
    pub(crate) timed: bool,
}

/// A fit to be done: a recipe of a pipeline on one split.
pub(crate) struct Job<'a, R: ?Sized> {
    pub(crate) spec: TrialSpec,
    pub(crate) recipe: &'a (Point, Box<R>),
    pub(crate) split: &'a SplitRecord,
}

impl Work<'_> {
    /// Does all trials of the data set that are not done yet.
    pub(crate) fn run(&self, pipelines: &Pipelines) -> anyhow::Result<()> {
        for part in &pipelines.fixed {
            let mut features = FixedFeatures::new(self.images, self.labels, part);
            for stage in &self.stages {
                let chosen = self.search_and_refit(stage, &part.pipelines, None, &mut features)?;
                let winners = Winners { pipelines: &part.pipelines, chosen, model_point: None };
                self.other_seeds(stage, &winners, 1..stage.seeds, &mut features)?;
            }
        }
        for part in &pipelines.learned {
            self.stages.iter().try_for_each(|stage| self.run_learned(stage, part))?;
        }
        Ok(())
    }

    /// The model with its own output first; then classifiers on what its best setting learned.
    fn run_learned(&self, stage: &Stage<'_>, part: &OnLearned) -> anyhow::Result<()> {
        let mut models = Models::new(self.images, self.labels);
        let own = slice::from_ref(&part.own);
        let chosen = self.search_and_refit(stage, own, None, &mut models)?;
        let recipe = &part.own.recipes[chosen[0]];
        let own = Winners { pipelines: own, chosen, model_point: None };
        let model_point = Some(&recipe.0);
        let chosen = {
            let seed = |split: &SplitRecord| self.seed(split);
            let mut features = LearnedFeatures::new(&models, recipe, &seed);
            self.search_and_refit(stage, &part.pipelines, model_point, &mut features)?
        };
        // After all that is timed, and whose memory is measured.
        self.other_seeds(stage, &own, 1..stage.seeds, &mut models)?;
        let winners = Winners { pipelines: &part.pipelines, chosen, model_point };
        for number in 1..stage.seeds {
            let of_model = if part.own.info.seeded { number } else { 0 };
            let seed = |split: &SplitRecord| self.seed_of(of_model, split);
            let mut features = LearnedFeatures::new(&models, recipe, &seed);
            self.other_seeds(stage, &winners, number..number + 1, &mut features)?;
        }
        Ok(())
    }

    /// The search of all given pipelines at once, then their refits one by one. Gives for each
    /// pipeline the index of its chosen recipe. `model_point` is the chosen point of the model
    /// whose features are used, if they were learned.
    fn search_and_refit<R: ?Sized + Send + Sync>(
        &self,
        stage: &Stage<'_>,
        pipelines: &[Pipeline<R>],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<Vec<usize>> {
        let chosen = self.search(stage, pipelines, model_point, source)?;
        for (pipeline, &best) in pipelines.iter().zip(&chosen) {
            let recipe = &pipeline.recipes[best];
            let job = self.job(&pipeline.info, model_point, recipe, stage.test);
            if self.any_missing(slice::from_ref(&job), stage.timed)? {
                source.prepare(&[stage.test])?;
            }
            self.trial(&job, source, stage.timed)?;
        }
        self.learning_curves(stage.curves, pipelines, &chosen, model_point, source)?;
        Ok(chosen)
    }

    /// The chosen recipe of each pipeline on every part of the training rows, side by side.
    fn learning_curves<R: ?Sized + Send + Sync>(
        &self,
        splits: &[SplitRecord],
        pipelines: &[Pipeline<R>],
        chosen: &[usize],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        let mut jobs = Vec::new();
        for (Pipeline { info, recipes, .. }, &best) in pipelines.iter().zip(chosen) {
            if curves::has_curve(info) {
                let recipe = &recipes[best];
                jobs.extend(splits.iter().map(|split| self.job(info, model_point, recipe, split)));
            }
        }
        self.side_by_side(&jobs, &splits.iter().collect::<Vec<_>>(), source)
    }

    /// The trials of `jobs` on `splits`, in any order.
    pub(crate) fn side_by_side<R: ?Sized + Send + Sync>(
        &self,
        jobs: &[Job<'_, R>],
        splits: &[&SplitRecord],
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        if self.any_missing(jobs, false)? {
            source.prepare(splits)?;
        }
        let shared = &*source;
        jobs.par_iter().try_for_each(|job| self.trial(job, shared, false).map(|_| ()))
    }

    pub(crate) fn job<'a, R: ?Sized>(
        &self,
        info: &PipelineInfo,
        model_point: Option<&Point>,
        recipe: &'a (Point, Box<R>),
        split: &'a SplitRecord,
    ) -> Job<'a, R> {
        let mut settings = info.settings.clone();
        if let Some(point) = model_point {
            settings["model_parameters"] = json!(point);
        }
        let spec = TrialSpec {
            schema: SCHEMA,
            version: self.manifest.version.clone(),
            pipeline: info.name.clone(),
            settings,
            parameters: recipe.0.clone(),
            data: self.data.digest.clone(),
            split: split.sha256.clone(),
            seed: self.manifest.seed,
            together: None,
        };
        Job { spec, recipe, split }
    }

    /// All recipes start alike on the same rows, so that only they make a difference.
    pub(crate) fn seed(&self, split: &SplitRecord) -> Seed {
        self.seed_of(0, split)
    }

    /// The seed of training `number` on a split.
    pub(crate) fn seed_of(&self, number: usize, split: &SplitRecord) -> Seed {
        Seed(seeds::seed(self.manifest.seed, number)).child(&split.sha256, 0)
    }

    pub(crate) fn any_missing<R: ?Sized>(
        &self,
        jobs: &[Job<'_, R>],
        alone: bool,
    ) -> anyhow::Result<bool> {
        for job in jobs {
            if self.finished(&job.spec.id(), alone)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Scores of a trial, from the run directory if it was done before; `None` if it failed.
    pub(crate) fn trial<R: ?Sized>(
        &self,
        job: &Job<'_, R>,
        source: &impl Source<R>,
        alone: bool,
    ) -> anyhow::Result<Option<Scores>> {
        if let Some(trial) = self.finished(&job.spec.id(), alone)? {
            self.progress.found(self.weight(job));
            return Ok(self.directory.scores(&trial)?);
        }
        let seed = Seed(job.spec.seed).child(&job.split.sha256, 0);
        self.keep(job, source.train(job.recipe, job.split, seed), alone)
    }

    /// Writes what a trial came to, unless it was done before; gives its scores if it has any.
    pub(crate) fn keep<R: ?Sized>(
        &self,
        job: &Job<'_, R>,
        trained: Result<Finished<'_>, FitError>,
        alone: bool,
    ) -> anyhow::Result<Option<Scores>> {
        let Job { spec, split, .. } = job;
        let id = spec.id();
        if let Some(trial) = self.finished(&id, alone)? {
            self.progress.found(self.weight(job));
            return Ok(self.directory.scores(&trial)?);
        }
        let mut costs = Costs {
            alone,
            threads: rayon::current_num_threads(),
            learn_seconds: 0.0,
            extract_seconds: 0.0,
            fit_seconds: 0.0,
            score_seconds: 0.0,
            latency: None,
            peak_bytes: None,
        };
        let measured = alone && peak_memory::restart();
        let failed = |error: String| (Outcome::Failed { error }, None, Vec::new());
        let (outcome, scores, curve) = match trained {
            Err(error) => failed(error.to_string()),
            Ok(finished) if !finished.scores.view().iter().all(|score| score.is_finite()) => {
                failed("the model gave scores that are not finite numbers".to_owned())
            }
            Ok(finished) => {
                costs.learn_seconds = finished.learn_seconds;
                costs.extract_seconds = finished.extract_seconds;
                costs.fit_seconds = finished.fit_seconds;
                costs.score_seconds = finished.score_seconds;
                costs.peak_bytes = if measured { peak_memory::bytes() } else { None };
                costs.latency = if alone { single_images(&finished, split) } else { None };
                if alone && !self.conditions.is_empty() {
                    self.corrupted(&id, &finished, split)?;
                }
                (done(&finished), Some(finished.scores), finished.curve)
            }
        };
        let trial = Trial {
            id,
            dataset: self.data.name.clone(),
            split: split.name.clone(),
            spec: spec.clone(),
            outcome,
        };
        self.directory.write_trial(&trial, scores.as_ref(), &curve, &costs)?;
        self.progress.done(self.weight(job), &trial);
        Ok(scores)
    }

    fn weight<R: ?Sized>(&self, job: &Job<'_, R>) -> u64 {
        weight(&job.spec.settings, job.split.train.len())
    }
}

impl Work<'_> {
    /// A finished trial; that of a refit also needs what its model says of corrupted images.
    fn finished(&self, id: &str, alone: bool) -> anyhow::Result<Option<Trial>> {
        let trial = self.directory.finished(id)?;
        Ok(trial.filter(|trial| {
            let wanted = alone && !self.conditions.is_empty();
            let failed = matches!(trial.outcome, Outcome::Failed { .. });
            !wanted || failed || matches!(corrupted::read(self.directory, id), Ok(Some(_)))
        }))
    }

    /// Scores corrupted test images; written before the trial, whose file says that all is there.
    fn corrupted(
        &self,
        id: &str,
        finished: &Finished<'_>,
        split: &SplitRecord,
    ) -> anyhow::Result<()> {
        let seed = Seed(self.manifest.seed).child("corrupt", 0);
        let test = self.images.pick(&split.test);
        let Some(score) = finished.score_images.as_deref() else { return Ok(()) };
        let record = robustness::score(id, self.conditions, &test, seed, score)?;
        Ok(self.directory.write_record(&corrupted::path(id), &record)?)
    }
}

/// One test image after another, from pixels to class.
fn single_images(finished: &Finished<'_>, split: &SplitRecord) -> Option<Latency> {
    let score_one = finished.score_one.as_ref()?;
    let images = split.test.len().min(LATENCY_IMAGES);
    Some(latency(images, LATENCY_BUDGET, |image| {
        black_box(score_one(split.test[image]).predicted());
    }))
}

fn done(finished: &Finished<'_>) -> Outcome {
    let (rows, classes) = finished.scores.view().dim();
    Outcome::Done {
        convergence: finished.convergence,
        model_bytes: finished.model_bytes,
        disputed: finished.disputed,
        scores_shape: [rows, classes],
        scores_sha256: sha256_hex(&score_bytes(&finished.scores)),
    }
}
