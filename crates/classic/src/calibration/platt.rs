//! Platt's sigmoid: a probability from one score.
//!
//! `P(positive | f) = 1 / (1 + exp(a f + b))`, where `a` and `b` minimise the cross-entropy
//! `-sum t log p + (1 - t) log(1 - p)` with targets `t = (N+ + 1) / (N+ + 2)` for positive rows and
//! `1 / (N- + 2)` for others, which keep probabilities from 0 and 1.
//!
//! Sources: J. Platt, "Probabilistic outputs for support vector machines", 1999; the Newton method
//! with backtracking is that of H.-T. Lin, C.-J. Lin, R. Weng, "A note on Platt's probabilistic
//! outputs for support vector machines", Machine Learning 68:267-276, 2007, which LIBSVM uses.
//! Departures: scores are divided by the largest of them while `a` and `b` are sought, so the
//! ridge of the Hessian does not depend on their unit, and the gradient ends at 1e-10 per row, so
//! results agree with any exact solver.

/// Newton steps; about ten are usual.
const MAX_STEPS: usize = 100;

/// Added to the diagonal of the Hessian.
const RIDGE: f64 = 1e-12;

/// Largest gradient that is left, per row.
const TOLERANCE: f64 = 1e-10;

/// Shortest step of the line search.
const MIN_STEP: f64 = 1e-10;

/// `P(positive | f) = 1 / (1 + exp(a f + b))`.
///
/// ```
/// let scores = [-3.0, -1.0, -0.5, 0.2, 0.1, 0.8, 2.0, 4.0];
/// let positive = [false, false, false, false, true, true, true, true];
/// let sigmoid = classic::Platt::fit(&scores, &positive);
/// assert!(sigmoid.a < 0.0 && sigmoid.converged);
/// assert!(sigmoid.probability(3.0) > 0.8 && sigmoid.probability(-3.0) < 0.2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    /// Slope; negative where high scores speak for the class.
    pub a: f64,
    /// Offset.
    pub b: f64,
    /// Whether the gradient became small enough; if not, the values are the best found.
    pub converged: bool,
}

impl Platt {
    /// Fits the curve to finite scores of rows that are, or are not, of the class.
    ///
    /// # Panics
    /// If there is not one label per score.
    pub fn fit(scores: &[f64], positive: &[bool]) -> Self {
        assert_eq!(scores.len(), positive.len(), "one label per score");
        let largest = scores.iter().fold(0.0, |most: f64, score| most.max(score.abs()));
        let scale = if largest > 0.0 { largest } else { 1.0 };
        let count = positive.iter().filter(|&&is| is).count() as f64;
        let others = positive.len() as f64 - count;
        let targets = [1.0 / (others + 2.0), (count + 1.0) / (count + 2.0)];
        let rows: Vec<(f64, f64)> = scores
            .iter()
            .zip(positive)
            .map(|(score, &is)| (score / scale, targets[usize::from(is)]))
            .collect();
        let start = (0.0, ((others + 1.0) / (count + 1.0)).ln());
        let (a, b, converged) = newton(&rows, start);
        Self { a: a / scale, b, converged }
    }

    /// The probability, 0 to 1, that a row of this score is of the class.
    pub fn probability(&self, score: f64) -> f64 {
        let exponent = self.a * score + self.b;
        // Neither form takes the exponential of a large number.
        if exponent >= 0.0 {
            let small = (-exponent).exp();
            small / (1.0 + small)
        } else {
            1.0 / (1.0 + exponent.exp())
        }
    }
}

/// `-sum t log p + (1 - t) log(1 - p)` of rows (score, target).
fn loss(rows: &[(f64, f64)], a: f64, b: f64) -> f64 {
    let of = |&(score, target): &(f64, f64)| {
        let exponent = a * score + b;
        // log(1 + exp(e)) - (1 - t) e, written for either sign of e.
        let excess = if exponent >= 0.0 { target } else { target - 1.0 };
        excess * exponent + (-exponent.abs()).exp().ln_1p()
    };
    rows.iter().map(of).sum()
}

fn newton(rows: &[(f64, f64)], (mut a, mut b): (f64, f64)) -> (f64, f64, bool) {
    let mut value = loss(rows, a, b);
    for _ in 0..MAX_STEPS {
        let (mut ga, mut gb) = (0.0, 0.0);
        let (mut haa, mut hbb, mut hab) = (RIDGE, RIDGE, 0.0);
        for &(score, target) in rows {
            let p = Platt { a, b, converged: true }.probability(score);
            let (weight, miss) = (p * (1.0 - p), target - p);
            haa += score * score * weight;
            hbb += weight;
            hab += score * weight;
            ga += score * miss;
            gb += miss;
        }
        if ga.abs().max(gb.abs()) <= TOLERANCE * rows.len().max(1) as f64 {
            return (a, b, true);
        }
        let determinant = haa * hbb - hab * hab;
        let da = -(hbb * ga - hab * gb) / determinant;
        let db = -(haa * gb - hab * ga) / determinant;
        let slope = ga * da + gb * db;
        let mut step = 1.0;
        let moved = loop {
            let (new_a, new_b) = (a + step * da, b + step * db);
            let new_value = loss(rows, new_a, new_b);
            if new_value < value + 1e-4 * step * slope {
                break Some((new_a, new_b, new_value));
            }
            step /= 2.0;
            if step < MIN_STEP {
                break None;
            }
        };
        match moved {
            Some(next) => (a, b, value) = next,
            // As good as the digits of the loss can tell.
            None => {
                let small = ga.abs().max(gb.abs()) <= 1e-5 * rows.len() as f64;
                return (a, b, small);
            }
        }
    }
    (a, b, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The derivatives of the loss vanish at the result, by differences of the loss itself.
    #[test]
    fn the_result_is_a_minimum() {
        let scores = [-3.0, -1.0, -0.5, 0.2, 0.1, 0.8, 2.0, 4.0];
        let positive = [false, true, false, false, true, false, true, true];
        let fitted = Platt::fit(&scores, &positive);
        let targets = [1.0 / 6.0, 5.0 / 6.0];
        let rows: Vec<(f64, f64)> =
            scores.iter().zip(positive).map(|(&f, is)| (f, targets[usize::from(is)])).collect();
        let best = loss(&rows, fitted.a, fitted.b);
        for (da, db) in [(1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-3), (0.0, -1e-3)] {
            assert!(loss(&rows, fitted.a + da, fitted.b + db) > best, "{da} {db}");
        }
    }

    /// Without a difference in scores the probability is the mean of the targets.
    #[test]
    fn equal_huge_and_missing_scores_end() {
        let positive = [true, false, false, false];
        let mean = (2.0 / 3.0 + 3.0 / 5.0) / 4.0;
        for score in [0.0, 7.0, -1e30] {
            let fitted = Platt::fit(&[score; 4], &positive);
            assert!((fitted.probability(score) - mean).abs() < 1e-6, "{score}: {fitted:?}");
        }
        let fitted = Platt::fit(&[1e30, -1e30, -2e30, -1e29], &positive);
        assert!(fitted.converged && fitted.probability(1e30) > 0.5);
        assert_eq!(Platt::fit(&[], &[]).probability(3.0), 0.5);
    }

    /// The result does not depend on the unit of the scores.
    #[test]
    fn scaled_scores_give_the_same_probabilities() {
        let scores = [-3.0, -1.0, -0.5, 0.2, 0.1, 0.8, 2.0, 4.0];
        let positive = [false, true, false, false, true, false, true, true];
        let one = Platt::fit(&scores, &positive).probability(0.3);
        for unit in [1e-12, 1e12] {
            let scaled = Platt::fit(&scores.map(|score| score * unit), &positive);
            assert!((scaled.probability(0.3 * unit) - one).abs() < 1e-9);
        }
    }
}
