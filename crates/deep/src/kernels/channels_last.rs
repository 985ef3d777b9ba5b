//! Images pixel by pixel, the numbers of all maps side by side, with zeros around each image.
//!
//! A vector then holds one pixel of 16 maps, and no vector reaches beyond the end of a row.

#![allow(unsafe_code)]

use super::lanes::Lanes;
use crate::layer::Shape;

/// How a convolution has images stored: shape `(n, rows, columns, channels)`, with zeros around
/// each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelsLast {
    pub(super) maps: Shape,
    /// Rows and columns before the first of the image.
    pub(super) border: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Maps, rounded up to whole vectors; those beyond the image's are 0.
    pub(super) channels: usize,
}

impl ChannelsLast {
    /// Numbers of one image.
    pub(crate) fn len(&self) -> usize {
        self.rows * self.columns * self.channels
    }

    /// Where the first number of the first pixel lies.
    pub(super) fn first(&self) -> usize {
        self.border * (self.columns + 1) * self.channels
    }

    /// Makes all numbers around each image zeros.
    pub(super) fn clear_around(&self, images: &mut [f32]) {
        let of_image = |side: usize| self.border..self.border + side;
        let (rows, columns) = (of_image(self.maps.height), of_image(self.maps.width));
        for image in images.chunks_exact_mut(self.len()) {
            let lines = image.chunks_exact_mut(self.columns * self.channels);
            for (index, line) in lines.enumerate() {
                if rows.contains(&index) {
                    line[..columns.start * self.channels].fill(0.0);
                    line[columns.end * self.channels..].fill(0.0);
                } else {
                    line.fill(0.0);
                }
            }
        }
    }

    /// Where pixel `index` of a map lies.
    fn place(&self, index: usize) -> usize {
        let (row, column) = (index / self.maps.width, index % self.maps.width);
        ((row + self.border) * self.columns + column + self.border) * self.channels
    }

    /// The first pixels of runs of `count` that cover a map, the last of which may overlap the one
    /// before; none if a map has fewer pixels.
    fn runs(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let plane = self.maps.plane();
        let last = plane.saturating_sub(count);
        (0..if plane < count { 0 } else { plane }).step_by(count).map(move |at| at.min(last))
    }

    /// Copies `images`, shape `(n, maps, height, width)`, to `to`, and writes all zeros.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`, of which `N` is the count.
    #[inline(always)]
    pub(super) unsafe fn write<V: Lanes, const N: usize>(&self, images: &[f32], to: &mut [f32]) {
        let (count, plane) = (self.maps.channels, self.maps.plane());
        let zeros = [0.0_f32; N];
        to.fill(0.0);
        for (image, to) in images.chunks_exact(self.maps.len()).zip(to.chunks_exact_mut(self.len()))
        {
            if plane < N {
                for (index, &value) in image.iter().enumerate() {
                    to[self.place(index % plane) + index / plane] = value;
                }
            }
            let start = to.as_mut_ptr();
            for first in self.runs(N) {
                let places: [usize; N] = std::array::from_fn(|i| self.place(first + i));
                for c in (0..self.channels).step_by(N) {
                    let maps: [*const f32; N] = std::array::from_fn(|i| match c + i < count {
                        true => image[(c + i) * plane + first..][..N].as_ptr(),
                        false => zeros.as_ptr(),
                    });
                    let pixels: [*mut f32; N] = places.map(|place| start.wrapping_add(place + c));
                    // SAFETY: passed on; pixels are inside `to`, with all their channels.
                    unsafe { V::transpose(&maps, &pixels) };
                }
            }
        }
    }

    /// Copies the images back, from `from` to `images`, shape `(n, maps, height, width)`.
    ///
    /// # Safety
    /// As [`Self::write`].
    #[inline(always)]
    pub(super) unsafe fn read<V: Lanes, const N: usize>(&self, from: &[f32], images: &mut [f32]) {
        let (count, plane) = (self.maps.channels, self.maps.plane());
        let mut nowhere = [0.0_f32; N];
        let nowhere = nowhere.as_mut_ptr();
        let images = images.chunks_exact_mut(self.maps.len());
        for (image, from) in images.zip(from.chunks_exact(self.len())) {
            if plane < N {
                for (index, value) in image.iter_mut().enumerate() {
                    *value = from[self.place(index % plane) + index / plane];
                }
            }
            let start = image.as_mut_ptr();
            for first in self.runs(N) {
                let places: [usize; N] = std::array::from_fn(|i| self.place(first + i));
                for c in (0..self.channels).step_by(N) {
                    let pixels: [*const f32; N] = places.map(|at| from[at + c..][..N].as_ptr());
                    let maps: [*mut f32; N] = std::array::from_fn(|i| match c + i < count {
                        true => start.wrapping_add((c + i) * plane + first),
                        false => nowhere,
                    });
                    // SAFETY: passed on; runs stay within a map, and the maps within the image.
                    unsafe { V::transpose(&pixels, &maps) };
                }
            }
        }
    }
}
