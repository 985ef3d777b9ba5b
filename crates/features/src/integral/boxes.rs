//! Tables that know their size, and the sums over rectangles.

use super::rows::Number;
use super::{IntegralError, IntegralSquare, IntegralSum};
use super::{integral, length, squared_integral, tilted_integral, wrapping_integral};
use ndarray::ArrayView2;

/// Sums over all rectangles of an image that start in its upper left corner.
///
/// Entry `[[y, x]]` is the sum over the rows above `y` and the columns left of `x`, so there are
/// `height + 1` rows and `width + 1` columns, and the first of each is zero.
///
/// ```
/// use features::Integral;
/// let image = ndarray::array![[1_u8, 2, 3], [4, 5, 6]];
/// let sums = Integral::new(image.view()).unwrap();
/// assert_eq!(sums.view(), ndarray::array![[0, 0, 0, 0], [0, 1, 3, 6], [0, 5, 12, 21]]);
/// // Two rows and two columns, from row 0 and column 1 on.
/// assert_eq!(sums.sum(0, 1, 2, 2), 2 + 3 + 5 + 6);
/// let squares = Integral::<u64>::squares(image.view()).unwrap();
/// assert_eq!(squares.sum(0, 1, 2, 2), 4 + 9 + 25 + 36);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integral<T = u32> {
    height: usize,
    width: usize,
    sums: Vec<T>,
}

impl Integral {
    /// Most pixels an image may have for sums of 32 bits: 255 times this is just below 2^32.
    pub const MAX_PIXELS: usize = (u32::MAX / 255) as usize;

    /// Sums up a grey image, shape `(height, width)`, in 32 bits.
    ///
    /// # Errors
    /// If the image has more than [`Self::MAX_PIXELS`] pixels.
    pub fn new(image: ArrayView2<'_, u8>) -> Result<Self, IntegralError> {
        Self::of(image)
    }

    /// The same modulo 2^32 for larger images: [`Self::sum`] is right for all rectangles of at most
    /// [`Self::MAX_PIXELS`] pixels.
    ///
    /// # Errors
    /// If the image is too large for sums of 64 bits.
    pub fn wrapping(image: ArrayView2<'_, u8>) -> Result<Self, IntegralError> {
        let (height, width) = image.dim();
        let mut sums = vec![0; length::<u8, u64>(height, width)?];
        wrapping_integral(image, &mut sums);
        Ok(Self { height, width, sums })
    }
}

impl<T: Number> Integral<T> {
    /// Sums up an image, shape `(height, width)`: `u8` in `u32`, `u64` or `f64`, or `f32` in `f64`.
    ///
    /// # Errors
    /// If the image is too large for this type of sums, or a pixel is not finite.
    pub fn of<P: Copy>(image: ArrayView2<'_, P>) -> Result<Self, IntegralError>
    where
        T: IntegralSum<P>,
    {
        let (height, width) = image.dim();
        let mut sums = vec![T::default(); length::<P, T>(height, width)?];
        integral(image, &mut sums)?;
        Ok(Self { height, width, sums })
    }

    /// Sums up the squares of the pixels: `u8` in `u64` or `f64`, or `f32` in `f64`.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn squares<P: Copy>(image: ArrayView2<'_, P>) -> Result<Self, IntegralError>
    where
        T: IntegralSquare<P>,
    {
        let (height, width) = image.dim();
        let mut sums = vec![T::default(); length::<P, T>(height, width)?];
        squared_integral(image, &mut sums)?;
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
    pub fn view(&self) -> ArrayView2<'_, T> {
        view(&self.sums, self.height, self.width)
    }

    /// Sum over `height` rows from row `y` on and `width` columns from column `x` on.
    ///
    /// # Panics
    /// If the rectangle does not lie in the image.
    pub fn sum(&self, y: usize, x: usize, height: usize, width: usize) -> T {
        assert!(
            y <= self.height
                && height <= self.height - y
                && x <= self.width
                && width <= self.width - x,
            "the rectangle must lie within the image"
        );
        let stride = self.width + 1;
        let (top, bottom) = (y * stride + x, (y + height) * stride + x);
        let between = |left: usize| self.sums[left + width].minus(self.sums[left]);
        between(bottom).minus(between(top))
    }
}

/// Sums over rectangles turned by 45 degrees.
///
/// Entry `[[y, x]]` is the sum over a triangle: the pixel in row `y - 1`, column `x - 1`, three in
/// the row above it, five above them and so on, as far as these lie in the image.
///
/// ```
/// use features::TiltedIntegral;
/// let image = ndarray::array![[1_u8, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]];
/// let tilted = TiltedIntegral::<u32>::of(image.view()).unwrap();
/// assert_eq!(tilted.view().row(2).to_vec(), [1, 5 + 1 + 2, 6 + 1 + 2 + 3, 7 + 2 + 3 + 4, 8 + 3 + 4]);
/// // From the corner in row 0, column 1: one place down to the left, two down to the right.
/// assert_eq!(tilted.sum(0, 1, 1, 2), 1 + 5 + 6 + 10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TiltedIntegral<T = u32> {
    height: usize,
    width: usize,
    sums: Vec<T>,
}

impl<T: Number> TiltedIntegral<T> {
    /// Sums up an image, shape `(height, width)`: `u8` in `u32`, `u64` or `f64`, or `f32` in `f64`.
    ///
    /// # Errors
    /// If the image is too large for this type of sums, or a pixel is not finite.
    pub fn of<P: Copy>(image: ArrayView2<'_, P>) -> Result<Self, IntegralError>
    where
        T: IntegralSum<P>,
    {
        let (height, width) = image.dim();
        let mut sums = vec![T::default(); length::<P, T>(height, width)?];
        tilted_integral(image, &mut sums)?;
        Ok(Self { height, width, sums })
    }

    /// All sums, shape `(height + 1, width + 1)`.
    pub fn view(&self) -> ArrayView2<'_, T> {
        view(&self.sums, self.height, self.width)
    }

    /// Sum over a rectangle whose sides run down to the right and down to the left, OpenCV's tilted
    /// rectangle `(x, y, width, height)`: `2 * width * height` pixels, namely those in rows `r` and
    /// columns `c` with `x + y - 1 <= c + r < x + y - 1 + 2 * width` and
    /// `y - x + 1 <= r - c < y - x + 1 + 2 * height`.
    ///
    /// ```text
    /// . # . .    y = 0, x = 2, height = 2, width = 3
    /// # # # .
    /// # # # #
    /// . # # #
    /// . . # .
    /// ```
    ///
    /// # Panics
    /// If `height > x`, `x + width` exceeds the width of the image, or `y + width + height` its
    /// height.
    pub fn sum(&self, y: usize, x: usize, height: usize, width: usize) -> T {
        assert!(
            height <= x
                && x <= self.width
                && width <= self.width - x
                && y <= self.height
                && width <= self.height - y
                && height <= self.height - y - width,
            "the tilted rectangle must lie within the image"
        );
        let at = |y: usize, x: usize| self.sums[y * (self.width + 1) + x];
        let (left, right) = (at(y + height, x - height), at(y + width, x + width));
        let bottom = at(y + width + height, x + width - height);
        bottom.minus(left).minus(right.minus(at(y, x)))
    }
}

fn view<T>(sums: &[T], height: usize, width: usize) -> ArrayView2<'_, T> {
    ArrayView2::from_shape((height + 1, width + 1), sums).expect("there is one sum per corner")
}
