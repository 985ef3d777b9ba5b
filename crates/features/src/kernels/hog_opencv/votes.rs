//! Sums of the votes of a block's pixels, for all bins of all of its cells.

use super::vector::{Vector, load, store};
#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{LANES, Lanes, Simd};

/// Pixels of a block that vote for the same cells, in the order of their votes.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// The cells: 1, 2 or 4.
    pub(crate) cells: Vec<usize>,
    /// The pixels.
    pub(crate) pixels: Vec<Vote>,
}

/// One pixel of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vote {
    /// Its row in the block.
    pub(crate) row: usize,
    /// Its place in a row, the same for all bins.
    pub(crate) offset: usize,
    /// The weight of its vote for each cell of the segment.
    pub(crate) weights: [f32; 4],
}

/// Rows of shares as [`orient`](super::orient()) writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// All of them.
    pub(crate) shares: &'a [f32],
    /// Where each row of the block begins, for the lane that comes first.
    pub(crate) begins: &'a [usize],
    /// Numbers from a bin to the next.
    pub(crate) bin_stride: usize,
}

/// Adds the votes for all bins of all cells of [`LANES`] blocks to `histograms`, which holds cells
/// one after another.
///
/// This and [`normalise`](super::normalise()) are written with intrinsics, because the compiler
/// does not keep the sums in vector registers by itself: 512x512 pixels take a fifth of the time
/// so.
pub(crate) fn votes(
    simd: Simd,
    segments: &[Segment],
    rows: Rows<'_>,
    bins: usize,
    histograms: &mut [Lanes],
) {
    match simd {
        Simd::Portable => add_all::<[f32; 4]>(segments, rows, bins, histograms),
        // SAFETY: `Simd::all` lists this value only if the processor has AVX2.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { x86::votes_avx2(segments, rows, bins, histograms) },
        // SAFETY: `Simd::all` lists this value only if the processor has AVX-512 F.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { x86::votes_avx512(segments, rows, bins, histograms) },
    }
}

/// The lanes and bins that are added at once.
#[derive(Debug, Clone, Copy)]
struct Part {
    lane: usize,
    bin: usize,
    bins: usize,
}

#[inline(always)]
pub(super) fn add_all<V: Vector>(
    segments: &[Segment],
    rows: Rows<'_>,
    bins: usize,
    histograms: &mut [Lanes],
) {
    for lane in (0..LANES).step_by(V::SIZE) {
        for bin in (0..bins).step_by(3) {
            let part = Part { lane, bin, bins };
            match bins - bin {
                1 => add_bins::<V, 1>(segments, rows, part, histograms),
                2 => add_bins::<V, 2>(segments, rows, part, histograms),
                _ => add_bins::<V, 3>(segments, rows, part, histograms),
            }
        }
    }
}

#[inline(always)]
fn add_bins<V: Vector, const BINS: usize>(
    segments: &[Segment],
    rows: Rows<'_>,
    part: Part,
    histograms: &mut [Lanes],
) {
    for segment in segments {
        match segment.cells.len() {
            1 => add_segment::<V, BINS, 1>(segment, rows, part, histograms),
            2 => add_segment::<V, BINS, 2>(segment, rows, part, histograms),
            _ => add_segment::<V, BINS, 4>(segment, rows, part, histograms),
        }
    }
}

/// Adds the votes of a segment's pixels for `BINS` bins of its `CELLS` cells.
#[inline(always)]
fn add_segment<V: Vector, const BINS: usize, const CELLS: usize>(
    segment: &Segment,
    rows: Rows<'_>,
    part: Part,
    histograms: &mut [Lanes],
) {
    let place = |cell: usize, bin: usize| segment.cells[cell] * part.bins + part.bin + bin;
    let mut sums = [[V::splat(0.0); BINS]; CELLS];
    for (cell, sums) in sums.iter_mut().enumerate() {
        for (bin, sum) in sums.iter_mut().enumerate() {
            *sum = load(&histograms[place(cell, bin)], part.lane);
        }
    }
    let before = part.bin * rows.bin_stride + part.lane;
    let room = before + (BINS - 1) * rows.bin_stride + V::SIZE;
    for vote in &segment.pixels {
        let first = rows.begins[vote.row] + vote.offset;
        assert!(first + room <= rows.shares.len());
        for bin in 0..BINS {
            // SAFETY: the last of these numbers lies before `first + room`, which was checked.
            let shares = unsafe {
                V::load(rows.shares.as_ptr().add(first + before + bin * rows.bin_stride))
            };
            for (sums, &weight) in sums.iter_mut().zip(&vote.weights) {
                sums[bin] = sums[bin].add(shares.mul(V::splat(weight)));
            }
        }
    }
    for (cell, sums) in sums.iter().enumerate() {
        for (bin, &sum) in sums.iter().enumerate() {
            store(sum, &mut histograms[place(cell, bin)], part.lane);
        }
    }
}
