//! From a plan to recipes: every name looked up, every setting checked, every grid point built,
//! before any work starts.

use crate::catalogue::{self, EntryError};
use crate::plan::{ClassifierEntry, Plan, Settings};
use base::{Extract, Fit, Images, Matrix, Size};
use eval::grid::{self, Point};
use eval::record::{Family, PipelineInfo};
use features::Concat;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Fills in all defaults, so that records show them and trial ids cover them. Settings that
/// cannot be read stay as they are; [`Pipelines::build`] tells of them.
pub(crate) fn complete(plan: &mut Plan) {
    for entry in plan.extractor.iter_mut().filter(|entry| entry.kind != "join") {
        if let Ok(settings) = catalogue::complete_extractor(&entry.kind, &entry.settings) {
            entry.settings = settings;
        }
    }
    for entry in &mut plan.classifier {
        if let Ok(settings) = catalogue::complete_classifier(&entry.kind, &entry.settings) {
            entry.settings = settings;
        }
    }
    for entry in &mut plan.model {
        if let Ok(settings) = catalogue::complete_model(&entry.kind, &entry.settings) {
            entry.settings = settings;
        }
    }
}

/// Everything a plan asks to run.
pub(crate) struct Pipelines {
    /// Extractors by name, with all that runs on them.
    pub(crate) on_features: Vec<OnFeatures>,
    /// Models that take the images themselves.
    pub(crate) on_images: Vec<Pipeline<Images>>,
    /// What the models are called in the plan, to check image sizes with.
    models: Vec<(String, String, Settings)>,
}

/// An extractor and the classifiers that run on it.
pub(crate) struct OnFeatures {
    /// Name of the extractor.
    pub(crate) name: String,
    /// The extractor.
    pub(crate) extractor: Box<dyn Extract>,
    /// The classifiers.
    pub(crate) pipelines: Vec<Pipeline<Matrix>>,
}

/// One row of the report: a recipe for every point of its grid.
pub(crate) struct Pipeline<X> {
    /// What the record says of it.
    pub(crate) info: PipelineInfo,
    /// A checked recipe for each point.
    pub(crate) recipes: Vec<(Point, Box<dyn Fit<X>>)>,
}

impl Pipelines {
    /// Builds all recipes of a plan, or tells all of its faults, a line each.
    pub(crate) fn build(plan: &Plan) -> Result<Self, Vec<String>> {
        let mut faults = Faults::default();
        faults.names("extractor", plan.extractor.iter().map(|entry| &entry.name));
        faults.names("classifier", plan.classifier.iter().map(|entry| &entry.name));
        faults.names("model", plan.model.iter().map(|entry| &entry.name));
        faults.protocol(plan);
        let on_features = faults.on_features(plan);
        let on_images = faults.on_images(plan);
        if on_features.iter().all(|part| part.pipelines.is_empty()) && on_images.is_empty() {
            faults.note("the plan has nothing to run; add a classifier or a model".to_owned());
        }
        let models = plan.model.iter();
        let models = models.map(|m| (m.name.clone(), m.kind.clone(), m.settings.clone()));
        let models = models.collect();
        if faults.0.is_empty() {
            Ok(Self { on_features, on_images, models })
        } else {
            Err(faults.0)
        }
    }

    /// The records of all pipelines, in the order of the plan.
    pub(crate) fn infos(&self) -> Vec<PipelineInfo> {
        let on_features = self.on_features.iter().flat_map(|part| &part.pipelines);
        let on_features = on_features.map(|pipeline| pipeline.info.clone());
        on_features.chain(self.on_images.iter().map(|pipeline| pipeline.info.clone())).collect()
    }

    /// What cannot take images of that size, a line each.
    pub(crate) fn size_faults(&self, size: Size) -> Vec<String> {
        let extractors = self.on_features.iter().filter_map(|part| {
            part.extractor.length(size).err().map(|error| format!("`{}`: {error}", part.name))
        });
        let models = self.models.iter().filter_map(|(name, kind, settings)| {
            let fits = catalogue::check_model(kind, settings, size).ok()?;
            fits.err().map(|error| format!("`{name}`: {error}"))
        });
        extractors.chain(models).collect()
    }
}

/// Faults of a plan, a line each, in the order met.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// Notes a fault once, however many pipelines meet it.
    fn note(&mut self, fault: String) {
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Keeps what was built, or notes why it was not.
    fn keep<T>(&mut self, what: &str, name: &str, built: Result<T, EntryError>) -> Option<T> {
        match built {
            Ok(built) => Some(built),
            Err(error) => {
                self.note(format!("{what} `{name}`: {error}"));
                None
            }
        }
    }

    fn names<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a String>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.note(format!("{what} `{name}`: the name is given twice"));
            }
        }
    }

    fn protocol(&mut self, plan: &Plan) {
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
    }

    fn on_features(&mut self, plan: &Plan) -> Vec<OnFeatures> {
        let mut parts = Vec::new();
        for entry in &plan.extractor {
            let settings = match extractor_settings(plan, &entry.name) {
                Ok(settings) => settings,
                Err(fault) => {
                    self.note(format!("extractor `{}`: {fault}", entry.name));
                    continue;
                }
            };
            let built = build_extractor(plan, &entry.name);
            let Some(extractor) = self.keep("extractor", &entry.name, built) else { continue };
            let pipelines =
                plan.classifier.iter().filter(|classifier| runs_on(classifier, &entry.name));
            let pipelines = pipelines
                .filter_map(|classifier| self.classifier(classifier, &entry.name, &settings))
                .collect();
            parts.push(OnFeatures { name: entry.name.clone(), extractor, pipelines });
        }
        for classifier in &plan.classifier {
            for name in classifier.on.iter().flatten() {
                if !plan.extractor.iter().any(|entry| entry.name == *name) {
                    self.note(format!(
                        "classifier `{}`: `on` names `{name}`, which is no extractor of this plan",
                        classifier.name
                    ));
                }
            }
        }
        parts
    }

    fn classifier(
        &mut self,
        entry: &ClassifierEntry,
        extractor: &str,
        extractor_settings: &Value,
    ) -> Option<Pipeline<Matrix>> {
        let name = format!("{extractor} + {}", entry.name);
        let mut recipes = Vec::new();
        for point in grid::points(&entry.grid) {
            let settings = with_point(&entry.settings, &point);
            let built = catalogue::classifier(&entry.kind, entry.standardise, &settings);
            recipes.push((point, self.keep("classifier", &entry.name, built)?));
        }
        let family = self.keep("classifier", &entry.name, catalogue::family(&entry.kind))?;
        let info = PipelineInfo {
            name,
            family,
            extractor: extractor.to_owned(),
            classifier: entry.name.clone(),
            settings: json!({
                "extractor": extractor_settings,
                "classifier": classifier_settings(entry),
            }),
            grid: entry.grid.clone(),
        };
        Some(Pipeline { info, recipes })
    }

    fn on_images(&mut self, plan: &Plan) -> Vec<Pipeline<Images>> {
        let mut pipelines = Vec::new();
        for entry in &plan.model {
            let mut heads = vec![None];
            for name in &entry.heads {
                match plan.classifier.iter().find(|classifier| classifier.name == *name) {
                    Some(classifier) => heads.push(Some(classifier)),
                    None => self.note(format!(
                        "model `{}`: `heads` names `{name}`, which is no classifier of this plan",
                        entry.name
                    )),
                }
            }
            for head in heads {
                let mut recipes = Vec::new();
                for point in grid::points(&entry.grid) {
                    let settings = with_point(&entry.settings, &point);
                    let built = head
                        .map(|h| catalogue::classifier(&h.kind, h.standardise, &h.settings))
                        .transpose()
                        .and_then(|head| catalogue::model(&entry.kind, &settings, head));
                    match self.keep("model", &entry.name, built) {
                        Some(recipe) => recipes.push((point, recipe)),
                        None => return pipelines,
                    }
                }
                let own = Value::from_iter(entry.settings.clone());
                let info = PipelineInfo {
                    name: match head {
                        Some(head) => format!("{} features + {}", entry.name, head.name),
                        None => entry.name.clone(),
                    },
                    family: Family::Deep,
                    extractor: format!("{} features", entry.name),
                    classifier: head.map_or("own output layer", |head| &head.name).to_owned(),
                    settings: json!({
                        "model": { "kind": entry.kind, "settings": own },
                        "head": head.map(classifier_settings),
                    }),
                    grid: entry.grid.clone(),
                };
                pipelines.push(Pipeline { info, recipes });
            }
        }
        pipelines
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

fn classifier_settings(entry: &ClassifierEntry) -> Value {
    json!({
        "kind": entry.kind,
        "standardise": entry.standardise,
        "settings": Value::from_iter(entry.settings.clone()),
    })
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

/// An extractor whose `extractor_settings` were found sound.
fn build_extractor(plan: &Plan, name: &str) -> Result<Box<dyn Extract>, EntryError> {
    let entry = plan.extractor.iter().find(|entry| entry.name == name);
    let entry = entry.expect("extractor_settings looked it up");
    if entry.kind != "join" {
        return catalogue::extractor(&entry.kind, &entry.settings);
    }
    let parts = entry.parts.iter().map(|part| build_extractor(plan, part));
    Ok(Box::new(Concat::new(parts.collect::<Result<_, _>>()?)))
}
