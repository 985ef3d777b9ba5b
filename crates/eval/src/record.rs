//! What a run leaves behind, as plain data. Every number of a report can be traced to a
//! [`Trial`]; metrics are computed from its stored scores and never stored instead of them.

mod data;
mod manifest;
mod protocol;
mod trial;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use data::{DataRecord, SplitRecord};
pub use manifest::{Environment, Family, Manifest, PipelineInfo};
pub use protocol::{
    CorruptionWord, Corruptions, Duplicates, LearningCurve, Limits, Nested, Protocol, Repeated,
    SearchMethod,
};
pub use trial::{Costs, Curve, Latency, Outcome, Trial, TrialSpec};

/// Version of the files in a run directory. A change of meaning raises it, and with it every
/// trial id, so that old and new results never mix.
pub const SCHEMA: u32 = 1;

/// SHA-256, in hexadecimal, of a value's JSON with sorted keys and no blanks.
///
/// # Panics
/// If the value cannot be written as JSON (a map with keys other than strings).
pub fn canonical_sha256(value: &impl Serialize) -> String {
    // `Value` keeps its keys sorted; a struct written directly would keep its field order.
    let value = serde_json::to_value(value).expect("records are maps with string keys");
    sha256_hex(value.to_string().as_bytes())
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '{"a":2,"b":[1,2]}' | sha256sum`
    #[test]
    fn canonical_json_has_sorted_keys_and_no_blanks() {
        let value = serde_json::json!({"b": [1, 2], "a": 2});
        let expected = "39ed791d861c3f4bd12404a59f198890524625f357e9bcb78ecafbad46ff065e";
        assert_eq!(canonical_sha256(&value), expected);
    }
}
