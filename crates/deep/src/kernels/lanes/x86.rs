//! Registers of x86-64.

#![allow(unsafe_code)]

use super::Lanes;
use std::arch::x86_64::*;

/// AVX-512.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Wide(__m512);

impl Lanes for Wide {
    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn subtract_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm512_fnmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn pairs(self, following: Self) -> (Self, Self) {
        unsafe {
            let first = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
            let second = _mm512_add_epi32(first, _mm512_set1_epi32(1));
            (
                Self(_mm512_permutex2var_ps(self.0, first, following.0)),
                Self(_mm512_permutex2var_ps(self.0, second, following.0)),
            )
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe {
            let upper = _mm512_castpd_ps(_mm512_castpd256_pd512(_mm512_extractf64x4_pd::<1>(
                _mm512_castps_pd(self.0),
            )));
            let half = _mm256_add_ps(_mm512_castps512_ps256(self.0), _mm512_castps512_ps256(upper));
            Half(half).sum()
        }
    }

    /// Pairs of rows, then fours, then the quarters of registers change places.
    #[inline(always)]
    unsafe fn transpose(rows: &[*const f32], columns: &[*mut f32]) {
        unsafe {
            let mut a = [_mm512_setzero_ps(); 16];
            for i in 0..16 {
                a[i] = _mm512_loadu_ps(rows[i]);
            }
            let mut b = a;
            for i in (0..16).step_by(2) {
                b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
                b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
            }
            for i in (0..16).step_by(4) {
                let (p0, p1) = (_mm512_castps_pd(b[i]), _mm512_castps_pd(b[i + 1]));
                let (p2, p3) = (_mm512_castps_pd(b[i + 2]), _mm512_castps_pd(b[i + 3]));
                a[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(p0, p2));
                a[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(p0, p2));
                a[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(p1, p3));
                a[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(p1, p3));
            }
            // Quarter `q` of `a[4 i + j]` has column `4 q + j` of rows `4 i` to `4 i + 3`.
            for j in 0..4 {
                let even = _mm512_shuffle_f32x4::<0x88>(a[j], a[4 + j]);
                let even_below = _mm512_shuffle_f32x4::<0x88>(a[8 + j], a[12 + j]);
                let odd = _mm512_shuffle_f32x4::<0xdd>(a[j], a[4 + j]);
                let odd_below = _mm512_shuffle_f32x4::<0xdd>(a[8 + j], a[12 + j]);
                _mm512_storeu_ps(columns[j], _mm512_shuffle_f32x4::<0x88>(even, even_below));
                _mm512_storeu_ps(columns[4 + j], _mm512_shuffle_f32x4::<0x88>(odd, odd_below));
                _mm512_storeu_ps(columns[8 + j], _mm512_shuffle_f32x4::<0xdd>(even, even_below));
                _mm512_storeu_ps(columns[12 + j], _mm512_shuffle_f32x4::<0xdd>(odd, odd_below));
            }
        }
    }
}

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Half(__m256);

impl Lanes for Half {
    const COUNT: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn subtract_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm256_fnmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        Self(unsafe { _mm256_max_ps(self.0, other.0) })
    }

    /// Within halves of registers, whose quarters then change places.
    #[inline(always)]
    unsafe fn pairs(self, following: Self) -> (Self, Self) {
        unsafe {
            let first = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(self.0, following.0));
            let second = _mm256_castps_pd(_mm256_shuffle_ps::<0xdd>(self.0, following.0));
            (
                Self(_mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(first))),
                Self(_mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(second))),
            )
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe {
            let upper = _mm256_extractf128_ps::<1>(self.0);
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), upper);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }

    /// As with 16 rows; the halves of registers change places last.
    #[inline(always)]
    unsafe fn transpose(rows: &[*const f32], columns: &[*mut f32]) {
        unsafe {
            let mut a = [_mm256_setzero_ps(); 8];
            for i in 0..8 {
                a[i] = _mm256_loadu_ps(rows[i]);
            }
            let mut b = a;
            for i in (0..8).step_by(2) {
                b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
                b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
            }
            for i in (0..8).step_by(4) {
                let (p0, p1) = (_mm256_castps_pd(b[i]), _mm256_castps_pd(b[i + 1]));
                let (p2, p3) = (_mm256_castps_pd(b[i + 2]), _mm256_castps_pd(b[i + 3]));
                a[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(p0, p2));
                a[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(p0, p2));
                a[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(p1, p3));
                a[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(p1, p3));
            }
            for j in 0..4 {
                _mm256_storeu_ps(columns[j], _mm256_permute2f128_ps::<0x20>(a[j], a[4 + j]));
                _mm256_storeu_ps(columns[4 + j], _mm256_permute2f128_ps::<0x31>(a[j], a[4 + j]));
            }
        }
    }
}
