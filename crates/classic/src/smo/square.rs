//! Room for the kernel values of the rows of a working set with each other.

use super::Budget;
use super::machine::Starved;
use crate::kernels::smo::LANES;

/// Rows that there is room for whatever the limit of memory.
const LEAST: usize = 256;

/// What a square of that side takes; the least one is not counted.
fn bytes(side: usize) -> u64 {
    if side <= LEAST { 0 } else { 4 * (side as u64) * (side as u64) }
}

/// Whole lanes for so many rows.
fn side(rows: usize) -> usize {
    rows.next_multiple_of(LANES)
}

/// A square of values within a budget; one problem after the other can use it.
#[derive(Debug)]
pub(crate) struct Square<'a> {
    budget: &'a Budget,
    taken: u64,
    values: Vec<f32>,
    /// Length of a row, a multiple of `LANES`.
    stride: usize,
}

impl Drop for Square<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

impl<'a> Square<'a> {
    pub(crate) fn new(budget: &'a Budget) -> Self {
        Self { budget, taken: 0, values: Vec::new(), stride: 0 }
    }

    /// Whether the limit of memory would allow for so many rows, were there no other squares.
    pub(crate) fn allows(budget: &Budget, rows: usize) -> bool {
        bytes(side(rows)) <= budget.total()
    }

    pub(super) fn budget(&self) -> &Budget {
        self.budget
    }

    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Rows of [`Self::stride`] values.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.stride..(row + 1) * self.stride]
    }

    /// Sets all values to 0.
    pub(super) fn fill_zero(&mut self) {
        self.values[..self.stride * self.stride].fill(0.0);
    }

    /// Room for so many rows; none is kept, and none is set to 0.
    pub(super) fn make(&mut self, rows: usize) -> Result<(), Starved> {
        self.take(side(rows))?;
        self.stride = side(rows);
        Ok(())
    }

    /// Room for `rows` rows, of which `used` are kept; `most` rows are all that there will ever be.
    /// What is new is 0.
    pub(super) fn grow(&mut self, used: usize, rows: usize, most: usize) -> Result<(), Starved> {
        let needed = side(rows);
        if needed <= self.stride {
            return Ok(());
        }
        // A quarter more, so that rows are not moved for every block.
        let generous = side((needed + needed / 4).min(most));
        let stride = if Self::allows(self.budget, generous) { generous } else { needed };
        self.take(stride)?;
        let old = std::mem::replace(&mut self.stride, stride);
        // In place, from the last row on: two squares at once would break the limit.
        for row in (0..used).rev() {
            self.values.copy_within(row * old..row * old + old, row * stride);
            self.values[row * stride + old..(row + 1) * stride].fill(0.0);
        }
        self.values[used * stride..stride * stride].fill(0.0);
        Ok(())
    }

    fn take(&mut self, stride: usize) -> Result<(), Starved> {
        let more = bytes(stride).saturating_sub(self.taken);
        if !self.budget.take(more) {
            return Err(Starved);
        }
        self.taken += more;
        if self.values.len() < stride * stride {
            self.values.resize(stride * stride, 0.0);
        }
        Ok(())
    }
}
