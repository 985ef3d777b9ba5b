//! Cells of one image, counted side by side.

use super::gradient::Orientations;
use super::votes::{Votes, beside};
use crate::kernels::Simd;
use crate::kernels::hog::{self as kernel, LANES, Lanes, Strips};

/// Rows of cells of one image, from top to bottom.
///
/// The pixels of a row are sorted by their column within the cell, into planes: plane `j` holds
/// pixel `j` of every cell. Left and right neighbours are then in the planes before and after, at
/// the same place.
pub(super) struct Cells<'a> {
    simd: Simd,
    /// Shape `(height, width, channels)`, one after another.
    pixels: &'a [u8],
    width: usize,
    channels: usize,
    cell_size: [usize; 2],
    /// A row of pixels of one channel.
    line: Vec<u8>,
    votes: Votes,
}

impl<'a> Cells<'a> {
    /// Of an image at least as large as a cell.
    pub(super) fn new(
        simd: Simd,
        pixels: &'a [u8],
        [height, width, channels]: [usize; 3],
        cell_size: [usize; 2],
    ) -> Self {
        let columns = width / cell_size[1];
        let groups = columns.div_ceil(LANES);
        let lanes = Lanes { groups, pixels: cell_size[1], pixel_step: groups, group_step: 1 };
        let votes = Votes::new(simd, lanes, height, channels);
        let line = vec![0; width];
        Self { simd, pixels, width, channels, cell_size, line, votes }
    }

    /// Mean votes of the cells of the next row, one after another, and sorted into a plane per
    /// orientation, [`plane`] numbers long.
    pub(super) fn next(
        &mut self,
        orientations: &Orientations,
        out: &mut [f32],
        planes: &mut [f32],
    ) {
        let Self { simd, pixels, width, channels, cell_size: [cell_height, cell_width], .. } =
            *self;
        let line = &mut self.line;
        let totals = self.votes.next(cell_height, orientations, |y, buffer| {
            let row = &pixels[y * width * channels..(y + 1) * width * channels];
            let length = buffer.len() / channels;
            for (channel, planes) in buffer.chunks_exact_mut(length).enumerate() {
                if channels == 1 {
                    fill(simd, row, cell_width, planes);
                } else {
                    kernel::channel(simd, row, channel, line);
                    fill(simd, line, cell_width, planes);
                }
            }
        });
        let count = orientations.count();
        let area = (cell_height * cell_width) as f32;
        let plane = planes.len() / count;
        let groups = totals.chunks_exact(count * LANES).zip(out.chunks_mut(count * LANES));
        for (group, (totals, out)) in groups.enumerate() {
            for (bin, totals) in totals.chunks_exact(LANES).enumerate() {
                let votes = &mut planes[bin * plane + group * LANES..][..LANES];
                votes.iter_mut().zip(totals).for_each(|(vote, total)| *vote = total / area);
                let cells = out.chunks_exact_mut(count).zip(votes);
                cells.for_each(|(cell, vote)| cell[bin] = *vote);
            }
        }
    }
}

/// Length of a plane with a number of each of so many cells.
pub(super) fn plane(columns: usize) -> usize {
    columns.next_multiple_of(LANES)
}

/// Sorts a row of pixels into planes: the second holds the first pixel of each cell, and so on;
/// the first and the last hold the pixels beside the cells.
fn fill(simd: Simd, row: &[u8], cell_width: usize, planes: &mut [u8]) {
    let plane = planes.len() / (cell_width + 2);
    let columns = row.len() / cell_width;
    let strips = Strips { count: columns, length: cell_width, step: cell_width };
    let last = cell_width * plane;
    kernel::planes(simd, row, strips, plane, &mut planes[plane..last + plane]);
    planes.copy_within(last..last + columns - 1, 1);
    planes.copy_within(plane + 1..plane + columns, last + plane);
    let [before, after] = beside(row.len(), columns * cell_width);
    planes[0] = row[before];
    planes[last + plane + columns - 1] = row[after];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of a pixel is its column.
    #[test]
    fn planes_by_hand() {
        let row = [0, 1, 2, 3, 4, 5, 6, 7];
        let planes = |cell_width: usize| {
            let mut planes = vec![0; (cell_width + 2) * LANES];
            fill(Simd::best(), &row, cell_width, &mut planes);
            let columns = row.len() / cell_width;
            planes.chunks(LANES).map(|plane| plane[..columns].to_vec()).collect::<Vec<_>>()
        };
        // 1 stands for what is left of 0.
        assert_eq!(planes(3), [[1, 2], [0, 3], [1, 4], [2, 5], [3, 6]]);
        // 6 stands for what is right of 7.
        assert_eq!(planes(2), [[1, 1, 3, 5], [0, 2, 4, 6], [1, 3, 5, 7], [2, 4, 6, 6]]);
    }
}
