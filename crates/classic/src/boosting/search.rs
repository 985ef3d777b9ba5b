//! The best split of weighted rows by one threshold on one feature.
//!
//! A split is as good as its weighted Gini impurity is low. With `L(c)` and `R(c)`, the weights of
//! the rows of class `c` below and above the threshold, and `L` and `R`, their sums, that means
//! the *score* is high:
//!
//! ```text
//! sum_c L(c)^2 / L  +  sum_c R(c)^2 / R
//! ```
//!
//! Every column is sorted once. A round then walks along each column in sorted order and moves one
//! row after the other from above to below: the sums of squares change by `w (2 L(c) + w)` and
//! `w (w - 2 R(c))`, so that a step costs the same for two classes and for a hundred. These running
//! sums are off by rounding errors. They only *screen*: whatever comes within twice the largest
//! possible error of the best screened score is worked out again from exact sums (weights are whole
//! multiples of 2^-52), and the exact scores decide. So the choice depends neither on the order of
//! the rows nor on threads, and columns that split the rows alike are equally good to the last bit.
//!
//! Thresholds lie half-way between neighbouring values that differ by more than 1e-7, as in
//! scikit-learn.

use base::{FitError, Labels, Matrix};
use ndarray::ArrayView1;
use rayon::prelude::*;

/// Neighbouring values must differ by more than this to be told apart.
const RESOLUTION: f32 = 1e-7;

/// In an entry of a sorted column: whether a threshold fits below this row. The rest is the row.
const CUT: u32 = 1 << 31;

/// The best way to split the rows in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) feature: usize,
    pub(super) threshold: f64,
    /// Heaviest class among the rows up to the threshold; the first of equally heavy ones.
    pub(super) below: usize,
    /// The same of the other rows.
    pub(super) above: usize,
    /// Weight of all rows of other classes than these, over that of all rows.
    pub(super) error: f64,
}

/// The training rows, sorted by each column.
pub(super) struct Search<'a> {
    x: &'a Matrix,
    ids: &'a [usize],
    classes: usize,
    /// Rows in ascending order of each column, one column after the other, with [`CUT`].
    order: Vec<u32>,
}

impl<'a> Search<'a> {
    /// # Errors
    /// If there are more rows than 31 bits can count.
    pub(super) fn new(x: &'a Matrix, y: &'a Labels) -> Result<Self, FitError> {
        let (rows, max) = (x.nrows(), CUT as usize);
        if rows > max {
            return Err(FitError::TooManyRows { what: "boosting", rows, max });
        }
        let mut order = vec![0; x.len()];
        order.par_chunks_mut(rows).enumerate().for_each_init(
            || Vec::with_capacity(rows),
            |keys, (column, order)| sort(x.column(column), keys, order),
        );
        Ok(Self { x, ids: y.ids(), classes: y.class_count(), order })
    }

    /// The split with the highest score; of equal ones that of the lowest column, and of those the
    /// one with the lowest threshold. `None` if no column has two values.
    ///
    /// `weights` are whole multiples of 2^-52 with a sum below 2.
    pub(super) fn best(&self, weights: &[f64]) -> Option<Split> {
        let rows = weights.len();
        let weighted = Weighted::new(self.ids, weights, self.classes);
        let new = || Walk::new(rows, self.classes);
        let columns = self.order.par_chunks(rows);
        let screened = columns.map_init(new, |walk, order| walk.screen(order, &weighted));
        let screened: Vec<f64> = screened.collect();
        let highest = screened.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bar = highest - 2.0 * largest_error(rows);
        let close = (0..screened.len()).filter(|&column| screened[column] >= bar);
        let close: Vec<usize> = close.filter(|_| highest > f64::NEG_INFINITY).collect();
        let exact = close.par_iter().map_init(new, |walk, &column| {
            (column, walk.exact(self.column(column, rows), &weighted, bar))
        });
        let exact: Vec<(usize, Exact)> = exact.collect();
        let better = |best: (usize, Exact), other: (usize, Exact)| {
            if other.1.score > best.1.score { other } else { best }
        };
        let (column, Exact { below, .. }) = exact.into_iter().reduce(better)?;
        Some(self.split(column, below, &weighted))
    }

    fn column(&self, column: usize, rows: usize) -> &[u32] {
        &self.order[column * rows..(column + 1) * rows]
    }

    /// The split of a column after so many rows.
    fn split(&self, feature: usize, rows_below: usize, weighted: &Weighted<'_>) -> Split {
        let order = self.column(feature, weighted.weights.len());
        let mut below = vec![0.0; self.classes];
        for &entry in &order[..rows_below] {
            below[self.ids[row(entry)]] += weighted.weights[row(entry)];
        }
        let above: Vec<f64> = weighted.totals.iter().zip(&below).map(|(all, b)| all - b).collect();
        let value = |place: usize| f64::from(self.x[[row(order[place]), feature]]);
        let right = below[heaviest(&below)] + above[heaviest(&above)];
        Split {
            feature,
            threshold: value(rows_below - 1) / 2.0 + value(rows_below) / 2.0,
            below: heaviest(&below),
            above: heaviest(&above),
            error: (weighted.sum - right) / weighted.sum,
        }
    }
}

/// Writes the rows in ascending order of their values; equal values in order of rows.
fn sort(values: ArrayView1<'_, f32>, keys: &mut Vec<u64>, order: &mut [u32]) {
    // Flipping the sign of positive numbers and all bits of negative ones sorts floats as integers.
    let ascending = |bits: u32| if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    keys.clear();
    keys.extend(
        values
            .iter()
            .zip(0_u64..)
            .map(|(value, row)| u64::from(ascending(value.to_bits())) << 32 | row),
    );
    keys.sort_unstable();
    let mut last = f32::INFINITY;
    for (entry, &key) in order.iter_mut().zip(keys.iter()) {
        let value = values[row(key as u32)];
        *entry = key as u32 | if value > last + RESOLUTION { CUT } else { 0 };
        last = value;
    }
}

/// The row of an entry.
fn row(entry: u32) -> usize {
    (entry & !CUT) as usize
}

/// The class with the largest weight, the first of equally heavy ones.
fn heaviest(weights: &[f64]) -> usize {
    (0..weights.len()).rev().max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap_or(0)
}

/// Rows with their weights in one round.
struct Weighted<'a> {
    ids: &'a [usize],
    weights: &'a [f64],
    /// Weight of each class.
    totals: Vec<f64>,
    /// Weight of all rows.
    sum: f64,
}

impl<'a> Weighted<'a> {
    fn new(ids: &'a [usize], weights: &'a [f64], classes: usize) -> Self {
        let mut totals = vec![0.0; classes];
        for (&class, weight) in ids.iter().zip(weights) {
            totals[class] += weight;
        }
        let sum = totals.iter().sum();
        Self { ids, weights, totals, sum }
    }
}

/// The best split of a column by exact sums.
#[derive(Debug, Clone, Copy)]
struct Exact {
    score: f64,
    /// Rows below the threshold.
    below: usize,
}

/// Weights of a class on both sides of a threshold.
#[derive(Debug, Clone, Copy)]
struct Sides {
    below: f64,
    above: f64,
}

/// Scratch memory of a walk along a column: what is known at each threshold, one after the other.
struct Walk {
    /// Weight of the rows below.
    weight: Vec<f64>,
    /// Sum of squares over the classes below.
    below: Vec<f64>,
    /// Sum of squares over the classes above.
    above: Vec<f64>,
    sides: Vec<Sides>,
}

impl Walk {
    fn new(rows: usize, classes: usize) -> Self {
        let [weight, below, above] = [(); 3].map(|()| vec![0.0; rows]);
        Self { weight, below, above, sides: vec![Sides { below: 0.0, above: 0.0 }; classes] }
    }

    /// All rows above.
    fn start(&mut self, weighted: &Weighted<'_>) {
        for (sides, &above) in self.sides.iter_mut().zip(&weighted.totals) {
            *sides = Sides { below: 0.0, above };
        }
    }

    /// Notes weight and sums of squares at each threshold. Gives the number of thresholds.
    fn run(&mut self, order: &[u32], weighted: &Weighted<'_>) -> usize {
        self.start(weighted);
        let (mut weight, mut below) = (0.0, 0.0);
        let mut above = weighted.totals.iter().map(|total| total * total).sum::<f64>();
        let mut cuts = 0;
        for &entry in order {
            // Written over by the next row unless a threshold fits here: no branch to mispredict.
            (self.weight[cuts], self.below[cuts], self.above[cuts]) = (weight, below, above);
            cuts += (entry >> 31) as usize;
            let row = row(entry);
            let moved = weighted.weights[row];
            let sides = &mut self.sides[weighted.ids[row]];
            weight += moved;
            below += moved * (2.0 * sides.below + moved);
            above += moved * (moved - 2.0 * sides.above);
            sides.below += moved;
            sides.above -= moved;
        }
        cuts
    }

    /// The score at each of the first `cuts` thresholds, within [`largest_error`].
    fn scores(&self, cuts: usize, sum: f64) -> impl Iterator<Item = f64> {
        let weight_below = self.weight[..cuts].iter();
        let squares = self.below[..cuts].iter().zip(&self.above[..cuts]);
        weight_below.zip(squares).map(move |(&weight_below, (&below, &above))| {
            let weight_above = sum - weight_below;
            // No less than no square, no more than the square of all: bounds the error.
            let above = above.max(0.0).min(weight_above * weight_above);
            (below * weight_above + above * weight_below) / (weight_below * weight_above)
        })
    }

    /// The highest score of a column, within [`largest_error`]; minus infinity if no threshold
    /// fits.
    fn screen(&mut self, order: &[u32], weighted: &Weighted<'_>) -> f64 {
        let cuts = self.run(order, weighted);
        self.scores(cuts, weighted.sum).fold(f64::NEG_INFINITY, |a, b| if b > a { b } else { a })
    }

    /// The best split among those whose screened score is at least `bar`.
    fn exact(&mut self, order: &[u32], weighted: &Weighted<'_>, bar: f64) -> Exact {
        let cuts = self.run(order, weighted);
        let scores: Vec<f64> = self.scores(cuts, weighted.sum).collect();
        let mut scores = scores.into_iter();
        let mut best = Exact { score: f64::NEG_INFINITY, below: 0 };
        self.start(weighted);
        let mut weight = 0.0;
        for (below, &entry) in order.iter().enumerate() {
            if entry & CUT != 0 && scores.next().is_some_and(|score| score >= bar) {
                let score = exact_score(&self.sides, weight, weighted.sum - weight);
                if score > best.score {
                    best = Exact { score, below };
                }
            }
            let moved = weighted.weights[row(entry)];
            let sides = &mut self.sides[weighted.ids[row(entry)]];
            weight += moved;
            sides.below += moved;
            sides.above -= moved;
        }
        best
    }
}

/// The score from exact sums. Swapping the sides changes no bit.
fn exact_score(sides: &[Sides], below: f64, above: f64) -> f64 {
    let squares_below: f64 = sides.iter().map(|sides| sides.below * sides.below).sum();
    let squares_above: f64 = sides.iter().map(|sides| sides.above * sides.above).sum();
    squares_below / below + squares_above / above
}

/// Bound on the error of a screened score.
///
/// The running sums are off by less than `rows` times 2^-52. Over a weight `v` of the rows above,
/// that is an error of less than `rows` 2^-52 / `v`, but also of less than `v`, since the sum is
/// kept between 0 and `v^2`: at most the root of `rows` 2^-52. The factor 4 covers all else.
fn largest_error(rows: usize) -> f64 {
    (4.0 * rows as f64 * f64::EPSILON).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;
    use base::Seed;

    /// Every split tried in order, each from sums of its own.
    fn by_trying_everything(x: &Matrix, y: &Labels, weights: &[f64]) -> Option<(usize, f64)> {
        let mut best = (f64::NEG_INFINITY, None);
        for (feature, column) in x.columns().into_iter().enumerate() {
            let mut values = column.to_vec();
            values.sort_by(f32::total_cmp);
            for pair in values.windows(2).filter(|pair| pair[1] > pair[0] + RESOLUTION) {
                let mut sides = vec![Sides { below: 0.0, above: 0.0 }; y.class_count()];
                for ((&value, &class), &weight) in column.iter().zip(y.ids()).zip(weights) {
                    let below = value <= pair[0];
                    *(if below { &mut sides[class].below } else { &mut sides[class].above }) +=
                        weight;
                }
                let below = sides.iter().map(|sides| sides.below).sum();
                let above = sides.iter().map(|sides| sides.above).sum();
                let score = exact_score(&sides, below, above);
                if score > best.0 {
                    let threshold = (f64::from(pair[0]) + f64::from(pair[1])) / 2.0;
                    best = (score, Some((feature, threshold)));
                }
            }
        }
        best.1
    }

    /// Few different values, so that equal splits abound; weights from 1 to 2^-52, so that sums
    /// over few rows drown in those over many.
    #[test]
    fn screening_loses_nothing() {
        for (number, classes) in (0..300).zip([2, 3, 7].into_iter().cycle()) {
            let mut draws = Seed(number).permutation(4096).into_iter();
            let mut draw = |below: usize| draws.next().expect("enough") % below;
            let rows = 3 + draw(60);
            let different = 1 + draw(40);
            let x = Matrix::from_shape_fn((rows, 5), |_| draw(different) as f32 - 10.0);
            let y = labels((0..rows).map(|_| draw(classes)).collect(), classes);
            let spread = draw(49);
            let shares: Vec<f64> =
                (0..rows).map(|_| 0.5_f64.powi(draw(spread + 1) as i32)).collect();
            let sum: f64 = shares.iter().sum();
            let whole = |share: &f64| (share / sum / f64::EPSILON).round().max(1.0) * f64::EPSILON;
            let weights: Vec<f64> = shares.iter().map(whole).collect();
            let found = Search::new(&x, &y).unwrap().best(&weights);
            let found = found.map(|split| (split.feature, split.threshold));
            assert_eq!(found, by_trying_everything(&x, &y, &weights), "problem {number}");
        }
    }

    /// Column 1 falls where column 0 rises, and column 2 is column 0 once more. Its two best
    /// thresholds cut one row off the lower or the upper end.
    #[test]
    fn of_equal_splits_the_first_is_taken() {
        let y = labels(vec![1, 0, 0, 1], 2);
        let weights = [0.25; 4];
        let rising = [1.0, 2.0, 3.0, 4.0];
        let x = Matrix::from_shape_fn((4, 3), |(r, c)| if c == 1 { -rising[r] } else { rising[r] });
        let best = |x: &Matrix| Search::new(x, &y).unwrap().best(&weights).unwrap();
        let split = Split { feature: 0, threshold: 1.5, below: 1, above: 0, error: 0.25 };
        assert_eq!(best(&x), split);
        let mirrored = x.select(ndarray::Axis(1), &[1, 0]);
        assert_eq!(best(&mirrored), Split { threshold: -3.5, ..split });
    }

    #[test]
    fn values_that_hardly_differ_are_not_told_apart() {
        let y = labels(vec![0, 1, 0, 1], 2);
        let best = |values: [f32; 4]| {
            let x = Matrix::from_shape_fn((4, 1), |(row, _)| values[row]);
            Search::new(&x, &y).unwrap().best(&[0.25; 4])
        };
        assert_eq!(best([0.0, -0.0, 0.0, 5e-8]), None);
        assert_eq!(best([0.0, 0.0, -f32::MAX, f32::MAX]).unwrap().feature, 0);
        let wide = best([-f32::MAX, f32::MAX, -f32::MAX, f32::MAX]).unwrap();
        assert_eq!((wide.threshold, wide.error), (0.0, 0.0));
    }
}
