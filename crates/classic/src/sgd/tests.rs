use super::*;
use crate::check::samples::{clouds, in_threads, labels};
use crate::{LinearLoss, LinearSvm, LinearSvmParams};
use base::{Convergence, Rows};

const RULES: [SgdRule; 2] = [SgdRule::Pegasos, SgdRule::Averaged];

fn sgd(params: &SgdSvmParams) -> SgdSvm {
    SgdSvm::new(params).expect("valid settings")
}

#[test]
fn keeps_the_contract_and_tells_its_epochs() {
    for classes in [2, 4] {
        let (x, y) = clouds(classes, 15);
        let y = labels(y.ids().to_vec(), if classes == 2 { 2 } else { 5 });
        for rule in RULES {
            let params = SgdSvmParams { rule, lambda: 0.01, epochs: 20, ..Default::default() };
            eval::contract::check(&sgd(&params), &x, &y);
            let summary = sgd(&params).train(&x, &y, Seed(1)).unwrap().summary();
            assert_eq!(summary.convergence, Convergence::Completed { iterations: 20 });
            assert_eq!(summary.curve.len(), 20);
            assert!(summary.curve[19].loss < summary.curve[0].loss, "{:?}", summary.curve);
        }
    }
}

#[test]
fn each_wrong_setting_is_named() {
    let base = SgdSvmParams::default;
    for (params, name) in [
        (SgdSvmParams { lambda: 0.0, ..base() }, "lambda"),
        (SgdSvmParams { lambda: f64::NAN, ..base() }, "lambda"),
        (SgdSvmParams { epochs: 0, ..base() }, "epochs"),
        (SgdSvmParams { intercept_scaling: -0.1, ..base() }, "intercept_scaling"),
    ] {
        assert_eq!(SgdSvm::new(&params).unwrap_err().name, name);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = clouds(5, 40);
    for rule in RULES {
        let train = || sgd(&SgdSvmParams { rule, ..Default::default() }).train(&x, &y, Seed(1));
        assert_eq!(in_threads(1, train).unwrap(), in_threads(2, train).unwrap());
    }
}

/// The two rules as written, in full: `w` is multiplied in each step and all `w` are added up.
fn plain(x: &Matrix, y: &Labels, lambda: f64, rule: SgdRule) -> Vec<f64> {
    let (mut w, mut sum, mut weights) = (vec![0.0; 5], vec![0.0; 5], 0.0);
    let mut largest = 0.0_f64;
    for (step, (row, &id)) in x.rows().into_iter().zip(y.ids()).enumerate() {
        let t = (step + 1) as f64;
        let row: Vec<f64> = row.iter().map(|&v| f64::from(v)).chain([1.0]).collect();
        let side = if id == 1 { 1.0 } else { -1.0 };
        largest = largest.max(row.iter().map(|v| v * v).sum());
        let rate = match rule {
            SgdRule::Pegasos => 1.0 / (lambda * t),
            SgdRule::Averaged => 2.0 / (lambda * (t + 1.0) + 2.0 * largest),
        };
        let margin: f64 = side * row.iter().zip(&w).map(|(v, w)| v * w).sum::<f64>();
        for (w, v) in w.iter_mut().zip(&row) {
            *w = (1.0 - rate * lambda) * *w + if margin < 1.0 { rate * side * v } else { 0.0 };
        }
        let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
        if rule == SgdRule::Pegasos && length > 1.0 / lambda.sqrt() {
            w.iter_mut().for_each(|w| *w /= lambda.sqrt() * length);
        }
        weights += t;
        sum.iter_mut().zip(&w).for_each(|(sum, w)| *sum += t * w);
    }
    if rule == SgdRule::Averaged { sum.iter().map(|sum| sum / weights).collect() } else { w }
}

#[test]
fn lazy_sums_are_those_of_the_rules_as_written() {
    let (x, y) = clouds(2, 200);
    let order: Vec<usize> = (0..20).flat_map(|pass| Seed(pass).permutation(400)).collect();
    let (x, y) = (x.pick(&order), y.pick(&order));
    for rule in RULES {
        for lambda in [1e-4, 0.05, 1.0] {
            let params = OnlineLinearParams { lambda, rule, intercept_scaling: 1.0 };
            let mut online = OnlineLinear::new(&params).unwrap();
            online.partial_fit(&x, &y).unwrap();
            let model = online.model().unwrap();
            let got: Vec<f64> = model.weights().iter().chain(model.intercepts()).copied().collect();
            let want = plain(&x, &y, lambda, rule);
            for (got, want) in got.into_iter().zip(want) {
                let difference = (got - want).abs() / (1.0 + want.abs());
                assert!(difference < 1e-9, "{rule:?} {lambda}: {got} for {want}");
            }
        }
    }
}

#[test]
fn rows_in_pieces_give_the_same_bits() {
    let (x, y) = clouds(3, 30);
    let order = Seed(4).permutation(90);
    for rule in RULES {
        let params = OnlineLinearParams { rule, ..Default::default() };
        let [mut whole, mut pieces] = [(); 2].map(|()| OnlineLinear::new(&params).unwrap());
        whole.partial_fit(&x.pick(&order), &y.pick(&order)).unwrap();
        for piece in order.chunks(7) {
            pieces.partial_fit(&x.pick(piece), &y.pick(piece)).unwrap();
        }
        assert_eq!(whole.model(), pieces.model());
        assert!(whole.model().is_some() && whole.steps() == 90);
    }
}

#[test]
fn rows_that_do_not_go_with_those_before_change_nothing() {
    let (x, y) = clouds(3, 10);
    let mut online = OnlineLinear::new(&OnlineLinearParams::default()).unwrap();
    let first: Vec<usize> = (0..10).collect();
    online.partial_fit(&x.pick(&first), &y.pick(&first)).unwrap();
    assert!(online.model().is_none(), "rows of one class");
    online.partial_fit(&x, &y).unwrap();
    let before = online.model();
    let mut bad = x.clone();
    bad[[3, 2]] = f32::NAN;
    let narrow = x.slice(ndarray::s![.., ..3]).to_owned();
    let other = labels(y.ids().to_vec(), 4);
    for (x, y, words) in [
        (&bad, &y, "row 3, column 2"),
        (&narrow, &y, "3 features, but those before them had 4"),
        (&x, &other, "the labels name the classes"),
        (&x, &y.pick(&first), "30 rows but 10 labels"),
    ] {
        let error = online.partial_fit(x, y).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(online.model(), before);
    }
}

/// How far the objective is above the optimum, which dual coordinate descent finds to nine digits.
fn excess(x: &Matrix, y: &Labels, lambda: f64, rule: SgdRule, epochs: u64) -> f64 {
    let n = y.len() as f64;
    let exact = LinearSvmParams {
        c: 1.0 / (lambda * n),
        loss: LinearLoss::Hinge,
        tolerance: 1e-9,
        max_iterations: 100_000,
        ..Default::default()
    };
    let exact = LinearSvm::new(&exact).unwrap().train(x, y, Seed(1)).unwrap();
    let optimum = exact.optima()[0].primal * lambda;
    let params = SgdSvmParams { lambda, rule, epochs, ..Default::default() };
    let model = sgd(&params).train(x, y, Seed(1)).unwrap();
    let decisions = model.decisions(x);
    let short = |(d, &id): (&f64, &usize)| (if id == 1 { 1.0 - d } else { 1.0 + d }).max(0.0);
    let loss: f64 = decisions.iter().zip(y.ids()).map(short).sum();
    let (norm, b) = (model.norms()[0], model.intercepts()[0]);
    let got = 0.5 * lambda * (norm * norm + b * b) + loss / n;
    assert!(got >= optimum * (1.0 - 1e-9), "{rule:?}: {got} is below the optimum {optimum}");
    got - optimum
}

/// The bound of Lacoste-Julien et al. after T steps is 2 G^2 / (lambda (T + 1)), where G bounds the
/// subgradients: R + lambda ||w||, and ||w|| <= 1 / sqrt(lambda). That of Pegasos has a logarithm
/// of T on top. Both fall as about 1 / T.
#[test]
fn the_objective_comes_near_the_optimum_as_fast_as_the_papers_say() {
    let (x, y) = clouds(2, 100);
    let lambda = 0.01_f64;
    let square = x.rows().into_iter().map(|row| row.dot(&row) + 1.0).fold(0.0, f32::max);
    let g = f64::from(square).sqrt() + lambda.sqrt();
    for rule in RULES {
        let [early, late] = [20, 500].map(|epochs| excess(&x, &y, lambda, rule, epochs));
        let steps = 500.0 * 200.0_f64;
        let log = if rule == SgdRule::Pegasos { 1.0 + steps.ln() } else { 1.0 };
        assert!(late < 2.0 * g * g * log / (lambda * steps), "{rule:?}: {late}");
        // 25 times the steps; a third of that gain must be there.
        assert!(late < early / 8.0, "{rule:?}: {early} and {late}");
    }
}
