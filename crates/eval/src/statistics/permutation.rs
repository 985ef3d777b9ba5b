//! Tests by exchanging what would be exchangeable if there were no difference.
//!
//! Sources: R. A. Fisher, "The Design of Experiments", 1935; P. Good, "Permutation, Parametric and
//! Bootstrap Tests of Hypotheses", 2005; B. Phipson, G. K. Smyth, "Permutation p-values should
//! never be zero", SAGMB 9(1):39, 2010; M. Ojala, G. C. Garriga, JMLR 11:1833-1863, 2010.

use super::outcome::{Undefined, check};
use super::spread::mean;
use base::Seed;
use rand::Rng;

/// Differences of which all signs are counted at most; two halves of 2^20 sums each.
const MAX_EXACT: usize = 40;

/// Sums nearer than this to the observed one count as equal to it, for a sum of other signs in
/// another order has another rounding. Times the largest difference, if that is above 1.
const ROUNDING: f64 = 1e-12;

/// Two-sided p value of "the differences lie around 0 as often on either side": the share of all
/// `2^n` ways to give them signs for which the mean is as far from 0 as the observed one.
///
/// ```
/// // All five agree: 2 of 32.
/// let p = eval::statistics::permutation::sign_flip_exact(&[0.1, 0.2, 0.1, 0.3, 0.2]);
/// assert_eq!(p, Ok(2.0 / 32.0));
/// ```
///
/// # Errors
/// Without differences, with one that is not finite, or with more than 40.
pub fn sign_flip_exact(differences: &[f64]) -> Result<f64, Undefined> {
    check("difference", differences, 1)?;
    let found = differences.len();
    if found > MAX_EXACT {
        return Err(Undefined::TooMany { what: "differences", limit: MAX_EXACT, found });
    }
    let far = far_from_zero(differences) * found as f64;
    // A sum of all is a sum of the first half plus one of the second. Beside the sorted sums of
    // the second half two places move, one for either end.
    let (first, second) = differences.split_at(found / 2);
    let (first, second) = (signed_sums(first), signed_sums(second));
    let (mut above, mut below) = (second.len(), second.len());
    let mut count = 0_u64;
    for sum in first {
        while above > 0 && sum + second[above - 1] >= far {
            above -= 1;
        }
        while below > 0 && sum + second[below - 1] > -far {
            below -= 1;
        }
        // A sum that is far on both sides, because nothing is far from 0, counts once.
        count += (second.len() - above.max(below)) as u64 + below as u64;
    }
    Ok(count as f64 / 2_f64.powi(found as i32))
}

/// [`sign_flip_exact`] from `flips` random ways to give signs: `(C + 1) / (flips + 1)`, where `C`
/// of them are as far from 0. It is never 0, since the observed signs are one of the ways.
///
/// # Errors
/// Without differences, or with one that is not finite.
pub fn sign_flip_sampled(differences: &[f64], flips: usize, seed: Seed) -> Result<f64, Undefined> {
    check("difference", differences, 1)?;
    let far = far_from_zero(differences);
    let mut rng = seed.child("sign flips", 0).rng();
    let count = (0..flips).filter(|_| {
        let mut sum = 0.0;
        for part in differences.chunks(64) {
            let bits = rng.next_u64();
            let signed = part.iter().enumerate();
            sum += signed.map(|(i, d)| if bits >> i & 1 == 1 { *d } else { -d }).sum::<f64>();
        }
        (sum / differences.len() as f64).abs() >= far
    });
    Ok((count.count() + 1) as f64 / (flips + 1) as f64)
}

/// p value of a score beside those of models trained on shuffled labels: `(C + 1) / (n + 1)`,
/// where `C` of the `n` are at least as good. High scores are good.
///
/// # Errors
/// If a score is not finite.
pub fn permutation_score(score: f64, permuted: &[f64]) -> Result<f64, Undefined> {
    check("score", &[score], 1)?;
    check("permuted score", permuted, 0)?;
    let count = permuted.iter().filter(|&&permuted| permuted >= score).count();
    Ok((count + 1) as f64 / (permuted.len() + 1) as f64)
}

/// A mean at least this far from 0 counts as extreme.
fn far_from_zero(differences: &[f64]) -> f64 {
    let largest = differences.iter().fold(1.0_f64, |largest, d| largest.max(d.abs()));
    mean(differences).abs() - ROUNDING * largest
}

/// Sums for all ways to give signs, ascending.
fn signed_sums(differences: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for difference in differences {
        sums = sums.iter().flat_map(|sum| [sum - difference, sum + difference]).collect();
    }
    sums.sort_unstable_by(f64::total_cmp);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn differences_of_zero_are_no_evidence() {
        assert_eq!(sign_flip_exact(&[0.0; 7]), Ok(1.0));
        assert_eq!(sign_flip_exact(&[1.0]), Ok(1.0));
        assert_eq!(sign_flip_sampled(&[0.0; 7], 99, Seed(1)), Ok(1.0));
        assert!(sign_flip_exact(&[]).is_err());
        assert!(sign_flip_exact(&[0.1; 41]).is_err());
    }

    /// Signs that all agree are 2 of 2^40.
    #[test]
    fn forty_differences_are_exact() {
        let differences: Vec<f64> = (1..=40).map(|d| f64::from(d) / 100.0).collect();
        assert_eq!(sign_flip_exact(&differences), Ok(2_f64.powi(-39)));
    }

    #[test]
    fn sampling_comes_near_the_exact_value_and_repeats_itself() {
        let differences = [0.03, -0.01, 0.02, 0.05, -0.02, 0.01, 0.04];
        let exact = sign_flip_exact(&differences).unwrap();
        let sampled = sign_flip_sampled(&differences, 9999, Seed(4)).unwrap();
        // Four standard deviations.
        assert!((sampled - exact).abs() < 4.0 * (exact / 1e4).sqrt(), "{sampled} {exact}");
        assert_eq!(sign_flip_sampled(&differences, 9999, Seed(4)), Ok(sampled));
    }

    proptest! {
        #[test]
        fn halves_count_what_the_whole_does(
            differences in prop::collection::vec(-9_i32..10, 1..11),
        ) {
            let differences: Vec<f64> = differences.iter().map(|&d| f64::from(d) / 10.0).collect();
            let observed = differences.iter().sum::<f64>().abs();
            let sums = signed_sums(&differences);
            let count = sums.iter().filter(|sum| sum.abs() >= observed - 1e-9).count();
            let expected = count as f64 / f64::from(1_u32 << differences.len());
            prop_assert_eq!(sign_flip_exact(&differences), Ok(expected));
        }
    }
}
