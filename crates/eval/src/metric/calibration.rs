//! Whether a probability of 0.8 is right in 80 of 100 cases.
//!
//! Images are put into bins by confidence; in each, the mean confidence should be the share that
//! is right. The expected calibration error is the mean of the distances, weighted by images.
//!
//! Sources: M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI 2015; C. Guo, G. Pleiss, Y. Sun,
//! K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017; M. Kull et al.,
//! NeurIPS 2019 (class-wise); J. Nixon et al., CVPR workshops 2019 (equal mass).

use super::ranking::check_rows;
use crate::statistics::Undefined;
use crate::statistics::outcome::{check, check_length};
use ndarray::ArrayView2;

/// How images are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// `(0, 1/M], (1/M, 2/M], ..`; 0 is in the first.
    EqualWidth(usize),
    /// As many images in each: sorted by confidence (equal ones stay in order), the first
    /// `n mod M` bins have one more.
    EqualMass(usize),
}

/// The images of one bin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// How many.
    pub count: usize,
    sum_of_confidence: f64,
    right: usize,
}

impl Bin {
    /// Mean confidence; `None` of an empty bin.
    pub fn confidence(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_of_confidence / self.count as f64)
    }

    /// Share that is right; `None` of an empty bin.
    pub fn accuracy(&self) -> Option<f64> {
        (self.count > 0).then(|| self.right as f64 / self.count as f64)
    }

    /// Distance of both; 0 of an empty bin.
    fn gap(&self) -> f64 {
        self.confidence().zip(self.accuracy()).map_or(0.0, |(c, a)| (c - a).abs())
    }

    fn add(&mut self, confidence: f64, right: bool) {
        self.count += 1;
        self.sum_of_confidence += confidence;
        self.right += usize::from(right);
    }
}

/// A reliability diagram.
///
/// ```
/// use eval::metric::{Binning, Reliability};
/// let confidence = [0.9, 0.8, 0.6, 0.55];
/// let right = [true, true, false, true];
/// let reliability = Reliability::new(&confidence, &right, Binning::EqualWidth(2)).unwrap();
/// // All are above a half: 71 % sure, 75 % right.
/// assert_eq!((reliability.bins[0].count, reliability.bins[1].count), (0, 4));
/// assert!((reliability.expected_error() - 0.0375).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// The bins, by confidence.
    pub bins: Vec<Bin>,
}

impl Reliability {
    /// From confidences in [0, 1], and whether each was right.
    ///
    /// # Errors
    /// Without images or bins, if there are not as many confidences as answers, or one is not in
    /// [0, 1].
    pub fn new(confidence: &[f64], right: &[bool], binning: Binning) -> Result<Self, Undefined> {
        check_length("answers", right.len(), confidence.len())?;
        check("confidence", confidence, 1)?;
        if let Some(&value) = confidence.iter().find(|c| !(0.0..=1.0).contains(*c)) {
            return Err(Undefined::OutOfRange { name: "confidence", value, expected: "in [0, 1]" });
        }
        let (Binning::EqualWidth(count) | Binning::EqualMass(count)) = binning;
        if count == 0 {
            return Err(Undefined::TooFew { what: "bins", needed: 1, found: 0 });
        }
        let mut bins = vec![Bin::default(); count];
        match binning {
            Binning::EqualWidth(_) => {
                // The upper ends k / M as rounded numbers, so that 0.3 is in (0.2, 0.3].
                let ends: Vec<f64> = (1..count).map(|k| k as f64 / count as f64).collect();
                for (&confidence, &right) in confidence.iter().zip(right) {
                    bins[ends.partition_point(|&end| end < confidence)].add(confidence, right);
                }
            }
            Binning::EqualMass(_) => {
                let mut order: Vec<usize> = (0..confidence.len()).collect();
                order.sort_by(|&a, &b| confidence[a].total_cmp(&confidence[b]));
                let (least, longer) = (order.len() / count, order.len() % count);
                let mut rest = order.as_slice();
                for (index, bin) in bins.iter_mut().enumerate() {
                    let (own, others) = rest.split_at(least + usize::from(index < longer));
                    own.iter().for_each(|&image| bin.add(confidence[image], right[image]));
                    rest = others;
                }
            }
        }
        Ok(Self { bins })
    }

    /// The confidence of an image is the probability of its predicted class (the first of equal
    /// ones), from probabilities of shape `(images, classes)`.
    ///
    /// # Errors
    /// As [`Self::new`]; also if there is not one row per truth.
    pub fn of_predictions(
        truth: &[usize],
        probabilities: ArrayView2<'_, f64>,
        binning: Binning,
    ) -> Result<Self, Undefined> {
        check_rows(truth, probabilities)?;
        let predicted: Vec<usize> = probabilities.rows().into_iter().map(first_largest).collect();
        let confidence: Vec<f64> =
            predicted.iter().enumerate().map(|(row, &class)| probabilities[[row, class]]).collect();
        let right: Vec<bool> = predicted.iter().zip(truth).map(|(a, b)| a == b).collect();
        Self::new(&confidence, &right, binning)
    }

    /// ECE: mean distance of confidence and accuracy, weighted by images, in [0, 1].
    pub fn expected_error(&self) -> f64 {
        let total: usize = self.bins.iter().map(|bin| bin.count).sum();
        let sum: f64 = self.bins.iter().map(|bin| bin.count as f64 * bin.gap()).sum();
        sum / total as f64
    }

    /// MCE: the largest distance of a bin, in [0, 1].
    pub fn maximum_error(&self) -> f64 {
        self.bins.iter().map(Bin::gap).fold(0.0, f64::max)
    }
}

/// Mean over the classes of the ECE of the probability of each class among all images.
///
/// # Errors
/// As [`Reliability::of_predictions`]; also without classes.
pub fn classwise_error(
    truth: &[usize],
    probabilities: ArrayView2<'_, f64>,
    binning: Binning,
) -> Result<f64, Undefined> {
    check_rows(truth, probabilities)?;
    let classes = probabilities.ncols();
    if classes == 0 {
        return Err(Undefined::TooFew { what: "classes", needed: 1, found: 0 });
    }
    let mut sum = 0.0;
    for (class, probability) in probabilities.columns().into_iter().enumerate() {
        let right: Vec<bool> = truth.iter().map(|&truth| truth == class).collect();
        sum += Reliability::new(&probability.to_vec(), &right, binning)?.expected_error();
    }
    Ok(sum / classes as f64)
}

/// The class of the largest value, the first of equal ones.
pub(super) fn first_largest(row: ndarray::ArrayView1<'_, f64>) -> usize {
    (1..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn ends_of_bins_belong_to_the_lower_one() {
        let confidence = [0.0, 0.1, 0.3, 0.30000001, 1.0];
        let reliability =
            Reliability::new(&confidence, &[true; 5], Binning::EqualWidth(10)).unwrap();
        let counts: Vec<usize> = reliability.bins.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, [2, 0, 1, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(
            (reliability.bins[1].confidence(), reliability.bins[1].accuracy()),
            (None, None)
        );
        assert_eq!(reliability.maximum_error(), 0.95);
    }

    #[test]
    fn more_bins_than_images_leave_some_empty() {
        let equal = Reliability::new(&[0.5, 0.5], &[true, false], Binning::EqualMass(5)).unwrap();
        let counts: Vec<usize> = equal.bins.iter().map(|bin| bin.count).collect();
        assert_eq!((counts, equal.expected_error()), (vec![1, 1, 0, 0, 0], 0.5));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        let of = |confidence: &[f64], binning| {
            Reliability::new(confidence, &vec![true; confidence.len()], binning)
        };
        assert!(of(&[1.2], Binning::EqualWidth(5)).is_err());
        assert!(of(&[], Binning::EqualWidth(5)).is_err());
        assert!(of(&[0.5], Binning::EqualMass(0)).is_err());
        let scores = array![[2.0, -1.0]];
        assert!(Reliability::of_predictions(&[0], scores.view(), Binning::EqualWidth(5)).is_err());
    }
}
