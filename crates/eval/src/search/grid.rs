//! All points of a grid.
//!
//! Reference for the order of points: `sklearn.model_selection.ParameterGrid`.

use super::space::{Domain, Space};
use serde_json::Value;
use std::collections::BTreeMap;

/// One value for each setting.
pub type Point = BTreeMap<String, Value>;

/// All points of a grid: settings in the order of their names, the last one varying fastest,
/// values in the order they are offered.
///
/// A grid without settings has one empty point; one with a setting that offers no value, or a range
/// in place of a list, has none.
///
/// ```
/// use serde_json::json;
/// let grid = serde_json::from_str(r#"{"c": [1.0, 10.0], "gamma": [0.1]}"#).unwrap();
/// let points = eval::grid::points(&grid);
/// assert_eq!(json!(points), json!([{"c": 1.0, "gamma": 0.1}, {"c": 10.0, "gamma": 0.1}]));
/// ```
pub fn points(grid: &Space) -> Vec<Point> {
    let mut points = vec![Point::new()];
    for (name, domain) in grid {
        let values: &[Value] = match domain {
            Domain::Values(values) => values,
            Domain::Range(_) => &[],
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_grids_have_one_point_and_empty_settings_none() {
        assert_eq!(points(&Space::new()), [Point::new()]);
        let empty = serde_json::from_str(r#"{"a": [1, 2], "b": []}"#).unwrap();
        assert!(points(&empty).is_empty());
        let range = serde_json::from_str(r#"{"a": [1, 2], "b": {"low": 0, "high": 1}}"#).unwrap();
        assert!(points(&range).is_empty());
    }
}
