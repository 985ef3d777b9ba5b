//! Rectangles laid over an image: Haar-like features and multi-block patterns.

use super::svg::Svg;
use crate::haar::Rectangle;
use crate::view::{check_size, size_of};
use base::ShapeError;
use image::{Rgb, RgbImage};
use ndarray::{Array3, ArrayView3};
use thiserror::Error;

/// How rectangles are painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlayStyle {
    /// Red, green and blue in 0..=1 of what counts positive, or is at least as bright as the
    /// middle.
    pub positive: [f64; 3],
    /// Of what counts negative, or is darker.
    pub negative: [f64; 3],
    /// Share of the colour in what is seen: 0 shows the image only, 1 the colour only.
    pub opacity: f64,
}

impl OverlayStyle {
    /// Of `skimage.feature.draw_haar_like_feature`: red and green, half each.
    pub const HAAR: Self =
        Self { positive: [1.0, 0.0, 0.0], negative: [0.0, 1.0, 0.0], opacity: 0.5 };

    /// Of `skimage.feature.draw_multiblock_lbp`: white and cyan, half each.
    pub const MULTI_BLOCK_LBP: Self =
        Self { positive: [1.0; 3], negative: [0.0, 0.69, 0.96], opacity: 0.5 };
}

/// Why an image cannot be painted on.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum OverlayError {
    /// No image.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A rectangle that does not lie in the image.
    #[error("{rectangle:?} does not lie in an image of {height}x{width} pixels")]
    Outside {
        /// The rectangle.
        rectangle: Rectangle,
        /// Rows of the image.
        height: usize,
        /// Columns of the image.
        width: usize,
    },
    /// A number outside 0..=1.
    #[error("`{name}` is {value}, but must be from 0 to 1")]
    Style {
        /// Field of the style.
        name: &'static str,
        /// What it holds.
        value: f64,
    },
}

/// An image with rectangles to be laid over it, in this order. Checked when it is made.
///
/// Reference implementation: `draw_haar_like_feature` and `draw_multiblock_lbp` of scikit-image
/// 0.26; [`Self::blended`] has their numbers.
///
/// ```
/// use features::{HaarKind, Overlay, OverlayStyle, haar_features};
/// let image = ndarray::array![[[100_u8], [100], [7]]];
/// let feature = haar_features(HaarKind::TwoX, 1, 3).next().unwrap();
/// let overlay = Overlay::haar(image.view(), feature.rectangles(), OverlayStyle::HAAR).unwrap();
/// assert_eq!(overlay.image().into_raw(), [50, 178, 50, 178, 50, 50, 7, 7, 7]);
/// assert_eq!(overlay.svg().matches("<rect").count(), 1 + 2);
/// ```
#[derive(Debug, Clone)]
pub struct Overlay<'a> {
    image: ArrayView3<'a, u8>,
    rectangles: Vec<(Rectangle, [f64; 3])>,
    opacity: f64,
}

impl<'a> Overlay<'a> {
    /// The rectangles of one feature, which count negative and positive by turns, over an image of
    /// shape `(height, width, channels)` with 1 or 3 channels.
    ///
    /// # Errors
    /// If the image is none, a rectangle does not lie in it, or a number of the style is not in
    /// 0..=1.
    pub fn haar(
        image: ArrayView3<'a, u8>,
        rectangles: impl IntoIterator<Item = Rectangle>,
        style: OverlayStyle,
    ) -> Result<Self, OverlayError> {
        let colours = [style.negative, style.positive].into_iter().cycle();
        Self::new(image, rectangles.into_iter().zip(colours).collect(), style)
    }

    /// The eight neighbours of the middle one of 3x3 blocks, `block` being the one at the upper
    /// left, painted by the bits of a `code` ([`crate::multi_block_lbp`]): the highest bit is the
    /// block at the upper left, the others follow clockwise.
    ///
    /// # Errors
    /// As [`Self::haar`].
    pub fn multi_block_lbp(
        image: ArrayView3<'a, u8>,
        block: Rectangle,
        code: u8,
        style: OverlayStyle,
    ) -> Result<Self, OverlayError> {
        const CLOCKWISE: [[usize; 2]; 8] =
            [[0, 0], [0, 1], [0, 2], [1, 2], [2, 2], [2, 1], [2, 0], [1, 0]];
        let rectangles = CLOCKWISE.iter().enumerate().map(|(bit, [down, across])| {
            let place = |start: usize, side: usize, steps: usize| {
                start.saturating_add(side.saturating_mul(steps))
            };
            let y = place(block.y, block.height, *down);
            let x = place(block.x, block.width, *across);
            let brighter = code & (128 >> bit) != 0;
            (Rectangle { y, x, ..block }, if brighter { style.positive } else { style.negative })
        });
        Self::new(image, rectangles.collect(), style)
    }

    fn new(
        image: ArrayView3<'a, u8>,
        rectangles: Vec<(Rectangle, [f64; 3])>,
        style: OverlayStyle,
    ) -> Result<Self, OverlayError> {
        check_size(size_of(image))?;
        let numbers = [("opacity", &[style.opacity][..]), ("positive", &style.positive)];
        for (name, numbers) in numbers.into_iter().chain([("negative", &style.negative[..])]) {
            if let Some(&value) = numbers.iter().find(|number| !(0.0..=1.0).contains(*number)) {
                return Err(OverlayError::Style { name, value });
            }
        }
        let (height, width, _) = image.dim();
        let inside = |start: usize, side: usize, end: usize| {
            start.checked_add(side).is_some_and(|after| after <= end)
        };
        for &(rectangle, _) in &rectangles {
            let Rectangle { y, x, height: rows, width: columns } = rectangle;
            if !inside(y, rows, height) || !inside(x, columns, width) {
                return Err(OverlayError::Outside { rectangle, height, width });
            }
        }
        Ok(Self { image, rectangles, opacity: style.opacity })
    }

    /// Shape `(height, width, 3)`: red, green and blue in 0..=1. Where rectangles overlap, a later
    /// one covers what earlier ones left.
    pub fn blended(&self) -> Array3<f64> {
        let (height, width, channels) = self.image.dim();
        let mut blended = Array3::from_shape_fn((height, width, 3), |(y, x, channel)| {
            f64::from(self.image[[y, x, channel % channels]]) * (1.0 / 255.0)
        });
        for &(Rectangle { y, x, height, width }, colour) in &self.rectangles {
            for place in ndarray::indices([height, width, 3]) {
                let (down, across, channel) = place;
                let level = &mut blended[[y + down, x + across, channel]];
                *level = (1.0 - self.opacity) * *level + self.opacity * colour[channel];
            }
        }
        blended
    }

    /// [`Self::blended`] in 8 bits, rounded.
    pub fn image(&self) -> RgbImage {
        let blended = self.blended();
        let (height, width, _) = blended.dim();
        RgbImage::from_fn(width as u32, height as u32, |x, y| {
            Rgb([0, 1, 2].map(|channel| byte(blended[[y as usize, x as usize, channel]])))
        })
    }

    /// The image with transparent rectangles, as SVG.
    pub fn svg(&self) -> String {
        let (height, width, _) = self.image.dim();
        let mut svg = Svg::new([height, width]);
        svg.image(&self.image.iter().copied().collect::<Vec<u8>>());
        for &(Rectangle { y, x, height, width }, colour) in &self.rectangles {
            svg.rectangle([y, x, height, width], colour.map(byte), self.opacity);
        }
        svg.finish()
    }
}

fn byte(level: f64) -> u8 {
    (level * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: [[[u8; 1]; 6]; 3] = [[[0]; 6]; 3];

    #[test]
    fn blocks_are_painted_clockwise_from_the_highest_bit() {
        let image = ndarray::arr3(&IMAGE);
        let block = Rectangle { y: 0, x: 0, height: 1, width: 2 };
        let style = OverlayStyle { opacity: 1.0, ..OverlayStyle::MULTI_BLOCK_LBP };
        // Upper left and right of the middle.
        let overlay = Overlay::multi_block_lbp(image.view(), block, 0b1001_0000, style).unwrap();
        let blended = overlay.blended();
        let white: Vec<[usize; 2]> = (0..3)
            .flat_map(|y| (0..6).map(move |x| [y, x]))
            .filter(|[y, x]| blended[[*y, *x, 0]] == 1.0)
            .collect();
        assert_eq!(white, [[0, 0], [0, 1], [1, 4], [1, 5]]);
        assert_eq!(blended[[1, 2, 2]], 0.0);
        assert_eq!(blended[[2, 0, 2]], 0.96);
    }

    #[test]
    fn rectangles_outside_and_absurd_styles_are_refused() {
        let image = ndarray::arr3(&IMAGE);
        let at = |y, height| [Rectangle { y, x: 0, height, width: 1 }];
        let haar = |rectangles, opacity| {
            let style = OverlayStyle { opacity, ..OverlayStyle::HAAR };
            Overlay::haar(image.view(), rectangles, style).map(|_| ())
        };
        assert!(haar(at(0, 3), 0.5).is_ok());
        assert!(matches!(haar(at(1, 3), 0.5), Err(OverlayError::Outside { .. })));
        assert!(matches!(haar(at(usize::MAX, 2), 0.5), Err(OverlayError::Outside { .. })));
        assert!(matches!(
            haar(at(0, 1), f64::NAN),
            Err(OverlayError::Style { name: "opacity", .. })
        ));
        let huge = Rectangle { y: 0, x: 0, height: usize::MAX, width: 1 };
        let style = OverlayStyle::MULTI_BLOCK_LBP;
        assert!(Overlay::multi_block_lbp(image.view(), huge, 0, style).is_err());
    }
}
