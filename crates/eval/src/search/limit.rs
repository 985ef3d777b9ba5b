//! A limit on the trials of a search.
//!
//! A point is tried as a whole or not at all, and what is left out is known before the search begins:
//! it has so many points that it is sure to keep within the limit. So the limit depends on no clock
//! and on no result, and a run that was interrupted leaves out the same points. Of a grid the last
//! points in its order are left out, of points drawn at random the last drawn.

use super::halving;
use crate::record::{Protocol, SearchMethod};
use base::ParamError;

/// Trials that a search over so many points takes at most: one for each point and fold; of halving,
/// those of all its rounds, if there are rows enough for them.
///
/// ```
/// use eval::record::{Protocol, SearchMethod};
/// use eval::search::limit::most_trials;
/// let protocol = |search| Protocol { search, folds: 2, factor: 3.0, ..Protocol::default() };
/// assert_eq!(most_trials(&protocol(SearchMethod::Grid), 9), 18);
/// assert_eq!(most_trials(&protocol(SearchMethod::Halving), 9), 2 * (9 + 3 + 1));
/// ```
pub fn most_trials(protocol: &Protocol, points: usize) -> usize {
    let tried = match protocol.search {
        SearchMethod::Grid | SearchMethod::Random | SearchMethod::Racing => points,
        SearchMethod::Halving => halving::schedule(points, protocol.factor, 1, usize::MAX)
            .map_or(points, |rounds| rounds.iter().map(|round| round.candidates).sum()),
    };
    tried.saturating_mul(protocol.folds)
}

/// The most of `points` points whose search keeps within the limit of the protocol.
///
/// # Errors
/// If not even one does.
pub(super) fn affordable(protocol: &Protocol, points: usize) -> Result<usize, ParamError> {
    let Some(trials) = protocol.limits.trials else { return Ok(points) };
    let fits = |count: usize| most_trials(protocol, count) <= trials;
    if points > 0 && !fits(1) {
        let expected = "at least as many as one point takes: one for each of the `folds`";
        return Err(ParamError::new("limits.trials", trials, expected));
    }
    // More points never take fewer trials.
    let (mut most, mut beyond) = (0, points + 1);
    while beyond - most > 1 {
        let middle = most + (beyond - most) / 2;
        if fits(middle) {
            most = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Limits;
    use crate::search::tests::run;
    use crate::search::{Folds, Search, points, space::Space};
    use base::Seed;
    use serde_json::json;

    fn protocol(search: SearchMethod, trials: Option<usize>) -> Protocol {
        Protocol { search, folds: 3, limits: Limits { trials }, ..Protocol::default() }
    }

    fn space() -> Space {
        serde_json::from_value(json!({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4, 5]})).unwrap()
    }

    #[test]
    fn every_search_keeps_within_any_limit_and_uses_what_it_may() {
        let folds = Folds { count: 3, rows: 2000, classes: 2 };
        for method in [SearchMethod::Grid, SearchMethod::Halving, SearchMethod::Racing] {
            for trials in 3..70 {
                let limited = protocol(method, Some(trials));
                let search = Search::new(&limited, &space(), Seed(1), folds).unwrap();
                let (_, asked) = run(&search, |it| 0.5 + 0.01 * (it.point % 7) as f64);
                let count = search.points.len();
                assert!(asked.concat().len() <= trials, "{method:?} {trials}");
                assert_eq!(count + search.left_out, 20);
                assert!(count == 20 || most_trials(&limited, count + 1) > trials);
            }
        }
    }

    #[test]
    fn the_last_points_are_left_out() {
        let tried = |protocol: &Protocol| points(protocol, &space(), Seed(4)).unwrap();
        let whole = tried(&protocol(SearchMethod::Grid, None));
        let limited = tried(&protocol(SearchMethod::Grid, Some(23)));
        assert_eq!((limited.tried.len(), limited.left_out), (7, 13));
        assert_eq!(limited.tried[..], whole.tried[..7]);

        // Of points drawn at random: as if no more had been asked for.
        let random = |points, trials| Protocol {
            points: Some(points),
            ..protocol(SearchMethod::Random, trials)
        };
        let limited = tried(&random(10, Some(12)));
        assert_eq!((limited.tried.len(), limited.left_out), (4, 6));
        assert_eq!(limited.tried, tried(&random(4, None)).tried);
        let all = tried(&random(10, None));
        assert!(limited.tried.iter().all(|point| all.tried.contains(point)));
    }

    #[test]
    fn a_limit_below_one_point_is_refused() {
        let refused = points(&protocol(SearchMethod::Grid, Some(2)), &space(), Seed(1));
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("`limits.trials` is 2"), "{error}");
        assert_eq!(
            points(&protocol(SearchMethod::Grid, Some(3)), &space(), Seed(1)).unwrap().tried.len(),
            1
        );
    }
}
