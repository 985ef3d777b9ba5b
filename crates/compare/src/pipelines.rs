//! From a plan to recipes: every name looked up, every setting checked, every grid point built,
//! before any work starts.

use crate::calibration;
use crate::catalogue::{self, EntryError};
use crate::curves;
use crate::plan::{ClassifierEntry, Grid, Plan, Settings};
use crate::robustness;
use base::{Extract, Fit, FitEmbedding, FitMany, Matrix, Seed, ShapeError, Size};
use eval::grid::Point;
use eval::record::{Family, PipelineInfo};
use eval::search::space::Domain;
use eval::search::{self, Folds, Search};
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
        for transform in &mut entry.transforms {
            if let Ok(completed) = catalogue::complete_transform(transform) {
                *transform = completed;
            }
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
    /// Fixed extractors, with all that runs on them.
    pub(crate) fixed: Vec<OnFixed>,
    /// Models that learn features, with all that runs on those.
    pub(crate) learned: Vec<OnLearned>,
}

/// A fixed extractor and the classifiers that run on it.
pub(crate) struct OnFixed {
    /// Name of the extractor.
    pub(crate) name: String,
    /// The extractor.
    pub(crate) extractor: Box<dyn Extract>,
    /// The classifiers.
    pub(crate) pipelines: Vec<Pipeline<dyn Fit<Matrix>>>,
}

/// A model and the classifiers that run on what it has learned.
pub(crate) struct OnLearned {
    /// Name of the model.
    pub(crate) name: String,
    /// The model as a classifier of its own.
    pub(crate) own: Pipeline<dyn FitEmbedding>,
    /// The classifiers.
    pub(crate) pipelines: Vec<Pipeline<dyn Fit<Matrix>>>,
}

/// One row of the report: a recipe for every point of its grid.
pub(crate) struct Pipeline<R: ?Sized> {
    /// What the record says of it.
    pub(crate) info: PipelineInfo,
    /// A checked recipe for each point.
    pub(crate) recipes: Vec<(Point, Box<R>)>,
    /// The same recipes in the same order, where they can share work.
    pub(crate) many: Option<Box<dyn FitMany<Matrix>>>,
}

impl Pipelines {
    /// Builds all recipes of a plan, or tells all of its faults, a line each.
    pub(crate) fn build(plan: &Plan) -> Result<Self, Vec<String>> {
        let mut faults = Faults::default();
        let sources = plan.extractor.iter().map(|entry| &entry.name);
        faults
            .names("extractor or model", sources.chain(plan.model.iter().map(|entry| &entry.name)));
        faults.names("classifier", plan.classifier.iter().map(|entry| &entry.name));
        faults.protocol(plan);
        faults.finite(plan);
        faults.grids(plan);
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        let fixed = faults.fixed(plan);
        let learned = faults.learned(plan);
        faults.on(plan);
        faults.questions(plan);
        let pipelines = Self { fixed, learned };
        if faults.0.is_empty() && pipelines.infos().is_empty() {
            faults.note("the plan has nothing to run; add a classifier or a model".to_owned());
        }
        if faults.0.is_empty() { Ok(pipelines) } else { Err(faults.0) }
    }

    /// The records of all pipelines, in the order of the plan.
    pub(crate) fn infos(&self) -> Vec<PipelineInfo> {
        self.points().into_iter().map(|(info, _)| info).collect()
    }

    /// The records of all pipelines, with the number of points that each search has.
    pub(crate) fn points(&self) -> Vec<(PipelineInfo, usize)> {
        let fixed = self.fixed.iter().flat_map(|part| &part.pipelines);
        let mut points: Vec<_> = fixed.map(|it| (it.info.clone(), it.recipes.len())).collect();
        for part in &self.learned {
            points.push((part.own.info.clone(), part.own.recipes.len()));
            points.extend(part.pipelines.iter().map(|it| (it.info.clone(), it.recipes.len())));
        }
        points
    }

    /// What cannot take images of that size, in one line.
    pub(crate) fn size_fault(&self, size: Size) -> Option<String> {
        let fixed = self.fixed.iter();
        let fixed = fixed.map(|part| (&part.name, part.extractor.length(size).map(|_| ())));
        let learned = self.learned.iter().flat_map(|part| {
            part.own.recipes.iter().map(|(_, recipe)| (&part.name, recipe.check(size)))
        });
        let (mut names, mut least) = (BTreeSet::new(), [0, 0]);
        for (name, checked) in fixed.chain(learned) {
            match checked {
                Ok(()) => {}
                Err(ShapeError::TooSmall { min_height, min_width, .. }) => {
                    names.insert(format!("`{name}`"));
                    least = [least[0].max(min_height), least[1].max(min_width)];
                }
                Err(error) => return Some(format!("`{name}`: {error}")),
            }
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        let [height, width] = least;
        (!names.is_empty()).then(|| {
            format!(
                "images of {size} are too small for {names}; give --size {height}x{width} or \
                 more, or leave those out of the plan"
            )
        })
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

    /// Corruptions and learning curves, which no recipe depends on.
    fn questions(&mut self, plan: &Plan) {
        let curve = curves::fault(&plan.protocol);
        let conditions = robustness::conditions(&plan.protocol).err();
        curve.into_iter().chain(conditions).for_each(|fault| self.note(fault));
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

    fn grids(&mut self, plan: &Plan) {
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
    fn finite(&mut self, plan: &Plan) {
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
    fn on(&mut self, plan: &Plan) {
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

    fn fixed(&mut self, plan: &Plan) -> Vec<OnFixed> {
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

    fn learned(&mut self, plan: &Plan) -> Vec<OnLearned> {
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

/// More points than anyone waits for are most likely a slip.
const MAX_POINTS: f64 = 10_000.0;

/// Column of the extractor x classifier table for what a model does without another classifier.
const OWN_OUTPUT: &str = "own output";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::repository;
    use crate::plan::Preset;

    #[test]
    fn presets_build_and_hold_both_sides_and_the_baselines() {
        for preset in [Preset::Quick, Preset::Standard, Preset::Full] {
            let mut plan = preset.plan(&repository());
            complete(&mut plan);
            let pipelines = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap();
            let infos = pipelines.infos();
            for family in [Family::Classical, Family::Deep, Family::Reference] {
                assert!(infos.iter().any(|info| info.family == family), "{preset:?}: {family:?}");
            }
            for baseline in ["pixels + majority", "pixels + 1-nn", "pixels + svm-linear"] {
                assert!(infos.iter().any(|info| info.name == baseline), "{preset:?}: {baseline}");
            }
            assert!(plan.data.iter().all(|set| plan.folder.join(set).is_dir()), "{preset:?}");
        }
    }

    #[test]
    fn every_plan_of_the_repository_builds_and_its_image_sets_are_there() {
        let mut built = Vec::new();
        for entry in std::fs::read_dir(repository().join("plans")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let mut plan = Plan::read(&path).unwrap();
            complete(&mut plan);
            let faults = Pipelines::build(&plan).err();
            assert_eq!(faults, None, "{}", path.display());
            for set in &plan.data {
                assert!(plan.folder.join(set).is_dir(), "{}: {}", path.display(), set.display());
            }
            built.push(plan.name);
        }
        assert!(built.contains(&"vanishing-gradients".to_owned()), "{built:?}");
    }

    #[test]
    fn boosted_features_stand_on_the_classical_side() {
        let mut plan = Preset::Full.plan(&repository());
        complete(&mut plan);
        let infos = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap().infos();
        let boosted = infos.iter().filter(|info| info.extractor == "boosted-haar");
        assert!(
            boosted.clone().count() > 1 && boosted.clone().any(|info| info.name == "boosted-haar")
        );
        for info in boosted.filter(|info| info.family != Family::Reference) {
            assert_eq!(info.family, Family::Classical, "{}", info.name);
        }
    }

    #[test]
    fn records_show_every_default() {
        let mut plan = Preset::Quick.plan(&repository());
        complete(&mut plan);
        let infos = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap().infos();
        let hog = infos.iter().find(|info| info.name == "hog + svm-rbf").unwrap();
        assert_eq!(hog.settings["extractor"]["settings"]["orientations"], 9);
        assert_eq!(hog.settings["classifier"]["settings"]["gamma"], "scale");
    }

    /// A plan of one classifier with this line, built; or its faults.
    fn with_line(line: &str) -> Result<Vec<PipelineInfo>, String> {
        let text = format!(
            "name = 'x'\ndata = []\n[[extractor]]\nname = 'pixels'\nkind = 'pixels'\n\
             [[classifier]]\nname = 'svm'\nkind = 'svm'\n{line}\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        std::fs::write(&path, text).unwrap();
        let mut plan = Plan::read(&path).unwrap();
        complete(&mut plan);
        Pipelines::build(&plan).map(|built| built.infos()).map_err(|faults| faults.join("\n"))
    }

    #[test]
    fn transforms_are_recorded_with_their_defaults_and_only_where_there_are_any() {
        let line = "transforms = ['hellinger', 'standardise', { pca = { components = 64 } }]";
        let settings = &with_line(line).unwrap()[0].settings["classifier"];
        let want = json!([
            { "hellinger": {} },
            { "standardise": {} },
            { "pca": { "components": 64, "whiten": false } },
        ]);
        assert_eq!(settings["transforms"], want);
        for line in ["", "standardise = true"] {
            let settings = &with_line(line).unwrap()[0].settings["classifier"];
            assert_eq!(settings.get("transforms"), None, "{line}");
        }
    }

    #[test]
    fn calibration_is_recorded_with_its_defaults_and_only_where_there_is_one() {
        for method in ["sigmoid", "isotonic", "temperature", "coupling"] {
            let line = format!("calibration = {{ method = '{method}' }}\nstandardise = true");
            let settings = &with_line(&line).unwrap()[0].settings["classifier"];
            let want = json!({ "method": method, "folds": 5, "decide": "probability" });
            assert_eq!(settings["calibration"], want);
        }
        let settings = &with_line("").unwrap()[0].settings["classifier"];
        assert_eq!(settings.get("calibration"), None);
    }

    #[test]
    fn calibration_that_cannot_be_is_told() {
        for (line, fault) in [
            ("calibration = { folds = 1 }", "`folds` is 1"),
            (
                "calibration = { method = 'coupling' }\nmulti_class = 'one_vs_rest'",
                "`multi_class` is one_vs_rest",
            ),
            (
                "calibration = { method = 'coupling' }\n[[classifier]]\nname = 'mean'\n\
                 kind = 'nearest-mean'\ncalibration = { method = 'coupling' }",
                "`coupling` calibrates the pairs of an `svm`, and `nearest-mean` has none",
            ),
        ] {
            let faults = with_line(line).unwrap_err();
            assert!(faults.contains(fault), "{faults}");
        }
    }

    #[test]
    fn every_transform_can_be_named_alone() {
        for kind in catalogue::TRANSFORMS {
            let built = with_line(&format!("transforms = ['{}']", kind.name()));
            assert_eq!(built.unwrap().len(), 1);
        }
    }

    #[test]
    fn transforms_that_are_none_are_told() {
        for (line, fault) in [
            ("transforms = ['whiten']", "`whiten` is not known; there are: standardise, min-max"),
            ("transforms = [{ pca = { components = 0 } }]", "`components` is 0"),
            ("transforms = [{ pca = { size = 3 } }]", "unknown field `size`"),
            ("transforms = [{ hellinger = {}, pca = {} }]", "an entry is a name or"),
            ("transforms = [7]", "`transforms` holds 7"),
            ("transforms = ['pca']\nstandardise = true", "put \"standardise\" into that list"),
        ] {
            let faults = with_line(line).unwrap_err();
            assert!(faults.contains("classifier `svm`") && faults.contains(fault), "{faults}");
        }
    }
}
