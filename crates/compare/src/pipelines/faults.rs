//! What is wrong with a plan, gathered so that all of it is told at once.

use crate::catalogue::EntryError;
use crate::plan::{Grid, Plan, Settings};
use crate::{curves, robustness};
use base::Seed;
use eval::search::space::Domain;
use eval::search::{Folds, Search};
use serde_json::Value;
use std::collections::BTreeSet;

/// More points than anyone waits for are most likely a slip.
const MAX_POINTS: f64 = 10_000.0;

/// Faults of a plan, a line each, in the order met.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<String>);

impl Faults {
    /// Notes a fault once, however many pipelines meet it.
    pub(super) fn note(&mut self, fault: String) {
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Keeps what was built, or notes why it was not.
    pub(super) fn keep<T>(
        &mut self,
        what: &str,
        name: &str,
        built: Result<T, EntryError>,
    ) -> Option<T> {
        match built {
            Ok(built) => Some(built),
            Err(error) => {
                self.note(format!("{what} `{name}`: {error}"));
                None
            }
        }
    }

    /// Names that stand for two things.
    pub(super) fn names<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a String>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.note(format!("{what} `{name}`: the name is given twice"));
            }
        }
    }

    /// Corruptions and learning curves, which no recipe depends on.
    pub(super) fn questions(&mut self, plan: &Plan) {
        let curve = curves::fault(&plan.protocol);
        let conditions = robustness::conditions(&plan.protocol).err();
        curve.into_iter().chain(conditions).for_each(|fault| self.note(fault));
    }

    /// Settings of the protocol that hold for no data.
    pub(super) fn protocol(&mut self, plan: &Plan) {
        let protocol = &plan.protocol;
        let mut check = |holds: bool, name: &str, value: f64, expected: &str| {
            if !holds {
                self.note(format!("protocol: `{name}` is {value}, but must be {expected}"));
            }
        };
        let inside = |value: f64| value > 0.0 && value < 1.0;
        check(inside(protocol.test_share), "test_share", protocol.test_share, "between 0 and 1");
        check(inside(protocol.level), "level", protocol.level, "between 0 and 1");
        check(inside(protocol.margin), "margin", protocol.margin, "between 0 and 1");
        check(protocol.folds >= 2, "folds", protocol.folds as f64, "at least 2");
        check(protocol.seeds >= 1, "seeds", protocol.seeds as f64, "at least 1");
        if let Some(nested) = protocol.nested {
            check(nested.folds >= 2, "nested.folds", nested.folds as f64, "at least 2");
        }
        if let Some(repeated) = protocol.repeated {
            let (repeats, folds) = (repeated.repeats as f64, repeated.folds as f64);
            check(repeats >= 1.0, "repeated.repeats", repeats, "at least 1");
            check(folds >= 2.0, "repeated.folds", folds, "at least 2");
        }
        // Of settings without a grid, whatever the data: what is left is wrong with the search.
        let folds = Folds { count: protocol.folds, rows: usize::MAX, classes: 2 };
        if let Err(error) = Search::new(protocol, &Grid::new(), Seed(plan.seed), folds) {
            self.note(format!("protocol: {error}"));
        }
    }

    /// What a search chooses from, and how many points that makes.
    pub(super) fn grids(&mut self, plan: &Plan) {
        let classifiers =
            plan.classifier.iter().map(|entry| ("classifier", &entry.name, &entry.grid));
        let models = plan.model.iter().map(|entry| ("model", &entry.name, &entry.grid));
        for (what, name, grid) in classifiers.chain(models) {
            for (setting, domain) in grid {
                if let Err(error) = domain.check() {
                    self.note(format!("{what} `{name}`, grid of `{setting}`: {error}"));
                }
            }
            let all = || grid.values().filter_map(Domain::size).product::<f64>();
            let points = plan.protocol.points.map_or_else(all, |count| count as f64);
            if points > MAX_POINTS {
                self.note(format!(
                    "{what} `{name}`: the search has {points} points; at most {MAX_POINTS} are tried"
                ));
            }
        }
    }

    /// JSON has no infinity and no NaN; they would arrive as nothing.
    pub(super) fn finite(&mut self, plan: &Plan) {
        let mut check = |what: &str, name: &str, settings: &Settings, grid: &Grid| {
            let fixed = settings.iter().filter(|(_, value)| value.is_null());
            let tried = grid.iter().filter(|(_, domain)| {
                matches!(domain, Domain::Values(values) if values.iter().any(Value::is_null))
            });
            for setting in fixed.map(|(s, _)| s).chain(tried.map(|(s, _)| s)) {
                self.note(format!("{what} `{name}`: `{setting}` must be a finite number"));
            }
        };
        for entry in &plan.extractor {
            check("extractor", &entry.name, &entry.settings, &Grid::new());
        }
        for entry in &plan.classifier {
            check("classifier", &entry.name, &entry.settings, &entry.grid);
        }
        for entry in &plan.model {
            check("model", &entry.name, &entry.settings, &entry.grid);
        }
    }

    /// Names in `on` that stand for nothing.
    pub(super) fn on(&mut self, plan: &Plan) {
        for classifier in &plan.classifier {
            for name in classifier.on.iter().flatten() {
                let extractors = plan.extractor.iter().map(|entry| &entry.name);
                if !extractors.chain(plan.model.iter().map(|entry| &entry.name)).any(|n| n == name)
                {
                    self.note(format!(
                        "classifier `{}`: `on` names `{name}`, which is no extractor or model of \
                         this plan",
                        classifier.name
                    ));
                }
            }
        }
    }
}
