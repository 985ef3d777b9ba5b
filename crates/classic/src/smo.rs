//! The dual problem of a two-class support vector machine, by sequential minimal optimisation.
//!
//! # The problem
//! Rows `t = 0..n` have the sign `y[t] = +1` (the first ones) or `-1` (the others), a largest
//! coefficient `C[t]` and the Gram matrix `K`. With `beta[t] = y[t] alpha[t]`, LIBSVM's dual
//! problem reads
//!
//! ```text
//! minimise    1/2 beta' K beta  -  y' beta
//! subject to  sum of beta = 0
//!                 0 <= beta[t] <= C[t]     where y[t] = +1
//!             -C[t] <= beta[t] <= 0        where y[t] = -1
//! ```
//!
//! The signs are in the bounds alone, and the steps below need none. `pull[t] = y[t] - (K beta)[t]`
//! is minus the gradient (LIBSVM's `-y G`): how fast the objective falls when `beta[t]` grows. A
//! step moves an amount from some `beta[j]` to some `beta[i]`, which keeps the sum.
//!
//! At the optimum no row that may still grow pulls harder than one that may still shrink. The
//! solver stops when the largest violation over all rows
//! `max{pull[t] : beta[t] may grow} - min{pull[t] : beta[t] may shrink}` is below the tolerance.
//!
//! The problem of the nu-machine ([`Rule::Nu`]) lacks the linear term, and the sum of the
//! coefficients of each sign is kept; so `i` and `j` have the same sign, and the violation is the
//! larger one of the two signs.
//!
//! # The way
//! Steps are taken among the rows of a *working set*, whose kernel values with each other lie
//! together. When it is solved, all rows learn of it, and those that violate the conditions most
//! join, with their kernel values made as one block. Most rows never join: their kernel values
//! with each other are never worked out.
//!
//! # Source
//! R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information for
//! training support vector machines", JMLR 6:1889-1918, 2005, as done in LIBSVM 3: `i` is the
//! strongest pull that may grow, `j` the partner with the largest fall of the objective to second
//! order; `TAU` stands in for a curvature that is not positive (kernels that are not positive
//! semi-definite, equal rows); the last of equal candidates wins. The working set grows as in
//! T. Joachims, "Making large-scale SVM learning practical", 1999.
//!
//! Departures: a growing working set instead of shrinking, which leaves rows out until they turn
//! out to matter instead of until they turn out not to; the limit of iterations is a setting.
//! Steps are worked out in single precision and summed up in double, in rounds (mixed-precision
//! refinement, N. Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 12), so
//! that what is returned meets the tolerance in double precision.

mod budget;
mod end;
mod machine;
mod rows;
mod slots;
mod square;
mod working_set;

pub(crate) use budget::Budget;
pub(crate) use machine::{Machine, Memory, Starved};
pub(crate) use rows::PointRows;
pub use rows::{GramRows, KernelRows};
pub(crate) use square::Square;

/// Which problem is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// That of the C-machine.
    C,
    /// That of the nu-machine.
    Nu,
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
    /// `y alpha` of each row.
    pub beta: Vec<f64>,
    /// LIBSVM's `rho`: the decision value of `x` is `sum of beta[t] K(x_t, x) - rho`, positive on
    /// the side of the first rows.
    pub rho: f64,
    /// `1/2 beta' K beta - y' beta`, which was minimised.
    pub objective: f64,
    /// Value of the primal problem, `1/2 |w|^2 + sum of C max(0, 1 - y decision)`, minus that of
    /// the dual.
    pub duality_gap: f64,
    /// Largest violation that is left.
    pub violation: f64,
    /// `|w|`, the square root of `beta' K beta`; 0 if that is negative.
    pub weight_norm: f64,
    /// What `beta` and `rho` were divided by: 1 for the C-machine; for the nu-machine LIBSVM's `r`,
    /// the decision value at the margins. Not above 0 if there is none between the classes; then
    /// nothing was divided.
    pub margin: f64,
    /// Steps done.
    pub iterations: u64,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// Solves the dual problem of the C-machine: the first `positive` rows have the sign +1, and
/// `upper` holds the largest coefficient of each row.
///
/// ```
/// use classic::smo::{GramRows, Stop, solve};
/// // The numbers 1 and -1 under the linear kernel: the boundary is 0, the margins touch both.
/// let gram = ndarray::array![[1.0_f32, -1.0], [-1.0, 1.0]];
/// let rows = GramRows::new(gram.view(), vec![0..2]);
/// let solution = solve(&rows, 1, &[10.0, 10.0], Stop { tolerance: 1e-3, max_iterations: 100 });
/// assert_eq!((solution.beta, solution.rho), (vec![0.5, -0.5], 0.0));
/// assert_eq!(solution.objective, -0.5);
/// ```
///
/// # Panics
/// If there is not one number in `upper` for each row.
pub fn solve(rows: &dyn KernelRows, positive: usize, upper: &[f64], stop: Stop) -> Solution {
    let memory = Memory::unlimited();
    let mut machine = Machine::new(rows, Rule::C, positive, &memory);
    let mut state = machine.origin();
    machine.run(&mut state, upper, stop).expect("memory is not limited")
}

#[cfg(test)]
mod tests;
