//! What every way to probabilities promises.

use super::{
    Calibrated, CalibratedParams, CalibrationMethod, CoupledSvm, CoupledSvmParams, Decide,
};
use crate::check::samples::{clouds, in_threads, labels};
use crate::kernel::KernelName;
use crate::{Chain, NearestMean, Standardise, Svm, SvmParams, Transformed};
use base::{Convergence, Fit, FitError, Labels, Matrix, Predict, Scores, Seed};
use std::collections::BTreeSet;

fn svm(max_iterations: u64) -> Svm {
    let kernel = KernelName::Linear;
    Svm::new(&SvmParams { kernel, max_iterations, ..Default::default() }).unwrap()
}

fn calibrated(method: CalibrationMethod, decide: Decide) -> Calibrated {
    let params = CalibratedParams { method, folds: 3, decide };
    let inner = Transformed::new(Box::new(Standardise), Box::new(svm(100_000)));
    Calibrated::new(&params, Box::new(inner)).unwrap()
}

fn coupled(decide: Decide, max_iterations: u64) -> CoupledSvm {
    let before = Chain::new(vec![Box::new(Standardise)]);
    CoupledSvm::new(&CoupledSvmParams { folds: 3, decide }, before, svm(max_iterations)).unwrap()
}

/// Every way to probabilities.
fn all(decide: Decide) -> Vec<(&'static str, Box<dyn Fit<Matrix>>)> {
    vec![
        ("sigmoid", Box::new(calibrated(CalibrationMethod::Sigmoid, decide))),
        ("isotonic", Box::new(calibrated(CalibrationMethod::Isotonic, decide))),
        ("temperature", Box::new(calibrated(CalibrationMethod::Temperature, decide))),
        ("coupled", Box::new(coupled(decide, 100_000))),
    ]
}

#[test]
fn every_way_keeps_the_contract() {
    for (classes, decide) in [(2, Decide::Probability), (4, Decide::Machine)] {
        let (x, y) = clouds(classes, 20);
        for (_, recipe) in all(decide) {
            eval::contract::check(recipe.as_ref(), &x, &y);
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = clouds(4, 50);
    for (name, recipe) in all(Decide::Machine) {
        let scores = || recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x);
        assert_eq!(in_threads(1, scores), in_threads(2, scores), "{name}");
    }
}

#[test]
fn scores_are_probabilities_and_classes_without_rows_have_none() {
    let (x, y) = clouds(3, 20);
    let skipping = labels(y.ids().iter().map(|&id| [0, 2, 3][id]).collect(), 5);
    let two_of_three = labels(y.ids().iter().map(|&id| [0, 0, 2][id]).collect(), 3);
    for y in [skipping, two_of_three] {
        for (name, recipe) in all(Decide::Probability) {
            let scores = recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x);
            for row in scores.view().rows() {
                assert!((row.sum() - 1.0).abs() < 1e-5, "{name}: {row}");
                assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{name}: {row}");
                let counts = y.counts().into_iter().zip(row);
                let mut without = counts.filter(|&(count, _)| count == 0);
                assert!(without.all(|(_, &p)| p == 0.0), "{name}: {row}");
            }
        }
    }
}

/// Overlapping classes, one nine times as large, and a machine that does not care.
fn unequal() -> (Matrix, Labels) {
    let noise = Seed(8).permutation(200);
    let x = Matrix::from_shape_fn((200, 1), |(row, _)| {
        noise[row] as f32 / 100.0 + if row < 20 { 1.0 } else { 0.0 }
    });
    (x, labels((0..200).map(|row| usize::from(row >= 20)).collect(), 2))
}

#[test]
fn rows_on_which_both_differ_are_told_and_decided_as_asked() {
    let (x, y) = unequal();
    let train = |decide| {
        let params = CalibratedParams { decide, ..Default::default() };
        let recipe = Calibrated::new(&params, Box::new(NearestMean)).unwrap();
        recipe.train(&x, &y, Seed(1)).unwrap()
    };
    let (by_probability, by_machine) = (train(Decide::Probability), train(Decide::Machine));
    let bare = NearestMean.fit(&x, &y, Seed(1)).unwrap().scores(&x).predicted();
    assert_eq!(by_machine.machine(&x), bare);
    assert_eq!(by_machine.scores(&x).predicted(), bare);
    let probable = by_probability.probabilities(&x).predicted();
    assert_eq!(by_probability.scores(&x).predicted(), probable);
    assert_eq!(by_machine.probabilities(&x), by_probability.probabilities(&x));
    let differ: Vec<usize> = (0..200).filter(|&row| bare[row] != probable[row]).collect();
    assert!(differ.len() > 10, "the case holds what it is to test: {differ:?}");
    assert_eq!(by_probability.disagreements(&x), differ);
    assert_eq!(by_machine.disagreements(&x), differ);
    for model in [by_probability, by_machine] {
        assert_eq!(model.disputed(&x), Some(differ.len()));
    }
    let right = |predicted: &[usize]| predicted.iter().zip(y.ids()).filter(|(a, b)| a == b).count();
    assert!(right(&probable) > right(&bare), "probabilities know the sizes of the classes");
}

/// Scores that the machine decides are the probabilities in another order.
#[test]
fn the_machine_decides_without_changing_the_numbers() {
    let (x, y) = unequal();
    let model = coupled(Decide::Machine, 100_000).train(&x, &y, Seed(1)).unwrap();
    let (scores, probabilities) = (model.scores(&x), model.probabilities(&x));
    assert_eq!(scores.predicted(), model.machine(&x));
    let set = |scores: &Scores, row: usize| -> BTreeSet<u32> {
        scores.view().row(row).iter().map(|value| value.to_bits()).collect()
    };
    for row in 0..200 {
        assert_eq!(set(&scores, row), set(&probabilities, row));
    }
}

#[test]
fn temperature_never_disagrees() {
    let (x, y) = unequal();
    let recipe = calibrated(CalibrationMethod::Temperature, Decide::Probability);
    assert_eq!(recipe.train(&x, &y, Seed(1)).unwrap().disagreements(&x), [0; 0]);
}

#[test]
fn a_single_row_of_a_class_and_bad_folds_are_refused() {
    let (x, y) = clouds(3, 4);
    let y = labels(y.ids().iter().map(|&id| id.min(1)).chain([2]).collect(), 3);
    let x = ndarray::concatenate![
        ndarray::Axis(0),
        x,
        ndarray::aview1(&[9.0; 4]).insert_axis(ndarray::Axis(0))
    ];
    for (name, recipe) in all(Decide::Probability) {
        let error = recipe.fit(&x, &y, Seed(1)).err().unwrap().to_string();
        assert!(error.contains("class 2 has one training row"), "{name}: {error}");
    }
    let params = CalibratedParams { folds: 1, ..Default::default() };
    let error = Calibrated::new(&params, Box::new(NearestMean)).err().unwrap();
    assert_eq!(error.to_string(), "`folds` is 1, but must be at least 2");
    let params = CoupledSvmParams { folds: 0, ..Default::default() };
    let error = CoupledSvm::new(&params, Chain::default(), svm(10)).err().unwrap();
    assert_eq!(error.name, "folds");
}

/// Two rows of a class: it is in every fold's training rows once.
#[test]
fn two_rows_of_a_class_and_equal_rows_are_enough() {
    let (x, y) = clouds(3, 2);
    let equal = Matrix::from_elem((6, 4), 0.5);
    for (name, recipe) in all(Decide::Machine) {
        for x in [&x, &equal] {
            let scores = recipe.fit(x, &y, Seed(1)).unwrap().scores(x);
            assert!(scores.view().iter().all(|score| score.is_finite()), "{name}");
        }
    }
}

#[test]
fn values_that_are_not_finite_are_named() {
    let (mut x, y) = clouds(2, 5);
    x[[4, 2]] = f32::NAN;
    for (name, recipe) in all(Decide::Probability) {
        let error = recipe.fit(&x, &y, Seed(1)).err().unwrap();
        let told = matches!(error, FitError::NotFinite { row: 4, column: 2, .. });
        assert!(told, "{name}: {error}");
    }
}

#[test]
fn an_early_stop_is_told() {
    let (x, y) = clouds(3, 20);
    let summary = |max| coupled(Decide::Machine, max).fit(&x, &y, Seed(1)).unwrap().summary();
    assert!(matches!(summary(2).convergence, Convergence::LimitReached { .. }));
    assert!(matches!(summary(100_000).convergence, Convergence::Converged { .. }));
}
