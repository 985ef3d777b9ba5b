//! Friedman's test and Nemenyi's: several learners on several data sets.
//!
//! On each of `N` data sets the `k` learners are ranked, the best having rank 1. If they are
//! equally good, their average ranks are about the same.
//!
//! Sources: M. Friedman, JASA 32:675-701, 1937; R. L. Iman, J. M. Davenport, Communications in
//! Statistics A 9:571-595, 1980; P. Nemenyi, PhD thesis, Princeton, 1963; J. Demšar, JMLR 7:1-30,
//! 2006. Reference: `scipy.stats.friedmanchisquare`, `scikit_posthocs`.

use super::cliques::maximal_cliques;
use super::distribution::{chi2_sf, f_sf};
use super::outcome::{ChiSquaredTest, FTest, Undefined, check};
use super::rank::ranks;
use super::studentized_range;
use ndarray::{Array2, ArrayView2};

/// Ranks of learners (columns) on data sets (rows).
///
/// ```
/// use eval::statistics::friedman::Friedman;
/// let accuracies = ndarray::array![[0.9, 0.8, 0.7], [0.8, 0.7, 0.9], [0.7, 0.6, 0.5]];
/// let friedman = Friedman::new(accuracies.view(), true).unwrap();
/// assert_eq!(friedman.average_ranks(), [4.0 / 3.0, 7.0 / 3.0, 7.0 / 3.0]);
/// assert!((friedman.chi_squared().unwrap().chi2 - 2.0).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    ranks: Array2<f64>,
    average_ranks: Vec<f64>,
    /// Sum of `t^3 - t` over all ties.
    ties: f64,
}

impl Friedman {
    /// Ranks scores of shape `(data sets, learners)`.
    ///
    /// # Errors
    /// Without data sets, with fewer than two learners, or with a score that is not finite.
    pub fn new(scores: ArrayView2<'_, f64>, higher_is_better: bool) -> Result<Self, Undefined> {
        let (sets, learners) = scores.dim();
        for (what, found, needed) in [("data sets", sets, 1), ("learners", learners, 2)] {
            if found < needed {
                return Err(Undefined::TooFew { what, needed, found });
            }
        }
        let mut all = Array2::zeros((sets, learners));
        let mut all_ties = 0.0;
        for (scores, mut out) in scores.rows().into_iter().zip(all.rows_mut()) {
            // The best is the smallest of what is ranked.
            let sign = if higher_is_better { -1.0 } else { 1.0 };
            let scores: Vec<f64> = scores.iter().map(|score| sign * score).collect();
            check("score", &scores, 0)?;
            let (ranks, ties) = ranks(&scores, 0.0);
            out.assign(&ndarray::aview1(&ranks));
            all_ties += ties;
        }
        let average_ranks = all.columns().into_iter().map(|ranks| ranks.sum() / sets as f64);
        Ok(Self { average_ranks: average_ranks.collect(), ranks: all, ties: all_ties })
    }

    /// Ranks, shape `(data sets, learners)`; ties are averaged.
    pub fn ranks(&self) -> ArrayView2<'_, f64> {
        self.ranks.view()
    }

    /// Mean rank of each learner.
    pub fn average_ranks(&self) -> &[f64] {
        &self.average_ranks
    }

    /// Friedman's test, corrected for ties.
    ///
    /// # Errors
    /// If all learners are tied on every data set.
    pub fn chi_squared(&self) -> Result<ChiSquaredTest, Undefined> {
        let (n, k) = self.sizes();
        let untied = 1.0 - self.ties / (n * k * (k * k - 1.0));
        // Whole numbers on both sides, so a full tie is exact.
        if self.ties == n * k * (k * k - 1.0) {
            return Err(Undefined::NoVariance("ranks"));
        }
        let chi2 = self.chi_squared_untied() / untied;
        Ok(ChiSquaredTest { chi2, df: k - 1.0, p: chi2_sf(chi2, k - 1.0) })
    }

    /// Friedman's statistic as if there were no ties, the form in Demšar's paper.
    pub fn chi_squared_untied(&self) -> f64 {
        let (n, k) = self.sizes();
        // From the distance to the mean rank rather than as a difference of large numbers.
        let middle = (k + 1.0) / 2.0;
        let squares: f64 = self.average_ranks.iter().map(|rank| (rank - middle).powi(2)).sum();
        12.0 * n / (k * (k + 1.0)) * squares
    }

    /// Iman and Davenport's F of [`Self::chi_squared`], which is less careful and to be preferred.
    ///
    /// # Errors
    /// If all learners are tied on every data set, or every data set ranks them the same, where F
    /// has no bound; with one data set only.
    pub fn iman_davenport(&self) -> Result<FTest, Undefined> {
        self.f_of(self.chi_squared()?.chi2)
    }

    /// Iman and Davenport's F of the statistic without correction for ties.
    ///
    /// # Errors
    /// If every data set ranks the learners the same; with one data set only.
    pub fn iman_davenport_untied(&self) -> Result<FTest, Undefined> {
        self.f_of(self.chi_squared_untied())
    }

    fn f_of(&self, chi2: f64) -> Result<FTest, Undefined> {
        let (n, k) = self.sizes();
        if n < 2.0 {
            return Err(Undefined::TooFew { what: "data sets", needed: 2, found: 1 });
        }
        let rest = n * (k - 1.0) - chi2;
        if rest <= 1e-12 * n * k {
            return Err(Undefined::Unbounded("F, where every data set has the same ranks,"));
        }
        let f = (n - 1.0) * chi2 / rest;
        let df = [k - 1.0, (k - 1.0) * (n - 1.0)];
        Ok(FTest { f, df, p: f_sf(f, df[0], df[1]) })
    }

    /// Kendall's W: how much the data sets agree on the ranks, from 0 to 1.
    ///
    /// # Errors
    /// If all learners are tied on every data set.
    pub fn kendall_w(&self) -> Result<f64, Undefined> {
        let (n, k) = self.sizes();
        Ok(self.chi_squared()?.chi2 / (n * (k - 1.0)))
    }

    /// Nemenyi's critical difference: average ranks farther apart than this differ at `alpha`.
    ///
    /// # Panics
    /// If `alpha` is not strictly between 0 and 1.
    pub fn critical_difference(&self, alpha: f64) -> f64 {
        let range =
            studentized_range::quantile(1.0 - alpha, self.average_ranks.len(), f64::INFINITY);
        range / 2_f64.sqrt() * self.rank_error()
    }

    /// Nemenyi's p value of each pair of learners; 1 on the diagonal.
    pub fn nemenyi(&self) -> Array2<f64> {
        let k = self.average_ranks.len();
        let mut p = Array2::ones((k, k));
        for first in 0..k {
            for second in 0..first {
                let apart = (self.average_ranks[first] - self.average_ranks[second]).abs();
                let q = apart / self.rank_error() * 2_f64.sqrt();
                let value = studentized_range::sf(q, k, f64::INFINITY);
                p[[first, second]] = value;
                p[[second, first]] = value;
            }
        }
        p
    }

    /// Groups of learners that Nemenyi's test cannot tell apart at `alpha`: the bars of a critical
    /// difference diagram.
    pub fn nemenyi_cliques(&self, alpha: f64) -> Vec<Vec<usize>> {
        let p = self.nemenyi();
        maximal_cliques(p.nrows(), |a, b| p[[a, b]] < alpha)
    }

    fn sizes(&self) -> (f64, f64) {
        (self.ranks.nrows() as f64, self.ranks.ncols() as f64)
    }

    /// Standard error by which differences of average ranks are measured.
    fn rank_error(&self) -> f64 {
        let (n, k) = self.sizes();
        (k * (k + 1.0) / (6.0 * n)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn full_ties_and_full_agreement_have_no_f() {
        let tied = Friedman::new(array![[0.5, 0.5, 0.5], [0.0, -0.0, 0.0]].view(), true).unwrap();
        assert_eq!(tied.average_ranks(), [2.0; 3]);
        assert!(tied.chi_squared().is_err() && tied.kendall_w().is_err());
        assert_eq!(tied.nemenyi_cliques(0.05), [[0, 1, 2]]);
        let agreed = Friedman::new(array![[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]].view(), true).unwrap();
        assert!((agreed.kendall_w().unwrap() - 1.0).abs() < 1e-12);
        assert!(agreed.iman_davenport().is_err());
    }

    #[test]
    fn impossible_tables_are_refused() {
        assert!(Friedman::new(Array2::zeros((0, 3)).view(), true).is_err());
        assert!(Friedman::new(Array2::zeros((3, 1)).view(), true).is_err());
        assert!(Friedman::new(array![[0.1, f64::NAN]].view(), true).is_err());
    }
}
