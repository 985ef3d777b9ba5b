//! Integral images of one scale, laid out so that windows side by side read numbers side by side.

use crate::kernels::cascade::LANES;
use crate::kernels::{Simd, planes as kernels};

/// Sums, tilted sums and sums of squares of an image, one after the other in one buffer, each
/// wrapping around at 2^32: differences over a window are right all the same.
///
/// When every second window is visited, so is every second column; then the even columns of a row
/// come first and the odd ones after them.
#[derive(Debug, Clone, Default)]
pub(super) struct Planes {
    layout: Layout,
    data: Vec<u32>,
    /// The row being worked on and those above it, in the order of columns.
    sums: Vec<u32>,
    squares: Vec<u32>,
    tilted: [Vec<u32>; 3],
    above: Vec<u8>,
}

/// Where things lie in [`Planes`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Numbers from one row to the next; even.
    pub(super) stride: usize,
    /// Numbers from one plane to the next.
    pub(super) plane: usize,
    /// Even columns first.
    pub(super) split: bool,
    pub(super) tilted: bool,
    pub(super) squares: bool,
}

impl Layout {
    /// Place of a row and column of a plane, from that of the window it belongs to.
    pub(super) fn place(&self, y: usize, x: usize) -> usize {
        if self.split {
            y * self.stride + x % 2 * (self.stride / 2) + x / 2
        } else {
            y * self.stride + x
        }
    }

    pub(super) fn tilted_plane(&self) -> usize {
        self.plane
    }

    pub(super) fn squares_plane(&self) -> usize {
        2 * self.plane
    }

    /// One that has room for images up to this height and width.
    pub(super) fn new([height, width]: [usize; 2], tilted: bool, squares: bool) -> Self {
        // One cache line more than a multiple of two: rows do not all fall into the same sets.
        let stride = (width + 1).next_multiple_of(32) + 16;
        Self { stride, plane: stride * (height + 1), split: false, tilted, squares }
    }
}

impl Planes {
    /// The buffer, with room behind for a group of windows.
    pub(super) fn data(&self) -> &[u32] {
        &self.data
    }

    /// Fills the planes from an image, shape `(height, width)`, both at least 1.
    pub(super) fn fill(&mut self, image: &[u8], width: usize, layout: Layout) {
        self.layout = layout;
        self.data.resize(3 * layout.plane + LANES, 0);
        for row in self.tilted.iter_mut().chain([&mut self.sums, &mut self.squares]) {
            row.clear();
            row.resize(width + 1, 0);
        }
        self.above.clear();
        self.above.resize(width, 0);
        self.store(0);
        let simd = Simd::best();
        for (y, pixels) in image.chunks_exact(width).enumerate() {
            kernels::add_prefix_sums(simd, pixels, &mut self.sums[1..], &mut self.squares[1..]);
            if layout.tilted {
                let [out, last, before] = &mut self.tilted;
                kernels::tilted_row(simd, pixels, &self.above, last, before, out);
                self.above.copy_from_slice(pixels);
            }
            self.store(y + 1);
            self.tilted.rotate_right(1);
        }
    }

    /// Copies the rows being worked on into row `y` of the planes.
    fn store(&mut self, y: usize) {
        let Layout { stride, split, tilted, squares, .. } = self.layout;
        let planes = [
            (true, 0, &self.sums),
            (tilted, self.layout.tilted_plane(), &self.tilted[0]),
            (squares, self.layout.squares_plane(), &self.squares),
        ];
        for (_, plane, row) in planes.into_iter().filter(|plane| plane.0) {
            let out = &mut self.data[plane + y * stride..][..stride];
            if split {
                kernels::split_columns(Simd::best(), row, out);
            } else {
                out[..row.len()].copy_from_slice(row);
            }
        }
    }
}
