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
                    // All four are read before one is written, or they stay apart.
                    let [a, b, c, d] = *corner;
                    *corner = [
                        a + strength * across[0] * down[0],
                        b + strength * across[1] * down[1],
                        c + strength * across[2] * down[2],
                        d + strength * across[3] * down[3],
                    ];
                }
            }
            let (sums, copies) = corners.split_first_mut().expect("there are four copies");
            let sums = &mut sums[..bins];
            for copy in copies {
                let copy = &mut copy[..bins];
                for (sum, part) in sums.as_flattened_mut().iter_mut().zip(copy.as_flattened()) {
                    *sum += part;
                }
                copy.fill([0.0; 4]);
            }
            let pair = span.cell * stride..(span.cell + 2) * stride;
            let (above_left, above_right) = above[pair.clone()].split_at_mut(stride);
            let (below_left, below_right) = below[pair].split_at_mut(stride);
            let above = above_left[..bins].iter_mut().zip(&mut above_right[..bins]);
            let below = below_left[..bins].iter_mut().zip(&mut below_right[..bins]);
            for (sum, (above, below)) in sums.iter_mut().zip(above.zip(below)) {
                *above.0 += sum[0];
                *above.1 += sum[1];
                *below.0 += sum[2];
                *below.1 += sum[3];
                *sum = [0.0; 4];
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
        for (x, votes) in cells.votes.chunks_exact(cells.stride).enumerate() {
            let lengths = lengths(cells.energies, x);
            let limit = lengths.map(|length| TRUNCATION * length);
            let scale = lengths.map(|length| 0.5 / length);
            let mut textures = [[0.0_f32; LANES]; 4];
            let first = x * (length + 4);
            let chunks = votes.as_chunks::<LANES>().0.iter().zip(texture.as_chunks::<LANES>().0);
            for (chunk, (votes, texture)) in chunks.enumerate() {
                let mut sums = [0.0; LANES];
                for (k, textures) in textures.iter_mut().enumerate() {
                    let (limit, scale) = (limit[k], scale[k]);
                    let votes = votes.map(|vote| if vote < limit { vote } else { limit } * scale);
                    for (sum, vote) in sums.iter_mut().zip(&votes) {
                        *sum += vote;
                    }
                    for lane in 0..LANES {
                        textures[lane] += votes[lane] * texture[lane];
                    }
                }
                // What is too much is overwritten by what follows, and the last cell is cut off.
                let out = &mut out[first + chunk * LANES..];
                match out.first_chunk_mut() {
                    Some(out) => *out = sums,
                    None => out.copy_from_slice(&sums[..out.len()]),
                }
            }
            for k in 0..4 {
                out[first + length + k] = sum(&textures[order[k]]);
            }
        }
    }
}

/// Halves added up until one is left.
#[inline(always)]
fn sum(numbers: &[f32; LANES]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|lane| numbers[lane] + numbers[lane + 8]);
    let four: [f32; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    fn noise(count: usize, below: usize) -> Vec<usize> {
        base::Seed(9).permutation(count).iter().map(|value| value * 7 % below).collect()
    }

    fn floats(count: usize) -> Vec<f32> {
        noise(count, 1000).iter().map(|&value| value as f32 / 7.0).collect()
    }

    #[test]
    fn gradients_like_pixel_by_pixel() {
        let width = 45;
        // Few grey levels, so that channels are often equally strong.
        let pixels: Vec<u8> = noise(9 * width, 4).iter().map(|&level| 60 * level as u8).collect();
        let rows: Vec<&[u8]> = pixels.chunks(3 * width).collect();
        let at = |row: usize, channel: usize, x: usize| i32::from(rows[row][channel * width + x]);
        for (simd, last_wins) in Simd::all().into_iter().flat_map(|s| [(s, false), (s, true)]) {
            let (mut strengths, mut places) = (vec![0.0; width - 3], vec![0; width - 3]);
            let three = [rows[0], rows[1], rows[2]];
            gradients::<3>(simd, three, 2, last_wins, &mut strengths, &mut places);
            for x in 2..width - 1 {
                let gradient =
                    |c: usize| [at(2, c, x) - at(0, c, x), at(1, c, x + 1) - at(1, c, x - 1)];
                let squared = |c: &usize| gradient(*c).iter().map(|side| side * side).sum::<i32>();
                // `max_by_key` takes the last of equal ones.
                let best = match last_wins {
                    true => (0..3).max_by_key(squared),
                    false => (0..3).rev().max_by_key(squared),
                };
                let [dy, dx] = gradient(best.unwrap());
                assert_eq!(strengths[x - 2], ((dy * dy + dx * dx) as f32).sqrt(), "{simd:?}");
                assert_eq!(places[x - 2] as usize, place(dy, dx), "{simd:?}");
                assert_eq!(gradient_at(place(dy, dx)), [dy, dx]);
            }
        }
    }

    #[test]
    fn votes_like_one_by_one() {
        let (width, stride, bins) = (21, 16, 5);
        let strengths = floats(2 * width);
        let pixel_bins: Vec<u8> = noise(2 * width, bins).iter().map(|&bin| bin as u8).collect();
        let across: Vec<[f32; 4]> =
            floats(width).iter().map(|share| [1.0 - share, *share, 1.0 - share, *share]).collect();
        let down = [[0.75, 0.75, 0.25, 0.25], [0.5; 4]];
        let spans = [Span { cell: 0, start: 1, end: 9 }, Span { cell: 1, start: 9, end: 20 }];
        let votes =
            Votes { strengths: &strengths, bins: &pixel_bins, down: &down, across: &across };
        let mut plain = vec![vec![1.0_f32; 3 * stride]; 2];
        for (span, bin) in spans.iter().flat_map(|span| (0..bins).map(move |bin| (span, bin))) {
            for corner in 0..4 {
                let mut sum = 0.0;
                for copy in 0..4 {
                    let mut part = 0.0;
                    for (row, x) in
                        (0..2).flat_map(|row| (span.start..span.end).map(move |x| (row, x)))
                    {
                        let at = row * width + x;
                        if (x - span.start) % 4 == copy && usize::from(pixel_bins[at]) == bin {
                            part += strengths[at] * across[x][corner] * down[row][corner];
                        }
                    }
                    sum += part;
                }
                plain[corner / 2][(span.cell + corner % 2) * stride + bin] += sum;
            }
        }
        for simd in Simd::all() {
            let mut corners = Box::new([[[0.0; 4]; 256]; 4]);
            let (mut above, mut below) = (vec![1.0; 3 * stride], vec![1.0; 3 * stride]);
            let cells = [&mut *above, &mut *below];
            vote(simd, votes, &spans, stride, bins, &mut corners, cells);
            assert_eq!([above, below], *plain, "{simd:?}");
            assert!(corners.as_flattened().iter().all(|corner| *corner == [0.0; 4]));
        }
    }

    #[test]
    fn features_like_the_formula() {
        let (orientations, stride, columns) = (9, 32, 3);
        let mut votes = floats(columns * stride);
        let mut energies = vec![0.0; columns];
        for simd in Simd::all() {
            let mut cells = votes.clone();
            fold(simd, orientations, stride, &mut cells, &mut energies);
            for (cell, energy) in cells.chunks(stride).zip(&energies) {
                let sums: Vec<f32> = (0..9).map(|o| cell[o] + cell[9 + o]).collect();
                assert_eq!(sums, cell[18..27]);
                assert_eq!(*energy, sums.iter().fold(0.0, |energy, sum| energy + sum * sum));
            }
        }
        fold(Simd::Portable, orientations, stride, &mut votes, &mut energies);
        for cell in votes.chunks_mut(stride) {
            cell[27..].fill(0.0);
        }
        let frame = floats(3 * (columns + 2));
        let rows: Vec<&[f32]> = frame.chunks(columns + 2).collect();
        let energies = [rows[0], rows[1], rows[2]];
        let cells = Cells { votes: &votes, stride, orientations, energies };
        let texture: Vec<f32> = (0..stride).map(|k| if k < 18 { 0.5 } else { 0.0 }).collect();
        for simd in Simd::all() {
            let mut summed = vec![0.0; columns * 31];
            normalise_summed(simd, cells, &texture, [3, 1, 2, 0], &mut summed);
            let mut stacked = vec![0.0; columns * 36];
            normalise_stacked(simd, cells, &mut stacked);
            for x in 0..columns {
                let vote = |k: usize, block: usize| {
                    let length = lengths(energies, x)[block];
                    votes[x * stride + k].min(0.2 * length) / length
                };
                let all = |k: usize| (0..4).map(|block| vote(k, block)).sum::<f32>();
                let near = |got: f32, expected: f32| {
                    assert!((got - expected).abs() <= 1e-6 * expected.abs(), "{got}, {expected}");
                };
                (0..27).for_each(|k| near(summed[x * 31 + k], 0.5 * all(k)));
                for (k, block) in [3, 1, 2, 0].into_iter().enumerate() {
                    let texture = (0..18).map(|k| 0.25 * vote(k, block)).sum();
                    near(summed[x * 31 + 27 + k], texture);
                }
                (0..36).for_each(|k| near(stacked[x * 36 + k], vote(18 + k % 9, k / 9)));
            }
        }
    }

    #[test]
    fn planes_by_hand() {
        for simd in Simd::all() {
            let mut out = [0; 6];
            planes(simd, &[[1, 2, 3], [4, 5, 6]], &mut out);
            assert_eq!(out, [1, 4, 2, 5, 3, 6], "{simd:?}");
        }
    }
}
