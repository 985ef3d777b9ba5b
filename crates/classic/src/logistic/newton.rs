//! A truncated Newton method for smooth convex functions.
//!
//! Each step solves `H d = -g` by conjugate gradients until the residual is small beside the
//! gradient, and then goes along `d` as far as the function falls enough (Armijo).
//!
//! Source: J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd edition, 2006, Algorithm 7.1;
//! as used for linear classifiers by L. Galli, C.-J. Lin, "A study on truncated Newton methods for
//! linear classification", IEEE TNNLS 33(7):2828-2841, 2022.

/// A convex function with first and second derivatives.
pub(super) trait Function {
    /// Keeps what second derivatives at a point need.
    type Point;
    /// Number of arguments.
    fn len(&self) -> usize;
    /// The value, and what the derivatives need.
    fn value(&self, at: &[f64]) -> (f64, Self::Point);
    /// The gradient.
    fn gradient(&self, at: &[f64], point: &Self::Point) -> Vec<f64>;
    /// The second derivative times `direction`.
    fn curvature(&self, point: &Self::Point, direction: &[f64]) -> Vec<f64>;
}

/// Where the search ended.
pub(super) struct Minimum {
    pub(super) at: Vec<f64>,
    pub(super) value: f64,
    pub(super) iterations: u64,
    pub(super) converged: bool,
}

/// Share of the decrease that the gradient promises with which a step is content.
const ARMIJO: f64 = 1e-4;
/// Halvings of a step before the search gives up: rounding hides any further decrease.
const MAX_HALVINGS: usize = 40;
/// Steps of conjugate gradients within a Newton step.
const MAX_INNER: usize = 250;

/// Goes down from 0 until no entry of the gradient is above `tolerance`.
pub(super) fn minimise<F: Function>(f: &F, tolerance: f64, max_iterations: u64) -> Minimum {
    let mut at = vec![0.0; f.len()];
    let (mut value, mut point) = f.value(&at);
    let mut gradient = f.gradient(&at, &point);
    let mut iterations = 0;
    while largest(&gradient) > tolerance && iterations < max_iterations {
        iterations += 1;
        let direction = newton_direction(f, &point, &gradient);
        let slope = dot(&gradient, &direction);
        let mut length = 1.0;
        let mut found = None;
        for _ in 0..MAX_HALVINGS {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(a, d)| a + length * d).collect();
            let (next_value, next_point) = f.value(&next);
            // Near the minimum, values differ by rounding only, and the full step is good.
            if next_value <= value + ARMIJO * length * slope + 1e-15 * value.abs() {
                found = Some((next, next_value, next_point));
                break;
            }
            length /= 2.0;
        }
        let Some(next) = found else { break };
        (at, value, point) = next;
        gradient = f.gradient(&at, &point);
    }
    let converged = largest(&gradient) <= tolerance;
    Minimum { at, value, iterations, converged }
}

/// `d` with `||H d + g|| <= eta ||g||`, where `eta` falls with the gradient so that steps near the
/// minimum converge faster than linearly.
fn newton_direction<F: Function>(f: &F, point: &F::Point, gradient: &[f64]) -> Vec<f64> {
    let mut direction = vec![0.0; gradient.len()];
    let mut residual: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut along = residual.clone();
    let mut square = dot(&residual, &residual);
    let limit = square * square.sqrt().sqrt().min(0.1).powi(2);
    for _ in 0..MAX_INNER {
        let curved = f.curvature(point, &along);
        let bend = dot(&along, &curved);
        // Flat but for rounding: along what softmax does not see, for one.
        if bend <= 1e-16 * dot(&along, &along) {
            break;
        }
        let length = square / bend;
        add(&mut direction, length, &along);
        add(&mut residual, -length, &curved);
        let next = dot(&residual, &residual);
        if next <= limit {
            break;
        }
        let ratio = next / square;
        for (along, residual) in along.iter_mut().zip(&residual) {
            *along = residual + ratio * *along;
        }
        square = next;
    }
    if direction.iter().all(|&d| d == 0.0) {
        return residual; // the steepest descent
    }
    direction
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += factor * what;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sum e^(k x_k) + e^(-x_k)`: the minimum is at `x_k = -ln(k) / (k + 1)`.
    struct Exponentials;

    impl Function for Exponentials {
        type Point = Vec<f64>;
        fn len(&self) -> usize {
            5
        }
        fn value(&self, at: &[f64]) -> (f64, Vec<f64>) {
            let term = |(k, x): (usize, &f64)| ((k + 1) as f64 * x).exp() + (-x).exp();
            (at.iter().enumerate().map(term).sum(), at.to_vec())
        }
        fn gradient(&self, at: &[f64], _: &Vec<f64>) -> Vec<f64> {
            let term = |(k, x): (usize, &f64)| {
                let k = (k + 1) as f64;
                k * (k * x).exp() - (-x).exp()
            };
            at.iter().enumerate().map(term).collect()
        }
        fn curvature(&self, at: &Vec<f64>, direction: &[f64]) -> Vec<f64> {
            let term = |(k, (x, d)): (usize, (&f64, &f64))| {
                let k = (k + 1) as f64;
                (k * k * (k * x).exp() + (-x).exp()) * d
            };
            at.iter().zip(direction).enumerate().map(term).collect()
        }
    }

    #[test]
    fn the_minimum_of_a_sum_of_exponentials_is_where_it_is_by_hand() {
        let found = minimise(&Exponentials, 1e-12, 50);
        assert!(found.converged && found.iterations < 15, "{}", found.iterations);
        for (k, x) in found.at.iter().enumerate() {
            let k = (k + 1) as f64;
            assert!((x + k.ln() / (k + 1.0)).abs() < 1e-12, "{x}");
        }
    }
}
