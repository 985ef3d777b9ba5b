//! What is done with the maps of a convolution before they are written.

#![allow(unsafe_code)]

use super::channels_last::ChannelsLast;
use super::direct::as_f32;
use super::lanes::Lanes;
use super::padded::Padded;
use super::sums::larger;
use super::vectorised::Vectorised;
use crate::layer::Shape;

/// What can be done with the maps of a convolution before they are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AfterMaps<'a, R> {
    /// Numbers `x` of map `m` become `scale[m] x + shift[m]`: [`crate::BatchNorm`] of a trained
    /// network.
    Scale {
        /// One per map.
        scale: &'a [R],
        /// One per map.
        shift: &'a [R],
    },
    /// Negative numbers become 0: [`crate::Relu`].
    Rectify,
    /// The largest of 2x2 numbers, side by side: [`crate::MaxPool`].
    Halve,
    /// They are stored as a convolution after this one reads them: [`crate::Layer::stored_inputs`].
    Store(ChannelsLast),
}

/// Several of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Finish<'a> {
    /// Scales and shifts of all maps, which come first.
    pub(super) scale: Option<[&'a [f32]; 2]>,
    /// Whether numbers are scaled after maps are halved.
    pub(super) scale_halved: bool,
    /// Before or after maps are halved, which is the same; after numbers are scaled.
    pub(super) rectify: bool,
    pub(super) halve: bool,
    /// How maps are stored, if not one after another.
    pub(super) store: Option<ChannelsLast>,
}

impl<'a> Finish<'a> {
    /// Nothing if one would have to be done twice, numbers to be scaled after they are rectified, or
    /// anything to be done after maps are stored.
    pub(crate) fn of<R: 'static>(after: &[AfterMaps<'a, R>]) -> Option<Self> {
        let mut all = Self::default();
        for after in after {
            if all.store.is_some() {
                return None;
            }
            match after {
                AfterMaps::Scale { scale, shift } => {
                    if all.scale.is_some() || all.rectify {
                        return None;
                    }
                    all.scale = Some([as_f32(scale)?, as_f32(shift)?]);
                    all.scale_halved = all.halve;
                }
                AfterMaps::Rectify => all.rectify = true,
                AfterMaps::Halve if all.halve => return None,
                AfterMaps::Halve => all.halve = true,
                AfterMaps::Store(stored) => all.store = Some(*stored),
            }
        }
        Some(all)
    }

    /// Shape of what is written of maps of shape `maps`.
    pub(super) fn shape(self, maps: Shape) -> Shape {
        match self.halve {
            true => Shape { height: maps.height / 2, width: maps.width / 2, ..maps },
            false => maps,
        }
    }

    /// Numbers that are written of maps of shape `maps`.
    pub(super) fn length(self, maps: Shape) -> usize {
        self.store.map_or(self.shape(maps).len(), |stored| stored.len())
    }

    /// Scales and rectifies numbers of a map.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn numbers<V: Lanes>(self, map: usize, numbers: &mut [f32]) {
        if self.scale.is_none() && !self.rectify {
            return;
        }
        let factors = self.scale.map(|[scale, shift]| (scale[map], shift[map]));
        let whole = numbers.len() - numbers.len() % V::COUNT;
        let (vectors, rest) = numbers.split_at_mut(whole);
        for vector in vectors.chunks_exact_mut(V::COUNT) {
            // SAFETY: passed on; there are so many numbers.
            unsafe {
                let mut x = V::load(vector.as_ptr());
                if let Some((scale, shift)) = factors {
                    // Rounded twice, as the layer does.
                    x = V::splat(0.0).add_product(V::splat(scale), x).add(V::splat(shift));
                }
                if self.rectify {
                    x = V::splat(0.0).larger(x);
                }
                x.store(vector.as_mut_ptr());
            }
        }
        for x in rest {
            let scaled = factors.map_or(*x, |(scale, shift)| scale * *x + shift);
            *x = if self.rectify && scaled < 0.0 { 0.0 } else { scaled };
        }
    }

    /// Takes the outputs that count, of one map of shape `outputs`, from a line of all places of a
    /// kernel on `from`, and writes them to `images[n][map]`, shape `(n, maps, height, width)`.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn read<V: Lanes>(
        self,
        from: Padded,
        line: &mut [f32],
        outputs: Shape,
        map: usize,
        images: &mut [f32],
    ) {
        let written = self.shape(outputs);
        if !self.scale_halved {
            // SAFETY: passed on.
            unsafe { self.numbers::<V>(map, line) };
        }
        for (n, image) in images.chunks_exact_mut(written.len()).enumerate() {
            let to = &mut image[map * written.plane()..][..written.plane()];
            let mut start = n * from.rows * from.pitch;
            if self.halve {
                for first in (0..to.len()).step_by(written.width) {
                    let (rows, to) = (&line[start..], &mut to[first..]);
                    // SAFETY: passed on.
                    unsafe { halve::<V>(rows, from.pitch, written.width, to) };
                    start += 2 * from.pitch;
                }
            } else {
                for to in to.chunks_exact_mut(written.width) {
                    to.copy_from_slice(&line[start..start + outputs.width]);
                    start += from.pitch;
                }
            }
            if self.scale_halved {
                // SAFETY: passed on.
                unsafe { self.numbers::<V>(map, to) };
            }
        }
    }
}

/// Several maps, from `first` on, each from a line of `length` numbers.
pub(super) struct ReadMaps<'a> {
    pub(super) finish: Finish<'a>,
    pub(super) from: Padded,
    pub(super) lines: &'a mut [f32],
    pub(super) length: usize,
    pub(super) outputs: Shape,
    pub(super) first: usize,
    pub(super) images: &'a mut [f32],
}

impl Vectorised for ReadMaps<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { finish, from, lines, length, outputs, first, images } = self;
        for (map, line) in (first..outputs.channels).zip(lines.chunks_exact_mut(length)) {
            // SAFETY: passed on.
            unsafe { finish.read::<V>(from, line, outputs, map, images) };
        }
    }
}

/// The same maps, stored pixel by pixel, without halving them.
pub(super) struct StoreMaps<'a> {
    /// With a vector of numbers behind the last line.
    pub(super) read: ReadMaps<'a>,
    pub(super) to: ChannelsLast,
}

impl Vectorised for StoreMaps<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Self { read: ReadMaps { finish, from, lines, length, outputs, first, images }, to } =
            self;
        let maps = first..outputs.channels.min(first + (lines.len() - N) / length);
        for (map, line) in maps.clone().zip(lines.chunks_exact_mut(length)) {
            // SAFETY: passed on.
            unsafe { finish.numbers::<V>(map, line) };
        }
        for (n, image) in images.chunks_exact_mut(to.len()).enumerate() {
            for y in 0..outputs.height {
                let rows = &lines[(n * from.rows + y) * from.pitch..];
                let pixels = &mut image[to.first() + y * to.columns * to.channels + first..];
                let (rows, pixels) = ((rows, length), (pixels, to.channels));
                // SAFETY: passed on.
                unsafe { store_row::<V, N>(rows, maps.len(), outputs.width, pixels) };
            }
        }
    }
}

/// Writes a row of `width` numbers of each of `maps` maps, given the first and how far it is to the
/// next, to pixels, likewise; zeros up to a whole vector of maps.
///
/// # Safety
/// The processor must have the instructions of `V`, of which `N` is the count.
#[inline(always)]
unsafe fn store_row<V: Lanes, const N: usize>(
    (rows, pitch): (&[f32], usize),
    maps: usize,
    width: usize,
    (pixels, channels): (&mut [f32], usize),
) {
    let (zeros, mut nowhere) = ([0.0_f32; N], [0.0_f32; N]);
    let nowhere = nowhere.as_mut_ptr();
    let last = (width - 1) * channels + maps.next_multiple_of(N);
    let pixels = pixels[..last].as_mut_ptr();
    for x in (0..width).step_by(N) {
        for c in (0..maps).step_by(N) {
            let from: [*const f32; N] = std::array::from_fn(|i| match c + i < maps {
                true => rows[(c + i) * pitch + x..][..N].as_ptr(),
                false => zeros.as_ptr(),
            });
            let to: [*mut f32; N] = std::array::from_fn(|i| match x + i < width {
                true => pixels.wrapping_add((x + i) * channels + c),
                false => nowhere,
            });
            // SAFETY: passed on; the last pixel is asserted to be inside.
            unsafe { V::transpose(&from, &to) };
        }
    }
}

/// Writes `width` numbers, the largest of 2x2 numbers each, side by side in two rows that are
/// `pitch` apart. May write more where there is room, which is for the next row: most rows end
/// within a vector.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn halve<V: Lanes>(rows: &[f32], pitch: usize, width: usize, to: &mut [f32]) {
    let [upper, lower] = [rows, &rows[pitch..]];
    for first in (0..width).step_by(V::COUNT) {
        if to.len() - first >= V::COUNT && lower.len() >= 2 * (first + V::COUNT) {
            // SAFETY: passed on; there are so many numbers, more of them in the upper row.
            unsafe {
                let row = |row: &[f32]| row[2 * first..].as_ptr();
                let (upper, lower) = (row(upper), row(lower));
                let (a, b) = V::load(upper).pairs(V::load(upper.add(V::COUNT)));
                let (c, d) = V::load(lower).pairs(V::load(lower.add(V::COUNT)));
                d.larger(c.larger(b.larger(a))).store(to[first..].as_mut_ptr());
            }
            continue;
        }
        for (index, to) in to[..width].iter_mut().enumerate().skip(first).take(V::COUNT) {
            let pairs = [2 * index, 2 * index + 1];
            let ([a, b], [c, d]) = (pairs.map(|at| upper[at]), pairs.map(|at| lower[at]));
            *to = larger(larger(larger(a, b), c), d);
        }
    }
}
