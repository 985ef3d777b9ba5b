//! The trials of a search: a grid at once where its recipes share work, the others side by side.

use crate::pipelines::Pipeline;
use crate::runner::{Job, Stage, Work};
use crate::sources::Source;
use crate::together::rows_of;
use base::{Scores, Seed};
use eval::grid::Point;
use eval::record::{SplitRecord, canonical_sha256};
use eval::search::{Folds, Request, Results, Search, Step, subset};
use eval::selection::subset_name;
use eval::summary;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The search of one pipeline, under way.
struct Course<'a, R: ?Sized> {
    pipeline: &'a Pipeline<R>,
    search: Search,
    results: Results,
    /// A hash of all that is trained together, if the whole grid is: what comes out depends on it,
    /// in the last bits.
    together: Option<String>,
}

/// What is worked on as one piece: the jobs of a whole grid, fold by fold, or one alone.
struct Piece<'a, R: ?Sized> {
    /// Number of the course.
    course: usize,
    pipeline: &'a Pipeline<R>,
    requests: Vec<Request>,
    jobs: Vec<Job<'a, R>>,
}

/// Splits that train on a part of the rows of a fold, by fold and number of rows.
type Subsets = BTreeMap<(usize, usize), SplitRecord>;

impl Work<'_> {
    /// Searches for the best recipe of each pipeline on the inner folds of a stage; gives its place.
    pub(crate) fn search<R: ?Sized + Send + Sync>(
        &self,
        stage: &Stage<'_>,
        pipelines: &[Pipeline<R>],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<Vec<usize>> {
        let courses = pipelines.iter().map(|pipeline| self.course(stage, pipeline));
        let mut courses = courses.collect::<anyhow::Result<Vec<_>>>()?;
        loop {
            let step = |course: &Course<'_, R>| course.search.next(&course.results);
            let wanted: Vec<(usize, Vec<Request>)> = courses
                .iter()
                .enumerate()
                .filter_map(|(number, course)| match step(course) {
                    Step::Evaluate(requests) => Some((number, requests)),
                    Step::Choose(_) => None,
                })
                .collect();
            if wanted.is_empty() {
                break;
            }
            let subsets = self.subsets(stage, wanted.iter().flat_map(|(_, requests)| requests))?;
            let mut pieces = Vec::new();
            for (number, requests) in wanted {
                let course = &courses[number];
                let job = |request: &Request| {
                    let split = match request.rows {
                        None => &stage.folds[request.fold],
                        Some(rows) => &subsets[&(request.fold, rows)],
                    };
                    let recipe = &course.pipeline.recipes[request.point];
                    let mut job = self.job(&course.pipeline.info, model_point, recipe, split);
                    job.spec.together.clone_from(&course.together);
                    job
                };
                let size = if course.together.is_some() { requests.len() } else { 1 };
                pieces.extend(requests.chunks(size).map(|requests| Piece {
                    course: number,
                    pipeline: course.pipeline,
                    requests: requests.to_vec(),
                    jobs: requests.iter().map(job).collect(),
                }));
            }
            self.prepare(&pieces, source)?;
            let shared = &*source;
            let scores = pieces.par_iter().map(|piece| self.piece(stage, piece, shared));
            let scores = scores.collect::<anyhow::Result<Vec<_>>>()?;
            let done: Vec<(usize, Request, f64)> = pieces
                .iter()
                .zip(&scores)
                .flat_map(|(piece, scores)| {
                    let done = piece.requests.iter().zip(&piece.jobs).zip(scores);
                    done.map(|((&request, job), scores)| {
                        (piece.course, request, self.accuracy(job.split, scores.as_ref()))
                    })
                })
                .collect();
            drop(pieces);
            for (course, request, accuracy) in done {
                courses[course].results.insert(request, accuracy);
            }
        }
        Ok(courses.iter().map(|course| self.choose(course)).collect())
    }

    fn course<'a, R: ?Sized>(
        &self,
        stage: &Stage<'_>,
        pipeline: &'a Pipeline<R>,
    ) -> anyhow::Result<Course<'a, R>> {
        let folds = Folds {
            count: stage.folds.len(),
            rows: stage.folds.iter().map(|fold| fold.train.len()).min().unwrap_or(0),
            classes: self.data.classes.len(),
        };
        let (protocol, seed) = (&self.manifest.protocol, Seed(self.manifest.seed));
        let search = Search::new(protocol, &pipeline.info.grid, seed, folds)?;
        let recipes = pipeline.recipes.iter().map(|(point, _)| point);
        debug_assert!(recipes.eq(&search.points), "a recipe for each point");
        let together = search.is_exhaustive().then(|| together(stage, pipeline)).flatten();
        Ok(Course { pipeline, search, results: Results::new(), together })
    }

    /// The chosen recipe of a search that came to its end.
    fn choose<R: ?Sized>(&self, course: &Course<'_, R>) -> usize {
        match course.search.next(&course.results) {
            Step::Choose(candidates) => {
                candidates[self.manifest.protocol.rule.choose(&candidates)].point
            }
            Step::Evaluate(_) => unreachable!("the search came to its end"),
        }
    }

    /// Draws the parts of folds that are asked for, and records them.
    fn subsets<'r>(
        &self,
        stage: &Stage<'_>,
        requests: impl Iterator<Item = &'r Request>,
    ) -> anyhow::Result<Subsets> {
        let mut subsets = Subsets::new();
        for &Request { fold, rows, .. } in requests {
            let Some(rows) = rows else { continue };
            if subsets.contains_key(&(fold, rows)) {
                continue;
            }
            let of = &stage.folds[fold];
            let seed = self.seed(of).child("subset", 0);
            let train = subset::stratified(&of.train, &self.data.labels, rows, seed);
            let split = SplitRecord::new(subset_name(&of.name, rows), train, of.test.clone());
            self.directory.write_split(&split)?;
            subsets.insert((fold, rows), split);
        }
        Ok(subsets)
    }

    /// Has the source prepare all splits of the pieces, unless all their trials are there.
    fn prepare<R: ?Sized>(
        &self,
        pieces: &[Piece<'_, R>],
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        let mut splits: BTreeMap<&str, &SplitRecord> = BTreeMap::new();
        let mut missing = false;
        for piece in pieces {
            missing = missing || self.any_missing(&piece.jobs, false)?;
            splits.extend(piece.jobs.iter().map(|job| (job.split.name.as_str(), job.split)));
        }
        if missing {
            source.prepare(&splits.into_values().collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Scores of the jobs, in their order; none of those that failed.
    fn piece<R: ?Sized>(
        &self,
        stage: &Stage<'_>,
        piece: &Piece<'_, R>,
        source: &impl Source<R>,
    ) -> anyhow::Result<Vec<Option<Scores>>> {
        let jobs = &piece.jobs;
        let alone = || jobs.iter().map(|job| self.trial(job, source, false)).collect();
        let grid = jobs.iter().any(|job| job.spec.together.is_some());
        // One point that is missing needs the whole grid again, for its bits depend on all.
        if !grid || !self.any_missing(jobs, false)? {
            return alone();
        }
        let splits: Vec<_> = stage.folds.iter().map(|fold| (fold, self.seed(fold))).collect();
        let many = piece.pipeline.many.as_deref().expect("it was asked whether it pays");
        match source.train_together(many, &splits) {
            Ok(results) => jobs
                .iter()
                .zip(results.into_iter().flatten())
                .map(|(job, result)| self.keep(job, Ok(result), false))
                .collect(),
            // One that cannot be trained must not take the others with it.
            Err(_) => alone(),
        }
    }

    fn accuracy(&self, split: &SplitRecord, scores: Option<&Scores>) -> f64 {
        let truth = summary::truth(self.data, split);
        scores.map_or(0.0, |scores| summary::accuracy(&truth, &scores.predicted()))
    }
}

/// See [`Course::together`].
fn together<R: ?Sized>(stage: &Stage<'_>, pipeline: &Pipeline<R>) -> Option<String> {
    let rows = rows_of(stage.folds.first()?).len();
    pipeline.many.as_ref().filter(|many| many.pays(rows))?;
    let points: Vec<&Point> = pipeline.recipes.iter().map(|(point, _)| point).collect();
    let folds: Vec<&String> = stage.folds.iter().map(|fold| &fold.sha256).collect();
    Some(canonical_sha256(&(points, folds)))
}
