//! The features themselves: kinds, enumeration, values.

use crate::integral::Integral;
use serde::{Deserialize, Serialize};

/// How the rectangles of a feature lie, in scikit-image's order. Odd ones (`#`) count positive.
///
/// ```text
/// TwoX  . #    TwoY  .    ThreeX  . # .    ThreeY  .    Four  . #
///                    #                             #          # .
///                                                  .
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HaarKind {
    /// `type-2-x`: two side by side.
    #[serde(rename = "type-2-x")]
    TwoX,
    /// `type-2-y`: two, one below the other.
    #[serde(rename = "type-2-y")]
    TwoY,
    /// `type-3-x`: three side by side.
    #[serde(rename = "type-3-x")]
    ThreeX,
    /// `type-3-y`: three, one below the other.
    #[serde(rename = "type-3-y")]
    ThreeY,
    /// `type-4`: four in a square, clockwise from the upper left.
    #[serde(rename = "type-4")]
    Four,
}

impl HaarKind {
    /// All kinds, in order.
    pub const ALL: [Self; 5] = [Self::TwoX, Self::TwoY, Self::ThreeX, Self::ThreeY, Self::Four];

    /// Where each rectangle lies: so many rectangles down, so many to the right.
    const fn places(self) -> &'static [(usize, usize)] {
        match self {
            Self::TwoX => &[(0, 0), (0, 1)],
            Self::TwoY => &[(0, 0), (1, 0)],
            Self::ThreeX => &[(0, 0), (0, 1), (0, 2)],
            Self::ThreeY => &[(0, 0), (1, 0), (2, 0)],
            Self::Four => &[(0, 0), (0, 1), (1, 1), (1, 0)],
        }
    }

    /// Height and width of a feature in rectangles.
    const fn extent(self) -> (usize, usize) {
        match self {
            Self::TwoX => (1, 2),
            Self::TwoY => (2, 1),
            Self::ThreeX => (1, 3),
            Self::ThreeY => (3, 1),
            Self::Four => (2, 2),
        }
    }
}

/// An upright rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// First row.
    pub y: usize,
    /// First column.
    pub x: usize,
    /// Rows, at least 1.
    pub height: usize,
    /// Columns, at least 1.
    pub width: usize,
}

/// Two to four rectangles of one size that touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HaarFeature {
    /// How the rectangles lie.
    pub kind: HaarKind,
    /// The first of them.
    pub first: Rectangle,
}

impl HaarFeature {
    /// Feature `index` of [`haar_features`], without the ones before it.
    ///
    /// # Panics
    /// If there are not that many.
    pub(crate) fn nth(kind: HaarKind, height: usize, width: usize, mut index: usize) -> Self {
        let (down, across) = kind.extent();
        let in_row = sizes(width, across);
        // As many per row of positions as heights fit below it; likewise for columns.
        let mut y = 0;
        while index >= (height - y) / down * in_row {
            index -= (height - y) / down * in_row;
            y += 1;
        }
        let heights = (height - y) / down;
        let mut x = 0;
        while index >= heights * ((width - x) / across) {
            index -= heights * ((width - x) / across);
            x += 1;
        }
        let widths = (width - x) / across;
        let (height, width) = (index / widths + 1, index % widths + 1);
        Self { kind, first: Rectangle { y, x, height, width } }
    }

    /// First row below it and first column right of it; none if it has no pixels or these are too
    /// large to be numbers.
    pub(crate) fn end(self) -> Option<(usize, usize)> {
        let Rectangle { y, x, height, width } = self.first;
        let (down, across) = self.kind.extent();
        if height == 0 || width == 0 {
            return None;
        }
        let bottom = height.checked_mul(down)?.checked_add(y)?;
        Some((bottom, width.checked_mul(across)?.checked_add(x)?))
    }

    /// Its rectangles in scikit-image's order, from the one at even place 0 on.
    pub fn rectangles(self) -> impl ExactSizeIterator<Item = Rectangle> {
        let Rectangle { y, x, height, width } = self.first;
        self.kind.places().iter().map(move |&(down, across)| Rectangle {
            y: y.saturating_add(down.saturating_mul(height)),
            x: x.saturating_add(across.saturating_mul(width)),
            height,
            width,
        })
    }

    /// Sum over the odd rectangles minus sum over the even ones, in grey levels: scikit-image's
    /// value.
    ///
    /// ```
    /// let image = ndarray::array![[1_u8, 5, 2]];
    /// let integral = features::Integral::new(image.view()).unwrap();
    /// let mut features = features::haar_features(features::HaarKind::ThreeX, 1, 3);
    /// assert_eq!(features.next().unwrap().value(&integral), 5 - 1 - 2);
    /// ```
    ///
    /// # Panics
    /// If the feature does not lie in the image.
    pub fn value(self, integral: &Integral) -> i64 {
        let (even, odd) = self.sums(|r| integral.sum(r.y, r.x, r.height, r.width).into());
        odd as i64 - even as i64
    }

    /// Mean of the odd rectangles minus mean of the even ones, in grey levels, -255..=255. `sum`
    /// gives the sum over a rectangle. The plain form of what [`super::Haar`] computes.
    #[cfg(test)]
    pub(super) fn contrast(self, sum: impl Fn(Rectangle) -> u64) -> f64 {
        let (even, odd) = self.sums(sum);
        let area = (self.first.height * self.first.width) as f64;
        let rectangles = self.kind.places().len();
        let (odds, evens) = (rectangles / 2, rectangles.div_ceil(2));
        (odd as f64 / odds as f64 - even as f64 / evens as f64) / area
    }

    /// Sums over the even rectangles and over the odd ones.
    fn sums(self, sum: impl Fn(Rectangle) -> u64) -> (u64, u64) {
        let mut sums = [0, 0];
        for (place, rectangle) in self.rectangles().enumerate() {
            sums[place % 2] += sum(rectangle);
        }
        (sums[0], sums[1])
    }
}

/// All features of one kind in a window: by row, column, height and width of the first rectangle,
/// the width changing fastest, as scikit-image enumerates them.
pub fn haar_features(
    kind: HaarKind,
    height: usize,
    width: usize,
) -> impl Iterator<Item = HaarFeature> {
    let (down, across) = kind.extent();
    (0..height).flat_map(move |y| {
        (0..width).flat_map(move |x| {
            (1..=(height - y) / down).flat_map(move |height| {
                (1..=(width - x) / across).map(move |width| HaarFeature {
                    kind,
                    first: Rectangle { y, x, height, width },
                })
            })
        })
    })
}

/// Number of features of one kind in a window, or `usize::MAX` if that is less.
///
/// ```
/// use features::{HaarKind, haar_feature_count};
/// let count = |kind| haar_feature_count(kind, 24, 24);
/// assert_eq!(HaarKind::ALL.map(count).iter().sum::<usize>(), 162_336);
/// ```
pub fn haar_feature_count(kind: HaarKind, height: usize, width: usize) -> usize {
    let (down, across) = kind.extent();
    sizes(height, down).saturating_mul(sizes(width, across))
}

/// Ways to place `parts` equal parts on a line of `length` pixels: the sum of `n / parts` for all
/// `n` up to `length`.
pub(super) fn sizes(length: usize, parts: usize) -> usize {
    let (whole, rest) = (length / parts, length % parts);
    // Each of 1..whole occurs `parts` times, `whole` itself `rest + 1` times.
    (whole * whole.saturating_sub(1) / 2).saturating_mul(parts).saturating_add(whole * (rest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_single_features_agree_with_the_enumeration() {
        for kind in HaarKind::ALL {
            for (height, width) in [(1, 1), (1, 7), (5, 1), (4, 6), (7, 5)] {
                let all: Vec<_> = haar_features(kind, height, width).collect();
                let count = haar_feature_count(kind, height, width);
                let each = (0..count).map(|n| HaarFeature::nth(kind, height, width, n));
                assert_eq!(each.collect::<Vec<_>>(), all, "{kind:?} in {height}x{width}");
            }
        }
    }

    /// The sum over a feature is small where light is even, whatever the number of rectangles.
    #[test]
    fn even_light_has_no_contrast() {
        let image = ndarray::Array2::from_elem((6, 6), 200);
        let integral = Integral::new(image.view()).unwrap();
        for feature in HaarKind::ALL.into_iter().flat_map(|kind| haar_features(kind, 6, 6)) {
            let sum = |r: Rectangle| integral.sum(r.y, r.x, r.height, r.width).into();
            assert_eq!(feature.contrast(sum), 0.0, "{feature:?}");
        }
    }
}
