//! From the record to the answer: which settings won, how good each pipeline is, and whether the
//! classical side is enough. Worked out from stored scores, without training, clock or chance.

use crate::interval::{Interval, wilson};
use crate::metric::Confusion;
use crate::paired::Paired;
use crate::record::{Costs, DataRecord, Family, Outcome, SplitRecord, Trial};
use crate::repeated::RepeatedAnswer;
use crate::run::Run;
pub use crate::selection::Search;
use crate::selection::{Budget, NestedAnswer, OuterFold, Stage, Trials};
use crate::store::StoreError;
use crate::verdict::{Verdict, verdict};
use base::Convergence;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer for every data set: `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// One per data set, in the order of the manifest.
    pub sets: Vec<SetSummary>,
}

/// The answer for one data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetSummary {
    /// Name of the data set.
    pub dataset: String,
    /// Images trained on.
    pub train_images: usize,
    /// Images held out, each scored once by every pipeline.
    pub test_images: usize,
    /// One per pipeline, in the order of the manifest.
    pub pipelines: Vec<PipelineSummary>,
    /// The comparison of the two sides; `None` if one of them has no finished pipeline.
    pub answer: Option<Answer>,
    /// The two sides by nested cross-validation inside the training part, if the plan asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested: Option<NestedAnswer>,
    /// The two champions by repeated cross-validation inside the training part, if the plan asks
    /// for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<RepeatedAnswer>,
}

/// What became of one pipeline on one data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineSummary {
    /// Name of the pipeline.
    pub name: String,
    /// The side it stands for.
    pub family: Family,
    /// Row of the extractor x classifier table.
    pub extractor: String,
    /// Column of that table.
    pub classifier: String,
    /// What the search inside the training part found.
    pub search: Option<Search>,
    /// The outer folds of the nested cross-validation that are done; none if the plan asks for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<OuterFold>,
    /// The refit on all training rows, scored on the hold-out.
    pub result: Result<TestResult, Unfinished>,
    /// Accuracy on the hold-out of the refit with each seed that is done, that of the result first;
    /// `None` where it failed. Empty if the plan asks for one seed, or the seed changes nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trainings: Vec<Option<f64>>,
    /// Accuracy on each fold of a repeated cross-validation that is done, repetition by repetition;
    /// 0 where it could not be trained. Empty of pipelines that take no part:
    /// [`crate::repeated::takes_part`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<f64>,
}

/// Why a pipeline has no test result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unfinished {
    /// Its last trial has not been done yet.
    Missing,
    /// It could not be trained, for this reason.
    Failed(String),
}

/// A pipeline on the hold-out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Id of the trial that all numbers here come from.
    pub trial: String,
    /// Class predicted for every test image, in the order of the split; worked out from the scores
    /// and not written again.
    #[serde(skip)]
    pub predicted: Vec<usize>,
    /// Truth against prediction.
    pub confusion: Confusion,
    /// Share predicted right.
    pub accuracy: f64,
    /// Wilson interval of it.
    pub interval: Interval,
    /// Mean F1 of the classes.
    pub macro_f1: f64,
    /// Whether the solver reached its goal.
    pub convergence: Convergence,
    /// Bytes of all learned numbers.
    pub model_bytes: u64,
    /// What it cost, if that was measured.
    pub costs: Option<Costs>,
}

/// The two champions on the shared test images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Index of the classical champion in [`SetSummary::pipelines`].
    pub classical: usize,
    /// Index of the deep champion.
    pub deep: usize,
    /// Who was right where; a is the classical champion, b the deep one.
    pub paired: Paired,
    /// McNemar's mid-p: how surprising the difference would be between equal learners.
    pub mid_p: f64,
    /// Enough, not enough, or cannot tell yet.
    pub verdict: Verdict,
}

impl Summary {
    /// Works out the answer from the record of a run, finished or not.
    ///
    /// # Errors
    /// If stored scores or costs cannot be read.
    pub fn of(run: &Run) -> Result<Self, StoreError> {
        let sets = run.manifest.datasets.iter().map(|dataset| SetSummary::of(run, dataset));
        Ok(Self { sets: sets.collect::<Result<_, _>>()? })
    }
}

impl SetSummary {
    /// Whether the plan has no pipeline of that family.
    pub fn lacks(&self, family: Family) -> bool {
        self.pipelines.iter().all(|pipeline| pipeline.family != family)
    }

    fn of(run: &Run, dataset: &str) -> Result<Self, StoreError> {
        let data = &run.data[dataset];
        let Some(hold_out) = run.splits.get(&hold_out_name(dataset)) else {
            return Ok(Self::empty(dataset));
        };
        let mut pipelines = Vec::new();
        for info in &run.manifest.pipelines {
            let trials: Vec<&Trial> = run
                .trials
                .values()
                .filter(|trial| trial.dataset == dataset && trial.spec.pipeline == info.name)
                .filter(|trial| trial.spec.data == data.digest)
                .collect();
            let trials = Trials { run, data, info, trials: &trials };
            let search = trials.search(Stage::HoldOut)?;
            let last = search.as_ref().and_then(|search| trials.find(hold_out, &search.chosen));
            let (trainings, repeated) = match &search {
                Some(Search { chosen, .. }) => {
                    (trials.trainings(hold_out, chosen)?, trials.repeated(chosen)?)
                }
                None => (Vec::new(), Vec::new()),
            };
            pipelines.push(PipelineSummary {
                name: info.name.clone(),
                family: info.family,
                extractor: info.extractor.clone(),
                classifier: info.classifier.clone(),
                result: test_result(run, data, hold_out, last)?,
                nested: trials.outer_folds()?,
                search,
                trainings,
                repeated,
            });
        }
        let answer = answer(run, data, hold_out, &pipelines);
        let protocol = &run.manifest.protocol;
        let nested = protocol
            .nested
            .and_then(|nested| NestedAnswer::of(&pipelines, nested.folds, protocol.level));
        Ok(Self {
            dataset: dataset.to_owned(),
            train_images: hold_out.train.len(),
            test_images: hold_out.test.len(),
            repeated: protocol.repeated.zip(answer.as_ref()).and_then(|(repeated, answer)| {
                RepeatedAnswer::of(&pipelines, answer, repeated, protocol.level)
            }),
            pipelines,
            answer,
            nested,
        })
    }

    /// What the pipelines of a family spent on their searches, nested ones apart.
    pub fn budget(&self, family: Family) -> Budget {
        Budget::of(&self.pipelines, family)
    }

    fn empty(dataset: &str) -> Self {
        Self {
            dataset: dataset.to_owned(),
            train_images: 0,
            test_images: 0,
            pipelines: Vec::new(),
            answer: None,
            nested: None,
            repeated: None,
        }
    }
}

/// Rows of the data set on which exactly one of the two champions is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreements {
    /// Only the classical champion is right.
    pub only_classical: Vec<usize>,
    /// Only the deep champion is right.
    pub only_deep: Vec<usize>,
}

impl SetSummary {
    /// Rows on which exactly one champion is right, ascending; `None` without an answer.
    pub fn disagreements(
        &self,
        data: &DataRecord,
        hold_out: &SplitRecord,
    ) -> Option<Disagreements> {
        let answer = self.answer.as_ref()?;
        let predicted =
            |index: usize| self.pipelines[index].result.as_ref().ok().map(|r| &r.predicted);
        let (classical, deep) = (predicted(answer.classical)?, predicted(answer.deep)?);
        let rows = |right: &[usize], wrong: &[usize]| {
            let only = |&(position, &row): &(usize, &usize)| {
                let truth = data.labels[row];
                right[position] == truth && wrong[position] != truth
            };
            hold_out.test.iter().enumerate().filter(only).map(|(_, &row)| row).collect()
        };
        Some(Disagreements {
            only_classical: rows(classical, deep),
            only_deep: rows(deep, classical),
        })
    }
}

/// Where `compare` stores the picture of a test image, and the report finds it.
pub fn example_path(dataset: &str, row: usize) -> String {
    format!("examples/{dataset}/{row:06}.png")
}

/// Name of the split that nobody searches on.
pub fn hold_out_name(dataset: &str) -> String {
    format!("{dataset}.holdout")
}

/// Name of the part of `size` training rows in a repetition of the learning curve.
pub fn curve_name(dataset: &str, size: usize, repeat: usize) -> String {
    format!("{dataset}.curve{size}-{repeat}")
}

/// Name of fold `number` of the search inside the training part.
pub fn fold_name(dataset: &str, number: usize) -> String {
    format!("{dataset}.fold{number}")
}

/// Mean of the values; NaN of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Share of equal entries.
pub fn accuracy(truth: &[usize], predicted: &[usize]) -> f64 {
    let right = truth.iter().zip(predicted).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}

/// True classes of a split's test rows.
pub fn truth(data: &DataRecord, split: &SplitRecord) -> Vec<usize> {
    split.test.iter().map(|&row| data.labels[row]).collect()
}

fn test_result(
    run: &Run,
    data: &DataRecord,
    hold_out: &SplitRecord,
    trial: Option<&Trial>,
) -> Result<Result<TestResult, Unfinished>, StoreError> {
    let Some(trial) = trial else { return Ok(Err(Unfinished::Missing)) };
    let (convergence, model_bytes) = match &trial.outcome {
        Outcome::Done { convergence, model_bytes, .. } => (*convergence, *model_bytes),
        Outcome::Failed { error } => return Ok(Err(Unfinished::Failed(error.clone()))),
    };
    // A refit is never trained together with others.
    let Some(model_bytes) = model_bytes else { return Ok(Err(Unfinished::Missing)) };
    let Some(scores) = run.directory.scores(trial)? else { return Ok(Err(Unfinished::Missing)) };
    let predicted = scores.predicted();
    let confusion = Confusion::new(&truth(data, hold_out), &predicted, data.classes.len());
    Ok(Ok(TestResult {
        trial: trial.id.clone(),
        accuracy: confusion.accuracy(),
        interval: wilson(confusion.right(), confusion.total(), run.manifest.protocol.level),
        macro_f1: confusion.macro_f1(),
        predicted,
        confusion,
        convergence,
        model_bytes,
        costs: run.directory.costs(&trial.id)?,
    }))
}

/// Compares the champion of either side on the shared test images. Champions are chosen by
/// their accuracy in the search, never on the test images.
fn answer(
    run: &Run,
    data: &DataRecord,
    hold_out: &SplitRecord,
    pipelines: &[PipelineSummary],
) -> Option<Answer> {
    let classical = champion(pipelines, Family::Classical)?;
    let deep = champion(pipelines, Family::Deep)?;
    let predicted = |index: usize| pipelines[index].result.as_ref().ok().map(|r| &r.predicted);
    let paired = Paired::new(&truth(data, hold_out), predicted(classical)?, predicted(deep)?);
    let protocol = &run.manifest.protocol;
    Some(Answer {
        classical,
        deep,
        mid_p: paired.mcnemar_mid_p(),
        verdict: verdict(&paired, protocol.margin, protocol.level),
        paired,
    })
}

/// The finished pipeline of a family with the highest accuracy in the search; the first of equal
/// ones in the order of the plan.
fn champion(pipelines: &[PipelineSummary], family: Family) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, pipeline) in pipelines.iter().enumerate() {
        let (Some(search), Ok(_)) = (&pipeline.search, &pipeline.result) else { continue };
        if pipeline.family == family && best.is_none_or(|(_, accuracy)| search.accuracy > accuracy)
        {
            best = Some((index, search.accuracy));
        }
    }
    best.map(|(index, _)| index)
}

/// The predictions of all finished pipelines side by side, as CSV: image, truth, one column per
/// pipeline. Names are quoted as RFC 4180 asks.
pub fn predictions_csv(set: &SetSummary, data: &DataRecord, hold_out: &SplitRecord) -> String {
    let finished: BTreeMap<&str, &TestResult> = set
        .pipelines
        .iter()
        .filter_map(|pipeline| Some((pipeline.name.as_str(), pipeline.result.as_ref().ok()?)))
        .collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = "image,truth".to_owned();
    for name in finished.keys() {
        csv = csv + "," + &quoted(name);
    }
    csv.push('\n');
    for (position, &row) in hold_out.test.iter().enumerate() {
        csv += &quoted(&data.image_names[row]);
        csv = csv + "," + &quoted(&data.classes[data.labels[row]]);
        for result in finished.values() {
            csv = csv + "," + &quoted(&data.classes[result.predicted[position]]);
        }
        csv.push('\n');
    }
    csv
}
