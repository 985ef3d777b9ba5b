//! What values a setting can take: a list, or a range to draw from.

use super::grid::Point;
use base::ParamError;
use rand::{Rng, RngExt};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What each setting of a search can be.
pub type Space = BTreeMap<String, Domain>;

/// What one setting can be: in a plan file a list, or a table such as
/// `{ low = 0.01, high = 100, scale = "log" }`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Domain {
    /// One of these values.
    Values(Vec<Value>),
    /// Any number of a range.
    Range(Range),
}

/// All numbers between two, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// What is equally likely.
    #[serde(default)]
    pub scale: Scale,
    /// Whether only whole numbers are meant.
    #[serde(default)]
    pub integer: bool,
}

/// What is equally likely when a range is drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(values) => Ok(Self::Values(values)),
            table @ Value::Object(_) => {
                serde_json::from_value(table).map(Self::Range).map_err(D::Error::custom)
            }
            other => Err(D::Error::custom(format!(
                "{other} is neither a list of values nor a range {{ low = .., high = .. }}"
            ))),
        }
    }
}

impl From<Vec<Value>> for Domain {
    fn from(values: Vec<Value>) -> Self {
        Self::Values(values)
    }
}

impl Domain {
    /// Checks that there is something to choose from.
    ///
    /// # Errors
    /// If a list is empty, or a range is: ends that are not finite, not in order, not positive on a
    /// log scale, or not whole where whole numbers are meant.
    pub fn check(&self) -> Result<(), ParamError> {
        match self {
            Self::Values(values) if values.is_empty() => {
                Err(ParamError::new("grid", "[]", "at least one value"))
            }
            Self::Values(_) => Ok(()),
            Self::Range(range) => range.check(),
        }
    }

    /// Whether the values are listed, so that all of them can be tried.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Values(_))
    }

    /// Number of different values, if they can be counted.
    pub fn size(&self) -> Option<f64> {
        match self {
            Self::Values(values) => Some(values.len() as f64),
            Self::Range(range) if range.integer => Some(range.high - range.low + 1.0),
            Self::Range(_) => None,
        }
    }

    /// A value drawn at random, and its place in the order from first to last.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> (Value, f64) {
        match self {
            Self::Values(values) => {
                let at = rng.random_range(0..values.len());
                (values[at].clone(), at as f64)
            }
            Self::Range(range) => {
                let number = range.at(rng.random());
                // The words "5" and "5.0" are different settings to a recipe of whole numbers.
                let whole = range.integer.then_some(number as i64);
                (whole.map_or_else(|| Value::from(number), Value::from), number)
            }
        }
    }

    /// Whether a number lies at the smallest or largest value offered, so that better ones may lie
    /// outside. Of a list, only three different numbers or more have edges; words are passed over.
    /// Of a range, the first and last twentieth on its scale are its edges.
    fn at_edge(&self, chosen: f64) -> bool {
        match self {
            Self::Values(values) => {
                let mut numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
                numbers.sort_by(f64::total_cmp);
                numbers.dedup();
                match numbers.as_slice() {
                    [low, _, .., high] => chosen == *low || chosen == *high,
                    _ => false,
                }
            }
            Self::Range(range) => {
                let share = range.share(chosen);
                share <= EDGE || share >= 1.0 - EDGE
            }
        }
    }
}

/// Share of a range at either end that counts as its edge.
const EDGE: f64 = 0.05;

impl Range {
    fn check(&self) -> Result<(), ParamError> {
        let Self { low, high, scale, integer } = *self;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(ParamError::new("high", high, "a finite number above `low`"));
        }
        if scale == Scale::Log && low <= 0.0 {
            return Err(ParamError::new("low", low, "positive on a log scale"));
        }
        // All whole numbers up to 2^53 are exact.
        let whole = |end: f64| end.fract() == 0.0 && end.abs() <= 9e15;
        match integer && !(whole(low) && whole(high)) {
            true => Err(ParamError::new("low", low, "a whole number, as `high`, in `integer`")),
            false => Ok(()),
        }
    }

    /// The number that `share` of the range, from 0 to 1, lies below. A whole number takes half of
    /// the way to its neighbours.
    fn at(&self, share: f64) -> f64 {
        let margin = if self.integer { 0.5 } else { 0.0 };
        let (low, high) = (self.low - margin, self.high + margin);
        let number = match self.scale {
            Scale::Linear => low + share * (high - low),
            Scale::Log => (low.ln() + share * (high.ln() - low.ln())).exp(),
        };
        let number = if self.integer { number.round() } else { number };
        number.clamp(self.low, self.high)
    }

    /// Where in the range a number lies, from 0 to 1.
    fn share(&self, number: f64) -> f64 {
        let on_scale = |number: f64| match self.scale {
            Scale::Linear => number,
            Scale::Log => number.ln(),
        };
        (on_scale(number) - on_scale(self.low)) / (on_scale(self.high) - on_scale(self.low))
    }
}

/// Names of the numeric settings whose value in `point` lies at the edge of what is offered: better
/// values may lie outside. See [`Domain`] for what an edge is.
///
/// ```
/// let space = serde_json::from_str(r#"{"c": [0.1, 1, 10], "gamma": [0.1, 1, 10]}"#).unwrap();
/// let point = serde_json::from_str(r#"{"c": 10, "gamma": 1}"#).unwrap();
/// assert_eq!(eval::search::space::edges(&space, &point), ["c"]);
/// ```
pub fn edges(space: &Space, point: &Point) -> Vec<String> {
    let at_edge = |name: &String, domain: &Domain| {
        point.get(name).and_then(Value::as_f64).is_some_and(|chosen| domain.at_edge(chosen))
    };
    let edges = space.iter().filter(|(name, domain)| at_edge(name, domain));
    edges.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn domain(value: Value) -> Domain {
        serde_json::from_value(value).unwrap()
    }

    fn edges_of(offered: &Value, chosen: &Value) -> Vec<String> {
        let space = [("c".to_owned(), domain(offered.clone()))].into();
        edges(&space, &Point::from([("c".to_owned(), chosen.clone())]))
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

    #[test]
    fn ranges_have_edges_on_their_own_scale() {
        let log = json!({"low": 0.01, "high": 100, "scale": "log"});
        // Four powers of ten: a twentieth is a fifth of one, up to 0.01 x 10^0.2 = 0.0158.
        for (chosen, edge) in [(0.015, true), (0.017, false), (50.0, false), (70.0, true)] {
            assert_eq!(!edges_of(&log, &json!(chosen)).is_empty(), edge, "{chosen}");
        }
        let linear = json!({"low": 0, "high": 100});
        for (chosen, edge) in [(4.0, true), (6.0, false), (94.0, false), (96.0, true)] {
            assert_eq!(!edges_of(&linear, &json!(chosen)).is_empty(), edge, "{chosen}");
        }
    }

    #[test]
    fn every_whole_number_is_equally_likely_on_a_linear_scale() {
        let range = Range { low: 1.0, high: 4.0, scale: Scale::Linear, integer: true };
        let mut counts = [0; 5];
        (0..1000).for_each(|k| counts[range.at((f64::from(k) + 0.5) / 1000.0) as usize] += 1);
        assert_eq!(counts, [0, 250, 250, 250, 250]);
        // On a log scale each as likely as ln((k + 0.5) / (k - 0.5)) says: 1.0986 of 2.1972 for 1.
        let log = Range { scale: Scale::Log, ..range };
        let ones = (0..1000).filter(|&k| log.at((f64::from(k) + 0.5) / 1000.0) == 1.0).count();
        assert_eq!(ones, 500);
    }

    #[test]
    fn faults_are_named() {
        let fault = |value: Value| domain(value).check().unwrap_err().name;
        assert_eq!(fault(json!([])), "grid");
        assert_eq!(fault(json!({"low": 2, "high": 2})), "high");
        assert_eq!(fault(json!({"low": 0, "high": 2, "scale": "log"})), "low");
        assert_eq!(fault(json!({"low": 0.5, "high": 2, "integer": true})), "low");
        let read = |value: Value| serde_json::from_value::<Domain>(value).unwrap_err().to_string();
        assert!(read(json!({"low": 1, "high": 2, "step": 1})).contains("unknown field `step`"));
        assert!(read(json!(3)).contains("3 is neither a list"));
        let list = json!([1, "scale", 0.5]);
        assert_eq!(json!(domain(list.clone())), list);
    }
}
