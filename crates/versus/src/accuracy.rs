//! How accurate a network of a plan becomes on a whole image set, beside what is published.
//!
//! `compare` searches and repeats, and so trains each network several times. Here one training is
//! all there is: on the official training part, with one look at the official test part; or, with
//! `--validation`, on a part of the training part, with the rest to look at, to choose settings by.

use anyhow::{Context, Result, bail, ensure};
use base::{Labels, Predict, Rows, Seed};
use data::{Dataset, ReadOptions};
use deep::{Cnn, CnnParams};
use eval::interval::wilson;
use eval::split::{Split, hold_out};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    /// Instead of the plan's seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Instead of the plan's number of passes over the training rows
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
}

/// Trains, scores, and prints one line on stdout; on stderr, a line of JSON per epoch.
///
/// # Errors
/// If the plan, the images or the settings cannot be used, or the training does not end well.
#[allow(clippy::print_stdout, clippy::print_stderr)] // a task of the command line
pub fn run(options: &Options) -> Result<()> {
    let (mut params, seed) = read(&options.plan)?;
    params.epochs = options.epochs.unwrap_or(params.epochs);
    let seed = Seed(options.seed.unwrap_or(seed));
    let cnn = Cnn::new(&params)?;
    let set = data::open(&options.data, &ReadOptions::default())?;
    let split = rows(&set, options.validation, seed)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let labels = set.labels();
    let (train, truth) = (set.images().pick(&split.train), labels.pick(&split.train));
    let start = Instant::now();
    let trained = pool.install(|| {
        let mut training = cnn.start(&train, &truth, seed.child("accuracy", 0))?;
        while let Some(report) = training.next_epoch()? {
            eprintln!("{}", serde_json::to_string(&report.epoch)?);
        }
        anyhow::Ok(training.finish())
    })?;
    let took = start.elapsed();
    let (test, truth) = (set.images().pick(&split.test), labels.pick(&split.test));
    let scores = pool.install(|| trained.scores(&test));
    let right = scores.predicted().iter().zip(truth.ids()).filter(|(a, b)| a == b).count();
    println!("{}", line(options.validation.is_some(), &truth, right, took, &trained.summary()));
    Ok(())
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

fn line(
    validation: bool,
    truth: &Labels,
    right: usize,
    took: Duration,
    summary: &base::FitSummary,
) -> String {
    let count = truth.len();
    let interval = wilson(right as u64, count as u64, 0.95);
    let percent = |share: f64| 100.0 * share;
    format!(
        "{} accuracy {:.2} % (95 % interval {:.2} to {:.2}), {right} of {count} images; {} epochs in \
         {} min {} s; model of {:.1} MB",
        if validation { "validation" } else { "test" },
        percent(right as f64 / count as f64),
        percent(interval.low),
        percent(interval.high),
        summary.curve.len(),
        took.as_secs() / 60,
        took.as_secs() % 60,
        summary.model_bytes as f64 / 1e6,
    )
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
}
