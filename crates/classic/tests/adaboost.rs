//! Boosted stumps against scikit-learn.
//!
//! `golden/adaboost.json` is written by `golden/adaboost.py` with scikit-learn.

use base::{Labels, Matrix, Predict, Rows};
use classic::{AdaBoost, AdaBoostParams};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    source: String,
    sets: BTreeMap<String, Set>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Set {
    train: usize,
    rows: Vec<Vec<f32>>,
    labels: Vec<usize>,
}

#[derive(Deserialize)]
struct Case {
    set: String,
    params: AdaBoostParams,
    stumps: Vec<Stump>,
    /// Of the test rows.
    scores: Vec<Vec<f64>>,
    predictions: Vec<usize>,
}

#[derive(Deserialize)]
struct Stump {
    feature: usize,
    threshold: f64,
    below: usize,
    above: usize,
    error: f64,
    vote: f64,
}

impl Set {
    /// Training rows, their labels, and test rows.
    fn parts(&self) -> (Matrix, Labels, Matrix) {
        let columns = self.rows[0].len();
        let all = Matrix::from_shape_fn((self.rows.len(), columns), |(r, c)| self.rows[r][c]);
        let classes = self.labels.iter().max().expect("there are rows") + 1;
        let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        let labels = Labels::new(self.labels.clone(), &names).expect("ids below the classes");
        let train: Vec<usize> = (0..self.train).collect();
        let test: Vec<usize> = (self.train..self.rows.len()).collect();
        (all.pick(&train), labels.pick(&train), all.pick(&test))
    }
}

/// Features, thresholds and classes of every stump are the same; what is worked out from sums of
/// weights differs by rounding, which each round adds to.
#[test]
fn every_stump_is_that_of_scikit_learn() {
    let golden: Golden = serde_json::from_str(include_str!("golden/adaboost.json"))
        .expect("the golden file is valid");
    for case in &golden.cases {
        let what = format!("{} {:?} by {}", case.set, case.params, golden.source);
        let (x, y, x_test) = golden.sets[&case.set].parts();
        let model = AdaBoost::new(&case.params).expect("valid").train(&x, &y).expect("learns");
        assert_eq!(model.stumps().len(), case.stumps.len(), "{what}");
        for (round, (got, want)) in model.stumps().iter().zip(&case.stumps).enumerate() {
            let got_rule = (got.feature, got.threshold, got.below, got.above);
            let want_rule = (want.feature, want.threshold, want.below, want.above);
            assert_eq!(got_rule, want_rule, "round {round} of {what}");
            let differences = [got.error - want.error, got.vote - want.vote];
            assert!(
                differences.iter().all(|d| d.abs() < 1e-11),
                "{differences:?}: {round}, {what}"
            );
        }
        let scores = model.scores(&x_test);
        let wanted = case.scores.iter().flatten();
        for (&got, &want) in scores.view().iter().zip(wanted) {
            // The scores have 32 bits.
            assert!((f64::from(got) - want).abs() < 1e-7, "{got}, not {want}: {what}");
        }
        assert_eq!(scores.predicted(), case.predictions, "{what}");
    }
}
