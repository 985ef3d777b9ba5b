//! A run data set by data set.

use crate::write::ReportError;
use eval::metric::Evidence;
use eval::record::{DataRecord, SplitRecord};
use eval::run::Run;
use eval::summary::{
    PipelineSummary, SetSummary, Summary, TestResult, Unfinished, hold_out_name, truth,
};

/// All that is known about one data set.
#[derive(Clone, Copy)]
pub(crate) struct SetView<'a> {
    /// Counted from 1, for anchors and file names.
    pub number: usize,
    pub summary: &'a SetSummary,
    pub data: &'a DataRecord,
    /// `None` before the data set was split.
    pub hold_out: Option<&'a SplitRecord>,
}

/// The data sets in the order of the manifest.
pub(crate) fn sets<'a>(run: &'a Run, summary: &'a Summary) -> impl Iterator<Item = SetView<'a>> {
    summary.sets.iter().enumerate().map(|(index, set)| SetView {
        number: index + 1,
        summary: set,
        data: &run.data[&set.dataset],
        hold_out: run.splits.get(&hold_out_name(&set.dataset)),
    })
}

/// Truth and stored scores of a pipeline on the test images; `None` if they are gone.
pub(crate) fn evidence(
    run: &Run,
    set: &SetView<'_>,
    result: &TestResult,
) -> Result<Option<Evidence>, ReportError> {
    let (Some(trial), Some(hold_out)) = (run.trials.get(&result.trial), set.hold_out) else {
        return Ok(None);
    };
    let Some(scores) = run.directory.scores(trial)? else { return Ok(None) };
    let truth = truth(set.data, hold_out);
    // Stored scores are finite and have the shape of the record, or are refused before.
    Ok(Evidence::new(&truth, scores.view().mapv(f64::from), None).ok())
}

impl<'a> SetView<'a> {
    /// Anchor of this data set in a section.
    pub(crate) fn anchor(&self, section: &str) -> String {
        format!("{section}-{}", self.number)
    }

    /// Name of a figure's files: safe, and unique by the number.
    pub(crate) fn stem(&self, figure: &str) -> String {
        let slug = crate::text::slug(&self.summary.dataset);
        format!("{figure}-{}-{slug}", self.number).trim_end_matches('-').to_owned()
    }

    /// Pipelines with a result, the most accurate first, equal ones in the order of the plan.
    pub(crate) fn finished(&self) -> Vec<(&'a PipelineSummary, &'a TestResult)> {
        let pipelines = self.summary.pipelines.iter();
        let mut finished: Vec<_> =
            pipelines.filter_map(|p| Some((p, p.result.as_ref().ok()?))).collect();
        finished.sort_by(|(_, a), (_, b)| b.accuracy.total_cmp(&a.accuracy));
        finished
    }

    /// The accuracy at which scales begin: lower ones are shown at the end of a scale, so that a
    /// pipeline that learned nothing does not squeeze all others together.
    pub(crate) fn scale_begin(&self) -> f64 {
        let accuracies: Vec<f64> = self.finished().iter().map(|(_, r)| r.accuracy).collect();
        let (Some(best), Some(lowest)) = (accuracies.first(), accuracies.last()) else {
            return 0.0;
        };
        let median = accuracies[accuracies.len() / 2];
        let champions = self.champions().into_iter().flatten().map(|(_, r)| r.accuracy);
        // As far below the median as twice its distance from the best.
        let begin = champions.fold(best - 3.0 * (best - median), f64::min);
        begin.max(*lowest)
    }

    /// Whether a pipeline is one of the two that the answer compares.
    pub(crate) fn is_champion(&self, pipeline: &PipelineSummary) -> bool {
        let champion = |index: usize| self.summary.pipelines[index].name == pipeline.name;
        self.summary.answer.as_ref().is_some_and(|a| champion(a.classical) || champion(a.deep))
    }

    /// Both champions with their results, the classical one first.
    pub(crate) fn champions(&self) -> Option<[(&'a PipelineSummary, &'a TestResult); 2]> {
        let answer = self.summary.answer.as_ref()?;
        let champion = |index: usize| {
            let pipeline = &self.summary.pipelines[index];
            Some((pipeline, pipeline.result.as_ref().ok()?))
        };
        Some([champion(answer.classical)?, champion(answer.deep)?])
    }

    /// Pipelines whose last trial is still to be done.
    pub(crate) fn missing(&self) -> usize {
        let missing = |p: &&PipelineSummary| p.result == Err(Unfinished::Missing);
        self.summary.pipelines.iter().filter(missing).count()
    }
}
