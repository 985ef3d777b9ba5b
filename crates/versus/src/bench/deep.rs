//! Works of the crate `deep`: a training step and a batch of predictions of two networks, beside
//! PyTorch, TensorFlow, burn and candle.
//!
//! Each program runs in a process of its own, ours too, so that times, memory and start-up are
//! taken in the same way. A program may have several ways to do a work; the fastest counts.

mod apart;
mod contestant;
mod nets;
mod peak;
mod row;
mod worker;

use super::measure::{Measured, Timed, in_turn};
use super::rival::Worker;
use super::{Options, progress};
use anyhow::{Result, bail};
use contestant::{Contestant, Kind, Program, Work};
use indicatif::ProgressBar;
use row::{Row, TimeRow};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
pub use worker::answer_requests;

const BATCHES: [usize; 4] = [1, 32, 128, 256];
/// Runs before a work is timed: compilers are at work in the first ones.
const WARM_UPS: u32 = 3;

/// All works, in the order in which they are measured.
fn works() -> Vec<Work> {
    let of_net = |net| {
        let kinds = [Kind::Train, Kind::Infer].into_iter();
        kinds.flat_map(move |kind| BATCHES.map(|batch| Work { kind, net, batch }))
    };
    nets::NAMES.into_iter().flat_map(of_net).collect()
}

/// Where results go, and who has asked for which.
struct Bench<'a> {
    options: &'a Options,
    folder: &'a Path,
    rivals: Vec<Program>,
    bar: ProgressBar,
}

/// Measures and prints row by row.
///
/// # Errors
/// If a rival cannot be installed or started, or nothing is left to measure.
pub(super) fn run(options: &Options, folder: &Path) -> Result<()> {
    let mut bench = Bench { options, folder, rivals: Vec::new(), bar: ProgressBar::hidden() };
    for rival in Program::RIVALS {
        if rival.is_there(folder) {
            bench.rivals.push(rival);
        } else if options.only.is_empty() || options.only.contains(rival.name()) {
            eprintln!("{} is left out: {}", rival.name(), contestant::HOW_TO_BUILD);
        }
    }
    let mut works = works();
    works.retain(|work| !bench.contestants_in(work).is_empty());
    let steps = works.len() * options.threads.len();
    if steps + apart::steps(&bench) == 0 {
        bail!("--only {}: no work and rival are named so", options.only);
    }
    bench.bar = progress(steps + apart::steps(&bench))?;
    if !options.json {
        println!("{}", row::header());
    }
    for &threads in &options.threads {
        bench.time_all(&works, threads)?;
    }
    apart::measure(&bench)?;
    bench.bar.finish_and_clear();
    Ok(())
}

impl Bench<'_> {
    /// Whether this is asked for by name.
    fn wants(&self, what: &str, contestant: Contestant) -> bool {
        format!("{what} {contestant}").contains(&self.options.only)
    }

    /// Ours, and the rivals that are asked for.
    fn contestants(
        &self,
        what: &str,
        variants: impl Fn(Program) -> Vec<Contestant>,
    ) -> Vec<Contestant> {
        let rivals = self.rivals.iter().flat_map(|&rival| variants(rival));
        let rivals: Vec<_> = rivals.filter(|&rival| self.wants(what, rival)).collect();
        if rivals.is_empty() {
            return rivals;
        }
        variants(Program::Ours).into_iter().chain(rivals).collect()
    }

    fn contestants_in(&self, work: &Work) -> Vec<Contestant> {
        self.contestants(&work.to_string(), |program| program.contestants(work.kind))
    }

    fn print(&self, row: &Row) -> Result<()> {
        let line = if self.options.json { serde_json::to_string(row)? } else { row.to_string() };
        self.bar.suspend(|| println!("{line}"));
        Ok(())
    }

    /// All works on so many threads.
    fn time_all(&self, works: &[Work], threads: usize) -> Result<()> {
        if works.is_empty() {
            return Ok(());
        }
        let peak = peak::measure(threads);
        self.print(&Row::Peak { threads, gflops: peak })?;
        let programs =
            works.iter().flat_map(|work| self.contestants_in(work)).map(|one| one.program);
        let mut processes = BTreeMap::new();
        for program in programs.collect::<BTreeSet<_>>() {
            self.bar.set_message(format!("installing or starting {}", program.name()));
            let worker = program.start(self.folder, threads)?;
            if program != Program::Ours {
                self.bar.suspend(|| eprintln!("rival: {}", worker.versions));
            }
            processes.insert(program, RefCell::new(worker));
        }
        for work in works {
            self.bar.set_message(work.to_string());
            let contestants = self.contestants_in(work);
            let times = time(work, &contestants, &processes)?;
            let cost = nets::operations(work)?;
            for row in TimeRow::all(work, threads, (cost, peak), &times) {
                self.print(&Row::Time(row))?;
            }
            self.bar.inc(1);
        }
        Ok(())
    }
}

/// Times of one work, in samples taken in turn.
fn time(
    work: &Work,
    contestants: &[Contestant],
    processes: &BTreeMap<Program, RefCell<Worker>>,
) -> Result<Vec<(Contestant, Measured)>> {
    let of = |contestant: Contestant| {
        let process = &processes[&contestant.program];
        let request = work.request(contestant.variant);
        move |loops: u32| process.borrow_mut().seconds(&format!("{request} {loops}"))
    };
    let mut timed: Vec<_> = contestants.iter().map(|&contestant| of(contestant)).collect();
    for work in &mut timed {
        for _ in 0..WARM_UPS {
            work(1)?;
        }
    }
    let times = in_turn(timed.iter_mut().map(|work| work as &mut Timed<'_>).collect())?;
    Ok(contestants.iter().copied().zip(times).collect())
}
