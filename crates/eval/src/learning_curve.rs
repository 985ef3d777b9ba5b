//! Accuracy against the number of training images, and the number from which one side is ahead.
//!
//! Both sides are trained on the same nested subsets, several times over, and scored on the same
//! test images. The break-even size `n*` is where the second side overtakes for good, within the
//! sizes tried; it is interpolated in the logarithm of the size.
//!
//! Its interval is a percentile bootstrap. Repeats and test images are drawn anew, each with
//! replacement, once for all sizes: the smaller subsets of a repeat lie in its larger ones, so that
//! what is luck of the draw at one size is luck at the next, and a repeat is one thing to draw, not
//! as many as there are sizes. With few repeats the interval tells too little of their luck: the
//! spread of `R` of them is drawn with `(R - 1) / R` of its variance.
//!
//! Sources: T. Viering, M. Loog, "The shape of learning curves: a review", IEEE TPAMI 45(6), 2022;
//! B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13; A. C. Davison,
//! D. V. Hinkley, "Bootstrap methods and their application", 1997, section 3.8 (whole clusters are
//! drawn); A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2):386-411, 2007
//! (rows and columns are drawn apart).

use crate::statistics::Undefined;
use crate::statistics::interval::Interval;
use crate::statistics::outcome::check_length;
use crate::statistics::quantile::of_sorted;
use base::Seed;
use rand::{Rng, RngExt};

/// Both sides trained on subsets of one size: which test images each got right, by repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Training images.
    pub size: usize,
    /// Of the first side, by repeat and test image. Repeat `r` is nested in repeat `r` of the next
    /// larger size.
    pub first: Vec<Vec<bool>>,
    /// Of the second side; trained on the same subsets.
    pub second: Vec<Vec<bool>>,
}

/// Where the second side overtakes for good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BreakEven {
    /// It is ahead at every size tried: at or below the smallest.
    Below,
    /// At this number of training images.
    At(f64),
    /// It is not ahead at the largest size: not within the data there are.
    Beyond,
}

/// A break-even size with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakEvenInterval {
    /// From the accuracies as measured.
    pub estimate: BreakEven,
    /// Lower end.
    pub low: BreakEven,
    /// Upper end.
    pub high: BreakEven,
}

impl BreakEven {
    /// As a number that can be sorted.
    fn rank(self) -> f64 {
        match self {
            Self::Below => f64::NEG_INFINITY,
            Self::At(size) => size,
            Self::Beyond => f64::INFINITY,
        }
    }

    fn from_rank(rank: f64) -> Self {
        if rank == f64::NEG_INFINITY {
            Self::Below
        } else if rank == f64::INFINITY {
            Self::Beyond
        } else {
            Self::At(rank)
        }
    }

    /// From sizes, ascending, and by how much the second side is ahead at each.
    pub fn of(sizes: &[usize], lead: &[f64]) -> Self {
        let Some(last) = lead.len().checked_sub(1) else { return Self::Beyond };
        if lead[last] <= 0.0 {
            return Self::Beyond;
        }
        let Some(behind) = lead.iter().rposition(|&lead| lead <= 0.0) else { return Self::Below };
        let share = -lead[behind] / (lead[behind + 1] - lead[behind]);
        let (from, to) = ((sizes[behind] as f64).ln(), (sizes[behind + 1] as f64).ln());
        Self::At((from + share * (to - from)).exp())
    }
}

/// The break-even size of the second side, with a bootstrap interval at `level`.
///
/// ```
/// use eval::learning_curve::{BreakEven, Point, break_even};
/// // Ten test images, one repeat: the second side passes from 5 to 8, the first stays at 6.
/// let right = |count| vec![(0..10).map(|image| image < count).collect()];
/// let point = |size, second| Point { size, first: right(6), second: right(second) };
/// let points = [point(100, 5), point(400, 8)];
/// let found = break_even(&points, 0.95, 200, base::Seed(1)).unwrap();
/// // A third of the way from 100 to 400 in the logarithm.
/// assert!(matches!(found.estimate, BreakEven::At(n) if (n - 158.74).abs() < 0.01));
/// ```
///
/// # Errors
/// With fewer than two sizes or resamples, without test images or repeats, or if sizes do not
/// grow, or sides or sizes differ in repeats or images.
///
/// # Panics
/// If `level` is not strictly between 0 and 1.
pub fn break_even(
    points: &[Point],
    level: f64,
    resamples: usize,
    seed: Seed,
) -> Result<BreakEvenInterval, Undefined> {
    assert!(level > 0.0 && level < 1.0, "a level of {level}");
    let [images, repeats] = check(points)?;
    if resamples < 2 {
        return Err(Undefined::TooFew { what: "resamples", needed: 2, found: resamples });
    }
    let sizes: Vec<usize> = points.iter().map(|point| point.size).collect();
    let at = |images: &[usize], repeats: &[usize]| {
        let leads: Vec<f64> = points.iter().map(|point| lead(point, images, repeats)).collect();
        BreakEven::of(&sizes, &leads)
    };
    let estimate = at(&(0..images).collect::<Vec<_>>(), &(0..repeats).collect::<Vec<_>>());
    let mut ranks: Vec<f64> = (0..resamples)
        .map(|number| {
            let mut rng = seed.child("resample", number as u64).rng();
            let drawn = draw(images, &mut rng);
            at(&drawn, &draw(repeats, &mut rng)).rank()
        })
        .collect();
    ranks.sort_by(f64::total_cmp);
    let end = |p: f64| {
        // Between two infinite neighbours there is nothing to interpolate.
        let at = (p * (ranks.len() - 1) as f64).round() as usize;
        BreakEven::from_rank(ranks[at])
    };
    let tail = (1.0 - level) / 2.0;
    Ok(BreakEvenInterval { estimate, low: end(tail), high: end(1.0 - tail) })
}

/// Mean accuracy over repeats, with a percentile bootstrap interval over repeats and test images.
///
/// # Errors
/// Without repeats, images or resamples, or if repeats differ in their number of images.
///
/// # Panics
/// If `level` is not strictly between 0 and 1.
pub fn band(
    right: &[Vec<bool>],
    level: f64,
    resamples: usize,
    seed: Seed,
) -> Result<(f64, Interval), Undefined> {
    assert!(level > 0.0 && level < 1.0, "a level of {level}");
    let images = check_side(right, right.first().map_or(0, Vec::len))?;
    if resamples == 0 {
        return Err(Undefined::TooFew { what: "resamples", needed: 1, found: 0 });
    }
    let all: Vec<usize> = (0..images).collect();
    let repeats: Vec<usize> = (0..right.len()).collect();
    let mut means: Vec<f64> = (0..resamples)
        .map(|number| {
            let mut rng = seed.child("resample", number as u64).rng();
            let drawn = draw(images, &mut rng);
            accuracy(right, &drawn, &draw(right.len(), &mut rng))
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let interval = Interval { low: of_sorted(&means, tail), high: of_sorted(&means, 1.0 - tail) };
    Ok((accuracy(right, &all, &repeats), interval))
}

/// By how much the second side is ahead in accuracy on the drawn images and repeats.
fn lead(point: &Point, images: &[usize], repeats: &[usize]) -> f64 {
    accuracy(&point.second, images, repeats) - accuracy(&point.first, images, repeats)
}

fn accuracy(right: &[Vec<bool>], images: &[usize], repeats: &[usize]) -> f64 {
    let of_repeat =
        |&repeat: &usize| images.iter().filter(|&&image| right[repeat][image]).count() as f64;
    repeats.iter().map(of_repeat).sum::<f64>() / (images.len() * repeats.len()) as f64
}

/// As many numbers below `count` as that, with replacement.
fn draw(count: usize, rng: &mut impl Rng) -> Vec<usize> {
    (0..count).map(|_| rng.random_range(0..count)).collect()
}

/// Gives the numbers of test images and of repeats.
fn check(points: &[Point]) -> Result<[usize; 2], Undefined> {
    if points.len() < 2 {
        return Err(Undefined::TooFew { what: "sizes", needed: 2, found: points.len() });
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[0].size >= pair[1].size) {
        let (value, expected) = (pair[1].size as f64, "larger than the one before");
        return Err(Undefined::OutOfRange { name: "size", value, expected });
    }
    let (images, repeats) = (points[0].first.first().map_or(0, Vec::len), points[0].first.len());
    for point in points {
        check_side(&point.first, images)?;
        check_side(&point.second, images)?;
        check_length("repeats of the first side", point.first.len(), repeats)?;
        check_length("repeats of the second side", point.second.len(), repeats)?;
    }
    Ok([images, repeats])
}

fn check_side(right: &[Vec<bool>], images: usize) -> Result<usize, Undefined> {
    for (what, found) in [("repeats", right.len()), ("test images", images)] {
        if found == 0 {
            return Err(Undefined::TooFew { what, needed: 1, found });
        }
    }
    for repeat in right {
        check_length("test images", repeat.len(), images)?;
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_overtaking_counts() {
        let sizes = [10, 100, 1000];
        assert_eq!(BreakEven::of(&sizes, &[0.1, 0.1, 0.1]), BreakEven::Below);
        assert_eq!(BreakEven::of(&sizes, &[0.1, 0.1, 0.0]), BreakEven::Beyond);
        let BreakEven::At(at) = BreakEven::of(&sizes, &[0.1, -0.1, 0.1]) else { panic!() };
        assert!((at - 10_f64.powf(2.5)).abs() < 1e-9, "{at}");
        assert_eq!(BreakEven::of(&[], &[]), BreakEven::Beyond);
    }

    /// `count` of 200 images right, others in each repeat.
    fn right(counts: [usize; 3]) -> Vec<Vec<bool>> {
        let repeat = |(r, count)| (0..200).map(|i| (i * 7 + r * 31) % 200 < count).collect();
        counts.into_iter().enumerate().map(repeat).collect()
    }

    fn points(second: [usize; 3]) -> Vec<Point> {
        let sizes = [50, 200, 800].into_iter().zip(second);
        let of = |(size, n): (usize, usize)| {
            let (first, second) = (right([150, 152, 149]), right([n, n + 1, n - 1]));
            Point { size, first, second }
        };
        sizes.map(of).collect()
    }

    #[test]
    fn the_interval_holds_the_estimate_and_says_when_the_data_end() {
        let clear = break_even(&points([100, 150, 190]), 0.95, 500, Seed(3)).unwrap();
        let BreakEven::At(estimate) = clear.estimate else { panic!("{clear:?}") };
        assert!(clear.low.rank() <= estimate && estimate <= clear.high.rank(), "{clear:?}");
        assert!(matches!(clear.high, BreakEven::At(high) if high < 800.0), "{clear:?}");
        assert_eq!(clear, break_even(&points([100, 150, 190]), 0.95, 500, Seed(3)).unwrap());

        let open = break_even(&points([100, 130, 151]), 0.95, 500, Seed(3)).unwrap();
        assert_eq!(open.high, BreakEven::Beyond);
        let never = break_even(&points([100, 110, 120]), 0.95, 500, Seed(3)).unwrap();
        assert_eq!((never.estimate, never.low), (BreakEven::Beyond, BreakEven::Beyond));
        let always = break_even(&points([190, 190, 190]), 0.95, 500, Seed(3)).unwrap();
        assert_eq!((always.estimate, always.high), (BreakEven::Below, BreakEven::Below));
    }

    /// Eight repeats, all test images alike: by how much the second side is ahead at two sizes.
    fn leading(small: [i32; 8], large: [i32; 8]) -> Vec<Point> {
        let side = |leads: [i32; 8], sign: i32| -> Vec<Vec<bool>> {
            leads.iter().map(|&lead| vec![lead == sign; 5]).collect()
        };
        let point = |(size, leads)| Point { size, first: side(leads, -1), second: side(leads, 1) };
        [(100, small), (400, large)].into_iter().map(point).collect()
    }

    /// A repeat whose subsets favour one side does so at every size. If they all do to the same
    /// extent, the mean lead at both sizes moves by `B / 8`, where `B` is binomial of 8 draws, and
    /// break-even is `100 * 4^(B / 8)`. With `P(B < 1) = 1/256` and `P(B < 2) = 9/256`, the
    /// interval at 95 % is that of `B` from 1 to 7, and that at 90 % of 2 to 6. Draws of their own
    /// at each size would give less.
    #[test]
    fn luck_that_all_sizes_share_makes_the_interval_wider() {
        let points = leading([-1, -1, -1, -1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]);
        for (level, from, to) in [(0.95, 1.0, 7.0), (0.9, 2.0, 6.0)] {
            let found = break_even(&points, level, 4000, Seed(4)).unwrap();
            for (end, eighths) in [(found.low, from), (found.estimate, 4.0), (found.high, to)] {
                let expected = 100.0 * 4_f64.powf(eighths / 8.0);
                assert!((end.rank() - expected).abs() < 1e-9, "{end:?}, not {expected}");
            }
        }
    }

    /// A repeat that is behind at the small size is ahead at the large one by as much: whatever is
    /// drawn, break-even is in the middle.
    #[test]
    fn luck_that_turns_round_cancels() {
        let points = leading([-1, -1, -1, -1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]);
        let found = break_even(&points, 0.95, 4000, Seed(4)).unwrap();
        for end in [found.low, found.estimate, found.high] {
            assert!((end.rank() - 200.0).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_band_holds_the_mean_and_is_about_as_wide_as_the_binomial() {
        let (mean, interval) = band(&right([150, 150, 150]), 0.95, 2000, Seed(1)).unwrap();
        assert_eq!(mean, 0.75);
        // Repeats are alike, so each image counts for about itself in three of them.
        let half = 1.96 * (0.75 * 0.25 / 200.0_f64).sqrt();
        assert!(interval.low < mean && mean < interval.high);
        assert!(interval.high - interval.low < 2.2 * half, "{interval:?}");
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let good = points([100, 150, 190]);
        assert!(break_even(&good[..1], 0.95, 100, Seed(1)).is_err());
        assert!(break_even(&good, 0.95, 1, Seed(1)).is_err());
        let reversed: Vec<Point> = good.iter().rev().cloned().collect();
        assert!(break_even(&reversed, 0.95, 100, Seed(1)).is_err());
        let mut short = good.clone();
        short[1].second.pop();
        assert!(break_even(&short, 0.95, 100, Seed(1)).is_err());
        let mut fewer = good.clone();
        fewer[1].first.pop();
        fewer[1].second.pop();
        assert!(break_even(&fewer, 0.95, 100, Seed(1)).is_err());
        let mut narrow = good;
        narrow[2].first[0].pop();
        assert!(break_even(&narrow, 0.95, 100, Seed(1)).is_err());
        assert!(band(&[], 0.95, 100, Seed(1)).is_err());
        assert!(band(&[vec![]], 0.95, 100, Seed(1)).is_err());
    }
}
