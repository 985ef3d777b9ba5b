//! Transposing in registers, 8 rows and columns at a time: the compiler does it number by number,
//! which takes as long as everything else together.

use super::LANES;
use std::arch::x86_64::*;

/// From a row of [`LANES`] images per feature to a row of as many features per image.
///
/// # Panics
/// If a row is shorter than that.
#[target_feature(enable = "avx2")]
pub(super) fn transpose<'a>(
    block: &[[f32; LANES]; LANES],
    rows: impl Iterator<Item = &'a mut [f32]>,
) {
    let mut rows = rows;
    for lanes in [0, 8] {
        let halves = [0, 8].map(|feature| eight(block, feature, lanes));
        for lane in 0..8 {
            let Some(row) = rows.next() else { return };
            let (out, _) = row.as_chunks_mut::<8>();
            for (out, values) in out[..2].iter_mut().zip(halves) {
                // SAFETY: 8 numbers are written to 8.
                unsafe { _mm256_storeu_ps(out.as_mut_ptr(), values[lane]) };
            }
        }
    }
}

/// Eight lanes of eight features, as eight vectors of one lane each.
#[target_feature(enable = "avx2")]
fn eight(block: &[[f32; LANES]; LANES], feature: usize, lanes: usize) -> [__m256; 8] {
    let mut rows = [_mm256_setzero_ps(); 8];
    for (row, values) in rows.iter_mut().zip(&block[feature..feature + 8]) {
        // SAFETY: 8 numbers are read from 8.
        *row = unsafe { _mm256_loadu_ps(values[lanes..lanes + 8].as_ptr()) };
    }
    let [a, b, c, d, e, f, g, h] = rows;
    let [ab, cd, ef, gh] = [(a, b), (c, d), (e, f), (g, h)].map(|(one, two)| interleave(one, two));
    let mut out = [_mm256_setzero_ps(); 8];
    for half in 0..2 {
        let (first, second) = ([ab[half], cd[half]], [ef[half], gh[half]]);
        let low = [first, second].map(|[one, two]| _mm256_shuffle_ps::<0x44>(one, two));
        let high = [first, second].map(|[one, two]| _mm256_shuffle_ps::<0xEE>(one, two));
        for (lane, [one, two]) in [(2 * half, low), (2 * half + 1, high)] {
            out[lane] = _mm256_permute2f128_ps::<0x20>(one, two);
            out[lane + 4] = _mm256_permute2f128_ps::<0x31>(one, two);
        }
    }
    out
}

/// Alternating numbers of both, of the lower and of the upper halves of each 128 bits.
#[target_feature(enable = "avx2")]
fn interleave(one: __m256, two: __m256) -> [__m256; 2] {
    [_mm256_unpacklo_ps(one, two), _mm256_unpackhi_ps(one, two)]
}
