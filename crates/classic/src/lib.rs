//! Support vector machines, boosted stumps, maps of features, probabilities and baselines: recipes
//! ([`base::Fit`]) over a matrix of features.
//!
//! [`Svm`] is the machine of the suite ([`Svm::fit_grid`] trains it for many settings at once) and
//! [`NuSvm`] its sister; [`LinearSvm`], [`LogisticRegression`] and [`SgdSvm`] are linear, for many
//! rows, and [`OnlineLinear`] is for rows that come bit by bit. [`LinfaSvm`] is a rival from another
//! library behind the same trait, and [`ForLinfa`] brings our recipes to that library. [`AdaBoost`]
//! votes and chooses features. [`Transformed`] puts a [`Transform`] (scaling, principal components,
//! kernel maps) before any recipe, [`SelectByBoosting`] a choice of features, and [`Calibrated`]
//! probabilities behind it; [`Majority`], [`NearestMean`] and [`NearestNeighbours`] say what can be
//! had without a machine. [`kernel`] and [`smo`] can be used alone. An [`SvmModel`] becomes bytes of
//! our own format, of LIBSVM's ([`LibsvmModel`]) or of ONNX, and [`read_svmlight`] reads sparse
//! rows. No image, no file and no clock is known here, and nothing is fitted that has not been asked
//! for.

mod boosting;
mod calibration;
mod check;
mod confidence;
pub mod kernel;
mod kernels;
mod libsvm_model;
mod linear;
mod linfa_recipe;
mod linfa_svm;
mod logistic;
mod majority;
mod many;
mod nearest_mean;
mod neighbours;
mod nu_svm;
mod points;
mod sgd;
pub mod smo;
mod sparse_text;
mod svm;
mod svm_file;
mod svm_grid;
mod svm_model;
mod svm_onnx;
mod svm_params;
mod svm_parts;
mod svm_problem;
mod svmlight;
mod transform;
mod weights;

pub use boosting::{AdaBoost, AdaBoostModel, AdaBoostParams, SelectByBoosting, Stump};
pub use calibration::{
    Calibrated, CalibratedModel, CalibratedParams, CalibrationError, CalibrationMethod, CoupledSvm,
    CoupledSvmParams, Decide, Isotonic, Platt, Temperature, couple,
};
pub use confidence::one_vs_one_scores;
pub use kernel::{Gamma, KernelName};
pub use libsvm_model::{LibsvmModel, LibsvmWriteError};
pub use linear::{LinearLoss, LinearModel, LinearMultiClass, LinearSvm, LinearSvmParams, Optimum};
pub use linfa_recipe::{ForLinfa, ForLinfaError, LinfaPredictor};
pub use linfa_svm::{LinfaSvm, LinfaSvmParams};
pub use logistic::{LogisticRegression, LogisticRegressionParams};
pub use majority::Majority;
pub use many::{SvmMany, TransformedMany};
pub use nearest_mean::NearestMean;
pub use neighbours::{NearestNeighbours, NearestNeighboursParams};
pub use nu_svm::{NuSvm, NuSvmParams};
pub use sgd::{OnlineError, OnlineLinear, OnlineLinearParams, SgdRule, SgdSvm, SgdSvmParams};
pub use sparse_text::{LineFault, TextError};
pub use svm::Svm;
pub use svm_file::SvmFileError;
pub use svm_grid::GridPoint;
pub use svm_model::{Pair, PairFit, SvmModel};
pub use svm_onnx::OnnxError;
pub use svm_params::SvmParams;
pub use svm_parts::{MultiClass, PartsError, SvmParts};
pub use svmlight::{SvmlightOptions, read_svmlight};
pub use transform::{
    Chain, Components, FeatureMap, Hellinger, Lda, LdaMap, LdaParams, MinMax, MinMaxParams,
    NormaliseRows, NormaliseRowsParams, Nystroem, NystroemParams, Pca, PcaMap, PcaParams,
    RandomFourier, RandomFourierParams, RowNorm, Standardise, Transform, TransformError,
    Transformed,
};
pub use weights::{ClassWeight, SampleWeightError};
