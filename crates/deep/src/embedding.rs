//! A classifier over what a network has learned to see.
//!
//! Comparing it with the same classifier on hand-crafted features shows what the network's
//! *features* are worth; comparing it with the network shows what its *classifier* is worth.
//!
//! Source: J. Donahue et al., "DeCAF: a deep convolutional activation feature for generic visual
//! recognition", ICML 2014. Departure: the network is trained on the same rows, not on another and
//! larger task, so the classes lie further apart on the training rows than on new ones.

use crate::cnn::{Cnn, TrainedCnn};
use base::{Fit, FitError, FitSummary, Images, Labels, Matrix, Predict, Scores, Seed};

/// Trains a network, then a classifier on its embedding of the same rows.
pub struct Embedded {
    network: Cnn,
    head: Box<dyn Fit<Matrix>>,
}

impl Embedded {
    /// `head` is fitted on the embedding, shape `(n, embedding)`, none of it negative, not scaled.
    pub fn new(network: Cnn, head: Box<dyn Fit<Matrix>>) -> Self {
        Self { network, head }
    }
}

impl Fit<Images> for Embedded {
    fn fit(
        &self,
        x: &Images,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Images>>, FitError> {
        let network = self.network.train(x, y, seed.child("network", 0))?;
        let head = self.head.fit(&network.embedding(x), y, seed.child("head", 0))?;
        Ok(Box::new(TrainedEmbedded { network, head }))
    }
}

/// A trained network without its last layer, and a trained classifier behind it.
struct TrainedEmbedded {
    network: TrainedCnn,
    head: Box<dyn Predict<Matrix>>,
}

impl Predict<Images> for TrainedEmbedded {
    fn scores(&self, x: &Images) -> Scores {
        self.head.scores(&self.network.embedding(x))
    }

    /// Convergence and curve are the network's. Bytes are those of the network without its last
    /// layer, and of the head.
    fn summary(&self) -> FitSummary {
        let network = self.network.summary();
        let bytes = network.model_bytes - self.network.last_layer_bytes;
        FitSummary { model_bytes: bytes + self.head.summary().model_bytes, ..network }
    }
}
