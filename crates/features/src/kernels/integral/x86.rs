//! The AVX2 and AVX-512 versions.
//!
//! Both work in three steps: prefix sums of a block of pixels in numbers of 16 bits (squares: of
//! 32), which cannot overflow within a block; widening; adding what lies left and above. What lies
//! left is known after one addition per block, since the sum over a block does not depend on it.

use super::{Row, Sum};
use std::arch::x86_64::*;

/// Numbers that can take up the prefix sums of a block, 32 bits each.
///
/// Both functions write `above + carry + sums`, then add the last of `sums` to each lane of
/// `carry`.
pub(crate) trait Widen: Copy {
    /// # Safety
    /// The processor must have AVX2.
    unsafe fn put_avx2(sums: __m256i, carry: &mut __m256i, above: &[Self; 8], out: &mut [Self; 8]);

    /// # Safety
    /// The processor must have AVX-512 F.
    unsafe fn put_avx512(
        sums: __m512i,
        carry: &mut __m512i,
        above: &[Self; 16],
        out: &mut [Self; 16],
    );
}

/// Blocks of 16 pixels, 8 sums at a time.
#[target_feature(enable = "avx2")]
pub(super) fn add_avx2<T: Sum, const SQUARED: bool>(row: Row<'_, T>) {
    let (pixels, _) = row.pixels.as_chunks::<16>();
    let above = row.above.as_chunks::<8>().0.as_chunks::<2>().0;
    let out = row.out.as_chunks_mut::<8>().0.as_chunks_mut::<2>().0;
    let mut carry = _mm256_setzero_si256();
    for ((pixels, above), out) in pixels.iter().zip(above).zip(out) {
        // SAFETY: 16 bytes are read from 16 bytes.
        let v = _mm256_cvtepu8_epi16(unsafe { _mm_loadu_si128(pixels.as_ptr().cast()) });
        let [low, high] = if SQUARED { squares_avx2(v) } else { sums_avx2(v) };
        // SAFETY: this function has AVX2.
        unsafe {
            T::put_avx2(low, &mut carry, &above[0], &mut out[0]);
            T::put_avx2(high, &mut carry, &above[1], &mut out[1]);
        }
    }
    row.add_rest::<SQUARED>(16);
}

/// Prefix sums of the lower 8 pixels and of the upper 8.
#[target_feature(enable = "avx2")]
fn sums_avx2(v: __m256i) -> [__m256i; 2] {
    let v = _mm256_add_epi16(v, _mm256_bslli_epi128(v, 2));
    let v = _mm256_add_epi16(v, _mm256_bslli_epi128(v, 4));
    widen_avx2(_mm256_add_epi16(v, _mm256_bslli_epi128(v, 8)))
}

/// Prefix sums of the squares of the lower 8 pixels and of the upper 8.
#[target_feature(enable = "avx2")]
fn squares_avx2(v: __m256i) -> [__m256i; 2] {
    let [low, high] = widen_avx2(_mm256_mullo_epi16(v, v));
    [prefix_avx2(low), prefix_avx2(high)]
}

/// From 16 to 32 bits.
#[target_feature(enable = "avx2")]
fn widen_avx2(v: __m256i) -> [__m256i; 2] {
    let (low, high) = (_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    [_mm256_cvtepu16_epi32(low), _mm256_cvtepu16_epi32(high)]
}

/// Prefix sums of 8 numbers: within each half, then the sum of the first half to the second.
#[target_feature(enable = "avx2")]
fn prefix_avx2(v: __m256i) -> __m256i {
    let v = _mm256_add_epi32(v, _mm256_bslli_epi128(v, 4));
    let v = _mm256_add_epi32(v, _mm256_bslli_epi128(v, 8));
    let half = _mm256_permutevar8x32_epi32(v, _mm256_set1_epi32(3));
    _mm256_add_epi32(v, _mm256_blend_epi32(_mm256_setzero_si256(), half, 0xF0))
}

/// Blocks of 32 pixels, 16 sums at a time.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn add_avx512<T: Sum, const SQUARED: bool>(row: Row<'_, T>) {
    let (pixels, _) = row.pixels.as_chunks::<32>();
    let above = row.above.as_chunks::<16>().0.as_chunks::<2>().0;
    let out = row.out.as_chunks_mut::<16>().0.as_chunks_mut::<2>().0;
    let mut carry = _mm512_setzero_si512();
    for ((pixels, above), out) in pixels.iter().zip(above).zip(out) {
        // SAFETY: 32 bytes are read from 32 bytes.
        let v = _mm512_cvtepu8_epi16(unsafe { _mm256_loadu_si256(pixels.as_ptr().cast()) });
        let [low, high] = if SQUARED { squares_avx512(v) } else { sums_avx512(v) };
        // SAFETY: this function has AVX-512 F.
        unsafe {
            T::put_avx512(low, &mut carry, &above[0], &mut out[0]);
            T::put_avx512(high, &mut carry, &above[1], &mut out[1]);
        }
    }
    row.add_rest::<SQUARED>(32);
}

/// Prefix sums of the lower 16 pixels and of the upper 16.
#[target_feature(enable = "avx512f,avx512bw")]
fn sums_avx512(v: __m512i) -> [__m512i; 2] {
    let v = _mm512_add_epi16(v, _mm512_bslli_epi128(v, 2));
    let v = _mm512_add_epi16(v, _mm512_bslli_epi128(v, 4));
    let v = _mm512_add_epi16(v, _mm512_bslli_epi128(v, 8));
    // The sum of every even quarter to the odd one after it.
    let last = _mm512_shufflehi_epi16(v, 0xFF);
    let quarter = _mm512_permutex_epi64(last, 0b01_01_01_01);
    let v = _mm512_mask_add_epi16(v, 0xFF00_FF00, v, quarter);
    widen_avx512(v)
}

/// Prefix sums of the squares of the lower 16 pixels and of the upper 16.
#[target_feature(enable = "avx512f,avx512bw")]
fn squares_avx512(v: __m512i) -> [__m512i; 2] {
    let [low, high] = widen_avx512(_mm512_mullo_epi16(v, v));
    [prefix_avx512(low), prefix_avx512(high)]
}

/// From 16 to 32 bits.
#[target_feature(enable = "avx512f,avx512bw")]
fn widen_avx512(v: __m512i) -> [__m512i; 2] {
    let (low, high) = (_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    [_mm512_cvtepu16_epi32(low), _mm512_cvtepu16_epi32(high)]
}

/// Prefix sums of 16 numbers: within quarters, then within halves, then of all.
#[target_feature(enable = "avx512f,avx512bw")]
fn prefix_avx512(v: __m512i) -> __m512i {
    let v = _mm512_add_epi32(v, _mm512_bslli_epi128(v, 4));
    let v = _mm512_add_epi32(v, _mm512_bslli_epi128(v, 8));
    let quarter = _mm512_permutex_epi64(_mm512_shuffle_epi32(v, 0xFF), 0b01_01_01_01);
    let v = _mm512_mask_add_epi32(v, 0xF0F0, v, quarter);
    let half = _mm512_permutexvar_epi32(_mm512_set1_epi32(7), v);
    _mm512_mask_add_epi32(v, 0xFF00, v, half)
}

impl Widen for u32 {
    #[target_feature(enable = "avx2")]
    unsafe fn put_avx2(sums: __m256i, carry: &mut __m256i, above: &[u32; 8], out: &mut [u32; 8]) {
        // SAFETY: 8 numbers are read from 8 and written to 8.
        unsafe {
            let above = _mm256_loadu_si256(above.as_ptr().cast());
            let all = _mm256_add_epi32(above, _mm256_add_epi32(sums, *carry));
            _mm256_storeu_si256(out.as_mut_ptr().cast(), all);
        }
        let total = _mm256_permutevar8x32_epi32(sums, _mm256_set1_epi32(7));
        *carry = _mm256_add_epi32(*carry, total);
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn put_avx512(
        sums: __m512i,
        carry: &mut __m512i,
        above: &[u32; 16],
        out: &mut [u32; 16],
    ) {
        // SAFETY: 16 numbers are read from 16 and written to 16.
        unsafe {
            let above = _mm512_loadu_si512(above.as_ptr().cast());
            let all = _mm512_add_epi32(above, _mm512_add_epi32(sums, *carry));
            _mm512_storeu_si512(out.as_mut_ptr().cast(), all);
        }
        let total = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), sums);
        *carry = _mm512_add_epi32(*carry, total);
    }
}

/// Numbers of 64 bits take a block in two halves. `from` and `into` say how the bits of the carry
/// are seen as numbers of this type.
macro_rules! wide {
    ($(
        $sum:ty:
        $from256:expr, $into256:expr, $widen256:ident, $add256:ident, $load256:ident, $store256:ident;
        $from512:expr, $into512:expr, $widen512:ident, $add512:ident, $load512:ident, $store512:ident;
    )*) => {$(
        impl Widen for $sum {
            #[target_feature(enable = "avx2")]
            unsafe fn put_avx2(
                sums: __m256i,
                carry: &mut __m256i,
                above: &[$sum; 8],
                out: &mut [$sum; 8],
            ) {
                let left = $from256(*carry);
                let halves = [_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)];
                for (half, sums) in halves.into_iter().enumerate() {
                    // SAFETY: 4 numbers from place 0 or 4 on are read from 8 and written to 8.
                    unsafe {
                        let above = $load256(above.as_ptr().add(4 * half).cast());
                        let all = $add256(above, $add256($widen256(sums), left));
                        $store256(out.as_mut_ptr().add(4 * half).cast(), all);
                    }
                }
                let last = _mm_shuffle_epi32(halves[1], 0xFF);
                *carry = $into256($add256(left, $widen256(last)));
            }

            #[target_feature(enable = "avx512f")]
            unsafe fn put_avx512(
                sums: __m512i,
                carry: &mut __m512i,
                above: &[$sum; 16],
                out: &mut [$sum; 16],
            ) {
                let left = $from512(*carry);
                let halves = [_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1)];
                for (half, sums) in halves.into_iter().enumerate() {
                    // SAFETY: 8 numbers from place 0 or 8 on are read from 16 and written to 16.
                    unsafe {
                        let above = $load512(above.as_ptr().add(8 * half).cast());
                        let all = $add512(above, $add512($widen512(sums), left));
                        $store512(out.as_mut_ptr().add(8 * half).cast(), all);
                    }
                }
                let last = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), sums);
                *carry = $into512($add512(left, $widen512(_mm512_castsi512_si256(last))));
            }
        }
    )*};
}
// Sums over 16 squares are far below 2^31, so a signed conversion is right.
wide! {
    u64:
    std::convert::identity, std::convert::identity,
    _mm256_cvtepu32_epi64, _mm256_add_epi64, _mm256_loadu_si256, _mm256_storeu_si256;
    std::convert::identity, std::convert::identity,
    _mm512_cvtepu32_epi64, _mm512_add_epi64, _mm512_loadu_si512, _mm512_storeu_si512;
    f64:
    _mm256_castsi256_pd, _mm256_castpd_si256,
    _mm256_cvtepi32_pd, _mm256_add_pd, _mm256_loadu_pd, _mm256_storeu_pd;
    _mm512_castsi512_pd, _mm512_castpd_si512,
    _mm512_cvtepi32_pd, _mm512_add_pd, _mm512_loadu_pd, _mm512_storeu_pd;
}
