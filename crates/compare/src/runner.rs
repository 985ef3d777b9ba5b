//! Does the trials of a run: search on the inner folds in parallel, then each winner alone on
//! all training rows, scored once on the hold-out.

use crate::curves;
use crate::pipelines::{OnLearned, Pipeline, Pipelines};
use crate::progress::{Progress, weight};
use crate::robustness;
use crate::sources::{Finished, FixedFeatures, LearnedFeatures, Models, Source};
use base::{Images, Labels, Rows, Scores, Seed};
use eval::corrupted;
use eval::grid::{self, Point};
use eval::peak_memory;
use eval::record::{
    Costs, DataRecord, Latency, Manifest, Outcome, PipelineInfo, SCHEMA, SplitRecord, Trial,
    TrialSpec, sha256_hex,
};
use eval::store::{RunDirectory, score_bytes};
use eval::summary;
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
    pub(crate) hold_out: &'a SplitRecord,
    pub(crate) folds: &'a [SplitRecord],
    /// Parts of the training rows of the hold-out.
    pub(crate) curves: &'a [SplitRecord],
    /// What the test images are put through for every refitted model.
    pub(crate) conditions: &'a [robustness::Condition],
    pub(crate) progress: &'a Progress,
}

/// A fit to be done: a recipe of a pipeline on one split.
struct Job<'a, R: ?Sized> {
    spec: TrialSpec,
    recipe: &'a (Point, Box<R>),
    split: &'a SplitRecord,
}

impl Work<'_> {
    /// Does all trials of the data set that are not done yet.
    pub(crate) fn run(&self, pipelines: &Pipelines) -> anyhow::Result<()> {
        for part in &pipelines.fixed {
            let mut features = FixedFeatures::new(self.images, self.labels, part);
            self.search_and_refit(&part.pipelines, None, &mut features)?;
        }
        pipelines.learned.iter().try_for_each(|part| self.run_learned(part))
    }

    /// The model with its own output first; then classifiers on what its best setting learned.
    fn run_learned(&self, part: &OnLearned) -> anyhow::Result<()> {
        let mut models = Models::new(self.images, self.labels);
        let chosen = self.search_and_refit(slice::from_ref(&part.own), None, &mut models)?;
        let recipe = &part.own.recipes[chosen[0]];
        let seed = |split: &SplitRecord| self.seed(split);
        let mut features = LearnedFeatures::new(&models, recipe, &seed);
        self.search_and_refit(&part.pipelines, Some(&recipe.0), &mut features)?;
        Ok(())
    }

    /// The search of all given pipelines at once, then their refits one by one. Gives for each
    /// pipeline the index of its chosen recipe. `model_point` is the chosen point of the model
    /// whose features are used, if they were learned.
    fn search_and_refit<R: ?Sized + Send + Sync>(
        &self,
        pipelines: &[Pipeline<R>],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<Vec<usize>> {
        let mut jobs = Vec::new();
        for Pipeline { info, recipes } in pipelines {
            for recipe in recipes {
                let folds = self.folds.iter();
                jobs.extend(folds.map(|fold| self.job(info, model_point, recipe, fold)));
            }
        }
        if self.any_missing(&jobs, false)? {
            source.prepare(self.folds)?;
        }
        let shared = &*source;
        let accuracies = jobs.par_iter().map(|job| {
            let scores = self.trial(job, shared, false)?;
            let truth = summary::truth(self.data, job.split);
            Ok(scores.map_or(0.0, |scores| summary::accuracy(&truth, &scores.predicted())))
        });
        let accuracies = accuracies.collect::<anyhow::Result<Vec<f64>>>()?;

        let mut means = accuracies.chunks(self.folds.len()).map(summary::mean);
        let mut chosen = Vec::new();
        for Pipeline { info, recipes } in pipelines {
            let means: Vec<f64> = means.by_ref().take(recipes.len()).collect();
            let best = grid::best(&means);
            let job = self.job(info, model_point, &recipes[best], self.hold_out);
            if self.any_missing(slice::from_ref(&job), true)? {
                source.prepare(slice::from_ref(self.hold_out))?;
            }
            self.trial(&job, source, true)?;
            chosen.push(best);
        }
        self.learning_curves(pipelines, &chosen, model_point, source)?;
        Ok(chosen)
    }

    /// The chosen recipe of each pipeline on every part of the training rows, side by side.
    fn learning_curves<R: ?Sized + Send + Sync>(
        &self,
        pipelines: &[Pipeline<R>],
        chosen: &[usize],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        let mut jobs = Vec::new();
        for (Pipeline { info, recipes }, &best) in pipelines.iter().zip(chosen) {
            if curves::has_curve(info) {
                let curves = self.curves.iter();
                jobs.extend(curves.map(|split| self.job(info, model_point, &recipes[best], split)));
            }
        }
        if self.any_missing(&jobs, false)? {
            source.prepare(self.curves)?;
        }
        let shared = &*source;
        jobs.par_iter().try_for_each(|job| self.trial(job, shared, false).map(|_| ()))
    }

    fn job<'a, R: ?Sized>(
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
        };
        Job { spec, recipe, split }
    }

    /// All recipes start alike on the same rows, so that only they make a difference.
    fn seed(&self, split: &SplitRecord) -> Seed {
        Seed(self.manifest.seed).child(&split.sha256, 0)
    }

    fn any_missing<R: ?Sized>(&self, jobs: &[Job<'_, R>], alone: bool) -> anyhow::Result<bool> {
        for job in jobs {
            if self.finished(&job.spec.id(), alone)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Scores of a trial, from the run directory if it was done before; `None` if it failed.
    fn trial<R: ?Sized>(
        &self,
        job: &Job<'_, R>,
        source: &impl Source<R>,
        alone: bool,
    ) -> anyhow::Result<Option<Scores>> {
        let Job { spec, recipe, split } = job;
        let id = spec.id();
        let weight = weight(&spec.settings, split.train.len());
        if let Some(trial) = self.finished(&id, alone)? {
            self.progress.found(weight);
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
        let (outcome, scores, curve) = match source.train(recipe, split, self.seed(split)) {
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
                costs.latency = alone.then(|| single_images(&finished, split));
                if alone && !self.conditions.is_empty() {
                    self.corrupted(&id, &finished, split)?;
                }
                (done(&finished), Some(finished.scores), finished.summary.curve)
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
        self.progress.done(weight, &trial);
        Ok(scores)
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
        let score = &*finished.score_images;
        let record = robustness::score(id, self.conditions, &test, seed, score)?;
        Ok(self.directory.write_record(&corrupted::path(id), &record)?)
    }
}

/// One test image after another, from pixels to class.
fn single_images(finished: &Finished<'_>, split: &SplitRecord) -> Latency {
    latency(split.test.len().min(LATENCY_IMAGES), LATENCY_BUDGET, |image| {
        black_box((finished.score_one)(split.test[image]).predicted());
    })
}

fn done(finished: &Finished<'_>) -> Outcome {
    let (rows, classes) = finished.scores.view().dim();
    Outcome::Done {
        convergence: finished.summary.convergence,
        model_bytes: finished.summary.model_bytes,
        scores_shape: [rows, classes],
        scores_sha256: sha256_hex(&score_bytes(&finished.scores)),
    }
}
