//! 3x3 convolution and its gradients with 16 multiplications for four outputs instead of 36.
//!
//! Outputs are made in squares ("tiles") of 2x2, each from 4x4 inputs. With the matrices of
//! [`transforms`], `g` a kernel, `d` the inputs of a tile and `*` number by number,
//!
//! ```text
//! y     = A^T [ sum over maps of (G g G^T) * (B^T d B) ] A
//! dL/dg = G^T [ sum over tiles of (A dL/dy A^T) * (B^T d B) ] G
//! ```
//!
//! and the gradient with respect to the inputs is a convolution with turned kernels, as in
//! [`super::direct`]. For each of the 16 numbers of a square, the sums over maps of all tiles are a
//! product of matrices. Squares are 4x4 and no larger because rounding errors grow with them: these
//! are hardly less exact than plain sums.
//!
//! Source: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//! section 4.1.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

mod kernels;
mod tiles;
mod transforms;

use super::channels_last::ChannelsLast;
use super::convolver::Packed;
use super::lanes::Lanes;
use super::padded::{AfterMaps, Finish};
use super::small_matmul::{Left, Sizes, multiply};
use super::vectorised::{Vectorised, run_at};
use super::wide::Level;
use crate::layer::Shape;
use kernels::{Pack, Unpack};
use std::cell::RefCell;
use tiles::{Squares, Tiles, transform_gradients, transform_inputs, write_outputs};
use transforms::SQUARE;

/// Numbers of the images of a group, on the larger side: they stay in the second cache.
const GROUP: usize = 40_000;
/// Numbers of the squares of all tiles that are worked on together, on both sides.
const TILES: usize = 100_000;

/// A convolution with 3x3 kernels of maps of known shapes.
#[derive(Debug, Clone)]
pub(crate) struct Winograd {
    level: Level,
    input: ChannelsLast,
    gradient: ChannelsLast,
}

/// Memory of a thread.
#[derive(Default)]
struct Scratch {
    input: Vec<f32>,
    gradient: Vec<f32>,
    /// The gradient of transformed kernels.
    kernels: Vec<f32>,
    squares: Room,
}

/// Squares of inputs and of outputs, by number of the square, tile and map; and outputs.
#[derive(Default)]
struct Room {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    output: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Winograd {
    /// For inputs of shape `input`, outputs of shape `output`, and a border of zeros around the
    /// inputs; nothing if that is as wide as the kernel.
    pub(super) fn at(level: Level, input: Shape, output: Shape, padding: usize) -> Option<Self> {
        let around = 2_usize.checked_sub(padding)?;
        let stored = |maps: Shape, border: usize, places: Shape| {
            let across = |side: usize| 2 * side.div_ceil(2) + 2;
            let channels = maps.channels.next_multiple_of(level.count());
            let (rows, columns) = (across(places.height), across(places.width));
            ChannelsLast { maps, border, rows, columns, channels }
        };
        let (input, gradient) = (stored(input, padding, output), stored(output, around, input));
        Some(Self { level, input, gradient })
    }

    /// Whether it is faster than [`super::direct`]: vectors and tiles may be mostly empty, and
    /// transforms take some time too.
    pub(super) fn pays(&self) -> bool {
        let (input, output) = (self.input.maps, self.gradient.maps);
        let multiplied = SQUARE * self.input.channels * self.gradient.channels;
        let direct = 9 * input.channels * output.channels * (output.height + 1) * output.width;
        5 * multiplied * self.tiles(output) < 4 * direct
    }

    /// Tiles of one image.
    fn tiles(&self, places: Shape) -> usize {
        places.height.div_ceil(2) * places.width.div_ceil(2)
    }

    /// How many of `n` images are worked on together.
    fn group(&self, n: usize) -> usize {
        let most = (GROUP / self.input.len().max(self.gradient.len())).max(1);
        n.div_ceil(n.div_ceil(most).max(1)).max(1)
    }

    /// The tiles of `n` images, so many at a time that their squares stay in the cache.
    fn portions(&self, n: usize, places: Shape) -> impl Iterator<Item = Tiles> {
        let (across, of_image) = (places.width.div_ceil(2), self.tiles(places));
        let most = TILES / (SQUARE * (self.input.channels + self.gradient.channels));
        let most = (most / 12 * 12).max(48);
        (0..n * of_image).step_by(most).map(move |first| {
            let count = most.min(n * of_image - first);
            Tiles { first, count, across, of_image }
        })
    }

    /// As [`super::Convolver::pack`].
    pub(super) fn pack(&self, weights: &[f32], biases: Option<&[f32]>, packed: &mut Packed) {
        let (from, to) = (self.input, self.gradient);
        run_at(self.level, Pack { from, to, weights, turned: false, packed });
        if let Some(biases) = biases {
            packed.starts[..biases.len()].copy_from_slice(biases);
        }
    }

    /// As [`super::Convolver::pack_turned`].
    pub(super) fn pack_turned(&self, weights: &[f32], packed: &mut Packed) {
        let (from, to) = (self.gradient, self.input);
        run_at(self.level, Pack { from, to, weights, turned: true, packed });
    }

    /// As [`super::Convolver::forward`].
    pub(super) fn forward(&self, x: &[f32], kernels: &Packed, after: &[AfterMaps], y: &mut [f32]) {
        let finish = Finish::of(after).expect("what can be done");
        let of_output = finish.shape(self.gradient.maps).len();
        let n = x.len() / self.input.maps.len();
        assert_eq!(x.len(), n * self.input.maps.len(), "whole inputs");
        assert_eq!(y.len(), n * of_output, "an output for every input");
        SCRATCH.with_borrow_mut(|scratch| {
            let group = self.group(n);
            let groups = x.chunks(group * self.input.maps.len());
            for (x, y) in groups.zip(y.chunks_mut(group * of_output)) {
                run_at(self.level, Forward { of: self, x, kernels, finish, y, scratch });
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
        let (of_input, of_output) = (self.input.maps.len(), self.gradient.maps.len());
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.kernels.clear();
            scratch.kernels.resize(SQUARE * self.input.channels * self.gradient.channels, 0.0);
            let group = self.group(x.len() / of_input);
            let groups = x.chunks(group * of_input).zip(dy.chunks(group * of_output));
            for (index, (x, dy)) in groups.enumerate() {
                let inputs = inputs.as_mut().map(|(kernels, dx)| {
                    (&**kernels, &mut dx[index * group * of_input..][..x.len()])
                });
                run_at(self.level, Backward { of: self, x, dy, inputs, scratch });
            }
            let (from, to) = (self.input, self.gradient);
            run_at(self.level, Unpack { from, to, transformed: &scratch.kernels, dw });
        });
    }
}

/// One group of images: outputs.
struct Forward<'a> {
    of: &'a Winograd,
    x: &'a [f32],
    kernels: &'a Packed,
    finish: Finish,
    y: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Vectorised for Forward<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { of, x, kernels, finish, y, scratch } = self;
        let Scratch { input, squares, .. } = scratch;
        let n = x.len() / of.input.maps.len();
        input.resize(input.len().max(n * of.input.len()), 0.0);
        let input = &mut input[..n * of.input.len()];
        // SAFETY: passed on.
        unsafe {
            of.input.write::<V, N>(x, input);
            let to = (of.gradient.maps, finish);
            of.convolve::<V, N, P4, P2>(of.input, input, kernels, to, squares, y);
        }
    }
}

/// One group of images: the gradient of transformed kernels, added up in the scratch, and that of
/// the inputs.
struct Backward<'a> {
    of: &'a Winograd,
    x: &'a [f32],
    dy: &'a [f32],
    inputs: Option<(&'a Packed, &'a mut [f32])>,
    scratch: &'a mut Scratch,
}

impl Vectorised for Backward<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { of, x, dy, inputs, scratch } = self;
        let Scratch { input, gradient, kernels, squares } = scratch;
        let n = x.len() / of.input.maps.len();
        input.resize(input.len().max(n * of.input.len()), 0.0);
        gradient.resize(gradient.len().max(n * of.gradient.len()), 0.0);
        let input = &mut input[..n * of.input.len()];
        let gradient = &mut gradient[..n * of.gradient.len()];
        // SAFETY: passed on.
        unsafe {
            of.input.write::<V, N>(x, input);
            of.gradient.write::<V, N>(dy, gradient);
            of.correlate::<V, P4, P2>(n, input, gradient, squares, kernels);
            if let Some((kernels, dx)) = inputs {
                let to = (of.input.maps, Finish::default());
                of.convolve::<V, N, P4, P2>(of.gradient, gradient, kernels, to, squares, dx);
            }
        }
    }
}

impl Winograd {
    /// Moves kernels over a group of images, stored as `from` says.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`, of which `N` is the count.
    #[inline(always)]
    unsafe fn convolve<V: Lanes, const N: usize, const P4: usize, const P2: usize>(
        &self,
        from: ChannelsLast,
        stored: &[f32],
        kernels: &Packed,
        (maps, finish): (Shape, Finish),
        room: &mut Room,
        images: &mut [f32],
    ) {
        let n = stored.len() / from.len();
        let channels = kernels.starts.len();
        let step = if finish.halve { 1 } else { 2 };
        let to = ChannelsLast {
            maps: finish.shape(maps),
            border: 0,
            rows: step * maps.height.div_ceil(2),
            columns: step * maps.width.div_ceil(2),
            channels,
        };
        room.output.resize(room.output.len().max(n * to.len()), 0.0);
        let output = &mut room.output[..n * to.len()];
        let matrix = from.channels * channels;
        assert_eq!(kernels.weights.len(), SQUARE * matrix, "kernels for all maps");
        for tiles in self.portions(n, maps) {
            let x = Squares::new(tiles.count, from.channels);
            let y = Squares::new(tiles.count, channels);
            let inputs = x.room(&mut room.inputs);
            let outputs = y.room(&mut room.outputs);
            let rows = tiles.count;
            let sizes = Sizes { rows, depth: from.channels, columns: channels, add: false };
            // SAFETY: passed on; all matrices have the sizes that their rooms were made for.
            unsafe {
                transform_inputs::<V>(from, stored, tiles, x, inputs);
                for k in 0..SQUARE {
                    let start = inputs[k * x.stride..].as_ptr();
                    let left = Left { start, row: from.channels, step: 1 };
                    let weights = kernels.weights[k * matrix..].as_ptr();
                    let to = outputs[k * y.stride..].as_mut_ptr();
                    multiply::<V, P4, P2>(left, weights, to, sizes);
                }
                write_outputs::<V>(y, outputs, tiles, (&kernels.starts, finish), to, output);
            }
        }
        // SAFETY: passed on.
        unsafe { to.read::<V, N>(output, images) };
    }

    /// Adds the gradient of a group of `n` images to that of the transformed kernels.
    ///
    /// # Safety
    /// As [`Self::convolve`].
    #[inline(always)]
    unsafe fn correlate<V: Lanes, const P4: usize, const P2: usize>(
        &self,
        n: usize,
        input: &[f32],
        gradient: &[f32],
        room: &mut Room,
        kernels: &mut [f32],
    ) {
        let (rows, columns) = (self.input.channels, self.gradient.channels);
        assert_eq!(kernels.len(), SQUARE * rows * columns, "a gradient for all kernels");
        for tiles in self.portions(n, self.gradient.maps) {
            let x = Squares::new(tiles.count, rows);
            let dy = Squares::new(tiles.count, columns);
            let inputs = x.room(&mut room.inputs);
            let gradients = dy.room(&mut room.outputs);
            let sizes = Sizes { rows, depth: tiles.count, columns, add: true };
            // SAFETY: passed on; all matrices have the sizes that their rooms were made for.
            unsafe {
                transform_inputs::<V>(self.input, input, tiles, x, inputs);
                transform_gradients::<V>(self.gradient, gradient, tiles, dy, gradients);
                for k in 0..SQUARE {
                    let start = inputs[k * x.stride..].as_ptr();
                    let left = Left { start, row: 1, step: rows };
                    let right = gradients[k * dy.stride..].as_ptr();
                    let to = kernels[k * rows * columns..].as_mut_ptr();
                    multiply::<V, P4, P2>(left, right, to, sizes);
                }
            }
        }
    }
}
