//! Times of this project's crates beside those of other libraries, on the same images, in the
//! same run: a ratio says more than a time, since machines differ and are never quiet.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line program speaks

mod features;
mod measure;
mod pictures;
mod rival;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use pictures::Pictures;
use rayon::ThreadPoolBuilder;
use rival::Worker;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Only works and rivals with this text in their names
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Folder for the rivals (some 300 MB, kept for the next time); not inside the repository
    #[arg(long, value_name = "DIR")]
    rivals: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Package {
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
}

/// Something done here, and by whom else.
struct Work {
    name: String,
    /// All of it, on the threads of the pool that it runs in.
    ours: Box<dyn FnMut() + Send>,
    /// Whether a second thread has something to do.
    parallel: bool,
    rivals: Vec<(&'static str, Rival)>,
}

/// Who does the same.
enum Rival {
    /// A request to the worker with OpenCV and scikit-image.
    Python(String),
    /// A request to the worker with dlib and VLFeat.
    Cpp(String),
    /// Rust code beside ours.
    Here(Box<dyn FnMut() + Send>),
}

/// Measures and prints row by row.
///
/// # Errors
/// If a rival cannot be installed or started, or nothing is left to measure.
pub fn run(options: &Options) -> Result<()> {
    if let Some(threads) = options.threads.iter().find(|&&threads| !(1..=1024).contains(&threads)) {
        bail!("--threads {threads}: numbers from 1 to 1024 are allowed");
    }
    let Package::Features = options.package;
    let pictures = Pictures::write()?;
    let mut works = features::works(&pictures)?;
    for Work { name, rivals, .. } in &mut works {
        rivals.retain(|(rival, _)| format!("{name} {rival}").contains(&options.only));
    }
    if works.iter().all(|work| work.rivals.is_empty()) {
        bail!("--only {}: no work and rival are named so", options.only);
    }
    let bar = progress(&works, &options.threads)?;
    let mut workers = Workers::start(&options.folder()?, &pictures)?;
    bar.suspend(|| eprintln!("rivals: {}", workers.versions()));
    if !options.json {
        println!("{HEADER}");
    }
    for Work { name, ours, parallel, rivals } in &mut works {
        for (rival, theirs) in rivals {
            for &threads in options.threads.iter().filter(|&&threads| *parallel || threads == 1) {
                bar.set_message(format!("{name} and {rival}"));
                let [ours_s, rival_s] = workers.pair(threads, ours, theirs)?;
                let (work, ratio) = (name.clone(), rival_s / ours_s);
                let row = Row { work, threads, ours_s, rival, rival_s, ratio };
                let line =
                    if options.json { serde_json::to_string(&row)? } else { row.to_string() };
                bar.suspend(|| println!("{line}"));
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// A bar on a terminal, nothing in a pipe.
fn progress(works: &[Work], threads: &[usize]) -> Result<ProgressBar> {
    let single = threads.iter().filter(|&&threads| threads == 1).count();
    let rows = works
        .iter()
        .map(|work| work.rivals.len() * if work.parallel { threads.len() } else { single });
    let bar = ProgressBar::new(rows.sum::<usize>() as u64);
    let style = "{bar:30} {percent:>3} %  {elapsed} gone, about {eta} left  {wide_msg:.dim}";
    bar.set_style(ProgressStyle::with_template(style).context("the template is valid")?);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.set_message("installing the rivals");
    Ok(bar)
}

/// The rivals that run in processes of their own.
struct Workers {
    python: Worker,
    cpp: Worker,
}

impl Workers {
    fn start(folder: &Path, pictures: &Pictures) -> Result<Self> {
        let python = Worker::python(folder, pictures.files())
            .context("OpenCV and scikit-image are installed from PyPI by python3 (with venv)")?;
        let cpp = Worker::cpp(folder, pictures.files()).context(
            "dlib and VLFeat need the Debian packages g++, libdlib-dev and libvlfeat-dev",
        )?;
        Ok(Self { python, cpp })
    }

    fn versions(&self) -> String {
        format!("{}, {}, imageproc 0.27", self.python.versions, self.cpp.versions)
    }

    /// Seconds of both, on so many threads.
    fn pair(
        &mut self,
        threads: usize,
        ours: &mut (dyn FnMut() + Send),
        rival: &mut Rival,
    ) -> Result<[f64; 2]> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut ours = measure::timed(|| pool.install(&mut *ours));
        match rival {
            Rival::Python(request) => {
                measure::paired(&mut ours, &mut |loops| self.python.time(request, threads, loops))
            }
            Rival::Cpp(request) => {
                measure::paired(&mut ours, &mut |loops| self.cpp.time(request, threads, loops))
            }
            Rival::Here(theirs) => {
                measure::paired(&mut ours, &mut measure::timed(|| pool.install(&mut *theirs)))
            }
        }
    }
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

const HEADER: &str =
    "work                               threads        ours          rival     rival's    ratio";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, threads, ours_s, rival, rival_s, ratio } = self;
        let (ours, theirs) = (1e3 * ours_s, 1e3 * rival_s);
        write!(f, "{work:34} {threads:7} {ours:8.3} ms {rival:>14} {theirs:8.3} ms {ratio:8.2}")
    }
}
