//! Points drawn at random.
//!
//! Source: J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", JMLR
//! 13:281-305, 2012. Reference: `sklearn.model_selection.ParameterSampler`. Departures: no point
//! comes twice, also where ranges are drawn from, and points are sorted from simple to complex, as
//! those of a grid.

use super::grid::{Point, points as all_points};
use super::space::{Domain, Space};
use base::Seed;
use std::collections::BTreeSet;

/// Draws at most so many times as often as points are wanted; values that are hardly ever drawn
/// must not take forever.
const PATIENCE: usize = 1000;

/// `count` different points, each setting drawn on its own, sorted setting by setting in the order
/// of their names: values of a list in their order, numbers of a range ascending.
///
/// All points there are, if they are lists of no more than `count`; fewer than `count` too if
/// ranges of whole numbers do not hold as many.
///
/// ```
/// use base::Seed;
/// let text = r#"{"c": {"low": 0.01, "high": 100, "scale": "log"}, "kernel": ["linear", "rbf"]}"#;
/// let points = eval::search::random::points(&serde_json::from_str(text).unwrap(), 20, Seed(1));
/// assert_eq!(points.len(), 20);
/// assert!(points.windows(2).all(|two| two[0]["c"].as_f64() < two[1]["c"].as_f64()));
/// ```
pub fn points(space: &Space, count: usize, seed: Seed) -> Vec<Point> {
    let size = space.values().map(Domain::size).product::<Option<f64>>();
    if size.is_some_and(|size| size <= count as f64) && space.values().all(Domain::is_list) {
        return all_points(space);
    }
    let mut rng = seed.rng();
    let (mut known, mut drawn) = (BTreeSet::new(), Vec::new());
    for _ in 0..count.saturating_mul(PATIENCE) {
        if drawn.len() == count {
            break;
        }
        let (mut point, mut places) = (Point::new(), Vec::new());
        for (name, domain) in space {
            let (value, place) = domain.draw(&mut rng);
            point.insert(name.clone(), value);
            places.push(place);
        }
        // Places are finite, so their bits tell them apart.
        if known.insert(places.iter().map(|place| place.to_bits()).collect::<Vec<u64>>()) {
            drawn.push((places, point));
        }
    }
    drawn.sort_by(|(a, _), (b, _)| a.partial_cmp(b).expect("places are numbers"));
    drawn.into_iter().map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn space(value: serde_json::Value) -> Space {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn lists_give_no_point_twice_and_all_if_asked_for_enough() {
        let space = space(json!({"a": [1, 2, 3, 4], "b": ["x", "y", "z"]}));
        let all = all_points(&space);
        for count in 1..=12 {
            let drawn = points(&space, count, Seed(3));
            assert_eq!(drawn.len(), count);
            // In the order of the grid, so without repetition.
            let places: Vec<usize> =
                drawn.iter().map(|point| all.iter().position(|it| it == point).unwrap()).collect();
            assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        }
        assert_eq!(points(&space, 100, Seed(3)), all);
        assert_ne!(points(&space, 6, Seed(3)), points(&space, 6, Seed(4)));
        assert_eq!(points(&space, 6, Seed(3)), points(&space, 6, Seed(3)));
    }

    #[test]
    fn ranges_of_whole_numbers_end() {
        let space = space(json!({"k": {"low": 1, "high": 5, "integer": true}}));
        assert_eq!(
            json!(points(&space, 9, Seed(1))),
            json!([{"k": 1}, {"k": 2}, {"k": 3}, {"k": 4}, {"k": 5}])
        );
    }

    /// Kolmogorov's distance of 2,000 draws from the distribution they are meant to have; at most
    /// 1.63 / sqrt(n) with 99 % confidence.
    #[test]
    fn ranges_are_drawn_evenly_on_their_scale() {
        for (scale, to_share) in [
            ("linear", (|c: f64| (c - 0.01) / 99.99) as fn(f64) -> f64),
            ("log", |c| (c.log10() + 2.0) / 4.0),
        ] {
            let space = space(json!({"c": {"low": 0.01, "high": 100, "scale": scale}}));
            let drawn = points(&space, 2000, Seed(8));
            let shares = drawn.iter().map(|point| to_share(point["c"].as_f64().unwrap()));
            let distance = shares
                .enumerate()
                .map(|(rank, share)| ((rank as f64 + 0.5) / 2000.0 - share).abs())
                .fold(0.0, f64::max);
            assert!(distance < 1.63 / 2000_f64.sqrt(), "{scale}: {distance}");
        }
    }
}
