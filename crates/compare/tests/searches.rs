//! Every way to search, from outside: what is tried, and that neither threads nor an end in between
//! change it.

mod common;

use common::{compare, of, pipeline, run_twice, summary, with};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn random_points_of_a_range() {
    let range = r#"grid = { c = { low = 0.01, high = 100, scale = "log" }, gamma = ["scale"] }"#;
    let folder = with("folds = 2\nsearch = \"random\"\npoints = 5", range);
    let trials = run_twice(folder.path());
    let tried = of(&trials, "hog + rbf", ".fold0");
    let values: BTreeSet<String> =
        tried.iter().map(|trial| trial["spec"]["parameters"]["c"].to_string()).collect();
    assert_eq!((tried.len(), values.len()), (5, 5));
    assert!(tried.iter().all(|trial| trial["spec"]["together"].is_string()), "as one piece");
    // Two values are all that the grid of the linear machine has.
    assert_eq!(of(&trials, "hog + linear", ".fold0").len(), 2);
    let summary = summary(folder.path());
    assert_eq!(pipeline(&summary, "hog + rbf")["search"]["fits"], 10);
}

/// Of the 45 images to train on, 22 or 23 are trained on in a fold: 6 points on 7, 2 on 21.
#[test]
fn halving_gives_few_points_many_rows() {
    let grid = r#"grid = { c = [0.1, 1, 10], gamma = [0.01, "scale"] }"#;
    let folder = with("folds = 2\nsearch = \"halving\"\nrule = \"one-standard-error\"", grid);
    let trials = run_twice(folder.path());
    for fold in [".fold0", ".fold1"] {
        assert_eq!(of(&trials, "hog + rbf", &format!("{fold}-rows7")).len(), 6);
        assert_eq!(of(&trials, "hog + rbf", &format!("{fold}-rows21")).len(), 2);
        // Nothing to choose: one round, on all rows.
        assert_eq!(of(&trials, "hog + mean", fold).len(), 1);
    }
    assert_eq!(of(&trials, "hog + rbf", ".holdout").len(), 1);
    let summary = summary(folder.path());
    assert_eq!(pipeline(&summary, "hog + rbf")["search"]["fits"], 16);
    let split = std::fs::read(folder.path().join("run/splits/bars.fold0-rows7.json")).unwrap();
    let split: Value = serde_json::from_slice(&split).unwrap();
    assert_eq!(split["train"].as_array().unwrap().len(), 7);
}

#[test]
fn a_race_tries_no_more_than_the_grid() {
    let grid = r#"grid = { c = [0.0001, 1, 10], gamma = [0.01, "scale"] }"#;
    let folder = with("folds = 4\nsearch = \"racing\"\nfirst_test = 2\nrace_level = 0.3", grid);
    let trials = run_twice(folder.path());
    let tried: Vec<usize> =
        (0..4).map(|fold| of(&trials, "hog + rbf", &format!(".fold{fold}")).len()).collect();
    assert_eq!(tried[..2], [6, 6], "none leaves before the first test");
    assert!(tried.is_sorted_by(|a, b| a >= b) && tried[3] >= 1, "{tried:?}");
    let summary = summary(folder.path());
    let fits = tried.iter().sum::<usize>();
    assert_eq!(pipeline(&summary, "hog + rbf")["search"]["fits"], fits);
}

#[test]
fn outer_folds_search_for_themselves_and_never_see_the_hold_out() {
    let grid = r#"grid = { c = [0.1, 1, 10], gamma = [0.01, "scale"] }"#;
    let folder = with("folds = 2\nnested = { folds = 3 }", grid);
    let trials = run_twice(folder.path());
    let split = |name: &str| -> (BTreeSet<u64>, BTreeSet<u64>) {
        let path = folder.path().join(format!("run/splits/bars.{name}.json"));
        let split: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let rows = |part: &str| {
            split[part].as_array().unwrap().iter().map(|row| row.as_u64().unwrap()).collect()
        };
        (rows("train"), rows("test"))
    };
    let (all, held_out) = split("holdout");
    let mut tested = BTreeSet::new();
    for outer in 0..3 {
        let (train, test) = split(&format!("outer{outer}"));
        assert!(train.is_disjoint(&test) && train.is_disjoint(&held_out));
        for fold in 0..2 {
            let (inner, inner_test) = split(&format!("outer{outer}-fold{fold}"));
            assert_eq!(inner.union(&inner_test).copied().collect::<BTreeSet<_>>(), train);
        }
        tested.extend(test);
        // Six points on two inner folds, and the winner on the outer one.
        let name = format!(".outer{outer}");
        assert_eq!(of(&trials, "hog + rbf", &name).len(), 6 * 2 + 1);
    }
    assert_eq!(tested, all, "each training row is tested once");

    let summary = summary(folder.path());
    for pipeline in summary["pipelines"].as_array().unwrap() {
        let folds = pipeline["nested"].as_array().unwrap();
        assert_eq!(folds.len(), 3, "{}", pipeline["name"]);
        assert!(folds.iter().all(|fold| fold["search"]["chosen"].is_object()));
    }
    let nested = &summary["nested"];
    let differences: Vec<f64> = serde_json::from_value(nested["differences"].clone()).unwrap();
    let classical: Vec<usize> = serde_json::from_value(nested["classical"].clone()).unwrap();
    let deep: Vec<usize> = serde_json::from_value(nested["deep"].clone()).unwrap();
    let accuracy = |pipeline: usize, fold: usize| {
        summary["pipelines"][pipeline]["nested"][fold]["accuracy"].as_f64().unwrap()
    };
    for (fold, difference) in differences.iter().enumerate() {
        assert_eq!(*difference, accuracy(classical[fold], fold) - accuracy(deep[fold], fold));
    }
    assert_eq!(differences.len(), 3);
}

/// Two folds: eleven trials are five points and a half, of which five are tried.
#[test]
fn a_limit_on_trials_leaves_out_the_last_points_and_is_told() {
    let grid = r#"grid = { c = [0.1, 1, 10], gamma = [0.01, "scale"] }"#;
    let folder = with("folds = 2\nlimits = { trials = 11 }", grid);
    let trials = run_twice(folder.path());
    for fold in [".fold0", ".fold1"] {
        let tried = of(&trials, "hog + rbf", fold);
        assert_eq!(tried.len(), 5);
        let last = |trial: &&&Value| {
            let point = &trial["spec"]["parameters"];
            point["c"] == 10 && point["gamma"] == "scale"
        };
        assert_eq!(tried.iter().filter(last).count(), 0);
        assert!(tried.iter().all(|trial| trial["spec"]["together"].is_string()), "as one piece");
        assert_eq!(of(&trials, "hog + linear", fold).len(), 2, "a small grid is tried whole");
    }
    let summary = summary(folder.path());
    assert_eq!(pipeline(&summary, "hog + rbf")["search"]["left_out"], 1);
    assert_eq!(pipeline(&summary, "hog + rbf")["search"]["fits"], 10);
    assert!(pipeline(&summary, "hog + linear")["search"].get("left_out").is_none());
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("ended by its limit: 1\u{a0}point never tried"));
    assert!(page.contains("Never tried (limit)"));
}

#[test]
fn what_is_wrong_with_a_search_is_told_before_any_work() {
    let told = |protocol: &str, grid: &str, part: &str| {
        let folder = with(protocol, grid);
        let refused = compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]);
        assert_eq!(refused.status.code(), Some(2));
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(stderr.contains(part) && stderr.lines().count() == 1, "{stderr}");
    };
    let grid = "grid = { c = [0.1, 1] }";
    let range = "grid = { c = { low = 1, high = 10 } }";
    told("folds = 2", range, "`points`");
    told("folds = 2\nsearch = \"random\"", grid, "`points`");
    told("search = \"guess\"", grid, "unknown variant `guess`");
    told("search = \"halving\"\nfactor = 1.0", grid, "`factor` is 1");
    told("limits = { trials = 2 }", grid, "`limits.trials` is 2");
    told("limits = { seconds = 2 }", grid, "unknown field `seconds`");
    told("nested = { folds = 1 }", grid, "`nested.folds` is 1");
    told("folds = 2", "grid = { c = { low = 1, high = 10, step = 2 } }", "unknown field `step`");
    told("folds = 2", "grid = { c = { low = 10, high = 1 } }", "`high` is 1");
}
