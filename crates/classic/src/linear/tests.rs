use super::*;
use crate::check::samples::{clouds, in_threads, labels};
use base::{Convergence, Rows};

const CHOICES: [(LinearLoss, LinearMultiClass); 3] = [
    (LinearLoss::Hinge, LinearMultiClass::OneVsRest),
    (LinearLoss::SquaredHinge, LinearMultiClass::OneVsRest),
    (LinearLoss::Hinge, LinearMultiClass::CrammerSinger),
];

fn svm(params: &LinearSvmParams) -> LinearSvm {
    LinearSvm::new(params).expect("valid settings")
}

fn choices() -> impl Iterator<Item = LinearSvmParams> {
    CHOICES.into_iter().map(|(loss, multi_class)| LinearSvmParams {
        loss,
        multi_class,
        ..Default::default()
    })
}

#[test]
fn keeps_the_contract_with_every_loss() {
    for classes in [2, 4] {
        let (x, y) = clouds(classes, 15);
        // One more name than there are rows for.
        let y = labels(y.ids().to_vec(), classes + 1);
        for params in choices() {
            eval::contract::check(&svm(&params), &x, &y);
        }
    }
}

#[test]
fn each_wrong_setting_is_named() {
    let base = LinearSvmParams::default;
    let weights = |weight| ClassWeight::PerClass(vec![1.0, weight]);
    for (params, name) in [
        (LinearSvmParams { class_weight: weights(-1.0), ..base() }, "class_weight"),
        (LinearSvmParams { class_weight: weights(1e39), ..base() }, "class_weight"),
        (LinearSvmParams { c: 0.0, ..base() }, "c"),
        (LinearSvmParams { c: -1.0, ..base() }, "c"),
        (LinearSvmParams { c: f64::NAN, ..base() }, "c"),
        (LinearSvmParams { c: 1.1e30, ..base() }, "c"),
        (LinearSvmParams { c: f64::MAX, ..base() }, "c"),
        (LinearSvmParams { intercept_scaling: -1.0, ..base() }, "intercept_scaling"),
        (LinearSvmParams { tolerance: 0.0, ..base() }, "tolerance"),
        (LinearSvmParams { max_iterations: 0, ..base() }, "max_iterations"),
    ] {
        assert_eq!(LinearSvm::new(&params).unwrap_err().name, name);
    }
}

/// Rows that contradict each other drive `alpha` of the hinge to its bound.
#[test]
fn the_largest_penalty_and_weights_leave_finite_objectives() {
    let x = Matrix::from_elem((6, 3), 1.5);
    let y = labels(vec![0, 1, 0, 1, 0, 1], 2);
    let largest = f64::from(f32::MAX);
    let weights = [largest; 6];
    for params in choices() {
        let class_weight = ClassWeight::PerClass(vec![largest; 2]);
        let params = LinearSvmParams { c: 1e30, max_iterations: 10, class_weight, ..params };
        let model = svm(&params).train_weighted(&x, &y, &weights, Seed(1)).unwrap();
        for optimum in model.optima() {
            assert!(optimum.primal.is_finite(), "{params:?}: {optimum:?}");
            assert!(optimum.gap().unwrap().is_finite(), "{params:?}: {optimum:?}");
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = clouds(5, 70);
    for params in choices() {
        let train = || svm(&params).train(&x, &y, Seed(1)).unwrap();
        assert_eq!(in_threads(1, train), in_threads(2, train), "{params:?}");
    }
}

#[test]
fn a_fit_stopped_early_says_so() {
    let (x, y) = clouds(3, 40);
    for params in choices() {
        let params = LinearSvmParams { max_iterations: 2, tolerance: 1e-6, ..params };
        let model = svm(&params).train(&x, &y, Seed(1)).unwrap();
        let machines = model.optima().len() as u64;
        let want = Convergence::LimitReached { iterations: 2 * machines };
        assert_eq!(model.summary().convergence, want);
        assert!(model.optima().iter().all(|optimum| optimum.gap().unwrap() > 0.0));
    }
}

#[test]
fn values_that_are_not_finite_are_told_with_their_place() {
    let (mut x, y) = clouds(3, 10);
    x[[7, 2]] = f32::NAN;
    x[[8, 0]] = f32::INFINITY;
    let error = svm(&LinearSvmParams::default()).train(&x, &y, Seed(1)).unwrap_err();
    assert!(matches!(error, FitError::NotFinite { row: 7, column: 2, .. }), "{error}");
}

/// A weight of 2 is a row given twice, and a weight of 0 a row not given.
#[test]
fn weights_count_rows() {
    let (x, y) = clouds(3, 20);
    let weights: Vec<f64> = (0..60).map(|row| [1.0, 2.0, 0.0][row % 3]).collect();
    let rows: Vec<usize> = (0..60).flat_map(|row| vec![row; weights[row] as usize]).collect();
    for class_weight in [ClassWeight::Equal, ClassWeight::Balanced] {
        for params in choices() {
            let tolerance = 1e-9;
            let max_iterations = 100_000;
            let class_weight = class_weight.clone();
            let params = LinearSvmParams { class_weight, tolerance, max_iterations, ..params };
            let weighted = svm(&params).train_weighted(&x, &y, &weights, Seed(1)).unwrap();
            let repeated = svm(&params).train(&x.pick(&rows), &y.pick(&rows), Seed(1)).unwrap();
            for (a, b) in weighted.optima().iter().zip(repeated.optima()) {
                assert!(a.converged && b.converged, "{params:?}");
                assert!((a.primal / b.primal - 1.0).abs() < 1e-7, "{params:?}: {a:?} {b:?}");
            }
        }
    }
}

/// The same row with both labels can only be paid for; all weights are 0 if there is no other.
#[test]
fn constant_columns_rows_of_zeros_and_contradictions_have_an_optimum() {
    let y = labels(vec![0, 1, 0, 1, 0, 1], 2);
    let contradiction = Matrix::from_elem((6, 3), 1.5);
    let mut zeros = Matrix::zeros((6, 3));
    for params in choices() {
        let params = LinearSvmParams { tolerance: 1e-6, ..params };
        let model = svm(&params).train(&contradiction, &y, Seed(1)).unwrap();
        assert!(matches!(model.summary().convergence, Convergence::Converged { .. }));
        assert!(model.weights().iter().all(|w| w.abs() < 1e-4), "{params:?}: {model:?}");
        // Each of 6 rows costs 1, whatever the loss.
        assert!((model.optima()[0].primal - 6.0).abs() < 1e-3, "{params:?}: {model:?}");
        let no_intercept = LinearSvmParams { intercept_scaling: 0.0, ..params.clone() };
        let model = svm(&no_intercept).train(&zeros, &y, Seed(1)).unwrap();
        assert!((model.optima()[0].primal - 6.0).abs() < 1e-12, "{params:?}: {model:?}");
        assert!(model.optima()[0].gap().unwrap().abs() < 1e-5, "{params:?}: {model:?}");
    }
    // A column that tells nothing gets no weight beside one that does.
    zeros.column_mut(1).assign(&ndarray::array![-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
    let params = LinearSvmParams { tolerance: 1e-9, ..Default::default() };
    let model = svm(&params).train(&zeros, &y, Seed(1)).unwrap();
    assert_eq!((model.weights()[[0, 0]], model.weights()[[0, 2]]), (0.0, 0.0));
    assert!(model.weights()[[0, 1]] > 0.9);
}

/// Rows in another order of memory are the same rows.
#[test]
fn the_layout_of_the_rows_does_not_matter() {
    let (x, y) = clouds(3, 20);
    let columns_first = x.t().as_standard_layout().into_owned().reversed_axes();
    assert!(!columns_first.is_standard_layout());
    let recipe = svm(&LinearSvmParams::default());
    let [a, b] = [&x, &columns_first].map(|x| recipe.train(x, &y, Seed(1)).unwrap());
    assert_eq!(a, b);
    assert_eq!(a.decisions(&x), a.decisions(&columns_first));
}
