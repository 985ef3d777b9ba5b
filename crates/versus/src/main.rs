//! Command line of the comparisons with other programs.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line program speaks

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use versus::{bench, golden};

/// This project's numbers and times against those of other programs
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_help = EXIT_CODES)]
enum Task {
    /// Work out every case of a folder of reference values and compare
    Golden(GoldenArgs),
    /// Time a crate's works beside those of other libraries on the same images
    Bench(bench::Options),
}

/// What to check.
#[derive(clap::Args)]
struct GoldenArgs {
    /// Folder with `manifest.json`, one JSON file per family of cases, `img/` and `out/`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
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
        Task::Bench(options) => match bench::run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::from(2)
            }
        },
        Task::Golden(GoldenArgs { folder, cascades }) => {
            let report = match golden::run(&folder, &cascades) {
                Ok(report) => report,
                Err(error) => {
                    eprintln!("error: {error:#}");
                    return ExitCode::from(2);
                }
            };
            for failure in report.failures() {
                eprintln!("{failure}");
            }
            println!("{report}");
            if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
