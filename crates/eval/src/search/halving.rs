//! Successive halving: many points on few rows, and few points on many.
//!
//! Sources: Z. Karnin, T. Koren, O. Somekh, "Almost optimal exploration in multi-armed bandits",
//! ICML 2013; K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
//! optimization", AISTATS 2016. Reference: scikit-learn's `HalvingGridSearchCV` with
//! `aggressive_elimination=False` and `min_resources="exhaust"`. Departures: the resource is the
//! training rows of a fold, and every round is scored on all held-out rows of the folds, where
//! scikit-learn takes a part of those too; of equal points the simpler stays.

use super::Folds;
use super::rule::Candidate;
use base::ParamError;

/// A round: how many points are tried on how many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Points still in the race.
    pub candidates: usize,
    /// Resource that each of them gets.
    pub resources: usize,
    /// Training rows, if not all there are.
    pub rows: Option<usize>,
}

/// The rounds for so many points: each round keeps one in `factor` of them, rounded up, and gives
/// each `factor` times as much, up to `max_resources`.
///
/// The number of rounds is `1 + floor(log_factor(candidates))`, or as many as the resources allow.
/// The logarithm is that of floating-point numbers, as in scikit-learn: five rounds and not six for
/// 243 points and a factor of 3, where the exact one would be 5.
///
/// ```
/// let rounds = eval::search::halving::schedule(12, 3.0, 40, 1000).unwrap();
/// let rounds: Vec<_> = rounds.iter().map(|it| (it.candidates, it.resources)).collect();
/// assert_eq!(rounds, [(12, 40), (4, 120), (2, 360)]);
/// ```
///
/// # Errors
/// If `factor` is not above 1, there is no point, or not 1 <= `min_resources` <= `max_resources`.
pub fn schedule(
    candidates: usize,
    factor: f64,
    min_resources: usize,
    max_resources: usize,
) -> Result<Vec<Round>, ParamError> {
    check_factor(factor)?;
    if candidates == 0 {
        return Err(ParamError::new("points", 0, "at least 1"));
    }
    if min_resources == 0 || min_resources > max_resources {
        let expected = "at least 1, and no more than all training rows of a fold";
        return Err(ParamError::new("min_rows", min_resources, expected));
    }
    let possible = 1 + steps(max_resources / min_resources, factor);
    let rounds = possible.min(1 + steps(candidates, factor));
    let mut left = candidates;
    let round = |power: usize| {
        let resources = factor.powi(power as i32) * min_resources as f64;
        // Truncated, as scikit-learn does.
        let resources = (resources as usize).min(max_resources);
        let rows = (resources < max_resources).then_some(resources);
        let round = Round { candidates: left, resources, rows };
        left = (left as f64 / factor).ceil() as usize;
        round
    };
    Ok((0..rounds).map(round).collect())
}

/// How often a number can be divided by `factor` before it is below it.
fn steps(number: usize, factor: f64) -> usize {
    ((number as f64).ln() / factor.ln()).floor() as usize
}

fn check_factor(factor: f64) -> Result<(), ParamError> {
    if factor.is_finite() && factor > 1.0 {
        return Ok(());
    }
    Err(ParamError::new("factor", factor, "a number above 1"))
}

/// Rows of the first round that let the last one have as many as there are, but at least two of
/// each class.
pub(super) fn least_rows(candidates: usize, factor: f64, folds: Folds) -> usize {
    let smallest = 2 * folds.classes.max(1);
    if check_factor(factor).is_err() || candidates == 0 {
        return smallest;
    }
    let last = factor.powi(steps(candidates, factor) as i32);
    smallest.max((folds.rows as f64 / last).floor() as usize)
}

/// The `count` points of the highest means, the simpler of equal ones, in the order of the points.
pub(super) fn best(candidates: &[Candidate], count: usize) -> Vec<usize> {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let mut kept: Vec<usize> = order.iter().take(count).map(|candidate| candidate.point).collect();
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_bound_the_rounds() {
        let rounds = schedule(100, 3.0, 300, 1000).unwrap();
        let numbers: Vec<_> = rounds.iter().map(|it| (it.candidates, it.rows)).collect();
        assert_eq!(numbers, [(100, Some(300)), (34, Some(900))]);
        let rounds = schedule(4, 2.0, 250, 1000).unwrap();
        let numbers: Vec<_> = rounds.iter().map(|it| (it.candidates, it.rows)).collect();
        assert_eq!(numbers, [(4, Some(250)), (2, Some(500)), (1, None)], "all rows in the end");
        assert_eq!(schedule(1, 3.0, 7, 7).unwrap().len(), 1);
    }

    #[test]
    fn wrong_settings_are_named() {
        let name = |result: Result<Vec<Round>, ParamError>| result.unwrap_err().name;
        assert_eq!(name(schedule(5, 1.0, 1, 10)), "factor");
        assert_eq!(name(schedule(5, f64::NAN, 1, 10)), "factor");
        assert_eq!(name(schedule(0, 2.0, 1, 10)), "points");
        assert_eq!(name(schedule(5, 2.0, 0, 10)), "min_rows");
        assert_eq!(name(schedule(5, 2.0, 11, 10)), "min_rows");
    }

    #[test]
    fn the_simpler_of_equal_points_stays() {
        let means = [0.5, 0.9, 0.7, 0.7, 0.7];
        let candidates: Vec<_> =
            means.iter().enumerate().map(|(point, &mean)| Candidate::new(point, &[mean])).collect();
        assert_eq!(best(&candidates, 3), [1, 2, 3]);
    }
}
