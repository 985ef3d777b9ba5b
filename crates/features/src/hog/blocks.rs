//! Blocks of cells, normalised.

use super::params::BlockNorm;

const EPSILON: f64 = 1e-5;
const HYSTERESIS: f64 = 0.2;

/// Writes all blocks, row by row, each with its cells row by row, normalised.
///
/// `votes` holds `orientations` numbers per cell, cells row by row, `columns` to a row.
pub(super) fn normalise(
    votes: &[f32],
    columns: usize,
    orientations: usize,
    [block_height, block_width]: [usize; 2],
    norm: BlockNorm,
    out: &mut [f32],
) {
    let blocks_in_row = columns - block_width + 1;
    let cell_row = block_width * orientations;
    for (index, block) in out.chunks_exact_mut(block_height * cell_row).enumerate() {
        let (top, left) = (index / blocks_in_row, index % blocks_in_row);
        for (dy, cells) in block.chunks_exact_mut(cell_row).enumerate() {
            let start = ((top + dy) * columns + left) * orientations;
            cells.copy_from_slice(&votes[start..start + cell_row]);
        }
        normalise_block(block, norm);
    }
}

/// Sums in `f64`, so that rounding to `f32` happens once.
fn normalise_block(block: &mut [f32], norm: BlockNorm) {
    let values = || block.iter().map(|&value| f64::from(value));
    match norm {
        BlockNorm::L1 => {
            // Votes are never negative.
            let scale = 1.0 / (values().sum::<f64>() + EPSILON);
            replace(block, |value| value * scale);
        }
        BlockNorm::L1Sqrt => {
            let scale = 1.0 / (values().sum::<f64>() + EPSILON);
            replace(block, |value| (value * scale).sqrt());
        }
        BlockNorm::L2 => {
            let scale = inverse_length(values());
            replace(block, |value| value * scale);
        }
        BlockNorm::L2Hys => {
            let scale = inverse_length(values());
            let limited = |value: f64| (value * scale).min(HYSTERESIS);
            let scale_again = inverse_length(values().map(limited));
            replace(block, |value| limited(value) * scale_again);
        }
        BlockNorm::None | BlockNorm::L2HysOpenCv => unreachable!("not scikit-image's"),
    }
}

fn inverse_length(values: impl Iterator<Item = f64>) -> f64 {
    let squares: f64 = values.map(|value| value * value).sum();
    1.0 / (squares + EPSILON * EPSILON).sqrt()
}

fn replace(block: &mut [f32], with: impl Fn(f64) -> f64) {
    for value in block {
        *value = with(f64::from(*value)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out by hand for the block (3, 4), leaving out `e`: L1 divides by 7, L2 by 5; L2-Hys
    /// limits both to 0.2, so both become 0.2 / sqrt(0.08).
    #[test]
    fn norms_by_hand() {
        let normalised = |norm| {
            let mut block = [3.0, 4.0];
            normalise_block(&mut block, norm);
            block
        };
        let half = 0.5_f32.sqrt();
        for (norm, expected) in [
            (BlockNorm::L1, [3.0 / 7.0, 4.0 / 7.0]),
            (BlockNorm::L1Sqrt, [(3.0_f32 / 7.0).sqrt(), (4.0_f32 / 7.0).sqrt()]),
            (BlockNorm::L2, [0.6, 0.8]),
            (BlockNorm::L2Hys, [half, half]),
        ] {
            let got = normalised(norm);
            // `e` changes L1 by a part in 700000.
            let close = got.iter().zip(expected).all(|(got, want)| (got - want).abs() < 2e-6);
            assert!(close, "{norm:?}: {got:?}, expected {expected:?}");
        }
    }

    /// Cells 0 1 2 / 3 4 5, one orientation, blocks of 2x2: cells 0 1 3 4, then 1 2 4 5.
    #[test]
    fn blocks_overlap_and_hold_their_cells_row_by_row() {
        let mut out = [0.0; 8];
        normalise(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, 1, [2, 2], BlockNorm::L1, &mut out);
        let expected = [0.0, 1.0, 3.0, 4.0, 1.0, 2.0, 4.0, 5.0];
        let sums = [8.0, 8.0, 8.0, 8.0, 12.0, 12.0, 12.0, 12.0];
        for i in 0..8 {
            assert!((out[i] - expected[i] / sums[i]).abs() < 1e-6, "{out:?}");
        }
    }
}
