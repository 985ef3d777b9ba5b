//! Crammer and Singer's machine: one problem for all classes.
//!
//! Minimised over one `w_m` per class `m`, where `e(i, m)` is 0 for the class `y_i` of row `i`, and
//! else 1:
//!
//! ```text
//! P(w) = 1/2 sum ||w_m||^2 + sum C_i max_m (e(i, m) + w_m . x_i - w_y_i . x_i)
//! ```
//!
//! through the dual, which is maximised over `alpha`, one per row and class:
//!
//! ```text
//! D(alpha) = -1/2 sum ||w_m||^2 - sum e(i, m) alpha(i, m),   w_m = sum alpha(i, m) x_i
//! sum over m of alpha(i, m) = 0, alpha(i, y_i) <= C_i, alpha(i, m) <= 0 for all others
//! ```
//!
//! One pass looks at the rows in random order, and moves all `alpha` of a row to where `D` is
//! largest. The violation of a row is the largest gradient `g(i, m) = e(i, m) + w_m . x_i` less
//! the smallest among classes that are not at their bound. Classes that will stay at their bound
//! are left out (shrunk), and rows of which one class is left.
//!
//! Source: S. S. Keerthi, S. Sundararajan, K.-W. Chang, C.-J. Hsieh, C.-J. Lin, "A sequential dual
//! method for large scale multi-class linear SVMs", KDD 2008; shrinking and stopping as in
//! LIBLINEAR's solver 4. Departures: another random order.

use crate::linear::dual::Stop;
use crate::linear::rows::{Plane, ReadRows};
use base::Seed;
use rand::seq::SliceRandom;

/// Rows that violate less than this, and moves smaller than it, are left alone.
const LEAST: f64 = 1e-12;

/// The problem: rows, the class of each (0 to `classes - 1`), and `C_i`, 0 for rows left out.
pub(crate) struct Problem<'a, R> {
    pub(crate) rows: &'a R,
    pub(crate) ids: &'a [usize],
    pub(crate) costs: &'a [f64],
    pub(crate) classes: usize,
}

/// What came out.
pub(crate) struct Solution {
    pub(crate) planes: Vec<Plane>,
    /// Shape `(rows, classes)`; only tests of optimality need them once the planes are known.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) alpha: Vec<f64>,
    pub(crate) primal: f64,
    pub(crate) dual: f64,
    pub(crate) iterations: u64,
    pub(crate) converged: bool,
}

/// Classes of one row that take part, and room for its gradients.
struct Scratch {
    gradients: Vec<f64>,
    sorted: Vec<f64>,
}

/// What is looked at: rows, and of each row some classes.
struct Active {
    /// The first `rows` are active.
    order: Vec<usize>,
    rows: usize,
    /// Of each row the classes, active ones first; shape `(rows, classes)`.
    classes: Vec<usize>,
    /// How many of those are active.
    counts: Vec<usize>,
}

impl<R: ReadRows> Problem<'_, R> {
    /// Descends until the stopping rule is met or the passes are used up.
    pub(crate) fn solve(&self, stop: Stop, seed: Seed) -> Solution {
        let mut random = seed.rng();
        let (n, k) = (self.rows.len(), self.classes);
        let mut planes = vec![self.rows.zero(); k];
        let mut alpha = vec![0.0; n * k];
        let order: Vec<usize> = (0..n).filter(|&row| self.costs[row] > 0.0).collect();
        let mut active = Active {
            rows: order.len(),
            order,
            classes: (0..n * k).map(|at| at % k).collect(),
            counts: vec![k; n],
        };
        let mut scratch = Scratch { gradients: vec![0.0; k], sorted: Vec::with_capacity(k) };
        // Looser at first: shrunk rows come back each time this is met.
        let mut tolerance = (10.0 * stop.tolerance).max(1.0);
        let (mut from_all, mut converged) = (true, false);
        let mut iterations = 0;
        while iterations < stop.max_iterations && !converged {
            iterations += 1;
            active.order[..active.rows].shuffle(&mut random);
            let violation = self.pass(&mut active, &mut alpha, &mut planes, &mut scratch);
            if violation >= tolerance {
                from_all = false;
            } else if violation < stop.tolerance && from_all {
                converged = true;
            } else {
                active.rows = active.order.len();
                active.counts.fill(k);
                tolerance = (tolerance / 2.0).max(stop.tolerance);
                from_all = true;
            }
        }
        let (primal, dual) = (self.primal(&planes), self.dual(&planes, &alpha));
        let planes = planes.into_iter().map(|plane| self.rows.by_feature(plane)).collect();
        Solution { planes, alpha, primal, dual, iterations, converged }
    }

    /// One pass over the active rows; the largest violation met.
    fn pass(
        &self,
        active: &mut Active,
        alpha: &mut [f64],
        planes: &mut [Plane],
        scratch: &mut Scratch,
    ) -> f64 {
        let mut largest = 0.0_f64;
        let mut position = 0;
        while position < active.rows {
            if let Some(&next) = active.order[..active.rows].get(position + 1) {
                self.rows.announce(next);
            }
            let row = active.order[position];
            let places = row * self.classes..(row + 1) * self.classes;
            let (alpha, classes) = (&mut alpha[places.clone()], &mut active.classes[places]);
            let count = &mut active.counts[row];
            let violation = if self.rows.squared_length(row) > 0.0 {
                self.look(row, classes, count, alpha, planes, &mut scratch.gradients)
            } else {
                self.settle_empty(row, alpha);
                0.0
            };
            if *count <= 1 {
                active.rows -= 1;
                active.order.swap(position, active.rows);
                continue;
            }
            position += 1;
            if violation > LEAST {
                largest = largest.max(violation);
                self.step(row, &classes[..*count], alpha, planes, scratch);
            }
        }
        largest
    }

    /// Works out the gradients of the active classes, shrinks those that will stay at their
    /// bound, and gives the violation.
    fn look(
        &self,
        row: usize,
        classes: &mut [usize],
        count: &mut usize,
        alpha: &[f64],
        planes: &[Plane],
        gradients: &mut [f64],
    ) -> f64 {
        let (mut max, mut min) = (f64::NEG_INFINITY, f64::INFINITY);
        for &class in &classes[..*count] {
            gradients[class] = self.gradient(planes, row, class);
            max = max.max(gradients[class]);
            if alpha[class] < self.bound(row, class) {
                min = min.min(gradients[class]);
            }
        }
        let mut position = 0;
        while position < *count {
            let class = classes[position];
            if alpha[class] == self.bound(row, class) && gradients[class] < min {
                *count -= 1;
                classes.swap(position, *count);
            } else {
                position += 1;
            }
        }
        max - min
    }

    /// Moves the `alpha` of the active classes of a row to their optimum, others unchanged.
    ///
    /// With `a = ||x||^2` the part of `-D` that changes is `a/2 ||new||^2 + b . new`, where
    /// `b_m = g_m - a alpha_m`. Its minimum under the constraints is
    /// `new_m = min(bound_m, (beta - b_m) / a)` with the `beta` that makes the sum 0. With
    /// `d_m = b_m + a bound_m` that is `sum max(0, d_m - beta) = a C_i`, solved from the largest
    /// `d_m` downwards.
    fn step(
        &self,
        row: usize,
        classes: &[usize],
        alpha: &mut [f64],
        planes: &mut [Plane],
        scratch: &mut Scratch,
    ) {
        let a = self.rows.squared_length(row);
        let Scratch { gradients, sorted } = scratch;
        sorted.clear();
        for &class in classes {
            gradients[class] -= a * alpha[class];
            sorted.push(gradients[class] + a * self.bound(row, class));
        }
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let mut sum = -a * self.costs[row];
        let mut beta = f64::INFINITY;
        for (above, &d) in sorted.iter().enumerate() {
            if above > 0 && beta >= d {
                break;
            }
            sum += d;
            beta = sum / (above + 1) as f64;
        }
        for &class in classes {
            let new = ((beta - gradients[class]) / a).min(self.bound(row, class));
            let change = new - alpha[class];
            if change.abs() >= LEAST {
                self.rows.add(&mut planes[class], change, row);
                alpha[class] = new;
            }
        }
    }

    /// A row of zeros is at `max e = 1` whatever the weights: any class but its own takes all.
    fn settle_empty(&self, row: usize, alpha: &mut [f64]) {
        let own = self.ids[row];
        alpha[own] = self.costs[row];
        alpha[usize::from(own == 0)] = -self.costs[row];
    }

    /// Derivative of `-D` by the `alpha` of a row and class.
    fn gradient(&self, planes: &[Plane], row: usize, class: usize) -> f64 {
        f64::from(u8::from(class != self.ids[row])) + self.rows.value(&planes[class], row)
    }

    /// Upper bound of the `alpha` of a row and class.
    fn bound(&self, row: usize, class: usize) -> f64 {
        if class == self.ids[row] { self.costs[row] } else { 0.0 }
    }

    fn primal(&self, planes: &[Plane]) -> f64 {
        let loss = |row: usize| {
            let gradient = |class| self.gradient(planes, row, class);
            let largest = (0..self.classes).map(gradient).fold(f64::NEG_INFINITY, f64::max);
            self.costs[row] * (largest - gradient(self.ids[row]))
        };
        let used = (0..self.rows.len()).filter(|&row| self.costs[row] > 0.0);
        self.half_squares(planes) + used.map(loss).sum::<f64>()
    }

    fn dual(&self, planes: &[Plane], alpha: &[f64]) -> f64 {
        let others =
            |(row, alpha): (usize, &[f64])| alpha.iter().sum::<f64>() - alpha[self.ids[row]];
        let sum: f64 = alpha.chunks_exact(self.classes).enumerate().map(others).sum();
        -self.half_squares(planes) - sum
    }

    fn half_squares(&self, planes: &[Plane]) -> f64 {
        0.5 * planes.iter().map(Plane::squared_length).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::linear::rows::TrainingRows;

    /// Row by row the gap between primal and dual is at most `C_i` times the violation: insert w.
    #[test]
    fn at_the_end_all_conditions_hold_and_the_gap_is_as_small_as_they_imply() {
        let (mut x, y) = clouds(4, 30);
        x.row_mut(5).fill(0.0);
        for (cost, constant) in [(0.1, 1.0), (10.0, 0.0)] {
            let costs: Vec<f64> = (0..120).map(|row| cost * f64::from(row % 4)).collect();
            let rows = TrainingRows::new(&x, constant).unwrap();
            let problem = Problem { rows: &rows, ids: y.ids(), costs: &costs, classes: 4 };
            let stop = Stop { tolerance: 1e-8, max_iterations: 100_000 };
            let solution = problem.solve(stop, Seed(1));
            assert!(solution.converged, "{cost}");
            for (row, alpha) in solution.alpha.chunks_exact(4).enumerate() {
                assert!(alpha.iter().sum::<f64>().abs() < 1e-10 * cost, "row {row}: {alpha:?}");
                for (class, &alpha) in alpha.iter().enumerate() {
                    assert!(alpha <= problem.bound(row, class), "row {row}: {alpha}");
                }
            }
            let bound = costs.iter().sum::<f64>() * 2.0 * stop.tolerance;
            let (gap, rounding) = (solution.primal - solution.dual, 1e-12 * solution.primal);
            assert!((-rounding..=bound + rounding).contains(&gap), "{cost}: {gap} of {bound}");
        }
    }
}
