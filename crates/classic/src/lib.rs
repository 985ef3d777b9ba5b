//! Support vector machines, boosted stumps, scaling and baselines: recipes ([`base::Fit`]) over a
//! matrix of features.
//!
//! [`Svm`] is the machine of the suite; [`LinearSvm`], [`LogisticRegression`] and [`SgdSvm`] are
//! linear, for many rows, and [`OnlineLinear`] is for rows that come bit by bit. [`LinfaSvm`] is a
//! rival from another library behind the same trait, [`AdaBoost`] votes and chooses features,
//! [`Standardised`] and [`SelectByBoosting`] wrap any recipe, and [`Majority`] and
//! [`NearestNeighbours`] say what can be had without one. [`kernel`] and [`smo`] can be used alone.
//! No image, no file and no clock is known here, and nothing is fitted that has not been asked for.

mod boosting;
mod check;
mod confidence;
pub mod kernel;
mod kernels;
mod linear;
mod linfa_svm;
mod logistic;
mod majority;
mod neighbours;
mod sgd;
pub mod smo;
mod standardise;
mod svm;
mod svm_model;

pub use boosting::{AdaBoost, AdaBoostModel, AdaBoostParams, SelectByBoosting, Stump};
pub use confidence::one_vs_one_scores;
pub use kernel::{Gamma, KernelName};
pub use linear::{
    ClassWeight, LinearLoss, LinearModel, LinearSvm, LinearSvmParams, MultiClass, Optimum,
    SampleWeightError,
};
pub use linfa_svm::{LinfaSvm, LinfaSvmParams};
pub use logistic::{LogisticRegression, LogisticRegressionParams};
pub use majority::Majority;
pub use neighbours::{NearestNeighbours, NearestNeighboursParams};
pub use sgd::{OnlineError, OnlineLinear, OnlineLinearParams, SgdRule, SgdSvm, SgdSvmParams};
pub use standardise::Standardised;
pub use svm::{Svm, SvmParams};
pub use svm_model::{Pair, SvmModel};
