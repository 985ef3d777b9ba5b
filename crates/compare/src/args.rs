//! The command line.

use crate::plan::Preset;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Do your images need a deep network, or will hand-crafted features and an SVM do?
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Compare both sides on image sets and write a report
    ///
    /// Trains hand-crafted features (HOG, LBP, Haar-like, raw pixels) with support vector
    /// machines, and a small convolutional network, on the same images; scores each once on
    /// images that nothing was trained or tuned on; and says for every data set whether the
    /// classical side is enough, not enough, or whether there are too few images to tell.
    ///
    /// An interrupted run goes on where it stopped when the same command is given again.
    #[command(after_help = EXIT_CODES)]
    Compare(CompareArgs),
    /// Write the report of a finished or interrupted run again
    #[command(after_help = EXIT_CODES)]
    Report {
        /// Run directory, as `cargo xtask compare` has written it
        run: PathBuf,

        #[command(flatten)]
        extras: Extras,
    },
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// Image set to compare on, instead of those of the plan: a folder with one sub-folder of
    /// images per class, with a manifest.csv (columns file, label and, if you like, group and part),
    /// or with IDX or CIFAR files. May be given several times
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Vec<PathBuf>,

    /// What to run
    #[arg(long, value_enum, default_value_t = Preset::Quick)]
    pub(crate) preset: Preset,

    /// What to run, from a file of your own (see crates/compare/presets for examples)
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) plan: Option<PathBuf>,

    /// Where to write: a new or empty folder, or that of a former run
    /// [default: reports/NAME of the repository, by the plan or the data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,

    /// Start over: a former run in the same place is kept under a new name
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Height and width all images are brought to, in pixels, such as 64x48 or 64
    /// [default: as they are, or at most 64 where sizes differ or are larger]
    #[arg(long, value_parser = parse_size)]
    pub(crate) size: Option<[usize; 2]>,

    /// Keep images together whose names have the same text where the first parentheses of this
    /// regular expression match, such as 'person([0-9]+)'; a name is the path below the folder
    #[arg(long, value_name = "REGEX")]
    pub(crate) group_pattern: Option<String>,

    /// Largest loss of accuracy, in percentage points, that still counts as "enough"
    /// [default: 2, if the plan does not say]
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, value_parser = parse_margin)]
    pub(crate) margin: Option<f64>,

    /// Folds of the search inside the training part [default: quick 3, full 5]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) folds: Option<usize>,

    /// The number from which all randomness follows [default: 1, if the plan does not say]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// Threads to compute with; results do not depend on it [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    #[command(flatten)]
    pub(crate) extras: Extras,

    /// Show what would be run, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What is made from a run beside the report, if it is asked for.
#[derive(Args, Clone, Copy)]
pub(crate) struct Extras {
    /// Also write the course of every training that has epochs (loss, accuracy, learning rate; of
    /// networks, gradients and dead units by layer), from what the run has kept, as event files for
    /// `tensorboard --logdir RUN/tensorboard`
    #[arg(long)]
    pub(crate) tensorboard: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the report is written
  1  something failed on the way; finished trials are kept
  2  the request cannot be carried out as it stands; nothing was run";

/// Percentage points.
fn parse_margin(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(points) if points > 0.0 && points < 100.0 => Ok(points),
        _ => Err("it must be a number of percentage points above 0 and below 100".to_owned()),
    }
}

/// "64" or "64x48" (height x width).
fn parse_size(text: &str) -> Result<[usize; 2], String> {
    let side = |text: &str| match text.parse() {
        Ok(side @ 1..=4096) => Ok(side),
        _ => Err(format!("`{text}` is not a number of pixels from 1 to 4096")),
    };
    match text.split_once('x') {
        Some((height, width)) => Ok([side(height)?, side(width)?]),
        None => side(text).map(|side| [side, side]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_margin_is_in_percentage_points() {
        assert_eq!(parse_margin("2.5"), Ok(2.5));
        for wrong in ["", "0", "-1", "100", "NaN", "inf"] {
            assert!(parse_margin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_height_by_width() {
        assert_eq!(parse_size("64"), Ok([64, 64]));
        assert_eq!(parse_size("64x48"), Ok([64, 48]));
        for wrong in ["", "0", "64x", "x64", "64x48x3", "-1", "99999"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
