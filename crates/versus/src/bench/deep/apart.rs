//! What is measured in fresh processes: memory, start-up, and whether bits depend on threads.

use super::Bench;
use super::contestant::{Contestant, Kind, Work};
use super::nets::NAMES;
use super::row::{ApartRow, Row};
use anyhow::Result;
use std::collections::BTreeSet;
use std::time::Instant;

const BATCH: usize = 128;
/// Repetitions: of training, enough for numbers to drift apart.
const STEPS: u32 = 10;
/// Starts of each program; their median counts.
const STARTS: usize = 3;

/// Numbers of contestants in one thing.
type Numbers = Vec<(Contestant, f64)>;

fn training(net: &'static str) -> Work {
    Work { kind: Kind::Train, net, batch: BATCH }
}

/// Works in fresh processes, to be shown by the bar.
pub(super) fn steps(bench: &Bench<'_>) -> usize {
    let of_net = |net| {
        let trained = bench.apart(training(net)).len() * bench.thread_counts().len();
        let started = bench.apart(Work { kind: Kind::Infer, ..training(net) }).len();
        trained + started * bench.options.threads.len()
    };
    NAMES.into_iter().map(of_net).sum()
}

/// Measures and prints all of it.
pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let mut same_bits = Vec::new();
    for net in NAMES {
        same_bits.extend(bench.train(net)?);
        for &threads in &bench.options.threads {
            bench.start_up(net, threads)?;
        }
    }
    same_bits.iter().try_for_each(|row| bench.print(row))
}

impl Bench<'_> {
    /// Those that start without compiling; if they are asked for.
    fn apart(&self, work: Work) -> Vec<Contestant> {
        let name = match work.kind {
            Kind::Train => format!("memory and bits of {work}"),
            Kind::Infer => format!("memory and start-up of {work}"),
        };
        self.contestants(&name, |program| program.light_contestants(work.kind))
    }

    /// Those asked for, and the two between which bits are compared.
    fn thread_counts(&self) -> BTreeSet<usize> {
        self.options.threads.iter().copied().chain([1, 2]).collect()
    }

    /// Prints what memory a training takes; gives the rows about bits, which come last.
    fn train(&self, net: &'static str) -> Result<Vec<Row>> {
        let work = training(net);
        let contestants = self.apart(work);
        let mut digests = vec![Vec::new(); contestants.len()];
        for threads in self.thread_counts() {
            let mut memory = Numbers::new();
            for (&contestant, digests) in contestants.iter().zip(&mut digests) {
                let trained = self.trained(&work, contestant, threads)?;
                memory.extend(trained.bytes.map(|bytes| (contestant, bytes)));
                if threads <= 2 {
                    digests.push(trained.digest);
                }
                self.bar.inc(1);
            }
            if self.options.threads.contains(&threads) {
                for row in ApartRow::all(&format!("memory of {work}"), threads, &memory) {
                    self.print(&Row::Memory(row))?;
                }
            }
        }
        let row = |(contestant, digests): (Contestant, Vec<String>)| Row::SameBits {
            work: work.to_string(),
            steps: STEPS,
            program: contestant.program.name(),
            variant: contestant.variant,
            same: digests[0] == digests[1],
        };
        Ok(contestants.into_iter().zip(digests).map(row).collect())
    }

    fn trained(&self, work: &Work, contestant: Contestant, threads: usize) -> Result<Trained> {
        self.bar.set_message(format!("a process of {contestant} to {work}"));
        let mut worker = contestant.program.start(self.folder, threads)?;
        worker.seconds(&format!("{} {STEPS}", work.request(contestant.variant)))?;
        // Before the digest, which needs memory of its own.
        let bytes = worker.ask("memory")?.parse().ok();
        Ok(Trained { bytes, digest: worker.ask("digest")? })
    }

    /// Prints how long a process takes to its first inference, and what memory a batch takes.
    fn start_up(&self, net: &'static str, threads: usize) -> Result<()> {
        let batch = Work { kind: Kind::Infer, ..training(net) };
        let one = Work { batch: 1, ..batch };
        let (mut seconds, mut memory) = (Numbers::new(), Numbers::new());
        for contestant in self.apart(batch) {
            self.bar.set_message(format!("processes of {contestant} to {one}"));
            let mut starts = Vec::new();
            for _ in 0..STARTS {
                let start = Instant::now();
                let mut worker = contestant.program.start(self.folder, threads)?;
                worker.seconds(&format!("{} 1", one.request(contestant.variant)))?;
                starts.push(start.elapsed());
                if starts.len() == STARTS {
                    worker.seconds(&format!("{} {STEPS}", batch.request(contestant.variant)))?;
                    let bytes = worker.ask("memory")?.parse().ok();
                    memory.extend(bytes.map(|bytes| (contestant, bytes)));
                }
            }
            starts.sort_unstable();
            seconds.push((contestant, starts[STARTS / 2].as_secs_f64()));
            self.bar.inc(1);
        }
        for row in ApartRow::all(&format!("memory of {batch}"), threads, &memory) {
            self.print(&Row::Memory(row))?;
        }
        for row in ApartRow::all(&format!("start-up to {one}"), threads, &seconds) {
            self.print(&Row::StartUp(row))?;
        }
        Ok(())
    }
}

/// What is known of a process that has trained.
struct Trained {
    /// Most memory held, where the system tells.
    bytes: Option<f64>,
    /// Of the weights.
    digest: String,
}
