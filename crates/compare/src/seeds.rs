//! Winners trained again with other seeds, on the same rows and scored on the same test images.
//!
//! Only pipelines that may depend on the seed are; the others would give the same model again.

use crate::pipelines::Pipeline;
use crate::runner::{Stage, Work};
use crate::sources::Source;
use eval::grid::Point;
use eval::seeds::seed;
use std::ops::Range;

/// Pipelines on the same features, with the recipes that their searches chose.
pub(crate) struct Winners<'a, R: ?Sized> {
    pub(crate) pipelines: &'a [Pipeline<R>],
    /// Place of the chosen recipe of each.
    pub(crate) chosen: Vec<usize>,
    /// The chosen point of the model whose features are used, if they were learned.
    pub(crate) model_point: Option<&'a Point>,
}

impl Work<'_> {
    /// The trainings of these numbers, side by side; the first, number 0, is the timed one.
    pub(crate) fn other_seeds<R: ?Sized + Send + Sync>(
        &self,
        stage: &Stage<'_>,
        winners: &Winners<'_, R>,
        numbers: Range<usize>,
        source: &mut impl Source<R>,
    ) -> anyhow::Result<()> {
        let mut jobs = Vec::new();
        for (pipeline, &best) in winners.pipelines.iter().zip(&winners.chosen) {
            let Pipeline { info, recipes, .. } = pipeline;
            for number in numbers.clone().filter(|_| info.seeded) {
                let mut job = self.job(info, winners.model_point, &recipes[best], stage.test);
                job.spec.seed = seed(self.manifest.seed, number);
                jobs.push(job);
            }
        }
        self.side_by_side(&jobs, &[stage.test], source)
    }
}
