//! Grids of settings: their points, the best of them, and whether it lies at the edge.
//!
//! Reference for the order of points: `sklearn.model_selection.ParameterGrid`.

use serde_json::Value;
use std::collections::BTreeMap;

/// One value for each setting of a grid.
pub type Point = BTreeMap<String, Value>;

/// All points of a grid: settings in the order of their names, the last one varying fastest,
/// values in the order they are offered.
///
/// A grid without settings has one empty point; one with a setting that offers no value has none.
///
/// ```
/// use serde_json::json;
/// let offered = |values: &[f64]| values.iter().map(|&value| json!(value)).collect();
/// let grid = [("c".to_owned(), offered(&[1.0, 10.0])), ("gamma".to_owned(), offered(&[0.1]))];
/// let points = eval::grid::points(&grid.into());
/// assert_eq!(json!(points), json!([{"c": 1.0, "gamma": 0.1}, {"c": 10.0, "gamma": 0.1}]));
/// ```
pub fn points(grid: &BTreeMap<String, Vec<Value>>) -> Vec<Point> {
    let mut points = vec![Point::new()];
    for (name, values) in grid {
        let with = |point: &Point, value: &Value| {
            let mut point = point.clone();
            point.insert(name.clone(), value.clone());
            point
        };
        points = points
            .iter()
            .flat_map(|point| values.iter().map(move |value| with(point, value)))
            .collect();
    }
    points
}

/// Index of the highest mean, the first of equal ones. Points come from simple to complex, so
/// the simplest of equally good ones is chosen. NaN never wins; 0 if nothing does.
///
/// ```
/// assert_eq!(eval::grid::best(&[0.7, 0.9, 0.9]), 1);
/// ```
pub fn best(means: &[f64]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, &mean) in means.iter().enumerate() {
        if mean > best.1 {
            best = (index, mean);
        }
    }
    best.0
}

/// Names of the numeric settings whose value in `point` is the smallest or largest one offered:
/// better values may lie outside the grid.
///
/// Only settings that offer at least three different numbers count, for of two values each is at
/// an edge. Words beside the numbers ("scale") are passed over.
pub fn edges(grid: &BTreeMap<String, Vec<Value>>, point: &Point) -> Vec<String> {
    let at_edge = |name: &String, values: &[Value]| {
        let mut numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        let chosen = point.get(name).and_then(Value::as_f64);
        match (numbers.as_slice(), chosen) {
            ([low, _, .., high], Some(chosen)) => chosen == *low || chosen == *high,
            _ => false,
        }
    };
    let edges = grid.iter().filter(|(name, values)| at_edge(name, values));
    edges.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grid(value: Value) -> BTreeMap<String, Vec<Value>> {
        serde_json::from_value(value).unwrap()
    }

    fn edges_of(offered: &Value, chosen: &Value) -> Vec<String> {
        edges(&grid(json!({"c": offered})), &Point::from([("c".to_owned(), chosen.clone())]))
    }

    #[test]
    fn empty_grids_have_one_point_and_empty_settings_none() {
        assert_eq!(points(&BTreeMap::new()), [Point::new()]);
        assert!(points(&grid(json!({"a": [1, 2], "b": []}))).is_empty());
    }

    #[test]
    fn the_best_is_the_first_of_equal_ones_and_never_nan() {
        assert_eq!(best(&[0.5, 0.5]), 0);
        assert_eq!(best(&[f64::NAN, 0.1, 0.9, 0.9]), 2);
        assert_eq!(best(&[f64::NAN, f64::NAN]), 0);
        assert_eq!(best(&[]), 0);
    }

    #[test]
    fn the_smallest_and_the_largest_number_are_edges_in_any_order() {
        assert_eq!(edges_of(&json!([10, 0.1, 1]), &json!(0.1)), ["c"]);
        assert_eq!(edges_of(&json!([10, 0.1, 1]), &json!(10)), ["c"]);
        assert!(edges_of(&json!([10, 0.1, 1]), &json!(1)).is_empty());
        // 10 and 10.0 are one value, written in two ways.
        assert_eq!(edges_of(&json!([1, 5, 10]), &json!(10.0)), ["c"]);
    }

    #[test]
    fn two_numbers_or_words_have_no_edge() {
        assert!(edges_of(&json!([1, 10]), &json!(1)).is_empty());
        assert!(edges_of(&json!([1, 10, 10.0]), &json!(1)).is_empty());
        assert!(edges_of(&json!(["linear", "poly", "rbf"]), &json!("linear")).is_empty());
        assert!(edges_of(&json!(["scale", 0.1, 1, 10]), &json!("scale")).is_empty());
        assert_eq!(edges_of(&json!(["scale", 0.1, 1, 10]), &json!(10)), ["c"]);
    }
}
