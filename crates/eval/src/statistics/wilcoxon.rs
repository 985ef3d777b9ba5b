//! Wilcoxon's signed-rank test: two learners on several data sets.
//!
//! The differences are ranked by size; if neither learner is better, each rank is as likely to
//! count for one as for the other. Differences of 0 are left out, or ranked first and then left
//! out (Pratt).
//!
//! Sources: F. Wilcoxon, Biometrics Bulletin 1:80-83, 1945; J. W. Pratt, JASA 54:655-667, 1959;
//! J. Demšar, JMLR 7:1-30, 2006. Reference: `scipy.stats.wilcoxon` without continuity correction.

use super::distribution::normal_sf;
use super::outcome::{Undefined, check, check_length};
use super::paired::Test;
use super::rank::ranks;

/// Differences for which all signs are counted at most.
const MAX_EXACT: usize = 400;

/// What becomes of differences of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// Left out before ranking.
    Wilcox,
    /// Ranked, then left out.
    Pratt,
}

/// Ranks of the differences by size.
///
/// ```
/// use eval::statistics::wilcoxon::{SignedRanks, Zeros};
/// let ranks = SignedRanks::new(&[0.03, 0.05, 0.01, -0.02, 0.04], Zeros::Wilcox).unwrap();
/// assert_eq!((ranks.plus(), ranks.minus()), (13.0, 2.0));
/// // 3 of 32 sums are 2 or less, and as many 13 or more.
/// assert_eq!(ranks.exact_p().unwrap(), 6.0 / 32.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SignedRanks {
    /// Ranks of the differences that are not 0.
    ranks: Vec<f64>,
    plus: f64,
    /// Mean and variance of `plus` under the null hypothesis.
    mean: f64,
    variance: f64,
}

impl SignedRanks {
    /// # Errors
    /// If a difference is not finite, or all are 0.
    pub fn new(differences: &[f64], zeros: Zeros) -> Result<Self, Undefined> {
        Self::with_rounding(differences, zeros, 0.0)
    }

    /// From two scores per data set. Differences that subtraction alone can have told apart are
    /// tied: 0.80 - 0.79 and 0.85 - 0.84 are not the same number in a computer.
    ///
    /// # Errors
    /// If there are not as many scores on both sides, one is not finite, or no two differ.
    pub fn of_pairs(a: &[f64], b: &[f64], zeros: Zeros) -> Result<Self, Undefined> {
        check_length("scores", b.len(), a.len())?;
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let largest = a.iter().chain(b).fold(0.0_f64, |largest, score| largest.max(score.abs()));
        // Each of two scores, and their difference, is off by half of the last digit at most.
        Self::with_rounding(&differences, zeros, 4.0 * f64::EPSILON * largest)
    }

    /// Sizes within `rounding` of the next smaller one are tied with it.
    fn with_rounding(differences: &[f64], zeros: Zeros, rounding: f64) -> Result<Self, Undefined> {
        check("difference", differences, 0)?;
        let differences: Vec<f64> =
            differences.iter().map(|&d| if d.abs() <= rounding { 0.0 } else { d }).collect();
        let kept: Vec<f64> = match zeros {
            Zeros::Wilcox => differences.into_iter().filter(|&d| d != 0.0).collect(),
            Zeros::Pratt => differences,
        };
        let sizes: Vec<f64> = kept.iter().map(|difference| difference.abs()).collect();
        let (ranks, ties) = ranks(&sizes, rounding);
        let of = |wanted: fn(f64) -> bool| {
            kept.iter().zip(&ranks).filter(move |(d, _)| wanted(**d)).map(|(_, &rank)| rank)
        };
        let nonzero: Vec<f64> = of(|d| d != 0.0).collect();
        if nonzero.is_empty() {
            let what = "differences other than 0";
            return Err(Undefined::TooFew { what, needed: 1, found: 0 });
        }
        let plus = of(|d| d > 0.0).sum();
        // The ranks of the zeros are taken off, and with them their tie among each other.
        let (n, zeros) = (kept.len() as f64, (kept.len() - nonzero.len()) as f64);
        let mean = (n * (n + 1.0) - zeros * (zeros + 1.0)) / 4.0;
        let squares = |n: f64| n * (n + 1.0) * (2.0 * n + 1.0);
        let ties = ties - (zeros * zeros * zeros - zeros);
        let variance = (squares(n) - squares(zeros) - ties / 2.0) / 24.0;
        Ok(Self { ranks: nonzero, plus, mean, variance })
    }

    /// Sum of the ranks of the positive differences.
    pub fn plus(&self) -> f64 {
        self.plus
    }

    /// Sum of the ranks of the negative differences.
    pub fn minus(&self) -> f64 {
        2.0 * self.mean - self.plus
    }

    /// The statistic of tables: the smaller of both sums.
    pub fn w(&self) -> f64 {
        self.plus().min(self.minus())
    }

    /// Two-sided p value of the tables, for ranks 1 to n without ties. If there are ties, the
    /// statistic may be no whole number; it is then rounded to the side of the larger p, as in
    /// SciPy, and [`Self::permutation_p`] is the exact answer.
    ///
    /// # Errors
    /// With more than 400 differences, where [`Self::approximate`] is as good.
    pub fn exact_p(&self) -> Result<f64, Undefined> {
        let n = self.ranks.len();
        if self.minus() + self.plus() != (n * (n + 1) / 2) as f64 {
            // Ranks of zeros are missing, and no table knows those.
            return self.permutation_p();
        }
        let chance = chances_of_sums(1..=self.exact_size()?);
        let up_to: f64 = chance[..=self.plus.ceil() as usize].iter().sum();
        let from: f64 = chance[self.plus.floor() as usize..].iter().sum();
        Ok((2.0 * up_to.min(from)).min(1.0))
    }

    /// Two-sided p value from all `2^n` ways to give the ranks signs as they are, ties included.
    ///
    /// # Errors
    /// With more than 400 differences, where [`Self::approximate`] is as good.
    pub fn permutation_p(&self) -> Result<f64, Undefined> {
        self.exact_size()?;
        // Twice the ranks are whole, also where ties share one.
        let chance = chances_of_sums(self.ranks.iter().map(|rank| (2.0 * rank) as usize));
        let total = chance.len() - 1;
        let distance = (2 * (2.0 * self.plus) as usize).abs_diff(total);
        let as_far = |sum: usize| (2 * sum).abs_diff(total) >= distance;
        Ok((0..=total).filter(|&sum| as_far(sum)).map(|sum| chance[sum]).sum::<f64>().min(1.0))
    }

    fn exact_size(&self) -> Result<usize, Undefined> {
        let found = self.ranks.len();
        if found <= MAX_EXACT {
            return Ok(found);
        }
        Err(Undefined::TooMany { what: "differences", limit: MAX_EXACT, found })
    }

    /// The normal approximation, two-sided, with the variance that ties leave and without
    /// continuity correction; `z` is never positive, as for the smaller sum.
    pub fn approximate(&self) -> Test {
        let z = -((self.plus - self.mean) / self.variance.sqrt()).abs();
        Test { z, p: 2.0 * normal_sf(-z) }
    }
}

/// Chance of each sum of the ranks that fall heads, from 0 to all of them.
fn chances_of_sums(ranks: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut chance = vec![1.0];
    for rank in ranks {
        let reached = chance.len();
        chance.resize(reached + rank, 0.0);
        for sum in (0..chance.len()).rev() {
            let with = if sum >= rank { chance[sum - rank] } else { 0.0 };
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    chance
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_zeros_is_no_test() {
        for zeros in [Zeros::Wilcox, Zeros::Pratt] {
            assert!(SignedRanks::new(&[0.0, -0.0], zeros).is_err());
            assert!(SignedRanks::new(&[], zeros).is_err());
            assert!(SignedRanks::new(&[0.1, f64::NAN], zeros).is_err());
            // One difference: either sign is as far out.
            assert_eq!(SignedRanks::new(&[0.1, 0.0], zeros).unwrap().exact_p(), Ok(1.0));
        }
        assert!(SignedRanks::new(&[0.1; 401], Zeros::Pratt).unwrap().exact_p().is_err());
    }

    proptest! {
        /// All signs one by one, on ranks with ties and zeros.
        #[test]
        fn exact_p_counts_signs(differences in prop::collection::vec(-7_i32..8, 1..8)) {
            let differences: Vec<f64> = differences.into_iter().map(f64::from).collect();
            for zeros in [Zeros::Wilcox, Zeros::Pratt] {
                let Ok(ranked) = SignedRanks::new(&differences, zeros) else { continue };
                let total: f64 = ranked.ranks.iter().sum();
                prop_assert!((ranked.plus() + ranked.minus() - total).abs() < 1e-12);
                let observed = (2.0 * ranked.plus() - total).abs();
                let as_far = (0..1_u32 << ranked.ranks.len()).filter(|signs| {
                    let signed = ranked.ranks.iter().enumerate();
                    let sign = |i: usize| if signs >> i & 1 == 1 { 1.0 } else { -1.0 };
                    let sum: f64 = signed.map(|(i, rank)| sign(i) * rank).sum();
                    sum.abs() >= observed
                });
                let expected = as_far.count() as f64 / f64::from(1_u32 << ranked.ranks.len());
                prop_assert!((ranked.permutation_p().unwrap() - expected).abs() < 1e-12);
                let mut sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
                sizes.sort_by(f64::total_cmp);
                if sizes.windows(2).all(|pair| pair[0] != pair[1]) {
                    prop_assert!((ranked.exact_p().unwrap() - expected).abs() < 1e-12);
                }
            }
        }
    }
}
