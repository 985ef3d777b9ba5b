//! What stands beside the answer, from outside: trainings with other seeds.

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
    assert!(stderr.contains("(1 results are missing)"), "{stderr}");
}

#[test]
fn what_cannot_be_is_told_before_any_work() {
    for (protocol, part) in [("seeds = 0", "`seeds` is 0"), ("seeds = -1", "seeds")] {
        let folder = with(protocol, GRID);
        let refused = compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]);
        assert_eq!(refused.status.code(), Some(2));
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(stderr.contains(part) && stderr.lines().count() == 1, "{stderr}");
    }
}
