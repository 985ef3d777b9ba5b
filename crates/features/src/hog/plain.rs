//! Cells of one image, counted pixel by pixel: for brightness that is not a whole number, and as
//! the reference of the faster ways.

use super::gradient::{Orientations, strength};

/// Rows of cells of one image, from top to bottom.
pub(super) struct Plain<'a> {
    /// Shape `(height, width, channels)`, one after another.
    pixels: &'a [u8],
    size: [usize; 3],
    cell_size: [usize; 2],
    /// What each pixel value stands for.
    levels: &'a [f64; 256],
    /// The first row of pixels of the next row of cells.
    next: usize,
}

impl<'a> Plain<'a> {
    /// Of an image at least as large as a cell.
    pub(super) fn new(
        pixels: &'a [u8],
        size: [usize; 3],
        cell_size: [usize; 2],
        levels: &'a [f64; 256],
    ) -> Self {
        Self { pixels, size, cell_size, levels, next: 0 }
    }

    /// Mean votes of the cells of the next row, one after another, and sorted into a plane per
    /// orientation.
    ///
    /// Sums are rounded to `f32` after each pixel, row by row, as scikit-image's are.
    pub(super) fn next(
        &mut self,
        orientations: &Orientations,
        out: &mut [f32],
        planes: &mut [f32],
    ) {
        let [cell_height, cell_width] = self.cell_size;
        let columns = self.size[1] / cell_width;
        out.fill(0.0);
        for y in self.next..self.next + cell_height {
            for x in 0..columns * cell_width {
                let ([dy, dx], strength) = self.gradient(y, x);
                let cell = x / cell_width * orientations.count();
                let vote = &mut out[cell + orientations.bin(dy, dx)];
                *vote = (f64::from(*vote) + strength) as f32;
            }
        }
        self.next += cell_height;
        let area = (cell_height * cell_width) as f32;
        out.iter_mut().for_each(|vote| *vote /= area);
        let plane = planes.len() / orientations.count();
        for (column, cell) in out.chunks_exact(orientations.count()).enumerate() {
            for (bin, vote) in cell.iter().enumerate() {
                planes[bin * plane + column] = *vote;
            }
        }
    }

    /// The first of the strongest gradients of all channels, and its strength.
    fn gradient(&self, y: usize, x: usize) -> ([f64; 2], f64) {
        let [height, width, channels] = self.size;
        let level = |y, x, channel| {
            self.levels[usize::from(self.pixels[(y * width + x) * channels + channel])]
        };
        let ([above, below], [left, right]) = (neighbours(y, height), neighbours(x, width));
        let mut best = ([0.0; 2], 0.0);
        for channel in 0..channels {
            let dy = level(below, x, channel) - level(above, x, channel);
            let dx = level(y, right, channel) - level(y, left, channel);
            let strength = strength(dy, dx);
            if strength > best.1 {
                best = ([dy, dx], strength);
            }
        }
        best
    }
}

/// The places before and after `at` of `count`, or twice itself on the border.
fn neighbours(at: usize, count: usize) -> [usize; 2] {
    if at == 0 || at + 1 == count { [at; 2] } else { [at - 1, at + 1] }
}
