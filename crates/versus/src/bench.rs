//! Times of this project's crates beside those of other libraries, on the same data, in the same
//! run: a ratio says more than a time, since machines differ and are never quiet.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line program speaks

mod classic;
mod deep;
mod features;
mod growth;
mod measure;
mod pictures;
mod rival;
mod task;
mod workers;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use measure::Measured;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use task::{Quality, Task};
use workers::Workers;

pub use deep::answer_requests;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Crate whose work is timed
    #[arg(value_enum)]
    package: Package,
    /// One JSON object per line instead of a table
    #[arg(long)]
    json: bool,
    /// Numbers of threads, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Only works and rivals with this text in their names, such as `lenet` or `torch`
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Folder for the rivals, which are installed there and kept for the next time; not inside the
    /// repository (some 500 MB each for features and classic, 7 GB for deep)
    #[arg(long, value_name = "DIR")]
    rivals: Option<PathBuf>,
    #[command(flatten)]
    classic: classic::ClassicOptions,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Package {
    /// Support vector machines, beside LIBSVM, LIBLINEAR, oneDAL, ThunderSVM, linfa and smartcore
    Classic,
    /// Training and inference of networks, beside PyTorch, TensorFlow, burn and candle; memory,
    /// start-up, share of the processor's peak
    Deep,
    /// Descriptors, beside OpenCV, scikit-image, dlib, VLFeat and imageproc
    Features,
}

/// One work of ours beside the same work of one rival.
#[derive(Debug, Serialize)]
struct Row {
    work: String,
    threads: usize,
    ours_s: f64,
    rival: &'static str,
    rival_s: f64,
    /// How many times as long the rival takes.
    ratio: f64,
    /// How many times each was measured; the times are medians.
    ours_samples: usize,
    rival_samples: usize,
    #[serde(flatten)]
    quality: Option<Qualities>,
}

/// What came out on both sides, where it can be compared.
#[derive(Debug, Serialize)]
struct Qualities {
    ours_accuracy: Option<f64>,
    rival_accuracy: Option<f64>,
    ours_objective: Option<f64>,
    rival_objective: Option<f64>,
}

/// Something done here, and by whom else.
struct Work {
    name: String,
    /// All of it, on the threads of the pool that it runs in.
    ours: Box<dyn Task>,
    /// Whether a second thread has something to do.
    parallel: bool,
    rivals: Vec<(&'static str, Rival)>,
    /// Rows worked on, if the work is a point of the plot of growth.
    rows: Option<usize>,
}

/// Who does the same.
enum Rival {
    /// A request to the worker with the libraries of Python.
    Python(String),
    /// A request to the worker with dlib and VLFeat.
    Cpp(String),
    /// Rust code beside ours.
    Here(Box<dyn Task>),
}

/// Measures and prints row by row.
///
/// # Errors
/// If a rival cannot be installed or started, or nothing is left to measure.
pub fn run(options: &Options) -> Result<()> {
    if let Some(threads) = options.threads.iter().find(|&&threads| !(1..=1024).contains(&threads)) {
        bail!("--threads {threads}: numbers from 1 to 1024 are allowed");
    }
    if !matches!(options.package, Package::Classic) && options.classic.given() {
        bail!("--data, --n, --full and --plot belong to `bench classic`");
    }
    let folder = options.folder()?;
    match options.package {
        Package::Deep => deep::run(options, &folder),
        Package::Features => {
            let pictures = pictures::Pictures::write()?;
            let works = features::works(&pictures)?;
            measure_all(options, works, || Workers::features(&folder, pictures.files()))
        }
        Package::Classic => {
            let problems = classic::Problems::write(&options.classic)?;
            let works = classic::works(&options.classic, &problems)?;
            measure_all(options, works, || Workers::classic(&folder, problems.folder()))
        }
    }
}

fn measure_all(
    options: &Options,
    mut works: Vec<Work>,
    start: impl FnOnce() -> Result<Workers>,
) -> Result<()> {
    for Work { name, rivals, .. } in &mut works {
        rivals.retain(|(rival, _)| format!("{name} {rival}").contains(&options.only));
    }
    if works.iter().all(|work| work.rivals.is_empty()) {
        bail!("--only {}: no work and rival are named so", options.only);
    }
    let single = options.threads.iter().filter(|&&threads| threads == 1).count();
    let rows = works
        .iter()
        .map(|work| work.rivals.len() * if work.parallel { options.threads.len() } else { single });
    let bar = progress(rows.sum())?;
    let mut workers = start()?;
    bar.suspend(|| eprintln!("rivals: {}", workers.versions()));
    if !options.json {
        println!("{HEADER}");
    }
    let mut growth = Vec::new();
    for Work { name, ours, parallel, rivals, rows } in &mut works {
        for (rival, theirs) in rivals {
            for &threads in options.threads.iter().filter(|&&threads| *parallel || threads == 1) {
                bar.set_message(format!("{name} and {rival}"));
                let measured = workers.pair(threads, ours.as_mut(), theirs)?;
                let qualities = workers.qualities(threads, ours.as_ref(), theirs)?;
                let row = Row::new(name, threads, rival, measured, qualities);
                let line =
                    if options.json { serde_json::to_string(&row)? } else { row.to_string() };
                bar.suspend(|| println!("{line}"));
                growth
                    .extend(rows.map(|rows| growth::Point::pair(rows, &row)).into_iter().flatten());
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    match &options.classic.plot {
        Some(path) => growth::draw(&growth, path),
        None => Ok(()),
    }
}

/// A bar on a terminal, nothing in a pipe.
fn progress(steps: usize) -> Result<ProgressBar> {
    let bar = ProgressBar::new(steps as u64);
    let style = "{bar:30} {percent:>3} %  {elapsed} gone, about {eta} left  {wide_msg:.dim}";
    bar.set_style(ProgressStyle::with_template(style).context("the template is valid")?);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.set_message("installing the rivals");
    Ok(bar)
}

impl Options {
    /// Where the rivals are installed: if not said, in the user's cache, as other tools do.
    fn folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.rivals {
            return Ok(folder.clone());
        }
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = cache.or_else(home).context("there is no home folder: give --rivals DIR")?;
        Ok(cache.join("versus-rivals"))
    }
}

const HEADER: &str = "work                               threads        ours               rival     rival's    ratio";

impl Row {
    fn new(
        work: &str,
        threads: usize,
        rival: &'static str,
        [ours, theirs]: [Measured; 2],
        qualities: Option<[Quality; 2]>,
    ) -> Self {
        let quality = qualities.map(|[ours, theirs]| Qualities {
            ours_accuracy: ours.accuracy,
            rival_accuracy: theirs.accuracy,
            ours_objective: ours.objective,
            rival_objective: theirs.objective,
        });
        Self {
            work: work.to_owned(),
            threads,
            ours_s: ours.seconds,
            rival,
            rival_s: theirs.seconds,
            ratio: theirs.seconds / ours.seconds,
            ours_samples: ours.samples,
            rival_samples: theirs.samples,
            quality,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, threads, ours_s, rival, rival_s, ratio, quality, .. } = self;
        let (ours, theirs) = (1e3 * ours_s, 1e3 * rival_s);
        write!(f, "{work:34} {threads:7} {ours:8.3} ms {rival:>19} {theirs:8.3} ms {ratio:8.2}")?;
        quality.as_ref().map_or(Ok(()), |quality| write!(f, "{quality}"))
    }
}

/// `ours | rival's`, of what is known.
impl fmt::Display for Qualities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accuracy = |share: Option<f64>| {
            share.map_or_else(|| "?".to_owned(), |share| format!("{:.2} %", 100.0 * share))
        };
        let objective = |value: Option<f64>| {
            value.map_or_else(|| "?".to_owned(), |value| format!("{value:.6e}"))
        };
        let (ours, theirs) = (accuracy(self.ours_accuracy), accuracy(self.rival_accuracy));
        write!(f, "  accuracy {ours} | {theirs}")?;
        if self.ours_objective.is_some() {
            let (ours, theirs) = (objective(self.ours_objective), objective(self.rival_objective));
            write!(f, "  objective {ours} | {theirs}")?;
        }
        Ok(())
    }
}
