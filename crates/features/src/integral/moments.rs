//! Mean and variance of the grey levels in any rectangle.

use super::{Integral, IntegralError};
use ndarray::ArrayView2;

/// Sums of grey levels and of their squares, for mean and variance in any upright rectangle from
/// eight look-ups.
///
/// ```
/// let image = ndarray::array![[1_u8, 2, 99], [3, 4, 99]];
/// let moments = features::Moments::of(image.view()).unwrap();
/// assert_eq!(moments.mean(0, 0, 2, 2), 2.5);
/// // (1 + 4 + 9 + 16) / 4 - 2.5^2
/// assert_eq!(moments.variance(0, 0, 2, 2), 1.25);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moments {
    sums: Integral<u32>,
    squares: Integral<u64>,
}

impl Moments {
    /// Sums up a grey image, shape `(height, width)`.
    ///
    /// # Errors
    /// If the image has more than [`Integral::MAX_PIXELS`] pixels.
    pub fn of(image: ArrayView2<'_, u8>) -> Result<Self, IntegralError> {
        Ok(Self { sums: Integral::of(image)?, squares: Integral::squares(image)? })
    }

    /// The sums of the grey levels.
    pub fn sums(&self) -> &Integral<u32> {
        &self.sums
    }

    /// The sums of their squares.
    pub fn squares(&self) -> &Integral<u64> {
        &self.squares
    }

    /// Mean grey level, 0..=255, of `height` rows from row `y` on and `width` columns from column
    /// `x` on; NaN if these are no pixels.
    ///
    /// # Panics
    /// If the rectangle does not lie in the image.
    pub fn mean(&self, y: usize, x: usize, height: usize, width: usize) -> f64 {
        f64::from(self.sums.sum(y, x, height, width)) / (height * width) as f64
    }

    /// Variance of the grey levels (mean square minus squared mean) of the same pixels, at most
    /// 127.5 squared; exactly 0 if all are equal, since all sums are whole numbers; NaN if there
    /// are none.
    ///
    /// # Panics
    /// As [`Self::mean`].
    pub fn variance(&self, y: usize, x: usize, height: usize, width: usize) -> f64 {
        let sum = self.sums.sum(y, x, height, width);
        let squares = self.squares.sum(y, x, height, width);
        spread((height * width) as u64, sum.into(), squares) / ((height * width) as f64).powi(2)
    }
}

/// Variance of `count` whole numbers with this sum and sum of squares, times `count` squared: exact
/// up to the conversion to `f64`.
pub(crate) fn spread(count: u64, sum: u64, squares: u64) -> f64 {
    // Not below 0, by the inequality of Cauchy and Schwarz.
    (u128::from(count) * u128::from(squares) - u128::from(sum).pow(2)) as f64
}
