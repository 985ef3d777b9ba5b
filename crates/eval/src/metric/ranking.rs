//! How well scores put images of a class before the others, whatever the threshold.
//!
//! Scores may be decision values; only their order matters.
//!
//! Sources: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27:861-874,
//! 2006; D. J. Hand, R. J. Till, Machine Learning 45:171-186, 2001 (one against one). Reference:
//! `sklearn.metrics`.

use super::Average;
use crate::statistics::Undefined;
use crate::statistics::outcome::{check, check_length};
use ndarray::{ArrayView1, ArrayView2};

/// One class against the rest: counts above each distinct score, from the highest.
///
/// ```
/// use eval::metric::Ranking;
/// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]).unwrap();
/// // Of 4 pairs, 3 are in the right order.
/// assert_eq!(ranking.auc(), Ok(0.75));
/// assert!((ranking.average_precision().unwrap() - 0.8333).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// (positives, negatives) with at least this score.
    above: Vec<(f64, f64)>,
}

/// Points of the receiver operating characteristic, one per distinct score and (0, 0) before.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// Share of the others above the threshold.
    pub false_positive_rate: Vec<f64>,
    /// Share of the class above the threshold.
    pub true_positive_rate: Vec<f64>,
}

impl Ranking {
    /// From one score per image, and whether the image is of the class.
    ///
    /// # Errors
    /// If there is not one score per image, or one is not finite.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Self, Undefined> {
        check_length("scores", scores.len(), positive.len())?;
        check("score", scores, 0)?;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        // By value, so that 0 and -0 are equal; finite, so always comparable.
        order.sort_by(|&a, &b| scores[b].partial_cmp(&scores[a]).expect("finite"));
        let mut above = Vec::new();
        let (mut positives, mut negatives) = (0.0, 0.0);
        for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
            for &image in tied {
                if positive[image] { positives += 1.0 } else { negatives += 1.0 }
            }
            above.push((positives, negatives));
        }
        Ok(Self { above })
    }

    /// Area under the ROC curve: the chance that an image of the class scores above another,
    /// equal scores counting half.
    ///
    /// # Errors
    /// If all images are of the class, or none.
    pub fn auc(&self) -> Result<f64, Undefined> {
        let (positives, negatives) = self.both()?;
        let mut area = 0.0;
        let mut before = (0.0, 0.0);
        for &(up, across) in &self.above {
            area += (across - before.1) * (up + before.0) / 2.0;
            before = (up, across);
        }
        Ok(area / (positives * negatives))
    }

    /// The ROC curve, no point dropped.
    ///
    /// # Errors
    /// If all images are of the class, or none.
    pub fn roc(&self) -> Result<Roc, Undefined> {
        let (positives, negatives) = self.both()?;
        let points = || std::iter::once(&(0.0, 0.0)).chain(&self.above);
        Ok(Roc {
            false_positive_rate: points().map(|point| point.1 / negatives).collect(),
            true_positive_rate: points().map(|point| point.0 / positives).collect(),
        })
    }

    /// Precision averaged over the images of the class, each with all that score as high:
    /// `sum of (recall - recall before) precision`, without interpolation.
    ///
    /// # Errors
    /// If no image is of the class.
    pub fn average_precision(&self) -> Result<f64, Undefined> {
        let (positives, _) = self.total();
        if positives == 0.0 {
            return Err(none_of("images of the class"));
        }
        let mut sum = 0.0;
        let mut before = 0.0;
        for &(up, across) in &self.above {
            sum += (up - before) * up / (up + across);
            before = up;
        }
        Ok(sum / positives)
    }

    fn total(&self) -> (f64, f64) {
        self.above.last().copied().unwrap_or_default()
    }

    fn both(&self) -> Result<(f64, f64), Undefined> {
        match self.total() {
            (0.0, _) => Err(none_of("images of the class")),
            (_, 0.0) => Err(none_of("images of other classes")),
            both => Ok(both),
        }
    }
}

fn none_of(what: &'static str) -> Undefined {
    Undefined::TooFew { what, needed: 1, found: 0 }
}

/// Area under the ROC curve of each class against the rest, from scores of shape
/// `(images, classes)`; undefined for a class without images or with all of them.
///
/// # Errors
/// If there is not one row of scores per truth, or a score is not finite.
pub fn auc_per_class(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
) -> Result<Vec<Result<f64, Undefined>>, Undefined> {
    per_class(truth, scores, Ranking::auc)
}

/// Average precision of each class; undefined for a class without images.
///
/// # Errors
/// If there is not one row of scores per truth, or a score is not finite.
pub fn average_precision_per_class(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
) -> Result<Vec<Result<f64, Undefined>>, Undefined> {
    per_class(truth, scores, Ranking::average_precision)
}

/// Mean over the classes of the area under the ROC curve of a class against the rest. The scores
/// of one class are compared between images, so they should be probabilities.
///
/// # Errors
/// If a class has no image or all of them; leave it out of the scores to leave it out of the mean.
pub fn auc_one_vs_rest(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
    average: Average,
) -> Result<f64, Undefined> {
    mean_of(truth, auc_per_class(truth, scores)?, average)
}

/// Mean over the classes of [`average_precision_per_class`].
///
/// # Errors
/// If a class has no image.
pub fn mean_average_precision(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
    average: Average,
) -> Result<f64, Undefined> {
    mean_of(truth, average_precision_per_class(truth, scores)?, average)
}

/// Mean over all pairs of classes of the area under the ROC curve among the images of the two,
/// itself the mean of ranking by either class's scores. Weighted: a pair weighs as much as it has
/// images.
///
/// # Errors
/// If there are fewer than two classes, or one has no image; or as [`auc_per_class`].
pub fn auc_one_vs_one(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
    average: Average,
) -> Result<f64, Undefined> {
    check_rows(truth, scores)?;
    let classes = scores.ncols();
    if classes < 2 {
        return Err(Undefined::TooFew { what: "classes", needed: 2, found: classes });
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    for a in 0..classes {
        for b in a + 1..classes {
            let rows: Vec<usize> =
                (0..truth.len()).filter(|&row| truth[row] == a || truth[row] == b).collect();
            let by = |class: usize| {
                let positive: Vec<bool> = rows.iter().map(|&row| truth[row] == class).collect();
                let scores: Vec<f64> = rows.iter().map(|&row| scores[[row, class]]).collect();
                Ranking::new(&positive, &scores)?.auc()
            };
            let weight = match average {
                Average::Macro => 1.0,
                Average::Weighted => rows.len() as f64,
            };
            sum += weight * (by(a)? + by(b)?) / 2.0;
            weights += weight;
        }
    }
    Ok(sum / weights)
}

/// Share of images whose class is among the `k` highest scores, in [0, 1]. Of equal scores the
/// first class counts as higher, as for predictions.
///
/// # Errors
/// Without images; if there is not one row of scores per truth, or a score is not finite.
pub fn top_k(truth: &[usize], scores: ArrayView2<'_, f64>, k: usize) -> Result<f64, Undefined> {
    check_rows(truth, scores)?;
    let within = |(row, &truth): (ArrayView1<'_, f64>, &usize)| {
        let own = row[truth];
        let before =
            |(class, &score): (usize, &f64)| score > own || (score == own && class < truth);
        row.iter().enumerate().filter(|&entry| before(entry)).count() < k
    };
    let found = scores.rows().into_iter().zip(truth).filter(|&pair| within(pair)).count();
    if truth.is_empty() { Err(none_of("images")) } else { Ok(found as f64 / truth.len() as f64) }
}

fn per_class(
    truth: &[usize],
    scores: ArrayView2<'_, f64>,
    metric: fn(&Ranking) -> Result<f64, Undefined>,
) -> Result<Vec<Result<f64, Undefined>>, Undefined> {
    check_rows(truth, scores)?;
    let of = |(class, scores): (usize, ArrayView1<'_, f64>)| {
        let positive: Vec<bool> = truth.iter().map(|&truth| truth == class).collect();
        metric(&Ranking::new(&positive, &scores.to_vec())?)
    };
    Ok(scores.columns().into_iter().enumerate().map(of).collect())
}

fn mean_of(
    truth: &[usize],
    values: Vec<Result<f64, Undefined>>,
    average: Average,
) -> Result<f64, Undefined> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (class, value) in values.into_iter().enumerate() {
        let weight = match average {
            Average::Macro => 1.0,
            Average::Weighted => truth.iter().filter(|&&truth| truth == class).count() as f64,
        };
        sum += weight * value?;
        weights += weight;
    }
    if weights == 0.0 { Err(none_of("classes")) } else { Ok(sum / weights) }
}

/// # Errors
/// If there is not one row of finite scores per truth, with a column for each class.
pub(super) fn check_rows(truth: &[usize], scores: ArrayView2<'_, f64>) -> Result<(), Undefined> {
    check_length("rows of scores", scores.nrows(), truth.len())?;
    if let Some(&class) = truth.iter().find(|&&class| class >= scores.ncols()) {
        let (value, expected) = (class as f64, "a class that has scores");
        return Err(Undefined::OutOfRange { name: "truth", value, expected });
    }
    match scores.iter().position(|score| !score.is_finite()) {
        Some(index) => Err(Undefined::NotFinite { what: "score", index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn a_single_class_has_no_curve() {
        let all = Ranking::new(&[true; 3], &[0.1, 0.2, 0.3]).unwrap();
        assert!(all.auc().is_err() && all.roc().is_err());
        assert_eq!(all.average_precision(), Ok(1.0));
        let none = Ranking::new(&[false; 3], &[0.1, 0.2, 0.3]).unwrap();
        assert!(none.auc().is_err() && none.average_precision().is_err());
        assert!(Ranking::new(&[true], &[f64::NAN]).is_err());
        assert!(Ranking::new(&[], &[]).unwrap().auc().is_err());
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let scores = array![[0.1, 0.9], [0.7, 0.3]];
        assert!(top_k(&[0], scores.view(), 1).is_err());
        assert!(top_k(&[0, 2], scores.view(), 1).is_err());
        assert!(auc_one_vs_rest(&[0, 0], scores.view(), Average::Macro).is_err());
        assert!(auc_one_vs_one(&[0, 0], scores.view(), Average::Macro).is_err());
    }

    #[test]
    fn equal_scores_count_the_first_class_as_higher() {
        let scores = array![[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]];
        assert_eq!(top_k(&[0, 1], scores.view(), 1), Ok(0.5));
        assert_eq!(top_k(&[0, 1], scores.view(), 2), Ok(1.0));
    }

    proptest! {
        /// Mann and Whitney: pairs in the right order, ties half.
        #[test]
        fn the_area_counts_pairs(
            images in prop::collection::vec((any::<bool>(), -3_i32..4), 2..40),
        ) {
            let positive: Vec<bool> = images.iter().map(|image| image.0).collect();
            let scores: Vec<f64> = images.iter().map(|image| f64::from(image.1)).collect();
            let of = |wanted: bool| images.iter().filter(move |i| i.0 == wanted).map(|i| i.1);
            let pairs = of(true).count() * of(false).count();
            prop_assume!(pairs > 0);
            let order = |a: i32, b: i32| f64::from((a - b).signum() + 1) / 2.0;
            let right: f64 = of(true).flat_map(|a| of(false).map(move |b| order(a, b))).sum();
            let auc = Ranking::new(&positive, &scores).unwrap().auc().unwrap();
            prop_assert!((auc - right / pairs as f64).abs() < 1e-12);
        }
    }
}
