//! Kernels of HOG: gradients, orientation bins and votes of many pixels at once.
//!
//! All work on `LANES` things side by side: the same pixel of neighbouring cells, or of different
//! images. What the kernels call left and right lies in other slices, not beside a pixel, so no
//! kernel knows which.

use super::kernel;

/// Histograms that are filled side by side.
pub(crate) const LANES: usize = 16;

kernel! {
    /// Sorts one of `C` channels of a row of pixels into `cell_width + 2` planes of `planes`: the
    /// second holds the first pixel of each of `columns` cells, and so on; the first and the last
    /// hold the pixels beside the cells.
    pub(crate) fn planes<const C: usize>(
        row: &[u8],
        channel: usize,
        cell_width: usize,
        columns: usize,
        planes: &mut [u8],
    ) {
        let (pixels, _) = row.as_chunks::<C>();
        let plane = planes.len() / (cell_width + 2);
        let inner = &mut planes[plane..];
        for (column, cell) in pixels.chunks_exact(cell_width).take(columns).enumerate() {
            for (pixel, level) in cell.iter().enumerate() {
                inner[pixel * plane + column] = level[channel];
            }
        }
        let last = cell_width * plane;
        planes.copy_within(last..last + columns - 1, 1);
        planes.copy_within(plane + 1..plane + columns, last + plane);
        let [before, after] = beside(pixels.len(), cell_width * columns);
        planes[0] = pixels[before][channel];
        planes[last + plane + columns - 1] = pixels[after][channel];
    }
}

kernel! {
    /// Writes every `step`-th number of a row of pixels into one of `LANES` lanes, with the pixels
    /// beside those that have room.
    pub(crate) fn spread(row: &[u8], step: usize, lane: usize, lanes: &mut [u8]) {
        let (lanes, _) = lanes.as_chunks_mut::<LANES>();
        let inner = lanes.len() - 2;
        let width = row.len().div_ceil(step);
        for (level, lanes) in row.iter().step_by(step).zip(&mut lanes[1..=inner]) {
            lanes[lane] = *level;
        }
        let [before, after] = beside(width, inner);
        lanes[0][lane] = row[before * step];
        lanes[inner + 1][lane] = row[after * step];
    }
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
    /// The strength of each gradient, rounded once.
    pub(crate) fn strengths(dy: &[i16], dx: &[i16], out: &mut [f64]) {
        for ((dy, dx), out) in dy.iter().zip(dx).zip(out) {
            *out = f64::from(squared(*dy, *dx)).sqrt();
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

/// Places of the pixels that stand in for those before the first and after the last of `inner`
/// pixels of a row. On the border of an image it is the pixel on the other side, so that there is
/// no difference across the border.
#[inline(always)]
fn beside(width: usize, inner: usize) -> [usize; 2] {
    [1.min(width - 1), if inner < width { inner } else { width.saturating_sub(2) }]
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

    /// Every `dx` from -255 to 255 with every fifth `dy` from 0 on.
    fn turned_gradients() -> (Vec<i16>, Vec<i16>) {
        let all = (0..=255).step_by(5).flat_map(|dy| (-255_i16..=255).map(move |dx| (dy, dx)));
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

    /// Cells of three pixels; of the second channel the pixels are
    ///
    /// ```text
    /// 0 1 2 | 3 4 5 | 6 7     on the left stands 1 for what is beyond the border
    /// ```
    #[test]
    fn planes_and_lanes_hold_what_lies_beside() {
        let row: Vec<u8> = (0..8).flat_map(|x| [90, x, 91]).collect();
        for simd in Simd::all() {
            let mut found = [99; 5 * 2];
            planes::<3>(simd, &row, 1, 3, 2, &mut found);
            assert_eq!(found, [1, 2, 0, 3, 1, 4, 2, 5, 3, 6], "{simd:?}");
            // Up to the border: beyond it is the pixel before the last.
            let mut found = [99; 4 * 4];
            planes::<3>(simd, &row, 1, 2, 4, &mut found);
            assert_eq!(found, [1, 1, 3, 5, 0, 2, 4, 6, 1, 3, 5, 7, 2, 4, 6, 6], "{simd:?}");
            let mut found = [99; 8 * LANES];
            spread(simd, &row[1..], 3, 7, &mut found);
            let lane: Vec<u8> = found.chunks_exact(LANES).map(|lanes| lanes[7]).collect();
            assert_eq!(lane, [1, 0, 1, 2, 3, 4, 5, 6], "{simd:?}");
            assert_eq!(found.iter().filter(|&&value| value == 99).count(), 8 * (LANES - 1));
        }
    }
}
