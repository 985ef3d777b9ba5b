//! Statistics, metrics, splits and searches: the groups of one JSON file of reference values.
//!
//! ```text
//! {"groups": {NAME: {"rtol": .., "atol": .., "cases": [{"id": .., "input": .., "expect": ..}]}}}
//! ```
//!
//! A result `x` passes if `|x - e| <= atol + rtol |e|` for each number `e` in `expect`. `null`
//! there means that there is no value: the result must say so, and NaN is no way to. Words and
//! truth values must be equal; a `note` is for readers.

mod distributions;
pub(super) mod input;
mod metrics;
mod paired;
mod questions;
mod ranks;
mod resampling;
mod searches;
mod splits;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Works out one case from its input: a value of the shape of what is expected, or why not.
/// It may hold more keys than are expected.
type Compute = fn(&Value) -> Result<Value, String>;

/// Every group that is known, and what works out its cases.
const GROUPS: &[(&str, Compute)] = &[
    ("bayes_correlated_t", resampling::bayes_correlated_t),
    ("binary_ranking", metrics::binary_ranking),
    ("binomial_ci", paired::binomial_ci),
    ("bootstrap_given_indices", resampling::bootstrap),
    ("cd_cliques", ranks::cliques),
    ("classification", metrics::classification),
    ("cochran_q", paired::cochran),
    ("corrected_resampled_t", resampling::corrected_t),
    ("corruption_error", questions::corruption_error),
    ("distributions", distributions::distributions),
    ("effect_sizes", ranks::effect_sizes),
    ("five_by_two_cv", resampling::five_by_two),
    ("friedman_nemenyi", ranks::friedman),
    ("grid_enumeration", searches::grid_enumeration),
    ("latency_quantiles", questions::latency_quantiles),
    ("learning_curve_power_law", questions::power_law),
    ("mcnemar", paired::mcnemar),
    ("mean_ci_over_seeds", resampling::mean_ci),
    ("multiple_testing", ranks::multiple_testing),
    ("one_standard_error_rule", searches::one_standard_error),
    ("pareto_front", questions::pareto_front),
    ("permutation_test_score", ranks::permutation_score),
    ("probabilistic", metrics::probabilistic),
    ("sign_flip_exact", ranks::sign_flip),
    ("studentized_range_inf", distributions::studentized_range),
    ("successive_halving_schedule", searches::halving_schedule),
    ("temperature_scaling", metrics::temperature_scaling),
    ("wilcoxon_signed_rank", ranks::wilcoxon),
];

/// Compares one case whose expectations are properties and bounds, not values: a line for each that
/// is not met.
type Check = fn(&Value, &Value) -> Result<Vec<String>, String>;

/// Groups that are not compared value by value, and what compares them.
const CHECKED: &[(&str, Check)] = &[("split_properties", splits::split_properties)];

/// What became of the cases of each group of a file, in alphabetical order.
#[derive(Debug)]
pub struct Report {
    groups: Vec<Group>,
}

/// One group and its cases.
#[derive(Debug)]
struct Group {
    name: String,
    /// Case by case: its id, and every way in which it differs.
    cases: Vec<(String, Vec<String>)>,
}

#[derive(Deserialize)]
struct File {
    groups: BTreeMap<String, Entry>,
}

/// A group as it is written in the file.
#[derive(Deserialize)]
struct Entry {
    #[serde(flatten)]
    tolerance: Tolerance,
    cases: Vec<Value>,
}

/// A case as it is written in the file.
#[derive(Deserialize)]
struct Case {
    input: Value,
    expect: Value,
}

/// How far a number may lie from the reference.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Tolerance {
    rtol: f64,
    atol: f64,
}

/// Works out every case of the file and compares.
///
/// # Errors
/// If the file cannot be read or is not of the form above. A case that cannot be worked out is
/// part of the report.
pub fn run(file: &Path) -> Result<Report> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let file: File = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    ensure!(!file.groups.is_empty(), "the file has no group of cases");
    Ok(Report { groups: file.groups.into_iter().map(group).collect() })
}

fn group((name, entry): (String, Entry)) -> Group {
    let compute = GROUPS.iter().find(|(known, _)| *known == name).map(|(_, compute)| *compute);
    let check = CHECKED.iter().find(|(known, _)| *known == name).map(|(_, check)| *check);
    let cases = entry.cases.into_iter().enumerate().map(|(index, case)| {
        let id = match case.get("id") {
            Some(Value::String(id)) => id.clone(),
            _ => format!("case {index}"),
        };
        let faults = match (compute, check) {
            (Some(compute), _) => faults(case, entry.tolerance, compute),
            (None, Some(check)) => checked(case, check),
            (None, None) => vec!["nothing here works out this group".to_owned()],
        };
        (id, faults)
    });
    Group { cases: cases.collect(), name }
}

fn faults(case: Value, tolerance: Tolerance, compute: Compute) -> Vec<String> {
    let case: Case = match serde_json::from_value(case) {
        Ok(case) => case,
        Err(error) => return vec![format!("malformed case: {error}")],
    };
    match compute(&case.input) {
        Ok(got) => {
            let mut faults = Vec::new();
            compare("", &got, &case.expect, tolerance, &mut faults);
            faults
        }
        Err(error) => vec![error],
    }
}

fn checked(case: Value, check: Check) -> Vec<String> {
    match serde_json::from_value(case) {
        Ok(Case { input, expect }) => check(&input, &expect).unwrap_or_else(|error| vec![error]),
        Err(error) => vec![format!("malformed case: {error}")],
    }
}

/// Adds a line for each place at or below `place` where `got` is not what is expected.
fn compare(
    place: &str,
    got: &Value,
    expected: &Value,
    tolerance: Tolerance,
    faults: &mut Vec<String>,
) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (key, expected) in expected.iter().filter(|(key, _)| *key != "note") {
                let place = format!("{place}/{key}");
                match got.get(key) {
                    Some(got) => compare(&place, got, expected, tolerance, faults),
                    None => faults.push(format!("{place}: not worked out here")),
                }
            }
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
                compare(&format!("{place}/{index}"), got, expected, tolerance, faults);
            }
        }
        (Value::Number(x), Value::Number(e)) if tolerance.holds(x.as_f64(), e.as_f64()) => {}
        (got, expected) if got == expected => {}
        (got, expected) => faults.push(format!("{place}: {got}, but expected is {expected}")),
    }
}

impl Tolerance {
    fn holds(self, x: Option<f64>, e: Option<f64>) -> bool {
        let (Some(x), Some(e)) = (x, e) else { return false };
        (x - e).abs() <= self.atol + self.rtol * e.abs()
    }
}

impl Report {
    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Number of cases.
    pub fn cases(&self) -> usize {
        self.groups.iter().map(|group| group.cases.len()).sum()
    }

    /// A line for each difference.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.groups.iter().flat_map(|group| {
            let case = |(id, faults): &'_ (String, Vec<String>)| {
                let line = |fault: &String| format!("{} {id}: {fault}", group.name);
                faults.iter().map(line).collect::<Vec<_>>()
            };
            group.cases.iter().flat_map(case)
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:28} {:>6} {:>6}", "group", "passed", "failed")?;
        let (mut all_passed, mut all_failed) = (0, 0);
        for Group { name, cases } in &self.groups {
            let passed = cases.iter().filter(|(_, faults)| faults.is_empty()).count();
            let failed = cases.len() - passed;
            writeln!(f, "{name:28} {passed:6} {failed:6}")?;
            (all_passed, all_failed) = (all_passed + passed, all_failed + failed);
        }
        write!(f, "{:28} {all_passed:6} {all_failed:6}", "all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults_of(got: &Value, expected: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        compare("", got, expected, Tolerance { rtol: 0.1, atol: 1.0 }, &mut faults);
        faults
    }

    #[test]
    fn numbers_may_differ_by_the_tolerance_and_nothing_else() {
        assert!(faults_of(&json!({"a": [1, 12.0], "b": 9}), &json!({"a": [1.9, 10]})).is_empty());
        assert_eq!(faults_of(&json!([12.1]), &json!([10])), ["/0: 12.1, but expected is 10"]);
        assert_eq!(faults_of(&json!([1]), &json!([1, 2])).len(), 1);
        assert_eq!(faults_of(&json!(1), &json!(true)).len(), 1);
    }

    #[test]
    fn no_value_must_be_said() {
        assert!(faults_of(&json!({"a": null}), &json!({"a": null, "note": "zero"})).is_empty());
        assert_eq!(faults_of(&json!({}), &json!({"a": null})), ["/a: not worked out here"]);
        assert_eq!(faults_of(&json!({"a": 0.0}), &json!({"a": null})).len(), 1);
        assert_eq!(faults_of(&json!({"a": null}), &json!({"a": 0.0})).len(), 1);
    }

    #[test]
    fn unknown_groups_and_malformed_cases_fail_with_a_message() {
        let entry = |cases| Entry { tolerance: Tolerance { rtol: 0.0, atol: 0.0 }, cases };
        let unknown = group(("tarot".to_owned(), entry(vec![json!({"id": "sun"})])));
        let malformed = group(("mcnemar".to_owned(), entry(vec![json!({"input": {}})])));
        let report = Report { groups: vec![unknown, malformed] };
        let failures: Vec<String> = report.failures().collect();
        assert_eq!(failures[0], "tarot sun: nothing here works out this group");
        assert!(failures[1].starts_with("mcnemar case 0: malformed case: missing field"));
        assert!(!report.passed());
    }
}
