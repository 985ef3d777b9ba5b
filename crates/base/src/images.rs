//! A set of images of one size.

use crate::rows::contiguous;
use crate::{Rows, ShapeError};
use ndarray::{Array4, ArrayView3, ArrayView4, Axis};
use serde::{Deserialize, Serialize};

/// Size of an image in pixels, and its channels: 1 for grey, 3 for RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colour = if self.channels == 1 { "grey" } else { "RGB" };
        write!(f, "{}x{} {colour}", self.height, self.width)
    }
}

/// Images of one size, 8 bits a channel, shape `(n, height, width, channels)`, contiguous.
///
/// ```
/// let images = base::Images::new(ndarray::Array4::zeros((2, 28, 28, 1))).unwrap();
/// assert_eq!(images.size().to_string(), "28x28 grey");
/// assert_eq!(images.image(1).dim(), (28, 28, 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    pixels: Array4<u8>,
}

impl Images {
    /// Takes pixels of shape `(n, height, width, channels)`; `n` may be 0.
    ///
    /// # Errors
    /// If a side is 0 or there are neither 1 nor 3 channels.
    pub fn new(pixels: Array4<u8>) -> Result<Self, ShapeError> {
        let (_, height, width, channels) = pixels.dim();
        if height == 0 || width == 0 {
            return Err(ShapeError::Empty { height, width });
        }
        if channels != 1 && channels != 3 {
            return Err(ShapeError::Channels { channels });
        }
        Ok(Self { pixels: contiguous(pixels) })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.pixels.dim().0
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of every image.
    pub fn size(&self) -> Size {
        let (_, height, width, channels) = self.pixels.dim();
        Size { height, width, channels }
    }

    /// Image `row`, shape `(height, width, channels)`.
    ///
    /// # Panics
    /// If there are not that many images.
    pub fn image(&self, row: usize) -> ArrayView3<'_, u8> {
        self.pixels.index_axis(Axis(0), row)
    }

    /// All pixels, shape `(n, height, width, channels)`.
    pub fn view(&self) -> ArrayView4<'_, u8> {
        self.pixels.view()
    }
}

impl Rows for Images {
    fn row_count(&self) -> usize {
        self.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        Self { pixels: self.pixels.select(Axis(0), rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_images_without_pixels_and_odd_channel_counts() {
        let empty = Images::new(Array4::zeros((1, 0, 5, 1))).unwrap_err();
        assert_eq!(empty, ShapeError::Empty { height: 0, width: 5 });
        let channels = Images::new(Array4::zeros((1, 5, 5, 2))).unwrap_err();
        assert_eq!(channels, ShapeError::Channels { channels: 2 });
    }

    #[test]
    fn pick_takes_rows_in_the_order_given() {
        let pixels = Array4::from_shape_fn((3, 1, 2, 1), |(n, _, x, _)| (10 * n + x) as u8);
        let picked = Images::new(pixels).unwrap().pick(&[2, 0, 2]);
        let values: Vec<u8> = picked.view().iter().copied().collect();
        assert_eq!(values, [20, 21, 0, 1, 20, 21]);
    }
}
