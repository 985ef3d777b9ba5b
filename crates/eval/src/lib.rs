//! Evidence: splits, grid search, metrics, statistics, and the record of a run.
//!
//! It knows no model: everything is done through the traits of [`base`].

pub mod contract;
