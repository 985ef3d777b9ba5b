//! The dual problem of a two-class support vector machine, by sequential minimal optimisation.
//!
//! # The problem
//! Rows `t = 0..n` have the sign `y[t] = +1` (the first class) or `-1` (the second) and the Gram
//! matrix `K`. With `beta[t] = y[t] alpha[t]`, LIBSVM's dual problem reads
//!
//! ```text
//! minimise    1/2 beta' K beta  -  y' beta
//! subject to  sum of beta = 0
//!             0 <= beta[t] <= C     where y[t] = +1
//!            -C <= beta[t] <= 0     where y[t] = -1
//! ```
//!
//! The signs are in the bounds alone, and the loop below needs none. `pull[t] = y[t] - (K beta)[t]`
//! is minus the gradient (LIBSVM's `-y G`): how fast the objective falls when `beta[t]` grows. A
//! step moves an amount from some `beta[j]` to some `beta[i]`, which keeps the sum.
//!
//! At the optimum no row that may still grow pulls harder than one that may still shrink. The
//! solver stops when the largest violation
//! `max{pull[t] : beta[t] may grow} - min{pull[t] : beta[t] may shrink}` is below the tolerance.
//!
//! # Source
//! R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information for
//! training support vector machines", JMLR 6:1889-1918, 2005, as done in LIBSVM 3: `i` is the
//! strongest pull that may grow, `j` the partner with the largest fall of the objective to second
//! order; `TAU` stands in for a curvature that is not positive (kernels that are not positive
//! semi-definite, equal rows); the last of equal candidates wins.
//!
//! Departures: no shrinking (the Gram matrix is at hand, so a row costs a copy and not a kernel
//! evaluation), and the limit of iterations is a setting.

use ndarray::ArrayView2;
use std::ops::Range;

/// LIBSVM's replacement for a curvature that is not positive.
const TAU: f64 = 1e-12;

/// The kernel values of the rows of two classes, inside a Gram matrix that may hold more rows.
#[derive(Debug, Clone)]
pub struct PairGram<'a> {
    /// Square and symmetric.
    pub gram: ArrayView2<'a, f32>,
    /// Rows of the first class, sign +1.
    pub first: Range<usize>,
    /// Rows of the second class, sign -1.
    pub second: Range<usize>,
}

impl PairGram<'_> {
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// Where row `t` of the pair stands in the whole matrix.
    fn place(&self, t: usize) -> usize {
        match t.checked_sub(self.first.len()) {
            None => self.first.start + t,
            Some(t) => self.second.start + t,
        }
    }

    fn diagonal(&self, t: usize) -> f64 {
        f64::from(self.gram[[self.place(t), self.place(t)]])
    }

    /// Writes the kernel values of row `t` with all rows of the pair into `out`.
    fn copy_row(&self, t: usize, out: &mut [f32]) {
        let row = self.gram.row(self.place(t));
        let row = row.to_slice().expect("rows of a Gram matrix are contiguous");
        let (first, second) = out.split_at_mut(self.first.len());
        first.copy_from_slice(&row[self.first.clone()]);
        second.copy_from_slice(&row[self.second.clone()]);
    }
}

/// When the solver stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Largest violation that is left, positive.
    pub tolerance: f64,
    /// Steps after which it gives up.
    pub max_iterations: u64,
}

/// What the solver found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// `y alpha` of each row: those of the first class, then those of the second.
    pub beta: Vec<f64>,
    /// LIBSVM's `rho`: the decision value of `x` is `sum of beta[t] K(x_t, x) - rho`, positive on
    /// the side of the first class.
    pub rho: f64,
    /// `1/2 beta' K beta - y' beta`, which was minimised.
    pub objective: f64,
    /// Value of the primal problem, `1/2 |w|^2 + C x sum of max(0, 1 - y decision)`, minus that of
    /// the dual.
    pub duality_gap: f64,
    /// Largest violation that is left.
    pub violation: f64,
    /// `|w|`, the square root of `beta' K beta`; 0 if that is negative.
    pub weight_norm: f64,
    /// Steps done.
    pub iterations: u64,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// Solves the dual problem with the penalty `c` for one pair of classes.
///
/// ```
/// use classic::smo::{PairGram, Stop, solve};
/// // The numbers 1 and -1 under the linear kernel: the boundary is 0, the margins touch both.
/// let gram = ndarray::array![[1.0_f32, -1.0], [-1.0, 1.0]];
/// let pair = PairGram { gram: gram.view(), first: 0..1, second: 1..2 };
/// let solution = solve(&pair, 10.0, Stop { tolerance: 1e-3, max_iterations: 100 });
/// assert_eq!((solution.beta, solution.rho), (vec![0.5, -0.5], 0.0));
/// assert_eq!(solution.objective, -0.5);
/// ```
///
/// # Panics
/// If a range of rows lies outside the Gram matrix, or that is not in row order.
pub fn solve(pair: &PairGram<'_>, c: f64, stop: Stop) -> Solution {
    let n = pair.len();
    let positive = pair.first.len();
    let lower = |t: usize| if t < positive { 0.0 } else { -c };
    let upper = |t: usize| if t < positive { c } else { 0.0 };
    let sign = |t: usize| if t < positive { 1.0 } else { -1.0 };

    let diagonal: Vec<f64> = (0..n).map(|t| pair.diagonal(t)).collect();
    let mut beta = vec![0.0; n];
    let mut pull: Vec<f64> = (0..n).map(sign).collect();
    let mut may_grow: Vec<bool> = (0..n).map(|t| t < positive).collect();
    let mut may_shrink: Vec<bool> = (0..n).map(|t| t >= positive).collect();
    let (mut row_i, mut row_j) = (vec![0.0; n], vec![0.0; n]);

    let mut iterations = 0;
    let converged = loop {
        let Some(i) = strongest(&pull, &may_grow) else { break true };
        pair.copy_row(i, &mut row_i);
        let candidates = Candidates { pull: &pull, may_shrink: &may_shrink, diagonal: &diagonal };
        let (partner, violation) = candidates.partner(i, &row_i);
        let Some(j) = partner.filter(|_| violation >= stop.tolerance) else { break true };
        if iterations == stop.max_iterations {
            break false;
        }
        iterations += 1;
        pair.copy_row(j, &mut row_j);

        let curvature = curvature(diagonal[i], diagonal[j], row_i[j]);
        let (room_i, room_j) = (upper(i) - beta[i], beta[j] - lower(j));
        let step = ((pull[i] - pull[j]) / curvature).min(room_i).min(room_j);
        // A bound that is reached is met exactly, or the row would keep creeping towards it.
        beta[i] = if step == room_i { upper(i) } else { beta[i] + step };
        beta[j] = if step == room_j { lower(j) } else { beta[j] - step };
        for t in [i, j] {
            may_grow[t] = beta[t] < upper(t);
            may_shrink[t] = beta[t] > lower(t);
        }
        for ((pull, &k_i), &k_j) in pull.iter_mut().zip(&row_i).zip(&row_j) {
            *pull -= step * (f64::from(k_i) - f64::from(k_j));
        }
    };

    // K beta = y - pull, so the objective needs no further product.
    let objective = -0.5 * (0..n).map(|t| beta[t] * (sign(t) + pull[t])).sum::<f64>();
    let rho = -offset(&pull, &may_grow, &may_shrink);
    let product = |t: usize| sign(t) - pull[t];
    let square = (0..n).map(|t| beta[t] * product(t)).sum::<f64>();
    let slack = (0..n).map(|t| (1.0 - sign(t) * (product(t) - rho)).max(0.0)).sum::<f64>();
    let duality_gap = 0.5 * square + c * slack + objective;
    let up = pull.iter().zip(&may_grow).filter(|&(_, &may)| may).map(|(&pull, _)| pull);
    let down = pull.iter().zip(&may_shrink).filter(|&(_, &may)| may).map(|(&pull, _)| pull);
    let violation = up.fold(f64::NEG_INFINITY, f64::max) - down.fold(f64::INFINITY, f64::min);
    let (violation, weight_norm) = (violation.max(0.0), square.max(0.0).sqrt());
    Solution { beta, rho, objective, duality_gap, violation, weight_norm, iterations, converged }
}

/// The row with the largest pull among those that may grow, the last of equal ones.
fn strongest(pull: &[f64], may_grow: &[bool]) -> Option<usize> {
    let mut best = (None, f64::NEG_INFINITY);
    for (t, (&pull, &allowed)) in pull.iter().zip(may_grow).enumerate() {
        if allowed && pull >= best.1 {
            best = (Some(t), pull);
        }
    }
    best.0
}

/// What the choice of the second row looks at.
struct Candidates<'a> {
    pull: &'a [f64],
    may_shrink: &'a [bool],
    diagonal: &'a [f64],
}

impl Candidates<'_> {
    /// The row that, moved against `i`, lets the objective fall most to second order, and the
    /// largest violation there is with `i`.
    fn partner(&self, i: usize, row_i: &[f32]) -> (Option<usize>, f64) {
        let mut best = (None, f64::NEG_INFINITY);
        let mut violation = f64::NEG_INFINITY;
        let (pull_i, diagonal_i) = (self.pull[i], self.diagonal[i]);
        let rows = self.pull.iter().zip(self.may_shrink).zip(self.diagonal).zip(row_i);
        for (t, (((&pull, &may_shrink), &diagonal), &k)) in rows.enumerate() {
            let difference = pull_i - pull;
            if !may_shrink || difference <= 0.0 {
                continue;
            }
            violation = violation.max(difference);
            let fall = difference * difference / curvature(diagonal_i, diagonal, k);
            if fall >= best.1 {
                best = (Some(t), fall);
            }
        }
        (best.0, violation)
    }
}

/// Second derivative of the objective along "more of one row, less of the other".
fn curvature(k_ii: f64, k_jj: f64, k_ij: f32) -> f64 {
    let curvature = k_ii + k_jj - 2.0 * f64::from(k_ij);
    if curvature > 0.0 { curvature } else { TAU }
}

/// Minus `rho`: the mean pull of the rows between their bounds or, without any, the middle of
/// what the bounds allow.
fn offset(pull: &[f64], may_grow: &[bool], may_shrink: &[bool]) -> f64 {
    let (mut sum, mut free) = (0.0, 0_u32);
    let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
    for (t, &pull) in pull.iter().enumerate() {
        match (may_grow[t], may_shrink[t]) {
            (true, true) => {
                sum += pull;
                free += 1;
            }
            (true, false) => highest = highest.max(pull),
            (false, _) => lowest = lowest.min(pull),
        }
    }
    if free > 0 { sum / f64::from(free) } else { f64::midpoint(highest, lowest) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Kernel, Points};
    use base::Seed;
    use ndarray::Array2;

    const STOP: Stop = Stop { tolerance: 1e-3, max_iterations: 1_000_000 };

    /// Two overlapping clouds: 60 rows of sign +1, then 40 of sign -1.
    fn clouds(seed: u64, kernel: Kernel) -> Array2<f32> {
        let noise = Seed(seed).permutation(100 * 3);
        let value = |(y, x)| noise[y * 3 + x] as f32 / 300.0 + if y < 60 { 0.2 } else { 0.0 };
        kernel.gram(Points::new(Array2::from_shape_fn((100, 3), value)).side())
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
            let pair = PairGram { gram: gram.view(), first: 0..60, second: 60..100 };
            let Solution { beta, rho, objective, converged, .. } = solve(&pair, c, STOP);
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
            let solution = solve(&pair, c, STOP);
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
        let pair = PairGram { gram: gram.view(), first: 0..2, second: 2..4 };
        let solution = solve(&pair, 3.0, STOP);
        assert!(solution.converged);
        assert_eq!(solution.beta, [3.0, 3.0, -3.0, -3.0]);
        assert_eq!((solution.rho, solution.objective), (0.0, -12.0));
    }

    #[test]
    fn the_limit_of_iterations_is_kept_and_told() {
        let gram = clouds(5, Kernel::Linear);
        let pair = PairGram { gram: gram.view(), first: 0..60, second: 60..100 };
        let solution = solve(&pair, 10.0, Stop { max_iterations: 3, ..STOP });
        assert_eq!((solution.iterations, solution.converged), (3, false));
    }

    #[test]
    fn the_place_of_the_classes_in_the_gram_matrix_does_not_matter() {
        let gram = clouds(9, Kernel::Rbf { gamma: 3.0 });
        let pair = PairGram { gram: gram.view(), first: 10..30, second: 70..100 };
        let rows: Vec<usize> = (10..30).chain(70..100).collect();
        let small = Array2::from_shape_fn((50, 50), |(y, x)| gram[[rows[y], rows[x]]]);
        let alone = PairGram { gram: small.view(), first: 0..20, second: 20..50 };
        assert_eq!(solve(&pair, 1.0, STOP), solve(&alone, 1.0, STOP));
    }
}
