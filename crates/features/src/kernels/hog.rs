//! Kernels of HOG: gradients, orientation bins and votes of many pixels at once.
//!
//! All work on `LANES` things side by side: the same pixel of neighbouring cells, or of different
//! images. What the kernels call left and right lies in other slices, not beside a pixel, so no
//! kernel knows which.

use super::kernel;

/// Histograms that are filled side by side.
pub(crate) const LANES: usize = 16;

kernel! {
    /// Pixels of a row with one of three channels.
    pub(crate) fn channel(row: &[u8], channel: usize, out: &mut [u8]) {
        for (pixel, out) in row.as_chunks::<3>().0.iter().zip(out) {
            *out = pixel[channel];
        }
    }
}

/// Short rows of pixels in a buffer: of the cells of one image, or of several images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strips {
    pub(crate) count: usize,
    /// Pixels of each.
    pub(crate) length: usize,
    /// From one to the next.
    pub(crate) step: usize,
}

kernel! {
    /// Sorts pixels by their place: pixel `j` of strip `i` comes to place `i` of plane `j`. Each
    /// plane has `plane` places, a multiple of 8, of which those without a strip become 0.
    pub(crate) fn planes(pixels: &[u8], strips: Strips, plane: usize, planes: &mut [u8]) {
        let Strips { count, length, step } = strips;
        for column in (0..length).step_by(SQUARE) {
            let planes = &mut planes[column * plane..];
            let mut first = 0;
            // Whole squares, whose rows can be read without a look at the end.
            let end = match pixels.len().checked_sub(column + SQUARE) {
                Some(last) => count.min(last / step + 1),
                None => 0,
            };
            let mut rows = planes.chunks_exact_mut(plane).take(length - column);
            let mut rows: [_; SQUARE] = std::array::from_fn(|_| rows.next().unwrap_or_default());
            while first + SQUARE <= end {
                let start = first * step + column;
                let part = &pixels[start..start + (SQUARE - 1) * step + SQUARE];
                let square = std::array::from_fn(|row| {
                    part[row * step..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
                });
                let rows = rows.iter_mut().take(length - column);
                for (plane, row) in rows.zip(transposed(square)) {
                    plane[first..first + SQUARE].copy_from_slice(&row.to_le_bytes());
                }
                first += SQUARE;
            }
            for first in (first..plane).step_by(SQUARE) {
                let mut square = [0; SQUARE];
                for (strip, row) in (first..count).zip(&mut square) {
                    let from = strip * step + column;
                    *row = u64_of(&pixels[from..pixels.len().min(from + SQUARE)]);
                }
                let square = transposed(square);
                for (row, plane) in square.iter().zip(planes.chunks_mut(plane)).take(length - column)
                {
                    plane[first..first + SQUARE].copy_from_slice(&row.to_le_bytes());
                }
            }
        }
    }
}

/// At most eight bytes, the first of which is the lowest.
#[inline(always)]
fn u64_of(bytes: &[u8]) -> u64 {
    let mut eight = [0; SQUARE];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Sides of the squares of bytes that are turned at once.
const SQUARE: usize = 8;

/// Byte `j` of row `i` becomes byte `i` of row `j`: quarters of the square are exchanged, then
/// quarters of quarters, then bytes.
#[inline(always)]
fn transposed(mut rows: [u64; SQUARE]) -> [u64; SQUARE] {
    for (apart, mask) in
        [(4, 0x0000_0000_ffff_ffff), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)]
    {
        for upper in (0..SQUARE).filter(|row| row & apart == 0) {
            let lower = upper + apart;
            let exchanged = (rows[upper] >> (8 * apart) ^ rows[lower]) & mask;
            rows[lower] ^= exchanged;
            rows[upper] ^= exchanged << (8 * apart);
        }
    }
    rows
}

kernel! {
    /// Gradients of pixels from their four neighbours, [`turned`].
    pub(crate) fn gradients(
        vertical: [&[u8]; 2],
        horizontal: [&[u8]; 2],
        dy: &mut [i16],
        dx: &mut [i16],
    ) {
        let vertical = vertical[0].iter().zip(vertical[1]);
        let horizontal = horizontal[0].iter().zip(horizontal[1]);
        for (((above, below), (left, right)), (dy, dx)) in
            vertical.zip(horizontal).zip(dy.iter_mut().zip(dx))
        {
            [*dy, *dx] = turned(difference(*below, *above), difference(*right, *left));
        }
    }
}

kernel! {
    /// Puts the gradients of another channel where they are stronger than those already there.
    ///
    /// Says whether two different gradients somewhere have the same strength, at least
    /// `ambiguous` squared.
    pub(crate) fn strongest(
        vertical: [&[u8]; 2],
        horizontal: [&[u8]; 2],
        ambiguous: i32,
        dy: &mut [i16],
        dx: &mut [i16],
    ) -> bool {
        let mut found = 0;
        let vertical = vertical[0].iter().zip(vertical[1]);
        let horizontal = horizontal[0].iter().zip(horizontal[1]);
        for (((above, below), (left, right)), (dy, dx)) in
            vertical.zip(horizontal).zip(dy.iter_mut().zip(dx))
        {
            let [y, x] = turned(difference(*below, *above), difference(*right, *left));
            let (before, now) = (squared(*dy, *dx), squared(y, x));
            let same = (*dx).abs() == x.abs() || (*dx).abs() == y;
            found |= i32::from(before == now && !same && now >= ambiguous);
            (*dy, *dx) = if now > before { (y, x) } else { (*dy, *dx) };
        }
        found != 0
    }
}

kernel! {
    /// The strength of each gradient, rounded once: the square root in double precision.
    ///
    /// The root in single precision and what it leaves of the sum of squares reach the same bits
    /// for all gradients of 8 bits (a test goes through them), in half the time of the
    /// instruction for double precision. What bounds it is the processor's one unit for roots and
    /// quotients.
    pub(crate) fn strengths(dy: &[i16], dx: &[i16], out: &mut [f64]) {
        for ((dy, dx), out) in dy.iter().zip(dx).zip(out) {
            let squared = squared(*dy, *dx);
            let near = (squared as f32).sqrt();
            let inverse = f64::from(0.5 / near.max(0.5));
            let (squared, near) = (f64::from(squared), f64::from(near));
            // Exact: `near` has 24 bits. The root is `near + rest / (near + root)`.
            let rest = squared - near * near;
            let first = rest * inverse;
            let error = 1.0 - (near + near + first) * inverse;
            *out = near + (first + first * error);
        }
    }
}

kernel! {
    /// Adds to each bin the number of thresholds that its gradient has passed.
    pub(crate) fn bins(dy: &[i16], dx: &[i16], thresholds: &[f32; 8], bins: &mut [u8]) {
        for ((dy, dx), bin) in dy.iter().zip(dx).zip(bins) {
            let (dy, dx) = (f32::from(*dy), f32::from(*dx));
            let mut passed = 0;
            for threshold in thresholds {
                passed += u8::from(dx < threshold * dy);
            }
            *bin += passed;
        }
    }
}

/// How the pixels of a row of cells lie, counted in rows of `LANES` pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    /// Groups of `LANES` cells.
    pub(crate) groups: usize,
    /// Pixels in a row of a cell.
    pub(crate) pixels: usize,
    /// From a pixel of a group to its right neighbour.
    pub(crate) pixel_step: usize,
    /// From a group to the next.
    pub(crate) group_step: usize,
}

kernel! {
    /// Adds the strength of each pixel to the total of its bin, rounded to `f32` after each pixel.
    ///
    /// `totals` has `orientations` rows of `LANES` totals per group.
    pub(crate) fn votes(
        bins: &[u8],
        strengths: &[f64],
        lanes: Lanes,
        orientations: usize,
        totals: &mut [f32],
    ) {
        for (group, totals) in totals.chunks_exact_mut(orientations * LANES).enumerate() {
            for pixel in 0..lanes.pixels {
                let from = (group * lanes.group_step + pixel * lanes.pixel_step) * LANES;
                let bins = &bins[from..from + LANES];
                let strengths = &strengths[from..from + LANES];
                for lane in 0..LANES {
                    let total = &mut totals[usize::from(bins[lane]) * LANES + lane];
                    *total = (f64::from(*total) + strengths[lane]) as f32;
                }
            }
        }
    }
}

#[inline(always)]
fn difference(a: u8, b: u8) -> i16 {
    i16::from(a) - i16::from(b)
}

/// A gradient, or its opposite, with `dy` positive, or `dy` 0 and `dx` not negative.
#[inline(always)]
pub(crate) fn turned(dy: i16, dx: i16) -> [i16; 2] {
    [
        dy.abs(),
        if dy == 0 {
            dx.abs()
        } else if dy < 0 {
            -dx
        } else {
            dx
        },
    ]
}

#[inline(always)]
fn squared(dy: i16, dx: i16) -> i32 {
    let (dy, dx) = (i32::from(dy), i32::from(dx));
    dy * dy + dx * dx
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        base::Seed(seed).permutation(length).into_iter().map(|value| (value * 7) as u8).collect()
    }

    /// All gradients of 8 bits.
    fn turned_gradients() -> (Vec<i16>, Vec<i16>) {
        let all = (0..=255).flat_map(|dy| (-255_i16..=255).map(move |dx| (dy, dx)));
        all.map(|(dy, dx)| if dy == 0 { (0, dx.abs()) } else { (dy, dx) }).unzip()
    }

    #[test]
    fn gradients_are_differences_turned_upwards() {
        let [above, below, left, right] = [1, 2, 3, 4].map(|seed| noise(1000, seed));
        for simd in Simd::all() {
            let (mut dy, mut dx) = (vec![0; 1000], vec![0; 1000]);
            gradients(simd, [&above, &below], [&left, &right], &mut dy, &mut dx);
            for i in 0..1000 {
                let y = i32::from(below[i]) - i32::from(above[i]);
                let x = i32::from(right[i]) - i32::from(left[i]);
                let expected = if y < 0 || (y == 0 && x < 0) { [-y, -x] } else { [y, x] };
                assert_eq!([dy[i], dx[i]].map(i32::from), expected, "{simd:?}");
            }
        }
    }

    #[test]
    fn the_strongest_channel_counts_and_the_first_of_equal_ones() {
        // Gradients of one channel (dy, dx), then of another.
        let cases = [
            ([3, 4], [4, 4], [4, 4], false),
            ([3, 4], [0, 5], [3, 4], false), // equally strong, but too weak
            ([3, 4], [3, 2], [3, 4], false),
            ([30, 40], [0, 50], [30, 40], true),
            ([30, 40], [30, 40], [30, 40], false),
            ([30, 40], [40, 30], [30, 40], false), // the same sides
        ];
        for simd in Simd::all() {
            for (first, second, expected, ambiguous) in cases {
                let (mut dy, mut dx) = (vec![first[0]; 20], vec![first[1]; 20]);
                let [below, right] = second.map(|value| vec![value as u8; 20]);
                let zero = [0; 20];
                let found =
                    strongest(simd, [&zero, &below], [&zero, &right], 2500, &mut dy, &mut dx);
                assert_eq!(found, ambiguous, "{simd:?} {first:?} {second:?}");
                assert_eq!((dy, dx), (vec![expected[0]; 20], vec![expected[1]; 20]), "{simd:?}");
            }
        }
    }

    #[test]
    fn strengths_are_square_roots() {
        let (dy, dx) = turned_gradients();
        for simd in Simd::all() {
            let mut found = vec![0.0; dy.len()];
            strengths(simd, &dy, &dx, &mut found);
            for ((dy, dx), found) in dy.iter().zip(&dx).zip(found) {
                let (dy, dx) = (f64::from(*dy), f64::from(*dx));
                assert_eq!(found, (dy * dy + dx * dx).sqrt(), "{simd:?}");
            }
        }
    }

    #[test]
    fn bins_count_the_thresholds_that_are_passed() {
        let (dy, dx) = turned_gradients();
        let thresholds = [2.5, 1.5, 0.5, 0.1, -0.1, -0.7, -50.5, f32::NEG_INFINITY];
        for simd in Simd::all() {
            let mut found = vec![3; dy.len()];
            bins(simd, &dy, &dx, &thresholds, &mut found);
            for ((dy, dx), found) in dy.iter().zip(&dx).zip(found) {
                let passed = |threshold: &&f32| f32::from(*dx) < *threshold * f32::from(*dy);
                let expected = 3 + thresholds.iter().filter(passed).count();
                assert_eq!(usize::from(found), expected, "{simd:?} {dy} {dx}");
            }
        }
    }

    /// Three groups of cells of four pixels, side by side in two ways.
    #[test]
    fn votes_are_counted_pixel_by_pixel() {
        let bins: Vec<u8> = noise(12 * LANES, 5).into_iter().map(|value| value % 5).collect();
        let strengths: Vec<f64> =
            noise(12 * LANES, 6).into_iter().map(|value| f64::from(value).sqrt()).collect();
        for (pixel_step, group_step) in [(1, 4), (3, 1)] {
            let lanes = Lanes { groups: 3, pixels: 4, pixel_step, group_step };
            let mut expected = vec![0.1_f32; 3 * 5 * LANES];
            for group in 0..3 {
                for pixel in 0..4 {
                    for lane in 0..LANES {
                        let from = (group * group_step + pixel * pixel_step) * LANES + lane;
                        let row = group * 5 + usize::from(bins[from]);
                        let total = &mut expected[row * LANES + lane];
                        *total = (f64::from(*total) + strengths[from]) as f32;
                    }
                }
            }
            for simd in Simd::all() {
                let mut totals = vec![0.1; 3 * 5 * LANES];
                votes(simd, &bins, &strengths, lanes, 5, &mut totals);
                assert_eq!(totals, expected, "{simd:?}");
            }
        }
    }

    #[test]
    fn planes_hold_pixels_by_their_place() {
        let pixels = noise(400, 7);
        for (count, length, step) in [(20, 8, 19), (5, 3, 3), (17, 1, 1), (3, 20, 100), (1, 1, 9)] {
            let plane = usize::div_ceil(count, LANES) * LANES;
            for simd in Simd::all() {
                let mut found = vec![99; length * plane];
                planes(simd, &pixels, Strips { count, length, step }, plane, &mut found);
                for (pixel, found) in found.chunks_exact(plane).enumerate() {
                    for (strip, &found) in found.iter().enumerate() {
                        let expected = if strip < count { pixels[strip * step + pixel] } else { 0 };
                        assert_eq!(found, expected, "{simd:?} {count} {length} {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_channel_is_every_third_number() {
        let row = noise(3 * 50, 8);
        for simd in Simd::all() {
            let mut found = [0; 50];
            channel(simd, &row, 1, &mut found);
            assert!(found.iter().zip(row.chunks(3)).all(|(found, pixel)| *found == pixel[1]));
        }
    }
}
