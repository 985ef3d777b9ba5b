//! Blocks of cells, normalised in double precision with scikit-image's bits.

use super::params::BlockNorm;
use crate::kernels::hog_blocks::{CLIP, EPSILON};

/// Normalises a block in the order in which numpy does: sums are [`pairwise`], and numbers are
/// divided, not multiplied by an inverse.
pub(super) fn normalise(block: &mut [f64], norm: BlockNorm) {
    match norm {
        BlockNorm::L1 => {
            // Votes are never negative.
            let sum = pairwise(block, |value| value) + EPSILON;
            block.iter_mut().for_each(|value| *value /= sum);
        }
        BlockNorm::L1Sqrt => {
            let sum = pairwise(block, |value| value) + EPSILON;
            block.iter_mut().for_each(|value| *value = (*value / sum).sqrt());
        }
        BlockNorm::L2 => divide_by_length(block),
        BlockNorm::L2Hys => {
            divide_by_length(block);
            block.iter_mut().for_each(|value| *value = value.min(CLIP));
            divide_by_length(block);
        }
        BlockNorm::None | BlockNorm::L2HysOpenCv => unreachable!("not scikit-image's"),
    }
}

fn divide_by_length(block: &mut [f64]) {
    let squares = pairwise(block, |value| value * value);
    let length = (squares + EPSILON * EPSILON).sqrt();
    block.iter_mut().for_each(|value| *value /= length);
}

/// numpy's sum: of up to 128 numbers eight sums side by side, of more the sum of two halves.
fn pairwise(values: &[f64], of: impl Fn(f64) -> f64 + Copy) -> f64 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (a, b) = values.split_at(half - half % 8);
        return pairwise(a, of) + pairwise(b, of);
    }
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sum = 0.0;
    if let Some((first, chunks)) = chunks.split_first() {
        let mut sums = first.map(of);
        for chunk in chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *sum += of(*value);
            }
        }
        let [a, b, c, d, e, f, g, h] = sums;
        sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    }
    rest.iter().fold(sum, |sum, value| sum + of(*value))
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
            normalise(&mut block, norm);
            block
        };
        let half = 0.5_f64.sqrt();
        for (norm, expected) in [
            (BlockNorm::L1, [3.0 / 7.0, 4.0 / 7.0]),
            (BlockNorm::L1Sqrt, [(3.0_f64 / 7.0).sqrt(), (4.0_f64 / 7.0).sqrt()]),
            (BlockNorm::L2, [0.6, 0.8]),
            (BlockNorm::L2Hys, [half, half]),
        ] {
            let got = normalised(norm);
            // `e` changes L1 by a part in 700000.
            let close = got.iter().zip(expected).all(|(got, want)| (got - want).abs() < 2e-6);
            assert!(close, "{norm:?}: {got:?}, expected {expected:?}");
        }
    }

    /// 2^53 swallows a 1 added to it, but not a 2: what is left says in which order was added.
    #[test]
    fn sums_are_numpys() {
        let big = 2_f64.powi(53);
        let sum = |values: &[f64]| pairwise(values, |value| value);
        // One after another.
        assert_eq!(sum(&[big, 1.0, 1.0, -big]), 0.0);
        // Eight side by side: 1 + 1 meets 2^53 as a 2.
        assert_eq!(sum(&[big, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, -big]), 2.0);
        // Two halves of 72 and 80.
        let mut values = [0.0; 152];
        (values[0], values[71], values[72]) = (big, 1.0, 1.0);
        assert_eq!(sum(&values), big);
    }
}
