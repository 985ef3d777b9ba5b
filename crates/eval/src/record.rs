//! What a run leaves behind, as plain data. Every number of a report can be traced to a
//! [`Trial`]; metrics are computed from its stored scores and never stored instead of them.

use base::{Convergence, Epoch, Size};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::search::grid::Point;
use crate::search::rule::Rule;
use crate::search::space::Space;

/// Version of the files in a run directory. A change of meaning raises it, and with it every
/// trial id, so that old and new results never mix.
pub const SCHEMA: u32 = 1;

/// What was asked for: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Name of the plan.
    pub name: String,
    /// The plan with all defaults filled in.
    pub plan: Value,
    /// SHA-256 of the canonical plan, hexadecimal.
    pub plan_sha256: String,
    /// The command that starts the run again.
    pub command: String,
    /// Revision of the source the program was started in; `None` outside a checkout.
    pub git_revision: Option<String>,
    /// SHA-256 of `Cargo.lock` at build time.
    pub lock_sha256: String,
    /// SHA-256 of the program itself: results of different builds must not mix.
    pub program_sha256: String,
    /// The seed all others derive from.
    pub seed: u64,
    /// How the data were split and the verdict is reached.
    pub protocol: Protocol,
    /// Names of the data sets, in the order of the report.
    pub datasets: Vec<String>,
    /// The pipelines, in the order of the report.
    pub pipelines: Vec<PipelineInfo>,
}

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

/// The side a pipeline stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Hand-crafted features and a classical classifier, also where boosting chose the features.
    Classical,
    /// Features learned by a network, whatever classifies them.
    Deep,
    /// Shown beside the others, never a champion: baselines and rival implementations.
    Reference,
}

/// An extractor with a classifier, or a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineInfo {
    /// "hog + svm-rbf"; unique in the run.
    pub name: String,
    /// The side it stands for.
    pub family: Family,
    /// Row of the extractor x classifier table.
    pub extractor: String,
    /// Column of that table.
    pub classifier: String,
    /// Settings that are the same in all its trials.
    pub settings: Value,
    /// What the search chooses from, by setting; empty if there is nothing to choose.
    pub grid: Space,
    /// Whether another seed may give another model.
    #[serde(default)]
    pub seeded: bool,
}

/// Where it ran: `environment.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system and processor family, as Rust names them.
    pub target: String,
    /// Model name of the processor, where the system tells.
    pub cpu: Option<String>,
    /// Threads the system offers.
    pub available_threads: usize,
    /// Threads that computed.
    pub threads: usize,
    /// Vector extensions that the kernels may use here.
    pub cpu_features: Vec<String>,
    /// Compiler that built the program.
    pub rustc: String,
    /// Machine-speed yardstick: seconds for a fixed amount of single-threaded arithmetic
    /// (`eval::trial::yardstick_seconds`), to compare costs across machines.
    pub yardstick_seconds: f64,
}

/// A data set as it was read: `data/<set>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Name of the set.
    pub name: String,
    /// Digest of all that can influence a result.
    pub digest: String,
    /// Size of every image after reading.
    pub size: Size,
    /// Class names, by class id.
    pub classes: Vec<String>,
    /// Whether the test part is the one the data set came with.
    pub official_split: bool,
    /// What the user should know: unreadable files, resized images, duplicates.
    pub warnings: Vec<String>,
    /// Groups of rows with exactly the same pixels.
    pub duplicates: Vec<Vec<usize>>,
    /// Groups of rows that look alike, but not to the pixel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_duplicates: Vec<Vec<usize>>,
    /// Group of every image, where any must stay together: those the set came with, joined by the
    /// duplicates if the protocol keeps these together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<usize>>,
    /// Name of every image: its path inside the folder, or part and number.
    pub image_names: Vec<String>,
    /// SHA-256 of the pixels of every image.
    pub image_digests: Vec<String>,
    /// Class id of every image.
    pub labels: Vec<usize>,
}

/// The rows of one training and one test part: `splits/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// `<set>.holdout` or `<set>.fold<k>`.
    pub name: String,
    /// Rows trained on, ascending.
    pub train: Vec<usize>,
    /// Rows scored, ascending.
    pub test: Vec<usize>,
    /// SHA-256 of the two lists.
    pub sha256: String,
}

impl SplitRecord {
    /// Names a split and works out its hash.
    pub fn new(name: String, train: Vec<usize>, test: Vec<usize>) -> Self {
        let sha256 = canonical_sha256(&(&train, &test));
        Self { name, train, test, sha256 }
    }
}

/// Everything that determines the result of a trial; its hash is the trial's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialSpec {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// [`PipelineInfo::name`].
    pub pipeline: String,
    /// [`PipelineInfo::settings`]; for a classifier on learned features also `model_parameters`,
    /// the chosen point of the model's grid.
    pub settings: Value,
    /// The point of the grid.
    pub parameters: Point,
    /// [`DataRecord::digest`].
    pub data: String,
    /// [`SplitRecord::sha256`].
    pub split: String,
    /// Seed of the run, or [`crate::seeds::seed`] of a further training; the trial's own is
    /// `seed.child(split, 0)`, so that all recipes start alike on the same rows.
    pub seed: u64,
    /// Hash of the points and splits that were trained together with this one, if any were: last
    /// bits depend on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<String>,
}

impl TrialSpec {
    /// 32 hexadecimal digits: the first half of the SHA-256 of the canonical JSON.
    pub fn id(&self) -> String {
        let mut id = canonical_sha256(self);
        id.truncate(32);
        id
    }
}

/// One fit and its scores on the rows held out: `trials/<aa>/<id>.json`. The file is the commit
/// mark of the trial, written after all others of it. Equal runs leave equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// [`TrialSpec::id`].
    pub id: String,
    /// Name of the data set.
    pub dataset: String,
    /// [`SplitRecord::name`].
    pub split: String,
    /// What determined the result.
    pub spec: TrialSpec,
    /// What came out.
    pub outcome: Outcome,
}

/// What came out of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// Trained and scored.
    Done {
        /// Whether the solver reached its goal.
        convergence: Convergence,
        /// Bytes of all learned numbers; not known of a trial of the search that shared its work
        /// with others.
        model_bytes: Option<u64>,
        /// Where scores were calibrated: test rows whose most probable class is not the one that
        /// the machine names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disputed: Option<usize>,
        /// Shape of `scores/<id>.f32`: test rows x classes, little endian.
        scores_shape: [usize; 2],
        /// SHA-256 of that file.
        scores_sha256: String,
    },
    /// Could not be trained; the run went on without it.
    Failed {
        /// Why, in one line.
        error: String,
    },
}

/// What a trial cost: `costs/<aa>/<id>.json`, apart from the trial, since it never repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Whether nothing else of the run was computing; only then are the times claimed.
    pub alone: bool,
    /// Threads it could use.
    pub threads: usize,
    /// Seconds to train the model whose features are used; 0 for fixed features, and for a model's
    /// own output, where it is `fit_seconds`.
    pub learn_seconds: f64,
    /// Seconds to describe the training images, once it is known how; 0 for a model's own output.
    pub extract_seconds: f64,
    /// Seconds to train the classifier, or the model; of those that were trained and scored
    /// together, an equal share of the time that both took.
    pub fit_seconds: f64,
    /// Seconds to score all test rows in one batch, describing them not included.
    pub score_seconds: f64,
    /// Time of one image from pixels to class, if measured.
    pub latency: Option<Latency>,
    /// Most bytes of memory the whole program held at once while it trained and scored, images and
    /// features of the set included; unset where the system does not tell or others computed too.
    #[serde(default)]
    pub peak_bytes: Option<u64>,
}

/// Time of one image from pixels to class, warmed up, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Images timed.
    pub images: usize,
    /// Median, in seconds.
    pub p50_seconds: f64,
    /// 99th percentile, in seconds.
    pub p99_seconds: f64,
}

/// The course of an iterative training: one line each in `curves/<id>.jsonl`.
pub type Curve = Vec<Epoch>;

/// SHA-256, in hexadecimal, of a value's JSON with sorted keys and no blanks.
///
/// # Panics
/// If the value cannot be written as JSON (a map with keys other than strings).
pub fn canonical_sha256(value: &impl Serialize) -> String {
    // `Value` keeps its keys sorted; a struct written directly would keep its field order.
    let value = serde_json::to_value(value).expect("records are maps with string keys");
    sha256_hex(value.to_string().as_bytes())
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> TrialSpec {
        TrialSpec {
            schema: SCHEMA,
            version: "0.1.0".to_owned(),
            pipeline: "hog + svm-rbf".to_owned(),
            settings: serde_json::json!({"b": 1, "a": 2}),
            parameters: Point::from([("c".to_owned(), Value::from(10))]),
            data: "d".to_owned(),
            split: "s".to_owned(),
            seed: 1,
            together: None,
        }
    }

    #[test]
    fn the_id_follows_from_the_spec_alone_and_from_every_field_of_it() {
        let reordered = TrialSpec { settings: serde_json::json!({"a": 2, "b": 1}), ..spec() };
        assert_eq!(spec().id(), reordered.id());
        for other in [
            TrialSpec { version: "0.2.0".to_owned(), ..spec() },
            TrialSpec { pipeline: "hog".to_owned(), ..spec() },
            TrialSpec { settings: Value::Null, ..spec() },
            TrialSpec { parameters: Point::new(), ..spec() },
            TrialSpec { data: "e".to_owned(), ..spec() },
            TrialSpec { split: "t".to_owned(), ..spec() },
            TrialSpec { seed: 2, ..spec() },
            TrialSpec { together: Some(String::new()), ..spec() },
        ] {
            assert_ne!(spec().id(), other.id());
        }
    }

    /// `printf '{"a":2,"b":[1,2]}' | sha256sum`
    #[test]
    fn canonical_json_has_sorted_keys_and_no_blanks() {
        let value = serde_json::json!({"b": [1, 2], "a": 2});
        let expected = "39ed791d861c3f4bd12404a59f198890524625f357e9bcb78ecafbad46ff065e";
        assert_eq!(canonical_sha256(&value), expected);
    }
}
