//! The trials of a repeated cross-validation, once all searches have shown who the champions are.

use crate::pipelines::{OnLearned, Pipeline, Pipelines};
use crate::runner::{Job, Work};
use crate::sources::{FixedFeatures, LearnedFeatures, Models, Source};
use eval::grid::Point;
use eval::record::SplitRecord;
use eval::repeated::takes_part;
use eval::summary::SetSummary;
use std::slice;

/// A pipeline that takes part, with the place of its chosen recipe.
type Taking<'a, R> = (&'a Pipeline<R>, usize);

impl Work<'_> {
    /// Trains whatever takes part on every fold of every repetition; `set` is what the searches and
    /// the hold-out came to.
    pub(crate) fn repeated(&self, pipelines: &Pipelines, set: &SetSummary) -> anyhow::Result<()> {
        for part in &pipelines.fixed {
            let taking = taking(&part.pipelines, set);
            let mut features = FixedFeatures::new(self.images, self.labels, part);
            for splits in self.repeats.iter().filter(|_| !taking.is_empty()) {
                self.on_folds(splits, &taking, None, &mut features)?;
            }
        }
        for part in &pipelines.learned {
            // Repetition by repetition, so that no more than its networks are kept.
            self.repeats.iter().try_for_each(|splits| self.repeated_learned(splits, part, set))?;
        }
        Ok(())
    }

    fn repeated_learned(
        &self,
        splits: &[SplitRecord],
        part: &OnLearned,
        set: &SetSummary,
    ) -> anyhow::Result<()> {
        let mut models = Models::new(self.images, self.labels);
        let own = taking(slice::from_ref(&part.own), set);
        self.on_folds(splits, &own, None, &mut models)?;
        let taking = taking(&part.pipelines, set);
        let Some(chosen) = chosen(&part.own, set).filter(|_| !taking.is_empty()) else {
            return Ok(());
        };
        let recipe = &part.own.recipes[chosen];
        let seed = |split: &SplitRecord| self.seed(split);
        let mut features = LearnedFeatures::new(&models, recipe, &seed);
        self.on_folds(splits, &taking, Some(&recipe.0), &mut features)
    }

    fn on_folds<R: ?Sized + Send + Sync>(
        &self,
        splits: &[SplitRecord],
        taking: &[Taking<'_, R>],
        model_point: Option<&Point>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        let jobs = taking.iter().flat_map(|&(pipeline, chosen)| {
            let recipe = &pipeline.recipes[chosen];
            splits.iter().map(move |split| self.job(&pipeline.info, model_point, recipe, split))
        });
        let jobs: Vec<Job<'_, R>> = jobs.collect();
        self.side_by_side(&jobs, &splits.iter().collect::<Vec<_>>(), source)
    }
}

/// Those of the pipelines that take part.
fn taking<'a, R: ?Sized>(pipelines: &'a [Pipeline<R>], set: &SetSummary) -> Vec<Taking<'a, R>> {
    let takes = |pipeline: &&Pipeline<R>| {
        let place = set.pipelines.iter().position(|it| it.name == pipeline.info.name);
        place.is_some_and(|place| takes_part(set, place))
    };
    let taking = pipelines.iter().filter(takes);
    taking.filter_map(|pipeline| Some((pipeline, chosen(pipeline, set)?))).collect()
}

/// Place of the recipe that the search of a pipeline chose.
fn chosen<R: ?Sized>(pipeline: &Pipeline<R>, set: &SetSummary) -> Option<usize> {
    let of = set.pipelines.iter().find(|it| it.name == pipeline.info.name)?;
    let chosen = &of.search.as_ref()?.chosen;
    pipeline.recipes.iter().position(|(point, _)| point == chosen)
}
