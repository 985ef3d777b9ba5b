//! The vectors of AVX2 and AVX-512, and the loops compiled for them.

use super::Lanes;
use super::normalise::normalise_all;
use super::vector::Vector;
use super::votes::{Rows, Segment, add_all};
use std::arch::x86_64::*;

/// Implements [`Vector`] with the instructions of a set, and compiles the loops for it.
macro_rules! vector {
    (
        $feature:literal, $type:ty, $size:literal, $votes:ident, $normalise:ident,
        $splat:ident, $load:ident, $store:ident, $add:ident, $mul:ident, $div:ident,
        $min:ident, $sqrt:ident
    ) => {
        #[target_feature(enable = $feature)]
        pub(super) fn $votes(
            segments: &[Segment],
            rows: Rows<'_>,
            bins: usize,
            histograms: &mut [Lanes],
        ) {
            add_all::<$type>(segments, rows, bins, histograms);
        }

        #[target_feature(enable = $feature)]
        pub(super) fn $normalise(histograms: &mut [Lanes], clip: f32) {
            normalise_all::<$type>(histograms, clip);
        }

        impl Vector for $type {
            const SIZE: usize = $size;

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller's promise, and it was compiled for these instructions.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller's promise, and it was compiled for these instructions.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $mul(self, other) }
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $div(self, other) }
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $min(self, other) }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: the caller was compiled for these instructions.
                unsafe { $sqrt(self) }
            }
        }
    };
}

vector!(
    "avx2",
    __m256,
    8,
    votes_avx2,
    normalise_avx2,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_min_ps,
    _mm256_sqrt_ps
);
vector!(
    "avx512f",
    __m512,
    16,
    votes_avx512,
    normalise_avx512,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_mul_ps,
    _mm512_div_ps,
    _mm512_min_ps,
    _mm512_sqrt_ps
);
