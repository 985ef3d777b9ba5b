//! What every other crate shares: images, labels, scores, seeds, and the three traits
//! [`Extract`], [`Fit`] and [`Predict`] through which extractors, classifiers and networks meet.
//!
//! No algorithm, no file, no thread and no clock lives here.

mod error;
mod images;
mod labels;
mod rows;
mod scores;
mod seed;
mod traits;

pub use error::{FitError, LabelError, ParamError, ShapeError};
pub use images::{Images, Size};
pub use labels::Labels;
pub use rows::{Matrix, Rows};
pub use scores::Scores;
pub use seed::Seed;
pub use traits::{Convergence, Epoch, Extract, Fit, FitSummary, Predict};
