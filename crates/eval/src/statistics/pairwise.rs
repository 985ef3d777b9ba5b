//! A test of each pair of learners, with p values adjusted for their number.
//!
//! Source: A. Benavoli, G. Corani, F. Mangili, "Should we really use post-hoc tests based on
//! mean-ranks?", JMLR 17(5), 2016: Nemenyi's answer for two learners hangs on which others are in
//! the table; Wilcoxon's test of each pair with Holm's adjustment does not.

use super::cliques::maximal_cliques;
use super::multiple::{Adjustment, adjust};
use super::outcome::{Undefined, check};
use super::wilcoxon::{SignedRanks, Zeros};
use ndarray::ArrayView2;

/// p values of all pairs `(0, 1), (0, 2), ..`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairwise {
    learners: usize,
    /// The two learners of each test, the smaller number first.
    pub pairs: Vec<[usize; 2]>,
    /// p value of each test alone.
    pub raw: Vec<f64>,
    /// Holm's values.
    pub adjusted: Vec<f64>,
}

impl Pairwise {
    /// Adjusts what `test` finds for each pair of `learners`.
    ///
    /// # Errors
    /// If a p value is not in [0, 1].
    pub fn new(
        learners: usize,
        mut test: impl FnMut(usize, usize) -> f64,
    ) -> Result<Self, Undefined> {
        let pairs: Vec<[usize; 2]> =
            (0..learners).flat_map(|a| (a + 1..learners).map(move |b| [a, b])).collect();
        let raw: Vec<f64> = pairs.iter().map(|&[a, b]| test(a, b)).collect();
        let adjusted = adjust(&raw, Adjustment::Holm)?;
        Ok(Self { learners, pairs, raw, adjusted })
    }

    /// Wilcoxon's signed-rank tests (Pratt's zeros, normal approximation) of scores of shape
    /// `(data sets, learners)`. Two learners with the same scores everywhere have p = 1.
    ///
    /// # Errors
    /// If a score is not finite.
    pub fn wilcoxon(scores: ArrayView2<'_, f64>) -> Result<Self, Undefined> {
        check("score", &scores.iter().copied().collect::<Vec<_>>(), 0)?;
        Self::new(scores.ncols(), |a, b| {
            let column = |learner: usize| scores.column(learner).to_vec();
            match SignedRanks::of_pairs(&column(a), &column(b), Zeros::Pratt) {
                Ok(ranks) => ranks.approximate().p,
                Err(_) => 1.0,
            }
        })
    }

    /// Groups of learners that cannot be told apart at `alpha`.
    pub fn cliques(&self, alpha: f64) -> Vec<Vec<usize>> {
        maximal_cliques(self.learners, |a, b| {
            let pair = self.pairs.iter().position(|pair| *pair == [a, b]).expect("all pairs");
            self.adjusted[pair] < alpha
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_scores_cannot_be_told_apart() {
        let scores = ndarray::Array2::from_shape_fn((12, 2), |(set, _)| set as f64);
        let pairwise = Pairwise::wilcoxon(scores.view()).unwrap();
        assert_eq!((pairwise.raw[0], pairwise.cliques(0.05)), (1.0, vec![vec![0, 1]]));
        assert_eq!(Pairwise::new(3, |_, _| 0.001).unwrap().cliques(0.05), Vec::<Vec<usize>>::new());
        assert!(Pairwise::new(2, |_, _| f64::NAN).is_err());
    }
}
