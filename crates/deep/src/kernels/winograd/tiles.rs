//! The tiles of a group of images, and their squares of numbers.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::channels_last::ChannelsLast;
use super::super::finish::Finish;
use super::super::lanes::Lanes;
use super::super::lines::Lines;
use super::transforms::{MOST, Square, of_gradient, of_input, to_output};

/// Transformed tiles: of each number of the square, a matrix of a row per tile.
#[derive(Clone, Copy)]
pub(super) struct Squares {
    pub(super) channels: usize,
    /// From the matrix of one number of the square to that of the next. An odd number of cache
    /// lines: a multiple of 4096 bytes would put all on one line of the cache.
    pub(super) stride: usize,
}

impl Squares {
    pub(super) fn new(tiles: usize, channels: usize) -> Self {
        let lines = (tiles * channels).div_ceil(16);
        Self { channels, stride: (lines + 1 - lines % 2) * 16 }
    }

    /// Memory for all of them, for squares of side `side`.
    pub(super) fn room(self, side: usize, memory: &mut Lines) -> &mut [f32] {
        memory.room(side * side * self.stride)
    }

    /// Where the first number of map `c` of a tile lies.
    #[inline(always)]
    fn place(self, tile: usize, c: usize) -> usize {
        tile * self.channels + c
    }

    /// Writes the squares of side `A` of several maps, the first number of the first at `place`.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn store<V: Lanes, const A: usize>(
        self,
        square: Square<V>,
        to: &mut [f32],
        place: usize,
    ) {
        let last = (A * A - 1) * self.stride;
        let to = to[place..][..last + V::COUNT].as_mut_ptr();
        for i in 0..A {
            for j in 0..A {
                // SAFETY: passed on; the last number that is written is asserted to be inside.
                unsafe { square[i][j].store(to.add((A * i + j) * self.stride)) };
            }
        }
    }

    /// Reads them.
    ///
    /// # Safety
    /// As [`Self::store`].
    #[inline(always)]
    pub(super) unsafe fn load<V: Lanes, const A: usize>(
        self,
        from: &[f32],
        tile: usize,
        c: usize,
    ) -> Square<V> {
        let last = (A * A - 1) * self.stride;
        let from = from[self.place(tile, c)..][..last + V::COUNT].as_ptr();
        // SAFETY: passed on; the last number that is read is asserted to be inside.
        unsafe {
            let mut square = [[V::splat(0.0); MOST]; MOST];
            for i in 0..A {
                for j in 0..A {
                    square[i][j] = V::load(from.add((A * i + j) * self.stride));
                }
            }
            square
        }
    }
}

/// Which tiles of a group of images are worked on, and where they are.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    pub(super) first: usize,
    pub(super) count: usize,
    /// Tiles in a row, and in an image.
    pub(super) across: usize,
    pub(super) of_image: usize,
}

impl Tiles {
    /// Of each, its index and where its upper left pixel is, given how images are stored and how
    /// many rows and columns it is from a tile to the next.
    #[inline(always)]
    fn places(self, images: ChannelsLast, step: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count).map(move |index| {
            let tile = self.first + index;
            let (n, rest) = (tile / self.of_image, tile % self.of_image);
            let (row, column) = (rest / self.across, rest % self.across);
            let pixel = (n * images.rows + step * row) * images.columns + step * column;
            (index, pixel * images.channels)
        })
    }
}

/// Vectors of `SIDE` rows of `SIDE` neighbouring pixels, `row` numbers apart.
///
/// # Safety
/// The processor must have the instructions of `V`, and there must be so many pixels.
#[inline(always)]
unsafe fn pixels<V: Lanes, const SIDE: usize>(
    start: *const f32,
    row: usize,
    channels: usize,
) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        let mut square = [[V::splat(0.0); MOST]; MOST];
        for i in 0..SIDE {
            for j in 0..SIDE {
                square[i][j] = V::load(start.add(i * row + j * channels));
            }
        }
        square
    }
}

/// `B^T d B` of each tile, of side `T`, and map.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn transform_inputs<V: Lanes, const A: usize, const T: usize>(
    from: ChannelsLast,
    stored: &[f32],
    tiles: Tiles,
    squares: Squares,
    to: &mut [f32],
) {
    let row = from.columns * from.channels;
    for (index, place) in tiles.places(from, T) {
        let x = stored[place..][..(A - 1) * row + A * from.channels].as_ptr();
        for c in (0..from.channels).step_by(V::COUNT) {
            // SAFETY: passed on; there are `A` rows of `A` pixels, as is asserted above.
            unsafe {
                let d = pixels::<V, A>(x.add(c), row, from.channels);
                squares.store::<V, A>(of_input::<V, A>(d), to, squares.place(index, c));
            }
        }
    }
}

/// `A dy A^T` of each tile of side `T` and map.
///
/// # Safety
/// As [`transform_inputs`].
#[inline(always)]
pub(super) unsafe fn transform_gradients<V: Lanes, const A: usize, const T: usize>(
    from: ChannelsLast,
    stored: &[f32],
    tiles: Tiles,
    squares: Squares,
    to: &mut [f32],
) {
    let row = from.columns * from.channels;
    for (index, place) in tiles.places(from, T) {
        let dy = stored[from.first() + place..][..(T - 1) * row + T * from.channels].as_ptr();
        for c in (0..from.channels).step_by(V::COUNT) {
            // SAFETY: passed on; there are `T` rows of `T` pixels, as is asserted above.
            unsafe {
                let square = pixels::<V, T>(dy.add(c), row, from.channels);
                let place = squares.place(index, c);
                squares.store::<V, A>(of_gradient::<V, A, T>(square), to, place);
            }
        }
    }
}

/// What is done with outputs; numbers of all maps, with more behind them up to a whole vector.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    /// What sums start with.
    pub(super) starts: &'a [f32],
    /// Scales and shifts, if `finish` scales.
    pub(super) factors: &'a [Lines; 2],
    pub(super) finish: Finish<'a>,
}

impl End<'_> {
    /// Scales, if that is to be done now, and rectifies numbers of maps `c` and following.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn numbers<V: Lanes>(self, scale: bool, c: usize, mut x: V) -> V {
        // SAFETY: passed on.
        unsafe {
            if scale {
                let [scale, shift] = self.factors;
                let [scale, shift] =
                    [&scale[c..][..V::COUNT], &shift[c..][..V::COUNT]].map(<[f32]>::as_ptr);
                // Rounded twice, as the layer does.
                x = V::splat(0.0).add_product(V::load(scale), x).add(V::load(shift));
            }
            if self.finish.rectify { V::splat(0.0).larger(x) } else { x }
        }
    }
}

/// `A^T m A` of each tile of side `T` and map, added to what sums start with, finished, and written
/// to the images.
///
/// # Safety
/// As [`transform_inputs`].
#[inline(always)]
pub(super) unsafe fn write_outputs<V: Lanes, const A: usize, const T: usize>(
    squares: Squares,
    products: &[f32],
    tiles: Tiles,
    end: End<'_>,
    to: ChannelsLast,
    output: &mut [f32],
) {
    let row = to.columns * to.channels;
    let Finish { scale, scale_halved, halve, .. } = end.finish;
    let scale = scale.is_some();
    let step = if halve { T / 2 } else { T };
    for (index, place) in tiles.places(to, step) {
        let pixels = &mut output[to.first() + place..][..(step - 1) * row + step * to.channels];
        let pixels = pixels.as_mut_ptr();
        for c in (0..to.channels).step_by(V::COUNT) {
            // SAFETY: passed on; there are `step` rows of `step` pixels, as is asserted above.
            unsafe {
                let start = V::load(end.starts[c..].as_ptr());
                let mut y = to_output::<V, A, T>(squares.load::<V, A>(products, index, c));
                for i in 0..T {
                    for j in 0..T {
                        y[i][j] = y[i][j].add(start);
                        if !halve {
                            let pixel = pixels.add(i * row + j * to.channels + c);
                            end.numbers::<V>(scale, c, y[i][j]).store(pixel);
                        } else if scale && !scale_halved {
                            y[i][j] = end.numbers::<V>(true, c, y[i][j]);
                        }
                    }
                }
                if halve {
                    for i in 0..T / 2 {
                        for j in 0..T / 2 {
                            let [upper, lower] = [y[2 * i], y[2 * i + 1]];
                            let largest = upper[2 * j + 1].larger(upper[2 * j]);
                            let largest = lower[2 * j + 1].larger(lower[2 * j].larger(largest));
                            let pixel = pixels.add(i * row + j * to.channels + c);
                            end.numbers::<V>(scale_halved, c, largest).store(pixel);
                        }
                    }
                }
            }
        }
    }
}
