//! Dual coordinate descent for one linear machine with two sides.
//!
//! Minimised over `w`, where `m_i = y_i (w . x_i)` and `y_i` is 1 or -1:
//!
//! ```text
//! P(w) = 1/2 ||w||^2 + sum C_i max(0, 1 - m_i)        hinge loss
//! P(w) = 1/2 ||w||^2 + sum C_i max(0, 1 - m_i)^2      squared hinge loss
//! ```
//!
//! through the dual, which is maximised over `alpha`:
//!
//! ```text
//! D(alpha) = sum alpha_i - 1/2 ||w||^2 - 1/2 sum d_i alpha_i^2,   w = sum alpha_i y_i x_i
//! 0 <= alpha_i <= C_i, d_i = 0             hinge loss
//! 0 <= alpha_i,        d_i = 1 / (2 C_i)   squared hinge loss
//! ```
//!
//! One pass looks at the rows in random order, and moves each `alpha_i` to where `D` is largest
//! along it. Rows at a bound whose gradient says that they will stay there are left out (shrunk).
//! A pass in which the largest and the smallest projected gradient differ by at most the tolerance
//! ends the search, if it was over all rows; else all rows come back.
//!
//! Source: C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, "A dual coordinate
//! descent method for large-scale linear SVM", ICML 2008, Algorithm 3; shrinking and stopping as
//! in LIBLINEAR's solvers 1 and 3. Departures: another random order.

use crate::linear::LinearLoss;
use crate::linear::rows::{Plane, ReadRows};
use base::Seed;
use rand::seq::SliceRandom;

/// Moves smaller than this are not made.
const LEAST_GRADIENT: f64 = 1e-12;

/// Rows ahead at which the memory is told what will be read.
const AHEAD: usize = 2;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) tolerance: f64,
    /// Passes over the rows.
    pub(crate) max_iterations: u64,
}

/// One machine to be trained: which rows are on the positive side, and what each costs.
pub(crate) struct Machine<'a, R> {
    pub(crate) loss: LinearLoss,
    pub(crate) rows: &'a R,
    /// 1 or -1 for each row.
    pub(crate) sides: &'a [f64],
    /// `C_i` for each row; rows of cost 0 do not take part.
    pub(crate) costs: &'a [f64],
}

/// What came out.
pub(crate) struct Solution {
    pub(crate) plane: Plane,
    /// Of the rows; only tests of optimality need them once the plane is known.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) alpha: Vec<f64>,
    pub(crate) primal: f64,
    pub(crate) dual: f64,
    pub(crate) iterations: u64,
    pub(crate) converged: bool,
}

/// Extremes of the projected gradients met in a pass.
#[derive(Clone, Copy)]
struct Range {
    max: f64,
    min: f64,
}

impl Range {
    const NONE: Self = Self { max: f64::NEG_INFINITY, min: f64::INFINITY };
    /// Bounds of shrinking beyond which no gradient lies.
    const ALL: Self = Self { max: f64::INFINITY, min: f64::NEG_INFINITY };

    fn add(&mut self, gradient: f64) {
        self.max = self.max.max(gradient);
        self.min = self.min.min(gradient);
    }

    /// Bounds of shrinking in the pass after the one that met these gradients.
    fn bounds(self) -> Self {
        Self {
            max: if self.max > 0.0 { self.max } else { f64::INFINITY },
            min: if self.min < 0.0 { self.min } else { f64::NEG_INFINITY },
        }
    }
}

/// What the search knows of a row, in one place of the memory: rows come in random order.
#[derive(Clone, Copy)]
struct Coefficient {
    alpha: f64,
    /// Upper bound of `alpha`.
    bound: f64,
    /// 1 or -1.
    side: f64,
    /// `d_i`
    diagonal: f64,
    /// `1 / (||x_i||^2 + d_i)`, by which a gradient becomes a step.
    scale: f64,
}

impl Coefficient {
    /// Derivative of `-D` by `alpha`, for a row of this value on the plane.
    #[inline]
    fn gradient(&self, value: f64) -> f64 {
        self.side * value - 1.0 + self.diagonal * self.alpha
    }

    /// The gradient without the part that leads out of the bounds.
    #[inline]
    fn project(&self, gradient: f64) -> f64 {
        match (self.alpha == 0.0, self.alpha == self.bound) {
            (true, _) => gradient.min(0.0),
            (_, true) => gradient.max(0.0),
            _ => gradient,
        }
    }
}

impl<R: ReadRows> Machine<'_, R> {
    /// Descends until the stopping rule is met or the passes are used up.
    pub(crate) fn solve(&self, stop: Stop, seed: Seed) -> Solution {
        let mut random = seed.rng();
        let mut plane = self.rows.zero();
        let mut coefficients = self.start();
        let mut order: Vec<usize> =
            (0..self.rows.len()).filter(|&row| self.costs[row] > 0.0).collect();
        let mut active = order.len();
        let mut bounds = Range::ALL;
        let mut iterations = 0;
        let mut converged = false;
        while iterations < stop.max_iterations && !converged {
            iterations += 1;
            order[..active].shuffle(&mut random);
            let all = active == order.len();
            let met = self.pass(&mut order, &mut active, bounds, &mut coefficients, &mut plane);
            if met.max - met.min > stop.tolerance {
                bounds = met.bounds();
            } else if all && active == order.len() {
                converged = true;
            } else {
                active = order.len();
                bounds = Range::ALL;
            }
        }
        let alpha: Vec<f64> = coefficients.iter().map(|row| row.alpha).collect();
        let (primal, dual) = (self.primal(&plane), self.dual(&plane, &alpha));
        let plane = self.rows.by_feature(plane);
        Solution { plane, alpha, primal, dual, iterations, converged }
    }

    /// All `alpha` are 0.
    fn start(&self) -> Vec<Coefficient> {
        let of = |row: usize| {
            let (diagonal, bound) = self.curvature(row);
            let scale = (self.rows.squared_length(row) + diagonal).recip();
            Coefficient { alpha: 0.0, bound, side: self.sides[row], diagonal, scale }
        };
        (0..self.rows.len()).map(of).collect()
    }

    /// One pass over the first `active` rows of `order`; those that are shrunk go behind them.
    fn pass(
        &self,
        order: &mut [usize],
        active: &mut usize,
        bounds: Range,
        coefficients: &mut [Coefficient],
        plane: &mut Plane,
    ) -> Range {
        let mut met = Range::NONE;
        let mut position = 0;
        while position < *active {
            if let Some(&row) = order[..*active].get(position + AHEAD) {
                self.rows.announce(row);
            }
            let row = order[position];
            let this = &mut coefficients[row];
            let gradient = this.gradient(self.rows.value(plane, row));
            let (at_zero, at_bound) = (this.alpha == 0.0, this.alpha == this.bound);
            if (at_zero && gradient > bounds.max) || (at_bound && gradient < bounds.min) {
                *active -= 1;
                order.swap(position, *active);
                continue;
            }
            position += 1;
            let projected = this.project(gradient);
            met.add(projected);
            if projected.abs() > LEAST_GRADIENT {
                let new = (this.alpha - gradient * this.scale).clamp(0.0, this.bound);
                self.rows.add(plane, (new - this.alpha) * this.side, row);
                this.alpha = new;
            }
        }
        met
    }

    /// `d_i` and the upper bound of `alpha_i`.
    fn curvature(&self, row: usize) -> (f64, f64) {
        match self.loss {
            LinearLoss::Hinge => (0.0, self.costs[row]),
            LinearLoss::SquaredHinge => (0.5 / self.costs[row], f64::INFINITY),
        }
    }

    fn primal(&self, plane: &Plane) -> f64 {
        let loss = |row: usize| {
            let short = (1.0 - self.sides[row] * self.rows.value(plane, row)).max(0.0);
            self.costs[row] * self.loss.of_shortfall(short)
        };
        0.5 * plane.squared_length() + (0..self.rows.len()).map(loss).sum::<f64>()
    }

    fn dual(&self, plane: &Plane, alpha: &[f64]) -> f64 {
        let term = |(row, &alpha): (usize, &f64)| match alpha {
            0.0 => 0.0,
            _ => alpha - 0.5 * self.curvature(row).0 * alpha * alpha,
        };
        alpha.iter().enumerate().map(term).sum::<f64>() - 0.5 * plane.squared_length()
    }

    /// Largest violation of the conditions of the optimum.
    #[cfg(test)]
    pub(crate) fn violation(&self, solution: &Solution) -> f64 {
        let start = self.start();
        let of = |row: usize| {
            let this = Coefficient { alpha: solution.alpha[row], ..start[row] };
            this.project(this.gradient(self.rows.value(&solution.plane, row))).abs()
        };
        (0..self.rows.len()).filter(|&row| self.costs[row] > 0.0).map(of).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::linear::rows::TrainingRows;
    use base::Matrix;

    fn sides(y: &base::Labels) -> Vec<f64> {
        y.ids().iter().map(|&class| if class == 1 { 1.0 } else { -1.0 }).collect()
    }

    /// A violation of at most v leaves, row by row, a gap of at most v C_i (hinge) or 2 v^2 C_i
    /// (squared hinge) between primal and dual: insert w into P - D.
    #[test]
    fn at_the_end_all_conditions_hold_and_the_gap_is_as_small_as_they_imply() {
        let (x, y) = clouds(3, 40);
        let sides = sides(&y);
        for (loss, cost) in [
            (LinearLoss::Hinge, 0.1),
            (LinearLoss::Hinge, 10.0),
            (LinearLoss::SquaredHinge, 0.1),
            (LinearLoss::SquaredHinge, 10.0),
        ] {
            let costs: Vec<f64> = (0..120).map(|row| cost * f64::from(row % 3)).collect();
            let rows = TrainingRows::new(&x, 1.0).unwrap();
            let machine = Machine { loss, rows: &rows, sides: &sides, costs: &costs };
            for tolerance in [1e-2, 1e-9] {
                let stop = Stop { tolerance, max_iterations: 100_000 };
                let solution = machine.solve(stop, Seed(3));
                assert!(solution.converged, "{loss:?} {cost} {tolerance}");
                // The rule is met by gradients seen during the last pass, which moved on.
                let violation = machine.violation(&solution);
                assert!(violation < 2.0 * tolerance, "{loss:?} {cost} {tolerance}: {violation}");
                let bound = costs.iter().sum::<f64>()
                    * match loss {
                        LinearLoss::Hinge => violation,
                        LinearLoss::SquaredHinge => 2.0 * violation * violation,
                    };
                let (gap, rounding) = (solution.primal - solution.dual, 1e-12 * solution.primal);
                assert!((-rounding..=bound + rounding).contains(&gap), "{loss:?} {cost} {gap}");
            }
        }
    }

    #[test]
    fn shrinking_does_not_change_where_the_search_ends() {
        let (x, y) = clouds(2, 60);
        let sides = sides(&y);
        let costs = vec![1.0; 120];
        let rows = TrainingRows::new(&x, 1.0).unwrap();
        for loss in [LinearLoss::Hinge, LinearLoss::SquaredHinge] {
            let machine = Machine { loss, rows: &rows, sides: &sides, costs: &costs };
            let stop = Stop { tolerance: 1e-10, max_iterations: 100_000 };
            let shrunk = machine.solve(stop, Seed(1));
            let mut coefficients = machine.start();
            let mut plane = Plane::zero(4);
            let mut order: Vec<usize> = (0..120).collect();
            for _ in 0..20_000 {
                machine.pass(&mut order, &mut 120, Range::ALL, &mut coefficients, &mut plane);
            }
            let plain = machine.primal(&plane);
            assert!((shrunk.primal / plain - 1.0).abs() < 1e-9, "{} {plain}", shrunk.primal);
        }
    }

    /// Two rows at -1 and 1, no intercept: w = min(1, 2 C) under the hinge loss, and the minimum
    /// of w^2 / 2 + 2 C (1 - w)^2 is at w = 4 C / (1 + 4 C).
    #[test]
    fn two_rows_worked_out_by_hand() {
        let x: Matrix = ndarray::array![[-1.0], [1.0]];
        let rows = TrainingRows::new(&x, 0.0).unwrap();
        for c in [0.1, 3.0] {
            for (loss, w) in [
                (LinearLoss::Hinge, f64::min(1.0, 2.0 * c)),
                (LinearLoss::SquaredHinge, 4.0 * c / (1.0 + 4.0 * c)),
            ] {
                let machine = Machine { loss, rows: &rows, sides: &[-1.0, 1.0], costs: &[c; 2] };
                let stop = Stop { tolerance: 1e-12, max_iterations: 10_000 };
                let solution = machine.solve(stop, Seed(1));
                let got = solution.plane.weights[0];
                assert!((got - w).abs() < 1e-10, "{loss:?} {c}: {got} for {w}");
            }
        }
    }
}
