//! Blocks brought to one scale.

use crate::hog::params::{BlockNorm, HogParams};

/// Normalises the numbers of a block in place; sums are `f64`.
pub(super) fn normalise(block: &mut [f32], params: &HogParams) {
    let HogParams { clip, epsilon, .. } = *params;
    let sum = block.iter().map(|&value| f64::from(value)).sum::<f64>();
    let length =
        |block: &[f32]| block.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let inside = |length: f64| length.hypot(epsilon);
    match params.block_norm {
        BlockNorm::None => {}
        // Votes are never negative.
        BlockNorm::L1 => replace(block, |value| value / (sum + epsilon)),
        BlockNorm::L1Sqrt => replace(block, |value| (value / (sum + epsilon)).sqrt()),
        BlockNorm::L2 => {
            let scale = inside(length(block));
            replace(block, |value| value / scale);
        }
        BlockNorm::L2Hys => {
            let scale = inside(length(block));
            replace(block, |value| (value / scale).min(clip));
            let scale = inside(length(block));
            replace(block, |value| value / scale);
        }
        BlockNorm::L2HysOpenCv => {
            let [height, width] = params.cell_size;
            // Of means, not of sums.
            let tenth = block.len() as f64 / 10.0 / (height * width) as f64;
            let scale = length(block) + tenth;
            replace(block, |value| (value / scale).min(clip));
            let scale = length(block) + 1e-3;
            replace(block, |value| value / scale);
        }
    }
}

fn replace(block: &mut [f32], with: impl Fn(f64) -> f64) {
    for value in block {
        *value = with(f64::from(*value)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(block: [f32; 2], params: &HogParams) -> [f32; 2] {
        let mut block = block;
        normalise(&mut block, params);
        block
    }

    /// The block (3, 4): its sum is 7, its length 5. With `e` = 12, the sum is 19, the length 13.
    #[test]
    fn norms_by_hand() {
        let with = |block_norm, epsilon, clip| HogParams {
            block_norm,
            epsilon,
            clip,
            cell_size: [2, 5],
            ..HogParams::default()
        };
        let close = |params: &HogParams, expected: [f64; 2]| {
            let got = normalised([3.0, 4.0], params);
            let close = got.iter().zip(expected).all(|(&g, e)| (f64::from(g) - e).abs() < 1e-7);
            assert!(close, "{:?}: {got:?}, expected {expected:?}", params.block_norm);
        };
        close(&with(BlockNorm::None, 12.0, 0.2), [3.0, 4.0]);
        close(&with(BlockNorm::L1, 12.0, 0.2), [3.0 / 19.0, 4.0 / 19.0]);
        close(&with(BlockNorm::L1Sqrt, 12.0, 0.2), [3.0 / 19.0, 4.0 / 19.0].map(f64::sqrt));
        close(&with(BlockNorm::L2, 12.0, 0.2), [3.0 / 13.0, 4.0 / 13.0]);
        // 0.6 and 0.8, of which the second is cut to 0.7.
        let length = 0.6_f64.hypot(0.7);
        close(&with(BlockNorm::L2Hys, 1e-9, 0.7), [0.6 / length, 0.7 / length]);
        // Sums over cells of 10 pixels are 30 and 40: divided by 50 + 2/10.
        let [a, b] = [30.0 / 50.2, 0.7_f64];
        let length = a.hypot(b) + 1e-3;
        close(&with(BlockNorm::L2HysOpenCv, 1.0, 0.7), [a / length, b / length]);
    }

    #[test]
    fn a_block_without_gradients_stays_at_zero() {
        for block_norm in [
            BlockNorm::L1,
            BlockNorm::L1Sqrt,
            BlockNorm::L2,
            BlockNorm::L2Hys,
            BlockNorm::L2HysOpenCv,
        ] {
            let params = HogParams { block_norm, ..HogParams::default() };
            assert_eq!(normalised([0.0, 0.0], &params), [0.0, 0.0]);
        }
    }
}
