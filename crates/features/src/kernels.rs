//! Hot loops, compiled once per instruction set, and the choice among them at run time.
//!
//! A kernel is plain Rust that the compiler vectorises, or intrinsics where it does not. It works
//! on contiguous slices and allocates nothing. All versions of a kernel give the same bits: the
//! compiler never reorders or contracts floating point operations, and tests run every version the
//! processor has against a plain twin.
//!
//! This module and its children are the only places with `unsafe`: calling a function that was
//! compiled for an instruction set, after asking the processor for it.
#![allow(unsafe_code)]

pub(crate) mod cascade;
pub(crate) mod fhog;
pub(crate) mod haar;
pub(crate) mod hog;
pub(crate) mod hog_blocks;
pub(crate) mod integral;
pub(crate) mod lbp;
pub(crate) mod lbp_float;
pub(crate) mod planes;
pub(crate) mod resize;

pub(crate) mod hog_opencv;

pub(crate) use base::Simd;

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
