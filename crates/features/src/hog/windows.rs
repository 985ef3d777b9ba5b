//! Windows over the blocks of an image.
//!
//! A detector looks at windows that overlap, and so do their blocks: they are worked out once for
//! the whole image, and a window is a view of some of them.

use super::params::Layout;
use super::{Hog, HogError, HogScratch, Level};
use base::Size;
use ndarray::{ArrayView3, ArrayView6, s};

/// All blocks of an image: [`Hog::grid`].
#[derive(Debug, Clone, Default)]
pub struct HogGrid {
    numbers: Vec<f32>,
    /// Descriptors, then as [`Hog::shape`].
    shape: [usize; 6],
    layout: Layout,
    /// Height and width in pixels.
    block: [usize; 2],
    /// Pixels from one block to the next, down and to the right.
    stride: [usize; 2],
}

/// Some blocks of an image side by side.
#[derive(Debug, Clone, Copy)]
pub struct HogWindow<'a> {
    /// Row and column of its upper left pixel.
    pub corner: [usize; 2],
    /// Its numbers, shape `(descriptors, ...)` as [`Hog::shape`]: one descriptor, or one per channel
    /// with [`super::Colour::PerChannel`]. Iterating gives them in the order of a descriptor.
    pub blocks: ArrayView6<'a, f32>,
}

impl Hog {
    /// The blocks of a whole image, shape `(height, width, channels)`, for looking at windows.
    ///
    /// A window's numbers are not quite those of the image cut out there: the gradients at its
    /// border see the pixels beyond, which is better, and costs nothing.
    ///
    /// ```
    /// use features::Hog;
    /// let street = ndarray::Array3::from_shape_fn((240, 320, 1), |(y, x, _)| (y * x % 251) as u8);
    /// let grid = Hog::dalal_triggs().grid(street.view())?;
    /// // Windows of 128x64 pixels, every 16 pixels down and 8 to the right.
    /// let window = grid.blocks_in([128, 64]).unwrap();
    /// assert_eq!(window, [15, 7]);
    /// assert_eq!(grid.windows(window, [2, 1]).count(), 8 * 33);
    /// let second = grid.windows(window, [2, 1]).nth(1).unwrap();
    /// assert_eq!((second.corner, second.blocks.len()), ([0, 8], 3780));
    /// # Ok::<(), features::HogError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub fn grid<T: Level>(&self, image: ArrayView3<'_, T>) -> Result<HogGrid, HogError> {
        let mut grid = HogGrid::default();
        self.grid_into(image, &mut HogScratch::default(), &mut grid)?;
        Ok(grid)
    }

    /// As [`Self::grid`], into a grid whose memory is used again.
    ///
    /// # Errors
    /// As [`Self::describe`]; the grid is then empty.
    pub fn grid_into<T: Level>(
        &self,
        image: ArrayView3<'_, T>,
        scratch: &mut HogScratch,
        grid: &mut HogGrid,
    ) -> Result<(), HogError> {
        grid.numbers.clear();
        grid.shape = [0; 6];
        let (height, width, channels) = image.dim();
        let blocks = self.block_counts(Size { height, width, channels })?;
        let [rows, columns, cell_rows, cell_columns, orientations] = self.shape_of(blocks);
        let descriptors = self.general.descriptors(channels);
        let shape = [descriptors, rows, columns, cell_rows, cell_columns, orientations];
        grid.numbers.resize(shape.iter().product(), 0.0);
        self.describe_into(image, scratch, &mut grid.numbers)?;
        grid.shape = shape;
        grid.layout = self.params.layout;
        grid.block = self.general.geometry().block();
        grid.stride = self.general.geometry().corner([1, 1]);
        Ok(())
    }
}

impl HogGrid {
    /// The numbers of all blocks, shape `(descriptors, ...)` as [`Hog::shape`].
    pub fn blocks(&self) -> ArrayView6<'_, f32> {
        ArrayView6::from_shape(self.shape, &self.numbers).expect("the numbers of all blocks")
    }

    /// Rows and columns of blocks.
    pub fn counts(&self) -> [usize; 2] {
        let [_, first, second, ..] = self.shape;
        match self.layout {
            Layout::RowMajor => [first, second],
            Layout::OpenCv => [second, first],
        }
    }

    /// Rows and columns of blocks in a window of `height` and `width` pixels; `None` if it has not
    /// place for one. What is left at its right and bottom is ignored.
    pub fn blocks_in(&self, [height, width]: [usize; 2]) -> Option<[usize; 2]> {
        let steps = |side: usize, axis: usize| {
            let room = side.checked_sub(self.block[axis])?;
            Some(room.checked_div(self.stride[axis])? + 1)
        };
        Some([steps(height, 0)?, steps(width, 1)?])
    }

    /// The window of `size` rows and columns of blocks whose first block is in row and column
    /// `first`; `None` if it has no block or does not lie in the image.
    pub fn window(&self, first: [usize; 2], size: [usize; 2]) -> Option<HogWindow<'_>> {
        let counts = self.counts();
        let ends = [0, 1].map(|axis| first[axis].checked_add(size[axis]));
        let [end_row, end_column] = [ends[0]?, ends[1]?];
        if size.contains(&0) || end_row > counts[0] || end_column > counts[1] {
            return None;
        }
        let (rows, columns) = (first[0]..end_row, first[1]..end_column);
        let blocks = match self.layout {
            Layout::RowMajor => self.blocks().slice_move(s![.., rows, columns, .., .., ..]),
            Layout::OpenCv => self.blocks().slice_move(s![.., columns, rows, .., .., ..]),
        };
        let corner = [0, 1].map(|axis| first[axis] * self.stride[axis]);
        Some(HogWindow { corner, blocks })
    }

    /// All windows of `size` rows and columns of blocks, row by row; from one to the next it is
    /// `step` blocks down, or to the right. None if `size` or `step` has a 0.
    pub fn windows(
        &self,
        size: [usize; 2],
        step: [usize; 2],
    ) -> impl Iterator<Item = HogWindow<'_>> {
        let counts = self.counts();
        // First blocks along an axis, up to the last that leaves place for the others.
        let firsts = move |axis: usize| {
            let places = (counts[axis] + 1).saturating_sub(size[axis]);
            let places = if step[axis] == 0 { 0 } else { places };
            (0..places).step_by(step[axis].max(1))
        };
        let places = firsts(0).flat_map(move |row| firsts(1).map(move |column| [row, column]));
        places.filter_map(move |first| self.window(first, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockStride, HogParams};
    use ndarray::Array3;

    /// Cells of 4x4 pixels, blocks of 2x2 cells every 2 cells down and 1 to the right: 4x4 of them.
    fn grid(layout: Layout) -> HogGrid {
        let block_stride = BlockStride::Cells([2, 1]);
        let hog = Hog::new(&HogParams { block_stride, layout, ..HogParams::default() }).unwrap();
        let image = Array3::from_shape_fn((32, 20, 1), |(y, x, _)| (y * 37 + x * x * 11) as u8);
        hog.grid(image.view()).unwrap()
    }

    #[test]
    fn windows_by_hand() {
        for layout in [Layout::RowMajor, Layout::OpenCv] {
            let grid = grid(layout);
            assert_eq!(grid.counts(), [4, 4]);
            // Three blocks to the right cover 8 + 2 * 4 pixels.
            assert_eq!(grid.blocks_in([8, 16]), Some([1, 3]));
            assert_eq!(grid.blocks_in([15, 19]), Some([1, 3]));
            assert_eq!(grid.blocks_in([7, 16]), None);
            let corners: Vec<_> =
                grid.windows([1, 3], [2, 1]).map(|window| window.corner).collect();
            assert_eq!(corners, [[0, 0], [0, 4], [16, 0], [16, 4]]);
            for none in [[0, 1], [1, 0], [5, 1], [1, usize::MAX]] {
                assert_eq!(grid.windows(none, [1, 1]).count(), 0);
                assert!(grid.window([1, 1], none).is_none());
            }
            assert_eq!(grid.windows([1, 1], [0, 1]).count(), 0);
        }
    }

    #[test]
    fn a_window_sees_the_same_blocks_in_both_orders() {
        let (by_row, by_column) = (grid(Layout::RowMajor), grid(Layout::OpenCv));
        let windows = by_row.windows([2, 3], [1, 1]).zip(by_column.windows([2, 3], [1, 1]));
        for (by_row, by_column) in windows {
            assert_eq!(by_row.corner, by_column.corner);
            assert_eq!(by_column.blocks.dim(), (1, 3, 2, 2, 2, 9));
            let rows_first = by_column.blocks.permuted_axes([0, 2, 1, 4, 3, 5]);
            assert_eq!(by_row.blocks, rows_first);
        }
        let second = by_row.window([1, 2], [1, 1]).unwrap();
        assert_eq!(second.blocks, by_row.blocks().slice(s![.., 1..2, 2..3, .., .., ..]));
    }

    #[test]
    fn an_empty_grid_has_no_window() {
        let grid = HogGrid::default();
        assert_eq!(grid.blocks_in([10, 10]), None);
        assert!(grid.window([0, 0], [1, 1]).is_none());
        assert!(grid.blocks().is_empty());
    }
}
