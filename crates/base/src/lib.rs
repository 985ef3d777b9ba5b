//! What every other crate shares: images, labels, scores, seeds, and the traits through which
//! extractors, classifiers and networks meet: [`Extract`], [`Fit`], [`Predict`], [`FitMany`] for
//! whole grids, and for learned features [`FitEmbedding`] and [`Embedding`]; and which vector
//! instructions there are, [`Simd`].
//!
//! No algorithm, no file, no thread and no clock lives here.

mod error;
mod images;
mod labels;
mod many;
mod rows;
mod scores;
mod seed;
mod simd;
mod traits;

pub use error::{FitError, LabelError, ParamError, ShapeError};
pub use images::{Images, Size};
pub use labels::Labels;
pub use many::{FitMany, FoldScores, HeldOut};
pub use rows::{Matrix, Rows};
pub use scores::Scores;
pub use seed::Seed;
pub use simd::Simd;
pub use traits::{
    Convergence, Embedding, Epoch, Extract, Fit, FitEmbedding, FitSummary, LayerEpoch, Predict,
};
