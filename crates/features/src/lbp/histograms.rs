//! Comparing histograms, as `cv::compareHist` does.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How two histograms `a` and `b` are compared. Sums run over all bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistogramDistance {
    /// Pearson's correlation, -1 to 1; 1 if the histograms are proportional, or one is constant.
    Correlation,
    /// `sum (a - b)^2 / a` over the bins where `a` is not 0. Not symmetric.
    ChiSquare,
    /// `sum min(a, b)`: the larger, the more alike.
    Intersection,
    /// Hellinger distance, 0 to 1: the root of `1 - sum sqrt(a b) / sqrt(sum a sum b)`. OpenCV
    /// calls it Bhattacharyya distance.
    Hellinger,
    /// `2 sum (a - b)^2 / (a + b)`: what OpenCV's face recogniser uses.
    ChiSquareAlternative,
    /// Kullback-Leibler divergence `sum a ln(a / b)`, with 1e-10 for a `b` of 0. Not symmetric.
    KullbackLeibler,
}

/// Histograms that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HistogramError {
    /// They have different lengths, or none.
    #[error("histograms have {first} and {second} bins; both must have the same, at least 1")]
    Length {
        /// Bins of the first histogram.
        first: usize,
        /// Bins of the second histogram.
        second: usize,
    },
    /// A count that is NaN, infinite or negative.
    #[error("bin {bin} holds {value}; counts must be finite and not negative")]
    Value {
        /// The first such bin.
        bin: usize,
        /// What it holds.
        value: String,
    },
}

/// The distance of two histograms, or for [`HistogramDistance::Correlation`] and
/// [`HistogramDistance::Intersection`] their likeness. Empty histograms give what OpenCV gives.
///
/// Reference implementation: `cv::compareHist` of OpenCV 4, up to the order of summation.
///
/// ```
/// use features::{HistogramDistance, histogram_distance};
/// let (a, b) = ([0.5, 0.5, 0.0], [0.0, 0.5, 0.5]);
/// let distance = histogram_distance(&a, &b, HistogramDistance::ChiSquareAlternative).unwrap();
/// assert_eq!(distance, 2.0 * (0.5 + 0.0 + 0.5));
/// ```
///
/// # Errors
/// If the lengths differ, there is no bin, or a count is negative or not finite.
pub fn histogram_distance(
    a: &[f32],
    b: &[f32],
    method: HistogramDistance,
) -> Result<f64, HistogramError> {
    if a.len() != b.len() || a.is_empty() {
        return Err(HistogramError::Length { first: a.len(), second: b.len() });
    }
    let bad = |value: &f32| !(value.is_finite() && *value >= 0.0);
    for histogram in [a, b] {
        if let Some(bin) = histogram.iter().position(bad) {
            return Err(HistogramError::Value { bin, value: histogram[bin].to_string() });
        }
    }
    let sum = |term: fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| term(f64::from(a), f64::from(b))).sum()
    };
    Ok(match method {
        HistogramDistance::Correlation => {
            let (sum_a, sum_b) = (sum(|a, _| a), sum(|_, b| b));
            let bins = a.len() as f64;
            let together = sum(|a, b| a * b) - sum_a * sum_b / bins;
            let spread = (sum(|a, _| a * a) - sum_a * sum_a / bins)
                * (sum(|_, b| b * b) - sum_b * sum_b / bins);
            if spread.abs() > f64::EPSILON { together / spread.sqrt() } else { 1.0 }
        }
        HistogramDistance::ChiSquare => {
            sum(|a, b| if a > f64::EPSILON { (a - b) * (a - b) / a } else { 0.0 })
        }
        HistogramDistance::Intersection => sum(f64::min),
        HistogramDistance::Hellinger => {
            let sums = sum(|a, _| a) * sum(|_, b| b);
            let scale = if sums > f64::from(f32::EPSILON) { 1.0 / sums.sqrt() } else { 1.0 };
            (1.0 - sum(|a, b| (a * b).sqrt()) * scale).max(0.0).sqrt()
        }
        HistogramDistance::ChiSquareAlternative => {
            2.0 * sum(|a, b| if a + b > f64::EPSILON { (a - b) * (a - b) / (a + b) } else { 0.0 })
        }
        HistogramDistance::KullbackLeibler => sum(|a, b| match a > f64::EPSILON {
            true => a * (a / if b > f64::EPSILON { b } else { 1e-10 }).ln(),
            false => 0.0,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use HistogramDistance::*;

    /// `cv2.compareHist` of OpenCV 4.14.0 of `i % 7` and `i * i % 5` for `i` below 40, methods 0 to
    /// 5 in this order; then of eight zeros and eight ones.
    #[test]
    fn distances_are_opencvs() {
        let methods = [
            Correlation,
            ChiSquare,
            Intersection,
            Hellinger,
            ChiSquareAlternative,
            KullbackLeibler,
        ];
        let a: Vec<f32> = (0..40).map(|i| (i % 7) as f32).collect();
        let b: Vec<f32> = (0..40).map(|i| (i * i % 5) as f32).collect();
        let expected = [
            0.03802528761961016,
            72.88333333333333,
            55.0,
            0.47491197062256585,
            117.1873015873016,
            573.7396184734317,
        ];
        for (method, expected) in methods.into_iter().zip(expected) {
            let got = histogram_distance(&a, &b, method).unwrap();
            assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{method:?}: {got}");
        }
        let (zeros, ones) = ([0.0; 8], [1.0; 8]);
        let got = methods.map(|method| histogram_distance(&zeros, &ones, method).unwrap());
        assert_eq!(got, [1.0, 0.0, 0.0, 1.0, 16.0, 0.0]);
    }

    #[test]
    fn histograms_must_match_and_be_counts() {
        let of = |a: &[f32], b: &[f32]| histogram_distance(a, b, ChiSquare).unwrap_err();
        assert_eq!(of(&[], &[]), HistogramError::Length { first: 0, second: 0 });
        assert_eq!(of(&[1.0], &[1.0, 2.0]), HistogramError::Length { first: 1, second: 2 });
        for value in [f32::NAN, f32::INFINITY, -1.0] {
            let value_of = value.to_string();
            let error = HistogramError::Value { bin: 1, value: value_of };
            assert_eq!(of(&[1.0, value], &[1.0, 2.0]), error);
            assert_eq!(of(&[1.0, 2.0], &[1.0, value]), error);
        }
    }
}
