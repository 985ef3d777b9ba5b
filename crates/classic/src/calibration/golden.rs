//! Calibration against scikit-learn and LIBSVM.
//!
//! `tests/golden/calibration.json` is written by `tests/golden/calibration.py`.

use super::curves::Calibrator;
use super::{CalibrationMethod, Isotonic, Platt, couple};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    source: String,
    one_score: Vec<OneScore>,
    classes: Vec<Classes>,
    coupled: Vec<Coupled>,
}

#[derive(Deserialize)]
struct OneScore {
    scores: Vec<f64>,
    positive: Vec<bool>,
    a: f64,
    b: f64,
    at: Vec<f64>,
    isotonic: Vec<f64>,
}

#[derive(Deserialize)]
struct Classes {
    scores: Vec<Vec<f64>>,
    labels: Vec<usize>,
    /// Probabilities of the first rows.
    sigmoid: Vec<Vec<f64>>,
    isotonic: Vec<Vec<f64>>,
    temperature: Vec<Vec<f64>>,
    beta: f64,
}

#[derive(Deserialize)]
struct Coupled {
    classes: usize,
    decisions: Vec<Vec<f64>>,
    a: Vec<f64>,
    b: Vec<f64>,
    probabilities: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    let text = include_str!("../../tests/golden/calibration.json");
    serde_json::from_str(text).expect("the golden file is valid")
}

fn assert_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < tolerance, "{what}: number {at} is {got}, should be {want}");
    }
}

/// scikit-learn's solver stops at a gradient of 1e-6 of the whole sum or a gain of 1e-14 of it.
#[test]
fn sigmoids_are_those_of_scikit_learn() {
    let golden = golden();
    for case in &golden.one_score {
        let got = Platt::fit(&case.scores, &case.positive);
        assert!(got.converged);
        assert_close(&[got.a, got.b], &[case.a, case.b], 1e-5, &golden.source);
    }
}

#[test]
fn isotonic_curves_are_those_of_scikit_learn() {
    let golden = golden();
    for case in &golden.one_score {
        let curve = Isotonic::of_labels(&case.scores, &case.positive);
        let got: Vec<f64> = case.at.iter().map(|&at| curve.value(at)).collect();
        assert_close(&got, &case.isotonic, 1e-9, &golden.source);
    }
}

#[test]
fn probabilities_of_classes_are_those_of_scikit_learn() {
    let golden = golden();
    for case in &golden.classes {
        let classes = case.scores[0].len();
        let scores = Array2::from_shape_fn((case.scores.len(), classes), |(row, class)| {
            case.scores[row][class]
        });
        for (method, want, tolerance) in [
            (CalibrationMethod::Sigmoid, &case.sigmoid, 1e-5),
            (CalibrationMethod::Isotonic, &case.isotonic, 1e-9),
            // Its search of the minimum compares values, which agree to half of the digits.
            (CalibrationMethod::Temperature, &case.temperature, 1e-6),
        ] {
            let known = (0..classes).collect();
            let fitted = Calibrator::fit(method, scores.view(), &case.labels, known);
            let mut got = vec![0.0; classes];
            for (row, want) in want.iter().enumerate() {
                fitted.probabilities(scores.row(row), &mut got);
                let what = format!("{}: {method:?}, row {row}", golden.source);
                assert_close(&got, want, tolerance, &what);
            }
        }
        let fitted = super::Temperature::fit(scores.view(), &case.labels);
        assert_close(&[fitted.beta], &[case.beta], 1e-6, &golden.source);
    }
}

#[test]
fn coupled_probabilities_are_those_of_libsvm() {
    let golden = golden();
    for case in &golden.coupled {
        let mut got = vec![0.0; case.classes];
        for (decisions, want) in case.decisions.iter().zip(&case.probabilities) {
            let sigmoid = |pair: usize| {
                let curve = Platt { a: case.a[pair], b: case.b[pair], converged: true };
                curve.probability(decisions[pair])
            };
            let pairs: Vec<f64> = (0..decisions.len()).map(sigmoid).collect();
            assert!(couple(&pairs, &mut got));
            assert_close(&got, want, 1e-8, &golden.source);
        }
    }
}
