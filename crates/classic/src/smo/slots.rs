//! The steps among the rows of a working set.
//!
//! Pulls are held in single precision here, minus the middle of the violation, so that those near
//! it, between which the steps are chosen, keep all their digits however small it gets. What this
//! rounds away is put right when all rows learn of the steps, in double precision: the machine
//! then looks at the violation anew, and solves what is left of it.

use crate::kernels::Simd;
use crate::kernels::smo::{LANES, Partner, TAU, partner, shift};

/// Kernel values of some rows with each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between<'a> {
    /// Rows of `stride` values.
    pub(super) values: &'a [f32],
    /// A multiple of `LANES`; values past those of the last row are 0.
    pub(super) stride: usize,
}

impl Between<'_> {
    fn row(&self, slot: usize, len: usize) -> &[f32] {
        &self.values[slot * self.stride..slot * self.stride + len]
    }
}

/// What a row of the working set starts with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) beta: f64,
    /// Minus the middle of the violation.
    pub(super) pull: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) positive: bool,
}

/// State of the rows of a working set, array by array, filled up to whole lanes with rows that may
/// not move.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) beta: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    positive: Vec<bool>,
    diagonal: Vec<f32>,
    pull: Vec<f32>,
    /// 0 where `beta` may grow, else minus infinity.
    grow: Vec<f32>,
    /// 0 where `beta` may shrink, else infinity.
    shrink: Vec<f32>,
}

impl Slots {
    /// Starts anew with other rows; `diagonal` holds their kernel values with themselves.
    pub(super) fn fill(&mut self, rows: impl ExactSizeIterator<Item = Slot>, diagonal: &[f32]) {
        let room = diagonal.len().next_multiple_of(LANES);
        for values in [&mut self.beta, &mut self.low, &mut self.high] {
            values.clear();
            values.resize(room, 0.0);
        }
        for (values, value) in [
            (&mut self.pull, 0.0),
            (&mut self.grow, f32::NEG_INFINITY),
            (&mut self.shrink, f32::INFINITY),
        ] {
            values.clear();
            values.resize(room, value);
        }
        self.positive.clear();
        self.positive.resize(room, false);
        self.diagonal.clear();
        self.diagonal.extend_from_slice(diagonal);
        self.diagonal.resize(room, 0.0);
        for (at, Slot { beta, pull, low, high, positive }) in rows.enumerate() {
            self.beta[at] = beta;
            self.low[at] = low;
            self.high[at] = high;
            self.positive[at] = positive;
            self.pull[at] = pull as f32;
            self.grow[at] = if beta < high { 0.0 } else { f32::NEG_INFINITY };
            self.shrink[at] = if beta > low { 0.0 } else { f32::INFINITY };
        }
    }

    /// Takes at most `most` steps, until the violation among the rows is below the tolerance;
    /// returns how many were taken.
    pub(super) fn solve(&mut self, between: Between<'_>, tolerance: f64, most: u64) -> u64 {
        let (simd, n) = (Simd::best(), self.beta.len());
        // A step of nothing only looks for the strongest.
        let (mut highest, mut i) =
            shift(simd, 0.0, &self.diagonal, &self.diagonal, &mut self.pull, &self.grow);
        let mut steps = 0;
        while steps < most && highest.is_finite() {
            let row_i = between.row(i, n);
            let from = Partner {
                row: row_i,
                diagonal: &self.diagonal,
                pull: &self.pull,
                shrink: &self.shrink,
                pull_i: highest,
                diagonal_i: self.diagonal[i],
            };
            let (lowest, j) = partner(simd, from);
            // Also if no row may shrink.
            if f64::from(highest - lowest) < tolerance {
                break;
            }
            let step = self.step(i, j, f64::from(row_i[j])) as f32;
            (highest, i) = shift(simd, step, row_i, between.row(j, n), &mut self.pull, &self.grow);
            steps += 1;
        }
        steps
    }

    /// As [`Self::solve`], but both rows of a step have the same sign.
    pub(super) fn solve_by_sign(&mut self, between: Between<'_>, tolerance: f64, most: u64) -> u64 {
        let n = self.beta.len();
        let mut steps = 0;
        while steps < most {
            let mut best = None;
            let mut fall = f64::NEG_INFINITY;
            let mut violation = f64::NEG_INFINITY;
            for sign in [true, false] {
                let Some(i) = self.strongest_of(sign) else { continue };
                let row_i = between.row(i, n);
                for j in (0..n).filter(|&j| self.positive[j] == sign && self.shrink[j] == 0.0) {
                    let difference = f64::from(self.pull[i] - self.pull[j]);
                    violation = violation.max(difference);
                    let gain = difference * difference / self.curvature(i, j, row_i[j].into());
                    if difference > 0.0 && gain >= fall {
                        (best, fall) = (Some((i, j)), gain);
                    }
                }
            }
            let Some((i, j)) = best.filter(|_| violation >= tolerance) else { break };
            let (row_i, row_j) = (between.row(i, n), between.row(j, n));
            let step = self.step(i, j, row_i[j].into()) as f32;
            shift(Simd::best(), step, row_i, row_j, &mut self.pull, &self.grow);
            steps += 1;
        }
        steps
    }

    /// The row of that sign with the largest pull among those that may grow, the last of equal
    /// ones.
    fn strongest_of(&self, positive: bool) -> Option<usize> {
        let may = |t: &usize| self.positive[*t] == positive && self.grow[*t] == 0.0;
        (0..self.beta.len()).filter(may).max_by(|&a, &b| self.pull[a].total_cmp(&self.pull[b]))
    }

    fn curvature(&self, i: usize, j: usize, k_ij: f64) -> f64 {
        let curvature = f64::from(self.diagonal[i]) + f64::from(self.diagonal[j]) - 2.0 * k_ij;
        if curvature > 0.0 { curvature } else { TAU }
    }

    /// Moves an amount from `j` to `i`: as much as lowers the objective most and the bounds allow.
    fn step(&mut self, i: usize, j: usize, k_ij: f64) -> f64 {
        let (room_i, room_j) = (self.high[i] - self.beta[i], self.beta[j] - self.low[j]);
        let best = f64::from(self.pull[i] - self.pull[j]) / self.curvature(i, j, k_ij);
        let step = best.min(room_i).min(room_j);
        // A bound that is reached is met exactly, or the row would keep creeping towards it.
        self.beta[i] = if step == room_i { self.high[i] } else { self.beta[i] + step };
        self.beta[j] = if step == room_j { self.low[j] } else { self.beta[j] - step };
        for t in [i, j] {
            self.grow[t] = if self.beta[t] < self.high[t] { 0.0 } else { f32::NEG_INFINITY };
            self.shrink[t] = if self.beta[t] > self.low[t] { 0.0 } else { f32::INFINITY };
        }
        step
    }
}
