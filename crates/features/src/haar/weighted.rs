//! Features of any number of weighted rectangles, upright or tilted.

use super::feature::{HaarFeature, Rectangle};
use crate::integral::{Integral, TiltedIntegral};
use base::ParamError;
use serde::{Deserialize, Serialize};

/// So that no feature of an image leaves the range of `f32`.
const MAX_WEIGHT: f64 = 1e20;

/// A rectangle and how much the sum over its pixels counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedRectangle {
    /// Where it lies. If it is tilted, `y` and `x` are its top corner, `width` runs down to the
    /// right and `height` down to the left, as in OpenCV; see [`TiltedIntegral::sum`].
    pub rectangle: Rectangle,
    /// Whether it is turned by 45 degrees.
    pub tilted: bool,
    /// Factor of its sum.
    pub weight: f64,
}

/// A weighted sum over rectangles: the general Haar-like feature, as in the cascades of OpenCV but
/// with any number of rectangles.
///
/// ```
/// use features::{Integral, Rectangle, WeightedFeature, WeightedRectangle};
/// let part = |y, height, weight| WeightedRectangle {
///     rectangle: Rectangle { y, x: 0, height, width: 1 },
///     tilted: false,
///     weight,
/// };
/// let feature = WeightedFeature { rectangles: vec![part(0, 3, -1.0), part(1, 1, 3.0)] };
/// let image = ndarray::array![[1_u8], [5], [2]];
/// let integral = Integral::new(image.view()).unwrap();
/// assert_eq!(feature.value(&integral, None), 3.0 * 5.0 - (1.0 + 5.0 + 2.0));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedFeature {
    /// Its parts, which may overlap.
    pub rectangles: Vec<WeightedRectangle>,
}

impl From<HaarFeature> for WeightedFeature {
    /// Odd rectangles have the weight 1, even ones -1.
    fn from(feature: HaarFeature) -> Self {
        let weighted = |(place, rectangle)| WeightedRectangle {
            rectangle,
            tilted: false,
            weight: if place % 2 == 1 { 1.0 } else { -1.0 },
        };
        Self { rectangles: feature.rectangles().enumerate().map(weighted).collect() }
    }
}

impl WeightedFeature {
    /// Sum of weight times sum of grey levels.
    ///
    /// # Panics
    /// If a rectangle does not lie in the image, or is tilted while there are no tilted sums.
    pub fn value(&self, sums: &Integral, tilted: Option<&TiltedIntegral>) -> f64 {
        let value = |part: &WeightedRectangle| {
            let Rectangle { y, x, height, width } = part.rectangle;
            let sum = match part.tilted {
                false => sums.sum(y, x, height, width),
                true => tilted.expect("tilted sums for tilted rectangles").sum(y, x, height, width),
            };
            part.weight * f64::from(sum)
        };
        self.rectangles.iter().map(value).sum()
    }

    /// First row below it and first column right of it.
    ///
    /// # Errors
    /// If there is no rectangle, one has no pixels, is not finite in size or weight, or is tilted
    /// and begins left of the image.
    pub(super) fn end(&self) -> Result<(usize, usize), ParamError> {
        let fault = |value: &dyn std::fmt::Debug, expected| {
            Err(ParamError::new("features", format!("{value:?}"), expected))
        };
        let (mut bottom, mut right) = (0, 0);
        for part in &self.rectangles {
            let Some((end_y, end_x)) = part.end() else {
                return fault(part, "rectangles with pixels inside the image");
            };
            if !part.weight.is_finite() || part.weight.abs() > MAX_WEIGHT {
                return fault(part, "rectangles with weights of -1e20..=1e20");
            }
            (bottom, right) = (bottom.max(end_y), right.max(end_x));
        }
        if self.rectangles.is_empty() {
            return fault(self, "features of at least one rectangle");
        }
        Ok((bottom, right))
    }
}

impl WeightedRectangle {
    /// First row below it and first column right of it; none if it is not one.
    fn end(&self) -> Option<(usize, usize)> {
        let Rectangle { y, x, height, width } = self.rectangle;
        if height == 0 || width == 0 || (self.tilted && x < height) {
            return None;
        }
        let bottom = y.checked_add(height)?;
        let bottom = if self.tilted { bottom.checked_add(width)? } else { bottom };
        // Sums over more pixels than that cannot be counted; no image has so many.
        let pixels = height.checked_mul(width)?;
        (pixels < 1 << 48).then_some((bottom, x.checked_add(width)?))
    }

    /// Pixels in it.
    pub(super) fn area(&self) -> u64 {
        let Rectangle { height, width, .. } = self.rectangle;
        (height * width) as u64 * if self.tilted { 2 } else { 1 }
    }

    /// Both halves of it.
    pub(super) fn halves(self) -> [Self; 2] {
        let Rectangle { y, x, height, width } = self.rectangle;
        let [mut first, mut second] = [self; 2];
        if height > width {
            let half = height / 2;
            first.rectangle.height = half;
            let x = if self.tilted { x - half } else { x };
            second.rectangle = Rectangle { y: y + half, x, height: height - half, width };
        } else {
            let half = width / 2;
            first.rectangle.width = half;
            let y = if self.tilted { y + half } else { y };
            second.rectangle = Rectangle { y, x: x + half, height, width: width - half };
        }
        [first, second]
    }

    /// The four corners in a table of rows of `stride` sums: place and sign.
    pub(super) fn corners(&self, stride: usize) -> [(usize, i64); 4] {
        let Rectangle { y, x, height, width } = self.rectangle;
        let at = |y: usize, x: usize| y * stride + x;
        if self.tilted {
            [
                (at(y, x), 1),
                (at(y + height, x - height), -1),
                (at(y + width, x + width), -1),
                (at(y + width + height, x + width - height), 1),
            ]
        } else {
            [
                (at(y, x), 1),
                (at(y + height, x), -1),
                (at(y, x + width), -1),
                (at(y + height, x + width), 1),
            ]
        }
    }
}
