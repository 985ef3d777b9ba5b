//! Work compiled for the vector registers of each level.

#![allow(unsafe_code)]

use super::lanes::Lanes;
use super::wide::Level;

/// Work for vectors of `N` numbers; `P4` and `P2` as in [`super::small_matmul::multiply`].
pub(super) trait Vectorised {
    /// Does the work. Must be `#[inline(always)]`, and must not work on vectors in closures, which
    /// the compiler would not take apart.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`, of which `N` is the count.
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self);
}

/// Does `work` with the instructions of a level that was found to be there.
pub(super) fn run_at(level: Level, work: impl Vectorised) {
    // SAFETY: values of the type come from detection.
    unsafe {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::run_avx512(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::run_avx2(work),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::run_neon(work),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::lanes::x86::{Half, Wide};
    use super::Vectorised;

    /// 24 of 32 registers are sums.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn run_avx512(work: impl Vectorised) {
        // SAFETY: the function has the instructions.
        unsafe { work.run::<Wide, 16, 6, 12>() }
    }

    /// 12 of 16 registers are sums.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2(work: impl Vectorised) {
        // SAFETY: the function has the instructions.
        unsafe { work.run::<Half, 8, 3, 6>() }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::super::lanes::neon::Quad;
    use super::Vectorised;

    /// 24 of 32 registers are sums. Processors of today multiply up to four vectors per cycle, and
    /// each takes four cycles: 16 sums keep them busy. The other registers hold what is multiplied.
    #[target_feature(enable = "neon")]
    pub(super) unsafe fn run_neon(work: impl Vectorised) {
        // SAFETY: the function has the instructions.
        unsafe { work.run::<Quad, 4, 6, 12>() }
    }
}
