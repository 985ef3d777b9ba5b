//! Sizes of the images before they were made one size.

use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Longest side, in pixels, that images get if no size is asked for.
const DEFAULT_SIDE: usize = 64;

/// The sizes images had in their files, upright (after the EXIF orientation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OriginalSizes {
    /// Number of different sizes.
    pub distinct: usize,
    /// Least height and least width in pixels, perhaps of different images.
    pub smallest: [usize; 2],
    /// Largest height and largest width in pixels, perhaps of different images.
    pub largest: [usize; 2],
}

impl OriginalSizes {
    /// Of heights and widths; `None` if there are none.
    pub(crate) fn of(sizes: &[[usize; 2]]) -> Option<Self> {
        let extreme = |pick: fn(usize, usize) -> usize| {
            sizes.iter().copied().reduce(|a, b| [pick(a[0], b[0]), pick(a[1], b[1])])
        };
        Some(Self {
            distinct: sizes.iter().collect::<BTreeSet<_>>().len(),
            smallest: extreme(usize::min)?,
            largest: extreme(usize::max)?,
        })
    }
}

impl fmt::Display for OriginalSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [height, width] = self.smallest;
        let [max_height, max_width] = self.largest;
        match self.distinct {
            1 => write!(f, "{height}x{width}"),
            n => write!(f, "{n} sizes from {height}x{width} to {max_height}x{max_width}"),
        }
    }
}

/// Height and width that images of the given heights and widths (at least one) get.
///
/// The size asked for. Otherwise the common size, if there is one with no side above
/// [`DEFAULT_SIDE`]. Otherwise the median longer side, but at most [`DEFAULT_SIDE`], at the median
/// aspect ratio; of an even number of values the lower middle one counts.
pub(crate) fn target(sizes: &[[usize; 2]], wanted: Option<[usize; 2]>) -> [usize; 2] {
    if let Some(size) = wanted {
        return size;
    }
    let first = sizes[0];
    if first[0].max(first[1]) <= DEFAULT_SIDE && sizes.iter().all(|&size| size == first) {
        return first;
    }
    let mut longer: Vec<usize> = sizes.iter().map(|size| size[0].max(size[1])).collect();
    let mut ratios: Vec<f64> = sizes.iter().map(|size| size[1] as f64 / size[0] as f64).collect();
    longer.sort_unstable();
    ratios.sort_unstable_by(f64::total_cmp);
    let middle = (sizes.len() - 1) / 2;
    let (side, ratio) = (longer[middle].min(DEFAULT_SIDE), ratios[middle]);
    let shorter = |share: f64| ((side as f64 * share).round() as usize).max(1);
    if ratio >= 1.0 { [shorter(1.0 / ratio), side] } else { [side, shorter(ratio)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_images_of_one_size_stay_as_they_are() {
        assert_eq!(target(&[[28, 28]; 3], None), [28, 28]);
        assert_eq!(target(&[[1, 1]], None), [1, 1]);
        assert_eq!(target(&[[64, 10]; 2], None), [64, 10]);
        assert_eq!(target(&[[64, 10]; 2], Some([5, 6])), [5, 6]);
    }

    #[test]
    fn others_get_the_median_shape() {
        assert_eq!(target(&[[480, 640]; 2], None), [48, 64]);
        assert_eq!(target(&[[640, 480]; 2], None), [64, 48]);
        // Aspect ratios 1, 2, 4: two to one. The extreme one does not pull at it.
        assert_eq!(target(&[[100, 100], [100, 400], [100, 200]], None), [32, 64]);
        // Longer sides 10, 20, 30: nothing is blown up to 64.
        assert_eq!(target(&[[10, 10], [20, 20], [30, 30]], None), [20, 20]);
        // A hair keeps one pixel.
        assert_eq!(target(&[[1000, 1]], None), [64, 1]);
    }

    #[test]
    fn sizes_are_told_in_a_few_words() {
        let text = |sizes: &[[usize; 2]]| OriginalSizes::of(sizes).unwrap().to_string();
        assert_eq!(text(&[[3, 4], [3, 4]]), "3x4");
        assert_eq!(text(&[[3, 9], [5, 4], [3, 9]]), "2 sizes from 3x4 to 5x9");
        assert_eq!(OriginalSizes::of(&[]), None);
    }
}
