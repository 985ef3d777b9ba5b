//! One probability per class from one per pair of classes.
//!
//! With `r_ij` the probability of class `i` where only `i` and `j` are possible, the result `p`
//! minimises `sum_i sum_(j != i) (r_ji p_i - r_ij p_j)^2` under `sum_i p_i = 1`, `p >= 0`.
//!
//! Source: T.-F. Wu, C.-J. Lin, R. Weng, "Probability estimates for multi-class classification by
//! pairwise coupling", JMLR 5:975-1005, 2004, second method, algorithm 2. The bounds of the
//! probabilities, the stopping rule (0.005 / classes) and the limit of `max(100, classes)` rounds
//! are LIBSVM's, so results are too.

/// Pair probabilities are kept this far from 0 and 1.
const LEAST: f64 = 1e-7;

/// Writes the probability of each class into `probabilities`; `pairs` holds that of the first class
/// of (0, 1), (0, 2) ... (1, 2) ..., 0 to 1. Whether the stopping rule was met.
///
/// ```
/// let mut p = [0.0; 3];
/// // 0 and 1 are alike, 2 is half as probable as either.
/// assert!(classic::couple(&[0.5, 2.0 / 3.0, 2.0 / 3.0], &mut p));
/// assert!((p[0] - 0.4).abs() < 0.002 && (p[1] - 0.4).abs() < 0.002);
/// ```
///
/// # Panics
/// If there is not exactly one probability per pair.
pub fn couple(pairs: &[f64], probabilities: &mut [f64]) -> bool {
    let classes = probabilities.len();
    assert_eq!(pairs.len(), classes * classes.saturating_sub(1) / 2, "one value per pair");
    if let [first, second] = probabilities {
        *first = pairs[0].clamp(LEAST, 1.0 - LEAST);
        *second = 1.0 - *first;
        return true;
    }
    probabilities.fill(1.0 / classes.max(1) as f64);
    let q = products(pairs, classes);
    let tolerance = 0.005 / classes as f64;
    // `Q p` and `p'Q p`, kept up to date with each change of `p`.
    let mut qp = vec![0.0; classes];
    for _ in 0..classes.max(100) {
        for (row, value) in qp.iter_mut().enumerate() {
            let row = &q[row * classes..(row + 1) * classes];
            *value = row.iter().zip(&*probabilities).map(|(q, p)| q * p).sum();
        }
        let mut pqp: f64 = qp.iter().zip(&*probabilities).map(|(qp, p)| qp * p).sum();
        if qp.iter().all(|value| (value - pqp).abs() < tolerance) {
            return true;
        }
        for class in 0..classes {
            let row = &q[class * classes..(class + 1) * classes];
            let change = (pqp - qp[class]) / row[class];
            let sum = 1.0 + change;
            probabilities[class] += change;
            pqp = (pqp + change * (change * row[class] + 2.0 * qp[class])) / (sum * sum);
            for ((qp, q), p) in qp.iter_mut().zip(row).zip(&mut *probabilities) {
                *qp = (*qp + change * q) / sum;
                *p /= sum;
            }
        }
    }
    false
}

/// `Q_ii = sum_(j != i) r_ji^2`, `Q_ij = -r_ji r_ij`, row by row.
fn products(pairs: &[f64], classes: usize) -> Vec<f64> {
    let mut q = vec![0.0; classes * classes];
    let mut rest = pairs.iter();
    for first in 0..classes {
        for second in first + 1..classes {
            let r = rest.next().expect("one per pair").clamp(LEAST, 1.0 - LEAST);
            q[first * classes + first] += (1.0 - r) * (1.0 - r);
            q[second * classes + second] += r * r;
            q[first * classes + second] = -r * (1.0 - r);
            q[second * classes + first] = -r * (1.0 - r);
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs that follow from class probabilities give those back, within the stopping rule.
    #[test]
    fn consistent_pairs_give_their_probabilities_back() {
        let want = [0.05, 0.4, 0.15, 0.3, 0.1];
        let mut pairs = Vec::new();
        for first in 0..5 {
            for second in first + 1..5 {
                pairs.push(want[first] / (want[first] + want[second]));
            }
        }
        let mut got = [0.0; 5];
        assert!(couple(&pairs, &mut got));
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 0.01, "{got} {want}");
        }
    }

    #[test]
    fn certain_and_contradictory_pairs_give_probabilities() {
        // 0 beats 1, 1 beats 2, 2 beats 0, without a doubt.
        for pairs in [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.5]] {
            let mut p = [0.0; 3];
            couple(&pairs, &mut p);
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{p:?}");
            assert!(p.iter().all(|&p| (0.0..=1.0).contains(&p)), "{p:?}");
        }
    }
}
