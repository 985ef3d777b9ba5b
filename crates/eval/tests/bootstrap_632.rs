//! .632 and .632+ against other programs: `golden/bootstrap_632.json` is written by
//! `golden/bootstrap_632.py`, with mlxtend and with fractions.

use eval::statistics::error_632::{no_information_rate, point_632, point_632_plus};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    source: String,
    /// Rounding.
    tolerance: f64,
    models: Vec<Model>,
    bounded: Vec<[f64; 6]>,
}

#[derive(Deserialize)]
struct Model {
    model: String,
    truth: Vec<usize>,
    predicted: Vec<usize>,
    apparent: f64,
    out_of_bag: f64,
    no_information: f64,
    point_632: f64,
    point_632_plus: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/bootstrap_632.json")).unwrap()
}

#[test]
fn estimates_of_models_are_those_of_mlxtend() {
    let golden = golden();
    assert!(golden.models.len() >= 8, "{}", golden.models.len());
    for case in &golden.models {
        let rate = no_information_rate(&case.truth, &case.predicted).unwrap();
        let plus = point_632_plus(case.apparent, case.out_of_bag, rate).unwrap();
        let plain = point_632(case.apparent, case.out_of_bag).unwrap();
        for (what, found, expected) in [
            ("no-information rate", rate, case.no_information),
            (".632", plain, case.point_632),
            (".632+", plus.estimate, case.point_632_plus),
        ] {
            let close = (found - expected).abs() <= golden.tolerance;
            assert!(close, "{} {what}: {found}, not {expected} ({})", case.model, golden.source);
        }
    }
}

#[test]
fn the_overfitting_rate_stays_between_0_and_1() {
    let golden = golden();
    assert_eq!(golden.bounded.len(), 98);
    for case in &golden.bounded {
        let [apparent, out_of_bag, no_information, overfitting, plain, plus] = *case;
        let found = point_632_plus(apparent, out_of_bag, no_information).unwrap();
        let found_plain = point_632(apparent, out_of_bag).unwrap();
        for (found, expected) in
            [(found.overfitting, overfitting), (found_plain, plain), (found.estimate, plus)]
        {
            assert!((found - expected).abs() <= golden.tolerance, "{case:?}: {found}");
        }
    }
}
