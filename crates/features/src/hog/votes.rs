//! Votes of the pixels, counted in many cells side by side.

use super::gradient::{Orientations, strength};
use crate::kernels::Simd;
use crate::kernels::hog::{self as kernel, LANES, Lanes};

/// The smallest squared strength shared by two gradients of 8 bits to which [`strength`] gives
/// different last bits.
const AMBIGUOUS: i32 = 2993;

/// Counts the votes in the cells of an image, or of several images of one size, a row of cells
/// after the other, from top to bottom.
///
/// A row of pixels is a buffer with `LANES` pixels side by side: the same pixel of neighbouring
/// cells, or of different images. Channels follow one another. Each begins and ends with
/// `lanes.pixel_step` rows of lanes for the left neighbours of the first and the right neighbours
/// of the last pixels.
#[derive(Debug)]
pub(super) struct Votes {
    simd: Simd,
    lanes: Lanes,
    height: usize,
    channels: usize,
    /// The last three rows of pixels; row `y` is in place `y % 3`.
    rows: [Vec<u8>; 3],
    /// How many rows of pixels are, or were, in `rows`.
    filled: usize,
    /// The first row of pixels of the next row of cells.
    next: usize,
    dy: Vec<i16>,
    dx: Vec<i16>,
    strengths: Vec<f64>,
    bins: Vec<u8>,
    totals: Vec<f32>,
}

impl Votes {
    /// For images with so many rows of pixels, and channels.
    pub(super) fn new(simd: Simd, lanes: Lanes, height: usize, channels: usize) -> Self {
        let pixels = lanes.groups * lanes.pixels * LANES;
        let row = vec![0; channels * (pixels + 2 * lanes.pixel_step * LANES)];
        Self {
            simd,
            lanes,
            height,
            channels,
            rows: [row.clone(), row.clone(), row],
            filled: 0,
            next: 0,
            dy: vec![0; pixels],
            dx: vec![0; pixels],
            strengths: vec![0.0; pixels],
            bins: vec![0; pixels],
            totals: Vec::new(),
        }
    }

    /// Goes back to the first row, for other images.
    pub(super) fn restart(&mut self) {
        (self.filled, self.next) = (0, 0);
    }

    /// Totals of the next row of cells, `cell_height` pixels high: groups of `LANES` cells, in
    /// each a row of `LANES` totals per bin. `fill` writes a row of the image into a buffer.
    ///
    /// Totals are rounded to `f32` after each pixel, row by row, as scikit-image's are.
    pub(super) fn next(
        &mut self,
        cell_height: usize,
        orientations: &Orientations,
        mut fill: impl FnMut(usize, &mut [u8]),
    ) -> &[f32] {
        let count = orientations.count();
        self.totals.clear();
        self.totals.resize(self.lanes.groups * count * LANES, 0.0);
        for y in self.next..self.next + cell_height {
            while self.filled <= (y + 1).min(self.height - 1) {
                fill(self.filled, &mut self.rows[self.filled % 3]);
                self.filled += 1;
            }
            self.gradients(y);
            let Self { simd, lanes, dy, dx, strengths, bins, totals, .. } = self;
            bins.fill(0);
            for thresholds in orientations.thresholds() {
                kernel::bins(*simd, dy, dx, thresholds, bins);
            }
            kernel::strengths(*simd, dy, dx, strengths);
            kernel::votes(*simd, bins, strengths, *lanes, count, totals);
        }
        self.next += cell_height;
        &self.totals
    }

    fn gradients(&mut self, y: usize) {
        let Self { simd, channels, ref rows, ref mut dy, ref mut dx, .. } = *self;
        let here = &rows[y % 3];
        // Rows on the border have no difference across it.
        let on_border = y == 0 || y + 1 == self.height;
        let [above, below] = if on_border { [y; 2] } else { [y - 1, y + 1] };
        let [above, below] = [above, below].map(|y| &rows[y % 3]);
        let (pixels, step) = (dy.len(), self.lanes.pixel_step * LANES);
        let channel = |channel: usize| {
            let start = channel * here.len() / channels;
            let part = |from: usize| start + from..start + from + pixels;
            let vertical = [&above[part(step)], &below[part(step)]];
            (vertical, [&here[part(0)], &here[part(2 * step)]])
        };
        let (vertical, horizontal) = channel(0);
        kernel::gradients(simd, vertical, horizontal, dy, dx);
        let mut ambiguous = false;
        for (vertical, horizontal) in (1..channels).map(channel) {
            ambiguous |= kernel::strongest(simd, vertical, horizontal, AMBIGUOUS, dy, dx);
        }
        if ambiguous {
            for (at, (dy, dx)) in dy.iter_mut().zip(dx).enumerate() {
                let neighbours = (0..channels).map(channel);
                [*dy, *dx] = first_strongest(neighbours.map(|(vertical, horizontal)| {
                    [vertical, horizontal].map(|[a, b]| i16::from(b[at]) - i16::from(a[at]))
                }));
            }
        }
    }
}

/// Places of the pixels that stand in for those before the first and after the last of `inner`
/// pixels of a row. On the border of an image it is the pixel on the other side, so that there is
/// no difference across the border.
pub(super) fn beside(width: usize, inner: usize) -> [usize; 2] {
    [1.min(width - 1), if inner < width { inner } else { width.saturating_sub(2) }]
}

/// The first of the strongest gradients, turned as the kernels need it.
fn first_strongest(gradients: impl Iterator<Item = [i16; 2]>) -> [i16; 2] {
    let mut best = (-1.0, [0, 0]);
    for [dy, dx] in gradients {
        let strength = strength(f64::from(dy), f64::from(dx));
        if strength > best.0 {
            best = (strength, kernel::turned(dy, dx));
        }
    }
    best.1
}
