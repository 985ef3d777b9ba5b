//! Two works timed in turn, so that what slows the machine down slows both.

use anyhow::Result;
use std::time::{Duration, Instant};

/// A sample takes at least so long, or one repetition.
const SAMPLE_SECONDS: f64 = 0.03;
/// Both works together take about so long, if they need no longer for [`MIN_SAMPLES`].
const PAIR_SECONDS: f64 = 3.0;
const MIN_SAMPLES: usize = 3;
const MAX_SAMPLES: usize = 31;

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

/// Seconds that one repetition of either work takes: medians over samples taken in turn.
pub(super) fn paired(ours: &mut Timed<'_>, rival: &mut Timed<'_>) -> Result<[f64; 2]> {
    let loops = [enough_loops(ours)?, enough_loops(rival)?];
    let mut seconds = [Vec::new(), Vec::new()];
    let start = Instant::now();
    while seconds[0].len() < MIN_SAMPLES
        || (seconds[0].len() < MAX_SAMPLES && start.elapsed().as_secs_f64() < PAIR_SECONDS)
    {
        seconds[0].push(ours(loops[0])?.as_secs_f64() / f64::from(loops[0]));
        seconds[1].push(rival(loops[1])?.as_secs_f64() / f64::from(loops[1]));
    }
    Ok(seconds.map(median))
}

/// Repetitions that fill a sample; finding out also warms up caches and buffers.
fn enough_loops(work: &mut Timed<'_>) -> Result<u32> {
    let mut loops = 1;
    loop {
        let seconds = work(loops)?.as_secs_f64();
        if seconds >= SAMPLE_SECONDS || loops >= 1 << 20 {
            return Ok(loops);
        }
        let factor = (1.2 * SAMPLE_SECONDS / seconds.max(1e-9)).ceil().clamp(2.0, 100.0);
        loops *= factor as u32;
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
        assert_eq!(enough_loops(&mut work(0.001)).unwrap(), 36);
        let got = paired(&mut work(0.001), &mut work(0.004)).unwrap();
        assert!((got[0] - 0.001).abs() < 1e-9 && (got[1] - 0.004).abs() < 1e-9, "{got:?}");
    }

    #[test]
    fn medians_by_hand() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
