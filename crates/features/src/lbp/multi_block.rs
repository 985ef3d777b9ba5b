//! Multi-block local binary patterns (MB-LBP): nine equal blocks in place of nine pixels.
//!
//! Source: L. Zhang, R. Chu, S. Xiang, S. Liao, S. Z. Li, "Face detection based on multi-block LBP
//! representation", ICB 2007, LNCS 4642:11-18. Reference implementations:
//! `skimage.feature.multiblock_lbp` of scikit-image 0.26; OpenCV's LBP cascades use the same code.

use base::ParamError;
use ndarray::{Array2, ArrayView2};

/// The pattern of 3x3 blocks of `height` x `width` pixels whose upper left corner is the pixel in
/// row `y` and column `x`. Bit by bit, whether a block is at least as bright as the middle one:
///
/// ```text
/// 7  6  5
/// 0  m  4
/// 1  2  3
/// ```
///
/// `sums` is an integral image, shape `(image height + 1, image width + 1)`, with zeros in the
/// first row and column, such as [`crate::Integral::view`] gives; its sums may wrap around.
///
/// ```
/// let image = ndarray::array![[9_u8, 1, 1], [1, 5, 5], [1, 1, 9]];
/// let integral = features::Integral::new(image.view()).unwrap();
/// let code = features::multi_block_lbp(integral.view(), 0, 0, 1, 1).unwrap();
/// // Upper left, right (equally bright) and lower right.
/// assert_eq!(code, 0b1001_1000);
/// ```
///
/// # Errors
/// If a block has no pixel, or the blocks do not lie in the image.
pub fn multi_block_lbp(
    sums: ArrayView2<'_, u32>,
    y: usize,
    x: usize,
    height: usize,
    width: usize,
) -> Result<u8, ParamError> {
    check(sums, y, x, height, width)?;
    Ok(code(|row, column| {
        let [top, left] = [y + row * height, x + column * width];
        let [bottom, right] = [top + height, left + width];
        let below = sums[[bottom, right]].wrapping_sub(sums[[bottom, left]]);
        below.wrapping_sub(sums[[top, right]].wrapping_sub(sums[[top, left]]))
    }))
}

/// As [`multi_block_lbp`], but with sums in `f32`, as scikit-image has them: where sums exceed 2^24
/// (a white image of 257x257 pixels) their rounding errors can decide.
///
/// # Errors
/// As [`multi_block_lbp`].
pub fn multi_block_lbp_like_scikit_image(
    sums: ArrayView2<'_, u32>,
    y: usize,
    x: usize,
    height: usize,
    width: usize,
) -> Result<u8, ParamError> {
    check(sums, y, x, height, width)?;
    let sum = |y: usize, x: usize| sums[[y, x]] as f32;
    Ok(code(|row, column| {
        let [top, left] = [y + row * height, x + column * width];
        let [bottom, right] = [top + height, left + width];
        // In its order; the zeros of the first row and column change nothing.
        sum(bottom, right) + sum(top, left) - sum(top, right) - sum(bottom, left)
    }))
}

/// The patterns of blocks of `height` x `width` pixels at every place of an image, shape
/// `(image height - 3 height + 1, image width - 3 width + 1)`.
///
/// # Errors
/// If a block has no pixel, or three of them do not fit into the image.
pub fn multi_block_lbp_image(
    sums: ArrayView2<'_, u32>,
    height: usize,
    width: usize,
) -> Result<Array2<u8>, ParamError> {
    check(sums, 0, 0, height, width)?;
    let (rows, columns) = (sums.nrows() - 3 * height, sums.ncols() - 3 * width);
    let codes = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    let codes = codes.map(|(y, x)| multi_block_lbp(sums, y, x, height, width));
    let codes = codes.collect::<Result<_, _>>()?;
    Ok(Array2::from_shape_vec((rows, columns), codes).expect("one code per place"))
}

/// The code, given the sum over the block in each row and column of the 3x3.
fn code<T: PartialOrd>(sum: impl Fn(usize, usize) -> T) -> u8 {
    let middle = sum(1, 1);
    let ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)];
    ring.iter().fold(0, |code, &(row, column)| code << 1 | u8::from(sum(row, column) >= middle))
}

fn check(
    sums: ArrayView2<'_, u32>,
    y: usize,
    x: usize,
    height: usize,
    width: usize,
) -> Result<(), ParamError> {
    let (rows, columns) = sums.dim();
    for (name, block, at_name, at, sums) in
        [("height", height, "y", y, rows), ("width", width, "x", x, columns)]
    {
        // The last sum belongs to the pixel before it.
        if block == 0 || block.checked_mul(3).is_none_or(|blocks| blocks >= sums) {
            return Err(ParamError::new(name, block, "from 1 to a third of the image's side"));
        }
        if at >= sums - 3 * block {
            return Err(ParamError::new(at_name, at, "such that three blocks lie in the image"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Integral;

    /// Blocks of 2x3 pixels; all of the same sum but the lower left one, which is darker.
    #[test]
    fn blocks_are_compared_by_their_sums() {
        let image = Array2::from_shape_fn((7, 10), |(y, x)| match (y, x) {
            (5.., 1..4) => 6,
            _ => 7_u8,
        });
        let integral = Integral::new(image.view()).unwrap();
        assert_eq!(multi_block_lbp(integral.view(), 1, 1, 2, 3).unwrap(), 0b1111_1101);
        let all = multi_block_lbp_image(integral.view(), 2, 3).unwrap();
        assert_eq!(all.dim(), (2, 2));
        assert_eq!(all[[1, 1]], 0b1111_1101);
    }

    #[test]
    fn blocks_must_lie_in_the_image() {
        let integral = Integral::new(Array2::<u8>::zeros((6, 9)).view()).unwrap();
        let name = |y, x, height, width| {
            multi_block_lbp(integral.view(), y, x, height, width).unwrap_err().name
        };
        assert!(multi_block_lbp(integral.view(), 0, 0, 2, 3).is_ok());
        assert_eq!(name(1, 0, 2, 3), "y");
        assert_eq!(name(0, 1, 2, 3), "x");
        assert_eq!(name(0, usize::MAX, 2, 3), "x");
        assert_eq!(name(0, 0, 0, 3), "height");
        assert_eq!(name(0, 0, 3, 3), "height");
        assert_eq!(name(0, 0, 2, usize::MAX), "width");
    }
}
