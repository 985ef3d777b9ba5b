//! The courses of all trainings as event files for TensorBoard, on request.
//!
//! They are made from the curves that a run has kept, so they can be asked for before, during and
//! after it, and are the same bytes each time.

use crate::sets::slug;
use eval::grid::Point;
use eval::record::Trial;
use eval::run::Run;
use eval::store::StoreError;
use serde_json::Value;

/// Folder below the run directory, to be given to TensorBoard.
pub(crate) const FOLDER: &str = "tensorboard";

/// Digits of a trial's id in the name of its folder: enough to tell the trials of a run apart.
const ID_DIGITS: usize = 12;

/// Writes an event file for each trial that has epochs, and says how many these are.
pub(crate) fn write(run: &Run) -> Result<usize, StoreError> {
    let mut written = 0;
    for trial in run.trials.values() {
        let curve = run.directory.curve(&trial.id)?;
        if !curve.is_empty() {
            run.directory.write_file(&path(trial), &deep::tensorboard::events(&curve))?;
            written += 1;
        }
    }
    Ok(written)
}

/// TensorBoard takes each folder for a training, and reads files whose names begin like this one.
fn path(trial: &Trial) -> String {
    let split = trial.split.strip_prefix(&trial.dataset).unwrap_or(&trial.split);
    let split = slug(split.trim_start_matches('.'));
    let (set, pipeline) = (&trial.dataset, slug(&trial.spec.pipeline));
    let (point, id) = (settings(&trial.spec.parameters), &trial.id[..ID_DIGITS]);
    format!("{FOLDER}/{set}/{pipeline}/{split}-{point}{id}/events.out.tfevents.0")
}

/// What a search has set, for a part of a path: "learning_rate=0.004-".
fn settings(point: &Point) -> String {
    let setting = |(name, value): (&String, &Value)| match value {
        Value::Number(number) => format!("{}={number}-", slug(name)),
        other => format!("{}={}-", slug(name), slug(other.as_str().unwrap_or(&other.to_string()))),
    };
    point.iter().map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval::record::{Outcome, SCHEMA, TrialSpec};

    #[test]
    fn folders_are_named_after_trials_and_stay_below_the_run() {
        let spec = TrialSpec {
            schema: SCHEMA,
            version: String::new(),
            pipeline: "../cnn: small".to_owned(),
            settings: serde_json::Value::Null,
            parameters: Point::from([
                ("channels".to_owned(), serde_json::json!([8, 16])),
                ("learning_rate".to_owned(), serde_json::json!(0.004)),
            ]),
            data: String::new(),
            split: String::new(),
            seed: 1,
            together: None,
        };
        let trial = Trial {
            id: spec.id(),
            dataset: "bars".to_owned(),
            split: "bars.curve30-1".to_owned(),
            spec,
            outcome: Outcome::Failed { error: String::new() },
        };
        let folder = "tensorboard/bars/---cnn--small/curve30-1-channels=-8-16--learning_rate=0.004";
        let folder = format!("{folder}-{}/", &trial.id[..12]);
        assert_eq!(path(&trial), folder + "events.out.tfevents.0");
    }
}
