//! The vector instructions that the processor has.

use std::sync::LazyLock;

/// Instruction sets that kernels are compiled for, slowest first.
///
/// A kernel is compiled once per set and chosen at run time. Only the sets of [`Simd::all`] may be
/// run on this processor; a value by itself is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// What every processor of the architecture has: SSE2 on x86-64, NEON on 64-bit ARM.
    Portable,
    /// AVX2, FMA, BMI1 and BMI2 (x86-64-v3).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// The former and AVX-512 F, BW, CD, DQ and VL (x86-64-v4).
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// The fastest that this processor has.
    ///
    /// ```
    /// assert_eq!(base::Simd::all().last(), Some(&base::Simd::best()));
    /// ```
    pub fn best() -> Self {
        static BEST: LazyLock<Simd> =
            LazyLock::new(|| Simd::all().last().copied().unwrap_or(Simd::Portable));
        *BEST
    }

    /// Every one that this processor has, slowest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        #[cfg(target_arch = "x86_64")]
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        let sets = [
            (Self::Portable, true),
            #[cfg(target_arch = "x86_64")]
            (Self::Avx2, avx2),
            #[cfg(target_arch = "x86_64")]
            (Self::Avx512, avx512),
        ];
        sets.into_iter().filter_map(|(set, there)| there.then_some(set)).collect()
    }
}
