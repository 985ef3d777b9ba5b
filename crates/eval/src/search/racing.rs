//! Racing: points that the folds so far show to be worse are not tried on further folds.
//!
//! After each fold, each point still in the race is compared with the leader by a paired t test
//! over the folds, with Holm's adjustment; those that are worse leave.
//!
//! Sources: O. Maron, A. Moore, "Hoeffding races", NIPS 6, 1994 (the race); A. Moore, M. Lee,
//! "Efficient algorithms for minimizing cross validation error", ICML 1994 (comparing on the same
//! rows); M. Birattari, T. Stützle, L. Paquete, K. Varrentrapp, "A racing algorithm for configuring
//! metaheuristics", GECCO 2002 (this test: their tHo-race). Folds share training rows, so the level
//! says how eager the race is, and is no chance of error.

use super::rule::{Candidate, best};
use super::{Request, Results, Step, evaluate_or_choose};
use crate::statistics::distribution::t_two_sided;
use crate::statistics::multiple::{Adjustment, adjust};
use base::ParamError;

/// When points leave a race.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Racing {
    first_test: usize,
    level: f64,
}

impl Racing {
    /// No point leaves before `first_test` folds; then those with an adjusted p value below
    /// `level`.
    ///
    /// # Errors
    /// If `first_test` is below 2, or `level` not strictly between 0 and 1.
    pub fn new(first_test: usize, level: f64) -> Result<Self, ParamError> {
        if first_test < 2 {
            return Err(ParamError::new("first_test", first_test, "at least 2 folds"));
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(ParamError::new("race_level", level, "between 0 and 1"));
        }
        Ok(Self { first_test, level })
    }

    /// What to do next with these points.
    pub(super) fn next(&self, points: Vec<usize>, folds: usize, results: &Results) -> Step {
        let mut alive = points;
        for seen in self.first_test.min(folds)..=folds {
            match evaluate_or_choose(&alive, 0..seen, None, results) {
                Step::Choose(candidates) if seen < folds => {
                    alive = self.survivors(&candidates, seen, results);
                }
                step => return step,
            }
        }
        evaluate_or_choose(&alive, 0..folds, None, results)
    }

    /// The points that are not shown to be worse than the leader.
    fn survivors(&self, candidates: &[Candidate], seen: usize, results: &Results) -> Vec<usize> {
        let means: Vec<f64> = candidates.iter().map(|candidate| candidate.mean).collect();
        let leader = best(&means);
        let scores = |candidate: &Candidate| -> Vec<f64> {
            let request = |fold| Request { point: candidate.point, fold, rows: None };
            (0..seen).map(|fold| results[&request(fold)]).collect()
        };
        let leading = scores(&candidates[leader]);
        let others: Vec<&Candidate> =
            candidates.iter().filter(|it| it.mean < means[leader]).collect();
        let p_values: Vec<f64> = others
            .iter()
            .map(|other| {
                let differences = leading.iter().zip(scores(other)).map(|(a, b)| a - b);
                paired_p(&differences.collect::<Vec<f64>>())
            })
            .collect();
        let adjusted = adjust(&p_values, Adjustment::Holm).expect("p values are in [0, 1]");
        let worse: Vec<usize> = others
            .iter()
            .zip(adjusted)
            .filter(|(_, p)| *p < self.level)
            .map(|(other, _)| other.point)
            .collect();
        candidates.iter().map(|it| it.point).filter(|point| !worse.contains(point)).collect()
    }
}

/// Two-sided p value of the paired t test; 0 for the same difference on each fold, which must not
/// be 0.
fn paired_p(differences: &[f64]) -> f64 {
    let Candidate { mean, error, .. } = Candidate::new(0, differences);
    if error == 0.0 { 0.0 } else { t_two_sided(mean / error, differences.len() as f64 - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Protocol, SearchMethod};
    use crate::search::tests::run;
    use crate::search::{Folds, Search, space::Space};
    use base::Seed;

    fn race(points: usize, first_test: usize) -> Search {
        let values: Vec<usize> = (0..points).collect();
        let space: Space =
            [("c".to_owned(), serde_json::from_value(serde_json::json!(values)).unwrap())].into();
        let protocol = Protocol { search: SearchMethod::Racing, first_test, ..Protocol::default() };
        let folds = Folds { count: 5, rows: 100, classes: 2 };
        Search::new(&protocol, &space, Seed(1), folds).unwrap()
    }

    #[test]
    fn the_test_is_the_usual_paired_one() {
        let p = paired_p(&[0.05, 0.06, 0.04]);
        // t = 0.05 / (0.01 / sqrt(3)) = 8.6603 with 2 degrees of freedom, whose two-sided chance
        // is 1 - t / sqrt(t^2 + 2).
        let t = 75_f64.sqrt();
        assert!((p - (1.0 - t / (t * t + 2.0).sqrt())).abs() < 1e-12, "{p}");
    }

    #[test]
    fn a_point_that_is_clearly_worse_leaves_after_the_first_test() {
        // Point 0 is far behind on each fold, points 1 and 2 take turns.
        let scores = [
            [0.50, 0.51, 0.49, 0.50, 0.50],
            [0.90, 0.88, 0.91, 0.90, 0.89],
            [0.89, 0.90, 0.90, 0.91, 0.90],
        ];
        let (candidates, asked) = run(&race(3, 3), |it| scores[it.point][it.fold]);
        assert_eq!(candidates.iter().map(|it| it.point).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(asked[0].len(), 9, "no point leaves before");
        assert!(asked[1..].concat().iter().all(|it| it.point != 0));
        assert_eq!(asked.concat().len(), 9 + 2 * 2);
    }

    #[test]
    fn equal_points_run_to_the_end() {
        let (candidates, asked) = run(&race(4, 2), |it| 0.8 + 0.01 * it.fold as f64);
        assert_eq!((candidates.len(), asked.concat().len()), (4, 20));
        // More folds before the first test than there are.
        let (candidates, asked) = run(&race(4, 9), |it| it.point as f64);
        assert_eq!((candidates.len(), asked.len()), (4, 1));
    }
}
