//! Where the blocks of an image lie.

use super::params::{BlockStride, HogParams, Remainder};
use base::{ShapeError, Size};

/// Sizes in pixels, height before width.
#[derive(Debug, Clone)]
pub(super) struct Geometry {
    cell: [usize; 2],
    block: [usize; 2],
    stride: [usize; 2],
    remainder: Remainder,
}

impl Geometry {
    pub(super) fn new(params: &HogParams) -> Self {
        let pixels = |cells: [usize; 2]| [0, 1].map(|axis| cells[axis] * params.cell_size[axis]);
        Self {
            cell: params.cell_size,
            block: pixels(params.block_size),
            stride: match params.block_stride {
                BlockStride::Cells(stride) => pixels(stride),
                BlockStride::Pixels(stride) => stride,
            },
            remainder: params.remainder,
        }
    }

    /// Height and width of a block.
    pub(super) fn block(&self) -> [usize; 2] {
        self.block
    }

    /// Place of the upper left pixel of the block in this row and column of blocks.
    pub(super) fn corner(&self, block: [usize; 2]) -> [usize; 2] {
        // Saturating, for sizes of images that no memory holds.
        [0, 1].map(|axis| block[axis].saturating_mul(self.stride[axis]))
    }

    /// Row and column of the cell at this place, if cells begin at the first pixel.
    pub(super) fn cell(&self, place: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| place[axis] / self.cell[axis])
    }

    /// Rows and columns of blocks in an image.
    pub(super) fn blocks(&self, size: Size) -> Result<[usize; 2], ShapeError> {
        let Size { height, width, .. } = size;
        if height == 0 || width == 0 {
            return Err(ShapeError::Empty { height, width });
        }
        let [min_height, min_width] = self.block;
        if height < min_height || width < min_width {
            return Err(ShapeError::TooSmall { what: "HOG", height, width, min_height, min_width });
        }
        let room = [height - min_height, width - min_width];
        let steps = [0, 1].map(|axis| room[axis] / self.stride[axis]);
        let rest = [0, 1].map(|axis| room[axis] % self.stride[axis]);
        let whole = steps.map(|steps| steps + 1);
        match self.remainder {
            Remainder::Error if rest != [0, 0] => {
                let [rows_left, columns_left] = rest;
                Err(ShapeError::Remainder { what: "HOG", height, width, rows_left, columns_left })
            }
            Remainder::Ignore | Remainder::Error => Ok(whole),
            Remainder::Pad => {
                let next = self.corner(whole);
                let sides = [height, width];
                // With a long stride, the next block may lie beyond the image altogether.
                let further = |axis| rest[axis] > 0 && next[axis] < sides[axis];
                Ok([0, 1].map(|axis| whole[axis] + usize::from(further(axis))))
            }
        }
    }

    /// Rows and columns of the cells that so many blocks cover, if blocks begin where cells do.
    pub(super) fn cells(&self, blocks: [usize; 2]) -> [usize; 2] {
        self.cell([0, 1].map(|axis| (blocks[axis] - 1) * self.stride[axis] + self.block[axis]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 4x6 pixels every 3x2 pixels, as for cells of 2x3 pixels.
    fn geometry(remainder: Remainder) -> Geometry {
        Geometry::new(&HogParams {
            cell_size: [2, 3],
            block_size: [2, 2],
            block_stride: BlockStride::Pixels([3, 2]),
            remainder,
            ..HogParams::default()
        })
    }

    /// Rows of pixels 0..4, 3..7, 6..10, columns 0..6, 2..8: 10x8 pixels without a rest.
    #[test]
    fn blocks_by_hand() {
        let size = |height, width| Size { height, width, channels: 1 };
        let blocks = |remainder, size| geometry(remainder).blocks(size);
        for remainder in [Remainder::Ignore, Remainder::Error, Remainder::Pad] {
            assert_eq!(blocks(remainder, size(10, 8)), Ok([3, 2]));
            let error = blocks(remainder, size(3, 6)).unwrap_err();
            assert_eq!(error.to_string(), "images are 3x6 pixels, but HOG needs at least 4x6");
        }
        assert_eq!(blocks(Remainder::Ignore, size(12, 9)), Ok([3, 2]));
        assert_eq!(blocks(Remainder::Pad, size(12, 9)), Ok([4, 3]));
        assert_eq!(blocks(Remainder::Pad, size(13, 8)), Ok([4, 2]));
        let error = blocks(Remainder::Error, size(12, 9)).unwrap_err();
        let expected = "images are 12x9 pixels, and HOG leaves out 2 rows and 1 columns";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn padding_adds_no_block_that_sees_nothing() {
        let stride = BlockStride::Pixels([20, 8]);
        let remainder = Remainder::Pad;
        let params = HogParams { block_stride: stride, remainder, ..HogParams::default() };
        let size = Size { height: 20, width: 9, channels: 1 };
        assert_eq!(Geometry::new(&params).blocks(size), Ok([1, 2]));
    }
}
