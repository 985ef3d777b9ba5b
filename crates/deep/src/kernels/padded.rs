//! Maps in rows with zeros between them, so that a kernel can be moved over them as over one line.
//!
//! Maps of `height x width` with a border of `p` zeros on each side are stored in rows of
//! `pitch = width + p` numbers: the `p` zeros to the right of a row are those to the left of the
//! next, and likewise the rows between one image and the next. Here `p = 1`:
//!
//! ```text
//! . . . . .            Output t of a 3x3 kernel is the sum of 9 numbers, at the distances
//! . a b c d            i * pitch + j from number t, for every t, whatever the row. After the last
//! . e f g h            output of a row come `kernel size - 1 - (border of the gradient)` outputs
//! . . . . .            that nobody reads.
//! .
//! ```
//!
//! All maps of a convolution and of its gradient have one `pitch`: with kernels of `k` rows the
//! gradient has a border of `k - 1 - p`, and `(width + 2p - k + 1) + (k - 1 - p) = width + p`.

use crate::layer::Shape;

/// Numbers of a cache line. Channels start at a multiple of this.
const LINE: usize = 16;
/// Numbers that vectors may reach beyond the last one that counts.
pub(super) const REACH: usize = 16;

/// How the maps of a group of images are stored: all images of the first map, then those of the
/// next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padded {
    pub(super) maps: Shape,
    /// Zeros on each side of a map.
    pub(super) border: usize,
    /// Numbers from a row to the next, and rows from an image to the next.
    pub(super) pitch: usize,
    pub(super) rows: usize,
    /// Rows and columns of the kernel that is moved over the maps.
    pub(super) size: usize,
}

impl Padded {
    /// For maps with a border of `border` zeros under kernels of `size` rows and columns.
    pub(super) fn new(maps: Shape, border: usize, size: usize) -> Self {
        let (pitch, rows) = (maps.width + border, maps.height + border);
        Self { maps, border, pitch, rows, size }
    }

    /// Places of the kernel on `images` images, from the first to the last that counts.
    pub(super) fn places(&self, images: usize) -> usize {
        let along = |side: usize| side + 2 * self.border + 1 - self.size;
        let (height, width) = (along(self.maps.height), along(self.maps.width));
        ((images - 1) * self.rows + height - 1) * self.pitch + width
    }

    /// Numbers from a map to the next. An odd number of cache lines, so that the same place of
    /// many maps does not fall on the same few lines of the cache.
    pub(super) fn stride(&self, images: usize) -> usize {
        let last = self.places(images) + (self.size - 1) * (self.pitch + 1) + REACH;
        let stored = ((images * self.rows + self.border) * self.pitch + self.border).max(last);
        let lines = stored.div_ceil(LINE);
        (lines + 1 - lines % 2) * LINE
    }

    /// Where the first number of the first map lies.
    pub(super) fn first(&self) -> usize {
        self.border * (self.pitch + 1)
    }

    /// Writes `images`, shape `(n, maps, height, width)`, and all zeros around them; `channels`
    /// maps in all, those beyond the shape's being zeros.
    pub(super) fn write(&self, images: &[f32], channels: usize, to: &mut Vec<f32>) {
        let n = images.len() / self.maps.len();
        let Shape { channels: maps, width, .. } = self.maps;
        let stride = self.stride(n);
        // Only what lies beyond a smaller group than the last one's keeps old numbers.
        if to.len() < channels * stride {
            to.resize(channels * stride, 0.0);
        }
        for (channel, to) in to.chunks_exact_mut(stride).take(channels).enumerate() {
            if channel >= maps {
                to.fill(0.0);
                continue;
            }
            let mut end = 0;
            for (n, image) in images.chunks_exact(self.maps.len()).enumerate() {
                let map = &image[channel * self.maps.plane()..][..self.maps.plane()];
                let mut start = self.first() + n * self.rows * self.pitch;
                for row in map.chunks_exact(width) {
                    to[end..start].fill(0.0);
                    end = start + width;
                    to[start..end].copy_from_slice(row);
                    start += self.pitch;
                }
            }
            to[end..].fill(0.0);
        }
    }
}
