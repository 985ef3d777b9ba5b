//! Statistics, metrics, splits and grids against values worked out by other programs.
//!
//! `golden/stats.json` is written by `golden/stats.py` with scikit-learn and statsmodels; the
//! file names their versions and the tolerance of each group.

use base::{Labels, Rows, Seed};
use eval::grid;
use eval::interval::{Interval, wilson};
use eval::metric::Confusion;
use eval::paired::Paired;
use eval::split::{Split, SplitError, hold_out, stratified_k_fold};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ops::Index;

struct Group {
    name: &'static str,
    group: Value,
}

struct Case<'a> {
    group: &'a Group,
    case: &'a Value,
}

impl Group {
    fn new(name: &'static str) -> Self {
        let golden: Value = serde_json::from_str(include_str!("golden/stats.json")).unwrap();
        Self { name, group: golden["groups"][name].clone() }
    }

    fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let cases = self.group["cases"].as_array().unwrap();
        assert!(!cases.is_empty(), "group {}", self.name);
        cases.iter().map(|case| Case { group: self, case })
    }
}

/// What the case expects.
impl Index<&str> for Case<'_> {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        &self.case["expect"][key]
    }
}

impl Case<'_> {
    fn input<T: DeserializeOwned>(&self, key: &str) -> T {
        parsed(&self.case["input"][key])
    }

    /// Compares with what is expected under `key`, or `key/inner`.
    fn assert_close(&self, key: &str, got: &[f64]) {
        let expected = self.case["expect"].pointer(&format!("/{key}")).expect(key);
        let expected: Vec<f64> = match expected {
            Value::Array(_) => parsed(expected),
            number => vec![number.as_f64().unwrap()],
        };
        let tolerance = |name: &str| self.group.group[name].as_f64().unwrap();
        assert_eq!(got.len(), expected.len(), "{} {key}", self.name());
        for (index, (got, expected)) in got.iter().zip(&expected).enumerate() {
            assert!(
                (got - expected).abs() <= tolerance("atol") + tolerance("rtol") * expected.abs(),
                "{} {key} [{index}]: {got}, but {expected} by {}",
                self.name(),
                self.group.group["reference"],
            );
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.group.name, self.case["id"])
    }
}

fn parsed<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

#[test]
fn paired_tests_match() {
    for case in Group::new("mcnemar").cases() {
        let paired = Paired {
            both_right: case.input("both_right"),
            only_a: case.input("only_a_right"),
            only_b: case.input("only_b_right"),
            both_wrong: case.input("both_wrong"),
        };
        assert_eq!(json!(paired.total()), case["n"], "{}", case.name());
        case.assert_close("diff", &[paired.difference()]);
        case.assert_close("p_exact", &[paired.mcnemar_exact_p()]);
        case.assert_close("p_mid", &[paired.mcnemar_mid_p()]);
        case.assert_close("tango95", &ends(paired.tango(0.95)));
        for (key, margin) in
            [("noninferior_a_margin_0.01", 0.01), ("noninferior_a_margin_0.02", 0.02)]
        {
            let test = paired.non_inferiority(margin);
            case.assert_close(&format!("{key}/z"), &[test.z]);
            case.assert_close(&format!("{key}/p"), &[test.p]);
        }
    }
}

#[test]
fn wilson_intervals_match() {
    for case in Group::new("binomial_ci").cases() {
        let interval = |level| ends(wilson(case.input("successes"), case.input("trials"), level));
        case.assert_close("wilson_95", &interval(0.95));
        case.assert_close("wilson_99", &interval(0.99));
    }
}

#[test]
fn metrics_match() {
    for case in Group::new("classification").cases() {
        let (truth, predicted) = (case.input::<Vec<_>>("y_true"), case.input::<Vec<_>>("y_pred"));
        let confusion = Confusion::new(&truth, &predicted, case.input("n_classes"));
        assert_eq!(json!(confusion), case["confusion"], "{}", case.name());
        case.assert_close("accuracy", &[confusion.accuracy()]);
        case.assert_close("balanced_accuracy", &[confusion.balanced_accuracy()]);
        case.assert_close("macro_f1", &[confusion.macro_f1()]);
        let classes = confusion.per_class();
        case.assert_close("precision", &classes.iter().map(|c| c.precision).collect::<Vec<_>>());
        case.assert_close("recall", &classes.iter().map(|c| c.recall).collect::<Vec<_>>());
        case.assert_close("f1", &classes.iter().map(|c| c.f1).collect::<Vec<_>>());
        let support: Vec<u64> = classes.iter().map(|c| c.support).collect();
        assert_eq!(json!(support), case["support"], "{}", case.name());
    }
}

/// The rows are chosen by other random numbers, but how many of each class are, is the same.
#[test]
fn folds_have_the_same_counts() {
    for case in Group::new("split").cases() {
        let Some(folds) = case.input::<Option<usize>>("folds") else { continue };
        let counts: Vec<usize> = case.input("class_counts");
        let labels = labels(&counts);
        let splits = stratified_k_fold(&labels, folds, Seed(1));
        if !case["refused"].is_null() {
            let refused = SplitError::TooFewForFolds { class: "0".to_owned(), found: 3, folds };
            assert_eq!(splits.unwrap_err(), refused);
            continue;
        }
        let tests: Vec<_> = splits.unwrap().iter().map(|split| tested(&labels, split)).collect();
        let classes = || (0..counts.len()).map(|id| tests.iter().map(move |test| test[id]));
        let smallest: Vec<_> = classes().map(Iterator::min).collect();
        let largest: Vec<_> = classes().map(Iterator::max).collect();
        let mut sizes: Vec<usize> = tests.iter().map(|test| test.iter().sum()).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(json!(smallest), case["test_counts_min"], "{}", case.name());
        assert_eq!(json!(largest), case["test_counts_max"], "{}", case.name());
        assert_eq!(json!(sizes), case["test_sizes_descending"], "{}", case.name());
    }
}

#[test]
fn hold_outs_have_the_same_counts() {
    for case in Group::new("split").cases() {
        let Some(test) = case.input::<Option<usize>>("test") else { continue };
        let labels = labels(&case.input::<Vec<_>>("class_counts"));
        let share = test as f64 / labels.len() as f64;
        let tested = tested(&labels, &hold_out(&labels, share, Seed(1)).unwrap());
        assert_eq!(tested.iter().sum::<usize>(), test, "{}", case.name());
        let floor: Vec<usize> = parsed(&case["test_counts_floor"]);
        let ceil: Vec<usize> = parsed(&case["test_counts_ceil"]);
        for (id, count) in tested.iter().enumerate() {
            assert!((floor[id]..=ceil[id]).contains(count), "{} class {id}", case.name());
        }
        // Ours has a row of each class in the test; where theirs has too, the two agree.
        let theirs: Vec<usize> = parsed(&case["scikit_learn_test_counts"]);
        assert!(theirs.contains(&0) || tested == theirs, "{} {tested:?}", case.name());
    }
}

#[test]
fn grid_points_come_in_the_same_order() {
    for case in Group::new("grid").cases() {
        let points = grid::points(&case.input("grid"));
        assert_eq!(json!(points), case["points"], "{}", case.name());
    }
}

/// Test rows of each class.
fn tested(labels: &Labels, split: &Split) -> Vec<usize> {
    labels.pick(&split.test).counts()
}

/// Classes named by their ids, one after another.
fn labels(counts: &[usize]) -> Labels {
    let ids = counts.iter().enumerate().flat_map(|(id, &count)| vec![id; count]).collect();
    let names: Vec<String> = (0..counts.len()).map(|id| id.to_string()).collect();
    Labels::new(ids, &names).unwrap()
}
