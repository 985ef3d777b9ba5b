//! The trials of a search: a grid at once where its recipes share work, the others side by side.

use crate::pipelines::Pipeline;
use crate::runner::{Job, Work};
use crate::sources::Source;
use crate::together::rows_of;
use base::Scores;
use eval::grid::Point;
use eval::record::canonical_sha256;
use eval::summary;
use rayon::prelude::*;

/// What is worked on as one piece: the jobs of a whole grid, or one alone.
struct Piece<'a, R: ?Sized> {
    pipeline: &'a Pipeline<R>,
    /// Of a grid: by fold, then point.
    jobs: Vec<Job<'a, R>>,
    grid: bool,
}

impl Work<'_> {
    /// Mean accuracy over the inner folds, for each recipe of each pipeline.
    pub(crate) fn search<R: ?Sized + Send + Sync>(
        &self,
        pipelines: &[Pipeline<R>],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<Vec<Vec<f64>>> {
        let pieces: Vec<Piece<'_, R>> =
            pipelines.iter().flat_map(|pipeline| self.pieces(pipeline, model_point)).collect();
        for piece in &pieces {
            if self.any_missing(&piece.jobs)? {
                source.prepare(self.folds)?;
                break;
            }
        }
        let shared = &*source;
        let scores = pieces.par_iter().map(|piece| self.piece(piece, shared));
        let scores = scores.collect::<anyhow::Result<Vec<_>>>()?;
        let mut means = Vec::new();
        let mut done = pieces.iter().zip(scores).peekable();
        for pipeline in pipelines {
            // By fold, then point.
            let mut accuracies = Vec::new();
            let points = pipeline.recipes.len();
            while accuracies.len() < points * self.folds.len() {
                let (piece, scores) = done.next().expect("each job is in a piece");
                let jobs = piece.jobs.iter().zip(scores);
                accuracies.extend(jobs.map(|(job, scores)| self.accuracy(job, scores.as_ref())));
            }
            let of_point = |point| {
                let folds = (0..self.folds.len()).map(|fold| accuracies[fold * points + point]);
                summary::mean(&folds.collect::<Vec<f64>>())
            };
            means.push((0..points).map(of_point).collect());
        }
        Ok(means)
    }

    fn pieces<'a, R: ?Sized>(
        &'a self,
        pipeline: &'a Pipeline<R>,
        model_point: Option<&'a Point>,
    ) -> Vec<Piece<'a, R>> {
        let together = self.together(pipeline);
        let mut jobs = Vec::new();
        for fold in self.folds {
            for recipe in &pipeline.recipes {
                let mut job = self.job(&pipeline.info, model_point, recipe, fold);
                job.spec.together.clone_from(&together);
                jobs.push(job);
            }
        }
        if together.is_some() {
            return vec![Piece { pipeline, jobs, grid: true }];
        }
        jobs.into_iter().map(|job| Piece { pipeline, jobs: vec![job], grid: false }).collect()
    }

    /// A hash of all that is trained together, if the recipes of the pipeline are: what comes out
    /// depends on it, in the last bits.
    fn together<R: ?Sized>(&self, pipeline: &Pipeline<R>) -> Option<String> {
        let rows = rows_of(self.folds.first()?).len();
        let many = pipeline.many.as_ref()?;
        many.pays(rows, self.folds.len()).then(|| {
            let points: Vec<&Point> = pipeline.recipes.iter().map(|(point, _)| point).collect();
            let folds: Vec<&String> = self.folds.iter().map(|fold| &fold.sha256).collect();
            canonical_sha256(&(points, folds))
        })
    }

    /// Scores of the jobs, in their order; none of those that failed.
    fn piece<R: ?Sized>(
        &self,
        piece: &Piece<'_, R>,
        source: &impl Source<R>,
    ) -> anyhow::Result<Vec<Option<Scores>>> {
        let Piece { pipeline, jobs, grid } = piece;
        let alone = || jobs.iter().map(|job| self.trial(job, source, false)).collect();
        // One point that is missing needs the whole grid again, for its bits depend on all.
        if !grid || !self.any_missing(jobs)? {
            return alone();
        }
        let splits: Vec<_> = self.folds.iter().map(|fold| (fold, self.seed(fold))).collect();
        let many = pipeline.many.as_deref().expect("it was asked whether it pays");
        match source.train_together(many, &splits) {
            Ok(results) => {
                let results = results.into_iter().flatten();
                jobs.iter()
                    .zip(results)
                    .map(|(job, result)| self.keep(job, Ok(result), false))
                    .collect()
            }
            // One that cannot be trained must not take the others with it.
            Err(_) => alone(),
        }
    }

    fn accuracy<R: ?Sized>(&self, job: &Job<'_, R>, scores: Option<&Scores>) -> f64 {
        let truth = summary::truth(self.data, job.split);
        scores.map_or(0.0, |scores| summary::accuracy(&truth, &scores.predicted()))
    }
}
