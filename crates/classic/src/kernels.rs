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

pub(crate) use base::Simd;

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
