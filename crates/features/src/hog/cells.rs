//! Cells of one image, counted side by side.

use super::gradient::Orientations;
use super::votes::Votes;
use crate::kernels::Simd;
use crate::kernels::hog::{self as kernel, LANES, Lanes};

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
    columns: usize,
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
        Self { simd, pixels, width, channels, cell_size, columns, votes }
    }

    /// Mean votes of the cells of the next row, one after another.
    pub(super) fn next(&mut self, orientations: &Orientations, out: &mut [f32]) {
        let Self { simd, pixels, width, channels, cell_size: [cell_height, cell_width], .. } =
            *self;
        let columns = self.columns;
        let totals = self.votes.next(cell_height, orientations, |y, buffer| {
            let row = &pixels[y * width * channels..(y + 1) * width * channels];
            let length = buffer.len() / channels;
            for (channel, planes) in buffer.chunks_exact_mut(length).enumerate() {
                match channels {
                    1 => kernel::planes::<1>(simd, row, channel, cell_width, columns, planes),
                    _ => kernel::planes::<3>(simd, row, channel, cell_width, columns, planes),
                }
            }
        });
        let count = orientations.count();
        let area = (cell_height * cell_width) as f32;
        let groups = totals.chunks_exact(count * LANES);
        for (totals, out) in groups.zip(out.chunks_mut(count * LANES)) {
            for (lane, cell) in out.chunks_exact_mut(count).enumerate() {
                for (bin, vote) in cell.iter_mut().enumerate() {
                    *vote = totals[bin * LANES + lane] / area;
                }
            }
        }
    }
}
