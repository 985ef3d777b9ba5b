//! What was asked for, and where it ran.

use super::Protocol;
use crate::search::space::Space;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was asked for: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`](super::SCHEMA) of the writer.
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
