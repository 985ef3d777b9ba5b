//! The spread of one number over several trainings, such as the accuracy over seeds.
//!
//! It tells how much of a result is luck of the training. It is no evidence that one method beats
//! another: more seeds make the interval of the mean as narrow as one likes, while the test images
//! stay the same few.

use super::distribution::t_quantile;
use super::interval::Interval;
use super::outcome::{Undefined, check};
use super::quantile::of_sorted;

/// Mean and spread of a sample.
///
/// ```
/// let spread = eval::statistics::spread::Spread::new(&[0.92, 0.94, 0.96]).unwrap();
/// assert!((spread.mean() - 0.94).abs() < 1e-12);
/// assert!((spread.sd().unwrap() - 0.02).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    sorted: Vec<f64>,
    mean: f64,
}

impl Spread {
    /// # Errors
    /// Without values, or if one is not finite.
    pub fn new(values: &[f64]) -> Result<Self, Undefined> {
        check("value", values, 1)?;
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Self { mean: mean(values), sorted })
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// Arithmetic mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The middle value.
    pub fn median(&self) -> f64 {
        of_sorted(&self.sorted, 0.5)
    }

    /// Width of the middle half: third quartile minus first, both of type 7.
    pub fn interquartile_range(&self) -> f64 {
        of_sorted(&self.sorted, 0.75) - of_sorted(&self.sorted, 0.25)
    }

    /// Standard deviation with `n - 1`.
    ///
    /// # Errors
    /// With one value only.
    pub fn sd(&self) -> Result<f64, Undefined> {
        Ok(variance(&self.sorted)?.sqrt())
    }

    /// Standard error of the mean, `sd / sqrt(n)`.
    ///
    /// # Errors
    /// With one value only.
    pub fn standard_error(&self) -> Result<f64, Undefined> {
        Ok(self.sd()? / (self.count() as f64).sqrt())
    }

    /// Student's interval of the mean.
    ///
    /// # Errors
    /// With one value only.
    ///
    /// # Panics
    /// If `level` is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Interval, Undefined> {
        let t = two_sided_t(level, self.count() as f64 - 1.0);
        Ok(Interval::around(self.mean, t * self.standard_error()?))
    }
}

/// The arithmetic mean, of a sum whose rounding error grows with the logarithm of the length.
///
/// # Panics
/// If there are no values.
pub fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "the mean of nothing");
    sum(values) / values.len() as f64
}

/// Sums halves apart, and up to 128 numbers in eight lanes. It is NumPy's order, so that numbers
/// which are equal but for rounding (a bootstrap draw and the estimate) are so here too.
fn sum(values: &[f64]) -> f64 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (first, second) = values.split_at(half - half % 8);
        return sum(first) + sum(second);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut total = match eights.split_first() {
        None => 0.0,
        Some((&first, others)) => {
            let mut lanes = first;
            for eight in others {
                lanes.iter_mut().zip(eight).for_each(|(lane, value)| *lane += value);
            }
            let [a, b, c, d, e, f, g, h] = lanes;
            ((a + b) + (c + d)) + ((e + f) + (g + h))
        }
    };
    for value in rest {
        total += value;
    }
    total
}

/// The variance with `n - 1`; exactly 0 if all values are equal.
///
/// # Errors
/// With fewer than two values.
pub(crate) fn variance(values: &[f64]) -> Result<f64, Undefined> {
    check("values", values, 2)?;
    // The mean of equal values can be off by rounding, which would pass for a spread.
    if values.iter().all(|&value| value == values[0]) {
        return Ok(0.0);
    }
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Ok(squares / (values.len() - 1) as f64)
}

/// How many standard errors to either side hold the share `level` of Student's t; infinite for
/// no degree of freedom.
///
/// # Panics
/// If `level` is not strictly between 0 and 1.
pub(crate) fn two_sided_t(level: f64, df: f64) -> f64 {
    assert!(level > 0.0 && level < 1.0, "the level is {level}, but must be between 0 and 1");
    if df <= 0.0 { f64::INFINITY } else { -t_quantile(0.5 - level / 2.0, df) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_no_spread_and_one_value_has_none_that_is_known() {
        let equal = Spread::new(&[0.1; 10]).unwrap();
        assert_eq!(equal.sd(), Ok(0.0));
        let one = Spread::new(&[0.7]).unwrap();
        assert_eq!((one.mean(), one.median(), one.interquartile_range()), (0.7, 0.7, 0.0));
        assert!(one.sd().is_err() && one.interval(0.95).is_err());
        assert!(Spread::new(&[]).is_err());
        assert_eq!(
            Spread::new(&[0.1, f64::NAN]).unwrap_err().to_string(),
            "value 1 is not a finite number"
        );
    }
}
