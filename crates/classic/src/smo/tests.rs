//! The solver against the conditions of its module doc.

use super::*;
use crate::kernel::{Kernel, Points};
use base::Seed;
use ndarray::Array2;

const STOP: Stop = Stop { tolerance: 1e-3, max_iterations: 1_000_000 };

/// Two overlapping clouds: 60 rows of sign +1, then 40 of sign -1.
fn clouds(seed: u64, kernel: Kernel) -> Array2<f32> {
    let noise = Seed(seed).permutation(100 * 3);
    let value = |(y, x)| noise[y * 3 + x] as f32 / 300.0 + if y < 60 { 0.2 } else { 0.0 };
    kernel.gram(&Points::new(Array2::from_shape_fn((100, 3), value).view()).side())
}

/// The conditions of the module doc, from `beta` alone and in plain loops.
#[test]
fn solutions_meet_the_optimality_conditions() {
    let kernels = [
        Kernel::Linear,
        Kernel::Rbf { gamma: 3.0 },
        Kernel::Polynomial { gamma: 1.0, coef0: 1.0, degree: 2 },
        Kernel::Sigmoid { gamma: 0.5, coef0: -1.0 },
    ];
    for (kernel, c) in kernels.into_iter().flat_map(|k| [0.1, 1.0, 50.0].map(|c| (k, c))) {
        let gram = clouds(5, kernel);
        let rows = GramRows::new(gram.view(), vec![0..60, 60..100]);
        let solution = solve(&rows, 60, &[c; 100], STOP);
        let Solution { beta, rho, objective, converged, .. } = solution.clone();
        assert!(converged, "{kernel:?} {c}");
        assert!(beta.iter().sum::<f64>().abs() < 1e-9 * c * 100.0, "{kernel:?} {c}");
        let (mut up, mut down) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut value = 0.0;
        for t in 0..100 {
            let (y, low, high) = if t < 60 { (1.0, 0.0, c) } else { (-1.0, -c, 0.0) };
            assert!((low..=high).contains(&beta[t]), "{kernel:?} {c}: beta {t}");
            let product: f64 = (0..100).map(|s| f64::from(gram[[t, s]]) * beta[s]).sum();
            value += beta[t] * (0.5 * product - y);
            if beta[t] < high {
                up = up.max(y - product);
            }
            if beta[t] > low {
                down = down.min(y - product);
            }
        }
        assert!((solution.violation - (up - down).max(0.0)).abs() < 1e-8, "{kernel:?} {c}");
        // The slack is what the running sum of the pulls has lost to rounding.
        assert!(up - down < STOP.tolerance + 1e-8, "{kernel:?} {c}: {up} {down}");
        assert!((-rho) <= up.max(down) + 1e-8 && (-rho) >= up.min(down) - 1e-8);
        assert!((value - objective).abs() < 1e-8 * (1.0 + value.abs()), "{kernel:?} {c}");
    }
}

#[test]
fn equal_rows_of_both_classes_end_at_the_bound() {
    let gram = Array2::ones((4, 4));
    let rows = GramRows::new(gram.view(), vec![0..2, 2..4]);
    let solution = solve(&rows, 2, &[3.0; 4], STOP);
    assert!(solution.converged);
    assert_eq!(solution.beta, [3.0, 3.0, -3.0, -3.0]);
    assert_eq!((solution.rho, solution.objective), (0.0, -12.0));
}

#[test]
fn the_limit_of_iterations_is_kept_and_told() {
    let gram = clouds(5, Kernel::Linear);
    let rows = GramRows::new(gram.view(), vec![0..60, 60..100]);
    let solution = solve(&rows, 60, &[10.0; 100], Stop { max_iterations: 3, ..STOP });
    assert_eq!((solution.iterations, solution.converged), (3, false));
}

#[test]
fn the_place_of_the_classes_in_the_gram_matrix_does_not_matter() {
    let gram = clouds(9, Kernel::Rbf { gamma: 3.0 });
    let among = GramRows::new(gram.view(), vec![10..30, 70..100]);
    let rows: Vec<usize> = (10..30).chain(70..100).collect();
    let small = Array2::from_shape_fn((50, 50), |(y, x)| gram[[rows[y], rows[x]]]);
    let alone = GramRows::new(small.view(), vec![0..20, 20..50]);
    let upper = [1.0; 50];
    assert_eq!(solve(&among, 20, &upper, STOP), solve(&alone, 20, &upper, STOP));
}

/// Steps are worked out in single precision, which these pulls leave: not even their order is
/// known.
#[test]
fn numbers_too_large_for_single_precision_end() {
    let noise = Seed(6).permutation(40 * 40);
    let value = |(y, x): (usize, usize)| noise[40 * y.min(x) + y.max(x)] as f32 * 1e34 - 8e36;
    let gram = Array2::from_shape_fn((40, 40), value);
    let all = std::iter::once(0..40).collect();
    let rows = GramRows::new(gram.view(), all);
    let solution = solve(&rows, 20, &[1e6; 40], Stop { max_iterations: 100_000, ..STOP });
    assert!(solution.beta.iter().all(|beta| beta.abs() <= 1e6));
    assert!(solution.objective.is_finite() && solution.rho.is_finite());
    assert_eq!(solution.converged, solution.violation < STOP.tolerance);
}

/// Far below what single precision holds of the pulls themselves.
#[test]
fn a_tolerance_beyond_single_precision_is_met() {
    let gram = clouds(7, Kernel::Rbf { gamma: 3.0 });
    let rows = GramRows::new(gram.view(), vec![0..60, 60..100]);
    let stop = Stop { tolerance: 1e-10, ..STOP };
    let solution = solve(&rows, 60, &[10.0; 100], stop);
    assert!(solution.converged && solution.violation < 1e-10);
    assert!(solution.duality_gap < 1e-6, "{}", solution.duality_gap);
}
