//! Votes counted per cell: every pixel votes for the four cells around it, the nearer the more.
//!
//! Cells are finished row by row, so that what is worked on stays in the cache however large the
//! image is.

use super::directions::Directions;
use super::sides::{Geometry, Sides};
use crate::kernels::Simd;
use crate::kernels::fhog::{self, Cells, Corners, LANES, PLACES, Votes};
use ndarray::{ArrayView3, Axis};
use std::ops::Range;

/// Rows of pixels that vote at once; more would not fit into the fastest cache.
const ROWS: usize = 8;

/// Memory for the descriptor of one image after another: nothing is allocated for an image of the
/// same size as the last one.
#[derive(Debug, Clone)]
pub struct FhogScratch {
    sides: Option<Sides>,
    /// Three rows of pixels, channel by channel: row `y` at place `y % 3`.
    pixels: [Vec<u8>; 3],
    strengths: Vec<f32>,
    /// Places of the gradients in a table of directions.
    pub(super) places: Vec<u32>,
    bins: Vec<u8>,
    second_strengths: Vec<f32>,
    corners: Box<Corners>,
    /// Rows of cells: one that waits for the energies of the next, the one above the pixels at
    /// work and the one below them.
    rows: [Vec<f32>; 3],
    /// Energy of each cell, with a frame that repeats the outermost cells.
    energies: Vec<f32>,
}

impl Default for FhogScratch {
    /// Empty; it grows with the first image.
    fn default() -> Self {
        Self {
            sides: None,
            pixels: Default::default(),
            strengths: Vec::new(),
            places: Vec::new(),
            bins: Vec::new(),
            second_strengths: Vec::new(),
            corners: Box::new([[[0.0; 4]; 256]; 4]),
            rows: Default::default(),
            energies: Vec::new(),
        }
    }
}

/// Numbers per cell while it is worked on: votes for directions, sums of opposite ones, zeros.
pub(super) fn stride(orientations: usize) -> usize {
    (3 * orientations).next_multiple_of(LANES)
}

/// Hands every row of cells, from above, to `finish` with its place. The sides must be those of
/// the image.
pub(super) fn count(
    simd: Simd,
    image: ArrayView3<'_, u8>,
    directions: &Directions,
    scratch: &mut FhogScratch,
    mut finish: impl FnMut(usize, Cells<'_>),
) {
    let Some(sides) = scratch.sides.take() else { return };
    let (orientations, cells) =
        (directions.orientations(), [sides.rows.cells, sides.columns.cells]);
    let stride = stride(orientations);
    scratch.clear(cells, stride);
    scratch.start(simd, image);
    let framed = cells[1] + 2;
    let mut spans = sides.rows.spans.iter().peekable();
    for row in 0..=cells[0] {
        if let Some(span) = spans.next_if(|span| span.cell == row) {
            for first in (span.start..span.end).step_by(ROWS) {
                let rows = first..(first + ROWS).min(span.end);
                scratch.gradients(simd, image, &sides, rows.clone());
                scratch.vote(simd, directions, &sides, rows);
            }
        }
        // The row of cells above is now complete, unless it is the frame.
        if row > 0 {
            let energies = &mut scratch.energies[row * framed..(row + 1) * framed];
            let votes = &mut scratch.rows[1][stride..(framed - 1) * stride];
            fhog::fold(simd, orientations, stride, votes, &mut energies[1..framed - 1]);
            energies[0] = energies[1];
            energies[framed - 1] = energies[framed - 2];
        }
        if row == 1 {
            scratch.energies.copy_within(framed..2 * framed, 0);
        }
        if row > 1 {
            finish(row - 2, scratch.cells(row - 2, orientations, framed));
        }
        scratch.rows.rotate_left(1);
        scratch.rows[2].fill(0.0);
    }
    let last = cells[0] * framed;
    scratch.energies.copy_within(last..last + framed, last + framed);
    finish(cells[0] - 1, scratch.cells(cells[0] - 1, orientations, framed));
    scratch.sides = Some(sides);
}

impl FhogScratch {
    /// Makes room for a new image.
    fn clear(&mut self, [rows, columns]: [usize; 2], stride: usize) {
        for row in &mut self.rows {
            row.clear();
            row.resize((columns + 2) * stride, 0.0);
        }
        self.energies.resize((rows + 2) * (columns + 2), 0.0);
    }

    /// Loads what the gradients of the second row need besides the third.
    pub(super) fn start(&mut self, simd: Simd, image: ArrayView3<'_, u8>) {
        for y in 0..image.dim().0.min(2) {
            self.load(simd, image, y);
        }
    }

    /// Copies a row of pixels, channel by channel.
    fn load(&mut self, simd: Simd, image: ArrayView3<'_, u8>, y: usize) {
        let (_, width, channels) = image.dim();
        let pixels = &mut self.pixels[y % 3];
        pixels.resize(channels * width, 0);
        let row = image.index_axis(Axis(0), y);
        match row.as_slice() {
            Some(row) if channels == 1 => pixels.copy_from_slice(row),
            Some(row) if channels == 3 => fhog::planes(simd, row.as_chunks().0, pixels),
            _ => {
                for (pixel, value) in pixels.iter_mut().zip(row.t()) {
                    *pixel = *value;
                }
            }
        }
    }

    /// Works out where the cells of an image lie, unless they lie there already.
    pub(super) fn set_sides(&mut self, geometry: Geometry) {
        if self.sides.as_ref().is_none_or(|sides| sides.geometry != geometry) {
            self.sides = Some(Sides::new(geometry));
        }
    }

    /// Strengths and places of the gradients of some rows of pixels, from the first column on. The
    /// rows must come in order, the first two having been loaded.
    pub(super) fn gradients(
        &mut self,
        simd: Simd,
        image: ArrayView3<'_, u8>,
        sides: &Sides,
        rows: Range<usize>,
    ) {
        let width = sides.columns.shares.len();
        self.strengths.resize(rows.len() * width, 0.0);
        self.places.resize(rows.len() * width, 0);
        for (row, y) in rows.enumerate() {
            self.load(simd, image, y + 1);
            let pixels = [y - 1, y, y + 1].map(|y| &*self.pixels[y % 3]);
            let ties = sides.ties().into_iter();
            for (columns, last_wins) in ties.filter(|(columns, _)| !columns.is_empty()) {
                let at = row * width + columns.start..row * width + columns.end;
                let (strengths, places) = (&mut self.strengths[at.clone()], &mut self.places[at]);
                let first = columns.start;
                match image.dim().2 {
                    1 => fhog::gradients::<1>(simd, pixels, first, last_wins, strengths, places),
                    _ => fhog::gradients::<3>(simd, pixels, first, last_wins, strengths, places),
                }
            }
        }
    }

    /// Lets some rows of pixels vote, all between the centres of two rows of cells.
    fn vote(&mut self, simd: Simd, directions: &Directions, sides: &Sides, rows: Range<usize>) {
        let nearest = directions.nearest();
        let place = |place: &u32| *place as usize % PLACES;
        self.bins.clear();
        self.bins.extend(self.places.iter().map(|at| nearest[place(at)]));
        let down = &sides.rows.shares[rows];
        if let Some(second) = directions.second() {
            self.second_strengths.clear();
            for (at, strength) in self.places.iter().zip(&mut self.strengths) {
                let share = second[place(at)].share;
                self.second_strengths.push(*strength * share);
                *strength *= 1.0 - share;
            }
            self.add(simd, directions.orientations(), sides, down);
            std::mem::swap(&mut self.strengths, &mut self.second_strengths);
            self.bins.clear();
            self.bins.extend(self.places.iter().map(|at| second[place(at)].bin));
        }
        self.add(simd, directions.orientations(), sides, down);
    }

    fn add(&mut self, simd: Simd, orientations: usize, sides: &Sides, down: &[[f32; 4]]) {
        let votes = Votes {
            strengths: &self.strengths,
            bins: &self.bins,
            down,
            across: &sides.columns.shares,
        };
        let [_, above, below] = &mut self.rows;
        let spans = &sides.columns.spans;
        let stride = stride(orientations);
        // One bin more for votes without a direction.
        let bins = 2 * orientations + 1;
        fhog::vote(simd, votes, spans, stride, bins, &mut self.corners, [above, below]);
    }

    /// The row of cells that waits.
    fn cells(&self, row: usize, orientations: usize, framed: usize) -> Cells<'_> {
        let stride = stride(orientations);
        Cells {
            votes: &self.rows[0][stride..(framed - 1) * stride],
            stride,
            orientations,
            energies: [0, 1, 2].map(|next| &self.energies[(row + next) * framed..][..framed]),
        }
    }
}
