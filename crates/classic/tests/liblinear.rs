//! The linear machines against LIBLINEAR, and logistic regression against scikit-learn.
//!
//! `golden/linear.json` is written by `golden/linear.py` with scikit-learn, whose `LinearSVC` is
//! LIBLINEAR; the rows are those of `golden/svm.json`.

use base::{Labels, Matrix, Predict, Seed};
use classic::{
    LinearModel, LinearSvm, LinearSvmParams, LogisticRegression, LogisticRegressionParams,
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Digits {
    pixels: Vec<Vec<u8>>,
    labels: Vec<usize>,
}

#[derive(Deserialize)]
struct Golden {
    source: String,
    /// Rows of `Digits` by the number of classes.
    rows: BTreeMap<String, Vec<usize>>,
    svm: Vec<Svm>,
    logistic: Vec<Logistic>,
}

#[derive(Deserialize)]
struct Svm {
    /// The digits.
    classes: Vec<usize>,
    params: LinearSvmParams,
    objectives: Vec<f64>,
    weights: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

#[derive(Deserialize)]
struct Logistic {
    classes: Vec<usize>,
    params: LogisticRegressionParams,
    weights: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
    /// Of the first rows.
    probabilities: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/linear.json")).expect("the golden file is valid")
}

/// The rows of these digits. Labels name four classes, of which two may have no rows.
fn problem(golden: &Golden, classes: &[usize]) -> (Matrix, Labels) {
    let digits: Digits =
        serde_json::from_str(include_str!("golden/svm.json")).expect("the golden file is valid");
    let rows = &golden.rows[&classes.len().to_string()];
    let value = |(row, column): (usize, usize)| {
        let pixels: &Vec<u8> = &digits.pixels[rows[row]];
        f32::from(pixels[column]) / 32.0 - 1.0
    };
    let x = Matrix::from_shape_fn((rows.len(), 16), value);
    let names = ["1", "3", "8", "9"].map(str::to_owned);
    let ids = rows.iter().map(|&row| digits.labels[row]).collect();
    (x, Labels::new(ids, &names).expect("four classes"))
}

/// Differences count in units of `1 + |want|`.
fn assert_close<'a>(
    got: impl IntoIterator<Item = &'a f64>,
    want: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
    what: &str,
) {
    let (got, want): (Vec<_>, Vec<_>) = (got.into_iter().collect(), want.into_iter().collect());
    assert!(!want.is_empty() && got.len() == want.len(), "{what}: {} numbers", got.len());
    for (at, (got, want)) in got.into_iter().zip(want).enumerate() {
        let difference = (got - want).abs() / (1.0 + want.abs());
        assert!(difference < tolerance, "{what}: number {at} is {got}, should be {want}");
    }
}

fn assert_planes(
    model: &LinearModel,
    weights: &[Vec<f64>],
    intercepts: &[f64],
    tolerance: f64,
    what: &str,
) {
    let weights: Vec<f64> = weights.iter().flatten().copied().collect();
    assert_close(model.weights().iter(), &weights, tolerance, &format!("weights of {what}"));
    let what = format!("intercepts of {what}");
    assert_close(model.intercepts(), intercepts, tolerance, &what);
}

#[test]
fn the_optimum_is_that_of_liblinear() {
    let golden = golden();
    assert_eq!(golden.svm.len(), 15);
    for case in &golden.svm {
        let what = format!("{:?} of {:?} by {}", case.params, case.classes, golden.source);
        let (x, y) = problem(&golden, &case.classes);
        let exact =
            LinearSvmParams { tolerance: 1e-9, max_iterations: 10_000_000, ..case.params.clone() };
        let model = LinearSvm::new(&exact).expect("valid").train(&x, &y, Seed(1)).expect("learns");
        for (optimum, want) in model.optima().iter().zip(&case.objectives) {
            assert!(optimum.converged, "{what}");
            let difference = (optimum.primal - want).abs() / want;
            assert!(difference < 1e-6, "{what}: {} for {want}", optimum.primal);
            let gap = optimum.gap().expect("there is a dual") / want;
            assert!((-1e-12..1e-6).contains(&gap), "{what}: gap {gap}");
        }
        assert_eq!(model.optima().len(), case.objectives.len(), "{what}");
        // Both programs stop where gradients are 1e-9; seen: 3e-8.
        assert_planes(&model, &case.weights, &case.intercepts, 1e-6, &what);
    }
}

/// What a user gets who changes nothing: three digits of the objective, and a gap that says so.
#[test]
fn the_default_tolerance_gives_three_digits_of_the_objective() {
    let golden = golden();
    for case in &golden.svm {
        let (x, y) = problem(&golden, &case.classes);
        let max_iterations = 10_000_000;
        let params = LinearSvmParams { max_iterations, ..case.params.clone() };
        let model = LinearSvm::new(&params).expect("valid").train(&x, &y, Seed(1)).expect("learns");
        for (optimum, want) in model.optima().iter().zip(&case.objectives) {
            let above = optimum.primal / want - 1.0;
            let gap = optimum.gap().expect("there is a dual") / want;
            assert!(above <= gap + 1e-9, "{params:?}: {above} above, gap {gap}");
            assert!(gap < 1e-3, "{params:?}: {above} above, gap {gap}");
        }
    }
}

#[test]
fn logistic_regression_is_that_of_scikit_learn() {
    let golden = golden();
    assert_eq!(golden.logistic.len(), 8);
    for case in &golden.logistic {
        let what = format!("{:?} of {:?} by {}", case.params, case.classes, golden.source);
        let (x, y) = problem(&golden, &case.classes);
        let exact = LogisticRegressionParams { tolerance: 1e-10, ..case.params.clone() };
        let model = LogisticRegression::new(&exact).expect("valid").train(&x, &y).expect("learns");
        assert!(model.optima()[0].converged, "{what}");
        assert_planes(&model, &case.weights, &case.intercepts, 1e-6, &what);
        let shown = x.slice(ndarray::s![..case.probabilities.len(), ..]).to_owned();
        let scores = model.scores(&shown).view().select(ndarray::Axis(1), model.classes());
        let got: Vec<f64> = scores.iter().map(|&p| f64::from(p)).collect();
        let want: Vec<f64> = case.probabilities.iter().flatten().copied().collect();
        // Scores have 24 bits.
        assert_close(&got, &want, 1e-6, &format!("probabilities of {what}"));
    }
}
