//! Kernels of HOG: blocks of cells, normalised.

use super::kernel;
use crate::hog::BlockNorm;

/// What [`BlockNorm`] calls `e`.
pub(crate) const EPSILON: f64 = 1e-5;
/// Where L2-Hys cuts off.
pub(crate) const CLIP: f64 = 0.2;

/// Numbers in a register: sums run over as many partial sums.
const PARTS: usize = 8;

/// Where the blocks of a row find their cells, counted in numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Length of a row of cells.
    pub(crate) length: usize,
    /// Place of the upper row of cells among all; the others follow, then those before it.
    pub(crate) top: usize,
    /// What a block takes of each row of cells.
    pub(crate) run: usize,
    /// From a block to the next.
    pub(crate) step: usize,
}

kernel! {
    /// Writes a row of blocks, each with its rows of cells, normalised.
    pub(crate) fn blocks(cells: &[f32], row: Row, norm: BlockNorm, out: &mut [f32]) {
        let (after, from) = cells.split_at(row.top * row.length);
        let length = cells.len() / row.length * row.run;
        for (block, out) in out.chunks_exact_mut(length).enumerate() {
            let start = block * row.step;
            let rows = from.chunks_exact(row.length).chain(after.chunks_exact(row.length));
            for (out, cells) in out.chunks_exact_mut(row.run).zip(rows) {
                out.copy_from_slice(&cells[start..start + row.run]);
            }
            // Four and nine cells of nine orientations, held in registers.
            match length.div_ceil(PARTS) {
                5 => normalise_short::<5>(out, norm),
                11 => normalise_short::<11>(out, norm),
                _ => normalise(out, norm),
            }
        }
    }
}

/// A block of at most `PARTS * N` numbers. The same operations, on numbers filled up with zeros,
/// which add nothing to sums.
#[inline(always)]
fn normalise_short<const N: usize>(block: &mut [f32], norm: BlockNorm) {
    let mut values = [[0.0_f32; PARTS]; N];
    values.as_flattened_mut()[..block.len()].copy_from_slice(block);
    normalise(values.as_flattened_mut(), norm);
    block.copy_from_slice(&values.as_flattened()[..block.len()]);
}

/// Works in `f64`, so that rounding to `f32` happens once.
#[inline(always)]
fn normalise(block: &mut [f32], norm: BlockNorm) {
    match norm {
        BlockNorm::L1 => {
            // Votes are never negative.
            let scale = 1.0 / (sum(block, |value| value) + EPSILON);
            replace(block, |value| value * scale);
        }
        BlockNorm::L1Sqrt => {
            let scale = 1.0 / (sum(block, |value| value) + EPSILON);
            replace(block, |value| (value * scale).sqrt());
        }
        BlockNorm::L2 => {
            let scale = inverse_length(sum(block, |value| value * value));
            replace(block, |value| value * scale);
        }
        BlockNorm::L2Hys => {
            let scale = inverse_length(sum(block, |value| value * value));
            let clipped = |value: f64| (value * scale).min(CLIP);
            let again = inverse_length(sum(block, |value| clipped(value) * clipped(value)));
            replace(block, |value| clipped(value) * again);
        }
        BlockNorm::None | BlockNorm::L2HysOpenCv => unreachable!("not scikit-image's"),
    }
}

#[inline(always)]
fn inverse_length(squares: f64) -> f64 {
    1.0 / (squares + EPSILON * EPSILON).sqrt()
}

#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; PARTS];
    let (chunks, rest) = values.as_chunks::<PARTS>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += of(f64::from(*value));
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += of(f64::from(*value));
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[inline(always)]
fn replace(block: &mut [f32], with: impl Fn(f64) -> f64) {
    for value in block {
        *value = with(f64::from(*value)) as f32;
    }
}
