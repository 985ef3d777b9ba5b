//! The nearest training rows vote.
//!
//! Every row to predict is compared with every training row; distances come from one matrix
//! product per block of rows ([`crate::kernel::squared_distances`], in 32 bits). Rows that may be
//! among the nearest in spite of rounding are compared again in 64 bits, so neighbours and ties are
//! those of plain loops.
//!
//! Source: T. Cover, P. Hart, "Nearest neighbor pattern classification", IEEE Trans. Information
//! Theory 13(1):21-27, 1967. Departure: equal numbers of votes go to the class with the nearest
//! neighbour, not to a random one.

use crate::check;
use crate::kernel::{Points, squared_distances};
use base::{
    Convergence, Fit, FitError, FitSummary, Labels, Matrix, ParamError, Predict, Scores, Seed,
};
use ndarray::{Array2, ArrayView1, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows predicted at a time; one piece of parallel work.
const BLOCK: usize = 64;

/// Settings of [`NearestNeighbours`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NearestNeighboursParams {
    /// Neighbours that vote, at least 1; all training rows if there are fewer.
    pub k: usize,
}

impl Default for NearestNeighboursParams {
    fn default() -> Self {
        Self { k: 1 }
    }
}

/// The `k` nearest training rows (Euclidean distance; of equally near ones the first) vote.
///
/// The score of a class is its share of the neighbours, plus `(k - r) / (k (k + 1))` if its
/// nearest member is in place `r` (counted from 0): less than one vote, so it only breaks ties,
/// and the class with the nearest member wins them. Classes without a neighbour have score 0.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{NearestNeighbours, NearestNeighboursParams};
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let nearest = NearestNeighbours::new(&NearestNeighboursParams { k: 2 }).unwrap();
/// let model = nearest.fit(&ndarray::array![[0.0], [1.0]], &y, Seed(1)).unwrap();
/// let scores = model.scores(&ndarray::array![[0.8]]);
/// assert_eq!(scores.view(), ndarray::array![[0.5 + 1.0 / 6.0, 0.5 + 2.0 / 6.0]]);
/// ```
#[derive(Debug, Clone)]
pub struct NearestNeighbours {
    k: usize,
}

impl NearestNeighbours {
    /// # Errors
    /// If `k` is 0.
    pub fn new(params: &NearestNeighboursParams) -> Result<Self, ParamError> {
        if params.k == 0 {
            return Err(ParamError::new("k", params.k, "at least 1"));
        }
        Ok(Self { k: params.k })
    }
}

impl Fit<Matrix> for NearestNeighbours {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        check::training_rows(x, y)?;
        Ok(Box::new(NearestNeighboursModel {
            k: self.k.min(x.nrows()),
            points: Points::new(x.view()),
            ids: y.ids().to_vec(),
            class_count: y.class_count(),
        }))
    }
}

struct NearestNeighboursModel {
    /// At most the number of rows.
    k: usize,
    points: Points,
    ids: Vec<usize>,
    class_count: usize,
}

/// Buffers for the rows of one block.
#[derive(Default)]
struct Scratch {
    /// Upper bounds of the squared distances.
    upper: Vec<f32>,
    /// Training rows that may be among the nearest, with their squared distances.
    near: Vec<(f64, usize)>,
}

impl NearestNeighboursModel {
    /// Fills `scratch.near` with the `k` nearest training rows in order, given the squared length
    /// of `x` and its squared distances as they come out of 32 bits.
    ///
    /// Of the rows which their rounding allows to be among the nearest, the distances are worked
    /// out again in 64 bits; these are few unless rows lie far from the origin.
    fn nearest(&self, x: ArrayView1<'_, f32>, length: f32, squared: &[f32], scratch: &mut Scratch) {
        let Scratch { upper, near } = scratch;
        let squares = self.points.squares();
        // Sums of d products, then three sums, each off by half a unit of the last place at most;
        // twice that covers the rounding of these bounds.
        let share = (x.len() + 8) as f32 * f32::EPSILON;
        let slack = |row: usize| share * (length + squares[row]);
        upper.clear();
        upper.extend(squared.iter().enumerate().map(|(row, squared)| squared + slack(row)));
        let (_, &mut farthest, _) = upper.select_nth_unstable_by(self.k - 1, f32::total_cmp);
        near.clear();
        for (row, squared) in squared.iter().enumerate() {
            // Numbers too large for 32 bits may be anything, so only a comparison that holds tells.
            let beyond = squared - slack(row) > farthest;
            if !beyond {
                let values = (0..x.len()).map(|feature| self.points.value(row, feature));
                let pairs = x.iter().zip(values);
                let exact = pairs.map(|(&a, b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
                near.push((exact, row));
            }
        }
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.truncate(self.k);
    }

    /// Adds the votes of the nearest rows to `scores`, which holds zeros, one per class.
    fn vote(&self, near: &[(f64, usize)], scores: &mut [f32]) {
        let k = self.k as f32;
        for (place, &(_, row)) in near.iter().enumerate() {
            let score = &mut scores[self.ids[row]];
            if *score == 0.0 {
                *score = (k - place as f32) / (k * (k + 1.0));
            }
            *score += 1.0 / k;
        }
    }
}

impl Predict<Matrix> for NearestNeighboursModel {
    fn scores(&self, x: &Matrix) -> Scores {
        assert_eq!(x.ncols(), self.points.features(), "as many features as in training");
        let points = Points::new(x.view());
        let mut scores = Array2::zeros((x.nrows(), self.class_count));
        let blocks: Vec<_> = scores.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate().collect();
        blocks.into_par_iter().for_each(|(block, mut out)| {
            let start = block * BLOCK;
            let rows = points.side().part(start, start + out.nrows());
            let mut squared = Array2::zeros((out.nrows(), self.points.len()));
            squared_distances(&rows, &self.points.side(), &mut squared.view_mut());
            let mut scratch = Scratch::default();
            for (row, (squared, mut out)) in
                squared.rows().into_iter().zip(out.rows_mut()).enumerate()
            {
                let squared = squared.to_slice().expect("a new array is contiguous");
                let out = out.as_slice_mut().expect("rows of a new array are contiguous");
                let row = start + row;
                self.nearest(x.row(row), points.squares()[row], squared, &mut scratch);
                self.vote(&scratch.near, out);
            }
        });
        Scores::new(scores)
    }

    fn summary(&self) -> FitSummary {
        // Rows and their squared lengths in 4 bytes, class ids in a machine word.
        let floats = self.points.len() * self.points.features() + self.points.len();
        let model_bytes = (4 * floats + size_of_val(self.ids.as_slice())) as u64;
        FitSummary { convergence: Convergence::Direct, model_bytes, curve: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};

    fn nearest(k: usize) -> NearestNeighbours {
        NearestNeighbours::new(&NearestNeighboursParams { k }).unwrap()
    }

    #[test]
    fn keeps_the_contract() {
        let (x, y) = clouds(4, 30);
        eval::contract::check(&nearest(1), &x, &y);
        eval::contract::check(&nearest(5), &x, &y);
    }

    /// Distances from 0: 1 (a), 2 (b), 3 (b), 4 (a); then a far c.
    #[test]
    fn votes_are_counted_and_ties_go_to_the_nearest() {
        let x = ndarray::array![[4.0], [1.0], [-2.0], [3.0], [50.0]];
        let y = labels(vec![0, 0, 1, 1, 2], 3);
        let predict = |k| {
            let model = nearest(k).fit(&x, &y, Seed(1)).unwrap();
            model.scores(&ndarray::array![[0.0]]).predicted()[0]
        };
        assert_eq!([1, 2, 3, 4, 9].map(predict), [0, 0, 1, 0, 0]);
    }

    /// Against distances in 64 bits and a full sort.
    #[test]
    fn neighbours_are_those_of_plain_loops() {
        let (x, y) = clouds(4, 40);
        let model = nearest(1).fit(&x, &y, Seed(1)).unwrap();
        let test = x.mapv(|value| value + 0.013);
        let plain: Vec<usize> = test
            .rows()
            .into_iter()
            .map(|row| {
                let squared = |other: usize| -> f64 {
                    let pairs = row.iter().zip(x.row(other));
                    pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
                };
                let rows = 0..x.nrows();
                let first = rows.min_by(|&a, &b| squared(a).total_cmp(&squared(b))).unwrap();
                y.ids()[first]
            })
            .collect();
        assert_eq!(model.scores(&test).predicted(), plain);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y) = clouds(4, 50);
        let model = nearest(3).fit(&x, &y, Seed(1)).unwrap();
        assert_eq!(in_threads(1, || model.scores(&x)), in_threads(2, || model.scores(&x)));
    }

    #[test]
    fn no_neighbours_is_refused() {
        let error = NearestNeighbours::new(&NearestNeighboursParams { k: 0 }).unwrap_err();
        assert_eq!(error.to_string(), "`k` is 0, but must be at least 1");
    }
}
