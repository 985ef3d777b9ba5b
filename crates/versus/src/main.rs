//! Command line of the comparisons with other programs.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line program speaks

use anyhow::Result;
use clap::Parser;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use versus::{accuracy, bench, golden};

/// This project's numbers and times against those of other programs
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_help = EXIT_CODES)]
enum Task {
    /// Work out every case of a folder or file of reference values and compare
    Golden(GoldenArgs),
    /// Time a crate's works beside those of other libraries on the same images
    Bench(bench::Options),
    /// Train the network of a plan on a whole image set and tell how accurate it is
    Accuracy(accuracy::Options),
    /// The process whose times `bench deep` takes
    #[command(hide = true)]
    DeepWorker,
}

/// What to check.
#[derive(clap::Args)]
struct GoldenArgs {
    /// Folder with `manifest.json`, one JSON file per family of cases, `img/` and `out/`
    #[arg(value_name = "DIR", required_unless_present_any = ["stats", "corruptions"])]
    folder: Option<PathBuf>,
    /// JSON file with groups of cases of statistics, metrics, splits and searches
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// JSON file with cases of corrupted images
    #[arg(long, value_name = "FILE")]
    corruptions: Option<PathBuf>,
    /// Folder with OpenCV's `haarcascades` and `lbpcascades` (Debian: package `opencv-data`)
    #[arg(long, value_name = "DIR", default_value = "/usr/share/opencv4")]
    cascades: PathBuf,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every case passed
  1  a case failed or could not be run
  2  the request cannot be carried out as it stands";

fn main() -> ExitCode {
    match Task::parse() {
        Task::Bench(options) => code(bench::run(&options).map(|()| true)),
        Task::Accuracy(options) => code(accuracy::run(&options).map(|()| true)),
        Task::DeepWorker => code(bench::answer_requests().map(|()| true)),
        Task::Golden(args) => code(check(&args)),
    }
}

/// How the program ends; tells why, if it could not do what was asked for.
fn code(passed: Result<bool>) -> ExitCode {
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every case passed; tells which did not.
fn check(GoldenArgs { folder, stats, corruptions, cascades }: &GoldenArgs) -> Result<bool> {
    let mut passed = true;
    if let Some(folder) = folder {
        let report = golden::run(folder, cascades)?;
        tell(report.failures(), &report);
        passed &= report.passed();
    }
    if let Some(file) = stats {
        let report = golden::stats::run(file)?;
        tell(report.failures(), &report);
        passed &= report.passed();
    }
    if let Some(file) = corruptions {
        let report = golden::corruptions::run(file)?;
        tell(report.failures(), &report);
        passed &= report.passed();
    }
    Ok(passed)
}

fn tell(failures: impl Iterator<Item = String>, report: &impl Display) {
    for failure in failures {
        eprintln!("{failure}");
    }
    println!("{report}");
}
