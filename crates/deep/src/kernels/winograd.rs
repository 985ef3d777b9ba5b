//! Convolution and its gradients with fewer multiplications: 2.25 or 4 per output with 3x3 kernels
//! instead of 9, 9 with 5x5 kernels instead of 25.
//!
//! Outputs are made in tiles of 2x2 or 4x4, each from as many inputs as its kernels reach. With the
//! matrices of [`transforms`], `g` a kernel, `d` the inputs of a tile and `*` number by number,
//!
//! ```text
//! y     = A^T [ sum over maps of (G g G^T) * (B^T d B) ] A
//! dL/dg = G^T [ sum over tiles of (A dL/dy A^T) * (B^T d B) ] G
//! ```
//!
//! and the gradient with respect to the inputs is a convolution with turned kernels, as in
//! [`super::direct`]. For each number of a square, the sums over maps of all tiles are a product of
//! matrices.
//!
//! Rounding errors grow with the side of the squares. For random numbers and 16 maps, the root mean
//! square of the error is 1.7e-7 times that of the outputs with 3x3 kernels and tiles of 2x2, 7.3e-7
//! with tiles of 4x4 (2.3e-7 for plain sums in order), and 8.0e-7 with 5x5 kernels (3.5e-7), which is
//! why squares are no larger.
//!
//! Source: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//! section 4.1; for the points, B. Barabasz et al., "Error analysis and improving the accuracy of
//! Winograd convolution for deep neural networks", ACM TOMS 46(4), 2020.

mod kernels;
mod passes;
mod tiles;
mod transforms;

use super::channels_last::ChannelsLast;
use super::convolver::{Packed, group};
use super::finish::Finish;
use super::vectorised::run_at;
use super::wide::Level;
use crate::layer::Shape;
use kernels::{Pack, Unpack};
use passes::{Backward, Forward, Scratch};
use std::cell::RefCell;
use tiles::Tiles;

/// Numbers of the images of a group, on the larger side: they stay in the second cache.
const GROUP: usize = 40_000;
/// Numbers of the squares of all tiles that are worked on together, on both sides.
const TILES: usize = 100_000;

/// A convolution with kernels of 3x3 or 5x5 of maps of known shapes.
#[derive(Debug, Clone)]
pub(crate) struct Winograd {
    pub(super) level: Level,
    /// Side of the kernels, 3 or 5.
    size: usize,
    /// Side of the tiles, 2 or 4; 4 with kernels of side 3 only.
    tile: usize,
    input: ChannelsLast,
    gradient: ChannelsLast,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Winograd {
    /// For inputs of shape `input`, outputs of shape `output`, kernels of `size x size`, and a
    /// border of zeros around the inputs, with the tiles that take fewer multiplications; nothing
    /// for other sizes, or a border as wide as the kernel.
    pub(super) fn at(
        level: Level,
        input: Shape,
        output: Shape,
        size: usize,
        padding: usize,
    ) -> Option<Self> {
        let of = |tile| Self::with(level, input, output, size, padding, tile);
        let all = [of(2), of(4)].into_iter().flatten();
        all.min_by_key(|winograd| winograd.squares(output))
    }

    /// The same, with tiles of side `tile`; nothing if there are no such transforms either.
    pub(super) fn with(
        level: Level,
        input: Shape,
        output: Shape,
        size: usize,
        padding: usize,
        tile: usize,
    ) -> Option<Self> {
        let around = (size - 1).checked_sub(padding)?;
        let stored = |maps: Shape, border: usize, places: Shape| {
            // For the tiles of the outputs, and for those of these maps as gradients.
            let whole = |side: usize| side.next_multiple_of(tile);
            let along = |side, places| (whole(places) + size - 1).max(border + whole(side));
            let channels = maps.channels.next_multiple_of(level.count());
            let rows = along(maps.height, places.height);
            ChannelsLast { maps, border, rows, columns: along(maps.width, places.width), channels }
        };
        let (input, gradient) = (stored(input, padding, output), stored(output, around, input));
        let there_are = [(3, 2), (3, 4), (5, 2)].contains(&(size, tile));
        there_are.then_some(Self { level, size, tile, input, gradient })
    }

    /// Numbers of the squares of a map's tiles.
    fn squares(&self, places: Shape) -> usize {
        self.square() * self.tiles_of(places)
    }

    /// Numbers of a square.
    fn square(&self) -> usize {
        (self.size + self.tile - 1).pow(2)
    }

    /// Tiles of one image.
    fn tiles_of(&self, places: Shape) -> usize {
        places.height.div_ceil(self.tile) * places.width.div_ceil(self.tile)
    }

    /// Whether all numbers in between are halves of whole numbers if kernels and inputs are whole.
    #[cfg(test)]
    pub(super) fn is_exact_on_whole_numbers(&self) -> bool {
        (self.size, self.tile) == (3, 2)
    }

    /// Whether it is faster than [`super::direct`]: vectors and tiles may be mostly empty, and
    /// transforms take some time too.
    pub(super) fn pays(&self) -> bool {
        let (input, output) = (self.input.maps, self.gradient.maps);
        let multiplied = self.input.channels * self.gradient.channels * self.squares(output);
        let places = (output.height + 1) * output.width;
        5 * multiplied < 4 * self.size * self.size * input.channels * output.channels * places
    }

    /// Tiles whose squares are multiplied at once: they stay in the cache, but are no fewer than
    /// makes reading them take as long as reading the transformed kernels.
    fn portion(&self) -> usize {
        let (inputs, outputs) = (self.input.channels, self.gradient.channels);
        let in_cache = TILES / (self.square() * (inputs + outputs));
        let most = in_cache.max(inputs * outputs / (inputs + outputs));
        (most / 12 * 12).max(48)
    }

    /// How many of `n` images are worked on together: they stay in the cache, but have a portion of
    /// tiles.
    fn group(&self, n: usize) -> usize {
        let in_cache = GROUP / self.input.len().max(self.gradient.len());
        let fewest = self.portion().div_ceil(self.tiles_of(self.gradient.maps));
        group(n, in_cache.max(fewest))
    }

    /// The tiles of `n` images, a portion at a time.
    fn portions(&self, n: usize, places: Shape) -> impl Iterator<Item = Tiles> {
        let (across, of_image) = (places.width.div_ceil(self.tile), self.tiles_of(places));
        let most = self.portion();
        (0..n * of_image).step_by(most).map(move |first| {
            let count = most.min(n * of_image - first);
            Tiles { first, count, across, of_image }
        })
    }

    /// As [`super::Convolver::pack`].
    pub(super) fn pack(&self, weights: &[f32], biases: Option<&[f32]>, packed: &mut Packed) {
        self.pack_from(self.input, self.gradient, weights, false, packed);
        if let Some(biases) = biases {
            packed.starts[..biases.len()].copy_from_slice(biases);
        }
    }

    /// As [`super::Convolver::pack_turned`].
    pub(super) fn pack_turned(&self, weights: &[f32], packed: &mut Packed) {
        self.pack_from(self.gradient, self.input, weights, true, packed);
    }

    fn pack_from(
        &self,
        from: ChannelsLast,
        to: ChannelsLast,
        weights: &[f32],
        turned: bool,
        packed: &mut Packed,
    ) {
        match (self.size, self.tile) {
            (3, 2) => run_at(self.level, Pack::<4, 3> { from, to, weights, turned, packed }),
            (3, _) => run_at(self.level, Pack::<6, 3> { from, to, weights, turned, packed }),
            _ => run_at(self.level, Pack::<6, 5> { from, to, weights, turned, packed }),
        }
    }

    /// As [`super::Convolver::stored_inputs`].
    pub(super) fn stored_inputs(&self) -> ChannelsLast {
        self.input
    }

    /// As [`super::Convolver::can`]: whole tiles are stored, what is too much being made zeros.
    pub(super) fn can(&self, finish: Finish<'_>) -> bool {
        let Some(to) = finish.store else { return true };
        let ChannelsLast { maps, channels, .. } = self.gradient;
        let written = Self::written(self.tile, maps, channels, finish);
        to.maps == written.maps
            && to.channels == written.channels
            && to.border + written.rows <= to.rows
            && to.border + written.columns <= to.columns
    }

    /// The tiles of all outputs, without anything around them.
    fn written(tile: usize, maps: Shape, channels: usize, finish: Finish<'_>) -> ChannelsLast {
        let step = if finish.halve { tile / 2 } else { tile };
        let along = |side: usize| step * side.div_ceil(tile);
        let (rows, columns) = (along(maps.height), along(maps.width));
        ChannelsLast { maps: finish.shape(maps), border: 0, rows, columns, channels }
    }

    /// As [`super::Convolver::forward`].
    pub(super) fn forward(
        &self,
        x: &[f32],
        stored: bool,
        kernels: &Packed,
        finish: Finish<'_>,
        y: &mut [f32],
    ) {
        let of_input = if stored { self.input.len() } else { self.input.maps.len() };
        let n = x.len() / of_input;
        assert!(self.can(finish), "{finish:?} by {self:?}");
        assert_eq!(x.len(), n * of_input, "whole inputs");
        assert_eq!(y.len(), n * finish.length(self.gradient.maps), "an output for every input");
        match (self.size, self.tile) {
            (3, 2) => self.forward_by::<4, 2>(n, x, stored, kernels, finish, y),
            (3, _) => self.forward_by::<6, 4>(n, x, stored, kernels, finish, y),
            _ => self.forward_by::<6, 2>(n, x, stored, kernels, finish, y),
        }
    }

    fn forward_by<const A: usize, const T: usize>(
        &self,
        n: usize,
        x: &[f32],
        stored: bool,
        kernels: &Packed,
        finish: Finish<'_>,
        y: &mut [f32],
    ) {
        let (of_input, of_output) = (x.len() / n.max(1), finish.length(self.gradient.maps));
        SCRATCH.with_borrow_mut(|scratch| {
            let group = self.group(n);
            let groups = x.chunks(group * of_input).zip(y.chunks_mut(group * of_output));
            for (x, y) in groups {
                let forward = Forward::<A, T> { of: self, x, stored, kernels, finish, y, scratch };
                run_at(self.level, forward);
            }
        });
    }

    /// As [`super::Convolver::order_gradient`].
    pub(super) fn order_gradient(&self, unordered: &[f32], dw: &mut [f32]) {
        let [inputs, outputs] = [self.input, self.gradient].map(|stored| stored.maps.channels);
        kernels::order_gradient(inputs, outputs, unordered, dw);
    }

    /// As [`super::Convolver::backward`].
    pub(super) fn backward(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        inputs: Option<(&Packed, &mut [f32])>,
    ) {
        match (self.size, self.tile) {
            (3, 2) => self.backward_by::<4, 2, 3>(x, dy, dw, inputs),
            (3, _) => self.backward_by::<6, 4, 3>(x, dy, dw, inputs),
            _ => self.backward_by::<6, 2, 5>(x, dy, dw, inputs),
        }
    }

    fn backward_by<const A: usize, const T: usize, const K: usize>(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        mut inputs: Option<(&Packed, &mut [f32])>,
    ) {
        let (of_input, of_output) = (self.input.maps.len(), self.gradient.maps.len());
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.kernels.exactly(A * A * self.input.channels * self.gradient.channels);
            let group = self.group(x.len() / of_input);
            let groups = x.chunks(group * of_input).zip(dy.chunks(group * of_output));
            for (index, (x, dy)) in groups.enumerate() {
                let inputs = inputs.as_mut().map(|(kernels, dx)| {
                    (&**kernels, &mut dx[index * group * of_input..][..x.len()])
                });
                let first = index == 0;
                run_at(self.level, Backward::<A, T> { of: self, x, dy, inputs, scratch, first });
            }
            let (from, to) = (self.input, self.gradient);
            run_at(self.level, Unpack::<A, K> { from, to, transformed: &scratch.kernels, dw });
        });
    }
}
