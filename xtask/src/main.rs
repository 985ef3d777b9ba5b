//! Starts the tasks of this project. It does nothing itself, so that it builds in seconds.

#![allow(clippy::print_stderr)] // a command line program speaks on stderr

use clap::{Args, Parser, Subcommand};
use std::io::IsTerminal;
use std::process::{Command, ExitCode};

/// Do your images need a deep network, or will hand-crafted features and an SVM do?
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compare both sides on image sets and write a report (see `compare --help`)
    #[command(disable_help_flag = true)]
    Compare(PassedOn),
    /// Write the report of a finished or interrupted run again (see `report --help`)
    #[command(disable_help_flag = true)]
    Report(PassedOn),
    /// Compare descriptors, statistics and more with values of other programs (see `golden --help`)
    #[command(disable_help_flag = true)]
    Golden(PassedOn),
    /// Time this project beside other libraries (see `bench --help`)
    #[command(disable_help_flag = true)]
    Bench(PassedOn),
    /// Train the network of a plan on a whole image set (see `accuracy --help`)
    #[command(disable_help_flag = true)]
    Accuracy(PassedOn),
    /// Check format, lints, crate dependencies, documentation and tests
    Ci {
        /// Leave the tests out
        #[arg(long)]
        skip_tests: bool,
    },
}

/// Arguments that the started program reads.
#[derive(Args)]
struct PassedOn {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    args: Vec<String>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something failed on the way
  2  the request cannot be carried out as it stands; nothing was done";

fn main() -> ExitCode {
    match Cli::parse().task {
        Task::Compare(PassedOn { args }) => run(&mut [start("compare", "compare", &args)]),
        Task::Report(PassedOn { args }) => run(&mut [start("compare", "report", &args)]),
        Task::Bench(PassedOn { args }) => run(&mut [start("versus", "bench", &args)]),
        Task::Accuracy(PassedOn { args }) => run(&mut [start("versus", "accuracy", &args)]),
        Task::Golden(PassedOn { args }) => run(&mut [start("versus", "golden", &args)]),
        Task::Ci { skip_tests } => {
            let checked = run(&mut [
                cargo("fmt --all --check"),
                cargo("clippy --workspace --all-targets --locked -- -D warnings"),
            ]);
            if checked != ExitCode::SUCCESS || !arrows_hold() {
                return ExitCode::FAILURE;
            }
            let mut doc = cargo("doc --workspace --no-deps --locked");
            doc.env("RUSTDOCFLAGS", "-D warnings");
            let mut rest = vec![doc];
            if !skip_tests {
                rest.push(cargo("test --workspace"));
            }
            run(&mut rest)
        }
    }
}

/// A task of another package, optimised. Cargo's own messages appear on a terminal only.
fn start(package: &str, task: &str, args: &[String]) -> Command {
    let quiet = if std::io::stderr().is_terminal() { "" } else { "--quiet " };
    let mut command =
        cargo(&format!("run {quiet}--release --locked --package {package} -- {task}"));
    command.args(args);
    command
}

/// A cargo command, its arguments separated by blanks.
fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split_whitespace());
    command
}

/// Runs the commands in turn; the first that fails ends it with its own exit code.
fn run(commands: &mut [Command]) -> ExitCode {
    for command in commands {
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => {
                let code = status.code().and_then(|code| u8::try_from(code).ok());
                return ExitCode::from(code.unwrap_or(1));
            }
            Err(error) => {
                eprintln!("error: cannot start {}: {error}", command.get_program().display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Crates of the workspace that each crate may use; see ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("data", &["base"]),
    ("features", &["base"]),
    ("classic", &["base"]),
    ("deep", &["base"]),
    ("eval", &["base"]),
    ("report", &["base", "eval"]),
    ("compare", &["base", "data", "features", "classic", "deep", "eval", "report"]),
    ("versus", &["base", "classic", "data", "deep", "eval", "features"]),
    ("xtask", &[]),
];

/// Whether no crate uses another that it must not know.
fn arrows_hold() -> bool {
    ARROWS.iter().all(|&(package, allowed)| {
        let tree = cargo("tree --locked --edges normal --depth 1 --prefix none --format {p}")
            .args(["--package", package])
            .output();
        let Ok(tree) = tree else {
            eprintln!("error: `cargo tree` cannot be started");
            return false;
        };
        let listed = String::from_utf8_lossy(&tree.stdout);
        let names = listed.lines().skip(1).filter_map(|line| line.split(' ').next());
        let forbidden: Vec<&str> = names
            .filter(|name| ARROWS.iter().any(|(crate_name, _)| crate_name == name))
            .filter(|name| !allowed.contains(name))
            .collect();
        for name in &forbidden {
            eprintln!("error: `{package}` must not use `{name}` (see ARCHITECTURE.md)");
        }
        tree.status.success() && forbidden.is_empty()
    })
}
