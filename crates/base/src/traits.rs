//! The traits through which extractors, classifiers and networks meet.

use crate::{FitError, Images, Labels, Matrix, Scores, Seed, ShapeError, Size};
use ndarray::{ArrayView3, ArrayView4, Axis};
use serde::{Deserialize, Serialize};

/// A fixed descriptor of an image. It learns nothing: the same image gives the same numbers.
pub trait Extract: Send + Sync {
    /// Numbers per image of the given size.
    ///
    /// # Errors
    /// If images of that size cannot be described.
    fn length(&self, size: Size) -> Result<usize, ShapeError>;

    /// Writes the descriptor of `image`, shape `(height, width, channels)`, into `out`.
    ///
    /// # Panics
    /// If `out` does not have the length that [`Self::length`] gives for this size, or that gave
    /// an error.
    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]);

    /// Writes the descriptors of `images`, shape `(n, height, width, channels)`, into `out`, one
    /// after another: the same numbers as [`Self::extract`] gives for each, on the calling thread.
    ///
    /// Descriptors that can share work between images, or scratch memory, do so here.
    ///
    /// # Panics
    /// As [`Self::extract`], for `n` times that length.
    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        if images.is_empty() {
            return;
        }
        let length = out.len() / images.len_of(Axis(0));
        assert_eq!(out.len() % images.len_of(Axis(0)), 0, "`out` must hold whole descriptors");
        for (row, image) in images.outer_iter().enumerate() {
            self.extract(image, &mut out[row * length..(row + 1) * length]);
        }
    }
}

/// A recipe that can be trained on `X`. Its parameters were checked when it was built.
///
/// `X` is [`crate::Matrix`] for classifiers over fixed features, and [`crate::Images`] where the
/// features are learned too.
pub trait Fit<X>: Send + Sync {
    /// Trains on `x` and `y`. Equal inputs and equal seeds give equal models, at any number of
    /// threads.
    ///
    /// # Errors
    /// If the data cannot be learned from: see [`FitError`].
    fn fit(&self, x: &X, y: &Labels, seed: Seed) -> Result<Box<dyn Predict<X>>, FitError>;
}

/// A trained model.
pub trait Predict<X>: Send + Sync {
    /// One score per row of `x` and class of the training labels; all finite.
    ///
    /// # Panics
    /// If the rows of `x` have another length, or the images another size, than in training.
    fn scores(&self, x: &X) -> Scores;

    /// Number of rows of `x` whose most probable class is not the one that the machine behind the
    /// probabilities names; none where scores are not made into probabilities.
    ///
    /// # Panics
    /// As [`Self::scores`].
    fn disputed(&self, _x: &X) -> Option<usize> {
        None
    }

    /// How the training ended and what came out of it.
    fn summary(&self) -> FitSummary;
}

/// A recipe that learns features from labelled images, and a classifier of its own with them.
///
/// Comparing another classifier on the learned features with the same classifier on hand-crafted
/// ones shows what the features are worth; comparing it with the model's own shows what that is
/// worth.
pub trait FitEmbedding: Send + Sync {
    /// Whether features can be learned from images of that size.
    ///
    /// # Errors
    /// If they cannot.
    fn check(&self, size: Size) -> Result<(), ShapeError>;

    /// Trains on `x` and `y`. Equal inputs and equal seeds give equal models, at any number of
    /// threads.
    ///
    /// # Errors
    /// If the data cannot be learned from: see [`FitError`].
    fn fit_embedding(
        &self,
        x: &Images,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Embedding>, FitError>;
}

/// Learned features, with the classifier that was learned with them.
pub trait Embedding: Predict<Images> {
    /// The features of each image, shape `(n, features)`.
    ///
    /// # Panics
    /// If the images have another size than in training.
    fn embed(&self, images: &Images) -> Matrix;

    /// Bytes of all learned numbers that [`Self::embed`] needs.
    fn embedding_bytes(&self) -> u64;
}

/// How a training ended and what came out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitSummary {
    /// Whether the solver reached its goal.
    pub convergence: Convergence,
    /// Bytes of all learned numbers that prediction needs (weights, support vectors, means).
    pub model_bytes: u64,
    /// Course of an iterative training, epoch by epoch; empty where there are no epochs.
    pub curve: Vec<Epoch>,
}

/// Whether a solver reached its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Convergence {
    /// Nothing is iterated.
    Direct,
    /// The stopping rule of the solver was met.
    Converged {
        /// Iterations over all sub-problems, or epochs.
        iterations: u64,
    },
    /// The loss on held-out training rows stopped falling; the best weights were restored.
    EarlyStopped {
        /// Epochs run.
        iterations: u64,
        /// Epoch whose weights were kept, counted from 1.
        best: u64,
    },
    /// All planned epochs, or rounds of boosting, were run; there is no other rule to stop by, or
    /// it was not met yet.
    Completed {
        /// Epochs or rounds run.
        iterations: u64,
    },
    /// All allowed iterations were used and the stopping rule was not met.
    LimitReached {
        /// Iterations over all sub-problems, or epochs.
        iterations: u64,
    },
    /// The library behind the recipe does not tell.
    Unknown,
}

/// One pass over the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: u64,
    /// Mean loss over the training rows, as they were met.
    pub loss: f32,
    /// Share of training rows predicted right, as they were met.
    pub accuracy: f32,
    /// Mean loss over the rows held out of the training rows, if any were.
    pub validation_loss: Option<f32>,
    /// Share of those rows predicted right.
    pub validation_accuracy: Option<f32>,
    /// Step size in this epoch.
    pub learning_rate: f32,
    /// Of a network, each layer that learns or that may die, from the first to the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerEpoch>,
}

/// How one layer of a network fared in an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerEpoch {
    /// Name and kind: `3 (affine)`.
    pub layer: String,
    /// Length of the gradient of all its weights, before clipping; mean over the steps. If it
    /// falls from layer to layer towards the first, gradients vanish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f32>,
    /// Of a `relu` layer, the share of units (behind convolutions, of maps) that were 0 for all
    /// rows of the epoch's last batch: as long as they are, they learn nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<f32>,
}
