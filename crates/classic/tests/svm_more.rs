//! The kernels for histograms, weights, one class against the rest and the nu-machine against
//! LIBSVM.
//!
//! `golden/svm_more.json` is written by `golden/svm_more.py` with scikit-learn, whose `SVC` and
//! `NuSVC` are LIBSVM; the rows are those of `golden/svm.json`.

use base::{Labels, Matrix, Rows};
use classic::{NuSvm, NuSvmParams, Svm, SvmModel, SvmParams};
use serde::Deserialize;

#[derive(Deserialize)]
struct Data {
    train: usize,
    pixels: Vec<Vec<u8>>,
    labels: Vec<usize>,
}

#[derive(Deserialize)]
struct Case<P> {
    params: P,
    /// Of the first test rows, for each boundary.
    decisions: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Golden {
    source: String,
    cases: Vec<Case<SvmParams>>,
    weights: Vec<f64>,
    weighted: Case<SvmParams>,
    nu_cases: Vec<Case<NuSvmParams>>,
}

struct Problem {
    x: Matrix,
    y: Labels,
    x_test: Matrix,
}

fn golden() -> (Golden, Problem) {
    let golden: Golden = serde_json::from_str(include_str!("golden/svm_more.json")).expect("valid");
    let data: Data = serde_json::from_str(include_str!("golden/svm.json")).expect("valid");
    let value = |(row, column): (usize, usize)| f32::from(data.pixels[row][column]) / 64.0;
    let all = Matrix::from_shape_fn((data.pixels.len(), 16), value);
    let names = ["1", "3", "8", "9"].map(str::to_owned);
    let train: Vec<usize> = (0..data.train).collect();
    let test: Vec<usize> = (data.train..data.labels.len()).collect();
    let y = Labels::new(data.labels, &names).expect("four classes").pick(&train);
    (golden, Problem { x: all.pick(&train), y, x_test: all.pick(&test) })
}

/// The tolerance is that of `libsvm.rs`, for the reason given there.
fn assert_decisions(model: &SvmModel, x_test: &Matrix, want: &[Vec<f64>], what: &str) {
    assert!(model.fits().iter().all(|fit| fit.converged), "{what}");
    let shown = x_test.slice(ndarray::s![..want.len(), ..]).to_owned();
    let got = model.decisions(&shown);
    assert_eq!(got.dim(), (want.len(), want[0].len()), "{what}");
    for (got, want) in got.iter().zip(want.iter().flatten()) {
        assert!((got - want).abs() < 1e-4 * (1.0 + want.abs()), "{what}: {got}, should be {want}");
    }
}

#[test]
fn kernels_class_weights_and_one_against_rest_are_those_of_libsvm() {
    let (golden, Problem { x, y, x_test }) = golden();
    for case in &golden.cases {
        let exact = SvmParams { tolerance: 1e-6, ..case.params.clone() };
        let model = Svm::new(&exact).expect("valid").train(&x, &y).expect("learns");
        let what = format!("{:?} by {}", case.params, golden.source);
        assert_decisions(&model, &x_test, &case.decisions, &what);
        for fit in model.fits() {
            // What the violation that is left can still be worth.
            assert!(fit.duality_gap.abs() < 1e-3 * (1.0 + fit.objective.abs()), "{what}: {fit:?}");
        }
    }
}

#[test]
fn row_weights_are_those_of_libsvm() {
    let (golden, Problem { x, y, x_test }) = golden();
    let exact = SvmParams { tolerance: 1e-6, ..golden.weighted.params };
    let svm = Svm::new(&exact).expect("valid");
    let model = svm.train_weighted(&x, &y, &golden.weights).expect("learns");
    assert_decisions(&model, &x_test, &golden.weighted.decisions, &golden.source);
    for (weights, word) in [
        (vec![1.0; 3], "3 weights for 240 rows"),
        (vec![0.0; 240], "0 class(es)"),
        ((0..240).map(|row| if row == 7 { -1.0 } else { 1.0 }).collect(), "row 7"),
    ] {
        let error = svm.train_weighted(&x, &y, &weights).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn the_nu_machine_is_that_of_libsvm() {
    let (golden, Problem { x, y, x_test }) = golden();
    for case in &golden.nu_cases {
        let exact = NuSvmParams { tolerance: 1e-8, ..case.params.clone() };
        let model = NuSvm::new(&exact).expect("valid").train(&x, &y).expect("learns");
        let what = format!("{:?} by {}", case.params, golden.source);
        assert_decisions(&model, &x_test, &case.decisions, &what);
    }
}

/// However little memory there is, the optimum is the same: a limit that keeps no row, one that
/// forces the working set to shrink (it may then have 256 rows), and plenty.
#[test]
fn the_memory_limit_does_not_change_the_machine() {
    let noise = base::Seed(3).permutation(1200 * 3);
    let x =
        Matrix::from_shape_fn((1200, 3), |(row, column)| noise[row * 3 + column] as f32 / 3600.0);
    let names = ["a", "b"].map(str::to_owned);
    // Hard: one row in four has the wrong label, so most rows become support vectors.
    let wrong = base::Seed(4).permutation(1200);
    let id = |row: usize| usize::from((x[[row, 0]] > 0.5) ^ wrong[row].is_multiple_of(4));
    let y = Labels::new((0..1200).map(id).collect(), &names).expect("two classes");
    let objective = |memory_limit_bytes| {
        let params = SvmParams { memory_limit_bytes, tolerance: 1e-4, ..Default::default() };
        let model = Svm::new(&params).expect("valid").train(&x, &y).expect("learns");
        assert!(model.fits()[0].converged, "{memory_limit_bytes}");
        assert!(model.support_vectors() > 600, "the working set alone would not hold them");
        model.fits()[0].objective
    };
    let plenty = objective(1 << 30);
    for limit in [1, 1 << 20, 4 << 20] {
        let little = objective(limit);
        assert!((little / plenty - 1.0).abs() < 1e-6, "{limit}: {little} {plenty}");
    }
}
