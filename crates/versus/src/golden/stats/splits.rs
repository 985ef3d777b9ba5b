//! What splits must hold: their properties, not their rows, which follow from other generators.

use super::input::get;
use base::{Labels, Seed};
use eval::split::{self, Split, SplitError};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Splits have to hold what they promise for any seed.
const SEED: Seed = Seed(1);

/// Compares one case: a line for each expectation that is not met.
///
/// `sklearn_...` is what the reference happened to choose; the bounds stand beside it.
pub(super) fn split_properties(input: &Value, expect: &Value) -> Result<Vec<String>, String> {
    let labels = labels(input)?;
    let splits = match (splits(input, &labels)?, expect.get("outcome")) {
        (Err(_), Some(outcome)) if outcome == "warning_or_error" => return Ok(Vec::new()),
        (Err(error), _) => return Err(error.to_string()),
        (Ok(_), Some(outcome)) => return Ok(vec![format!("not refused: {outcome}")]),
        (Ok(splits), None) => splits,
    };
    let got = properties(&labels, &splits);
    let expect = expect.as_object().ok_or("the expectations are no object")?;
    let judged = expect.iter().filter(|(key, _)| *key != "note" && !key.starts_with("sklearn_"));
    Ok(judged.filter_map(|(key, expected)| fault(&got, key, expected)).collect())
}

/// What is wrong with one expectation, if anything.
fn fault(got: &Map<String, Value>, key: &str, expected: &Value) -> Option<String> {
    let (name, holds): (_, fn(f64, f64) -> bool) = match key {
        "max_allowed_test_size_spread" => ("max_minus_min_test_size", |got, bound| got <= bound),
        "must_be_at_most" => ("mean_std_of_class_share", |got, bound| got <= bound),
        "per_class_test_floor" => ("per_class_test_count_min", |got, bound| got >= bound),
        "per_class_test_ceil" => ("per_class_test_count_max", |got, bound| got <= bound),
        // The largest fold comes first.
        "greedy_lpt_test_sizes_desc" => ("test_sizes_sorted_desc", |got, bound| got <= bound),
        _ => (key, |got, expected| got == expected),
    };
    let Some(value) = got.get(name) else { return Some(format!("/{key}: not worked out here")) };
    let met = match (key, numbers(value), numbers(expected)) {
        ("greedy_lpt_test_sizes_desc", Some(got), Some(bound)) => {
            got.len() == bound.len() && holds(got[0], bound[0])
        }
        (_, Some(got), Some(bound)) => {
            got.len() == bound.len() && got.iter().zip(bound).all(|(&got, b)| holds(got, b))
        }
        _ => value == expected,
    };
    (!met).then(|| format!("/{key}: {value}, but expected is {expected}"))
}

/// A number, or a list of numbers.
fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Array(list) if !list.is_empty() => list.iter().map(Value::as_f64).collect(),
        value => value.as_f64().map(|number| vec![number]),
    }
}

/// Class and group of each row, from lists or from counts.
fn labels(input: &Value) -> Result<Labels, String> {
    let has = |key| input.get(key).is_some();
    let (ids, groups): (Vec<usize>, Option<Vec<usize>>) = if has("y") {
        (get(input, "y")?, if has("groups") { Some(get(input, "groups")?) } else { None })
    } else if has("class_counts") {
        (repeated(&get::<Vec<usize>>(input, "class_counts")?), None)
    } else if has("group_sizes") {
        let groups = repeated(&get::<Vec<usize>>(input, "group_sizes")?);
        (vec![0; groups.len()], Some(groups))
    } else {
        (vec![0; get(input, "n")?], None)
    };
    let classes = ids.iter().max().map_or(0, |&id| id + 1);
    let names: Vec<String> = (0..classes).map(|id| id.to_string()).collect();
    let labels = Labels::new(ids, &names).map_err(|error| error.to_string())?;
    match groups {
        Some(groups) => labels.with_groups(groups).map_err(|error| error.to_string()),
        None => Ok(labels),
    }
}

/// Number `k`, as often as `counts[k]` says.
fn repeated(counts: &[usize]) -> Vec<usize> {
    counts.iter().enumerate().flat_map(|(number, &count)| vec![number; count]).collect()
}

type Made = Result<Vec<Split>, SplitError>;

fn splits(input: &Value, labels: &Labels) -> Result<Made, String> {
    let kind: String = get(input, "kind")?;
    let folds = || get(input, "k");
    Ok(match kind.as_str() {
        "kfold" => split::k_fold(labels.len(), folds()?, SEED),
        "stratified_kfold" => split::stratified_k_fold(labels, folds()?, SEED),
        "group_kfold" => split::group_k_fold(labels, folds()?, SEED),
        "stratified_group_kfold" => split::stratified_group_k_fold(labels, folds()?, SEED),
        "leave_one_group_out" => split::leave_one_group_out(labels),
        "stratified_holdout" => {
            let share = get::<f64>(input, "n_test")? / labels.len() as f64;
            split::hold_out(labels, share, SEED).map(|split| vec![split])
        }
        _ => return Err(format!("no split here is called `{kind}`")),
    })
}

fn properties(labels: &Labels, splits: &[Split]) -> Map<String, Value> {
    let mut tested = vec![0; labels.len()];
    splits.iter().flat_map(|split| &split.test).for_each(|&row| tested[row] += 1);
    let mut sizes: Vec<usize> = splits.iter().map(|split| split.test.len()).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let per_class: Vec<Vec<usize>> = (0..labels.class_count())
        .map(|id| splits.iter().map(|split| count(labels, &split.test, id)).collect())
        .collect();
    let extreme = |pick: fn(&[usize]) -> usize| -> Vec<usize> {
        per_class.iter().map(|counts| pick(counts)).collect()
    };
    let deviations = per_class.iter().map(|counts| {
        let total = counts.iter().sum::<usize>() as f64;
        deviation(&counts.iter().map(|&count| count as f64 / total).collect::<Vec<_>>())
    });
    let disjoint = labels.groups().is_none_or(|groups| {
        let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
        splits.iter().all(|split| of(&split.train).is_disjoint(&of(&split.test)))
    });
    let properties = json!({
        "n_test": splits[0].test.len(),
        "n_train": splits[0].train.len(),
        "test_sizes_sorted_desc": sizes,
        "max_minus_min_test_size": sizes[0] - sizes[sizes.len() - 1],
        "every_sample_tested_exactly_once": tested.iter().all(|&times| times == 1),
        "groups_disjoint": disjoint,
        "per_class_test_count_min": extreme(|counts| *counts.iter().min().expect("splits")),
        "per_class_test_count_max": extreme(|counts| *counts.iter().max().expect("splits")),
        "mean_std_of_class_share": deviations.sum::<f64>() / labels.class_count() as f64,
    });
    let Value::Object(properties) = properties else { unreachable!("written as an object") };
    properties
}

fn count(labels: &Labels, rows: &[usize], class: usize) -> usize {
    rows.iter().filter(|&&row| labels.ids()[row] == class).count()
}

/// Standard deviation, divided by the number of values.
fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_are_not_met_are_told() {
        let input = json!({"kind": "group_kfold", "group_sizes": [5, 3, 2], "k": 2});
        let faults = |expect| split_properties(&input, &expect).unwrap();
        assert!(
            faults(json!({"greedy_lpt_test_sizes_desc": [5, 5], "groups_disjoint": true}))
                .is_empty()
        );
        assert_eq!(
            faults(json!({"greedy_lpt_test_sizes_desc": [4, 4]})),
            ["/greedy_lpt_test_sizes_desc: [5,5], but expected is [4,4]"]
        );
        assert_eq!(faults(json!({"groups_disjoint": false})).len(), 1);
        assert_eq!(faults(json!({"colour": 1})), ["/colour: not worked out here"]);
        assert_eq!(faults(json!({"outcome": "warning_or_error"})).len(), 1);
    }
}
