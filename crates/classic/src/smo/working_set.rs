//! Some rows of a problem and their kernel values with each other.

use super::machine::{Memory, Starved};
use super::slots::Between;
use super::{KernelRows, Square};

/// Rows whose kernel values are made as one block.
const BLOCK: usize = 32;

/// The rows that steps are taken among.
pub(super) struct WorkingSet<'a, 'm> {
    rows: &'a dyn KernelRows,
    memory: &'m Memory,
    members: Vec<usize>,
    /// Place among the members of each row; `u32::MAX` for all others.
    place: Vec<u32>,
    /// Kernel values of the members with themselves.
    diagonal: Vec<f32>,
    /// Kernel values of each member with all rows, where memory allowed to keep them.
    kept: Vec<Option<Vec<f32>>>,
    /// Kernel values of the members with each other; those without a member are 0.
    square: Square<'m>,
    scratch: Vec<f32>,
}

impl Drop for WorkingSet<'_, '_> {
    fn drop(&mut self) {
        for row in self.kept.iter().flatten() {
            self.memory.rows.give_back(row_bytes(row.len()));
        }
    }
}

fn row_bytes(values: usize) -> u64 {
    4 * values as u64
}

impl<'a, 'm> WorkingSet<'a, 'm> {
    pub(super) fn new(rows: &'a dyn KernelRows, memory: &'m Memory) -> Self {
        Self {
            rows,
            memory,
            members: Vec::new(),
            place: vec![u32::MAX; rows.len()],
            diagonal: Vec::new(),
            kept: Vec::new(),
            square: Square::new(&memory.squares),
            scratch: Vec::new(),
        }
    }

    /// All rows in their order, with their kernel values in `square`.
    pub(super) fn whole(
        rows: &'a dyn KernelRows,
        memory: &'m Memory,
        mut square: Square<'m>,
    ) -> Result<Self, Starved> {
        let n = rows.len();
        square.make(n)?;
        let members: Vec<usize> = (0..n).collect();
        for t in 0..n {
            let (values, rest) = square.row_mut(t).split_at_mut(n);
            rows.write(&[t], values);
            rest.fill(0.0);
        }
        Ok(Self {
            rows,
            memory,
            place: (0..n as u32).collect(),
            diagonal: members.iter().map(|&t| square.row(t)[t]).collect(),
            members,
            kept: Vec::new(),
            square,
            scratch: Vec::new(),
        })
    }

    /// The room of a set that has done its work, for another one.
    pub(super) fn into_square(mut self) -> Square<'m> {
        std::mem::replace(&mut self.square, Square::new(&self.memory.squares))
    }

    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    pub(super) fn diagonal(&self) -> &[f32] {
        &self.diagonal
    }

    pub(super) fn between(&self) -> Between<'_> {
        Between { values: self.square.values(), stride: self.square.stride() }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.members.len() == self.rows.len()
    }

    pub(super) fn contains(&self, t: usize) -> bool {
        self.place[t] != u32::MAX
    }

    /// The kernel values of row `t` with all rows, if they were kept.
    pub(super) fn kept(&self, t: usize) -> Option<&[f32]> {
        match self.kept.get(self.place[t] as usize) {
            Some(row) => row.as_deref(),
            // Of all rows in their order none is kept twice.
            None if self.kept.is_empty() && self.contains(t) => {
                Some(&self.square.row(t)[..self.rows.len()])
            }
            None => None,
        }
    }

    /// Whether the limit of memory would allow for so many more members, were there no other
    /// working sets.
    pub(super) fn has_room(&self, more: usize) -> bool {
        Square::allows(self.square.budget(), self.members.len() + more)
    }

    /// Adds rows that are not members yet.
    pub(super) fn join(&mut self, new: &[usize]) -> Result<(), Starved> {
        let n = self.rows.len();
        let used = self.members.len();
        self.square.grow(used, used + new.len(), n)?;
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
        self.diagonal.push(row[t]);
        for (out, &member) in self.square.row_mut(at).iter_mut().zip(&self.members) {
            *out = row[member];
        }
    }

    /// Copies the kernel values of the members from `first` on to the columns of all before them.
    fn mirror(&mut self, first: usize) {
        let count = self.members.len();
        for row in 0..count {
            for column in first.max(row + 1)..count {
                self.square.row_mut(row)[column] = self.square.row(column)[row];
            }
        }
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
        self.diagonal.clear();
        self.square.fill_zero();
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
}
