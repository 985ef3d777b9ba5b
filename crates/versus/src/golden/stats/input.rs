//! Reads the input of a case, and writes results as JSON.

use eval::interval::Interval;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The entry `key` of the input.
pub(super) fn get<T: DeserializeOwned>(input: &Value, key: &str) -> Result<T, String> {
    let value = input.get(key).ok_or_else(|| format!("the input has no `{key}`"))?;
    serde_json::from_value(value.clone()).map_err(|error| format!("input `{key}`: {error}"))
}

/// Both ends of an interval.
pub(super) fn ends(interval: Interval) -> Value {
    json!([interval.low, interval.high])
}
