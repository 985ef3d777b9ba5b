//! How data are split, how settings are searched, and what else is done beside the hold-out.

use crate::search::rule::Rule;
use serde::{Deserialize, Serialize};

/// How data are split and the verdict is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// Share of the images held out for the test, where the data set has no official test part.
    pub test_share: f64,
    /// Folds of the search inside the training part.
    pub folds: usize,
    /// Largest loss of accuracy, as a share of all images, that still counts as "enough".
    pub margin: f64,
    /// Confidence level of all intervals.
    pub level: f64,
    /// What becomes of duplicates when the images are split.
    pub duplicates: Duplicates,
    /// How the search goes through the points.
    pub search: SearchMethod,
    /// Points drawn at random, in place of all points of a grid. Needed where a grid has a range,
    /// and by `random`.
    pub points: Option<usize>,
    /// `halving`: of so many points one goes on to the next round, on so many times as many rows.
    pub factor: f64,
    /// `halving`: training rows per fold in the first round; unset: so few that the last round has
    /// about all.
    pub min_rows: Option<usize>,
    /// `racing`: folds before the first point may leave.
    pub first_test: usize,
    /// `racing`: points with a smaller p value leave.
    pub race_level: f64,
    /// Which of the points is taken in the end.
    pub rule: Rule,
    /// What one search may spend at most.
    #[serde(skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
    /// Nested cross-validation inside the training part, beside the hold-out.
    pub nested: Option<Nested>,
    /// Repeated cross-validation of the champions inside the training part, beside the hold-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// Corruptions of the test images on which every refitted model is scored too.
    pub corruptions: Corruptions,
    /// Severities of each corruption, 1 to 5.
    pub severities: Vec<usize>,
    /// Trainings on parts of the training rows; unset: none.
    pub learning_curve: Option<LearningCurve>,
    /// Trainings of each winner on all training rows, each with a seed of its own; the answer is
    /// that of the first: [`crate::seeds`].
    pub seeds: usize,
}

/// What each search of a pipeline may spend at most: the same for all, so that both sides are
/// searched alike. See [`crate::search::limit`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Trainings; unset: as many as the search takes.
    pub trials: Option<usize>,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How a search goes through the points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchMethod {
    /// All points of a grid on all folds.
    #[default]
    Grid,
    /// Points drawn at random on all folds.
    Random,
    /// Successive halving: [`crate::search::halving`].
    Halving,
    /// Fold by fold, without those that are worse: [`crate::search::racing`].
    Racing,
}

/// Nested cross-validation: each outer fold has a search of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nested {
    /// Outer folds.
    pub folds: usize,
}

/// Repeated cross-validation: [`crate::repeated`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// How often the training part is cut into folds anew.
    pub repeats: usize,
    /// Folds of each cut.
    pub folds: usize,
}

/// What becomes of exact and near-duplicates when the images are split. An official split stays as
/// it is; only the folds of its training part change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// They stay on one side, like rows of one group.
    #[default]
    KeepTogether,
    /// They are split like any other images.
    Ignore,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            test_share: 0.25,
            folds: 3,
            margin: 0.02,
            level: 0.95,
            search: SearchMethod::Grid,
            points: None,
            factor: 3.0,
            min_rows: None,
            first_test: 3,
            race_level: 0.05,
            rule: Rule::Best,
            limits: Limits::default(),
            nested: None,
            repeated: None,
            duplicates: Duplicates::KeepTogether,
            corruptions: Corruptions::Word(CorruptionWord::None),
            severities: vec![1, 2, 3, 4, 5],
            learning_curve: None,
            seeds: 1,
        }
    }
}

/// `"none"`, `"all"`, or a list of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Corruptions {
    /// None or all.
    Word(CorruptionWord),
    /// These.
    Named(Vec<String>),
}

/// None or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorruptionWord {
    /// No corruption.
    None,
    /// Every corruption that is known.
    All,
}

/// Sizes of the parts of the training rows, and how often each is drawn anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearningCurve {
    /// Training images, ascending; empty: `points` sizes, each twice the one before, up to all.
    pub sizes: Vec<usize>,
    /// Sizes if none are given, all training rows being one of them.
    pub points: usize,
    /// Draws of each size. The subsets of one draw are nested.
    pub repeats: usize,
}

impl Default for LearningCurve {
    fn default() -> Self {
        Self { sizes: Vec::new(), points: 6, repeats: 3 }
    }
}
