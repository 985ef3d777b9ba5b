//! What the state of a machine says once it stops.

use super::{Rule, Solution};

/// Where a machine stopped; rows `t = 0..n`, see the module above.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'s> {
    pub(super) rule: Rule,
    pub(super) positive: usize,
    pub(super) beta: &'s [f64],
    pub(super) pull: &'s [f64],
    pub(super) upper: &'s [f64],
}

impl End<'_> {
    pub(super) fn solution(&self, violation: f64, iterations: u64, converged: bool) -> Solution {
        let n = self.beta.len();
        let sign = |t: usize| if t < self.positive { 1.0 } else { -1.0 };
        let linear = |t: usize| if self.rule == Rule::C { sign(t) } else { 0.0 };
        // K beta = linear - pull, so nothing below needs a kernel value.
        let product = |t: usize| linear(t) - self.pull[t];
        let square = (0..n).map(|t| self.beta[t] * product(t)).sum::<f64>();
        let part = |start: usize, end: usize| -> (f64, f64) {
            let middle = self.offset(start, end);
            (middle, (start..end).map(|t| self.beta[t] * linear(t)).sum())
        };
        let (margin, rho, objective) = match self.rule {
            Rule::C => {
                let (middle, linear) = part(0, n);
                (1.0, -middle, 0.5 * square - linear)
            }
            Rule::Nu => {
                // The margins lie at `margin`; LIBSVM measures in units of it.
                let (first, second) = (part(0, self.positive).0, part(self.positive, n).0);
                (0.5 * (second - first), -0.5 * (first + second), 0.5 * square)
            }
        };
        // Without a margin (equal rows) there is no such unit.
        let scale = if margin > f64::EPSILON { 1.0 / margin } else { 1.0 };
        let slack = |t: usize| {
            let decision = sign(t) * (product(t) - rho);
            self.upper[t] * (1.0 / scale - decision).max(0.0)
        };
        let slack: f64 = (0..n).map(slack).sum();
        let duality_gap = match self.rule {
            Rule::C => 0.5 * square + slack + objective,
            // The sum of all coefficients times the margin is what the margin itself earns.
            Rule::Nu => {
                let all: f64 = self.beta.iter().map(|beta| beta.abs()).sum();
                square + slack - all / scale
            }
        };
        Solution {
            beta: self.beta.iter().map(|beta| beta * scale).collect(),
            rho: rho * scale,
            objective: objective * scale * scale,
            duality_gap: duality_gap * scale * scale,
            violation,
            weight_norm: square.max(0.0).sqrt() * scale.abs(),
            margin,
            iterations,
            converged,
        }
    }

    /// The mean pull of the rows between their bounds or, without any, the middle of what the
    /// bounds allow.
    fn offset(&self, start: usize, end: usize) -> f64 {
        let (mut sum, mut free) = (0.0, 0_u32);
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        for t in start..end {
            let upper = self.upper[t];
            let (low, high) = if t < self.positive { (0.0, upper) } else { (-upper, 0.0) };
            match (self.beta[t] < high, self.beta[t] > low) {
                (true, true) => {
                    sum += self.pull[t];
                    free += 1;
                }
                (true, false) => highest = highest.max(self.pull[t]),
                (false, true) => lowest = lowest.min(self.pull[t]),
                // Such a row says nothing.
                (false, false) => {}
            }
        }
        match (free, highest.is_finite(), lowest.is_finite()) {
            (1.., _, _) => sum / f64::from(free),
            (0, true, true) => f64::midpoint(highest, lowest),
            (0, true, false) => highest,
            (0, false, true) => lowest,
            (0, false, false) => 0.0,
        }
    }
}
