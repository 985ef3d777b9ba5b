//! Registers of 64-bit ARM.

#![allow(unsafe_code)]

use super::Lanes;
use std::arch::aarch64::*;

/// NEON.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Quad(float32x4_t);

impl Lanes for Quad {
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { vfmaq_f32(self.0, a.0, b.0) })
    }

    #[inline(always)]
    unsafe fn subtract_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { vfmsq_f32(self.0, a.0, b.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }

    /// Not the instruction for the larger of two numbers, which returns NaN wherever one is.
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        Self(unsafe { vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn pairs(self, following: Self) -> (Self, Self) {
        let (a, b) = (self.0, following.0);
        unsafe { (Self(vuzp1q_f32(a, b)), Self(vuzp2q_f32(a, b))) }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe {
            let two = vadd_f32(vget_low_f32(self.0), vget_high_f32(self.0));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }

    /// Squares of 2x2 numbers, which then change places.
    #[inline(always)]
    unsafe fn transpose(rows: &[*const f32], columns: &[*mut f32]) {
        unsafe {
            let (r0, r1) = (vld1q_f32(rows[0]), vld1q_f32(rows[1]));
            let (r2, r3) = (vld1q_f32(rows[2]), vld1q_f32(rows[3]));
            for j in 0..2 {
                let (upper, lower) = match j {
                    0 => (vtrn1q_f32(r0, r1), vtrn1q_f32(r2, r3)),
                    _ => (vtrn2q_f32(r0, r1), vtrn2q_f32(r2, r3)),
                };
                let (upper, lower) = (vreinterpretq_f64_f32(upper), vreinterpretq_f64_f32(lower));
                vst1q_f32(columns[j], vreinterpretq_f32_f64(vtrn1q_f64(upper, lower)));
                vst1q_f32(columns[2 + j], vreinterpretq_f32_f64(vtrn2q_f64(upper, lower)));
            }
        }
    }
}
