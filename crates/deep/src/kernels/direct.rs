//! Convolution and its gradients without a matrix of columns, in `f32`, stride 1, one group.
//!
//! Maps are copied into [`Padded`] rows, a few images at a time, so that everything stays in the
//! cache. A kernel is then moved over them as over one line, several maps and several vectors of
//! places at a time ([`super::tiles`]):
//!
//! ```text
//! y[o]      = b[o] + sum over c, i, j of w[o, c, i, j] x[c] moved by (i, j)
//! dL/dx[c]  = sum over o, i, j of w[o, c, k - 1 - i, k - 1 - j] dL/dy[o] moved by (i, j)
//! dL/dw[o, c, i, j] = dL/dy[o] times x[c] moved by (i, j), summed over all places
//! ```
//!
//! The second is a convolution like the first, with turned kernels. In the third, the places where
//! a row ends multiply zeros around `dL/dy`. Which sums are made in which order depends on the
//! shapes only.

#![allow(unsafe_code)]

use super::channels_last::ChannelsLast;
use super::convolver::{Packed, group};
use super::finish::{Finish, ReadMaps, StoreMaps};
use super::lanes::Lanes;
use super::padded::{Padded, REACH};
use super::tiles::{Maps, convolve, correlate};
use super::vectorised::{Vectorised, run_at};
use super::wide::Level;
use crate::layer::Shape;
use std::any::TypeId;
use std::cell::RefCell;

/// Maps of outputs that are worked on at once, with vectors of `count` numbers: 3 vectors of 8 maps
/// are 24 of the 32 registers of AVX-512 and of NEON, and half of that fits AVX2's 16.
const fn maps_at_once(count: usize) -> usize {
    if count == 8 { 4 } else { 8 }
}

/// Places of a group of images, so that 8 maps of them fit the first cache.
const PLACES: usize = 1000;

/// A convolution of maps of known shapes.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    pub(super) level: Level,
    input: Padded,
    gradient: Padded,
}

/// Memory of a thread.
#[derive(Default)]
struct Scratch {
    input: Vec<f32>,
    gradient: Vec<f32>,
    lines: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The same numbers, if they are `f32`.
pub(crate) fn as_f32<R: 'static>(values: &[R]) -> Option<&[f32]> {
    // SAFETY: the types are the same.
    (TypeId::of::<R>() == TypeId::of::<f32>())
        .then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// The same numbers, if they are `f32`.
pub(crate) fn as_f32_mut<R: 'static>(values: &mut [R]) -> Option<&mut [f32]> {
    // SAFETY: the types are the same.
    (TypeId::of::<R>() == TypeId::of::<f32>()).then(|| unsafe {
        std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len())
    })
}

impl Direct {
    /// As [`super::Convolver::new`].
    pub(super) fn at(
        level: Level,
        input: Shape,
        output: Shape,
        size: usize,
        padding: usize,
    ) -> Option<Self> {
        let around = (size - 1).checked_sub(padding)?;
        let (input, gradient) =
            (Padded::new(input, padding, size), Padded::new(output, around, size));
        debug_assert_eq!((input.pitch, input.rows), (gradient.pitch, gradient.rows));
        Some(Self { level, input, gradient })
    }

    /// How many of `n` images are worked on together.
    fn group(&self, n: usize) -> usize {
        group(n, PLACES / (self.input.rows * self.input.pitch))
    }

    /// As [`super::Convolver::pack`]: of each block of maps, `(c, i, j)` and then the maps of the
    /// block, missing ones being 0.
    pub(super) fn pack(&self, weights: &[f32], biases: Option<&[f32]>, packed: &mut Packed) {
        let (inputs, taps) = (self.input.maps.channels, self.input.size * self.input.size);
        let at = |o: usize, c: usize, tap: usize| weights[(o * inputs + c) * taps + tap];
        self.pack_by(self.gradient.maps.channels, inputs, at, packed);
        if let Some(biases) = biases {
            packed.starts[..biases.len()].copy_from_slice(biases);
        }
    }

    /// As [`super::Convolver::pack_turned`].
    pub(super) fn pack_turned(&self, weights: &[f32], packed: &mut Packed) {
        let (inputs, taps) = (self.input.maps.channels, self.input.size * self.input.size);
        let at = |c: usize, o: usize, tap: usize| weights[(o * inputs + c) * taps + taps - 1 - tap];
        self.pack_by(inputs, self.gradient.maps.channels, at, packed);
    }

    fn pack_by(
        &self,
        outputs: usize,
        inputs: usize,
        at: impl Fn(usize, usize, usize) -> f32,
        packed: &mut Packed,
    ) {
        let (block, taps) = (maps_at_once(self.level.count()), self.input.size * self.input.size);
        let blocks = outputs.div_ceil(block);
        packed.starts.zeros(blocks * block);
        let weights = packed.weights.zeros(blocks * block * inputs * taps);
        let of_blocks = weights.chunks_exact_mut(block * inputs * taps);
        for (first, to) in (0..outputs).step_by(block).zip(of_blocks) {
            for (index, to) in to.chunks_exact_mut(block).enumerate() {
                let (c, tap) = (index / taps, index % taps);
                for (o, to) in (first..outputs).zip(to) {
                    *to = at(o, c, tap);
                }
            }
        }
    }

    /// As [`super::Convolver::can`]. Halved maps are not stored: written map by map, they are read
    /// in whole vectors, which is faster.
    pub(super) fn can(&self, finish: Finish<'_>) -> bool {
        let count = self.level.count();
        let whole = |to: ChannelsLast| to.channels.is_multiple_of(count);
        let stores = |to: ChannelsLast| to.maps == self.gradient.maps && whole(to);
        finish.store.is_none_or(|to| !finish.halve && stores(to))
    }

    /// As [`super::Convolver::forward`].
    pub(super) fn forward(&self, x: &[f32], kernels: &Packed, finish: Finish<'_>, y: &mut [f32]) {
        let (shape, of_output) = (self.gradient.maps, finish.length(self.gradient.maps));
        let n = x.len() / self.input.maps.len();
        assert!(self.can(finish), "{finish:?} by {self:?}");
        assert_eq!(x.len(), n * self.input.maps.len(), "whole inputs");
        assert_eq!(y.len(), n * of_output, "an output for every input");
        SCRATCH.with_borrow_mut(|Scratch { input, lines, .. }| {
            let group = self.group(n);
            let groups = y.chunks_mut(group * of_output);
            for (x, y) in x.chunks(group * self.input.maps.len()).zip(groups) {
                self.input.write(x, self.input.maps.channels, input);
                self.convolve(self.input, input, kernels, (shape, finish), lines, y);
                if let Some(to) = finish.store {
                    to.clear_around(y);
                }
            }
        });
    }

    /// As [`super::Convolver::backward`].
    pub(super) fn backward(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        mut inputs: Option<(&Packed, &mut [f32])>,
    ) {
        SCRATCH.with_borrow_mut(|Scratch { input, gradient, lines }| {
            let group = self.group(x.len() / self.input.maps.len());
            let (x_group, y_group) =
                (group * self.input.maps.len(), group * self.gradient.maps.len());
            let maps = self.gradient.maps.channels.next_multiple_of(8);
            for (index, (x, dy)) in x.chunks(x_group).zip(dy.chunks(y_group)).enumerate() {
                self.input.write(x, self.input.maps.channels, input);
                self.gradient.write(dy, maps, gradient);
                self.correlate(x.len() / self.input.maps.len(), input, gradient, dw);
                if let Some((kernels, dx)) = &mut inputs {
                    let dx = &mut dx[index * x_group..][..x.len()];
                    let to = (self.input.maps, Finish::default());
                    self.convolve(self.gradient, gradient, kernels, to, lines, dx);
                }
            }
        });
    }

    /// Moves kernels over a group of images.
    fn convolve(
        &self,
        from: Padded,
        stored: &[f32],
        kernels: &Packed,
        (outputs, finish): (Shape, Finish<'_>),
        lines: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        let n = to.len() / finish.length(outputs);
        let (places, stride, block) =
            (from.places(n), from.stride(n), maps_at_once(self.level.count()));
        let Shape { channels, .. } = from.maps;
        let length = places.next_multiple_of(REACH);
        let taps = channels * from.size * from.size;
        // Maps are stored a vector at a time.
        let together = finish.store.map_or(block, |_| block.max(self.level.count()));
        lines.resize(lines.len().max(together * length + REACH), 0.0);
        assert!(stored.len() >= channels * stride, "maps as they were written");
        let blocks = kernels.weights.chunks_exact(block * taps);
        assert_eq!(blocks.len(), outputs.channels.div_ceil(block), "kernels for all outputs");
        let blocks = blocks.zip(kernels.starts.chunks_exact(block)).enumerate();
        for (index, (weights, starts)) in blocks {
            let x = Maps { start: stored.as_ptr(), count: channels, stride, pitch: from.pitch };
            // Kept by what is asserted and made above: `stride` holds all places of a map, the rows
            // and columns of the kernel behind them, and `REACH` more numbers.
            let there = index * block % together;
            let of_lines = (&mut lines[there * length..][..block * length], length);
            let size = from.size;
            run_at(self.level, Convolve { x, size, weights, starts, places, to: of_lines });
            let maps = there + block;
            if maps < together && (index + 1) * block < outputs.channels {
                continue;
            }
            let first = index * block - there;
            let behind = if finish.store.is_some() { self.level.count() } else { 0 };
            let (lines, images) = (&mut lines[..maps * length + behind], &mut *to);
            let read = ReadMaps { finish, from, lines, length, outputs, first, images };
            match finish.store {
                None => run_at(self.level, read),
                Some(to) => run_at(self.level, StoreMaps { read, to }),
            }
        }
    }

    /// Adds the gradient of a group of `n` images to that of the kernels.
    fn correlate(&self, n: usize, input: &[f32], gradient: &[f32], dw: &mut [f32]) {
        let Padded { size, pitch, maps: Shape { channels, .. }, .. } = self.input;
        let (stride, places) = (self.input.stride(n), self.input.places(n));
        let (dy_stride, outputs) = (self.gradient.stride(n), self.gradient.maps.channels);
        assert!(input.len() >= channels * stride, "maps as they were written");
        assert!(gradient.len() >= outputs.next_multiple_of(8) * dy_stride, "with maps of zeros");
        assert_eq!(dw.len(), outputs * channels * size * size, "a gradient for every weight");
        let mut o = 0;
        while o < outputs {
            let start = gradient[o * dy_stride + self.gradient.first()..].as_ptr();
            let dy = Maps { start, count: (outputs - o).min(8), stride: dy_stride, pitch };
            for c in 0..channels {
                for i in 0..size {
                    let x = input[c * stride + i * pitch..].as_ptr();
                    let dw = &mut dw[((o * channels + c) * size + i) * size..];
                    // Kept here: `stride` and `dy_stride` hold all places, the columns of the
                    // kernel behind them, and `REACH` more numbers; there are 8 maps from `o`,
                    // those beyond the outputs being zeros, as are the numbers of the gradient
                    // beyond the last place.
                    run_at(self.level, Correlate { x, dy, places, size, channels, dw });
                }
            }
            o += 8;
        }
    }
}

/// Moves kernels of [`maps_at_once`] outputs over maps; as [`convolve`], whose conditions must hold.
struct Convolve<'a> {
    x: Maps,
    size: usize,
    weights: &'a [f32],
    starts: &'a [f32],
    places: usize,
    /// A line per output, and numbers from one to the next.
    to: (&'a mut [f32], usize),
}

impl Vectorised for Convolve<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { x, size, weights, starts, places, to: (y, y_stride) } = self;
        let (w, starts, y) = (weights.as_ptr(), starts.as_ptr(), y.as_mut_ptr());
        // SAFETY: passed on.
        unsafe {
            match maps_at_once(N) {
                4 => convolve::<V, 4>(x, size, w, starts, places, y, y_stride),
                _ => convolve::<V, 8>(x, size, w, starts, places, y, y_stride),
            }
        }
    }
}

/// Row `i` of the kernels from map `c` to 8 outputs; `dw` starts with that row for the first. As
/// [`correlate`], whose conditions must hold for 8 maps of `dy`.
struct Correlate<'a> {
    x: *const f32,
    dy: Maps,
    places: usize,
    size: usize,
    channels: usize,
    dw: &'a mut [f32],
}

impl Vectorised for Correlate<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        // SAFETY: passed on.
        unsafe {
            match maps_at_once(N) {
                4 => correlate_row::<V, 4, 2>(self),
                _ => correlate_row::<V, 8, 4>(self),
            }
        }
    }
}

/// `O3` or `O5` outputs at once, all columns if there are 3 or 5, else one column at a time.
///
/// # Safety
/// As [`correlate`], for 8 maps of `dy`.
#[inline(always)]
unsafe fn correlate_row<V: Lanes, const O3: usize, const O5: usize>(of: Correlate<'_>) {
    let Correlate { x, dy, places, size, channels, dw } = of;
    // SAFETY: passed on; a column further is inside `x`.
    unsafe {
        match size {
            3 => correlate_columns::<V, O3, 3>(x, dy, places, (channels * 9, 0), dw),
            5 => correlate_columns::<V, O5, 5>(x, dy, places, (channels * 25, 0), dw),
            _ => {
                for j in 0..size {
                    let to = (channels * size * size, j);
                    correlate_columns::<V, 8, 1>(x.add(j), dy, places, to, dw);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn correlate_columns<V: Lanes, const O: usize, const J: usize>(
    x: *const f32,
    dy: Maps,
    places: usize,
    (stride, column): (usize, usize),
    dw: &mut [f32],
) {
    for first in (0..dy.count).step_by(O) {
        let mut sums = [[0.0; J]; O];
        // SAFETY: passed on; there are 8 maps, and `O` divides 8.
        unsafe {
            let dy = Maps { start: dy.start.add(first * dy.stride), ..dy };
            correlate::<V, O, J>(x, dy, places, &mut sums);
        }
        for (o, sums) in (first..dy.count).zip(sums) {
            let to = &mut dw[o * stride + column..][..J];
            to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
        }
    }
}
