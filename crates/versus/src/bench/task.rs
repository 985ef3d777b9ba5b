//! What is timed.

use serde::Deserialize;

/// A work that can be done again and again.
pub(super) trait Task: Send {
    fn run(&mut self);

    /// What came out of the last run; nothing where there is nothing to compare.
    fn quality(&self) -> Option<Quality> {
        None
    }
}

impl<F: FnMut() + Send> Task for F {
    fn run(&mut self) {
        self();
    }
}

/// How good what came out is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quality {
    /// Share of rows that were told right: test rows or, of a grid, those of the best cell's folds.
    pub(super) accuracy: Option<f64>,
    /// What was minimised, added up over the problems of all classes or pairs of classes.
    pub(super) objective: Option<f64>,
}
