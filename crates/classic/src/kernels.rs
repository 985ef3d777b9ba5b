//! Hot loops, compiled once per instruction set, and the choice among them at run time.
//!
//! A kernel is plain Rust that the compiler vectorises. It works on contiguous slices and
//! allocates nothing. All versions of a kernel give the same bits: the compiler never reorders or
//! contracts floating point operations, and tests run every version the processor has against a
//! plain twin.
//!
//! This module and its children are the only places with `unsafe`: calling a function that was
//! compiled for an instruction set, after asking the processor for it.
#![allow(unsafe_code)]

pub(crate) mod linear;

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

/// Compiles a function once per instruction set; the first parameter chooses the version.
///
/// ```text
/// kernel! {
///     /// Doubles every number.
///     pub(crate) fn double(values: &mut [u16]) { for value in values { *value *= 2; } }
/// }
/// double(Simd::best(), &mut values);
/// ```
macro_rules! kernel {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident $(<const $constant:ident: $constant_type:ty>)? (
            $($argument:ident: $argument_type:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name $(<const $constant: $constant_type>)? (
            simd: $crate::kernels::Simd, $($argument: $argument_type),*
        ) $(-> $result)? {
            #[inline(always)]
            fn portable $(<const $constant: $constant_type>)? (
                $($argument: $argument_type),*
            ) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
            fn avx2 $(<const $constant: $constant_type>)? (
                $($argument: $argument_type),*
            ) $(-> $result)? { portable $(::<$constant>)? ($($argument),*) }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(
                enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
            )]
            fn avx512 $(<const $constant: $constant_type>)? (
                $($argument: $argument_type),*
            ) $(-> $result)? { portable $(::<$constant>)? ($($argument),*) }
            match simd {
                $crate::kernels::Simd::Portable => portable $(::<$constant>)? ($($argument),*),
                // SAFETY: `Simd::all` lists this value only if the processor has these features.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::Simd::Avx2 => unsafe { avx2 $(::<$constant>)? ($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::Simd::Avx512 => unsafe {
                    avx512 $(::<$constant>)? ($($argument),*)
                },
            }
        }
    };
}
pub(crate) use kernel;

#[cfg(test)]
mod tests {
    use super::*;

    kernel! {
        /// Sums rows of `N` numbers.
        fn sums<const N: usize>(rows: &[[u32; N]], out: &mut [u32]) {
            for (row, out) in rows.iter().zip(out) {
                *out = row.iter().sum();
            }
        }
    }

    #[test]
    fn every_version_that_the_processor_has_can_be_called() {
        let all = Simd::all();
        assert_eq!(all.last(), Some(&Simd::best()));
        for simd in all {
            let mut out = [0; 2];
            sums(simd, &[[1, 2, 3], [4, 5, 6]], &mut out);
            assert_eq!(out, [6, 15], "{simd:?}");
        }
    }
}
