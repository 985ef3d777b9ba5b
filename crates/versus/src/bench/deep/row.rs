//! What is printed.

use super::contestant::{Contestant, Program, Work};
use crate::bench::measure::Measured;
use serde::Serialize;
use std::fmt;

/// Names of the columns.
pub(super) fn header() -> String {
    let ours = format!("{:9} {:>12} {:>8} {:>8}", "ours", "ours", "GFLOP/s", "of peak");
    format!(
        "{:32} threads {ours}  {:24} {:>11} {:>7}",
        "work", "fastest of a rival", "rival's", "ratio"
    )
}

/// A number of ours, and one of a rival.
fn columns(work: &str, threads: usize, ours: &str, rival: &str) -> String {
    format!("{work:32} {threads:7} {ours:40}  {rival}").trim_end().to_owned()
}

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "measure", rename_all = "kebab-case")]
pub(super) enum Row {
    /// What the processor can do at most, in vector registers.
    Peak { threads: usize, gflops: f64 },
    /// How long a work takes.
    Time(TimeRow),
    /// Most memory that a process has held; `kind` is `train` or `infer`.
    Memory(ApartRow),
    /// Time from the start of a process to its first inference of one image.
    StartUp(ApartRow),
    /// Whether the weights are the same, byte for byte, after training at 1 and at 2 threads.
    SameBits { work: String, steps: u32, program: &'static str, variant: &'static str, same: bool },
}

/// A work of ours beside the fastest variant of a rival; times are medians.
#[derive(Debug, Serialize)]
pub(super) struct TimeRow {
    work: String,
    threads: usize,
    /// How ours does its convolutions.
    ours_variant: &'static str,
    ours_s: f64,
    ours_gflops: f64,
    share_of_peak: f64,
    rival: &'static str,
    rival_variant: &'static str,
    rival_s: f64,
    /// How many times as long the rival takes.
    ratio: f64,
    ours_samples: usize,
    rival_samples: usize,
}

/// A number of ours, in bytes or seconds, beside the lowest of the variants of a rival.
#[derive(Debug, Serialize)]
pub(super) struct ApartRow {
    work: String,
    threads: usize,
    ours_value: f64,
    rival: &'static str,
    rival_variant: &'static str,
    rival_value: f64,
    ratio: f64,
}

/// Of the variants of each rival, the one with the lowest number.
fn best_rivals<T: Copy>(
    all: &[(Contestant, T)],
    number: impl Fn(T) -> f64,
) -> Vec<(Contestant, T)> {
    let best = Program::RIVALS.into_iter().filter_map(|rival| {
        let variants = all.iter().filter(|(contestant, _)| contestant.program == rival);
        variants.min_by(|a, b| number(a.1).total_cmp(&number(b.1))).copied()
    });
    best.collect()
}

fn ours<T: Copy>(all: &[(Contestant, T)]) -> impl Iterator<Item = (Contestant, T)> {
    all.iter().filter(|(contestant, _)| contestant.program == Program::Ours).copied()
}

impl TimeRow {
    /// All variants of ours beside all rivals. `operations` is what a repetition costs, `peak` in
    /// billions per second.
    pub(super) fn all(
        work: &Work,
        threads: usize,
        (operations, peak): (f64, f64),
        times: &[(Contestant, Measured)],
    ) -> Vec<Self> {
        let rivals = best_rivals(times, |measured| measured.seconds);
        let pairs = ours(times).flat_map(|ours| rivals.iter().map(move |&rival| (ours, rival)));
        let row = |((ours, our), (rival, their)): ((Contestant, Measured), _)| {
            let their: Measured = their;
            let (rival, gflops): (Contestant, f64) = (rival, operations / our.seconds / 1e9);
            Self {
                work: work.to_string(),
                threads,
                ours_variant: ours.variant,
                ours_s: our.seconds,
                ours_gflops: gflops,
                share_of_peak: gflops / peak,
                rival: rival.program.name(),
                rival_variant: rival.variant,
                rival_s: their.seconds,
                ratio: their.seconds / our.seconds,
                ours_samples: our.samples,
                rival_samples: their.samples,
            }
        };
        pairs.map(row).collect()
    }
}

impl ApartRow {
    /// Ours beside all rivals.
    pub(super) fn all(work: &str, threads: usize, numbers: &[(Contestant, f64)]) -> Vec<Self> {
        let Some((_, ours_value)) = ours(numbers).next() else { return Vec::new() };
        let row = |(rival, rival_value): (Contestant, f64)| Self {
            work: work.to_owned(),
            threads,
            ours_value,
            rival: rival.program.name(),
            rival_variant: rival.variant,
            rival_value,
            ratio: rival_value / ours_value,
        };
        best_rivals(numbers, |number| number).into_iter().map(row).collect()
    }

    fn line(&self, unit: &str, factor: f64) -> String {
        let Self { work, threads, ours_value, rival, rival_variant, rival_value, ratio } = self;
        let ours = format!("{:9} {:9.1} {unit}", "", factor * ours_value);
        let rival = format!("{rival} {rival_variant}");
        let rival = format!("{rival:24} {:8.1} {unit}", factor * rival_value);
        columns(work, *threads, &ours, &format!("{rival} {ratio:7.2}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peak { threads, gflops } => {
                let ours = format!("{:22} {gflops:8.1}  100.0 %", "");
                f.write_str(&columns("peak: fused multiply-add", *threads, &ours, ""))
            }
            Self::Time(row) => write!(f, "{row}"),
            Self::Memory(row) => f.write_str(&row.line("MB", 1e-6)),
            Self::StartUp(row) => f.write_str(&row.line("ms", 1e3)),
            Self::SameBits { work, steps, program, variant, same } => {
                let after = format!("after {steps} steps of {work}");
                let answer = if *same { "same bits" } else { "other bits" };
                write!(f, "{program} {variant}: {answer} at 1 and 2 threads {after}")
            }
        }
    }
}

impl fmt::Display for TimeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, threads, ours_variant, ours_gflops, rival, rival_variant, .. } = self;
        let share = 100.0 * self.share_of_peak;
        let our = 1e3 * self.ours_s;
        let ours = format!("{ours_variant:9} {our:9.3} ms {ours_gflops:8.1} {share:6.1} %");
        let rival = format!("{rival} {rival_variant}");
        let rival = format!("{rival:24} {:8.3} ms {:7.2}", 1e3 * self.rival_s, self.ratio);
        f.write_str(&columns(work, *threads, &ours, &rival))
    }
}

#[cfg(test)]
mod tests {
    use super::super::contestant::Kind;
    use super::*;

    #[test]
    fn each_variant_of_ours_stands_beside_the_fastest_of_each_rival() {
        let of = |program: Program, kind| program.contestants(kind);
        let kind = Kind::Train;
        let all = [of(Program::Ours, kind), of(Program::Torch, kind), of(Program::Candle, kind)];
        let seconds = [1.0, 2.0, 5.0, 3.0, 4.0, 10.0];
        let times: Vec<_> = all
            .concat()
            .into_iter()
            .zip(seconds.map(|seconds| Measured { seconds, samples: 3 }))
            .collect();
        let work = Work { kind, net: "lenet", batch: 32 };
        let rows = TimeRow::all(&work, 2, (8e9, 16.0), &times);
        let got: Vec<_> = rows
            .iter()
            .map(|r| (r.ours_variant, r.rival_variant, r.ratio, r.share_of_peak))
            .collect();
        let expected = [
            ("fast", "channels-last", 3.0, 0.5),
            ("fast", "cpu", 10.0, 0.5),
            ("portable", "channels-last", 1.5, 0.25),
            ("portable", "cpu", 5.0, 0.25),
        ];
        assert_eq!(got, expected);
    }
}
