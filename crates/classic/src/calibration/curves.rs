//! From the scores of all classes to their probabilities.

use super::{CalibrationMethod, Isotonic, Platt, Temperature};
use ndarray::{ArrayView1, ArrayView2, Axis};

/// A fitted map from scores to probabilities.
#[derive(Debug, Clone)]
pub(super) struct Calibrator {
    /// Ids of the classes that had training rows; others get probability 0.
    classes: Vec<usize>,
    curves: Curves,
}

#[derive(Debug, Clone)]
enum Curves {
    /// One curve, of the second score less the first, for the second of two classes.
    Two(Curve),
    /// A curve for each class.
    Each(Vec<Curve>),
    Temperature(Temperature),
}

#[derive(Debug, Clone)]
enum Curve {
    Sigmoid(Platt),
    Isotonic(Isotonic),
}

impl Curve {
    fn fit(method: CalibrationMethod, scores: &[f64], positive: &[bool]) -> Self {
        match method {
            CalibrationMethod::Isotonic => Self::Isotonic(Isotonic::of_labels(scores, positive)),
            _ => Self::Sigmoid(Platt::fit(scores, positive)),
        }
    }

    fn probability(&self, score: f64) -> f64 {
        match self {
            Self::Sigmoid(curve) => curve.probability(score),
            Self::Isotonic(curve) => curve.value(score),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Sigmoid(_) => 16,
            Self::Isotonic(curve) => curve.bytes(),
        }
    }
}

impl Calibrator {
    /// `scores` of shape `(n, classes)`, for rows of classes `ids`.
    pub(super) fn fit(
        method: CalibrationMethod,
        scores: ArrayView2<'_, f64>,
        ids: &[usize],
        classes: Vec<usize>,
    ) -> Self {
        let one_class = |class: usize, scores: Vec<f64>| {
            let positive: Vec<bool> = ids.iter().map(|&id| id == class).collect();
            Curve::fit(method, &scores, &positive)
        };
        let curves = match (method, classes.as_slice()) {
            (CalibrationMethod::Temperature, _) => {
                let known = scores.select(Axis(1), &classes);
                let place = |id: &usize| classes.binary_search(id).expect("it has rows");
                let targets: Vec<usize> = ids.iter().map(place).collect();
                Curves::Temperature(Temperature::fit(known.view(), &targets))
            }
            (_, &[first, second]) => {
                let margins = &scores.column(second) - &scores.column(first);
                Curves::Two(one_class(second, margins.to_vec()))
            }
            _ => {
                let curve = |&class: &usize| one_class(class, scores.column(class).to_vec());
                Curves::Each(classes.iter().map(curve).collect())
            }
        };
        Self { classes, curves }
    }

    /// Whether the fit of every curve ended by its rule.
    pub(super) fn converged(&self) -> bool {
        let ended = |curve: &Curve| !matches!(curve, Curve::Sigmoid(s) if !s.converged);
        match &self.curves {
            Curves::Two(curve) => ended(curve),
            Curves::Each(curves) => curves.iter().all(ended),
            Curves::Temperature(_) => true,
        }
    }

    /// Writes the probability of each class; they add up to 1.
    pub(super) fn probabilities(&self, scores: ArrayView1<'_, f64>, out: &mut [f64]) {
        out.fill(0.0);
        match &self.curves {
            Curves::Two(curve) => {
                let [first, second] = self.classes[..] else {
                    unreachable!("made for two classes")
                };
                let probability = curve.probability(scores[second] - scores[first]);
                (out[first], out[second]) = (1.0 - probability, probability);
            }
            Curves::Each(curves) => {
                for (&class, curve) in self.classes.iter().zip(curves) {
                    out[class] = curve.probability(scores[class]);
                }
                let sum: f64 = out.iter().sum();
                let even = 1.0 / self.classes.len() as f64;
                for &class in &self.classes {
                    out[class] = if sum > 0.0 { out[class] / sum } else { even };
                }
            }
            Curves::Temperature(temperature) => {
                let known: Vec<f64> = self.classes.iter().map(|&class| scores[class]).collect();
                for (&class, value) in self.classes.iter().zip(temperature.probabilities(&known)) {
                    out[class] = value;
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        match &self.curves {
            Curves::Two(curve) => curve.bytes(),
            Curves::Each(curves) => curves.iter().map(Curve::bytes).sum(),
            Curves::Temperature(_) => 8,
        }
    }
}
