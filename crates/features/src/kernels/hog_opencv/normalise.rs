//! Blocks brought to one length, a cut, and that length again, as the L2-Hys norm has it.

use super::vector::{Vector, load, store};
#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{LANES, Lanes, Simd};

/// Divides each block's numbers by their length, cuts them at `clip`, and divides again.
pub(crate) fn normalise(simd: Simd, histograms: &mut [Lanes], clip: f32) {
    match simd {
        Simd::Portable => normalise_all::<[f32; 4]>(histograms, clip),
        // SAFETY: `Simd::all` lists this value only if the processor has AVX2.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { x86::normalise_avx2(histograms, clip) },
        // SAFETY: `Simd::all` lists this value only if the processor has AVX-512 F.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { x86::normalise_avx512(histograms, clip) },
    }
}

#[inline(always)]
pub(super) fn normalise_all<V: Vector>(histograms: &mut [Lanes], clip: f32) {
    let count = histograms.len() as f32;
    for lane in (0..LANES).step_by(V::SIZE) {
        let scale = inverse(length::<V>(histograms, lane).add(V::splat(count * 0.1)));
        for numbers in histograms.iter_mut() {
            let scaled = load::<V>(numbers, lane).mul(scale);
            store(scaled.min(V::splat(clip)), numbers, lane);
        }
        let scale = inverse(length::<V>(histograms, lane).add(V::splat(1e-3)));
        for numbers in histograms.iter_mut() {
            store(load::<V>(numbers, lane).mul(scale), numbers, lane);
        }
    }
}

#[inline(always)]
fn inverse<V: Vector>(value: V) -> V {
    V::splat(1.0).div(value)
}

/// The Euclidean length of each lane's numbers: four sums over every fourth number, then those that
/// are left over, in OpenCV's order.
#[inline(always)]
fn length<V: Vector>(histograms: &[Lanes], lane: usize) -> V {
    let (fours, rest) = histograms.as_chunks::<4>();
    let mut sums = [V::splat(0.0); 4];
    for four in fours {
        for (sum, numbers) in sums.iter_mut().zip(four) {
            *sum = sum.add(square(load(numbers, lane)));
        }
    }
    let [a, b, c, d] = sums;
    let mut total = a.add(b).add(c.add(d));
    for numbers in rest {
        total = total.add(square(load(numbers, lane)));
    }
    total.sqrt()
}

#[inline(always)]
fn square<V: Vector>(value: V) -> V {
    value.mul(value)
}
