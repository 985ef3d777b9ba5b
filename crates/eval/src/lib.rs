//! Evidence: splits, searches, metrics, statistics, and the record of a run.
//!
//! It knows no model: everything is done through the traits of [`base`].

pub mod across;
pub mod contract;
pub mod corrupted;
pub mod duplicates;
pub mod latency;
pub mod learning;
pub mod learning_curve;
pub mod metric;
pub mod pareto;
pub mod peak_memory;
pub mod power_law;
pub mod record;
pub mod repeated;
pub mod robustness;
pub mod run;
pub mod search;
pub mod seeds;
pub mod selection;
pub mod split;
pub mod statistics;
pub mod store;
pub mod summary;
pub mod trial;

pub use search::grid;
pub use statistics::{interval, paired, verdict};
