//! Recipes of a plan: its extractors, its models, and the classifiers that run on each.

use super::faults::Faults;
use super::{OnFixed, OnLearned, Pipeline};
use crate::calibration;
use crate::catalogue::{self, EntryError};
use crate::plan::{ClassifierEntry, Grid, Plan, Settings};
use base::{Extract, Fit, Matrix, Seed};
use eval::grid::Point;
use eval::record::{Family, PipelineInfo};
use eval::search;
use features::Concat;
use serde_json::{Value, json};

/// Column of the extractor x classifier table for what a model does without another classifier.
const OWN_OUTPUT: &str = "own output";

impl Faults {
    /// Extractors that learn nothing, and what runs on them.
    pub(super) fn fixed(&mut self, plan: &Plan) -> Vec<OnFixed> {
        let mut parts = Vec::new();
        for entry in &plan.extractor {
            let settings = match extractor_settings(plan, &entry.name) {
                Ok(settings) => json!({ "extractor": settings }),
                Err(fault) => {
                    self.note(format!("extractor `{}`: {fault}", entry.name));
                    continue;
                }
            };
            let extractor = match build_extractor(plan, &entry.name) {
                Ok(extractor) => extractor,
                Err((part, error)) => {
                    self.note(format!("extractor `{part}`: {error}"));
                    continue;
                }
            };
            let pipelines = self.classifiers(plan, &entry.name, &settings);
            parts.push(OnFixed { name: entry.name.clone(), extractor, pipelines });
        }
        parts
    }

    /// Models, and what runs on what they have learned.
    pub(super) fn learned(&mut self, plan: &Plan) -> Vec<OnLearned> {
        let mut parts = Vec::new();
        for entry in &plan.model {
            let settings = json!({
                "model": { "kind": entry.kind, "settings": Value::from_iter(entry.settings.clone()) },
            });
            let Some(points) = self.points(plan, "model", &entry.name, &entry.grid) else {
                continue;
            };
            let built = points.into_iter().map(|point| {
                let recipe = catalogue::model(&entry.kind, &with_point(&entry.settings, &point))?;
                Ok((point, recipe))
            });
            let Some(recipes) = self.keep("model", &entry.name, built.collect()) else { continue };
            let family = self.keep("model", &entry.name, catalogue::model_family(&entry.kind));
            let seeded = self.keep("model", &entry.name, catalogue::model_seeded(&entry.kind));
            let (Some(family), Some(seeded)) = (family, seeded) else { continue };
            let mut pipelines = self.classifiers(plan, &entry.name, &settings);
            for pipeline in &mut pipelines {
                pipeline.info.seeded |= seeded;
                if pipeline.info.family == Family::Classical {
                    pipeline.info.family = family;
                }
            }
            let info = PipelineInfo {
                name: entry.name.clone(),
                family,
                extractor: entry.name.clone(),
                classifier: OWN_OUTPUT.to_owned(),
                settings,
                grid: entry.grid.clone(),
                seeded,
            };
            let own = Pipeline { info, recipes, many: None };
            parts.push(OnLearned { name: entry.name.clone(), own, pipelines });
        }
        parts
    }

    /// All classifiers that run on the features called `features`.
    fn classifiers(
        &mut self,
        plan: &Plan,
        features: &str,
        settings: &Value,
    ) -> Vec<Pipeline<dyn Fit<Matrix>>> {
        let entries = plan.classifier.iter().filter(|entry| runs_on(entry, features));
        entries.filter_map(|entry| self.classifier(plan, entry, features, settings)).collect()
    }

    /// The points that the search goes through.
    fn points(&mut self, plan: &Plan, what: &str, name: &str, grid: &Grid) -> Option<Vec<Point>> {
        match search::points(&plan.protocol, grid, Seed(plan.seed)) {
            Ok(points) => Some(points.tried),
            Err(error) => {
                self.note(format!("{what} `{name}`: {error}"));
                None
            }
        }
    }

    fn classifier(
        &mut self,
        plan: &Plan,
        entry: &ClassifierEntry,
        features: &str,
        settings: &Value,
    ) -> Option<Pipeline<dyn Fit<Matrix>>> {
        let points = self.points(plan, "classifier", &entry.name, &entry.grid)?;
        let built = points.into_iter().map(|point| {
            let settings = with_point(&entry.settings, &point);
            Ok((point, calibration::classifier(entry, &settings)?))
        });
        let recipes: Vec<_> = self.keep("classifier", &entry.name, built.collect())?;
        let points: Vec<Settings> =
            recipes.iter().map(|(point, _)| with_point(&entry.settings, point)).collect();
        let many = catalogue::many(&entry.kind, entry.standardise, &entry.transforms, &points);
        let many = self.keep("classifier", &entry.name, many)?;
        let family = self.keep("classifier", &entry.name, catalogue::family(&entry.kind))?;
        let seeded = catalogue::seeded(&entry.kind, &entry.transforms);
        // The seed deals the rows to the folds of a calibration.
        let seeded = self.keep("classifier", &entry.name, seeded)? || entry.calibration.is_some();
        let mut settings = settings.clone();
        settings["classifier"] = json!({
            "kind": entry.kind,
            "standardise": entry.standardise,
            "settings": Value::from_iter(entry.settings.clone()),
        });
        // Absent without maps: trials of plans that know of none keep their ids.
        if !entry.transforms.is_empty() {
            settings["classifier"]["transforms"] = entry.transforms.clone().into();
        }
        if let Some(calibration) = &entry.calibration {
            settings["classifier"]["calibration"] = json!(calibration);
        }
        let info = PipelineInfo {
            name: format!("{features} + {}", entry.name),
            family,
            extractor: features.to_owned(),
            classifier: entry.name.clone(),
            settings,
            grid: entry.grid.clone(),
            seeded,
        };
        Some(Pipeline { info, recipes, many })
    }
}

fn runs_on(classifier: &ClassifierEntry, extractor: &str) -> bool {
    classifier.on.as_ref().is_none_or(|names| names.iter().any(|name| name == extractor))
}

fn with_point(settings: &Settings, point: &Point) -> Settings {
    let mut settings = settings.clone();
    settings.extend(point.clone());
    settings
}

/// The settings that the trial ids cover; a join has those of its parts.
fn extractor_settings(plan: &Plan, name: &str) -> Result<Value, String> {
    let entry = plan.extractor.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| format!("part `{name}` is no extractor of this plan"))?;
    if entry.kind != "join" {
        if !entry.parts.is_empty() {
            return Err("`parts` belongs to `join` only".to_owned());
        }
        return Ok(
            json!({ "kind": entry.kind, "settings": Value::from_iter(entry.settings.clone()) }),
        );
    }
    if entry.parts.len() < 2 {
        return Err("`join` needs `parts`, the names of at least two extractors".to_owned());
    }
    let mut parts = Vec::new();
    for part in &entry.parts {
        if plan.extractor.iter().any(|other| other.name == *part && other.kind == "join") {
            return Err(format!("part `{part}` is a `join` itself; name its parts instead"));
        }
        parts.push(extractor_settings(plan, part)?);
    }
    Ok(json!({ "kind": "join", "parts": parts }))
}

/// An extractor whose `extractor_settings` were found sound, or the part that is at fault.
fn build_extractor(plan: &Plan, name: &str) -> Result<Box<dyn Extract>, (String, EntryError)> {
    let entry = plan.extractor.iter().find(|entry| entry.name == name);
    let entry = entry.expect("extractor_settings looked it up");
    let at_fault = |error| (name.to_owned(), error);
    if entry.kind != "join" {
        return catalogue::extractor(&entry.kind, &entry.settings).map_err(at_fault);
    }
    let parts = entry.parts.iter().map(|part| build_extractor(plan, part));
    let joined = Concat::new(parts.collect::<Result<_, _>>()?);
    Ok(Box::new(joined.map_err(|error| at_fault(error.into()))?))
}
