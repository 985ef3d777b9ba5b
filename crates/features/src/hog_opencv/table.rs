//! Which pixels of a block vote for which of its cells, with what weight, and in what order.

use super::OpenCvHogParams;
use crate::kernels::hog_opencv::{Segment, Vote};

/// A pixel's vote for a cell, before the order is settled.
#[derive(Debug, Clone, Copy)]
struct Share {
    cell: usize,
    weight: f32,
}

/// All votes of a block. `offset` gives the place of a column of the block in a row of shares.
///
/// OpenCV lets pixels that vote for one cell go first, then those that vote for two, then those
/// that vote for four, each kind column by column. Sums of different cells do not meet, so pixels
/// may change places as long as no cell sees a difference: that leaves few, long segments.
pub(super) fn segments(params: &OpenCvHogParams, offset: impl Fn(usize) -> usize) -> Vec<Segment> {
    let [block_height, block_width] = params.block_size;
    let gauss = Gauss::new(params);
    let mut segments: Vec<Segment> = Vec::new();
    for kind in [1, 2, 4] {
        for column in 0..block_width {
            for row in 0..block_height {
                let shares = shares(params, row, column);
                if shares.len() == kind {
                    let weight = gauss.weight(row, column);
                    push(&mut segments, row, offset(column), weight, &shares);
                }
            }
        }
    }
    segments
}

/// Puts a pixel into the last segment for the same cells, unless one of them has had other votes
/// since.
fn push(segments: &mut Vec<Segment>, row: usize, offset: usize, weight: f32, shares: &[Share]) {
    let cells: Vec<usize> = shares.iter().map(|share| share.cell).collect();
    let mut weights = [0.0; 4];
    for (to, share) in weights.iter_mut().zip(shares) {
        *to = weight * share.weight;
    }
    let vote = Vote { row, offset, weights };
    for segment in segments.iter_mut().rev() {
        if segment.cells == cells {
            segment.pixels.push(vote);
            return;
        }
        if segment.cells.iter().any(|cell| cells.contains(cell)) {
            break;
        }
    }
    segments.push(Segment { cells, pixels: vec![vote] });
}

/// The one, two or four cells nearest to a pixel, and how near.
fn shares(params: &OpenCvHogParams, row: usize, column: usize) -> Vec<Share> {
    let [rows, columns] = params.cells_per_block();
    let [cell_height, cell_width] = params.cell_size;
    let across = neighbours(column, cell_width, columns);
    let down = neighbours(row, cell_height, rows);
    let pairs = across.iter().flat_map(|&x| down.iter().map(move |&y| (x, y)));
    let share = |((x, near_x), (y, near_y)): ((usize, f32), (usize, f32))| Share {
        cell: x * rows + y,
        weight: near_x * near_y,
    };
    pairs.map(share).collect()
}

/// Cells on either side of a pixel along one axis, without those outside the block, and how near
/// each is: 1 at its centre, 0 a cell away.
fn neighbours(pixel: usize, side: usize, cells: usize) -> Vec<(usize, f32)> {
    let place = (pixel as f32 + 0.5) / side as f32 - 0.5;
    let before = place.floor();
    let fraction = place - before;
    let both = [(before, 1.0 - fraction), (before + 1.0, fraction)];
    let inside = both.into_iter().filter(|&(cell, _)| cell >= 0.0 && cell < cells as f32);
    inside.map(|(cell, near)| (cell as usize, near)).collect()
}

/// How much a pixel counts: less, the further it lies from the middle of the block.
struct Gauss {
    middle: [f32; 2],
    scale: f32,
}

impl Gauss {
    fn new(params: &OpenCvHogParams) -> Self {
        let sigma = params.sigma() as f32;
        let middle = params.block_size.map(|side| side as f32 * 0.5);
        Self { middle, scale: 1.0 / (sigma * sigma * 2.0) }
    }

    fn weight(&self, row: usize, column: usize) -> f32 {
        let square = |at: usize, middle: f32| (at as f32 - middle) * (at as f32 - middle);
        let distance = square(row, self.middle[0]) + square(column, self.middle[1]);
        // As OpenCV, by the `expf` of the system, which may be wrong in the last bit.
        (-distance * self.scale).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four corners, four edges and the centre of a block of 2x2 cells: 16 x 1 + 32 x 2 + 64 x 4
    /// votes for each quarter of its cells.
    #[test]
    fn a_block_of_four_cells_has_nine_segments() {
        let segments = segments(&OpenCvHogParams::default(), |column| column);
        let sizes: Vec<_> = segments.iter().map(|s| (s.cells.len(), s.pixels.len())).collect();
        let corners_edges_centre = [[(1, 16); 4], [(2, 32); 4]].concat();
        assert_eq!(sizes[..8], corners_edges_centre);
        assert_eq!(sizes[8..], [(4, 64)]);
    }

    /// Whatever the segments, each cell sees its pixels in the order of the plain list.
    #[test]
    fn no_cell_sees_a_change_of_order() {
        let sizes = [([16, 16], [8, 8]), ([24, 12], [8, 4]), ([12, 30], [3, 6]), ([5, 7], [5, 7])];
        for (block_size, cell_size) in sizes {
            let params = OpenCvHogParams { block_size, cell_size, ..Default::default() };
            let segments = segments(&params, |column| column);
            let [rows, columns] = params.cells_per_block();
            for cell in 0..rows * columns {
                let seen = segments.iter().filter(|segment| segment.cells.contains(&cell));
                let seen = seen.flat_map(|segment| &segment.pixels);
                let seen: Vec<_> = seen.map(|vote| (vote.offset, vote.row)).collect();
                assert_eq!(seen, in_order(&params, cell));
            }
        }
    }

    /// Pixels that vote for a cell: those with one cell first, each kind column by column.
    fn in_order(params: &OpenCvHogParams, cell: usize) -> Vec<(usize, usize)> {
        let mut seen = Vec::new();
        for column in 0..params.block_size[1] {
            for row in 0..params.block_size[0] {
                let shares = shares(params, row, column);
                if shares.iter().any(|share| share.cell == cell) {
                    seen.push((shares.len(), column, row));
                }
            }
        }
        seen.sort_unstable();
        seen.into_iter().map(|(_, column, row)| (column, row)).collect()
    }
}
