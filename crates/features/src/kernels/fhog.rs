//! Kernels of Felzenszwalb's HOG: gradients of a row, votes of a band of rows, features of a row
//! of cells.

use super::kernel;

/// Length of a table by [`place`].
pub(crate) const PLACES: usize = 1 << 18;

/// The place of a gradient of whole numbers, -255..=255 each, in a table.
pub(crate) fn place(dy: i32, dx: i32) -> usize {
    (((dy + 256) << 9) + dx + 256) as usize
}

/// The gradient at a place: downwards and across.
pub(crate) fn gradient_at(place: usize) -> [i32; 2] {
    let place = place as i32;
    [(place >> 9) - 256, (place & 511) - 256]
}

kernel! {
    /// Strength and [`place`] of the gradients of `strengths.len()` pixels of a row.
    ///
    /// `rows` are the rows above, at and below these pixels, each of `CHANNELS` parts of equal
    /// length; `first` is the first pixel's place in a part and at least 1. The strongest channel
    /// counts; of equal ones the last if `last_wins`, else the first.
    pub(crate) fn gradients<const CHANNELS: usize>(
        rows: [&[u8]; 3],
        first: usize,
        last_wins: bool,
        strengths: &mut [f32],
        places: &mut [u32],
    ) {
        let width = rows[0].len() / CHANNELS;
        let count = strengths.len();
        let part = |row: usize, channel: usize, shift: usize| {
            &rows[row][channel * width + first + shift - 1..][..count]
        };
        let neighbours: [[&[u8]; 4]; CHANNELS] = std::array::from_fn(|channel| {
            [part(0, channel, 1), part(2, channel, 1), part(1, channel, 0), part(1, channel, 2)]
        });
        let places = &mut places[..count];
        let handicap = i32::from(last_wins);
        for x in 0..count {
            let (mut dy, mut dx, mut squared) = (0, 0, -1);
            for [above, below, left, right] in neighbours {
                let down = i32::from(below[x]) - i32::from(above[x]);
                let across = i32::from(right[x]) - i32::from(left[x]);
                let other = down * down + across * across;
                let stronger = other + handicap > squared;
                dy = if stronger { down } else { dy };
                dx = if stronger { across } else { dx };
                squared = if stronger { other } else { squared };
            }
            strengths[x] = (squared as f32).sqrt();
            places[x] = (((dy + 256) << 9) + dx + 256) as u32;
        }
    }
}

/// Votes for the four cells around a square, per bin: upper left, upper right, lower left, lower
/// right. Four copies, so that neighbouring pixels of one bin do not wait for each other.
pub(crate) type Corners = [[[f32; 4]; 256]; 4];

/// The pixels of a row that lie between the centres of two neighbouring cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Place of the cell before, counting a frame of one cell.
    pub(crate) cell: usize,
    /// First pixel.
    pub(crate) start: usize,
    /// Pixel after the last.
    pub(crate) end: usize,
}

/// The votes of some rows of pixels between the centres of two rows of cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Votes<'a> {
    /// Strength of each gradient, row by row.
    pub(crate) strengths: &'a [f32],
    /// Bin of each gradient, likewise.
    pub(crate) bins: &'a [u8],
    /// Shares of the cells above and below, row by row: `[above, above, below, below]`.
    pub(crate) down: &'a [[f32; 4]],
    /// Shares of the cells at the left and right, pixel by pixel: `[left, right, left, right]`.
    pub(crate) across: &'a [[f32; 4]],
}

kernel! {
    /// Adds votes to the rows of cells above and below, `stride` numbers per cell, of which the
    /// first `bins` are counted. `corners` is zero before and after.
    pub(crate) fn vote(
        votes: Votes<'_>,
        spans: &[Span],
        stride: usize,
        bins: usize,
        corners: &mut Corners,
        cells: [&mut [f32]; 2],
    ) {
        let [above, below] = cells;
        let width = votes.across.len();
        for span in spans {
            let across = &votes.across[span.start..span.end];
            for (row, down) in votes.down.iter().enumerate() {
                let pixels = row * width + span.start..row * width + span.end;
                let strengths = &votes.strengths[pixels.clone()];
                let pixels = strengths.iter().zip(&votes.bins[pixels]).zip(across);
                for (x, ((&strength, &bin), across)) in pixels.enumerate() {
                    let corner = &mut corners[x % 4][usize::from(bin)];
                    for k in 0..4 {
                        corner[k] += strength * across[k] * down[k];
                    }
                }
            }
            let pair = span.cell * stride..(span.cell + 2) * stride;
            let (above_left, above_right) = above[pair.clone()].split_at_mut(stride);
            let (below_left, below_right) = below[pair].split_at_mut(stride);
            for bin in 0..bins {
                let mut sum = [0.0; 4];
                for copy in &mut *corners {
                    for k in 0..4 {
                        sum[k] += copy[bin][k];
                    }
                    copy[bin] = [0.0; 4];
                }
                above_left[bin] += sum[0];
                above_right[bin] += sum[1];
                below_left[bin] += sum[2];
                below_right[bin] += sum[3];
            }
        }
    }
}

kernel! {
    /// For each cell of `stride` numbers: writes, behind the votes for `2 * orientations`
    /// directions, the sums of opposite ones, and into `energies` the sum of their squares.
    pub(crate) fn fold(
        orientations: usize,
        stride: usize,
        cells: &mut [f32],
        energies: &mut [f32],
    ) {
        for (cell, energy) in cells.chunks_exact_mut(stride).zip(energies) {
            let (forward, rest) = cell.split_at_mut(orientations);
            let (backward, sums) = rest.split_at_mut(orientations);
            *energy = 0.0;
            for ((sum, forward), backward) in sums.iter_mut().zip(forward).zip(backward) {
                *sum = *forward + *backward;
                *energy += *sum * *sum;
            }
        }
    }
}

/// A row of cells as [`fold`] leaves it, to be normalised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    /// `stride` numbers per cell: votes for directions, sums of opposite ones, zeros.
    pub(crate) votes: &'a [f32],
    /// Numbers per cell, a multiple of [`LANES`].
    pub(crate) stride: usize,
    pub(crate) orientations: usize,
    /// Energies of the cells above, here and below, each from one cell further left to one
    /// further right.
    pub(crate) energies: [&'a [f32]; 3],
}

/// Numbers normalised at once.
pub(crate) const LANES: usize = 16;

const TRUNCATION: f32 = 0.2;
const EPSILON: f32 = 1e-4;

/// Lengths of the four blocks of 2x2 cells with cell `x`: upper left, upper right, lower left,
/// lower right.
#[inline(always)]
pub(crate) fn lengths([above, here, below]: [&[f32]; 3], x: usize) -> [f32; 4] {
    let block = |upper: &[f32], lower: &[f32], x: usize| {
        (upper[x] + upper[x + 1] + lower[x] + lower[x + 1] + EPSILON).sqrt()
    };
    [
        block(above, here, x),
        block(above, here, x + 1),
        block(here, below, x),
        block(here, below, x + 1),
    ]
}

kernel! {
    /// Felzenszwalb's features: half the sum of each vote over its four normalisations, then for
    /// each of these, in the `order` given, its votes times `texture`, summed.
    pub(crate) fn normalise_summed(
        cells: Cells<'_>,
        texture: &[f32],
        order: [usize; 4],
        out: &mut [f32],
    ) {
        let length = 3 * cells.orientations;
        let outs = out.chunks_exact_mut(length + 4);
        for (x, (votes, out)) in cells.votes.chunks_exact(cells.stride).zip(outs).enumerate() {
            let lengths = lengths(cells.energies, x);
            let limit = lengths.map(|length| TRUNCATION * length);
            let scale = lengths.map(|length| 0.5 / length);
            let mut textures = [[0.0_f32; LANES]; 4];
            let chunks = votes.as_chunks::<LANES>().0.iter().zip(texture.as_chunks::<LANES>().0);
            for ((votes, texture), out) in chunks.zip(out[..length].chunks_mut(LANES)) {
                let mut sums = [0.0; LANES];
                for k in 0..4 {
                    for lane in 0..LANES {
                        let vote = votes[lane];
                        let vote = if vote < limit[k] { vote } else { limit[k] } * scale[k];
                        sums[lane] += vote;
                        textures[k][lane] += vote * texture[lane];
                    }
                }
                match out.first_chunk_mut() {
                    Some(out) => *out = sums,
                    None => out.copy_from_slice(&sums[..out.len()]),
                }
            }
            for k in 0..4 {
                let mut sums = textures[order[k]];
                for half in [8, 4, 2, 1] {
                    for lane in 0..half {
                        sums[lane] += sums[lane + half];
                    }
                }
                out[length + k] = sums[0];
            }
        }
    }
}

kernel! {
    /// Dalal and Triggs' features: the sums of opposite directions in each of four normalisations,
    /// one after another.
    pub(crate) fn normalise_stacked(cells: Cells<'_>, out: &mut [f32]) {
        let orientations = cells.orientations;
        let outs = out.chunks_exact_mut(4 * orientations);
        for (x, (votes, out)) in cells.votes.chunks_exact(cells.stride).zip(outs).enumerate() {
            let sums = &votes[2 * orientations..3 * orientations];
            let lengths = lengths(cells.energies, x);
            for (length, out) in lengths.iter().zip(out.chunks_exact_mut(orientations)) {
                let (limit, scale) = (TRUNCATION * length, 1.0 / length);
                for (sum, out) in sums.iter().zip(out) {
                    *out = if *sum < limit { *sum } else { limit } * scale;
                }
            }
        }
    }
}

kernel! {
    /// The channels of a row of pixels, one after another.
    pub(crate) fn planes(pixels: &[[u8; 3]], planes: &mut [u8]) {
        let (red, rest) = planes.split_at_mut(pixels.len());
        let (green, blue) = rest.split_at_mut(pixels.len());
        for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
            (*red, *green, *blue) = (pixel[0], pixel[1], pixel[2]);
        }
    }
}
