//! The extended set of Haar-like features: edges, lines and centre-surround, upright and turned by
//! 45 degrees.
//!
//! Source: R. Lienhart, J. Maydt, "An extended set of Haar-like features for rapid object
//! detection", ICIP 2002. Weights, tilted coordinates and [`lienhart_features`]' order are those
//! of OpenCV's `traincascade`.

use super::feature::{Rectangle, sizes};
use super::weighted::{WeightedFeature, WeightedRectangle};
use serde::{Deserialize, Serialize};

/// How the rectangles of a feature lie: a whole of weight -1, and in it (`#`) parts of a weight
/// that makes all of it 0 in even light.
///
/// ```text
/// X2  . #    X3  . # .    X4  . # # .    X2Y2  # .    X3Y3  . . .
///                                              . #          . # .
///                                                           . . .
/// ```
///
/// `Y` kinds are `X` kinds with rows and columns exchanged. Tilted kinds run down to the right
/// instead of right, and down to the left instead of down; in `TiltedX2` and `TiltedY2` the first
/// half counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LienhartKind {
    /// Edge: two side by side (1a).
    X2,
    /// Edge: two, one below the other (1b).
    Y2,
    /// Line: three side by side (2a).
    X3,
    /// Line: three, one below the other (2c).
    Y3,
    /// Line of double width between two (2b).
    X4,
    /// Line of double height between two (2d).
    Y4,
    /// Two by two, on a diagonal: not Lienhart's, but Viola and Jones' and `traincascade`'s.
    X2Y2,
    /// Centre and surround (3a).
    X3Y3,
    /// Tilted edge (1c).
    TiltedX2,
    /// Tilted edge (1d).
    TiltedY2,
    /// Tilted line (2e).
    TiltedX3,
    /// Tilted line (2g).
    TiltedY3,
    /// Tilted line of double width (2f).
    TiltedX4,
    /// Tilted line of double height (2h).
    TiltedY4,
    /// Tilted centre and surround (3b); `traincascade` lacks it.
    TiltedX3Y3,
}

use LienhartKind as K;

/// Part of a feature, in units of its steps: offset and extent along `dx`, then along `dy`.
type Part = (usize, usize, usize, usize);

impl LienhartKind {
    /// Extent in steps along `dx` and along `dy`.
    const fn extent(self) -> (usize, usize) {
        match self {
            K::X2 | K::TiltedX2 => (2, 1),
            K::Y2 | K::TiltedY2 => (1, 2),
            K::X3 | K::TiltedX3 => (3, 1),
            K::Y3 | K::TiltedY3 => (1, 3),
            K::X4 | K::TiltedX4 => (4, 1),
            K::Y4 | K::TiltedY4 => (1, 4),
            K::X2Y2 => (2, 2),
            K::X3Y3 | K::TiltedX3Y3 => (3, 3),
        }
    }

    /// The parts of positive weight.
    const fn parts(self) -> &'static [Part] {
        match self {
            K::X2 | K::X3 | K::TiltedX3 => &[(1, 1, 0, 1)],
            K::Y2 | K::Y3 | K::TiltedY3 => &[(0, 1, 1, 1)],
            K::X4 | K::TiltedX4 => &[(1, 2, 0, 1)],
            K::Y4 | K::TiltedY4 => &[(0, 1, 1, 2)],
            K::X2Y2 => &[(0, 1, 0, 1), (1, 1, 1, 1)],
            K::X3Y3 | K::TiltedX3Y3 => &[(1, 1, 1, 1)],
            K::TiltedX2 | K::TiltedY2 => &[(0, 1, 0, 1)],
        }
    }

    /// Whether it is turned by 45 degrees.
    pub const fn tilted(self) -> bool {
        matches!(
            self,
            K::TiltedX2
                | K::TiltedY2
                | K::TiltedX3
                | K::TiltedY3
                | K::TiltedX4
                | K::TiltedY4
                | K::TiltedX3Y3
        )
    }

    /// How many rows and columns the feature may begin at, and the first such column.
    fn places(
        self,
        [height, width]: [usize; 2],
        [dy, dx]: [usize; 2],
    ) -> Option<(usize, usize, usize)> {
        let (across, down) = self.extent();
        let (across, down) = (across.checked_mul(dx)?, down.checked_mul(dy)?);
        let (rows, columns, left) = if self.tilted() {
            (across.checked_add(down)?, across.checked_add(down)?, down)
        } else {
            (down, across, 0)
        };
        Some((height.checked_sub(rows)? + 1, width.checked_sub(columns)? + 1, left))
    }
}

/// Which kinds there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LienhartSet {
    /// Upright ones without long lines: `traincascade -mode BASIC`.
    Basic,
    /// All upright ones: `traincascade -mode CORE`.
    Core,
    /// Upright and tilted ones: `traincascade -mode ALL`.
    #[default]
    All,
    /// The 14 kinds of the paper.
    Paper,
}

impl LienhartSet {
    /// Its kinds, in the order of [`lienhart_features`].
    pub const fn kinds(self) -> &'static [LienhartKind] {
        const PAPER: [LienhartKind; 14] = [
            K::X2,
            K::Y2,
            K::X3,
            K::Y3,
            K::X4,
            K::Y4,
            K::X3Y3,
            K::TiltedX2,
            K::TiltedY2,
            K::TiltedX3,
            K::TiltedY3,
            K::TiltedX4,
            K::TiltedY4,
            K::TiltedX3Y3,
        ];
        match self {
            Self::Basic => &[K::X2, K::Y2, K::X3, K::Y3, K::X2Y2],
            Self::Core => &[K::X2, K::Y2, K::X3, K::Y3, K::X4, K::Y4, K::X2Y2, K::X3Y3],
            Self::All => &[
                K::X2,
                K::Y2,
                K::X3,
                K::Y3,
                K::X4,
                K::Y4,
                K::X2Y2,
                K::X3Y3,
                K::TiltedX2,
                K::TiltedY2,
                K::TiltedX3,
                K::TiltedY3,
                K::TiltedX4,
                K::TiltedY4,
            ],
            Self::Paper => &PAPER,
        }
    }
}

/// A feature of the extended set. Turn it into a [`WeightedFeature`] for its rectangles and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LienhartFeature {
    /// How its rectangles lie.
    pub kind: LienhartKind,
    /// Row of its upper left corner; if tilted, of its top corner.
    pub y: usize,
    /// Column of that corner.
    pub x: usize,
    /// Height of a part in pixels; if tilted, its extent down to the left.
    pub dy: usize,
    /// Width of a part in pixels; if tilted, its extent down to the right.
    pub dx: usize,
}

impl From<LienhartFeature> for WeightedFeature {
    fn from(feature: LienhartFeature) -> Self {
        let LienhartFeature { kind, y, x, dy, dx } = feature;
        let (across, down) = kind.extent();
        let place = |(right, width, below, height): Part, weight| {
            let (along, aside) = (right.saturating_mul(dx), below.saturating_mul(dy));
            let (y, x) = if kind.tilted() {
                (
                    y.saturating_add(along).saturating_add(aside),
                    x.saturating_add(along).saturating_sub(aside),
                )
            } else {
                (y.saturating_add(aside), x.saturating_add(along))
            };
            let (height, width) = (height.saturating_mul(dy), width.saturating_mul(dx));
            let rectangle = Rectangle { y, x, height, width };
            WeightedRectangle { rectangle, tilted: kind.tilted(), weight }
        };
        let parts = kind.parts();
        let covered: usize = parts.iter().map(|&(_, width, _, height)| width * height).sum();
        let weight = (across * down / covered) as f64;
        let whole = place((0, across, 0, down), -1.0);
        let parts = parts.iter().map(|&part| place(part, weight));
        Self { rectangles: std::iter::once(whole).chain(parts).collect() }
    }
}

/// All features of a set in a window, in the order of OpenCV's `traincascade`: by column, row,
/// `dx`, `dy`, then kind.
///
/// ```
/// use features::{LienhartSet, lienhart_features};
/// assert_eq!(lienhart_features(LienhartSet::Basic, 24, 24).count(), 162_336);
/// ```
pub fn lienhart_features(
    set: LienhartSet,
    height: usize,
    width: usize,
) -> impl Iterator<Item = LienhartFeature> {
    (0..width).flat_map(move |x| {
        (0..height).flat_map(move |y| {
            (1..=width).flat_map(move |dx| {
                (1..=height).flat_map(move |dy| {
                    let fits = move |kind: LienhartKind| {
                        let places = kind.places([height, width], [dy, dx]);
                        places.is_some_and(|(rows, columns, left)| {
                            y < rows && (left..left + columns).contains(&x)
                        })
                    };
                    let kinds = set.kinds().iter().copied().filter(move |&kind| fits(kind));
                    kinds.map(move |kind| LienhartFeature { kind, y, x, dy, dx })
                })
            })
        })
    })
}

/// Number of features of one kind in a window, or `usize::MAX` if that is less.
///
/// ```
/// use features::{LienhartKind, lienhart_feature_count};
/// // 12 widths and 24 heights fit: 12 * 24 * (25 - 2 * 13 / 2) * (25 - 25 / 2).
/// assert_eq!(lienhart_feature_count(LienhartKind::X2, 24, 24), 43_200);
/// ```
pub fn lienhart_feature_count(kind: LienhartKind, height: usize, width: usize) -> usize {
    let (across, down) = kind.extent();
    if !kind.tilted() {
        return sizes(height, down).saturating_mul(sizes(width, across));
    }
    if (height as u128) * (width as u128) > 1 << 62 {
        return usize::MAX;
    }
    let (height, width) = (height as i128, width as i128);
    let (across, down, shorter) = (across as i128, down as i128, height.min(width));
    // For each dx the sum over all n values of dy, at which the feature takes dx * across + dy *
    // down rows and columns: a polynomial of the second degree in dy.
    let of = |dx: i128| {
        let (rows, columns) = (height + 1 - dx * across, width + 1 - dx * across);
        let n = (shorter - dx * across) / down;
        n * rows * columns - down * (rows + columns) * n * (n + 1) / 2
            + down * down * n * (n + 1) * (2 * n + 1) / 6
    };
    let count: i128 = (1..=shorter / across).map(of).sum();
    count.try_into().unwrap_or(usize::MAX)
}

/// The features of these numbers, which are sorted. They are numbered by kind, `dy`, `dx`, row and
/// column, so that those between two can be skipped.
pub(super) fn numbered(
    set: LienhartSet,
    height: usize,
    width: usize,
    numbers: impl IntoIterator<Item = usize>,
) -> Vec<LienhartFeature> {
    let mut numbers = numbers.into_iter().peekable();
    let (mut features, mut first) = (Vec::new(), 0_usize);
    for &kind in set.kinds() {
        let (across, down) = kind.extent();
        for dy in 1..=height / down {
            for dx in 1..=width / across {
                let Some((rows, columns, left)) = kind.places([height, width], [dy, dx]) else {
                    break;
                };
                let end = first.saturating_add(rows.saturating_mul(columns));
                while let Some(number) = numbers.next_if(|&number| number < end) {
                    let (y, x) = ((number - first) / columns, (number - first) % columns);
                    features.push(LienhartFeature { kind, y, x: left + x, dy, dx });
                }
                first = end;
            }
        }
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Integral, TiltedIntegral};
    use ndarray::Array2;

    const ALL: [LienhartSet; 4] =
        [LienhartSet::Basic, LienhartSet::Core, LienhartSet::All, LienhartSet::Paper];

    #[test]
    fn counts_and_numbers_agree_with_the_enumeration() {
        for (height, width) in [(1, 1), (2, 9), (9, 8), (7, 13)] {
            for set in ALL {
                let all: Vec<_> = lienhart_features(set, height, width).collect();
                let mut total = 0;
                for &kind in set.kinds() {
                    let count = lienhart_feature_count(kind, height, width);
                    let enumerated = all.iter().filter(|feature| feature.kind == kind).count();
                    assert_eq!(count, enumerated, "{kind:?} in {height}x{width}");
                    total += count;
                }
                let numbered = numbered(set, height, width, 0..total);
                assert_eq!(numbered.len(), total);
                assert!(all.iter().all(|feature| numbered.contains(feature)));
            }
        }
    }

    /// By the paper's formula: `X` and `Y` are how often the smallest feature, `w` by `h` pixels,
    /// fits into the window.
    #[test]
    fn upright_counts_are_the_papers() {
        let sides = [(K::X2, 2, 1), (K::Y2, 1, 2), (K::X3, 3, 1), (K::Y4, 1, 4), (K::X3Y3, 3, 3)];
        for (kind, w, h) in sides {
            let ways = |side: usize, part: usize| {
                let fits = side / part;
                fits as f64 * ((side + 1) as f64 - (part * (fits + 1)) as f64 / 2.0)
            };
            assert_eq!(lienhart_feature_count(kind, 24, 20) as f64, ways(24, h) * ways(20, w));
        }
    }

    #[test]
    fn even_light_has_the_value_0_and_rectangles_lie_in_the_window() {
        let image = Array2::from_elem((9, 8), 200_u8);
        let sums = Integral::new(image.view()).unwrap();
        let tilted = TiltedIntegral::of(image.view()).unwrap();
        for set in ALL {
            for feature in lienhart_features(set, 9, 8) {
                let weighted = WeightedFeature::from(feature);
                let (bottom, right) = weighted.end().unwrap();
                assert!(bottom <= 9 && right <= 8, "{feature:?}");
                assert_eq!(weighted.value(&sums, Some(&tilted)), 0.0, "{feature:?}");
            }
        }
    }
}
