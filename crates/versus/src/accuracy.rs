//! How accurate a network of a plan becomes on a whole image set, beside what is published.
//!
//! `compare` searches and repeats, and so trains each network several times. Here one training is
//! all there is: on the official training part, with one look at the official test part; or, with
//! `--validation`, on a part of the training part, with the rest to look at, to choose settings by.

use anyhow::{Context, Result, bail, ensure};
use base::{Predict, Rows, Seed};
use data::{Dataset, ReadOptions};
use deep::{Cnn, CnnParams};
use eval::interval::wilson;
use eval::split::{Split, hold_out};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to train, on what.
#[derive(clap::Args)]
pub struct Options {
    /// Plan whose first `[[model]]` is trained, with its `seed`
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// Images with an official test part, as `compare` reads them
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Leave the test part alone: train on the rest of the training part and score this share of
    /// it, drawn class by class
    #[arg(long, value_name = "SHARE")]
    validation: Option<f64>,
    /// Threads; the result is the same with any number
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
    /// Instead of the plan's seed; the training is done again with each
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    seed: Vec<u64>,
    /// Instead of the plan's number of passes over the training rows
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Print results as JSON, one object per line
    #[arg(long)]
    json: bool,
}

/// Trains, scores, and prints one line on stdout for each seed; on stderr, a line of JSON per epoch.
///
/// # Errors
/// If the plan, the images or the settings cannot be used, or the training does not end well.
#[allow(clippy::print_stdout, clippy::print_stderr)] // a task of the command line
pub fn run(options: &Options) -> Result<()> {
    let (mut params, seed) = read(&options.plan)?;
    params.epochs = options.epochs.unwrap_or(params.epochs);
    let seeds = if options.seed.is_empty() { vec![seed] } else { options.seed.clone() };
    let cnn = Cnn::new(&params)?;
    let set = data::open(&options.data, &ReadOptions::default())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    for seed in seeds {
        let outcome = pool.install(|| train_and_score(&cnn, &set, options.validation, seed))?;
        let json = || serde_json::to_string(&outcome);
        println!("{}", if options.json { json()? } else { outcome.to_string() });
    }
    Ok(())
}

#[allow(clippy::print_stderr)] // a task of the command line
fn train_and_score(
    cnn: &Cnn,
    set: &Dataset,
    validation: Option<f64>,
    seed: u64,
) -> Result<Outcome> {
    let split = rows(set, validation, Seed(seed))?;
    let pick = |rows: &[usize]| (set.images().pick(rows), set.labels().pick(rows));
    let (images, truth) = pick(&split.train);
    let start = Instant::now();
    let mut training = cnn.start(&images, &truth, Seed(seed).child("accuracy", 0))?;
    while let Some(report) = training.next_epoch()? {
        eprintln!("{}", serde_json::to_string(&report.epoch)?);
    }
    let trained = training.finish();
    let seconds = start.elapsed().as_secs_f64();
    let (images, truth) = pick(&split.test);
    let scores = trained.scores(&images);
    let summary = trained.summary();
    Ok(Outcome {
        program: concat!("ours ", env!("CARGO_PKG_VERSION")),
        set: set.name().to_owned(),
        part: if validation.is_some() { "validation" } else { "test" },
        seed,
        right: scores.predicted().iter().zip(truth.ids()).filter(|(a, b)| a == b).count(),
        count: truth.len(),
        epochs: summary.curve.len(),
        seconds,
        model_bytes: summary.model_bytes,
    })
}

/// Settings of the first model of a plan, and the plan's seed.
fn read(plan: &Path) -> Result<(CnnParams, u64)> {
    let text = std::fs::read_to_string(plan).with_context(|| format!("{}", plan.display()))?;
    settings(&text).with_context(|| format!("{}", plan.display()))
}

fn settings(plan: &str) -> Result<(CnnParams, u64)> {
    let plan: toml::Table = plan.parse()?;
    let seed = match plan.get("seed") {
        None => 1,
        Some(seed) => {
            seed.as_integer().and_then(|seed| u64::try_from(seed).ok()).context("seed")?
        }
    };
    let models = plan.get("model").and_then(toml::Value::as_array);
    let model = models.and_then(|models| models.first()).and_then(toml::Value::as_table);
    let mut model = model.context("there is no [[model]]")?.clone();
    let kind = model.remove("kind");
    ensure!(
        kind.as_ref().and_then(toml::Value::as_str) == Some("cnn"),
        "the first model is not of kind \"cnn\""
    );
    model.remove("name");
    Ok((toml::Value::Table(model).try_into()?, seed))
}

/// Rows to train on and to score.
fn rows(set: &Dataset, validation: Option<f64>, seed: Seed) -> Result<Split> {
    let Some(parts) = set.parts() else { bail!("the set has no official test part") };
    let Some(share) = validation else {
        return Ok(Split { train: parts.train.clone(), test: parts.test.clone() });
    };
    let labels = set.labels().pick(&parts.train);
    Ok(hold_out(&labels, share, seed.child("validation", 1))?.within(&parts.train))
}

/// What came out with one seed.
#[derive(Debug, Serialize)]
struct Outcome {
    program: &'static str,
    set: String,
    /// The part that was scored, and never trained on.
    part: &'static str,
    seed: u64,
    /// Images whose class was found, of `count`.
    right: usize,
    count: usize,
    epochs: usize,
    /// Time of training.
    seconds: f64,
    model_bytes: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, seed, right, count, epochs, seconds, model_bytes, .. } = self;
        let interval = wilson(*right as u64, *count as u64, 0.95);
        let percent = |share: f64| 100.0 * share;
        write!(
            f,
            "{part} accuracy {:.2} % (95 % interval {:.2} to {:.2}), {right} of {count} images; \
             seed {seed}; {epochs} epochs in {} min {} s; model of {:.1} MB",
            percent(*right as f64 / *count as f64),
            percent(interval.low),
            percent(interval.high),
            *seconds as u64 / 60,
            *seconds as u64 % 60,
            *model_bytes as f64 / 1e6,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_the_first_model() {
        let plan = r#"
            seed = 7
            [[model]]
            name = "one"
            kind = "cnn"
            epochs = 3
            network = "lenet"
            [[model]]
            name = "two"
            kind = "cnn"
        "#;
        let (params, seed) = settings(plan).unwrap();
        assert_eq!((params.epochs, seed), (3, 7));
        assert!(params.network.is_some());
        assert!(settings("seed = -1").is_err());
        assert!(settings("[[model]]\nkind = \"svm\"").is_err());
        assert!(settings("[[model]]\nkind = \"cnn\"\nepoch = 3").is_err());
    }

    /// Both sides must be told to do the same.
    #[test]
    fn the_plan_of_the_small_sets_spells_out_the_defaults() {
        let plan = include_str!("../../../plans/embedded-cnn.toml");
        assert_eq!(settings(plan).unwrap().0, CnnParams::default());
        let spelled: toml::Table = plan.parse().unwrap();
        let spelled = spelled["model"][0].as_table().unwrap();
        let defaults = toml::Table::try_from(CnnParams::default()).unwrap();
        for (key, _) in defaults {
            assert!(spelled.contains_key(&key), "{key}");
        }
    }

    #[test]
    fn outcomes_are_told_with_the_interval_of_wilson() {
        let outcome = Outcome {
            program: "ours",
            set: "digits".to_owned(),
            part: "test",
            seed: 3,
            right: 45,
            count: 50,
            epochs: 14,
            seconds: 61.9,
            model_bytes: 387_000,
        };
        // eval::interval::wilson is compared with statsmodels there.
        assert_eq!(
            outcome.to_string(),
            "test accuracy 90.00 % (95 % interval 78.64 to 95.65), 45 of 50 images; seed 3; \
             14 epochs in 1 min 1 s; model of 0.4 MB"
        );
    }
}
