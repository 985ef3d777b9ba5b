//! From a plan to recipes: every name looked up, every setting checked, every grid point built,
//! before any work starts.

mod faults;
mod recipes;

use crate::catalogue;
use crate::plan::Plan;
use base::{Extract, Fit, FitEmbedding, FitMany, Matrix, ShapeError, Size};
use eval::grid::Point;
use eval::record::PipelineInfo;
use faults::Faults;
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

#[cfg(test)]
mod tests;
