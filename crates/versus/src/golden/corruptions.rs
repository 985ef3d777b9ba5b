//! Corrupted images: one JSON file of pixel cases and of moments.
//!
//! ```text
//! {"deterministic": [{"op": .., "arg": .., "x": [[..]], "y": [[..]], "atol": ..}],
//!  "moments": [{"op": .., .., "mean": .., "sd": ..}]}
//! ```
//!
//! A pixel may differ by the case's `atol`, else by rounding. Noise is drawn on 1e5 pixels: its
//! standard deviation may differ by 2 %, its mean and its shares by five standard errors.

use super::stats::input::get;
use anyhow::{Context, Result, ensure};
use base::Seed;
use data::corrupt::{self, UnitImage};
use ndarray::Array3;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// By how much a pixel may differ where the case does not say.
const ROUNDING: f64 = 1e-12;
/// Pixels that noise is drawn on: rows and columns.
const NOISY: (usize, usize) = (250, 400);

/// What became of the cases of each operation, in alphabetical order.
#[derive(Debug, Default)]
pub struct Report {
    /// By operation: what failed, and how many passed.
    operations: BTreeMap<String, (Vec<String>, usize)>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    deterministic: Vec<Value>,
    #[serde(default)]
    moments: Vec<Value>,
}

/// Works out every case of the file and compares.
///
/// # Errors
/// If the file cannot be read or has no case. A case that cannot be worked out is part of the
/// report.
pub fn run(file: &Path) -> Result<Report> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let cases: File = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    ensure!(!(cases.deterministic.is_empty() && cases.moments.is_empty()), "no case in the file");
    let mut report = Report::default();
    for (index, case) in cases.deterministic.iter().enumerate() {
        report.add(index, case, pixels(case));
    }
    for (index, case) in cases.moments.iter().enumerate() {
        report.add(index, case, moments(case, Seed(1).child("moments", index as u64)));
    }
    Ok(report)
}

fn pixels(case: &Value) -> Result<(), String> {
    let (x, expected) = (grey(case, "x")?, grey(case, "y")?);
    let got = operate(case, &x)?;
    if got.dim() != expected.dim() {
        return Err(format!("has the shape {:?}, but expected is {:?}", got.dim(), expected.dim()));
    }
    let atol = if case.get("atol").is_some() { get(case, "atol")? } else { ROUNDING };
    let worst = (&got - &expected).fold(0.0_f64, |worst, d| worst.max(d.abs()));
    if worst <= atol { Ok(()) } else { Err(format!("differs by {worst:e}")) }
}

fn operate(case: &Value, x: &UnitImage) -> Result<UnitImage, String> {
    let number = || get::<f64>(case, "arg");
    let op: String = get(case, "op")?;
    Ok(match op.as_str() {
        "brightness" => corrupt::brightness(x, number()?),
        "contrast" => corrupt::contrast(x, number()?),
        "gaussian_blur" => corrupt::gaussian_blur(x, number()?),
        "inverse" => corrupt::inverse(x),
        "occlude" => corrupt::occlude(x, get(case, "arg")?),
        "pixelate" => corrupt::pixelate(x, number()?),
        "quantize_bits" => corrupt::quantise(x, get(case, "arg")?),
        "rotate" => corrupt::rotate(x, number()?),
        "scale" => corrupt::scale(x, number()?),
        "shear" => corrupt::shear(x, number()?),
        "translate" => {
            let [dx, dy] = get::<[f64; 2]>(case, "arg")?;
            corrupt::translate(x, dx, dy)
        }
        _ => return Err("nothing here works out this operation".to_owned()),
    })
}

fn moments(case: &Value, seed: Seed) -> Result<(), String> {
    let op: String = get(case, "op")?;
    let level = if case.get("base").is_some() { get(case, "base")? } else { 0.5 };
    let image = Array3::from_elem((NOISY.0, NOISY.1, 1), level);
    let rng = &mut seed.rng();
    let noisy = match op.as_str() {
        "gaussian_noise" => corrupt::gaussian_noise(&image, get(case, "sigma")?, rng),
        "shot_noise" => corrupt::shot_noise(&image, get(case, "lam")?, rng),
        "impulse_noise" => corrupt::impulse_noise(&image, get(case, "amount")?, rng),
        _ => return Err("nothing here works out this operation".to_owned()),
    };
    let n = noisy.len() as f64;
    if op == "impulse_noise" {
        let p: f64 = get::<f64>(case, "p_changed")? / 2.0;
        let error = (p * (1.0 - p) / n).sqrt();
        for end in [0.0, 1.0] {
            let share = noisy.iter().filter(|&&x| x == end).count() as f64 / n;
            within(&format!("share of {end}"), share, p, 5.0 * error)?;
        }
        return Ok(());
    }
    let (mean, sd): (f64, f64) = (get(case, "mean")?, get(case, "sd")?);
    within("mean", noisy.sum() / n, mean, 5.0 * sd / n.sqrt())?;
    within("standard deviation", noisy.std(1.0), sd, 0.02 * sd)
}

fn within(what: &str, got: f64, expected: f64, tolerance: f64) -> Result<(), String> {
    if (got - expected).abs() <= tolerance {
        return Ok(());
    }
    Err(format!("{what}: {got}, but expected is {expected}"))
}

/// A grey image, written as rows of values.
fn grey(case: &Value, key: &str) -> Result<UnitImage, String> {
    let rows: Vec<Vec<f64>> = get(case, key)?;
    let dim = (rows.len(), rows.first().map_or(0, Vec::len), 1);
    Array3::from_shape_vec(dim, rows.concat()).map_err(|error| format!("`{key}`: {error}"))
}

impl Report {
    fn add(&mut self, index: usize, case: &Value, outcome: Result<(), String>) {
        let op = case["op"].as_str().unwrap_or("without a name").to_owned();
        let (failures, passed) = self.operations.entry(op).or_default();
        match outcome {
            Ok(()) => *passed += 1,
            Err(fault) => failures.push(format!("case {index} (arg {}): {fault}", case["arg"])),
        }
    }

    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// A line for each case that did not.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        let lines = |(op, (failures, _)): (&String, &(Vec<String>, usize))| {
            failures.iter().map(|failure| format!("{op} {failure}")).collect::<Vec<_>>()
        };
        self.operations.iter().flat_map(lines)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:28} {:>6} {:>6}", "operation", "passed", "failed")?;
        let (mut all_passed, mut all_failed) = (0, 0);
        for (name, (failures, passed)) in &self.operations {
            writeln!(f, "{name:28} {passed:6} {:6}", failures.len())?;
            (all_passed, all_failed) = (all_passed + passed, all_failed + failures.len());
        }
        write!(f, "{:28} {all_passed:6} {all_failed:6}", "all")
    }
}
