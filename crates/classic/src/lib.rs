//! Support vector machines, boosted stumps, scaling and baselines: recipes ([`base::Fit`]) over a
//! matrix of features.
//!
//! [`Svm`] is the machine of the suite ([`Svm::fit_grid`] trains it for many settings at once),
//! [`NuSvm`] its sister, [`LinfaSvm`] a rival from another library behind the same
//! trait, [`AdaBoost`] votes and chooses features, [`Standardised`] and [`SelectByBoosting`] wrap
//! any recipe, and [`Majority`] and [`NearestNeighbours`] say what can be had without one.
//! [`kernel`] and [`smo`] can be used alone. No image, no file and no clock is known here, and
//! nothing is fitted that has not been asked for.

mod boosting;
mod check;
mod confidence;
pub mod kernel;
mod kernels;
mod linfa_svm;
mod majority;
mod neighbours;
mod nu_svm;
mod points;
pub mod smo;
mod standardise;
mod svm;
mod svm_grid;
mod svm_model;
mod svm_params;
mod svm_parts;
mod svm_problem;

pub use boosting::{AdaBoost, AdaBoostModel, AdaBoostParams, SelectByBoosting, Stump};
pub use confidence::one_vs_one_scores;
pub use kernel::{Gamma, KernelName};
pub use linfa_svm::{LinfaSvm, LinfaSvmParams};
pub use majority::Majority;
pub use neighbours::{NearestNeighbours, NearestNeighboursParams};
pub use nu_svm::{NuSvm, NuSvmParams};
pub use standardise::Standardised;
pub use svm::Svm;
pub use svm_grid::GridPoint;
pub use svm_model::{Pair, PairFit, SvmModel};
pub use svm_params::{ClassWeight, SvmParams};
pub use svm_parts::{MultiClass, PartsError, SvmParts};
