//! Isotonic regression: the rising curve nearest to the points, in squares.
//!
//! Sources: M. Ayer and others, "An empirical distribution function for sampling with incomplete
//! information", Ann. Math. Statist. 26(4):641-647, 1955 (pooling adjacent violators); B. Zadrozny,
//! C. Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD
//! 2002. Results equal scikit-learn's `IsotonicRegression(out_of_bounds="clip")`: targets of equal
//! scores are averaged first, and the curve is straight between neighbouring scores.

/// A rising curve through points, straight between them and level outside.
///
/// ```
/// let curve = classic::Isotonic::fit(&[1.0, 2.0, 3.0, 5.0], &[0.0, 0.75, 0.25, 1.0]);
/// assert_eq!([0.0, 2.0, 3.0, 4.0, 9.0].map(|at| curve.value(at)), [0.0, 0.5, 0.5, 0.75, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    /// Rising.
    at: Vec<f64>,
    /// Never falling.
    values: Vec<f64>,
}

/// Neighbouring points that share a value.
#[derive(Debug, Clone, Copy)]
struct Pool {
    first: f64,
    last: f64,
    sum: f64,
    weight: f64,
}

impl Pool {
    fn mean(self) -> f64 {
        self.sum / self.weight
    }

    fn join(self, next: Self) -> Self {
        let (sum, weight) = (self.sum + next.sum, self.weight + next.weight);
        Self { first: self.first, last: next.last, sum, weight }
    }
}

impl Isotonic {
    /// The curve nearest to finite targets at finite scores.
    ///
    /// # Panics
    /// If there is not one target per score.
    pub fn fit(scores: &[f64], targets: &[f64]) -> Self {
        assert_eq!(scores.len(), targets.len(), "one target per score");
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let mut points: Vec<Pool> = Vec::new();
        for row in order {
            let (first, last) = (scores[row], scores[row]);
            let next = Pool { first, last, sum: targets[row], weight: 1.0 };
            match points.last_mut() {
                // 0 and -0 are equal scores too.
                Some(point) if point.last == next.first => *point = point.join(next),
                _ => points.push(next),
            }
        }
        let mut pools: Vec<Pool> = Vec::new();
        for mut next in points {
            while let Some(before) = pools.pop_if(|before| before.mean() >= next.mean()) {
                next = before.join(next);
            }
            pools.push(next);
        }
        let (mut at, mut values) = (Vec::new(), Vec::new());
        for pool in pools {
            at.push(pool.first);
            values.push(pool.mean());
            if pool.last > pool.first {
                at.push(pool.last);
                values.push(pool.mean());
            }
        }
        Self { at, values }
    }

    /// The curve for targets of 1 for rows of the class and 0 for others.
    pub(super) fn of_labels(scores: &[f64], positive: &[bool]) -> Self {
        let targets: Vec<f64> = positive.iter().map(|&is| f64::from(u8::from(is))).collect();
        Self::fit(scores, &targets)
    }

    /// The height of the curve at `score`; 0 if it was fitted to nothing.
    pub fn value(&self, score: f64) -> f64 {
        let right = self.at.partition_point(|&at| at < score);
        match (right.checked_sub(1), self.at.get(right)) {
            (None, None) => 0.0,
            (None, Some(_)) => self.values[0],
            (Some(left), None) => self.values[left],
            (Some(left), Some(&end)) => {
                let share = (score - self.at[left]) / (end - self.at[left]);
                self.values[left] + share * (self.values[right] - self.values[left])
            }
        }
    }

    /// Scores at which the curve bends, rising, and its heights there.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.at.iter().copied().zip(self.values.iter().copied())
    }

    pub(super) fn bytes(&self) -> u64 {
        16 * self.at.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    /// The min-max formula: the value at a point is the largest, over starts up to it, of the
    /// smallest mean, over ends from it.
    #[test]
    fn values_are_those_of_the_min_max_formula() {
        let noise = Seed(4).permutation(60);
        let scores: Vec<f64> = (0..60).map(f64::from).collect();
        let target = |row: usize| noise[row] as f64 / 60.0 + row as f64 / 40.0;
        let targets: Vec<f64> = (0..60).map(target).collect();
        let curve = Isotonic::fit(&scores, &targets);
        for row in 0..60 {
            let mean = |start: usize, end: usize| {
                targets[start..=end].iter().sum::<f64>() / (end - start + 1) as f64
            };
            let lowest =
                |start: usize| (row..60).map(|end| mean(start, end)).fold(f64::INFINITY, f64::min);
            let want = (0..=row).map(lowest).fold(f64::NEG_INFINITY, f64::max);
            assert!((curve.value(row as f64) - want).abs() < 1e-12, "{row}");
        }
    }

    #[test]
    fn equal_scores_share_a_value_and_nothing_gives_zero() {
        let curve = Isotonic::fit(&[2.0, 2.0, -0.0, 0.0], &[1.0, 0.0, 0.0, 0.5]);
        assert_eq!([0.0, 1.0, 2.0].map(|at| curve.value(at)), [0.25, 0.375, 0.5]);
        assert_eq!(Isotonic::fit(&[], &[]).value(1.0), 0.0);
    }
}
