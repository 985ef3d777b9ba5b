//! How good predictions are: from predictions, from scores, from probabilities.
//!
//! Every metric is a line of [`METRICS`] and works on stored scores, so that a new one also works
//! on old runs. What has no value says why ([`Undefined`]).

mod agreement;
mod calibration;
mod confusion;
mod evidence;
mod probability;
mod ranking;
mod temperature;

pub use agreement::Weights;
pub use calibration::{Bin, Binning, Reliability, classwise_error};
pub use confusion::{Average, ClassMetrics, ClassNote, Confusion, NotSquare};
pub use evidence::{Evidence, ScoreKind};
pub use probability::{brier, log_loss};
pub use ranking::{
    Ranking, Roc, auc_one_vs_one, auc_one_vs_rest, auc_per_class, average_precision_per_class,
    mean_average_precision, top_k,
};
pub use temperature::{Temperature, softmax};

use crate::statistics::Undefined;
use Average::{Macro, Weighted};
use Needs::{Predictions, Probabilities};

/// Bins of calibration errors, as in the papers.
const BINS: usize = 15;

/// A number by which a model is judged.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name in files.
    pub id: &'static str,
    /// Name in the report.
    pub title: &'static str,
    /// What it means, for readers who do not know it.
    pub description: &'static str,
    /// Whether a larger value is better.
    pub higher_is_better: bool,
    /// What it is worked out from.
    pub needs: Needs,
    compute: fn(&Evidence) -> Result<f64, Undefined>,
}

/// What a metric is worked out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The predicted classes, or the order of the scores of an image.
    Predictions,
    /// Probabilities, or values that can be compared between images.
    Probabilities,
}

impl Metric {
    /// The metric's value, or why there is none; `None` if it needs probabilities and the model
    /// gives other scores.
    pub fn of(&self, evidence: &Evidence) -> Option<Result<f64, Undefined>> {
        let left_out = self.needs == Probabilities && evidence.kind() != ScoreKind::Probability;
        (!left_out).then(|| (self.compute)(evidence))
    }
}

/// A line of the table below.
const fn metric(
    id: &'static str,
    needs: Needs,
    better: Better,
    title: &'static str,
    compute: fn(&Evidence) -> Result<f64, Undefined>,
    description: &'static str,
) -> Metric {
    Metric {
        id,
        title,
        description,
        higher_is_better: matches!(better, Better::High),
        needs,
        compute,
    }
}

/// Where the good end is.
#[derive(Clone, Copy)]
enum Better {
    High,
    Low,
}
use Better::{High, Low};

/// All metrics, in the order of the report.
#[rustfmt::skip] // a table
pub const METRICS: &[Metric] = &[
    metric("accuracy", Predictions, High, "Accuracy", |e| Ok(e.confusion().accuracy()),
        "Share of images whose class was predicted right."),
    metric("balanced_accuracy", Predictions, High, "Balanced accuracy", |e| Ok(e.confusion().balanced_accuracy()),
        "Share predicted right within each class, averaged over the classes: a rare class weighs as much as a common one."),
    metric("macro_f1", Predictions, High, "Macro F1", |e| Ok(e.confusion().f1(Macro)),
        "Mean over the classes of F1, which is high only if most images of the class are found and most images said to be of it are."),
    metric("weighted_f1", Predictions, High, "Weighted F1", |e| Ok(e.confusion().f1(Weighted)),
        "Mean F1 of the classes, each weighing as much as it has images."),
    metric("macro_precision", Predictions, High, "Macro precision", |e| Ok(e.confusion().precision(Macro)),
        "Of the images said to be of a class, the share that are; mean over the classes."),
    metric("macro_recall", Predictions, High, "Macro recall", |e| Ok(e.confusion().recall(Macro)),
        "Of the images of a class, the share that are found; mean over the classes."),
    metric("kappa", Predictions, High, "Cohen's kappa", |e| e.confusion().kappa(Weights::None),
        "Agreement with the truth beyond chance: 0 is guessing with the right proportions, 1 is perfect."),
    metric("mcc", Predictions, High, "Matthews correlation", |e| Ok(e.confusion().mcc()),
        "Correlation of prediction and truth, from -1 to 1; 0 is guessing."),
    metric("top_2", Predictions, High, "Top-2 accuracy", |e| top(e, 2),
        "Share of images whose class is among the two with the highest scores."),
    metric("top_5", Predictions, High, "Top-5 accuracy", |e| top(e, 5),
        "Share of images whose class is among the five with the highest scores."),
    metric("auc_ovr", Probabilities, High, "AUC, one vs. rest", |e| auc_one_vs_rest(e.truth(), e.scores(), Macro),
        "Chance that an image of a class has a higher probability of it than an image of the others; mean over the classes."),
    metric("auc_ovo", Probabilities, High, "AUC, one vs. one", |e| auc_one_vs_one(e.truth(), e.scores(), Macro),
        "The same between each two classes; does not depend on how common they are."),
    metric("average_precision", Probabilities, High, "Mean average precision", |e| mean_average_precision(e.truth(), e.scores(), Macro),
        "Precision averaged over all thresholds; mean over the classes."),
    metric("log_loss", Probabilities, Low, "Log loss", |e| log_loss(e.truth(), e.scores()),
        "Mean of minus the logarithm of the probability given to the truth; 0 is perfect."),
    metric("brier", Probabilities, Low, "Brier score", |e| brier(e.truth(), e.scores()),
        "Mean squared distance of the probabilities from the truth, from 0 to 2."),
    metric("ece", Probabilities, Low, "Calibration error", |e| e.reliability(Binning::EqualWidth(BINS)).map(|r| r.expected_error()),
        "How far confidence and accuracy lie apart, in 15 bins of equal width: 0 if 80 % sure means 80 % right."),
    metric("ece_equal_mass", Probabilities, Low, "Calibration error, equal mass", |e| e.reliability(Binning::EqualMass(BINS)).map(|r| r.expected_error()),
        "The same in 15 bins with as many images each."),
    metric("ece_classwise", Probabilities, Low, "Calibration error, class by class", |e| classwise_error(e.truth(), e.scores(), Binning::EqualWidth(BINS)),
        "The same for the probability of each class, also of those not predicted; mean over the classes."),
    metric("mce", Probabilities, Low, "Largest calibration error", |e| e.reliability(Binning::EqualWidth(BINS)).map(|r| r.maximum_error()),
        "The largest distance of confidence and accuracy in one of 15 bins."),
];

/// The top `k` accuracy, where it is no matter of course.
fn top(evidence: &Evidence, k: usize) -> Result<f64, Undefined> {
    match evidence.scores().ncols() {
        classes if classes > k => top_k(evidence.truth(), evidence.scores(), k),
        found => Err(Undefined::TooFew { what: "classes", needed: k + 1, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<&str> = METRICS.iter().map(|metric| metric.id).collect();
        assert_eq!(ids.len(), METRICS.len());
    }

    /// All values that exist are numbers, also where a class is absent or there is nothing.
    #[test]
    fn no_metric_is_ever_nan() {
        let probabilities = array![[0.8, 0.2, 0.0], [0.3, 0.7, 0.0], [0.6, 0.4, 0.0]];
        let margins = array![[2.0, -1.0, 0.0], [-1.0, 4.0, 0.0], [1.0, 0.5, 0.0]];
        let nothing = ndarray::Array2::zeros((0, 3));
        let cases: [(&[usize], _); 3] =
            [(&[0, 1, 1], probabilities), (&[0, 1, 1], margins), (&[], nothing)];
        for (truth, scores) in cases {
            let evidence = Evidence::new(truth, scores, None).unwrap();
            for metric in METRICS {
                if let Some(Ok(value)) = metric.of(&evidence) {
                    assert!(value.is_finite(), "{}", metric.id);
                }
            }
        }
    }

    #[test]
    fn scores_that_are_no_probabilities_have_no_such_metrics() {
        let scores = array![[2.0, -1.0], [-1.0, 4.0]];
        let evidence = Evidence::new(&[0, 1], scores.clone(), None).unwrap();
        let value = |id| METRICS.iter().find(|metric| metric.id == id).unwrap().of(&evidence);
        assert_eq!(value("accuracy"), Some(Ok(1.0)));
        assert_eq!(value("log_loss"), None);
        let claimed = Evidence::new(&[0, 1], scores, Some(ScoreKind::Probability));
        assert!(claimed.is_err());
    }
}
