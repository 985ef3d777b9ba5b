//! Integral image: the sum over any upright rectangle from four look-ups.
//!
//! Source: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
//! features", CVPR 2001; F. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984. Layout
//! and values are those of OpenCV's `integral`, and of `imageproc::integral_image::integral_image`.
//! scikit-image's `integral_image` lacks the first row and column of zeros.
//!
//! Not here yet: squared and tilted sums.

use ndarray::ArrayView2;
use thiserror::Error;

/// Sums over all rectangles of an image that start in its upper left corner.
///
/// Entry `[[y, x]]` is the sum over the rows above `y` and the columns left of `x`, so there are
/// `height + 1` rows and `width + 1` columns, and the first of each is zero.
///
/// ```
/// let image = ndarray::array![[1_u8, 2, 3], [4, 5, 6]];
/// let integral = features::Integral::new(image.view()).unwrap();
/// assert_eq!(integral.view(), ndarray::array![[0, 0, 0, 0], [0, 1, 3, 6], [0, 5, 12, 21]]);
/// // Two rows and two columns, from row 0 and column 1 on.
/// assert_eq!(integral.sum(0, 1, 2, 2), 2 + 3 + 5 + 6);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integral {
    height: usize,
    width: usize,
    sums: Vec<u32>,
}

/// Why an image has no integral image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntegralError {
    /// The sum over a white image of this size would not fit into 32 bits.
    #[error(
        "image has {height}x{width} pixels, but an integral image of 32 bits takes at most \
         {max} pixels; cut it into tiles",
        max = Integral::MAX_PIXELS
    )]
    TooLarge {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
}

impl Integral {
    /// Most pixels an image may have: 255 times this is just below 2^32.
    pub const MAX_PIXELS: usize = (u32::MAX / 255) as usize;

    /// Sums up a grey image, shape `(height, width)`.
    ///
    /// # Errors
    /// If the image has more than [`Self::MAX_PIXELS`] pixels.
    pub fn new(image: ArrayView2<'_, u8>) -> Result<Self, IntegralError> {
        let (height, width) = image.dim();
        if height.checked_mul(width).is_none_or(|pixels| pixels > Self::MAX_PIXELS) {
            return Err(IntegralError::TooLarge { height, width });
        }
        let stride = width + 1;
        let mut sums = vec![0; (height + 1) * stride];
        let image = image.as_standard_layout();
        for (y, row) in image.rows().into_iter().enumerate() {
            let (above, below) = sums.split_at_mut((y + 1) * stride);
            let above = &above[y * stride + 1..];
            let mut row_sum = 0;
            for ((sum, &above), &pixel) in below[1..stride].iter_mut().zip(above).zip(row) {
                row_sum += u32::from(pixel);
                *sum = above + row_sum;
            }
        }
        Ok(Self { height, width, sums })
    }

    /// Rows of pixels of the image.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of pixels of the image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All sums, shape `(height + 1, width + 1)`.
    pub fn view(&self) -> ArrayView2<'_, u32> {
        ArrayView2::from_shape((self.height + 1, self.width + 1), &self.sums)
            .expect("there is one sum per corner")
    }

    /// Sum over `height` rows from row `y` on and `width` columns from column `x` on.
    ///
    /// # Panics
    /// If the rectangle does not lie in the image.
    pub fn sum(&self, y: usize, x: usize, height: usize, width: usize) -> u32 {
        assert!(x + width <= self.width, "the rectangle must end within the image");
        let stride = self.width + 1;
        let (top, bottom) = (y * stride + x, (y + height) * stride + x);
        // In this order no intermediate result is negative.
        (self.sums[bottom + width] - self.sums[bottom]) - (self.sums[top + width] - self.sums[top])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    fn noise(height: usize, width: usize) -> Array2<u8> {
        let order = base::Seed(3).permutation(height * width);
        Array2::from_shape_fn((height, width), |(y, x)| order[y * width + x] as u8)
    }

    #[test]
    fn every_rectangle_has_the_sum_of_its_pixels() {
        let image = noise(6, 5);
        let integral = Integral::new(image.view()).unwrap();
        for (y, x) in ndarray::indices((6, 5)) {
            for (height, width) in ndarray::indices((7 - y, 6 - x)) {
                let pixels = image.slice(s![y..y + height, x..x + width]);
                let sum: u32 = pixels.iter().map(|&pixel| u32::from(pixel)).sum();
                assert_eq!(integral.sum(y, x, height, width), sum);
            }
        }
    }

    #[test]
    fn agrees_with_imageproc() {
        let image = noise(23, 31);
        let buffer = image::GrayImage::from_raw(31, 23, image.iter().copied().collect()).unwrap();
        let theirs = imageproc::integral_image::integral_image::<_, u32>(&buffer);
        let ours = Integral::new(image.view()).unwrap();
        assert_eq!(theirs.dimensions(), (32, 24));
        assert!(ours.view().iter().eq(theirs.as_raw()));
    }

    #[test]
    fn refuses_what_would_overflow() {
        // Without copying: one byte, shown over and over.
        let white = Array2::from_elem((1, 1), 255_u8);
        let just_fits = white.broadcast((1, Integral::MAX_PIXELS)).unwrap();
        let corner = Integral::new(just_fits).unwrap().sum(0, 0, 1, Integral::MAX_PIXELS);
        assert_eq!(u64::from(corner), 255 * Integral::MAX_PIXELS as u64);
        let too_large = white.broadcast((1, Integral::MAX_PIXELS + 1)).unwrap();
        assert_eq!(
            Integral::new(too_large).unwrap_err(),
            IntegralError::TooLarge { height: 1, width: Integral::MAX_PIXELS + 1 }
        );
    }
}
