//! Works timed in turn, so that what slows the machine down slows all of them.

use anyhow::{Context, Result};
use std::thread;
use std::time::{Duration, Instant};

/// A sample takes at least so long, or one repetition.
const SAMPLE_SECONDS: f64 = 0.03;
/// A work takes about so long, if it needs no longer for [`MIN_SAMPLES`].
const WORK_SECONDS: f64 = 1.5;
const MIN_SAMPLES: usize = 3;
const MAX_SAMPLES: usize = 31;
/// Before each sample: threads of OpenMP go on spinning for some milliseconds after their work, which
/// would take a processor from whoever is next.
const REST: Duration = Duration::from_millis(20);
/// What takes longer is measured once: nothing needs so long to warm up.
const LONG_SECONDS: f64 = 5.0;

/// Does a work so many times and tells how long it took.
pub(super) type Timed<'a> = dyn FnMut(u32) -> Result<Duration> + 'a;

/// Times work done here.
pub(super) fn timed(mut work: impl FnMut()) -> impl FnMut(u32) -> Result<Duration> {
    move |loops| {
        let start = Instant::now();
        for _ in 0..loops {
            work();
        }
        Ok(start.elapsed())
    }
}

/// The time of one repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    /// The median over the samples.
    pub(super) seconds: f64,
    pub(super) samples: usize,
}

/// [`in_turn`] of two works.
pub(super) fn paired(ours: &mut Timed<'_>, rival: &mut Timed<'_>) -> Result<[Measured; 2]> {
    in_turn(vec![ours, rival])?.try_into().ok().context("a time of each")
}

/// Measures all works, in samples taken in turn.
pub(super) fn in_turn(works: Vec<&mut Timed<'_>>) -> Result<Vec<Measured>> {
    let all_seconds = WORK_SECONDS * works.len() as f64;
    let mut all = works.into_iter().map(Sampled::warmed_up).collect::<Result<Vec<_>>>()?;
    let start = Instant::now();
    while all.iter().any(|work| work.seconds.len() < work.fewest())
        || (all.iter().any(|work| !work.long && work.seconds.len() < MAX_SAMPLES)
            && start.elapsed().as_secs_f64() < all_seconds)
    {
        for work in all.iter_mut().filter(|work| !work.long) {
            work.sample()?;
        }
    }
    Ok(all.into_iter().map(Sampled::measured).collect())
}

/// A work and the times it took so far.
struct Sampled<'a, 'b> {
    work: &'a mut Timed<'b>,
    /// Repetitions that fill a sample.
    loops: u32,
    /// Of one repetition.
    seconds: Vec<f64>,
    long: bool,
}

impl<'a, 'b> Sampled<'a, 'b> {
    /// Finds out how many repetitions fill a sample, which also warms up caches and buffers.
    fn warmed_up(work: &'a mut Timed<'b>) -> Result<Self> {
        let mut loops = 1;
        loop {
            let seconds = work(loops)?.as_secs_f64();
            if seconds >= SAMPLE_SECONDS || loops >= 1 << 20 {
                let long = loops == 1 && seconds >= LONG_SECONDS;
                let seconds = if long { vec![seconds] } else { Vec::new() };
                return Ok(Self { work, loops, seconds, long });
            }
            let factor = (1.2 * SAMPLE_SECONDS / seconds.max(1e-9)).ceil().clamp(2.0, 100.0);
            loops *= factor as u32;
        }
    }

    fn fewest(&self) -> usize {
        if self.long { 1 } else { MIN_SAMPLES }
    }

    fn sample(&mut self) -> Result<()> {
        thread::sleep(REST);
        let seconds = (self.work)(self.loops)?.as_secs_f64();
        self.seconds.push(seconds / f64::from(self.loops));
        Ok(())
    }

    fn measured(self) -> Measured {
        Measured { samples: self.seconds.len(), seconds: median(self.seconds) }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works that only say how long they took: 1 and 4 ms a repetition, with an outlier at times.
    #[test]
    fn outliers_do_not_count_and_repetitions_fill_a_sample() {
        let work = |each: f64| {
            let mut calls = 0;
            move |loops: u32| {
                calls += 1;
                let slow = if calls % 4 == 0 { 10.0 } else { 1.0 };
                Ok(Duration::from_secs_f64(slow * each * f64::from(loops)))
            }
        };
        assert_eq!(Sampled::warmed_up(&mut work(0.001)).unwrap().loops, 36);
        let got = paired(&mut work(0.001), &mut work(0.004)).unwrap();
        let seconds = got.map(|measured| measured.seconds);
        assert!((seconds[0] - 0.001).abs() < 1e-9 && (seconds[1] - 0.004).abs() < 1e-9, "{got:?}");
    }

    #[test]
    fn what_takes_long_is_done_once() {
        let mut calls = 0;
        let mut slow = |_: u32| {
            calls += 1;
            Ok(Duration::from_secs(60))
        };
        let got = paired(&mut |_| Ok(Duration::from_secs(1)), &mut slow).unwrap();
        assert_eq!(got[1], Measured { seconds: 60.0, samples: 1 });
        assert_eq!((calls, got[0].samples), (1, MAX_SAMPLES));
    }

    #[test]
    fn medians_by_hand() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
