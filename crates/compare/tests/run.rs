//! The program from outside: what it leaves behind, and that neither threads nor a sudden end
//! change it.

mod common;

use common::{PLAN, assert_same, command, compare, files, results, succeed, trials, workplace};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn threads_and_a_sudden_end_change_nothing() {
    let folder = workplace();
    let run = |out: &str, threads: &str| {
        compare(folder.path(), &["--plan", "plan.toml", "--out", out, "--threads", threads])
    };
    let first = run("one", "1");
    succeed(&first);
    assert!(String::from_utf8_lossy(&first.stdout).contains("bars: "));
    assert!(first.stderr.is_empty(), "quiet in a pipe: {:?}", String::from_utf8(first.stderr));
    succeed(&run("two", "2"));
    assert_same(&folder.path().join("one"), &folder.path().join("two"));

    let killed = folder.path().join("killed");
    let arguments = ["compare", "--plan", "plan.toml", "--out", "killed", "--threads", "2"];
    let mut child = command(folder.path(), &arguments).stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !killed.join("scores").exists() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.join("report.html").exists(), "killed before the end");
    succeed(&run("killed", "1"));
    assert_same(&folder.path().join("one"), &killed);
}

#[test]
fn an_end_in_the_middle_of_a_grid_changes_nothing() {
    let folder = workplace();
    let arguments = |threads| ["--plan", "plan.toml", "--out", "run", "--threads", threads];
    succeed(&compare(folder.path(), &arguments("1")));
    let run = folder.path().join("run");
    let whole = results(&run);
    // What an end between two trials leaves of each grid: the files of some of its trials.
    let (mut left, mut removed) = (BTreeSet::new(), 0);
    for (path, trial) in trials(&run) {
        let Some(grid) = trial["spec"]["together"].as_str() else { continue };
        let grid = (trial["spec"]["pipeline"].to_string(), grid.to_owned());
        if !left.insert(grid) {
            std::fs::remove_file(run.join(path)).unwrap();
            removed += 1;
        }
    }
    // Three linear machines, two of the radial basis function, a polynomial; and under the networks.
    assert!(left.len() >= 6 && removed >= 3 * left.len() / 2, "{left:?} {removed}");
    succeed(&compare(folder.path(), &arguments("2")));
    assert!(results(&run) == whole, "the grids were done again, and gave the same");
}

#[test]
fn a_point_of_a_grid_that_cannot_be_trained_fails_alone() {
    let folder = workplace();
    succeed(&compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]));
    let mut outcomes = BTreeMap::new();
    for (_, trial) in trials(&folder.path().join("run")) {
        if trial["spec"]["pipeline"] == "pixels + polynomial" {
            let degree = trial["spec"]["parameters"]["degree"].as_u64().unwrap();
            let outcome = trial["outcome"]["status"].as_str().unwrap().to_owned();
            *outcomes.entry((degree, outcome)).or_insert(0) += 1;
        }
    }
    // Two folds and two values of `c`; the best of the search once more on all training rows, and on
    // two parts of them, twice each.
    let expected = [((2, "done".to_owned()), 9), ((400, "failed".to_owned()), 4)];
    assert_eq!(outcomes, expected.into());
}

#[test]
fn a_finished_run_is_not_done_again_and_its_report_can_be_rebuilt() {
    let folder = workplace();
    let arguments = ["--plan", "plan.toml", "--out", "run"];
    succeed(&compare(folder.path(), &arguments));
    let run = folder.path().join("run");
    let before = files(&run);
    for (part, least) in [("corrupted", 8), ("figures/learning", 0), ("splits/bars.curve", 4)] {
        let found = before.keys().filter(|path| path.display().to_string().starts_with(part));
        assert!(found.count() >= least.max(1), "{part}");
    }
    succeed(&compare(folder.path(), &arguments));
    let changed: Vec<_> = files(&run)
        .into_iter()
        .filter(|(path, bytes)| before.get(path) != Some(bytes))
        .map(|(path, _)| path)
        .filter(|path| !["environment.json", "report.html"].iter().any(|name| path.ends_with(name)))
        .collect();
    assert_eq!(changed, Vec::<PathBuf>::new(), "only the yardstick may differ");

    let page = std::fs::read(run.join("report.html")).unwrap();
    std::fs::remove_file(run.join("report.html")).unwrap();
    succeed(&command(folder.path(), &["report", "run"]).output().unwrap());
    assert_eq!(std::fs::read(run.join("report.html")).unwrap(), page);
}

#[test]
fn runs_of_different_plans_are_not_mixed() {
    let folder = workplace();
    succeed(&compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]));
    let arguments = ["--plan", "plan.toml", "--out", "run", "--seed", "8"];
    let refused = compare(folder.path(), &arguments);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(stderr.contains("another plan") && stderr.contains("--fresh"), "{stderr}");

    succeed(&compare(folder.path(), &[&arguments[..], &["--fresh"]].concat()));
    assert!(folder.path().join("run.1/report.html").exists(), "the old run is kept");
}

#[test]
fn all_faults_are_told_at_once_before_any_work() {
    let folder = workplace();
    let plan = PLAN
        .replace("kind = \"majority\"", "kind = \"majoriti\"")
        .replace("cell_size = [4, 4]", "cell_size = [0, 4]")
        .replace("epochs = 3", "epoch = 3")
        .replace("\"jpeg\"", "\"rain\"")
        .replace("repeats = 2", "repeats = 0");
    std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
    let refused = compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    let parts =
        ["`majoriti` is not known", "cell_size", "unknown field `epoch`", "`rain`", "`repeats`"];
    for part in parts {
        assert_eq!(stderr.lines().filter(|line| line.contains(part)).count(), 1, "{stderr}");
    }
    assert!(stderr.lines().all(|line| line.starts_with("error: ")), "{stderr}");
    assert!(!folder.path().join("run").exists());
}

#[test]
fn unusable_image_sets_are_refused_in_one_line() {
    let folder = workplace();
    let refused = |name: &str, part: &str| {
        let output = compare(folder.path(), &["--data", name, "--out", "run"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines.iter().all(|line| line.starts_with("error: ")), "{stderr}");
        assert!(lines[0].contains(name) && stderr.contains(part), "{stderr}");
    };
    let make = |path: &str, side: u32, count: u32| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        for number in 0..count {
            let image = image::GrayImage::from_pixel(side, side, image::Luma([number as u8]));
            image.save(path.join(format!("{number}.png"))).unwrap();
        }
    };
    refused("nowhere", "nowhere");
    make("single/only", 16, 9);
    refused("single", "class");
    make("empty/a", 16, 9);
    make("empty/b", 16, 0);
    refused("empty", "`b`");
    make("tiny/a", 1, 20);
    make("tiny/b", 1, 20);
    refused("tiny", "--size 8x8");
    make("few/a", 16, 20);
    make("few/b", 16, 2);
    refused("few", "`b`");
    assert!(!folder.path().join("run").exists());
}

#[test]
fn nothing_but_a_run_is_ever_moved_or_written_into() {
    let folder = workplace();
    let refused = |arguments: &[&str], part: &str| {
        let output = compare(folder.path(), &[&["--plan", "plan.toml"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.lines().count() == 1 && stderr.contains(part), "{stderr}");
    };
    let before = files(folder.path());
    refused(&["--out", "bars"], "--out");
    refused(&["--out", "bars/run"], "must not lie in each other");
    refused(&["--out", ".", "--fresh"], "--out");
    refused(&["--out", "plan.toml"], "no folder");
    refused(&["--data", "bars", "--data", "bars", "--out", "run"], "same images");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_report_of_a_damaged_run_says_so_and_the_same_command_repairs_it() {
    let folder = workplace();
    let arguments = ["--plan", "plan.toml", "--out", "run"];
    succeed(&compare(folder.path(), &arguments));
    let run = folder.path().join("run");
    let whole = results(&run);
    let report = || command(folder.path(), &["report", "run"]).output().unwrap();
    let any = |part: &str| whole.keys().find(|path| path.starts_with(part)).unwrap().clone();

    for (path, bytes) in [
        (any("scores"), &b"1234"[..]),
        (any("trials"), b"{}"),
        (any("data"), b""),
        (any("corrupted"), b"{"),
    ] {
        std::fs::write(run.join(&path), bytes).unwrap();
        let stderr = String::from_utf8(report().stderr).unwrap();
        assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
        assert!(stderr.contains(path.file_name().unwrap().to_str().unwrap()), "{stderr}");
        succeed(&compare(folder.path(), &arguments));
        assert!(results(&run) == whole, "{} is repaired", path.display());
    }

    std::fs::remove_file(run.join(any("trials"))).unwrap();
    let output = report();
    succeed(&output);
    assert!(String::from_utf8(output.stderr).unwrap().contains("not finished"));
    let nowhere = command(folder.path(), &["report", "bars"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn guessing_is_called_guessing() {
    let folder = workplace();
    let page = |data: &str| {
        let arguments = ["--plan", "plan.toml", "--data", data, "--out", &format!("run-{data}")];
        succeed(&compare(folder.path(), &arguments));
        std::fs::read_to_string(folder.path().join(format!("run-{data}/report.html"))).unwrap()
    };
    // Both classes hold the same flat images.
    for class in ["a", "b"] {
        let class_folder = folder.path().join("flat").join(class);
        std::fs::create_dir_all(&class_folder).unwrap();
        for number in 0..20 {
            let flat = image::GrayImage::from_pixel(16, 16, image::Luma([10 * number]));
            flat.save(class_folder.join(format!("{number}.png"))).unwrap();
        }
    }
    assert!(page("flat").contains("Caution"));
    assert!(!page("bars").contains("Caution"));
}

/// With 19 rows of one class and 41 of the other, and features that tell little, the most probable
/// class is often the larger one where the machine names the nearer mean.
#[test]
fn calibrated_scores_are_probabilities_and_disputed_rows_are_counted() {
    let folder = workplace();
    for number in 19..30 {
        let from = folder.path().join(format!("bars/upright/{number:02}.png"));
        std::fs::rename(from, folder.path().join(format!("bars/<b>lying & more/x{number}.png")))
            .unwrap();
    }
    let classifier = |name: &str, kind: &str, rest: &str| {
        format!("[[classifier]]\nname = '{name}'\nkind = '{kind}'\non = ['pixels']\n{rest}\n")
    };
    let plan = [
        "name = 'sure'\ndata = ['bars']\n[protocol]\nfolds = 2\n".to_owned(),
        "[[extractor]]\nname = 'pixels'\nkind = 'pixels'\n".to_owned(),
        classifier("bare", "nearest-mean", ""),
        classifier("mean", "nearest-mean", "calibration = {}"),
        classifier("coupled", "svm", "calibration = { method = 'coupling', folds = 3 }"),
    ];
    std::fs::write(folder.path().join("plan.toml"), plan.concat()).unwrap();
    succeed(&compare(folder.path(), &["--plan", "plan.toml", "--out", "run"]));
    let all = files(&folder.path().join("run"));
    let (mut bare, mut mean, mut coupled) = (Vec::new(), Vec::new(), Vec::new());
    for (path, bytes) in &all {
        if !path.starts_with("trials") {
            continue;
        }
        let trial: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let (outcome, id) = (&trial["outcome"], trial["id"].as_str().unwrap());
        let (_, scores) = all
            .iter()
            .find(|(path, _)| path.starts_with("scores") && path.to_str().unwrap().contains(id))
            .unwrap();
        let scores = scores.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four));
        let rows: Vec<f32> = scores.collect();
        let rows = rows.as_chunks::<2>().0.to_vec();
        let key = (trial["split"].to_string(), trial["dataset"].to_string());
        let found = (key, rows, outcome.get("disputed").map(|count| count.as_u64().unwrap()));
        match trial["spec"]["pipeline"].as_str().unwrap() {
            "pixels + bare" => bare.push(found),
            "pixels + mean" => mean.push(found),
            "pixels + coupled" => coupled.push(found),
            _ => {}
        }
    }
    assert!(!bare.is_empty() && bare.iter().all(|(_, _, disputed)| disputed.is_none()));
    for (_, rows, disputed) in mean.iter().chain(&coupled) {
        assert!(disputed.is_some());
        for [a, b] in rows {
            assert!((0.0..=1.0).contains(a) && (a + b - 1.0).abs() < 1e-6, "{a} {b}");
        }
    }
    assert_eq!((mean.len(), coupled.len()), (bare.len(), bare.len()));
    // The machine behind the probabilities is the bare one: same recipe, rows and seed.
    let mut total = 0;
    for (key, rows, disputed) in &mean {
        let (_, alone, _) = bare.iter().find(|(other, ..)| other == key).unwrap();
        let differ = rows.iter().zip(alone).filter(|([a, b], [c, d])| (b > a) != (d > c)).count();
        assert_eq!(*disputed, Some(differ as u64));
        total += differ;
    }
    assert!(total > 0, "the case holds what it is to test");
}
