//! Which lane of the vector loops works on which block.
//!
//! Blocks that lie beside each other at equal distances share their pixels: the image is cut into
//! pieces as wide as that distance, a lane is a piece, and pixel `x` of a block is pixel
//! `x % planes` of the piece `x / planes` lanes further on. Other blocks have a lane each, with
//! all their pixels. Small images stand side by side.

use super::OpenCvHogParams;
use super::table;
use super::windows::{Blocks, Frame, gcd, reflect};
use crate::kernels::hog_opencv::{Column, LANES, Segment};
use std::ops::Range;

/// Numbers of a strip of shares that stay in the second-level cache.
const STRIP: usize = 96 * 1024;

/// How blocks are spread over lanes; one for all images of a size.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Images that are worked on together.
    pub(super) images: usize,
    /// Pixels of a lane, side by side.
    pub(super) planes: usize,
    /// Lanes of each group.
    pub(super) lanes: usize,
    /// Numbers from a bin to the next in a row of shares.
    pub(super) bin_stride: usize,
    /// The votes of a block, with places in a row of shares.
    pub(super) segments: Vec<Segment>,
    /// What is worked on after one another.
    pub(super) groups: Vec<Group>,
}

/// Lanes that are worked on together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Where the pixels of a row of the image come from, and those before and after each lane:
    /// plane after plane, from the start of the first image's row.
    pub(super) sources: Vec<usize>,
    /// Where the pixels lie in a row, if they are those of lanes of eight, without any mirrored.
    pub(super) in_eights: Option<Range<usize>>,
    /// Columns of the padded image in the same order, without those before and after.
    pub(super) columns: Vec<Column>,
    /// The block of each lane: image and column of blocks.
    pub(super) blocks: Vec<Option<(usize, usize)>>,
}

/// A place for a block: its left edge, and its column of blocks if anyone asks for it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    left: usize,
    column: Option<usize>,
}

impl Layout {
    /// For `images` images of a size at most.
    pub(super) fn new(
        params: &OpenCvHogParams,
        frame: Frame,
        blocks: &Blocks,
        images: usize,
    ) -> Self {
        let [block_height, block_width] = params.block_size;
        let (planes, slots) = slots(&blocks.xs, block_width);
        // Lanes beyond the last block of a run that hold its right part.
        let rest = (block_width - 1) / planes;
        let most = (STRIP / (params.orientations * planes * block_height)).max(2 * rest + LANES);
        let images = (most / (slots.len() + rest)).clamp(1, images);
        let runs = slots.len().div_ceil(most - rest);
        let run = slots.len().div_ceil(runs);
        let lanes = images * (run + rest);
        let group = |slots| Group::new(frame, planes, slots, run + rest, images);
        let groups = slots.chunks(run).map(group).collect();
        let offset = |x: usize| (x % planes) * lanes + x / planes;
        Self {
            images,
            planes,
            lanes,
            // Vector loops read whole chunks, from any block's lane on.
            bin_stride: (planes * lanes + rest + LANES).next_multiple_of(LANES),
            segments: table::segments(params, offset),
            groups,
        }
    }
}

impl Group {
    /// `run` lanes for each of `images` images, the first ones for the blocks at `slots`.
    fn new(frame: Frame, planes: usize, slots: &[Slot], run: usize, images: usize) -> Self {
        let left = |lane: usize| match slots.get(lane) {
            Some(slot) => slot.left,
            None => slots[slots.len() - 1].left + (lane + 1 - slots.len()) * planes,
        };
        let lanes = || (0..images).flat_map(|image| (0..run).map(move |lane| (image, lane)));
        let mut columns: Vec<u32> = Vec::new();
        for plane in 0..planes {
            columns.extend(lanes().map(|(_, lane)| (left(lane) + plane) as u32));
        }
        columns.resize(columns.len().next_multiple_of(LANES), 0);
        let mut sources = Vec::new();
        let image_length = frame.size.height * frame.size.width * frame.size.channels;
        for plane in 0..planes + 2 {
            sources.extend(lanes().map(|(image, lane)| {
                let column = (left(lane) + plane) as i64 - 1 - frame.padding[1] as i64;
                let pixel = reflect(column, frame.size.width) * frame.size.channels;
                image * image_length + pixel
            }));
        }
        let block = |(image, lane)| Some((image, slots.get::<usize>(lane)?.column?));
        Self {
            in_eights: in_eights(&sources, planes),
            sources,
            columns: columns.as_chunks().0.to_vec(),
            blocks: lanes().map(block).collect(),
        }
    }
}

/// The pixels of all lanes, if they lie in eights side by side.
fn in_eights(sources: &[usize], planes: usize) -> Option<Range<usize>> {
    let lanes = sources.len() / (planes + 2);
    let first = sources[lanes];
    let place = |(at, &source): (usize, &usize)| source == first + at % lanes * 8 + at / lanes;
    let all = planes == 8 && sources[lanes..9 * lanes].iter().enumerate().all(place);
    all.then_some(first..first + 8 * lanes)
}

/// Pixels of a lane side by side, and the blocks in their order.
///
/// Equal distances, if few places between the blocks need to be filled for it.
fn slots(xs: &[usize], block_width: usize) -> (usize, Vec<Slot>) {
    let distance = xs.windows(2).map(|pair| pair[1] - pair[0]).fold(0, gcd);
    let every = |at: usize, column: usize| Slot { left: at, column: Some(column) };
    let own = || xs.iter().enumerate().map(|(column, &x)| every(x, column)).collect();
    if distance == 0 || distance >= block_width {
        return (block_width, own());
    }
    let [first, last] = [xs[0], xs[xs.len() - 1]];
    let places = (last - first) / distance + 1;
    if places > xs.len() + xs.len() / 2 {
        return (block_width, own());
    }
    let slot = |left: usize| Slot { left, column: xs.binary_search(&left).ok() };
    (distance, (first..=last).step_by(distance).map(slot).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_at_equal_distances_share_pixels() {
        let (planes, slots) = slots(&[4, 12, 28], 16);
        let columns: Vec<_> = slots.iter().map(|slot| (slot.left, slot.column)).collect();
        assert_eq!(planes, 8);
        assert_eq!(columns, [(4, Some(0)), (12, Some(1)), (20, None), (28, Some(2))]);
    }

    #[test]
    fn blocks_far_apart_have_pixels_of_their_own() {
        for xs in [&[0, 8, 64, 72, 128][..], &[0, 16, 32], &[5]] {
            let (planes, slots) = slots(xs, 16);
            assert_eq!(planes, 16);
            assert!(slots.iter().map(|slot| slot.left).eq(xs.iter().copied()));
        }
    }
}
