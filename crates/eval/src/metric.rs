//! How good predictions are.

mod confusion;

pub use confusion::{ClassMetrics, Confusion, METRICS, Metric, NotSquare};
