//! What the processor could do at most: products with additions of 32-bit numbers, in registers.

use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// Chains of operations that do not wait for each other: two units that take four cycles each need
/// eight, and of the sixteen registers of AVX2 one holds a factor.
const CHAINS: usize = 12;
/// Operations of a chain in a burst, which takes about a millisecond: short, so that some bursts are
/// not interrupted on a busy machine.
const LENGTH: u32 = 400_000;
const SECONDS: f64 = 0.3;

/// Billions of floating point operations per second on so many threads at once, two for each
/// product with its addition, with the widest vectors that the processor has. The best bursts of
/// all threads, added up.
pub(super) fn measure(threads: usize) -> f64 {
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(of_a_thread)).collect();
        all.into_iter().map(|one| one.join().expect("nothing in it panics")).sum()
    })
}

fn of_a_thread() -> f64 {
    let (arch, start) = (Arch::new(), Instant::now());
    let mut best: f64 = 0.0;
    while start.elapsed().as_secs_f64() < SECONDS {
        let burst = Instant::now();
        let operations = arch.dispatch(Chains);
        best = best.max(operations as f64 / burst.elapsed().as_secs_f64() / 1e9);
    }
    best
}

/// One burst; its result is the number of operations.
struct Chains;

impl WithSimd for Chains {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u64 {
        let factor = simd.splat_f32s(black_box(0.5));
        let mut values = [simd.splat_f32s(1.0); CHAINS];
        for _ in 0..LENGTH {
            for value in &mut values {
                *value = simd.mul_add_f32s(*value, factor, factor);
            }
        }
        black_box(values);
        2 * u64::from(LENGTH) * (CHAINS * S::F32_LANES) as u64
    }
}
