//! A bar with the time left, on a terminal; nothing in a pipe.

use eval::record::{Outcome, Trial};
use eval::summary::hold_out_name;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::time::Duration;

/// A network takes about so many times as long per training row as a support vector machine.
const MODEL_WEIGHT: u64 = 20;

/// How far the run has come.
pub(crate) struct Progress {
    bar: ProgressBar,
}

/// Share of the bar that a trial takes, in made-up units.
pub(crate) fn weight(settings: &Value, train_rows: usize) -> u64 {
    let trains_model = settings.get("model").is_some() && settings.get("classifier").is_none();
    train_rows as u64 * if trains_model { MODEL_WEIGHT } else { 1 }
}

impl Progress {
    /// A bar over trials of this total weight; it hides itself where stderr is no terminal.
    pub(crate) fn new(total: u64) -> Self {
        let bar = ProgressBar::new(total);
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {elapsed} gone, about {eta} left  {wide_msg:.dim}",
        );
        bar.set_style(style.expect("the template is valid"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }

    /// A trial was already there; it must not make the rest look faster than it is.
    pub(crate) fn found(&self, weight: u64) {
        self.bar.set_length(self.bar.length().unwrap_or(0).saturating_sub(weight));
    }

    /// A trial was done.
    pub(crate) fn done(&self, weight: u64, trial: &Trial) {
        self.bar.set_message(format!("{} on {}", trial.spec.pipeline, trial.dataset));
        self.bar.inc(weight);
        // The same fault on every fold of the search is in the record; once is enough here.
        let last = trial.split == hold_out_name(&trial.dataset);
        if let (Outcome::Failed { error }, true) = (&trial.outcome, last) {
            self.warn(&format!("{} on {}: {error}", trial.spec.pipeline, trial.dataset));
        }
    }

    /// A line on stderr, above the bar if there is one.
    pub(crate) fn warn(&self, message: &str) {
        self.bar.suspend(|| eprintln!("warning: {message}"));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
