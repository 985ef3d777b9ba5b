//! Kernels of HOG: blocks of cells, normalised.
//!
//! Sums run over many blocks side by side: one after another in a row, or the same block of
//! different images.

use super::kernel;
use crate::hog::BlockNorm;

/// What [`BlockNorm`] calls `e`.
pub(crate) const EPSILON: f64 = 1e-5;
/// Where L2-Hys cuts off.
pub(crate) const CLIP: f64 = 0.2;

kernel! {
    /// The factors that bring blocks to one scale: before clipping and, for L2-Hys, after.
    ///
    /// Number `j` of block `i` is `planes[places[j] + i]`. Works in `f64`.
    pub(crate) fn scales(
        planes: &[f32],
        places: &[usize],
        norm: BlockNorm,
        before: &mut [f64],
        after: &mut [f64],
    ) {
        let blocks = before.len();
        let numbers = || places.iter().map(|&place| &planes[place..place + blocks]);
        before.fill(0.0);
        match norm {
            BlockNorm::L1 | BlockNorm::L1Sqrt => {
                // Votes are never negative.
                for numbers in numbers() {
                    for (sum, number) in before.iter_mut().zip(numbers) {
                        *sum += f64::from(*number);
                    }
                }
                before.iter_mut().for_each(|sum| *sum = 1.0 / (*sum + EPSILON));
            }
            BlockNorm::L2 | BlockNorm::L2Hys => {
                for numbers in numbers() {
                    for (sum, number) in before.iter_mut().zip(numbers) {
                        *sum += f64::from(*number) * f64::from(*number);
                    }
                }
                before.iter_mut().for_each(|sum| *sum = inverse_length(*sum));
            }
            BlockNorm::None | BlockNorm::L2HysOpenCv => unreachable!("not scikit-image's"),
        }
        if norm == BlockNorm::L2Hys {
            after.fill(0.0);
            for numbers in numbers() {
                for ((sum, number), scale) in after.iter_mut().zip(numbers).zip(&*before) {
                    let clipped = (f64::from(*number) * scale).min(CLIP);
                    *sum += clipped * clipped;
                }
            }
            after.iter_mut().for_each(|sum| *sum = inverse_length(*sum));
        }
    }
}

#[inline(always)]
fn inverse_length(squares: f64) -> f64 {
    1.0 / (squares + EPSILON * EPSILON).sqrt()
}

/// Where the blocks of a row find their cells and factors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Numbers in a row of cells.
    pub(crate) length: usize,
    /// Place of the upper row of cells among all; the others follow, then those before it.
    pub(crate) top: usize,
    /// Numbers that a block takes of each row of cells.
    pub(crate) run: usize,
    /// From a block to the next, in numbers.
    pub(crate) step: usize,
    /// From a block to the next, in factors.
    pub(crate) scale_step: usize,
}

kernel! {
    /// Writes a row of blocks, each with its rows of cells, brought to one scale by [`scales`].
    pub(crate) fn blocks(
        cells: &[f32],
        row: Row,
        norm: BlockNorm,
        before: &[f64],
        after: &[f64],
        out: &mut [f32],
    ) {
        let (last, first) = cells.split_at(row.top * row.length);
        let length = cells.len() / row.length * row.run;
        for (block, out) in out.chunks_exact_mut(length).enumerate() {
            let start = block * row.step;
            let [before, after] = [before, after].map(|scales| scales[block * row.scale_step]);
            let rows = first.chunks_exact(row.length).chain(last.chunks_exact(row.length));
            for (out, cells) in out.chunks_exact_mut(row.run).zip(rows) {
                let cells = &cells[start..start + row.run];
                scale(cells, norm, before, after, out);
            }
        }
    }
}

/// Works in `f64`, so that rounding to `f32` happens once.
#[inline(always)]
fn scale(cells: &[f32], norm: BlockNorm, before: f64, after: f64, out: &mut [f32]) {
    match norm {
        BlockNorm::L1Sqrt => replace(cells, out, |number| (number * before).sqrt()),
        BlockNorm::L2Hys => replace(cells, out, |number| (number * before).min(CLIP) * after),
        _ => replace(cells, out, |number| number * before),
    }
}

/// Eight numbers at a time; the last eight may overlap those before.
#[inline(always)]
fn replace(cells: &[f32], out: &mut [f32], with: impl Fn(f64) -> f64) {
    const WIDTH: usize = 8;
    let with = |number: f32| with(f64::from(number)) as f32;
    let Some(last) = cells.len().checked_sub(WIDTH) else {
        cells.iter().zip(out).for_each(|(number, out)| *out = with(*number));
        return;
    };
    for start in (0..last).step_by(WIDTH).chain([last]) {
        let (cells, out) = (&cells[start..], &mut out[start..]);
        if let (Some(cells), Some(out)) = (cells.first_chunk::<WIDTH>(), out.first_chunk_mut()) {
            *out = cells.map(with);
        }
    }
}
