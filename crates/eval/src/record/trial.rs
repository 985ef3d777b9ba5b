//! One fit: what determined it, what came out, what it cost.

use super::canonical_sha256;
use crate::search::grid::Point;
use base::{Convergence, Epoch};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that determines the result of a trial; its hash is the trial's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialSpec {
    /// [`SCHEMA`](super::SCHEMA).
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// [`PipelineInfo::name`](super::PipelineInfo::name).
    pub pipeline: String,
    /// [`PipelineInfo::settings`](super::PipelineInfo::settings); for a classifier on learned
    /// features also `model_parameters`, the chosen point of the model's grid.
    pub settings: Value,
    /// The point of the grid.
    pub parameters: Point,
    /// [`DataRecord::digest`](super::DataRecord::digest).
    pub data: String,
    /// [`SplitRecord::sha256`](super::SplitRecord::sha256).
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
    /// [`SplitRecord::name`](super::SplitRecord::name).
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

#[cfg(test)]
mod tests {
    use super::super::SCHEMA;
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
}
