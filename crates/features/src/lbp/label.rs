//! From codes to the labels that are counted.

use serde::{Deserialize, Serialize};

/// Which codes count as the same; names and numbering are scikit-image's.
///
/// A code is uniform if, going round the circle, its bits change at most twice: flat areas, edges,
/// corners, line ends. With eight points 58 of the 256 codes are, and they make up most pixels of
/// most images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LbpMethod {
    /// Every code by itself: `2^points` labels.
    Default,
    /// The smallest number that rotating the bits gives: still numbered below `2^points`, but
    /// most of these numbers do not occur.
    Ror,
    /// The number of bits set if the code is uniform, otherwise `points + 1`; rotation does not
    /// matter.
    Uniform,
    /// Each uniform code by itself, all others together: `points * (points - 1) + 3` labels.
    NriUniform,
}

/// Number of labels, which run from 0.
///
/// ```
/// use features::{LbpMethod, lbp_label_count};
/// assert_eq!(lbp_label_count(8, LbpMethod::Uniform), 10);
/// assert_eq!(lbp_label_count(8, LbpMethod::NriUniform), 59);
/// ```
///
/// # Panics
/// If `points` is not from 1 to 31.
pub fn lbp_label_count(points: usize, method: LbpMethod) -> usize {
    assert!((1..=31).contains(&points), "there are codes of 1 to 31 points");
    match method {
        LbpMethod::Default | LbpMethod::Ror => 1 << points,
        LbpMethod::Uniform => points + 2,
        LbpMethod::NriUniform => points * (points - 1) + 3,
    }
}

/// The label of a code of `points` bits, at most 31.
pub(super) fn label(code: u32, points: usize, method: LbpMethod) -> u32 {
    let points = points as u32;
    let uniform = || (code ^ rotated_right(code, points)).count_ones() <= 2;
    match method {
        LbpMethod::Default => code,
        LbpMethod::Ror => {
            let rotations = std::iter::successors(Some(code), |&c| Some(rotated_right(c, points)));
            rotations.take(points as usize).min().expect("there is at least one point")
        }
        LbpMethod::Uniform if uniform() => code.count_ones(),
        LbpMethod::Uniform => points + 1,
        LbpMethod::NriUniform if uniform() => {
            let ones = code.count_ones();
            match ones {
                0 => 0,
                _ if ones == points => points * (points - 1) + 1,
                _ => {
                    let first_one = code.trailing_zeros();
                    // How far the run of ones is turned from its place at the last points.
                    let turned = match first_one {
                        0 => ones - code.trailing_ones(),
                        _ => points - first_one,
                    };
                    1 + (ones - 1) * points + turned
                }
            }
        }
        LbpMethod::NriUniform => points * (points - 1) + 2,
    }
}

/// The `points` lowest bits, rotated by one.
fn rotated_right(code: u32, points: u32) -> u32 {
    (code >> 1) | ((code & 1) << (points - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn labels_are_all_used_and_below_their_count() {
        for points in [2, 3, 8, 11] {
            for method in [LbpMethod::Uniform, LbpMethod::NriUniform] {
                let labels = (0..1_u32 << points).map(|code| label(code, points, method));
                let used: BTreeSet<_> = labels.collect();
                let all = 0..lbp_label_count(points, method) as u32;
                // Two or three points have no code that changes more than twice.
                let rest = usize::from(points < 4);
                assert_eq!(used, all.take(lbp_label_count(points, method) - rest).collect());
            }
        }
    }

    /// Known from the paper: 36 rotation invariant codes of eight points.
    #[test]
    fn thirty_six_codes_up_to_rotation() {
        let codes: BTreeSet<_> = (0..256).map(|code| label(code, 8, LbpMethod::Ror)).collect();
        assert_eq!(codes.len(), 36);
    }

    /// The kernels, which have no branches, against the definition above.
    #[test]
    fn kernels_give_these_labels() {
        use crate::kernels::{Simd, lbp::*};
        macro_rules! check {
            ($code:ty, $points:expr, $ror:ident, $uniform:ident, $nri_uniform:ident) => {
                for (points, simd) in $points
                    .into_iter()
                    .flat_map(|p| Simd::all().into_iter().map(move |simd| (p, simd)))
                {
                    // All codes of few bits, some of many.
                    let last = (1_u64 << points) - 1;
                    let step = (last / 5000 + 1) as usize;
                    let codes: Vec<$code> =
                        (0..=last).step_by(step).chain([last]).map(|code| code as $code).collect();
                    for (method, kernel) in [
                        (LbpMethod::Ror, $ror as fn(Simd, &mut [$code], u32)),
                        (LbpMethod::Uniform, $uniform),
                        (LbpMethod::NriUniform, $nri_uniform),
                    ] {
                        let mut got = codes.clone();
                        kernel(simd, &mut got, points as u32);
                        let labels = codes.iter().map(|&code| label(code.into(), points, method));
                        assert!(
                            got.iter().map(|&label| u32::from(label)).eq(labels),
                            "{method:?} {points} {simd:?}"
                        );
                    }
                }
            };
        }
        check!(u8, 1..=8, ror_u8, uniform_u8, nri_uniform_u8);
        check!(u16, 1..=16, ror_u16, uniform_u16, nri_uniform_u16);
        check!(u32, 1..=31, ror_u32, uniform_u32, nri_uniform_u32);
    }
}
