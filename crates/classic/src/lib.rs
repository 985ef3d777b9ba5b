//! Support vector machines, boosted stumps, scaling and baselines: recipes ([`base::Fit`]) over a
//! matrix of features.
//!
//! [`Svm`] is the machine of the suite, [`LinfaSvm`] a rival from another library behind the same
//! trait, [`AdaBoost`] votes and chooses features, [`Standardised`] and [`SelectByBoosting`] wrap
//! any recipe, and [`Majority`] and [`NearestNeighbours`] say what can be had without one.
//! [`kernel`] and [`smo`] can be used alone. An [`SvmModel`] becomes bytes of our own format, of
//! LIBSVM's ([`LibsvmModel`]) or of ONNX, and [`read_svmlight`] reads sparse rows. No image, no file and no clock is known here, and
//! nothing is fitted that has not been asked for.

mod boosting;
mod check;
mod confidence;
pub mod kernel;
mod libsvm_model;
mod linfa_svm;
mod majority;
mod neighbours;
pub mod smo;
mod sparse_text;
mod standardise;
mod svm;
mod svm_file;
mod svm_model;
mod svm_onnx;
mod svm_parts;
mod svmlight;

pub use boosting::{AdaBoost, AdaBoostModel, AdaBoostParams, SelectByBoosting, Stump};
pub use confidence::one_vs_one_scores;
pub use kernel::{Gamma, KernelName};
pub use libsvm_model::{LibsvmModel, LibsvmWriteError};
pub use linfa_svm::{LinfaSvm, LinfaSvmParams};
pub use majority::Majority;
pub use neighbours::{NearestNeighbours, NearestNeighboursParams};
pub use sparse_text::{LineFault, TextError};
pub use standardise::Standardised;
pub use svm::{Svm, SvmParams};
pub use svm_file::SvmFileError;
pub use svm_model::{Pair, PairFit, SvmModel};
pub use svm_onnx::OnnxError;
pub use svm_parts::{MultiClass, PartsError, SvmParts};
pub use svmlight::{SvmlightOptions, read_svmlight};
