//! Levels of the pixels, and their differences: the gradient at each pixel.

use super::{Column, LANES, Lanes, kernel};

kernel! {
    /// The levels of pixels, or their square roots, sorted by their places in groups of eight:
    /// pixel `p` of group `i` lies in `out` at `p * pixels.len() + i`.
    pub(crate) fn spread(pixels: &[[u8; 8]], square_root: bool, out: &mut [f32]) {
        let (chunks, rest) = pixels.as_chunks::<LANES>();
        let level = |group: u64, place: usize| {
            let level = ((group >> (8 * place)) & 255) as i32 as f32;
            if square_root { level.sqrt() } else { level }
        };
        for (chunk, groups) in chunks.iter().enumerate() {
            let groups = groups.map(u64::from_le_bytes);
            for place in 0..8 {
                let at = place * pixels.len() + chunk * LANES;
                let out: &mut Lanes = (&mut out[at..at + LANES]).try_into().expect("LANES");
                for lane in 0..LANES {
                    out[lane] = level(groups[lane], place);
                }
            }
        }
        for (group, pixels_of_group) in rest.iter().enumerate() {
            for place in 0..8 {
                let at = place * pixels.len() + chunks.len() * LANES + group;
                out[at] = level(u64::from_le_bytes(*pixels_of_group), place);
            }
        }
    }
}

/// Levels of the pixels above, at and below a row, channel after channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours<'a> {
    pub(crate) above: &'a [f32],
    pub(crate) here: &'a [f32],
    pub(crate) below: &'a [f32],
}

kernel! {
    /// Differences of the pixels right and left of each one, and below and above it.
    ///
    /// Levels of a channel have the place of their pixel in `dx` plus `step`; neighbours along the
    /// row are `step` apart. Of three channels (red, green, blue) the one with the largest
    /// gradient counts; of equal ones blue comes before green before red, but the other way round
    /// where `column` is `reversed_from` or more, as in OpenCV's vector loop and what it leaves.
    pub(crate) fn gradients<const CHANNELS: usize>(
        levels: Neighbours<'_>, step: usize, columns: &[Column], reversed_from: u32,
        dx: &mut [Lanes], dy: &mut [Lanes],
    ) {
        let channel = levels.here.len() / CHANNELS;
        for (chunk, ((dx, dy), columns)) in dx.iter_mut().zip(dy).zip(columns).enumerate() {
            let mut channels = [([0.0; LANES], [0.0; LANES]); CHANNELS];
            for (number, (dx, dy)) in channels.iter_mut().enumerate() {
                let at = number * channel + chunk * LANES;
                let (left, right) = (at, at + 2 * step);
                let middle = at + step;
                let left: &Lanes = levels.here[left..left + LANES].try_into().expect("LANES");
                let right: &Lanes = levels.here[right..right + LANES].try_into().expect("LANES");
                let above: &Lanes = levels.above[middle..middle + LANES].try_into().expect("LANES");
                let below: &Lanes = levels.below[middle..middle + LANES].try_into().expect("LANES");
                for lane in 0..LANES {
                    dx[lane] = right[lane] - left[lane];
                    dy[lane] = below[lane] - above[lane];
                }
            }
            if CHANNELS == 1 {
                (*dx, *dy) = channels[0];
                continue;
            }
            let [red, green, blue] = [channels[0], channels[1], channels[CHANNELS - 1]];
            for lane in 0..LANES {
                let reversed = columns[lane] >= reversed_from;
                let (red, blue) = ((red.0[lane], red.1[lane]), (blue.0[lane], blue.1[lane]));
                let (first, last) = if reversed { (red, blue) } else { (blue, red) };
                let second = (green.0[lane], green.1[lane]);
                let square = |(x, y): (f32, f32)| x * x + y * y;
                let best = if square(second) > square(first) { second } else { first };
                let best = if square(last) > square(best) { last } else { best };
                (dx[lane], dy[lane]) = best;
            }
        }
    }
}
