//! `docs/plan.md` against the program: every key with its default, and no other.

use crate::calibration::CalibrationParams;
use crate::catalogue;
use crate::plan::{Plan, Settings};
use data::corrupt::CORRUPTIONS;
use eval::record::{LearningCurve, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../docs/plan.md");

/// No plan has a key of that name.
const UNKNOWN: &str = "no-such-key";

/// What stands below a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let start = format!("\n{heading}\n");
    let found = PAGE.split_once(&start).unwrap_or_else(|| panic!("no heading {heading:?}")).1;
    found.split("\n#").next().expect("a split has a first part")
}

/// The rows of the tables below a heading: what is said to be the default of each key.
fn told(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let cells = |line: &'static str| -> Vec<&str> { line.split('|').map(str::trim).collect() };
    let rows = section(heading).lines().filter(|line| line.starts_with("| `"));
    let row = |line| {
        let cells = cells(line);
        assert_eq!(cells.len(), 6, "{heading}: {line}");
        assert!(cells[4].ends_with('.') && !cells[2].is_empty(), "{heading}: {line}");
        (cells[1].trim_matches('`'), cells[3])
    };
    rows.map(row).collect()
}

/// Says that keys and defaults below a heading are these; defaults that are not known have no key.
fn check(heading: &str, keys: &[String], defaults: &Value) {
    let told = told(heading);
    let listed: Vec<&str> = told.keys().copied().collect();
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(listed, keys, "{heading}");
    for (key, default) in told {
        let known = defaults.get(key).filter(|value| !value.is_null());
        let Some(literal) = default.strip_prefix('`').and_then(|text| text.strip_suffix('`'))
        else {
            let nothing = known.is_none_or(|value| *value == json!([]) || *value == json!({}));
            assert!(nothing, "{heading} `{key}`: {default}, but it is {known:?}");
            continue;
        };
        let table: toml::Table = toml::from_str(&format!("x = {literal}")).expect(literal);
        let parsed = serde_json::to_value(&table["x"]).expect("a value of TOML is one of JSON");
        // Of what is not written where it is the default, the page may tell it all the same.
        if let Some(known) = known {
            assert!(equal(&parsed, known), "{heading} `{key}`: {literal}, but it is {known}");
        }
    }
}

/// Whether two values are the same, 3 and 3.0 too.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        _ => a == b || a.as_f64().is_some_and(|number| b.as_f64() == Some(number)),
    }
}

/// The keys that a refusal of an unknown one lists.
fn listed(refusal: &str) -> Vec<String> {
    assert!(refusal.contains(UNKNOWN), "{refusal}");
    let (_, known) = refusal.split_once("expected").unwrap_or((refusal, ""));
    let keys = known.split('`').skip(1).step_by(2).map(str::to_owned);
    // scikit-image's name of another key.
    keys.filter(|key| key != "transform_sqrt").collect()
}

fn keys_of<T: DeserializeOwned>() -> Vec<String> {
    let refused = serde_json::from_value::<T>(json!({ UNKNOWN: 0 })).err();
    listed(&refused.expect("an unknown key is refused").to_string())
}

fn check_params<T: DeserializeOwned + Serialize + Default>(heading: &str) {
    let defaults = serde_json::to_value(T::default()).expect("settings are JSON");
    check(heading, &keys_of::<T>(), &defaults);
}

#[test]
fn the_tables_of_a_plan_are_described() {
    let refused = toml::from_str::<Plan>(&format!("{UNKNOWN} = 0")).unwrap_err().to_string();
    let plan: Plan = toml::from_str("name = 'x'\ndata = []").unwrap();
    let mut defaults = serde_json::to_value(&plan).unwrap();
    for told_in_words in ["name", "data", "protocol"] {
        defaults.as_object_mut().unwrap().remove(told_in_words);
    }
    check("## The plan itself", &listed(&refused), &defaults);

    check_params::<Protocol>("## `[protocol]`");
    check_params::<LearningCurve>("### `learning_curve`");
    check_params::<CalibrationParams>("### `calibration`");
    check_params::<deep::AugmentParams>("### `augment`");
    let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
    check("## `[[extractor]]`", &keys(&["name", "kind", "parts"]), &Value::Null);
    let of_classifier =
        keys(&["name", "kind", "on", "standardise", "transforms", "calibration", "grid"]);
    check("## `[[classifier]]`", &of_classifier, &json!({ "standardise": false }));
    check("## `[[model]]`", &keys(&["name", "kind", "grid"]), &Value::Null);

    let corruptions = section("### Corruptions");
    for corruption in CORRUPTIONS {
        assert!(corruptions.contains(&format!("`{}`", corruption.name)), "{}", corruption.name);
    }
    for name in deep::NetworkSpec::names() {
        assert!(section("### `cnn`").contains(&format!("`\"{name}\"`")), "{name}");
    }
}

#[test]
fn every_kind_is_described_with_all_of_its_settings() {
    for (table, names) in catalogue::names() {
        for name in names {
            let complete = |settings: &Settings| match table {
                "extractor" => catalogue::complete_extractor(name, settings),
                "classifier" => catalogue::complete_classifier(name, settings),
                "model" => catalogue::complete_model(name, settings),
                _ => {
                    let settings: serde_json::Map<_, _> = settings.clone().into_iter().collect();
                    catalogue::complete_transform(&json!({ name: settings })).map(|entry| {
                        let settings = entry[name].as_object().unwrap().clone();
                        settings.into_iter().collect()
                    })
                }
            };
            let refused = complete(&Settings::from([(UNKNOWN.to_owned(), json!(0))])).unwrap_err();
            let defaults = complete(&Settings::new()).unwrap();
            let defaults = Value::from_iter(defaults);
            check(&format!("### `{name}`"), &listed(&refused.to_string()), &defaults);
        }
    }
}
