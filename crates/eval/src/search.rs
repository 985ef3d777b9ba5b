//! Which settings to try, on which rows, and which to take: searches as pure functions.
//!
//! A [`Search`] is asked what to do [`Search::next`], given all results so far, and answers with
//! trials to be done or with those to choose among. It keeps nothing in between: whoever was
//! interrupted asks again with the results that are there, and goes on the same way. Chance enters
//! once, when points are drawn ([`random`]). No model is known here, and no clock.

pub mod grid;
pub mod halving;
pub mod limit;
pub mod racing;
pub mod random;
pub mod rule;
pub mod space;
pub mod subset;

use crate::record::{Protocol, SearchMethod};
use base::{ParamError, Seed};
use grid::Point;
use rule::Candidate;
use space::Space;
use std::collections::BTreeMap;

/// A trial of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Place among [`Search::points`].
    pub point: usize,
    /// Number of the inner fold that it is scored on.
    pub fold: usize,
    /// Training rows, if not all of the fold.
    pub rows: Option<usize>,
}

/// Score of each trial done, the higher the better; finite.
pub type Results = BTreeMap<Request, f64>;

/// What a search wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Results of these trials, which do not depend on each other.
    Evaluate(Vec<Request>),
    /// Nothing more: one of these is to be taken, in the order of the points.
    Choose(Vec<Candidate>),
}

/// A search over points that are known from the start. See the [module](self).
///
/// ```
/// use eval::search::{Results, Search, Step, space::Space};
/// let space: Space = serde_json::from_str(r#"{"c": [1, 10]}"#).unwrap();
/// let search = Search::exhaustive(&space, 2);
/// let mut results = Results::new();
/// let candidates = loop {
///     match search.next(&results) {
///         // Here 10 is the better value.
///         Step::Evaluate(trials) => results.extend(trials.iter().map(|t| (*t, t.point as f64))),
///         Step::Choose(candidates) => break candidates,
///     }
/// };
/// assert_eq!(candidates[1].mean, 1.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The points, from simple to complex.
    pub points: Vec<Point>,
    /// Number of further points that the limit on trials leaves out.
    pub left_out: usize,
    folds: usize,
    plan: Plan,
}

#[derive(Debug, Clone, PartialEq)]
enum Plan {
    /// All points on all folds.
    Exhaustive,
    Halving(Vec<halving::Round>),
    Racing(racing::Racing),
}

/// The folds that a search works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folds {
    /// Their number.
    pub count: usize,
    /// Training rows of the smallest.
    pub rows: usize,
    /// Classes of the data set.
    pub classes: usize,
}

impl Search {
    /// All points of a grid on all folds.
    pub fn exhaustive(space: &Space, folds: usize) -> Self {
        Self { points: grid::points(space), left_out: 0, folds, plan: Plan::Exhaustive }
    }

    /// The search that a protocol asks for. `seed` is that of the run, so that pipelines with the
    /// same space try the same points on every data set.
    ///
    /// # Errors
    /// If a setting of the protocol is out of range, or a range must be drawn from and `points` is
    /// not given.
    pub fn new(
        protocol: &Protocol,
        space: &Space,
        seed: Seed,
        folds: Folds,
    ) -> Result<Self, ParamError> {
        let Points { tried: points, left_out } = points(protocol, space, seed)?;
        let plan = match protocol.search {
            SearchMethod::Grid | SearchMethod::Random => Plan::Exhaustive,
            SearchMethod::Halving => {
                let least = halving::least_rows(points.len(), protocol.factor, folds);
                let least = protocol.min_rows.unwrap_or(least).min(folds.rows);
                let rounds = halving::schedule(points.len(), protocol.factor, least, folds.rows)?;
                Plan::Halving(rounds)
            }
            SearchMethod::Racing => {
                Plan::Racing(racing::Racing::new(protocol.first_test, protocol.race_level)?)
            }
        };
        Ok(Self { points, left_out, folds: folds.count, plan })
    }

    /// Whether all trials are known from the start.
    pub fn is_exhaustive(&self) -> bool {
        self.plan == Plan::Exhaustive
    }

    /// What to do next, given all results so far. Equal results, equal answer.
    pub fn next(&self, results: &Results) -> Step {
        let all: Vec<usize> = (0..self.points.len()).collect();
        match &self.plan {
            Plan::Exhaustive => self.on_all_folds(&all, None, results),
            Plan::Halving(rounds) => {
                let mut alive = all;
                for (at, round) in rounds.iter().enumerate() {
                    let step = self.on_all_folds(&alive, round.rows, results);
                    match (step, rounds.get(at + 1)) {
                        (Step::Choose(candidates), Some(next)) => {
                            alive = halving::best(&candidates, next.candidates);
                        }
                        (step, _) => return step,
                    }
                }
                self.on_all_folds(&alive, None, results)
            }
            Plan::Racing(racing) => racing.next(all, self.folds, results),
        }
    }

    fn on_all_folds(&self, points: &[usize], rows: Option<usize>, results: &Results) -> Step {
        evaluate_or_choose(points, 0..self.folds, rows, results)
    }
}

/// The points of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Those that are tried, from simple to complex.
    pub tried: Vec<Point>,
    /// Number of those that the limit on trials leaves out.
    pub left_out: usize,
}

/// The points that a protocol asks for; they do not depend on the data.
///
/// # Errors
/// As [`Search::new`].
pub fn points(protocol: &Protocol, space: &Space, seed: Seed) -> Result<Points, ParamError> {
    let drawn = match (protocol.points, protocol.search) {
        (Some(0), _) => return Err(ParamError::new("points", 0, "at least 1")),
        (Some(_), SearchMethod::Grid) => {
            let expected =
                "left out: a grid search takes every point (another `search` draws them)";
            return Err(ParamError::new("points", "given", expected));
        }
        (Some(count), _) => Some(count),
        (None, SearchMethod::Random) => {
            return Err(ParamError::new("points", "missing", "given with `search = \"random\"`"));
        }
        (None, _) if !space.values().all(space::Domain::is_list) => {
            let expected = "given where a grid has a range, with `search` other than \"grid\"";
            return Err(ParamError::new("points", "missing", expected));
        }
        (None, _) => None,
    };
    let draw = |count| random::points(space, count, seed.child("search", 0));
    let mut tried = drawn.map_or_else(|| grid::points(space), draw);
    let wanted = tried.len();
    let affordable = limit::affordable(protocol, wanted)?;
    if affordable < wanted {
        match drawn {
            // Sorted once drawn, so that the first drawn are not the first of them.
            Some(_) => tried = draw(affordable),
            None => tried.truncate(affordable),
        }
    }
    Ok(Points { left_out: wanted - tried.len(), tried })
}

/// The trials of `points` x `folds` that are missing; if none is, the points with their scores.
fn evaluate_or_choose(
    points: &[usize],
    folds: std::ops::Range<usize>,
    rows: Option<usize>,
    results: &Results,
) -> Step {
    // Fold by fold, as grids that are trained together come.
    let requests = folds
        .clone()
        .flat_map(|fold| points.iter().map(move |&point| Request { point, fold, rows }));
    let missing: Vec<Request> = requests.filter(|it| !results.contains_key(it)).collect();
    if !missing.is_empty() {
        return Step::Evaluate(missing);
    }
    let candidate = |&point: &usize| {
        let scores = folds.clone().map(|fold| results[&Request { point, fold, rows }]);
        Candidate::new(point, &scores.collect::<Vec<f64>>())
    };
    Step::Choose(points.iter().map(candidate).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Runs a search to its end; gives the candidates and all trials in the order asked for.
    pub(crate) fn run(
        search: &Search,
        score: impl Fn(Request) -> f64,
    ) -> (Vec<Candidate>, Vec<Vec<Request>>) {
        let (mut results, mut asked) = (Results::new(), Vec::new());
        loop {
            match search.next(&results) {
                Step::Evaluate(requests) => {
                    assert!(!requests.is_empty() && asked.len() < 100, "it comes to an end");
                    results.extend(requests.iter().map(|&request| (request, score(request))));
                    asked.push(requests);
                }
                Step::Choose(candidates) => return (candidates, asked),
            }
        }
    }

    fn space() -> Space {
        serde_json::from_str(r#"{"c": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"#).unwrap()
    }

    fn protocol(search: SearchMethod) -> Protocol {
        Protocol { search, ..Protocol::default() }
    }

    const FOLDS: Folds = Folds { count: 4, rows: 900, classes: 3 };

    fn score(request: Request) -> f64 {
        0.5 + 0.05 * request.point as f64 + 0.001 * ((request.fold * 7 + request.point) % 3) as f64
    }

    #[test]
    fn whoever_was_interrupted_goes_on_the_same_way() {
        for method in [SearchMethod::Grid, SearchMethod::Halving, SearchMethod::Racing] {
            let search = Search::new(&protocol(method), &space(), Seed(1), FOLDS).unwrap();
            let (whole, asked) = run(&search, score);
            // Any part of the results is there already, in any order.
            let done: Vec<Request> = asked.concat();
            for part in 0..done.len() {
                let order = Seed(part as u64).permutation(done.len());
                let mut results: Results =
                    order[..part].iter().map(|&at| (done[at], score(done[at]))).collect();
                let candidates = loop {
                    match search.next(&results) {
                        Step::Evaluate(requests) => {
                            assert!(requests.iter().all(|request| done.contains(request)));
                            results.extend(requests.iter().map(|&it| (it, score(it))));
                        }
                        Step::Choose(candidates) => break candidates,
                    }
                };
                assert_eq!(candidates, whole, "{method:?}");
            }
        }
    }

    #[test]
    fn each_search_finds_the_best_and_the_short_ones_ask_for_less() {
        let trained = |method| {
            let search = Search::new(&protocol(method), &space(), Seed(1), FOLDS).unwrap();
            let (candidates, asked) = run(&search, score);
            let best = candidates.iter().max_by(|a, b| a.mean.total_cmp(&b.mean)).unwrap();
            assert_eq!(best.point, 8, "{method:?}");
            asked.concat().iter().map(|request| request.rows.unwrap_or(900)).sum::<usize>()
        };
        assert_eq!(trained(SearchMethod::Grid), 9 * 4 * 900);
        // 9 points on 100 rows, 3 on 300, the best on 900.
        assert_eq!(trained(SearchMethod::Halving), 4 * (9 * 100 + 3 * 300 + 900));
        assert!(trained(SearchMethod::Racing) < 9 * 4 * 900);
    }

    #[test]
    fn wrong_settings_are_named() {
        let name = |protocol: Protocol, space: &Space| {
            Search::new(&protocol, space, Seed(1), FOLDS).unwrap_err().name
        };
        let range: Space = serde_json::from_str(r#"{"c": {"low": 1, "high": 2}}"#).unwrap();
        assert_eq!(name(protocol(SearchMethod::Grid), &range), "points");
        assert_eq!(name(protocol(SearchMethod::Random), &space()), "points");
        let grid = Protocol { points: Some(3), ..protocol(SearchMethod::Grid) };
        assert_eq!(name(grid, &space()), "points");
        let halving = Protocol { factor: 1.0, ..protocol(SearchMethod::Halving) };
        assert_eq!(name(halving, &space()), "factor");
        let racing = Protocol { race_level: 1.0, ..protocol(SearchMethod::Racing) };
        assert_eq!(name(racing, &space()), "race_level");
        let racing = Protocol { first_test: 1, ..protocol(SearchMethod::Racing) };
        assert_eq!(name(racing, &space()), "first_test");
    }
}
