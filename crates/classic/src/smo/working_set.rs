//! Some rows of a problem, their kernel values with each other, and the steps among them.

use super::KernelRows;
use super::machine::{Memory, Starved};
use crate::kernels::Simd;
use crate::kernels::smo::{LANES, Partner, TAU, partner, shift};

/// Rows that a working set may have whatever the limit of memory.
const LEAST: usize = 256;
/// Rows whose kernel values are made as one block.
const BLOCK: usize = 32;

/// State of the rows of a working set, array by array, filled up to whole lanes.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) beta: Vec<f64>,
    pull: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    diagonal: Vec<f64>,
    positive: Vec<bool>,
    /// 0 where `beta` may grow, else minus infinity.
    grow: Vec<f64>,
    /// 0 where `beta` may shrink, else infinity.
    shrink: Vec<f64>,
}

impl Slots {
    pub(super) fn push(
        &mut self,
        beta: f64,
        pull: f64,
        low: f64,
        high: f64,
        diagonal: f64,
        positive: bool,
    ) {
        self.beta.push(beta);
        self.pull.push(pull);
        self.low.push(low);
        self.high.push(high);
        self.diagonal.push(diagonal);
        self.positive.push(positive);
        self.grow.push(if beta < high { 0.0 } else { f64::NEG_INFINITY });
        self.shrink.push(if beta > low { 0.0 } else { f64::INFINITY });
    }

    /// Adds rows that may not move until there are whole lanes.
    pub(super) fn pad(&mut self) {
        while !self.beta.len().is_multiple_of(LANES) {
            self.push(0.0, 0.0, 0.0, 0.0, 0.0, false);
        }
    }

    /// Moves an amount from `j` to `i`: as much as lowers the objective most and the bounds allow.
    fn step(&mut self, i: usize, j: usize, k_ij: f64) -> f64 {
        let curvature = self.diagonal[i] + self.diagonal[j] - 2.0 * k_ij;
        let curvature = if curvature > 0.0 { curvature } else { TAU };
        let (room_i, room_j) = (self.high[i] - self.beta[i], self.beta[j] - self.low[j]);
        let step = ((self.pull[i] - self.pull[j]) / curvature).min(room_i).min(room_j);
        // A bound that is reached is met exactly, or the row would keep creeping towards it.
        self.beta[i] = if step == room_i { self.high[i] } else { self.beta[i] + step };
        self.beta[j] = if step == room_j { self.low[j] } else { self.beta[j] - step };
        for t in [i, j] {
            self.grow[t] = if self.beta[t] < self.high[t] { 0.0 } else { f64::NEG_INFINITY };
            self.shrink[t] = if self.beta[t] > self.low[t] { 0.0 } else { f64::INFINITY };
        }
        step
    }
}

/// The rows that steps are taken among.
pub(super) struct WorkingSet<'a> {
    rows: &'a dyn KernelRows,
    memory: &'a Memory,
    members: Vec<usize>,
    /// Place among the members of each row; `u32::MAX` for all others.
    place: Vec<u32>,
    /// Kernel values of each member with all rows, where memory allowed to keep them.
    kept: Vec<Option<Vec<f32>>>,
    /// Kernel values of the members with each other; rows of `stride` values, of which those
    /// without a member are 0.
    gram: Vec<f32>,
    stride: usize,
    scratch: Vec<f32>,
}

impl Drop for WorkingSet<'_> {
    fn drop(&mut self) {
        self.memory.squares.give_back(square_bytes(self.stride));
        for row in self.kept.iter().flatten() {
            self.memory.rows.give_back(row_bytes(row.len()));
        }
    }
}

/// What a square of that side takes; the least one is not counted.
fn square_bytes(stride: usize) -> u64 {
    if stride <= LEAST { 0 } else { 4 * (stride as u64) * (stride as u64) }
}

fn row_bytes(values: usize) -> u64 {
    4 * values as u64
}

impl<'a> WorkingSet<'a> {
    pub(super) fn new(rows: &'a dyn KernelRows, memory: &'a Memory) -> Self {
        Self {
            rows,
            memory,
            members: Vec::new(),
            place: vec![u32::MAX; rows.len()],
            kept: Vec::new(),
            gram: Vec::new(),
            stride: 0,
            scratch: Vec::new(),
        }
    }

    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    pub(super) fn contains(&self, t: usize) -> bool {
        self.place[t] != u32::MAX
    }

    /// The kernel values of row `t` with all rows, if they were kept.
    pub(super) fn kept(&self, t: usize) -> Option<&[f32]> {
        self.kept.get(self.place[t] as usize)?.as_deref()
    }

    /// Whether the limit of memory would allow for so many more members, were there no other
    /// working sets.
    pub(super) fn has_room(&self, more: usize) -> bool {
        let side = (self.members.len() + more).next_multiple_of(LANES);
        square_bytes(side) <= self.memory.squares.total()
    }

    /// Adds rows that are not members yet.
    pub(super) fn join(&mut self, new: &[usize]) -> Result<(), Starved> {
        self.make_room(self.members.len() + new.len())?;
        let n = self.rows.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        for block in new.chunks(BLOCK) {
            scratch.resize(block.len() * n, 0.0);
            self.rows.write(block, &mut scratch);
            for (&t, row) in block.iter().zip(scratch.chunks_exact(n)) {
                self.add(t, row);
                let keep = self.memory.rows.take(row_bytes(n));
                self.kept.push(keep.then(|| row.to_vec()));
            }
            self.mirror(self.members.len() - block.len());
        }
        self.scratch = scratch;
        Ok(())
    }

    /// Adds a member with its kernel values, for which there is room; those with it are left to
    /// [`Self::mirror`].
    fn add(&mut self, t: usize, row: &[f32]) {
        let at = self.members.len();
        self.place[t] = at as u32;
        self.members.push(t);
        let out = &mut self.gram[at * self.stride..(at + 1) * self.stride];
        for (out, &member) in out.iter_mut().zip(&self.members) {
            *out = row[member];
        }
    }

    /// Copies the kernel values of the members from `first` on to the columns of all before them.
    fn mirror(&mut self, first: usize) {
        let (stride, count) = (self.stride, self.members.len());
        for row in 0..count {
            for column in first.max(row + 1)..count {
                self.gram[row * stride + column] = self.gram[column * stride + row];
            }
        }
    }

    fn make_room(&mut self, members: usize) -> Result<(), Starved> {
        let needed = members.next_multiple_of(LANES);
        if needed <= self.stride {
            return Ok(());
        }
        // A quarter more, so that rows are not moved for every block.
        let total = self.memory.squares.total();
        let generous = (needed + needed / 4).min(self.rows.len()).next_multiple_of(LANES);
        let stride = if square_bytes(generous) <= total { generous } else { needed };
        if !self.memory.squares.take(square_bytes(stride) - square_bytes(self.stride)) {
            return Err(Starved);
        }
        let old = std::mem::replace(&mut self.stride, stride);
        // In place, from the last row on: two squares at once would break the limit.
        self.gram.resize(stride * stride, 0.0);
        for row in (0..self.members.len()).rev() {
            self.gram.copy_within(row * old..row * old + old, row * stride);
            self.gram[row * stride + old..(row + 1) * stride].fill(0.0);
        }
        self.gram[self.members.len() * stride..].fill(0.0);
        Ok(())
    }

    /// Keeps the more important half of the members.
    pub(super) fn reduce(&mut self, mut ranked: Vec<((bool, f64), usize)>) {
        ranked.sort_by(|(a, _), (b, _)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        ranked.truncate(self.members.len() / 2);
        let mut kept: Vec<Option<Vec<f32>>> = Vec::new();
        let staying: Vec<usize> = ranked.into_iter().map(|(_, t)| t).collect();
        for &t in &staying {
            kept.push(self.kept[self.place[t] as usize].take());
        }
        for row in self.kept.drain(..).flatten() {
            self.memory.rows.give_back(row_bytes(row.len()));
        }
        self.place.fill(u32::MAX);
        self.members.clear();
        self.gram.fill(0.0);
        let n = self.rows.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(n, 0.0);
        for (t, kept) in staying.into_iter().zip(kept) {
            match &kept {
                Some(row) => self.add(t, row),
                None => {
                    self.rows.write(&[t], &mut scratch[..n]);
                    self.add(t, &scratch[..n]);
                }
            }
            self.kept.push(kept);
        }
        self.mirror(0);
        self.scratch = scratch;
    }

    fn row(&self, slot: usize, len: usize) -> &[f32] {
        &self.gram[slot * self.stride..slot * self.stride + len]
    }

    /// Takes at most `most` steps, until the violation within the set is below the tolerance;
    /// returns how many were taken.
    pub(super) fn solve(&self, slots: &mut Slots, tolerance: f64, most: u64) -> u64 {
        let (simd, n) = (Simd::best(), slots.beta.len());
        let zeros = vec![0.0_f32; n];
        let (mut highest, mut i) = shift(simd, 0.0, &zeros, &zeros, &mut slots.pull, &slots.grow);
        let mut steps = 0;
        while steps < most && highest.is_finite() {
            let row_i = self.row(i, n);
            let from = Partner {
                row: row_i,
                diagonal: &slots.diagonal,
                pull: &slots.pull,
                shrink: &slots.shrink,
                pull_i: highest,
                diagonal_i: slots.diagonal[i],
            };
            let (lowest, j) = partner(simd, from);
            // Also if no row may shrink.
            if highest - lowest < tolerance {
                break;
            }
            let step = slots.step(i, j, f64::from(row_i[j]));
            (highest, i) = shift(simd, step, row_i, self.row(j, n), &mut slots.pull, &slots.grow);
            steps += 1;
        }
        steps
    }

    /// As [`Self::solve`], but both rows of a step have the same sign.
    pub(super) fn solve_by_sign(&self, slots: &mut Slots, tolerance: f64, most: u64) -> u64 {
        let n = slots.beta.len();
        let mut steps = 0;
        while steps < most {
            let mut best = None;
            let mut fall = f64::NEG_INFINITY;
            let mut violation = f64::NEG_INFINITY;
            for sign in [true, false] {
                let Some(i) = slots.strongest(sign) else { continue };
                let row_i = self.row(i, n);
                for j in (0..n).filter(|&j| slots.positive[j] == sign && slots.shrink[j] == 0.0) {
                    let difference = slots.pull[i] - slots.pull[j];
                    violation = violation.max(difference);
                    let curvature =
                        slots.diagonal[i] + slots.diagonal[j] - 2.0 * f64::from(row_i[j]);
                    let curvature = if curvature > 0.0 { curvature } else { TAU };
                    let gain = difference * difference / curvature;
                    if difference > 0.0 && gain >= fall {
                        (best, fall) = (Some((i, j)), gain);
                    }
                }
            }
            let Some((i, j)) = best.filter(|_| violation >= tolerance) else { break };
            let step = slots.step(i, j, f64::from(self.row(i, n)[j]));
            let (row_i, row_j) = (self.row(i, n), self.row(j, n));
            shift(Simd::best(), step, row_i, row_j, &mut slots.pull, &slots.grow);
            steps += 1;
        }
        steps
    }
}

impl Slots {
    /// The row of that sign with the largest pull among those that may grow, the last of equal
    /// ones.
    fn strongest(&self, positive: bool) -> Option<usize> {
        let may = |t: &usize| self.positive[*t] == positive && self.grow[*t] == 0.0;
        (0..self.beta.len()).filter(may).max_by(|&a, &b| self.pull[a].total_cmp(&self.pull[b]))
    }
}
