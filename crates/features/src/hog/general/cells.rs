//! Votes of pixels, shared among cells.

use super::votes::Vote;

/// Which cells a row of pixels votes for and with what weight, or a column; beside the cell next
/// to it there may be a second one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reach {
    cells: [usize; 2],
    weights: [f32; 2],
}

/// Votes of the pixels of an image, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Votes<'a> {
    pub(super) votes: &'a [Vote],
    pub(super) width: usize,
}

/// Cells side by side, and which pixels vote for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    /// Rows and columns of cells.
    counts: [usize; 2],
    /// Pixels of a cell.
    area: f32,
    /// For the rows of pixels, and for their columns.
    reaches: [Vec<Reach>; 2],
}

impl Cells {
    /// Every pixel votes for the cell it lies in.
    pub(super) fn hard(&mut self, counts: [usize; 2], sides: [usize; 2]) {
        self.lay(counts, sides, |_, side, at| Reach { cells: [at / side; 2], weights: [1.0, 0.0] });
    }

    /// Every pixel votes for the cells whose middles are nearest, in proportion to the nearness.
    pub(super) fn bilinear(&mut self, counts: [usize; 2], sides: [usize; 2]) {
        self.lay(counts, sides, |count, side, at| {
            // In cells, from the middle of the first one on.
            let place = (at as f64 + 0.5) / side as f64 - 0.5;
            let part = place - place.floor();
            // The further of the two cells; there may be none before it, or it may be none.
            let further = (place.floor() + 1.0) as usize;
            let weight = |exists: bool, weight: f64| if exists { weight } else { 0.0 };
            Reach {
                cells: [further.saturating_sub(1), further.min(count - 1)],
                weights: [
                    weight(further > 0, 1.0 - part) as f32,
                    weight(further < count, part) as f32,
                ],
            }
        });
    }

    /// Lets the weights fall off from the middle as a Gaussian does: that of a distance is the
    /// product of those along both axes.
    pub(super) fn weigh(&mut self, sigma: f64, offset: f64) {
        for reaches in &mut self.reaches {
            let middle = (reaches.len() as f64 - 1.0) / 2.0 + offset;
            for (at, reach) in reaches.iter_mut().enumerate() {
                let distance = (at as f64 - middle) / sigma;
                let weight = (-distance * distance / 2.0).exp();
                reach.weights = reach.weights.map(|share| (f64::from(share) * weight) as f32);
            }
        }
    }

    fn lay(
        &mut self,
        counts: [usize; 2],
        sides: [usize; 2],
        reach: impl Fn(usize, usize, usize) -> Reach,
    ) {
        self.counts = counts;
        self.area = (sides[0] * sides[1]) as f32;
        for axis in [0, 1] {
            let (count, side) = (counts[axis], sides[axis]);
            self.reaches[axis].clear();
            self.reaches[axis].extend((0..count * side).map(|at| reach(count, side, at)));
        }
    }

    /// Rows and columns of cells.
    pub(super) fn counts(&self) -> [usize; 2] {
        self.counts
    }

    /// Counts the votes of the pixels from `corner` on, as far as there are both cells and pixels.
    ///
    /// Gives `orientations` numbers per cell, cells row by row: the mean over the pixels of a
    /// cell.
    pub(super) fn count(
        &self,
        votes: Votes<'_>,
        [top, left]: [usize; 2],
        orientations: usize,
        out: &mut [f32],
    ) {
        let [down, along] = &self.reaches;
        out.fill(0.0);
        for (row, down) in votes.votes.chunks_exact(votes.width).skip(top).zip(down) {
            for (vote, along) in row[left..].iter().zip(along) {
                for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let weight = down.weights[y] * along.weights[x];
                    if weight == 0.0 {
                        continue;
                    }
                    let cell = down.cells[y] * self.counts[1] + along.cells[x];
                    let cell = &mut out[cell * orientations..(cell + 1) * orientations];
                    for (bin, share) in vote.bins.into_iter().zip(vote.shares) {
                        cell[usize::from(bin)] += weight * share;
                    }
                }
            }
        }
        out.iter_mut().for_each(|votes| *votes /= self.area);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of pixels that vote 1, 10, 100, ... for the first of two orientations, and half as
    /// much for the second.
    fn row(pixels: usize) -> Vec<Vote> {
        let strength = |at: usize| 10.0_f32.powi(at as i32);
        (0..pixels)
            .map(|at| Vote { bins: [0, 1], shares: [strength(at), strength(at) / 2.0] })
            .collect()
    }

    fn count(cells: &Cells, votes: &[Vote], left: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; cells.counts[0] * cells.counts[1] * 2];
        cells.count(Votes { votes, width: votes.len() }, [0, left], 2, &mut out);
        out
    }

    #[test]
    fn hard_votes_by_hand() {
        let mut cells = Cells::default();
        cells.hard([1, 2], [1, 2]);
        assert_eq!(count(&cells, &row(5), 0), [5.5, 2.75, 550.0, 275.0]);
        assert_eq!(count(&cells, &row(5), 1), [55.0, 27.5, 5500.0, 2750.0]);
        // There is no fourth pixel.
        assert_eq!(count(&cells, &row(3), 0), [5.5, 2.75, 50.0, 25.0]);
    }

    /// Middles of the cells at 1 and 3; middles of the pixels at 0.5, 1.5, 2.5 and 3.5: they vote
    /// 3/4 (1/4 is lost), 3/4 and 1/4, 1/4 and 3/4, and 3/4.
    #[test]
    fn bilinear_votes_by_hand() {
        let mut cells = Cells::default();
        cells.bilinear([1, 2], [1, 2]);
        let first = 0.75 * 1.0 + 0.75 * 10.0 + 0.25 * 100.0;
        let second = 0.25 * 10.0 + 0.75 * 100.0 + 0.75 * 1000.0;
        let expected = [first, first / 2.0, second, second / 2.0].map(|votes: f32| votes / 2.0);
        assert_eq!(count(&cells, &row(5), 0), expected);
    }

    /// One cell of two pixels. In the middle of its one row the weight is 1; along the row the
    /// pixels lie half a pixel from the middle, or with an offset one pixel from it and on it.
    #[test]
    fn gaussian_weights_by_hand() {
        let weights = |offset: f64| {
            let mut cells = Cells::default();
            cells.hard([1, 1], [1, 2]);
            cells.weigh(0.5, offset);
            let [down, along] = cells.reaches;
            let weight = |reach: &Reach| reach.weights[0];
            (weight(&down[0]), weight(&along[0]), weight(&along[1]))
        };
        let at = |sigmas: f64| (-sigmas * sigmas / 2.0).exp() as f32;
        assert_eq!(weights(0.0), (1.0, at(1.0), at(1.0)));
        assert_eq!(weights(0.5), (at(1.0), at(2.0), 1.0));
    }
}
