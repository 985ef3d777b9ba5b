//! Kernels and their transforms.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::channels_last::ChannelsLast;
use super::super::convolver::Packed;
use super::super::lanes::Lanes;
use super::super::small_matmul::Strips;
use super::super::vectorised::Vectorised;
use super::tiles::Squares;
use super::transforms::{MOST, of_kernel, to_kernel};

/// Numbers of the largest kernels.
const TAPS: usize = (MOST - 1) * (MOST - 1);

/// Writes `G g G^T` by number of the square: each a matrix with a row per map of `from` and a column
/// per map of `to`, in strips.
pub(super) struct Pack<'a, const A: usize, const K: usize> {
    pub(super) from: ChannelsLast,
    pub(super) to: ChannelsLast,
    pub(super) weights: &'a [f32],
    /// Whether the outputs that `weights`, shape `(outputs, inputs, K, K)`, were learned for are
    /// the inputs here, and the kernels are to be turned.
    pub(super) turned: bool,
    pub(super) packed: &'a mut Packed,
}

impl<const A: usize, const K: usize> Vectorised for Pack<'_, A, K> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { from, to, weights, turned, packed } = self;
        let squares = Squares { channels: to.channels, stride: from.channels * to.channels };
        let strips = Strips::new(V::COUNT, from.channels, to.channels);
        packed.starts.zeros(to.channels);
        let packed = packed.weights.exactly(A * A * squares.stride);
        let mut taps = [[0.0_f32; N]; TAPS];
        for c in 0..from.channels {
            for first in (0..to.channels).step_by(N) {
                taps.as_flattened_mut().fill(0.0);
                let count = if c < from.maps.channels { N } else { 0 };
                for (lane, o) in (first..to.maps.channels).take(count).enumerate() {
                    let place = match turned {
                        false => o * from.maps.channels + c,
                        true => c * to.maps.channels + o,
                    };
                    let count = K * K;
                    for (tap, &weight) in weights[count * place..][..count].iter().enumerate() {
                        taps[if turned { count - 1 - tap } else { tap }][lane] = weight;
                    }
                }
                // SAFETY: passed on; there are `N` numbers of each tap.
                unsafe {
                    let mut kernels = [[V::splat(0.0); MOST]; MOST];
                    for i in 0..K {
                        for j in 0..K {
                            kernels[i][j] = V::load(taps[K * i + j].as_ptr());
                        }
                    }
                    let kernels = of_kernel::<V, A, K>(kernels);
                    squares.store::<V, A>(kernels, packed, strips.place(c, first));
                }
            }
        }
    }
}

/// Adds `G^T u G` to the gradient of the kernels, by tap, map of `from` and map of `to`: numbers lie
/// as they are read.
pub(super) struct Unpack<'a, const A: usize, const K: usize> {
    pub(super) from: ChannelsLast,
    pub(super) to: ChannelsLast,
    pub(super) transformed: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl<const A: usize, const K: usize> Vectorised for Unpack<'_, A, K> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { from, to, transformed, dw } = self;
        let squares = Squares { channels: to.channels, stride: from.channels * to.channels };
        let (inputs, outputs) = (from.maps.channels, to.maps.channels);
        let mut lanes = [0.0_f32; N];
        for c in 0..inputs {
            for first in (0..outputs).step_by(N) {
                // SAFETY: passed on; there are `N` numbers in `lanes` and in whole vectors of `dw`.
                unsafe {
                    let kernels = to_kernel::<V, A, K>(squares.load::<V, A>(transformed, c, first));
                    for tap in 0..K * K {
                        let taps = kernels[tap / K][tap % K];
                        let dw = &mut dw[(tap * inputs + c) * outputs + first..][..outputs - first];
                        if dw.len() >= N {
                            taps.add(V::load(dw.as_ptr())).store(dw.as_mut_ptr());
                            continue;
                        }
                        taps.store(lanes.as_mut_ptr());
                        dw.iter_mut().zip(&lanes).for_each(|(dw, tap)| *dw += tap);
                    }
                }
            }
        }
    }
}

/// Writes the gradient that [`Unpack`] leaves in the order of the kernels, shape
/// `(outputs, inputs, K, K)`.
pub(super) fn order_gradient(inputs: usize, outputs: usize, unordered: &[f32], dw: &mut [f32]) {
    let taps = dw.len() / (inputs * outputs);
    for (tap, of_tap) in unordered.chunks_exact(inputs * outputs).enumerate() {
        for (c, row) in of_tap.chunks_exact(outputs).enumerate() {
            let to = dw[c * taps + tap..].iter_mut().step_by(inputs * taps);
            to.zip(row).for_each(|(dw, &value)| *dw = value);
        }
    }
}
