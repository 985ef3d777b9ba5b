//! The same cells of several small images, counted side by side.

use super::gradient::Orientations;
use super::votes::Votes;
use crate::kernels::Simd;
use crate::kernels::hog::{self as kernel, LANES, Lanes};

/// Rows of cells of up to `LANES` images of one size, from top to bottom.
pub(super) struct Batch {
    simd: Simd,
    size: [usize; 3],
    cell_size: [usize; 2],
    votes: Votes,
}

impl Batch {
    /// For images of shape `(height, width, channels)`, at least as large as a cell.
    pub(super) fn new(simd: Simd, size: [usize; 3], cell_size: [usize; 2]) -> Self {
        let [height, width, channels] = size;
        let [_, cell_width] = cell_size;
        let lanes = Lanes {
            groups: width / cell_width,
            pixels: cell_width,
            pixel_step: 1,
            group_step: cell_width,
        };
        Self { simd, size, cell_size, votes: Votes::new(simd, lanes, height, channels) }
    }

    /// Begins with other images.
    pub(super) fn restart(&mut self) {
        self.votes.restart();
    }

    /// Mean votes of the cells of the next row, one after another, of each image; `images` holds
    /// whole images, and there may be more `rows` than images.
    pub(super) fn next<'a>(
        &mut self,
        images: &[u8],
        orientations: &Orientations,
        rows: impl Iterator<Item = &'a mut [f32]>,
    ) {
        let [height, width, channels] = self.size;
        let (simd, [cell_height, cell_width]) = (self.simd, self.cell_size);
        let totals = self.votes.next(cell_height, orientations, |y, buffer| {
            let length = buffer.len() / channels;
            for (channel, lanes) in buffer.chunks_exact_mut(length).enumerate() {
                for (lane, image) in images.chunks_exact(height * width * channels).enumerate() {
                    let row = &image[y * width * channels + channel..(y + 1) * width * channels];
                    kernel::spread(simd, row, channels, lane, lanes);
                }
            }
        });
        let area = (cell_height * cell_width) as f32;
        for (lane, row) in rows.enumerate() {
            for (vote, totals) in row.iter_mut().zip(totals.chunks_exact(LANES)) {
                *vote = totals[lane] / area;
            }
        }
    }
}
