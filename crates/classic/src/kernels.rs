//! Hot loops, compiled once per instruction set, and the choice among them at run time.
//!
//! A kernel is plain Rust that the compiler vectorises. It works on contiguous slices and
//! allocates nothing. Sums and products are contracted (`mul_add`) where the instruction set can,
//! so last bits differ between kinds of processors, but on one they are always the same.
//!
//! This module and its children are the only places with `unsafe`: calling a function that was
//! compiled for an instruction set, after asking the processor for it.
#![allow(unsafe_code)]

pub(crate) mod exp;
pub(crate) mod linear;
pub(crate) mod smo;
pub(crate) mod tile;

use std::sync::LazyLock;

/// Instruction sets that kernels are compiled for, slowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Simd {
    /// What every processor of the architecture has.
    Portable,
    /// AVX2 and FMA (x86-64-v3).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// The fastest that this processor has.
    pub(crate) fn best() -> Self {
        static BEST: LazyLock<Simd> =
            LazyLock::new(|| Simd::all().last().copied().unwrap_or(Simd::Portable));
        *BEST
    }

    /// Every one that this processor has, slowest first.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 {
                all.push(Self::Avx2);
            }
            if avx512 {
                all.push(Self::Avx512);
            }
        }
        all
    }
}

/// `a * b + c`: rounded once if `FMA`, which must only be so where the processor has it.
#[inline(always)]
pub(crate) fn mul_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Compiles a function once per instruction set; the first parameter chooses the version. In its
/// body `$fma` tells whether the set has fused multiplication and addition, and `$bits` is the
/// width of its registers; both are constants.
macro_rules! kernel {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident <$fma:ident, $bits:ident> (
            $($argument:ident: $argument_type:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name(
            simd: $crate::kernels::Simd, $($argument: $argument_type),*
        ) $(-> $result)? {
            #[inline(always)]
            fn body<const $fma: bool, const $bits: usize>(
                $($argument: $argument_type),*
            ) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
            fn avx2($($argument: $argument_type),*) $(-> $result)? {
                body::<true, 256>($($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(
                enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
            )]
            fn avx512($($argument: $argument_type),*) $(-> $result)? {
                body::<true, 512>($($argument),*)
            }
            match simd {
                // NEON, which every 64-bit ARM has, can fuse.
                $crate::kernels::Simd::Portable => {
                    body::<{ cfg!(target_arch = "aarch64") }, 128>($($argument),*)
                }
                // SAFETY: `Simd::all` lists this value only if the processor has these features.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::Simd::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::Simd::Avx512 => unsafe { avx512($($argument),*) },
            }
        }
    };
}
pub(crate) use kernel;
