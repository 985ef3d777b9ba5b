//! Two classifiers on the same test images: who was right where.
//!
//! Whether their accuracies differ is in the images on which exactly one is right. Called `b`
//! (only A) and `c` (only B) out of `n` here, as in the literature.
//!
//! Sources: Q. McNemar, Psychometrika 12:153-157, 1947; A. L. Edwards, Psychometrika 13:185-187,
//! 1948; D. G. Bonett, R. M. Price, Journal of Educational and Behavioral Statistics 37:479-488,
//! 2012; M. W. Fagerland, S. Lydersen, P. Laake,
//! "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
//! conditional", BMC Medical Research Methodology 13:91, 2013; T. Tango, "Equivalence test and
//! confidence interval for the difference in proportions for the paired-sample design",
//! Statistics in Medicine 17:891-908, 1998. Reference: `statsmodels.stats`. Departure: the ends
//! of Tango's interval are found by bisection rather than by the secant method.

use super::distribution::{chi2_sf, falling_root, normal_sf};
use super::interval::{Interval, two_sided_z};
use super::outcome::{ChiSquaredTest, Undefined};
use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;
use std::f64::consts::LN_2;

/// Numbers of images by which of two classifiers, A and B, is right.
///
/// ```
/// use eval::paired::Paired;
/// let truth = [0, 0, 1, 1];
/// let paired = Paired::new(&truth, &[0, 0, 1, 0], &[0, 1, 0, 0]);
/// assert_eq!(paired, Paired { both_right: 1, only_a: 2, only_b: 0, both_wrong: 1 });
/// assert_eq!(paired.difference(), 0.5);
/// // Two images decide it: four outcomes are equally likely, and two are as one-sided as this.
/// assert!((paired.mcnemar_exact_p() - 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// Both are right.
    pub both_right: u64,
    /// Only A is right.
    pub only_a: u64,
    /// Only B is right.
    pub only_b: u64,
    /// Neither is right.
    pub both_wrong: u64,
}

/// Outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// The statistic, standard normal if the null hypothesis holds.
    pub z: f64,
    /// Probability of a statistic at least this large if the null hypothesis holds.
    pub p: f64,
}

impl Paired {
    /// Counts from the true class ids and two predictions of them.
    ///
    /// # Panics
    /// If there is not one prediction of each classifier per truth.
    pub fn new(truth: &[usize], a: &[usize], b: &[usize]) -> Self {
        assert!(truth.len() == a.len() && truth.len() == b.len(), "one prediction per truth");
        let mut paired = Self { both_right: 0, only_a: 0, only_b: 0, both_wrong: 0 };
        for ((truth, a), b) in truth.iter().zip(a).zip(b) {
            match (a == truth, b == truth) {
                (true, true) => paired.both_right += 1,
                (true, false) => paired.only_a += 1,
                (false, true) => paired.only_b += 1,
                (false, false) => paired.both_wrong += 1,
            }
        }
        paired
    }

    /// Accuracy of A, in [0, 1]; 0 without an image.
    pub fn accuracy_a(&self) -> f64 {
        (self.both_right + self.only_a) as f64 / self.total().max(1) as f64
    }

    /// Accuracy of B, in [0, 1]; 0 without an image.
    pub fn accuracy_b(&self) -> f64 {
        (self.both_right + self.only_b) as f64 / self.total().max(1) as f64
    }

    /// Test images.
    pub fn total(&self) -> u64 {
        self.both_right + self.only_a + self.only_b + self.both_wrong
    }

    /// Accuracy of A minus accuracy of B, in [-1, 1]; 0 without an image.
    pub fn difference(&self) -> f64 {
        (self.only_a as f64 - self.only_b as f64) / self.total().max(1) as f64
    }

    /// McNemar's exact two-sided p value: if A and B are equally good, the images on which only
    /// one is right fall like coins. 1 if there is no such image.
    ///
    /// It is too careful; [`Self::mcnemar_mid_p`] is closer to its level.
    pub fn mcnemar_exact_p(&self) -> f64 {
        (2.0 * self.coins().at_most).min(1.0)
    }

    /// McNemar's mid-p value: the exact one, but the outcome observed counts only half.
    pub fn mcnemar_mid_p(&self) -> f64 {
        let coins = self.coins();
        if self.only_a == self.only_b && self.only_a > 0 {
            return 1.0 - coins.exactly / 2.0;
        }
        if self.only_a == 0 && self.only_b == 0 { 1.0 } else { 2.0 * coins.at_most - coins.exactly }
    }

    /// McNemar's chi-squared test, `(b - c)^2 / (b + c)`: good for many discordant images, and
    /// less careful than the exact test for few. 0, with p = 1, if there is none.
    pub fn mcnemar_chi_squared(&self) -> ChiSquaredTest {
        self.chi_squared(self.only_a as f64 - self.only_b as f64)
    }

    /// Edwards's continuity correction of it, `(|b - c| - 1)^2 / (b + c)`, which is too careful.
    /// Not clipped at 0 where `b = c`, as in `statsmodels`.
    pub fn mcnemar_edwards(&self) -> ChiSquaredTest {
        self.chi_squared(self.only_a.abs_diff(self.only_b) as f64 - 1.0)
    }

    fn chi_squared(&self, difference: f64) -> ChiSquaredTest {
        let discordant = self.only_a + self.only_b;
        let chi2 = if discordant == 0 { 0.0 } else { difference * difference / discordant as f64 };
        ChiSquaredTest { chi2, df: 1.0, p: chi2_sf(chi2, 1.0) }
    }

    /// Wald's textbook interval for the accuracy of A minus that of B, cut to [-1, 1]. It is too
    /// narrow for few discordant images; [`Self::tango`] is not.
    ///
    /// # Errors
    /// If there is no discordant image, where it would have no width, or no image.
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn wald(&self, level: f64) -> Result<Interval, Undefined> {
        let z = two_sided_z(level);
        let (b, c, n) = (self.only_a as f64, self.only_b as f64, self.total() as f64);
        if b + c == 0.0 {
            let what = "images on which one classifier is right";
            return Err(Undefined::TooFew { what, needed: 1, found: 0 });
        }
        let error = (b + c - (b - c) * (b - c) / n).max(0.0).sqrt() / n;
        Ok(Interval::around((b - c) / n, z * error).within(-1.0, 1.0))
    }

    /// Bonett and Price's interval: Wald's after one image was added to each of `b`, `c` and two
    /// to `n`. Nearly as good as Tango's, and in closed form. Within [-1, 1].
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn bonett_price(&self, level: f64) -> Interval {
        let z = two_sided_z(level);
        let n = self.total() as f64 + 2.0;
        let (b, c) = ((self.only_a as f64 + 1.0) / n, (self.only_b as f64 + 1.0) / n);
        let error = ((b + c - (b - c) * (b - c)) / n).sqrt();
        Interval::around(b - c, z * error).within(-1.0, 1.0)
    }

    /// Tango's two-sided score interval, within [-1, 1], for the accuracy of A minus that of B.
    ///
    /// It holds every difference that the score test at this level does not reject. It has an
    /// extent even if both classifiers are right on the same images: `z^2 / (n + z^2)` to either
    /// side. Without an image it is [-1, 1].
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn tango(&self, level: f64) -> Interval {
        let z = two_sided_z(level);
        Interval {
            low: falling_root(z, -1.0, self.difference(), |d| self.score(d)),
            high: falling_root(-z, self.difference(), 1.0, |d| self.score(d)),
        }
    }

    /// Tests whether A is worse than B by `margin` or more (null hypothesis) or by less: a small
    /// p says that A is not inferior, with that margin.
    ///
    /// # Panics
    /// If `margin` is not in [0, 1).
    pub fn non_inferiority(&self, margin: f64) -> Test {
        assert!((0.0..1.0).contains(&margin), "the margin is {margin}, but must be in [0, 1)");
        let z = self.score(-margin);
        Test { z, p: normal_sf(z) }
    }

    /// Tango's score statistic: how many standard deviations the observed difference lies above
    /// the difference `d`, where the deviation is the one that the data suggest if `d` is true.
    /// Falls with `d`; grows with the root of `n` if all counts keep their proportions.
    ///
    /// For `d` in (-1, 1).
    pub(crate) fn score(&self, d: f64) -> f64 {
        let (b, c, n) = (self.only_a as f64, self.only_b as f64, self.total() as f64);
        // Mirrored, so that the sums below have no cancellation.
        if d < 0.0 { -score(c, b, n, -d) } else { score(b, c, n, d) }
    }

    /// Chances of at most, and of exactly, the smaller of both counts of heads, if a coin is
    /// thrown for each image on which only one classifier is right.
    fn coins(&self) -> Coins {
        let (n, k) = (self.only_a + self.only_b, self.only_a.min(self.only_b));
        // Logarithms, for 2^-n and the binomial leave the range of f64 at a thousand images.
        let exactly = (ln_binomial(n, k) - n as f64 * LN_2).exp();
        let mut term = exactly;
        let mut at_most = exactly;
        for heads in (1..=k).rev() {
            // binomial(n, heads - 1) / binomial(n, heads)
            term *= heads as f64 / (n - heads + 1) as f64;
            at_most += term;
            if term < at_most * f64::EPSILON / 4.0 {
                break;
            }
        }
        Coins { at_most, exactly }
    }
}

struct Coins {
    at_most: f64,
    exactly: f64,
}

/// [`Paired::score`] for `0 <= d < 1`, on counts that need not be whole.
///
/// `q` is the most likely share of "only B is right" if the difference is `d`: the larger root of
/// `2 n q^2 + m q - c d (1 - d) = 0`.
fn score(b: f64, c: f64, n: f64, d: f64) -> f64 {
    let m = (2.0 * n - b + c) * d - b - c;
    let constant = c * d * (1.0 - d);
    let root = (m * m + 8.0 * n * constant).sqrt();
    // Two forms of one root; each is free of cancellation for its sign of m.
    let q = if m > 0.0 { 2.0 * constant / (root + m) } else { (root - m) / (4.0 * n) };
    let distance = b - c - n * d;
    // Equal classifiers at d = 0, or no image at all: 0/0, and nothing speaks against d.
    if distance == 0.0 { 0.0 } else { distance / (n * (2.0 * q + d * (1.0 - d))).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paired(only_a: u64, only_b: u64, others: u64) -> Paired {
        Paired { both_right: others / 2, only_a, only_b, both_wrong: others.div_ceil(2) }
    }

    fn tables() -> impl Strategy<Value = Paired> {
        let count = || prop_oneof![Just(0), 0_u64..20, 0_u64..3000];
        (count(), count(), count(), count()).prop_map(|(both_right, only_a, only_b, both_wrong)| {
            Paired { both_right, only_a, only_b, both_wrong }
        })
    }

    /// With (3, 1): of 16 throws of four coins 1 + 4 have at most one head, so 10/16 two-sided;
    /// mid-p takes the 4 that have exactly one off.
    #[test]
    fn p_values_count_coins() {
        assert!((paired(3, 1, 10).mcnemar_exact_p() - 10.0 / 16.0).abs() < 1e-12);
        assert!((paired(1, 3, 10).mcnemar_mid_p() - 6.0 / 16.0).abs() < 1e-12);
        assert_eq!(paired(0, 0, 10).mcnemar_exact_p(), 1.0);
        assert_eq!(paired(0, 0, 10).mcnemar_mid_p(), 1.0);
    }

    /// 2^-100000 is far outside the range of f64. Values: Python's whole numbers, exact.
    #[test]
    fn many_discordant_images_do_not_overflow() {
        let paired = paired(50_500, 49_500, 0);
        assert!((paired.mcnemar_exact_p() / EXACT_P - 1.0).abs() < 1e-8);
        assert!((paired.mcnemar_mid_p() / MID_P - 1.0).abs() < 1e-8);
    }

    const EXACT_P: f64 = 0.001_582_359_878_851_596;
    const MID_P: f64 = 0.001_565_359_754_848_414;

    /// Both right on the same 44 images: 1.96^2 / (44 + 1.96^2) to either side.
    #[test]
    fn equal_classifiers_have_an_interval_too() {
        let interval = paired(0, 0, 44).tango(0.95);
        assert!((interval.high - 0.080_296).abs() < 1e-6, "{interval:?}");
        assert!((interval.low + interval.high).abs() < 1e-15);
    }

    #[test]
    fn extremes_stay_within_bounds() {
        assert_eq!(paired(0, 0, 0).tango(0.95), Interval { low: -1.0, high: 1.0 });
        assert_eq!(paired(0, 0, 0).difference(), 0.0);
        // Right on all 5 images where B is wrong: z(d)^2 = 5 (1 - d) / (1 + d).
        let interval = paired(5, 0, 0).tango(0.95);
        let z2 = two_sided_z(0.95).powi(2);
        assert!((interval.low - (5.0 - z2) / (5.0 + z2)).abs() < 1e-12);
        assert_eq!(interval.high, 1.0);
    }

    proptest! {
        #[test]
        fn swapping_the_classifiers_mirrors_everything(paired in tables(), margin in 0.0..0.5) {
            let swapped = Paired { only_a: paired.only_b, only_b: paired.only_a, ..paired };
            prop_assert_eq!(paired.difference(), -swapped.difference());
            prop_assert_eq!(paired.mcnemar_exact_p(), swapped.mcnemar_exact_p());
            prop_assert_eq!(paired.mcnemar_mid_p(), swapped.mcnemar_mid_p());
            prop_assert_eq!(paired.score(margin), -swapped.score(-margin));
            let (here, there) = (paired.tango(0.9), swapped.tango(0.9));
            prop_assert!((here.low + there.high).abs() < 1e-12);
        }

        #[test]
        fn p_values_are_probabilities_and_mid_p_is_the_smaller(paired in tables()) {
            let (exact, mid) = (paired.mcnemar_exact_p(), paired.mcnemar_mid_p());
            prop_assert!((0.0..=1.0).contains(&exact) && (0.0..=1.0).contains(&mid));
            prop_assert!(mid <= exact);
        }

        /// The interval and the test of the same level always say the same.
        #[test]
        fn the_interval_is_the_test_turned_round(paired in tables(), margin in 0.001..0.3) {
            prop_assume!(paired.total() > 0);
            let interval = paired.tango(0.95);
            prop_assert!(interval.low <= paired.difference());
            prop_assert!(paired.difference() <= interval.high);
            let p = paired.non_inferiority(margin).p;
            prop_assume!((p - 0.025).abs() > 1e-9);
            prop_assert_eq!(interval.low > -margin, p < 0.025);
        }

        #[test]
        fn a_higher_level_gives_a_wider_interval(paired in tables()) {
            let (narrow, wide) = (paired.tango(0.9), paired.tango(0.99));
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
        }
    }
}
