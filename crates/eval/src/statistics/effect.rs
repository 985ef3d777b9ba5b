//! How large a difference is, beside how sure.
//!
//! Sources: N. Cliff, Psychological Bulletin 114:494-509, 1993; A. Vargha, H. D. Delaney, Journal
//! of Educational and Behavioral Statistics 25:101-132, 2000; J. Cohen, "Statistical Power
//! Analysis for the Behavioral Sciences", 1988.

use super::outcome::{Undefined, check, check_length};
use super::spread::{mean, variance};

/// The chance that a value of `a` is larger than one of `b`, minus the chance that it is smaller,
/// in [-1, 1].
///
/// ```
/// use eval::statistics::effect::{a12, cliffs_delta};
/// assert_eq!(cliffs_delta(&[2.0, 3.0], &[1.0, 2.0]), Ok(0.75));
/// assert_eq!(a12(&[2.0, 3.0], &[1.0, 2.0]), Ok(0.875));
/// ```
///
/// # Errors
/// If a side is empty or has a value that is not finite.
pub fn cliffs_delta(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    check("value", a, 1)?;
    check("value", b, 1)?;
    let mut sorted = b.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let excess = |a: &f64| {
        let smaller = sorted.partition_point(|b| b < a) as f64;
        let larger = (sorted.len() - sorted.partition_point(|b| b <= a)) as f64;
        smaller - larger
    };
    Ok(a.iter().map(excess).sum::<f64>() / (a.len() * b.len()) as f64)
}

/// Vargha and Delaney's A: the chance that a value of `a` is larger than one of `b`, equal ones
/// counting half, in [0, 1].
///
/// # Errors
/// If a side is empty or has a value that is not finite.
pub fn a12(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    Ok((1.0 + cliffs_delta(a, b)?) / 2.0)
}

/// Cohen's d: the difference of the means in standard deviations, where the variance is the mean
/// of both.
///
/// # Errors
/// If a side has fewer than two values or one that is not finite, or neither has any spread.
pub fn cohen_d(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    let pooled = (variance(a)? + variance(b)?) / 2.0;
    if pooled == 0.0 {
        return Err(Undefined::NoVariance("values of either side"));
    }
    Ok((mean(a) - mean(b)) / pooled.sqrt())
}

/// Cohen's d of pairs: the mean difference in standard deviations of the differences.
///
/// # Errors
/// If there are not as many values on both sides, fewer than two, or the differences are equal.
pub fn cohen_dz(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    check_length("values", b.len(), a.len())?;
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    match variance(&differences)? {
        0.0 => Err(Undefined::NoVariance("differences")),
        variance => Ok(mean(&differences) / variance.sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spread_and_no_values_have_no_size() {
        assert_eq!(cliffs_delta(&[1.0; 3], &[1.0; 4]), Ok(0.0));
        assert_eq!(a12(&[2.0], &[1.0]), Ok(1.0));
        assert!(cohen_d(&[1.0; 3], &[2.0; 3]).is_err());
        assert!(cohen_dz(&[1.0, 2.0], &[2.0, 3.0]).is_err());
        assert!(cohen_dz(&[1.0, 2.0], &[2.0]).is_err());
        assert!(cliffs_delta(&[], &[1.0]).is_err());
    }
}
