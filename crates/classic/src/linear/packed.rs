//! Training rows without most of their zeros.
//!
//! Columns that tend to be zero in the same rows stand together in groups of [`WIDTH`], and a row
//! keeps the groups that are not all zero, each with its number. A group is read as one vector, as
//! dense rows are, which single numbers with their columns cannot be.
//!
//! Descriptors have many zeros, and the same ones in several places: HOG tells a cell once per
//! block that it lies in. HOG of MNIST's digits with 1,296 numbers, of which 23 % are not zero: 33 %
//! are kept, where groups of neighbours would keep 63 %; a fit (60,000 rows, 10 classes) takes a
//! third of the time. With 324 numbers, 46 % not zero: 66 %, and 86 % for neighbours.

use super::rows::{Plane, ReadRows, TrainingRows};
use crate::kernels::Simd;
use crate::kernels::linear::{WIDTH, add_groups, dot_groups, prefetch, prefetch_groups};
use rayon::prelude::*;

/// Rows that the zeros of the columns are compared on; with fewer, packing is not worth it.
const SAMPLE: usize = 512;
/// Largest share of the numbers that may be kept: above it there is little to win.
const MOST_KEPT: f64 = 0.75;
/// Columns among which those that fit together are looked for: all of them, in most cases. Bounds
/// the time, which grows with this number times that of the columns.
const COLUMNS: usize = 2048;
/// Rows packed at a time; one piece of parallel work.
const BLOCK: usize = 1024;

/// One bit per row of the sample, set where a column is not zero.
type Pattern = [u64; SAMPLE / 64];

/// The rows of [`TrainingRows`], packed.
pub(crate) struct PackedRows<'a> {
    rows: &'a TrainingRows<'a>,
    blocks: Vec<Block>,
    /// The column at each place of the groups, one group after the other; the last may be short.
    columns: Vec<usize>,
    simd: Simd,
}

/// [`BLOCK`] rows, fewer in the last.
struct Block {
    /// Where the groups of each row start, and where the last row ends.
    starts: Vec<usize>,
    numbers: Vec<u16>,
    values: Vec<[f32; WIDTH]>,
}

impl<'a> PackedRows<'a> {
    /// Packs the rows if enough of their numbers are zero.
    pub(crate) fn new(rows: &'a TrainingRows<'a>) -> Option<Self> {
        let groups = rows.features().div_ceil(WIDTH);
        if rows.len() < SAMPLE || u16::try_from(groups).is_err() {
            return None;
        }
        let patterns = patterns(rows);
        let limit = MOST_KEPT * (rows.features() * SAMPLE) as f64;
        if f64::from(patterns.iter().map(count).sum::<u32>()) > limit {
            return None;
        }
        let (columns, kept) = group(&patterns);
        if f64::from(kept) * WIDTH as f64 > limit {
            return None;
        }
        let starts: Vec<usize> = (0..rows.len()).step_by(BLOCK).collect();
        let block = |&first: &usize| {
            Block::pack(rows, first..(first + BLOCK).min(rows.len()), &columns, groups)
        };
        let blocks = starts.par_iter().map(block).collect();
        Some(Self { rows, blocks, columns, simd: Simd::best() })
    }

    fn row(&self, row: usize) -> (&[u16], &[[f32; WIDTH]]) {
        let (block, row) = (&self.blocks[row / BLOCK], row % BLOCK);
        let groups = block.starts[row]..block.starts[row + 1];
        (&block.numbers[groups.clone()], &block.values[groups])
    }
}

impl Block {
    fn pack(
        rows: &TrainingRows<'_>,
        which: std::ops::Range<usize>,
        columns: &[usize],
        groups: usize,
    ) -> Self {
        let mut block = Self { starts: vec![0], numbers: Vec::new(), values: Vec::new() };
        let mut ordered = vec![[0.0; WIDTH]; groups];
        for row in which {
            let row = rows.row(row);
            let places = ordered.as_flattened_mut().iter_mut();
            places.zip(columns).for_each(|(place, &column)| *place = row[column]);
            for (number, group) in ordered.iter().enumerate() {
                if group.iter().any(|&value| value != 0.0) {
                    block.numbers.push(number as u16);
                    block.values.push(*group);
                }
            }
            block.starts.push(block.numbers.len());
        }
        block.numbers.shrink_to_fit();
        block.values.shrink_to_fit();
        block
    }
}

impl ReadRows for PackedRows<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn squared_length(&self, row: usize) -> f64 {
        self.rows.squared_length(row)
    }

    fn zero(&self) -> Plane {
        Plane::zero(self.columns.len().next_multiple_of(WIDTH))
    }

    #[inline]
    fn value(&self, plane: &Plane, row: usize) -> f64 {
        let (numbers, values) = self.row(row);
        let constant = plane.constant * self.rows.constant();
        dot_groups(self.simd, &plane.weights, numbers, values) + constant
    }

    #[inline]
    fn add(&self, plane: &mut Plane, factor: f64, row: usize) {
        let (numbers, values) = self.row(row);
        add_groups(self.simd, &mut plane.weights, factor, numbers, values);
        plane.constant += factor * self.rows.constant();
    }

    #[inline]
    fn announce(&self, row: usize) {
        let (numbers, values) = self.row(row);
        prefetch_groups(numbers);
        prefetch(values.as_flattened());
    }

    fn by_feature(&self, plane: Plane) -> Plane {
        let mut weights = vec![0.0; self.columns.len()];
        self.columns.iter().zip(&plane.weights).for_each(|(&column, &w)| weights[column] = w);
        Plane { weights, constant: plane.constant }
    }
}

/// Which of [`SAMPLE`] rows, evenly spread, are not zero in each column.
fn patterns(rows: &TrainingRows<'_>) -> Vec<Pattern> {
    let mut patterns = vec![Pattern::default(); rows.features()];
    for bit in 0..SAMPLE {
        // In 128 bits the product cannot overflow.
        let row = (bit as u128 * rows.len() as u128 / SAMPLE as u128) as usize;
        for (pattern, &value) in patterns.iter_mut().zip(rows.row(row)) {
            pattern[bit / 64] |= u64::from(value != 0.0) << (bit % 64);
        }
    }
    patterns
}

/// The columns in an order in which each [`WIDTH`] are seldom zero one without the others, and how
/// many groups the rows of the sample keep in all.
///
/// A group starts with the column that is zero least often, and takes the column whose pattern
/// differs least from what the group has so far.
fn group(patterns: &[Pattern]) -> (Vec<usize>, u32) {
    let (mut columns, mut kept) = (Vec::with_capacity(patterns.len()), 0);
    let mut next = 0;
    let mut left: Vec<usize> = Vec::new();
    while columns.len() < patterns.len() {
        if left.len() < WIDTH && next < patterns.len() {
            let end = (next + COLUMNS).min(patterns.len());
            left.extend(next..end);
            left.sort_by_key(|&column| (std::cmp::Reverse(count(&patterns[column])), column));
            next = end;
        }
        let first = left.remove(0);
        columns.push(first);
        let mut union = patterns[first];
        for _ in 1..WIDTH.min(left.len() + 1) {
            let difference = |&place: &usize| distance(&union, &patterns[left[place]]);
            let nearest = (0..left.len()).min_by_key(difference).expect("a column is left");
            let column = left.remove(nearest);
            union.iter_mut().zip(&patterns[column]).for_each(|(union, bits)| *union |= bits);
            columns.push(column);
        }
        kept += count(&union);
    }
    (columns, kept)
}

fn count(pattern: &Pattern) -> u32 {
    pattern.iter().map(|bits| bits.count_ones()).sum()
}

fn distance(a: &Pattern, b: &Pattern) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Matrix, Seed};

    /// Of 37 columns those with equal `column % 5` are zero together, in four rows of five.
    fn matrix(rows: usize) -> Matrix {
        let order = Seed(1).permutation(rows * 37);
        Matrix::from_shape_fn((rows, 37), |(row, column)| {
            let there = (row + column) % 5 == 0;
            if there { order[row * 37 + column] as f32 / 100.0 - 7.0 } else { 0.0 }
        })
    }

    #[test]
    fn packed_rows_are_the_same_rows() {
        for n in [512, 1024, 1500] {
            let x = matrix(n);
            let rows = TrainingRows::new(&x, 2.0).unwrap();
            let packed = PackedRows::new(&rows).expect("zeros abound");
            let (mut dense, mut sum) = (rows.zero(), packed.zero());
            for row in [0, 3, 511, n - 1, 1023.min(n - 1)] {
                rows.add(&mut dense, 0.1 + row as f64, row);
                packed.add(&mut sum, 0.1 + row as f64, row);
            }
            for row in 0..n {
                let (want, got) = (rows.value(&dense, row), packed.value(&sum, row));
                assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()), "{n}, {row}");
                assert_eq!(rows.squared_length(row), packed.squared_length(row));
            }
            // Each weight is made of the same numbers in the same order.
            assert_eq!(packed.by_feature(sum), dense, "{n}");
        }
    }

    /// 37 columns of five patterns: 8, 8, 7, 7, 7. The best that groups of 8 can do is one pattern
    /// each for the first two, and about one more per group.
    #[test]
    fn columns_that_are_zero_together_share_a_group() {
        let x = matrix(1000);
        let (columns, kept) = group(&patterns(&TrainingRows::new(&x, 0.0).unwrap()));
        let mut sorted = columns.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..37).collect::<Vec<_>>());
        assert!(columns[..7].iter().all(|column| column % 5 == columns[0] % 5), "{columns:?}");
        let share = f64::from(kept) / (5.0 * SAMPLE as f64);
        assert!(share < 0.45, "{share} of the groups are kept");
    }

    #[test]
    fn rows_with_few_zeros_and_few_rows_stay_as_they_are() {
        let dense = Matrix::from_shape_fn((600, 9), |(row, j)| (row + j + 1) as f32);
        assert!(PackedRows::new(&TrainingRows::new(&dense, 1.0).unwrap()).is_none());
        // Half of the numbers are zero, but not together.
        let order = Seed(2).permutation(600 * 16);
        let scattered = Matrix::from_shape_fn((600, 16), |(i, j)| (order[i * 16 + j] % 2) as f32);
        assert!(PackedRows::new(&TrainingRows::new(&scattered, 1.0).unwrap()).is_none());
        assert!(PackedRows::new(&TrainingRows::new(&matrix(500), 1.0).unwrap()).is_none());
    }

    /// More columns than are compared at once.
    #[test]
    fn many_columns_are_all_packed_once() {
        let x = Matrix::from_shape_fn((512, 5003), |(i, j)| ((i + j) % 4 == 0) as u8 as f32);
        let (columns, _) = group(&patterns(&TrainingRows::new(&x, 0.0).unwrap()));
        let mut sorted = columns;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..5003).collect::<Vec<_>>());
    }
}
