//! Names of a plan file and what they stand for. A new extractor, classifier or model is one
//! entry here.

use crate::boosted_haar::{BoostedHaar, BoostedHaarParams};
use crate::plan::Settings;
use base::{Extract, Fit, FitEmbedding, Matrix, ParamError};
use eval::record::Family;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

/// What is wrong with an entry of a plan.
#[derive(Debug, Error)]
pub(crate) enum EntryError {
    /// A name that stands for nothing.
    #[error("`{kind}` is not known; there are: {known}")]
    Unknown { kind: String, known: String },
    /// A setting outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// A setting that does not exist, or of the wrong type.
    #[error("{0}")]
    Settings(#[from] serde_json::Error),
}

type Built<T> = Result<Box<T>, EntryError>;

/// A fixed descriptor.
pub(crate) struct ExtractorKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    build: fn(&Settings) -> Built<dyn Extract>,
}

/// A classifier over descriptors.
pub(crate) struct ClassifierKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    family: Family,
    build: fn(&Settings) -> Built<dyn Fit<Matrix>>,
}

/// A model that learns features, and classifies with them.
pub(crate) struct ModelKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    family: Family,
    build: fn(&Settings) -> Built<dyn FitEmbedding>,
}

pub(crate) const EXTRACTORS: &[ExtractorKind] = &[
    ExtractorKind {
        name: "pixels",
        complete: complete::<features::PixelsParams>,
        build: |s| Ok(Box::new(features::Pixels::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "haar",
        complete: complete::<features::HaarParams>,
        build: |s| Ok(Box::new(features::Haar::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "lbp",
        complete: complete::<features::LbpParams>,
        build: |s| Ok(Box::new(features::Lbp::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "hog",
        complete: complete::<features::HogParams>,
        build: |s| Ok(Box::new(features::Hog::new(&read(s)?)?)),
    },
];

pub(crate) const CLASSIFIERS: &[ClassifierKind] = &[
    ClassifierKind {
        name: "svm",
        complete: complete::<classic::SvmParams>,
        family: Family::Classical,
        build: |s| Ok(Box::new(classic::Svm::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "adaboost",
        complete: complete::<classic::AdaBoostParams>,
        family: Family::Classical,
        build: |s| Ok(Box::new(classic::AdaBoost::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "linfa-svm",
        complete: complete::<classic::LinfaSvmParams>,
        family: Family::Reference,
        build: |s| Ok(Box::new(classic::LinfaSvm::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "nearest-neighbours",
        complete: complete::<classic::NearestNeighboursParams>,
        family: Family::Reference,
        build: |s| Ok(Box::new(classic::NearestNeighbours::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "majority",
        complete: complete::<NoSettings>,
        family: Family::Reference,
        build: |s| {
            read::<NoSettings>(s)?;
            Ok(Box::new(classic::Majority))
        },
    },
];

pub(crate) const MODELS: &[ModelKind] = &[
    ModelKind {
        name: "cnn",
        complete: complete::<deep::CnnParams>,
        family: Family::Deep,
        build: |s| Ok(Box::new(deep::Cnn::new(&read(s)?)?)),
    },
    ModelKind {
        name: "boosted-haar",
        complete: complete::<BoostedHaarParams>,
        family: Family::Classical,
        build: |s| Ok(Box::new(BoostedHaar::new(&read(s)?)?)),
    },
];

/// The extractor of that kind with these settings.
pub(crate) fn extractor(kind: &str, settings: &Settings) -> Built<dyn Extract> {
    (extractor_kind(kind)?.build)(settings)
}

/// The settings of an extractor with all defaults filled in.
pub(crate) fn complete_extractor(kind: &str, s: &Settings) -> Result<Settings, EntryError> {
    Ok((extractor_kind(kind)?.complete)(s)?)
}

/// The settings of a classifier with all defaults filled in.
pub(crate) fn complete_classifier(kind: &str, s: &Settings) -> Result<Settings, EntryError> {
    Ok((classifier_kind(kind)?.complete)(s)?)
}

/// The settings of a model with all defaults filled in.
pub(crate) fn complete_model(kind: &str, s: &Settings) -> Result<Settings, EntryError> {
    Ok((model_kind(kind)?.complete)(s)?)
}

/// The classifier of that kind with these settings.
pub(crate) fn classifier(
    kind: &str,
    standardise: bool,
    settings: &Settings,
) -> Built<dyn Fit<Matrix>> {
    let recipe = (classifier_kind(kind)?.build)(settings)?;
    if standardise { Ok(Box::new(classic::Transformed::new(Box::new(classic::Standardise), recipe))) } else { Ok(recipe) }
}

/// The side a classifier over descriptors stands for.
pub(crate) fn family(kind: &str) -> Result<Family, EntryError> {
    Ok(classifier_kind(kind)?.family)
}

/// The side a model stands for, with its own output and under a classifier.
pub(crate) fn model_family(kind: &str) -> Result<Family, EntryError> {
    Ok(model_kind(kind)?.family)
}

/// The model of that kind with these settings.
pub(crate) fn model(kind: &str, settings: &Settings) -> Built<dyn FitEmbedding> {
    (model_kind(kind)?.build)(settings)
}

fn extractor_kind(kind: &str) -> Result<&'static ExtractorKind, EntryError> {
    let found = EXTRACTORS.iter().find(|entry| entry.name == kind);
    let known = EXTRACTORS.iter().map(|entry| entry.name).chain(["join"]);
    found.ok_or_else(|| unknown(kind, known))
}

fn classifier_kind(kind: &str) -> Result<&'static ClassifierKind, EntryError> {
    let found = CLASSIFIERS.iter().find(|entry| entry.name == kind);
    found.ok_or_else(|| unknown(kind, CLASSIFIERS.iter().map(|entry| entry.name)))
}

fn model_kind(kind: &str) -> Result<&'static ModelKind, EntryError> {
    let found = MODELS.iter().find(|entry| entry.name == kind);
    found.ok_or_else(|| unknown(kind, MODELS.iter().map(|entry| entry.name)))
}

fn unknown(kind: &str, known: impl Iterator<Item = &'static str>) -> EntryError {
    let known = known.collect::<Vec<_>>().join(", ");
    EntryError::Unknown { kind: kind.to_owned(), known }
}

/// For recipes that have nothing to set.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

/// What `P` makes of the settings: the same with all defaults visible.
fn complete<P: DeserializeOwned + Serialize>(s: &Settings) -> Result<Settings, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(read::<P>(s)?)?)
}

/// Settings of a plan as the recipe's own parameters; what it does not know is an error.
fn read<T: DeserializeOwned>(settings: &Settings) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(settings.clone().into_iter().collect()))
}
