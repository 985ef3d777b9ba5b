//! Names of a plan file and what they stand for. A new extractor, classifier or model is one
//! entry here.

use crate::boosted_haar::{BoostedHaar, BoostedHaarParams};
use crate::plan::Settings;
use base::{Extract, Fit, FitEmbedding, FitMany, Matrix, ParamError};
use classic::{Chain, Transform};
use eval::record::Family;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

#[cfg(test)]
mod tests;

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
    /// An entry of `transforms` that is no transform.
    #[error("`transforms` holds {0}; an entry is a name or {{ name = {{ settings }} }}")]
    Transform(Value),
    /// Coupling for a machine without pairs of classes.
    #[error("`coupling` calibrates the pairs of an `svm`, and `{0}` has none")]
    Coupling(String),
    /// Two ways to say how features are scaled, whose order nobody knows.
    #[error("with `transforms`, put \"standardise\" into that list where it belongs")]
    TwoScalings,
}

type Built<T> = Result<Box<T>, EntryError>;

/// A fixed descriptor.
pub(crate) struct ExtractorKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    build: fn(&Settings) -> Built<dyn Extract>,
}

/// A map of descriptors that learns from the training rows.
pub(crate) struct TransformKind {
    name: &'static str,
    /// Whether another seed may give another map.
    seeded: bool,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    build: fn(&Settings) -> Built<dyn Transform>,
}

type BuildMany = fn(&[Settings]) -> Built<dyn FitMany<Matrix>>;

/// A classifier over descriptors.
pub(crate) struct ClassifierKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    family: Family,
    /// Whether another seed may give another model.
    seeded: bool,
    /// Several of them at once, where they share work.
    many: Option<BuildMany>,
    build: fn(&Settings) -> Built<dyn Fit<Matrix>>,
}

/// A model that learns features, and classifies with them.
pub(crate) struct ModelKind {
    name: &'static str,
    complete: fn(&Settings) -> Result<Settings, serde_json::Error>,
    family: Family,
    /// Whether another seed may give other features.
    seeded: bool,
    build: fn(&Settings) -> Built<dyn FitEmbedding>,
}

/// Every name, by the table of a plan that it stands in.
#[cfg(test)]
pub(crate) fn names() -> [(&'static str, Vec<&'static str>); 4] {
    [
        ("extractor", EXTRACTORS.iter().map(|kind| kind.name).collect()),
        ("transform", TRANSFORMS.iter().map(|kind| kind.name).collect()),
        ("classifier", CLASSIFIERS.iter().map(|kind| kind.name).collect()),
        ("model", MODELS.iter().map(|kind| kind.name).collect()),
    ]
}

#[cfg(test)]
impl TransformKind {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
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
    ExtractorKind {
        name: "hog-opencv",
        complete: complete::<features::OpenCvHogParams>,
        build: |s| Ok(Box::new(features::OpenCvHog::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "fhog",
        complete: complete::<features::FhogParams>,
        build: |s| Ok(Box::new(features::Fhog::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "hog-vlfeat",
        complete: complete::<features::VlHogParams>,
        build: |s| Ok(Box::new(features::VlHog::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "haar-extended",
        complete: complete::<features::ExtendedHaarParams>,
        build: |s| Ok(Box::new(features::ExtendedHaar::new(&read(s)?)?)),
    },
    ExtractorKind {
        name: "lbph",
        complete: complete::<features::LbphParams>,
        build: |s| Ok(Box::new(features::Lbph::new(&read(s)?)?)),
    },
];

pub(crate) const TRANSFORMS: &[TransformKind] = &[
    TransformKind {
        name: "standardise",
        seeded: false,
        complete: complete::<NoSettings>,
        build: |s| {
            read::<NoSettings>(s)?;
            Ok(Box::new(classic::Standardise))
        },
    },
    TransformKind {
        name: "min-max",
        seeded: false,
        complete: complete::<classic::MinMaxParams>,
        build: |s| Ok(Box::new(classic::MinMax::new(&read(s)?)?)),
    },
    TransformKind {
        name: "normalise-rows",
        seeded: false,
        complete: complete::<classic::NormaliseRowsParams>,
        build: |s| Ok(Box::new(classic::NormaliseRows::new(&read(s)?))),
    },
    TransformKind {
        name: "hellinger",
        seeded: false,
        complete: complete::<NoSettings>,
        build: |s| {
            read::<NoSettings>(s)?;
            Ok(Box::new(classic::Hellinger))
        },
    },
    TransformKind {
        name: "pca",
        seeded: false,
        complete: complete::<classic::PcaParams>,
        build: |s| Ok(Box::new(classic::Pca::new(&read(s)?)?)),
    },
    TransformKind {
        name: "lda",
        seeded: false,
        complete: complete::<classic::LdaParams>,
        build: |s| Ok(Box::new(classic::Lda::new(&read(s)?)?)),
    },
    TransformKind {
        name: "nystroem",
        seeded: true,
        complete: complete::<classic::NystroemParams>,
        build: |s| Ok(Box::new(classic::Nystroem::new(&read(s)?)?)),
    },
    TransformKind {
        name: "random-fourier",
        seeded: true,
        complete: complete::<classic::RandomFourierParams>,
        build: |s| Ok(Box::new(classic::RandomFourier::new(&read(s)?)?)),
    },
];

pub(crate) const CLASSIFIERS: &[ClassifierKind] = &[
    ClassifierKind {
        name: "svm",
        complete: complete::<classic::SvmParams>,
        family: Family::Classical,
        seeded: false,
        many: Some(|points| {
            let params = points.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            Ok(Box::new(classic::SvmMany::new(&params)?))
        }),
        build: |s| Ok(Box::new(svm(s)?)),
    },
    ClassifierKind {
        name: "linear-svm",
        complete: complete::<classic::LinearSvmParams>,
        family: Family::Classical,
        seeded: true,
        many: None,
        build: |s| Ok(Box::new(classic::LinearSvm::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "logistic-regression",
        complete: complete::<classic::LogisticRegressionParams>,
        family: Family::Classical,
        seeded: false,
        many: None,
        build: |s| Ok(Box::new(classic::LogisticRegression::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "sgd-svm",
        complete: complete::<classic::SgdSvmParams>,
        family: Family::Classical,
        seeded: true,
        many: None,
        build: |s| Ok(Box::new(classic::SgdSvm::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "adaboost",
        complete: complete::<classic::AdaBoostParams>,
        family: Family::Classical,
        seeded: false,
        many: None,
        build: |s| Ok(Box::new(classic::AdaBoost::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "linfa-svm",
        complete: complete::<classic::LinfaSvmParams>,
        family: Family::Reference,
        seeded: false,
        many: None,
        build: |s| Ok(Box::new(classic::LinfaSvm::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "nearest-neighbours",
        complete: complete::<classic::NearestNeighboursParams>,
        family: Family::Reference,
        seeded: false,
        many: None,
        build: |s| Ok(Box::new(classic::NearestNeighbours::new(&read(s)?)?)),
    },
    ClassifierKind {
        name: "nearest-mean",
        complete: complete::<NoSettings>,
        family: Family::Reference,
        seeded: false,
        many: None,
        build: |s| {
            read::<NoSettings>(s)?;
            Ok(Box::new(classic::NearestMean))
        },
    },
    ClassifierKind {
        name: "majority",
        complete: complete::<NoSettings>,
        family: Family::Reference,
        seeded: false,
        many: None,
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
        seeded: true,
        build: |s| Ok(Box::new(deep::Cnn::new(&read(s)?)?)),
    },
    ModelKind {
        name: "boosted-haar",
        complete: complete::<BoostedHaarParams>,
        family: Family::Classical,
        seeded: false,
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

/// An entry of `transforms` with all defaults filled in, as a table of one name.
pub(crate) fn complete_transform(entry: &Value) -> Result<Value, EntryError> {
    let (name, settings) = transform_entry(entry)?;
    let settings = (transform_kind(name)?.complete)(&settings)?;
    Ok(Value::from_iter([(name, Value::from_iter(settings))]))
}

/// The classifier of that kind with these settings, behind the maps of a plan's entry.
pub(crate) fn classifier(
    kind: &str,
    standardise: bool,
    transforms: &[Value],
    settings: &Settings,
) -> Built<dyn Fit<Matrix>> {
    let recipe = (classifier_kind(kind)?.build)(settings)?;
    Ok(match first(standardise, transforms)? {
        None => recipe,
        Some(before) => Box::new(classic::Transformed::new(before, recipe)),
    })
}

/// The classifiers of that kind with each of these settings, behind the same maps, if such
/// classifiers share work.
pub(crate) fn many(
    kind: &str,
    standardise: bool,
    transforms: &[Value],
    settings: &[Settings],
) -> Result<Option<Box<dyn FitMany<Matrix>>>, EntryError> {
    let Some(build) = classifier_kind(kind)?.many else { return Ok(None) };
    let recipes = build(settings)?;
    Ok(Some(match first(standardise, transforms)? {
        None => recipes,
        Some(before) => Box::new(classic::TransformedMany::new(before, recipes)),
    }))
}

/// What of a plan's entry stands before its classifier, if anything does.
fn first(
    standardise: bool,
    transforms: &[Value],
) -> Result<Option<Box<dyn Transform>>, EntryError> {
    Ok(match (standardise, transforms) {
        (false, []) => None,
        (true, []) => Some(Box::new(classic::Standardise)),
        _ => Some(Box::new(before(standardise, transforms)?)),
    })
}

/// The classifier `svm` alone, for those who need more of it than a [`Fit`].
pub(crate) fn svm(settings: &Settings) -> Result<classic::Svm, EntryError> {
    Ok(classic::Svm::new(&read(settings)?)?)
}

/// The maps of a plan's entry.
pub(crate) fn before(standardise: bool, transforms: &[Value]) -> Result<Chain, EntryError> {
    let links = match (standardise, transforms) {
        (true, []) => vec![Box::new(classic::Standardise) as Box<dyn Transform>],
        (true, _) => return Err(EntryError::TwoScalings),
        (false, entries) => entries.iter().map(transform).collect::<Result<_, _>>()?,
    };
    Ok(Chain::new(links))
}

fn transform(entry: &Value) -> Built<dyn Transform> {
    let (name, settings) = transform_entry(entry)?;
    (transform_kind(name)?.build)(&settings)
}

/// Name and settings of an entry of `transforms`.
fn transform_entry(entry: &Value) -> Result<(&str, Settings), EntryError> {
    if let Some(name) = entry.as_str() {
        return Ok((name, Settings::new()));
    }
    let table = entry.as_object().filter(|table| table.len() == 1);
    match table.and_then(|table| table.iter().next()) {
        Some((name, Value::Object(settings))) => Ok((name, settings.clone().into_iter().collect())),
        _ => Err(EntryError::Transform(entry.clone())),
    }
}

/// The side a classifier over descriptors stands for.
pub(crate) fn family(kind: &str) -> Result<Family, EntryError> {
    Ok(classifier_kind(kind)?.family)
}

/// The side a model stands for, with its own output and under a classifier.
pub(crate) fn model_family(kind: &str) -> Result<Family, EntryError> {
    Ok(model_kind(kind)?.family)
}

/// Whether a classifier of that kind behind these maps may depend on the seed.
pub(crate) fn seeded(kind: &str, transforms: &[Value]) -> Result<bool, EntryError> {
    let mut seeded = classifier_kind(kind)?.seeded;
    for entry in transforms {
        seeded |= transform_kind(transform_entry(entry)?.0)?.seeded;
    }
    Ok(seeded)
}

/// Whether the features of a model of that kind may depend on the seed.
pub(crate) fn model_seeded(kind: &str) -> Result<bool, EntryError> {
    Ok(model_kind(kind)?.seeded)
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

fn transform_kind(kind: &str) -> Result<&'static TransformKind, EntryError> {
    let found = TRANSFORMS.iter().find(|entry| entry.name == kind);
    found.ok_or_else(|| unknown(kind, TRANSFORMS.iter().map(|entry| entry.name)))
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
