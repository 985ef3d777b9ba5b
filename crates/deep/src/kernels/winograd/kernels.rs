//! Kernels and their transforms.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::channels_last::ChannelsLast;
use super::super::convolver::Packed;
use super::super::lanes::Lanes;
use super::super::vectorised::Vectorised;
use super::tiles::Squares;
use super::transforms::{SQUARE, of_kernel, to_kernel};

/// Writes `G g G^T` by number of the square, map of `from` and map of `to`.
pub(super) struct Pack<'a> {
    pub(super) from: ChannelsLast,
    pub(super) to: ChannelsLast,
    pub(super) weights: &'a [f32],
    /// Whether the outputs that `weights`, shape `(outputs, inputs, 3, 3)`, were learned for are
    /// the inputs here, and the kernels are to be turned.
    pub(super) turned: bool,
    pub(super) packed: &'a mut Packed,
}

impl Vectorised for Pack<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { from, to, weights, turned, packed } = self;
        let squares = Squares { channels: to.channels, stride: from.channels * to.channels };
        packed.starts.clear();
        packed.starts.resize(to.channels, 0.0);
        packed.weights.resize(SQUARE * squares.stride, 0.0);
        let mut taps = [[0.0_f32; N]; 9];
        for c in 0..from.channels {
            for first in (0..to.channels).step_by(N) {
                taps.as_flattened_mut().fill(0.0);
                let count = if c < from.maps.channels { N } else { 0 };
                for (lane, o) in (first..to.maps.channels).take(count).enumerate() {
                    let place = match turned {
                        false => o * from.maps.channels + c,
                        true => c * to.maps.channels + o,
                    };
                    for (tap, &weight) in weights[9 * place..][..9].iter().enumerate() {
                        taps[if turned { 8 - tap } else { tap }][lane] = weight;
                    }
                }
                // SAFETY: passed on; there are `N` numbers of each tap.
                unsafe {
                    let mut kernels = [[V::splat(0.0); 3]; 3];
                    for tap in 0..9 {
                        kernels[tap / 3][tap % 3] = V::load(taps[tap].as_ptr());
                    }
                    squares.store(of_kernel(kernels), &mut packed.weights, c, first);
                }
            }
        }
    }
}

/// Adds `G^T u G` to the gradient of the kernels, shape `(outputs, inputs, 3, 3)`.
pub(super) struct Unpack<'a> {
    pub(super) from: ChannelsLast,
    pub(super) to: ChannelsLast,
    pub(super) transformed: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl Vectorised for Unpack<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { from, to, transformed, dw } = self;
        let squares = Squares { channels: to.channels, stride: from.channels * to.channels };
        let mut taps = [[0.0_f32; N]; 9];
        for first in (0..to.maps.channels).step_by(N) {
            for c in 0..from.maps.channels {
                // SAFETY: passed on; there is room for `N` numbers of each tap.
                unsafe {
                    let kernels = to_kernel(squares.load::<V>(transformed, c, first));
                    for tap in 0..9 {
                        kernels[tap / 3][tap % 3].store(taps[tap].as_mut_ptr());
                    }
                }
                for (lane, o) in (first..to.maps.channels).take(N).enumerate() {
                    let dw = &mut dw[(o * from.maps.channels + c) * 9..][..9];
                    dw.iter_mut().zip(&taps).for_each(|(dw, tap)| *dw += tap[lane]);
                }
            }
        }
    }
}
