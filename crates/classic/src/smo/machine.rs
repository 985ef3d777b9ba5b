//! The solver: a working set that grows until all rows meet the conditions.

use super::end::End;
use super::slots::{Slot, Slots};
use super::working_set::WorkingSet;
use super::{Budget, KernelRows, Rule, Solution, Square, Stop};
use crate::kernels::Simd;
use crate::kernels::smo::subtract;

/// Rows of each sign that the working set starts with.
const SEEDS: usize = 8;
/// Rows whose kernel values are made as one block.
const BLOCK: usize = 32;
/// Rows that join at a time from each end of the violations, and at most.
const JOIN: usize = 16;
const JOIN_MOST: usize = 128;
/// Share of the violation of all rows down to which the working set is solved meanwhile.
const MEANWHILE: f64 = 0.1;
/// The same where no row joins: as far as single precision goes, with digits to spare.
const FINEST: f64 = 1e-4;
/// Steps after which what single precision has rounded away is put right.
const STEPS: u64 = 1 << 16;

/// Memory for all solvers that run at the same time.
#[derive(Debug)]
pub(crate) struct Memory {
    /// For kernel values between the rows of working sets.
    pub(crate) squares: Budget,
    /// For kernel values of those with all rows, which spare making them again.
    pub(crate) rows: Budget,
}

impl Memory {
    /// Half of `bytes` for either purpose.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { squares: Budget::new(bytes / 2), rows: Budget::new(bytes - bytes / 2) }
    }

    pub(crate) fn unlimited() -> Self {
        Self::new(u64::MAX)
    }
}

/// Other solvers hold the memory that this one needs; alone it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Starved;

/// Where the solution of a problem has got to.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) beta: Vec<f64>,
    pull: Vec<f64>,
}

/// Solves two-class problems that differ in their bounds alone.
pub(crate) struct Machine<'a, 'm> {
    rows: &'a dyn KernelRows,
    rule: Rule,
    positive: usize,
    set: WorkingSet<'a, 'm>,
    slots: Slots,
    /// Room for kernel values of a block of rows with all.
    scratch: Vec<f32>,
}

impl<'a, 'm> Machine<'a, 'm> {
    pub(crate) fn new(
        rows: &'a dyn KernelRows,
        rule: Rule,
        positive: usize,
        memory: &'m Memory,
    ) -> Self {
        let set = WorkingSet::new(rows, memory);
        Self { rows, rule, positive, set, slots: Slots::default(), scratch: Vec::new() }
    }

    /// A machine of the C-problem that takes steps among all rows from the start, with their kernel
    /// values in `square`: for problems of which many are to be solved.
    pub(crate) fn whole(
        rows: &'a dyn KernelRows,
        positive: usize,
        memory: &'m Memory,
        square: Square<'m>,
    ) -> Result<Self, Starved> {
        let set = WorkingSet::whole(rows, memory, square)?;
        let (slots, scratch) = (Slots::default(), Vec::new());
        Ok(Self { rows, rule: Rule::C, positive, set, slots, scratch })
    }

    /// The room of a machine that has done its work, for another one.
    pub(crate) fn into_square(self) -> Square<'m> {
        self.set.into_square()
    }

    /// All coefficients 0.
    pub(crate) fn origin(&self) -> State {
        let n = self.rows.len();
        let sign = |t| if t < self.positive { 1.0 } else { -1.0 };
        let pull = match self.rule {
            Rule::C => (0..n).map(sign).collect(),
            Rule::Nu => vec![0.0; n],
        };
        State { beta: vec![0.0; n], pull }
    }

    /// With these coefficients.
    pub(crate) fn state(&mut self, beta: Vec<f64>) -> State {
        let changed: Vec<(usize, f64)> =
            beta.iter().copied().enumerate().filter(|&(_, beta)| beta != 0.0).collect();
        let mut state = State { beta, ..self.origin() };
        self.tell_all(&mut state, &changed);
        state
    }

    /// Solves the problem from where it stands, with the largest coefficients `upper`; none may be
    /// below a coefficient as it stands.
    pub(crate) fn run(
        &mut self,
        state: &mut State,
        upper: &[f64],
        stop: Stop,
    ) -> Result<Solution, Starved> {
        assert_eq!(upper.len(), self.rows.len(), "one largest coefficient per row");
        let mut iterations = 0;
        if self.set.members().is_empty() {
            let seeds = self.seeds();
            self.set.join(&seeds)?;
        }
        let (violation, converged) = loop {
            let ends = self.ends(state, upper);
            let violation = ends.iter().fold(0.0, |most: f64, end| most.max(end.violation()));
            if violation < stop.tolerance {
                break (violation, true);
            }
            if iterations >= stop.max_iterations {
                break (violation, false);
            }
            let new = self.violators(state, &ends, upper, stop.tolerance);
            if !self.set.has_room(new.len()) {
                let importance = |&t: &usize| (self.importance(state, t, upper, &ends), t);
                let ranked = self.set.members().iter().map(importance).collect();
                self.set.reduce(ranked);
            }
            self.set.join(&new)?;
            let share = if new.is_empty() { FINEST } else { MEANWHILE };
            // The row that violates most is to move, whatever single precision makes of it.
            let tolerance = stop.tolerance.max(share * violation).min(0.999 * violation);
            self.fill_slots(state, &ends, upper);
            let between = self.set.between();
            let most = (stop.max_iterations - iterations).min(STEPS);
            let steps = match self.rule {
                Rule::C => self.slots.solve(between, tolerance, most),
                Rule::Nu => self.slots.solve_by_sign(between, tolerance, most),
            };
            if steps == 0 {
                // The numbers are too large for single precision.
                break (violation, false);
            }
            iterations += steps;
            let mut changed = Vec::new();
            for (&t, &beta) in self.set.members().iter().zip(&self.slots.beta) {
                if beta != state.beta[t] {
                    changed.push((t, beta - state.beta[t]));
                    state.beta[t] = beta;
                }
            }
            self.tell_all(state, &changed);
        };
        let Self { rule, positive, .. } = *self;
        let (beta, pull) = (&state.beta, &state.pull);
        Ok(End { rule, positive, beta, pull, upper }.solution(violation, iterations, converged))
    }

    /// Rows spread evenly over each sign.
    fn seeds(&self) -> Vec<usize> {
        let n = self.rows.len();
        let spread = |start: usize, end: usize| {
            let count = (end - start).min(SEEDS);
            (0..count).map(move |k| start + k * (end - start) / count)
        };
        spread(0, self.positive).chain(spread(self.positive, n)).collect()
    }

    fn bounds(&self, t: usize, upper: &[f64]) -> (f64, f64) {
        if t < self.positive { (0.0, upper[t]) } else { (-upper[t], 0.0) }
    }

    /// The strongest pull that may grow and the weakest that may shrink, over all rows or over
    /// those of each sign.
    fn ends(&self, state: &State, upper: &[f64]) -> Vec<Ends> {
        let of = |start: usize, end: usize| {
            let mut ends = Ends { start, end, highest: f64::NEG_INFINITY, lowest: f64::INFINITY };
            for t in start..end {
                let (low, high) = self.bounds(t, upper);
                if state.beta[t] < high {
                    ends.highest = ends.highest.max(state.pull[t]);
                }
                if state.beta[t] > low {
                    ends.lowest = ends.lowest.min(state.pull[t]);
                }
            }
            ends
        };
        let n = self.rows.len();
        match self.rule {
            Rule::C => vec![of(0, n)],
            Rule::Nu => vec![of(0, self.positive), of(self.positive, n)],
        }
    }

    /// Rows outside of the working set that violate the conditions most, from either end.
    fn violators(&self, state: &State, ends: &[Ends], upper: &[f64], tolerance: f64) -> Vec<usize> {
        if self.set.is_whole() {
            return Vec::new();
        }
        let most = (self.set.members().len() / 8).clamp(JOIN, JOIN_MOST);
        let mut new = Vec::new();
        for end in ends {
            let (mut strong, mut weak) = (Vec::new(), Vec::new());
            for t in (end.start..end.end).filter(|&t| !self.set.contains(t)) {
                let (low, high) = self.bounds(t, upper);
                let pull = state.pull[t];
                if state.beta[t] < high && pull - end.lowest >= tolerance {
                    strong.push((-pull, t));
                } else if state.beta[t] > low && end.highest - pull >= tolerance {
                    weak.push((pull, t));
                }
            }
            for mut list in [strong, weak] {
                let before =
                    |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
                if list.len() > most {
                    list.select_nth_unstable_by(most - 1, before);
                    list.truncate(most);
                }
                list.sort_unstable_by(before);
                new.extend(list.into_iter().map(|(_, t)| t));
            }
        }
        new
    }

    /// Which rows to keep where not all can be: those between their bounds before all others,
    /// then those that violate the conditions most or are nearest to it.
    fn importance(&self, state: &State, t: usize, upper: &[f64], ends: &[Ends]) -> (bool, f64) {
        let (low, high) = self.bounds(t, upper);
        let end =
            ends.iter().find(|end| (end.start..end.end).contains(&t)).expect("in one of them");
        let (grows, shrinks) = (state.beta[t] < high, state.beta[t] > low);
        let by_growing = if grows { state.pull[t] - end.lowest } else { f64::NEG_INFINITY };
        let by_shrinking = if shrinks { end.highest - state.pull[t] } else { f64::NEG_INFINITY };
        (grows && shrinks, by_growing.max(by_shrinking))
    }

    fn fill_slots(&mut self, state: &State, ends: &[Ends], upper: &[f64]) {
        let middles = [ends.first(), ends.last()].map(|end| end.map_or(0.0, Ends::middle));
        let slot = |&t: &usize| {
            let positive = t < self.positive;
            let (low, high) = if positive { (0.0, upper[t]) } else { (-upper[t], 0.0) };
            let pull = state.pull[t] - middles[usize::from(!positive)];
            Slot { beta: state.beta[t], pull, low, high, positive }
        };
        self.slots.fill(self.set.members().iter().map(slot), self.set.diagonal());
    }

    /// Takes the kernel values of the changed rows, times their changes, off all pulls.
    fn tell_all(&mut self, state: &mut State, changed: &[(usize, f64)]) {
        let n = self.rows.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        for block in changed.chunks(BLOCK) {
            let missing: Vec<usize> =
                block.iter().map(|&(t, _)| t).filter(|&t| self.set.kept(t).is_none()).collect();
            if scratch.len() < missing.len() * n {
                scratch.resize(missing.len() * n, 0.0);
            }
            self.rows.write(&missing, &mut scratch[..missing.len() * n]);
            let mut made = scratch.chunks_exact(n);
            let rows: Vec<&[f32]> = block
                .iter()
                .map(|&(t, _)| self.set.kept(t).or_else(|| made.next()).expect("kept or made"))
                .collect();
            for (four, rows) in block.chunks(4).zip(rows.chunks(4)) {
                let (mut coefficients, mut four_rows) = ([0.0; 4], [rows[0]; 4]);
                for (k, (&(_, change), &row)) in four.iter().zip(rows).enumerate() {
                    (coefficients[k], four_rows[k]) = (change, row);
                }
                subtract(Simd::best(), coefficients, four_rows, &mut state.pull);
            }
        }
        self.scratch = scratch;
    }
}

/// The violation within rows `start..end`.
#[derive(Debug, Clone, Copy)]
struct Ends {
    start: usize,
    end: usize,
    highest: f64,
    lowest: f64,
}

impl Ends {
    /// 0 if nothing may move.
    fn middle(&self) -> f64 {
        let middle = f64::midpoint(self.highest, self.lowest);
        if middle.is_finite() { middle } else { 0.0 }
    }

    fn violation(&self) -> f64 {
        self.highest - self.lowest
    }
}
