//! What stands beside the answer, from outside: trainings with other seeds, and repeated
//! cross-validation.

mod common;

use common::{compare, of, pipeline, results, run_twice, succeed, summary, with};
use serde_json::Value;
use std::collections::BTreeSet;

const GRID: &str = "grid = { c = [0.1, 1] }";

/// Different values of a field of the trials.
fn different(trials: &[&Value], field: &str) -> usize {
    let values = trials.iter().map(|trial| trial.pointer(field).unwrap().to_string());
    values.collect::<BTreeSet<String>>().len()
}

#[test]
fn other_seeds_train_the_winner_again_and_change_nothing_else() {
    let folder = with("folds = 2\nseeds = 3", GRID);
    let trials = run_twice(folder.path());
    for name in ["cnn", "cnn + linear", "cnn + rbf"] {
        let held_out = of(&trials, name, ".holdout");
        assert_eq!((held_out.len(), different(&held_out, "/spec/seed")), (3, 3), "{name}");
        assert_eq!(different(&held_out, "/outcome/scores_sha256"), 3, "{name}");
        assert_eq!(different(&held_out, "/spec/parameters"), 1, "{name}");
    }
    for name in ["hog + rbf", "hog + mean", "pixels + majority", "boosted-haar"] {
        assert_eq!(of(&trials, name, ".holdout").len(), 1, "{name} ignores its seed");
    }
    let three = summary(folder.path());
    let cnn = pipeline(&three, "cnn");
    assert_eq!(cnn["trainings"].as_array().unwrap().len(), 3);
    assert_eq!(cnn["trainings"][0], cnn["result"]["Ok"]["accuracy"]);
    assert!(pipeline(&three, "hog + rbf").get("trainings").is_none());
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("id=\"seeds-1\"") && !page.contains("This run is not finished"));

    // One seed gives the same answer from a part of the same trials.
    let alone = with("folds = 2", GRID);
    succeed(&compare(alone.path(), &["--plan", "plan.toml", "--out", "run"]));
    let all = results(&folder.path().join("run"));
    for (path, bytes) in results(&alone.path().join("run")) {
        assert!(all.get(&path) == Some(&bytes), "{}", path.display());
    }
    assert_eq!(summary(alone.path())["answer"], three["answer"]);
}

#[test]
fn a_missing_training_is_told() {
    let folder = with("folds = 2\nseeds = 2", GRID);
    let arguments = ["--plan", "plan.toml", "--out", "run"];
    succeed(&compare(folder.path(), &arguments));
    let run = folder.path().join("run");
    let trials = common::trials(&run);
    let (path, _) = trials
        .iter()
        .find(|(_, trial)| trial["spec"]["pipeline"] == "cnn" && trial["spec"]["seed"] != 7)
        .unwrap();
    std::fs::remove_file(run.join(path)).unwrap();
    let output = common::command(folder.path(), &["report", "run"]).output().unwrap();
    succeed(&output);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("(1 result is missing)"), "{stderr}");
}

#[test]
fn champions_and_references_are_cross_validated_again() {
    let folder = with("folds = 2\nrepeated = { repeats = 5, folds = 2 }", GRID);
    let trials = run_twice(folder.path());
    let summary = summary(folder.path());
    let pipelines = summary["pipelines"].as_array().unwrap();
    let champion = |side: &str| summary["answer"][side].as_u64().unwrap() as usize;
    let (classical, deep) = (champion("classical"), champion("deep"));
    for (place, pipeline) in pipelines.iter().enumerate() {
        let name = pipeline["name"].as_str().unwrap();
        let takes_part = [classical, deep].contains(&place) || pipeline["family"] == "reference";
        let done = of(&trials, name, ".repeat");
        // The network is trained for what stands on it, whose trials are its own.
        assert_eq!(done.len(), if takes_part { 10 } else { 0 }, "{name}");
        for trial in done {
            assert_eq!(trial["spec"]["parameters"], pipeline["search"]["chosen"], "{name}");
        }
    }
    let rows = |name: &str, part: &str| -> BTreeSet<u64> {
        let path = folder.path().join(format!("run/splits/bars.{name}.json"));
        let split: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        split[part].as_array().unwrap().iter().map(|row| row.as_u64().unwrap()).collect()
    };
    let all = rows("holdout", "train");
    for repeat in 0..5 {
        let [first, second] = [0, 1].map(|k| rows(&format!("repeat{repeat}-fold{k}"), "test"));
        assert!(first.is_disjoint(&second) && first.union(&second).count() == all.len());
        assert_eq!(rows(&format!("repeat{repeat}-fold0"), "train"), second);
        assert!(first.is_subset(&all) && second.is_subset(&all));
    }
    let folds = |place: usize| -> Vec<f64> {
        serde_json::from_value(pipelines[place]["repeated"].clone()).unwrap()
    };
    let differences: Vec<f64> =
        folds(classical).iter().zip(folds(deep)).map(|(a, b)| a - b).collect();
    let told: Vec<f64> =
        serde_json::from_value(summary["repeated"]["differences"].clone()).unwrap();
    assert_eq!((told.len(), told), (10, differences));
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("id=\"repeated-1\"") && page.contains("Dietterich"));
}

#[test]
fn what_cannot_be_is_told_before_any_work() {
    for (protocol, part) in [
        ("seeds = 0", "`seeds` is 0"),
        ("seeds = -1", "seeds"),
        ("repeated = { repeats = 0, folds = 2 }", "`repeated.repeats` is 0"),
        ("repeated = { repeats = 10, folds = 1 }", "`repeated.folds` is 1"),
        ("repeated = { repeats = 10 }", "missing field `folds`"),
        ("repeated = { repeats = 1, folds = 40 }", "of the images not held out"),
    ] {
        let folder = with(protocol, GRID);
        let refused = compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]);
        assert_eq!(refused.status.code(), Some(2));
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(stderr.contains(part) && stderr.lines().count() == 1, "{stderr}");
    }
}
