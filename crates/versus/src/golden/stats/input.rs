//! Reads the input of a case, and writes results as JSON.

use eval::interval::Interval;
use eval::statistics::Undefined;
use ndarray::Array2;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The entry `key` of the input.
pub(in crate::golden) fn get<T: DeserializeOwned>(input: &Value, key: &str) -> Result<T, String> {
    let value = input.get(key).ok_or_else(|| format!("the input has no `{key}`"))?;
    serde_json::from_value(value.clone()).map_err(|error| format!("input `{key}`: {error}"))
}

/// The entry `key` of the input, a list of rows of the same length.
pub(super) fn table<T: DeserializeOwned>(input: &Value, key: &str) -> Result<Array2<T>, String> {
    let rows: Vec<Vec<T>> = get(input, key)?;
    let shape = (rows.len(), rows.first().map_or(0, Vec::len));
    Array2::from_shape_vec(shape, rows.into_iter().flatten().collect())
        .map_err(|error| format!("input `{key}`: {error}"))
}

/// Both ends of an interval.
pub(super) fn ends(interval: Interval) -> Value {
    json!([interval.low, interval.high])
}

/// The value, or null where there is none.
pub(super) fn defined<T: Serialize>(value: Result<T, Undefined>) -> Value {
    json!(value.ok())
}

/// What is wrong with the input as a whole.
pub(super) fn refused(error: Undefined) -> String {
    error.to_string()
}
