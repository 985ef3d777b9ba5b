//! One setting trained with several seeds: how much of a result is the luck of the training.
//!
//! All trainings see the same rows and are scored on the same test images. Their spread is shown and
//! never tested: whichever side these test images happen to favour is favoured by every seed.

use crate::grid::Point;
use crate::record::{PipelineInfo, Protocol, SplitRecord};
use crate::selection::Trials;
use crate::store::StoreError;
use crate::summary::{accuracy, truth};
use base::Seed;

/// Seed of training `number` of a run whose own is `run`: the first training has that of the run,
/// and is the one that answers rest on.
///
/// ```
/// use eval::seeds::seed;
/// assert_eq!(seed(7, 0), 7);
/// assert!(seed(7, 1) != seed(7, 2) && seed(7, 1) != seed(8, 1));
/// ```
pub fn seed(run: u64, number: usize) -> u64 {
    match number {
        0 => run,
        _ => Seed(run).child("training", number as u64).0,
    }
}

/// Trainings of the winner of a pipeline on all training rows: one, if the seed changes nothing.
pub fn trainings(protocol: &Protocol, pipeline: &PipelineInfo) -> usize {
    if pipeline.seeded { protocol.seeds } else { 1 }
}

impl Trials<'_> {
    /// See [`crate::summary::PipelineSummary::trainings`].
    ///
    /// # Errors
    /// If stored scores cannot be read.
    pub(crate) fn trainings(
        &self,
        hold_out: &SplitRecord,
        chosen: &Point,
    ) -> Result<Vec<Option<f64>>, StoreError> {
        let manifest = &self.run.manifest;
        let mut accuracies = Vec::new();
        let count = trainings(&manifest.protocol, self.info);
        if count < 2 {
            return Ok(accuracies);
        }
        let truth = truth(self.data, hold_out);
        for number in 0..count {
            let seed = seed(manifest.seed, number);
            let Some(trial) = self.find_seeded(hold_out, chosen, seed) else { break };
            let scores = self.run.directory.scores(trial)?;
            accuracies.push(scores.map(|scores| accuracy(&truth, &scores.predicted())));
        }
        Ok(accuracies)
    }
}
