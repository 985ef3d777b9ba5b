//! Runs a comparison: looks up the names of a plan, does its trials, and leaves a run directory
//! with a report. Started by `cargo xtask compare` and `cargo xtask report`.
//!
//! This is the composition root: it alone knows extractors, classifiers, networks and data sets
//! together. Results go to stdout, messages to stderr; exit codes are 0 (done), 1 (failed on the
//! way) and 2 (bad request).

#![allow(clippy::print_stderr)] // a command line program

mod args;
mod boosted_haar;
mod calibration;
mod catalogue;
mod curves;
mod environment;
mod finish;
mod pipelines;
mod place;
mod plan;
#[cfg(test)]
mod plan_page;
mod progress;
mod repeated;
mod robustness;
mod run;
mod runner;
mod search;
mod seeds;
mod sets;
mod sources;
mod tensorboard;
mod text;
mod together;

use args::{Cli, Task};
use clap::Parser;
use run::BadRequest;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Compare(args) => run::compare(&args),
        Task::Report { run, extras } => finish::report_of(&run, extras),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<BadRequest>() {
            Some(BadRequest(faults)) => {
                faults.iter().for_each(|fault| eprintln!("error: {fault}"));
                ExitCode::from(2)
            }
            None => {
                eprintln!("error: {}", one_line(&error));
                ExitCode::FAILURE
            }
        },
    }
}

/// An error with its causes, each told once.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !line.contains(&cause) {
            line = line + ": " + &cause;
        }
    }
    line
}
