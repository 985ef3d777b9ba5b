//! Who does which works, and how its processes are started.

use crate::bench::rival::{Script, Worker};
use anyhow::{Context, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One of the works, all but who does it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) kind: Kind,
    /// Name of the network.
    pub(super) net: &'static str,
    pub(super) batch: usize,
}

/// What is done with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Forward pass, softmax and cross-entropy, backward pass, one step of gradient descent with
    /// momentum.
    Train,
    /// Forward pass of the trained network.
    Infer,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Infer => "infer",
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} batch {}", self.kind.name(), self.net, self.batch)
    }
}

impl Work {
    /// What a process is asked for, but for the number of repetitions.
    pub(super) fn request(&self, variant: &str) -> String {
        format!("{} {variant} {} {}", self.kind.name(), self.net, self.batch)
    }
}

/// A program that does the works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Program {
    Ours,
    Torch,
    TensorFlow,
    Burn,
    Candle,
}

/// A program in one of its ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contestant {
    pub(super) program: Program,
    pub(super) variant: &'static str,
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.program.name(), self.variant)
    }
}

pub(super) const HOW_TO_BUILD: &str =
    "it is built by hand, as crates/versus/rivals/deep-rust/Cargo.toml says";

impl Program {
    /// All but ours.
    pub(super) const RIVALS: [Self; 4] = [Self::Torch, Self::TensorFlow, Self::Burn, Self::Candle];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Torch => "torch",
            Self::TensorFlow => "tensorflow",
            Self::Burn => "burn",
            Self::Candle => "candle",
        }
    }

    /// The ways in which it does such works.
    fn variants(self, kind: Kind) -> &'static [&'static str] {
        match (self, kind) {
            // Convolutions by Winograd's method or direct, whichever pays, or as products of
            // matrices of columns.
            (Self::Ours, Kind::Train) => &["fast", "portable"],
            (Self::Ours, Kind::Infer) => &["fast"],
            (Self::Torch, Kind::Train) => &["eager", "channels-last", "compile"],
            (Self::Torch, Kind::Infer) => &["frozen", "channels-last", "compile"],
            (Self::TensorFlow, _) => &["graph", "xla"],
            (Self::Burn, _) => &["flex"],
            (Self::Candle, _) => &["cpu"],
        }
    }

    pub(super) fn contestants(self, kind: Kind) -> Vec<Contestant> {
        let variants = self.variants(kind).iter();
        variants.map(|&variant| Contestant { program: self, variant }).collect()
    }

    /// Those that do not compile first, which takes time and memory.
    pub(super) fn light_contestants(self, kind: Kind) -> Vec<Contestant> {
        let mut all = self.contestants(kind);
        all.retain(|contestant| !["compile", "xla"].contains(&contestant.variant));
        all
    }

    /// Whether it can be started, or installed without further ado.
    pub(super) fn is_there(self, folder: &Path) -> bool {
        !matches!(self, Self::Burn | Self::Candle) || deep_rust(folder).is_file()
    }

    /// A process that works on so many threads.
    pub(super) fn start(self, folder: &Path, threads: usize) -> Result<Worker> {
        let mut command = self.command(folder)?;
        let libraries = ["RAYON", "OMP"].map(|library| format!("{library}_NUM_THREADS"));
        command.envs(libraries.map(|name| (name, threads.to_string())));
        Worker::start(&mut command)
    }

    fn command(self, folder: &Path) -> Result<Command> {
        let script = match self {
            Self::Ours => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("deep-worker");
                return Ok(command);
            }
            Self::Burn | Self::Candle => {
                let mut command = Command::new(deep_rust(folder));
                command.arg(self.name());
                return Ok(command);
            }
            Self::Torch => Script {
                name: "deep.py",
                requirements: "requirements-deep.txt",
                environment: "python-deep",
            },
            Self::TensorFlow => Script {
                name: "deep_tensorflow.py",
                requirements: "requirements-deep-tensorflow.txt",
                environment: "python-deep-tensorflow",
            },
        };
        script.install(folder).with_context(|| {
            format!("{} is installed from PyPI by python3 (with venv)", self.name())
        })
    }
}

/// Where `cargo install --root FOLDER` puts the program with burn and candle.
fn deep_rust(folder: &Path) -> PathBuf {
    folder.join("bin/deep-rust")
}
