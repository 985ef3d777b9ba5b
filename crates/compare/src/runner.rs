//! Does the trials of a run: search on the inner folds in parallel, then each winner alone on
//! all training rows, scored once on the hold-out.

use crate::pipelines::{OnFeatures, Pipeline, Pipelines};
use crate::progress::{Progress, weight};
use base::{Fit, Images, Labels, Matrix, Rows, Scores, Seed, ShapeError};
use eval::grid::Point;
use eval::record::{
    Costs, DataRecord, Manifest, Outcome, PipelineInfo, SCHEMA, SplitRecord, Trial, TrialSpec,
    sha256_hex,
};
use eval::store::{RunDirectory, score_bytes};
use eval::summary::{self, Search};
use eval::trial::{self, Trained};
use rayon::prelude::*;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// At most this long is one pipeline's latency measured.
const LATENCY_BUDGET: Duration = Duration::from_millis(150);
/// At most this many single images are timed.
const LATENCY_IMAGES: usize = 200;

/// One data set, ready to be worked on.
pub(crate) struct Work<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) directory: &'a RunDirectory,
    pub(crate) data: &'a DataRecord,
    pub(crate) images: &'a Images,
    pub(crate) labels: &'a Labels,
    pub(crate) hold_out: &'a SplitRecord,
    pub(crate) folds: &'a [SplitRecord],
    pub(crate) progress: &'a Progress,
}

impl Work<'_> {
    /// Does all trials of the data set that are not done yet.
    pub(crate) fn run(&self, pipelines: &Pipelines) -> anyhow::Result<()> {
        for part in &pipelines.on_features {
            let features = LazyFeatures::new(self.images, part);
            self.search_and_refit(&part.pipelines, &features)?;
        }
        self.search_and_refit(&pipelines.on_images, self.images)
    }

    /// The search of all given pipelines at once, then their refits one by one.
    fn search_and_refit<X: Rows, I: Input<X>>(
        &self,
        pipelines: &[Pipeline<X>],
        input: &I,
    ) -> anyhow::Result<()> {
        let jobs: Vec<_> = pipelines
            .iter()
            .flat_map(|pipeline| pipeline.recipes.iter().map(|recipe| (&pipeline.info, recipe)))
            .flat_map(|(info, recipe)| self.folds.iter().map(move |fold| (info, recipe, fold)))
            .collect();
        let specs = jobs.iter().map(|(info, (point, _), fold)| self.spec(info, point, fold));
        let specs: Vec<_> = specs.collect();
        // Described here, before the pool is busy, if any trial needs it.
        if self.any_missing(&specs)? {
            input.rows()?;
        }
        let accuracies: Vec<f64> = jobs
            .par_iter()
            .zip(&specs)
            .map(|((_, (_, recipe), fold), spec)| {
                let scores = self.trial(spec, recipe.as_ref(), fold, input, false)?;
                let truth = summary::truth(self.data, fold);
                Ok(scores.map_or(0.0, |s| summary::accuracy(&truth, &s.predicted())))
            })
            .collect::<anyhow::Result<_>>()?;

        let mut accuracies = accuracies.chunks(self.folds.len());
        for Pipeline { info, recipes } in pipelines {
            let means: Vec<f64> = accuracies
                .by_ref()
                .take(recipes.len())
                .map(|folds| folds.iter().sum::<f64>() / folds.len() as f64)
                .collect();
            let points: Vec<Point> = recipes.iter().map(|(point, _)| point.clone()).collect();
            let chosen = Search::choose(info, points, &means, self.folds.len()).chosen;
            let recipe = recipes.iter().find(|(point, _)| *point == chosen);
            let (point, recipe) = recipe.expect("the chosen point is one of the recipes");
            let spec = self.spec(info, point, self.hold_out);
            self.trial(&spec, recipe.as_ref(), self.hold_out, input, true)?;
        }
        Ok(())
    }

    fn spec(&self, info: &PipelineInfo, point: &Point, split: &SplitRecord) -> TrialSpec {
        TrialSpec {
            schema: SCHEMA,
            version: self.manifest.version.clone(),
            pipeline: info.name.clone(),
            settings: info.settings.clone(),
            parameters: point.clone(),
            data: self.data.digest.clone(),
            split: split.sha256.clone(),
            seed: self.manifest.seed,
        }
    }

    fn any_missing(&self, specs: &[TrialSpec]) -> anyhow::Result<bool> {
        for spec in specs {
            if self.directory.finished(&spec.id())?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Scores of a trial, from the run directory if it was done before; `None` if it failed.
    fn trial<X: Rows, I: Input<X>>(
        &self,
        spec: &TrialSpec,
        recipe: &dyn Fit<X>,
        split: &SplitRecord,
        input: &I,
        alone: bool,
    ) -> anyhow::Result<Option<Scores>> {
        let id = spec.id();
        if let Some(trial) = self.directory.finished(&id)? {
            self.progress.found(weight(&spec.settings, split.train.len()));
            return Ok(self.directory.scores(&trial)?);
        }
        let rows = input.rows()?;
        let seed = Seed(spec.seed).child(&id, 0);
        let parts = (&split.train[..], &split.test[..]);
        let trained = trial::train_and_score(recipe, rows, self.labels, parts, seed);
        let mut costs = Costs {
            alone,
            threads: rayon::current_num_threads(),
            extract_seconds: input.extract_seconds(split.train.len()),
            fit_seconds: 0.0,
            score_seconds: 0.0,
            latency: None,
        };
        let (outcome, scores, curve) = match trained {
            Err(error) => (Outcome::Failed { error: error.to_string() }, None, Vec::new()),
            Ok(trained) if !trained.scores.view().iter().all(|score| score.is_finite()) => {
                let error = "the model gave scores that are not finite numbers".to_owned();
                (Outcome::Failed { error }, None, Vec::new())
            }
            Ok(trained) => {
                costs.fit_seconds = trained.fit_seconds;
                costs.score_seconds = trained.score_seconds;
                costs.latency = alone.then(|| self.latency(&trained, split, input));
                let summary = trained.model.summary();
                (done(&summary, &trained.scores), Some(trained.scores), summary.curve)
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
        self.progress.done(weight(&spec.settings, split.train.len()), &trial);
        Ok(scores)
    }

    /// One test image after another, from pixels to class.
    fn latency<X: Rows, I: Input<X>>(
        &self,
        trained: &Trained<X>,
        split: &SplitRecord,
        input: &I,
    ) -> eval::record::Latency {
        let images = split.test.len().min(LATENCY_IMAGES);
        trial::latency(images, LATENCY_BUDGET, |image| {
            let one = input.one(split.test[image]);
            std::hint::black_box(trained.model.scores(&one).predicted());
        })
    }
}

fn done(summary: &base::FitSummary, scores: &Scores) -> Outcome {
    let (rows, classes) = scores.view().dim();
    Outcome::Done {
        convergence: summary.convergence,
        model_bytes: summary.model_bytes,
        scores_shape: [rows, classes],
        scores_sha256: sha256_hex(&score_bytes(scores)),
    }
}

/// What recipes are trained on: the images, or the features an extractor makes of them.
trait Input<X>: Sync {
    /// All rows of the data set.
    fn rows(&self) -> anyhow::Result<&X>;
    /// One row, worked out from the pixels.
    fn one(&self, row: usize) -> X;
    /// Seconds it takes to work out so many rows.
    fn extract_seconds(&self, rows: usize) -> f64;
}

impl Input<Images> for Images {
    fn rows(&self) -> anyhow::Result<&Images> {
        Ok(self)
    }

    fn one(&self, row: usize) -> Images {
        self.pick(&[row])
    }

    fn extract_seconds(&self, _: usize) -> f64 {
        0.0
    }
}

/// The features of a data set, worked out when first asked for.
struct LazyFeatures<'a> {
    images: &'a Images,
    part: &'a OnFeatures,
    extracted: OnceLock<Result<(Matrix, f64), ShapeError>>,
}

impl<'a> LazyFeatures<'a> {
    fn new(images: &'a Images, part: &'a OnFeatures) -> Self {
        Self { images, part, extracted: OnceLock::new() }
    }

    /// The features, and the seconds it took to work them out.
    fn extracted(&self) -> Result<&(Matrix, f64), ShapeError> {
        let extracted = self.extracted.get_or_init(|| {
            let start = Instant::now();
            let matrix = features::extract_all(self.part.extractor.as_ref(), self.images)?;
            Ok((matrix, start.elapsed().as_secs_f64()))
        });
        extracted.as_ref().map_err(Clone::clone)
    }
}

impl Input<Matrix> for LazyFeatures<'_> {
    fn rows(&self) -> anyhow::Result<&Matrix> {
        Ok(&self.extracted()?.0)
    }

    fn one(&self, row: usize) -> Matrix {
        let extractor = self.part.extractor.as_ref();
        let length = extractor.length(self.images.size()).expect("all rows were extracted before");
        let mut features = Matrix::zeros((1, length));
        let out = features.as_slice_mut().expect("a new matrix is contiguous");
        extractor.extract(self.images.image(row), out);
        features
    }

    fn extract_seconds(&self, rows: usize) -> f64 {
        let share = rows as f64 / self.images.len() as f64;
        self.extracted().map_or(0.0, |(_, seconds)| seconds * share)
    }
}
