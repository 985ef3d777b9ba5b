//! Forward and backward pass of a group of images, which stay in the cache.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::channels_last::ChannelsLast;
use super::super::convolver::Packed;
use super::super::finish::Finish;
use super::super::lanes::Lanes;
use super::super::lines::Lines;
use super::super::small_matmul::{Left, Right, Sizes, multiply};
use super::super::vectorised::Vectorised;
use super::Winograd;
use super::tiles::{End, Squares, transform_gradients, transform_inputs, write_outputs};
use crate::layer::Shape;

/// Memory of a thread.
#[derive(Default)]
pub(super) struct Scratch {
    input: Lines,
    gradient: Lines,
    /// The gradient of transformed kernels.
    pub(super) kernels: Lines,
    squares: Room,
}

/// Squares of inputs and of outputs, by number of the square, tile and map; and outputs.
#[derive(Default)]
struct Room {
    inputs: Lines,
    outputs: Lines,
    output: Lines,
    /// Scales and shifts of all maps, with zeros behind them up to a whole vector.
    factors: [Lines; 2],
}

/// One group of images: outputs.
pub(super) struct Forward<'a, const A: usize, const T: usize> {
    pub(super) of: &'a Winograd,
    pub(super) x: &'a [f32],
    pub(super) stored: bool,
    pub(super) kernels: &'a Packed,
    pub(super) finish: Finish<'a>,
    pub(super) y: &'a mut [f32],
    pub(super) scratch: &'a mut Scratch,
}

impl<const A: usize, const T: usize> Vectorised for Forward<'_, A, T> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { of, x, stored, kernels, finish, y, scratch } = self;
        let Scratch { input, squares, .. } = scratch;
        let to = (of.gradient.maps, finish);
        // SAFETY: passed on.
        unsafe {
            let x = if stored {
                x
            } else {
                let input = input.room(x.len() / of.input.maps.len() * of.input.len());
                of.input.write::<V, N>(x, input);
                input
            };
            of.convolve::<V, A, T, N, P4, P2>(of.input, x, kernels, to, squares, y);
        }
    }
}

/// One group of images: the gradient of transformed kernels, added up in the scratch, and that of
/// the inputs.
pub(super) struct Backward<'a, const A: usize, const T: usize> {
    pub(super) of: &'a Winograd,
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) inputs: Option<(&'a Packed, &'a mut [f32])>,
    pub(super) scratch: &'a mut Scratch,
    /// Whether the gradient begins with this group.
    pub(super) first: bool,
}

impl<const A: usize, const T: usize> Vectorised for Backward<'_, A, T> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { of, x, dy, inputs, scratch, first } = self;
        let Scratch { input, gradient, kernels, squares } = scratch;
        let n = x.len() / of.input.maps.len();
        let input = input.room(n * of.input.len());
        let gradient = gradient.room(n * of.gradient.len());
        // SAFETY: passed on.
        unsafe {
            of.input.write::<V, N>(x, input);
            of.gradient.write::<V, N>(dy, gradient);
            of.correlate::<V, A, T, P4, P2>((n, first), (input, gradient), squares, kernels);
            if let Some((kernels, dx)) = inputs {
                let to = (of.input.maps, Finish::default());
                of.convolve::<V, A, T, N, P4, P2>(of.gradient, gradient, kernels, to, squares, dx);
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
    unsafe fn convolve<
        V: Lanes,
        const A: usize,
        const T: usize,
        const N: usize,
        const P4: usize,
        const P2: usize,
    >(
        &self,
        from: ChannelsLast,
        stored: &[f32],
        kernels: &Packed,
        (maps, finish): (Shape, Finish<'_>),
        room: &mut Room,
        images: &mut [f32],
    ) {
        let n = stored.len() / from.len();
        let channels = kernels.starts.len();
        let tiles = Self::written(T, maps, channels, finish);
        let to = finish.store.unwrap_or(tiles);
        let all = n * to.len();
        for (padded, of_maps) in room.factors.iter_mut().zip(finish.scale.into_iter().flatten()) {
            padded.zeros(channels)[..maps.channels].copy_from_slice(of_maps);
        }
        let end = End { starts: &kernels.starts, factors: &room.factors, finish };
        let matrix = from.channels * channels;
        assert_eq!(kernels.weights.len(), A * A * matrix, "kernels for all maps");
        for tiles in self.portions(n, maps) {
            let x = Squares::new(tiles.count, from.channels);
            let y = Squares::new(tiles.count, channels);
            let inputs = x.room(A, &mut room.inputs);
            let outputs = y.room(A, &mut room.outputs);
            let output = match finish.store {
                Some(_) => &mut *images,
                None => room.output.room(all),
            };
            let rows = tiles.count;
            let sizes = Sizes { rows, depth: from.channels, columns: channels, add: false };
            // SAFETY: passed on; all matrices have the sizes that their rooms were made for.
            unsafe {
                transform_inputs::<V, A, T>(from, stored, tiles, x, inputs);
                for k in 0..A * A {
                    let start = inputs[k * x.stride..].as_ptr();
                    let left = Left { start, row: from.channels, step: 1 };
                    let start = kernels.weights[k * matrix..].as_ptr();
                    let weights = Right { start, in_strips: true };
                    let to = outputs[k * y.stride..].as_mut_ptr();
                    multiply::<V, P4, P2>(left, weights, to, sizes);
                }
                write_outputs::<V, A, T>(y, outputs, tiles, end, to, output);
            }
        }
        if finish.store.is_some() {
            to.clear_around(images);
        } else {
            // SAFETY: passed on.
            unsafe { to.read::<V, N>(room.output.room(all), images) };
        }
    }

    /// Adds the gradient of a group of `n` images to that of the transformed kernels, or begins it
    /// with the `first` group.
    ///
    /// # Safety
    /// As [`Self::convolve`].
    #[inline(always)]
    unsafe fn correlate<
        V: Lanes,
        const A: usize,
        const T: usize,
        const P4: usize,
        const P2: usize,
    >(
        &self,
        (n, first): (usize, bool),
        (input, gradient): (&[f32], &[f32]),
        room: &mut Room,
        kernels: &mut [f32],
    ) {
        let (rows, columns) = (self.input.channels, self.gradient.channels);
        assert_eq!(kernels.len(), A * A * rows * columns, "a gradient for all kernels");
        for tiles in self.portions(n, self.gradient.maps) {
            let x = Squares::new(tiles.count, rows);
            let dy = Squares::new(tiles.count, columns);
            let inputs = x.room(A, &mut room.inputs);
            let gradients = dy.room(A, &mut room.outputs);
            let add = !(first && tiles.first == 0);
            let sizes = Sizes { rows, depth: tiles.count, columns, add };
            // SAFETY: passed on; all matrices have the sizes that their rooms were made for.
            unsafe {
                transform_inputs::<V, A, T>(self.input, input, tiles, x, inputs);
                transform_gradients::<V, A, T>(self.gradient, gradient, tiles, dy, gradients);
                for k in 0..A * A {
                    let start = inputs[k * x.stride..].as_ptr();
                    let left = Left { start, row: 1, step: rows };
                    let start = gradients[k * dy.stride..].as_ptr();
                    let right = Right { start, in_strips: false };
                    let to = kernels[k * rows * columns..].as_mut_ptr();
                    multiply::<V, P4, P2>(left, right, to, sizes);
                }
            }
        }
    }
}
