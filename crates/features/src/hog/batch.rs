//! The same cells of several small images, counted side by side.

use super::gradient::Orientations;
use super::votes::{Votes, beside};
use crate::kernels::Simd;
use crate::kernels::hog::{self as kernel, LANES, Lanes, Strips};
use std::hint::black_box;

/// Bytes that come from memory at once.
const CACHE_LINE: usize = 64;

/// Rows of cells of up to `LANES` images of one size, from top to bottom.
pub(super) struct Batch {
    simd: Simd,
    size: [usize; 3],
    cell_size: [usize; 2],
    /// A row of pixels of one channel of each image.
    lines: Vec<u8>,
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
        let votes = Votes::new(simd, lanes, height, channels);
        Self { simd, size, cell_size, lines: vec![0; LANES * width], votes }
    }

    /// Begins with other images, which it brings into the cache.
    ///
    /// Rows of many images are fetched from as many places; reading all from first to last before
    /// takes a quarter off the time of images of 28x28 pixels.
    pub(super) fn restart(&mut self, images: &[u8]) {
        self.votes.restart();
        let lines = images.iter().step_by(CACHE_LINE);
        black_box(lines.fold(0, |all, byte| all ^ byte));
    }

    /// Mean votes of the cells of the next row, one after another: of each image in one of `rows`,
    /// and of all images side by side in `lanes`. `images` holds whole images, and there may be
    /// more `rows` than images.
    pub(super) fn next<'a>(
        &mut self,
        images: &[u8],
        orientations: &Orientations,
        rows: impl Iterator<Item = &'a mut [f32]>,
        lanes: &mut [f32],
    ) {
        let [height, width, channels] = self.size;
        let (simd, [cell_height, cell_width]) = (self.simd, self.cell_size);
        let lines = &mut self.lines[..images.len() / (height * channels)];
        let totals = self.votes.next(cell_height, orientations, |y, buffer| {
            let length = buffer.len() / channels;
            for (channel, lanes) in buffer.chunks_exact_mut(length).enumerate() {
                if channels == 1 {
                    fill(simd, &images[y * width..], height * width, width, lanes);
                } else {
                    let rows = images[y * width * channels..].chunks(height * width * channels);
                    for (row, line) in rows.zip(lines.chunks_exact_mut(width)) {
                        kernel::channel(simd, &row[..width * channels], channel, line);
                    }
                    fill(simd, lines, width, width, lanes);
                }
            }
        });
        let area = (cell_height * cell_width) as f32;
        lanes.iter_mut().zip(totals).for_each(|(vote, total)| *vote = total / area);
        for (lane, row) in rows.enumerate() {
            let votes = lanes.as_chunks::<LANES>().0;
            row.iter_mut().zip(votes).for_each(|(vote, votes)| *vote = votes[lane]);
        }
    }
}

/// Puts rows of pixels, `step` apart and `width` long, side by side, with the pixels beside those
/// that there is room for.
fn fill(simd: Simd, rows: &[u8], step: usize, width: usize, lanes: &mut [u8]) {
    let inner = lanes.len() / LANES - 2;
    let count = (rows.len() - width) / step + 1;
    let copy = |lanes: &mut [u8], from: usize, length, to: usize| {
        let strips = Strips { count, length, step };
        kernel::planes(simd, &rows[from..], strips, LANES, &mut lanes[to * LANES..]);
    };
    copy(lanes, 0, inner, 1);
    // Most pixels that stand in for others lie there now.
    let places = beside(width, inner).into_iter().zip([0, inner + 1]);
    for (from, to) in places {
        if from < inner {
            let from = (from + 1) * LANES;
            lanes.copy_within(from..from + LANES, to * LANES);
        } else {
            copy(lanes, from, 1, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of four pixels, between others.
    #[test]
    fn lanes_by_hand() {
        let rows = [0, 1, 2, 3, 99, 10, 11, 12, 13];
        let lanes = |inner: usize| {
            let mut lanes = vec![99; (inner + 2) * LANES];
            fill(Simd::best(), &rows, 5, 4, &mut lanes);
            lanes.chunks(LANES).map(|lanes| [lanes[0], lanes[1], lanes[2]]).collect::<Vec<_>>()
        };
        // 1 stands for what is left of 0.
        assert_eq!(lanes(3), [[1, 11, 0], [0, 10, 0], [1, 11, 0], [2, 12, 0], [3, 13, 0]]);
        // 2 stands for what is right of 3.
        assert_eq!(lanes(4)[4..], [[3, 13, 0], [2, 12, 0]]);
    }
}
