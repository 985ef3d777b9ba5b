//! Plans of networks alone: by name and layer by layer, without a side to compare them with.

mod common;

use common::{command, compare, files, succeed, trials, workplace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every network that comes along, one described on the spot, and one that is searched.
const NETWORKS: &str = r#"
name = "networks"
data = ["bars"]
protocol = { folds = 2 }

[[model]]
name = "lenet"
kind = "cnn"
network = "lenet"
epochs = 2
min_steps = 1

[[model]]
name = "nin"
kind = "cnn"
network = "nin"
epochs = 2
min_steps = 1

[[model]]
name = "vgg-small"
kind = "cnn"
network = "vgg-small"
epochs = 2
min_steps = 1

[[model]]
name = "resnet-small"
kind = "cnn"
network = "resnet-small"
epochs = 2
min_steps = 1

[[model]]
name = "inline"
kind = "cnn"
network = { layers = [
    { kind = "convolution", maps = 4, size = 3 },
    { kind = "sigmoid" },
    { kind = "affine", outputs = 8 },
    { kind = "relu" },
    { kind = "affine" },
] }
epochs = 3
min_steps = 1

[[model]]
name = "searched"
kind = "cnn"
epochs = 2
min_steps = 1
grid = { network = ["mlp", "lenet"] }
"#;

fn write_plan(folder: &Path, plan: &str) {
    fs::write(folder.join("plan.toml"), plan).unwrap();
}

#[test]
fn named_and_described_networks_run_to_a_report_without_a_verdict_that_says_why() {
    let workplace = workplace();
    let folder = workplace.path();
    write_plan(folder, NETWORKS);
    let run = folder.join("run");
    let output = compare(folder, &["--plan", "plan.toml", "--out", "run"]);
    succeed(&output);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let answer = "bars: no answer, since the plan has no classical pipeline\n";
    assert!(stdout.starts_with(answer), "{stdout}");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("No answer") && !page.contains("No answer yet"));
    assert!(page.contains("the plan has no classical pipeline"));

    let all = trials(&run);
    assert!(all.iter().all(|(_, trial)| trial["outcome"]["status"] == "done"), "{all:?}");
    // Five fixed networks and two points of a grid on two folds, and the six winners.
    assert_eq!(all.len(), 7 * 2 + 6);
    let searched = all.iter().filter(|(_, trial)| trial["spec"]["pipeline"] == "searched");
    for network in ["mlp", "lenet"] {
        let of_network =
            searched.clone().filter(|(_, t)| t["spec"]["parameters"]["network"] == network);
        assert!(of_network.count() >= 2, "{network}");
    }

    let inline = all.iter().find(|(_, trial)| trial["spec"]["pipeline"] == "inline").unwrap();
    let id = inline.1["id"].as_str().unwrap();
    let curve = fs::read_to_string(run.join(format!("curves/{id}.jsonl"))).unwrap();
    let epochs: Vec<Value> =
        curve.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(epochs.len(), 3);
    for epoch in &epochs {
        let layers = epoch["layers"].as_array().unwrap();
        let names: Vec<&Value> = layers.iter().map(|layer| &layer["layer"]).collect();
        assert_eq!(names, ["0 (convolution)", "2 (affine)", "3 (relu)", "4 (affine)"]);
        for layer in layers {
            let relu = layer["layer"] == "3 (relu)";
            assert_eq!(
                (layer.get("dead").is_some(), layer.get("gradient_norm").is_some()),
                (relu, !relu)
            );
        }
    }
    let files = files(&run);
    let figure = |stem: &str| files.contains_key(Path::new(&format!("figures/{stem}.svg")));
    assert!(figure("gradient-by-layer-1-bars") && figure("gradients-1-5-inline"));
}

#[test]
fn a_network_that_is_not_known_or_wrongly_described_is_told_before_any_work() {
    let workplace = workplace();
    let folder = workplace.path();
    for (network, expected) in [
        (json!("alexnet"), "`network` is alexnet, but must be one of lenet, mlp, nin"),
        (json!({"layers": [{"kind": "rleu"}]}), "unknown variant `rleu`"),
        (json!({"layers": []}), "has no layer"),
    ] {
        let mut plan =
            String::from("name = \"wrong\"\ndata = [\"bars\"]\n[[model]]\nname = \"net\"\n");
        plan += "kind = \"cnn\"\nnetwork = ";
        plan += &network.to_string().replace(':', " =");
        write_plan(folder, &plan);
        let output = compare(folder, &["--plan", "plan.toml", "--out", "run"]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(expected), "{stderr}");
        assert_eq!(
            (output.status.code(), folder.join("run").exists()),
            (Some(2), false),
            "{stderr}"
        );
    }
}

/// Two networks, one of a single epoch, and one that does without.
const SHORT: &str = r#"
name = "short"
data = ["bars"]
protocol = { folds = 2 }

[[extractor]]
name = "pixels"
kind = "pixels"

[[classifier]]
name = "mean"
kind = "nearest-mean"
on = ["pixels"]

[[model]]
name = "one epoch"
kind = "cnn"
network = { layers = [{ kind = "affine", outputs = 4 }, { kind = "relu" }, { kind = "affine" }] }
epochs = 1
min_steps = 1

[[model]]
name = "two epochs"
kind = "cnn"
network = { layers = [{ kind = "affine" }] }
epochs = 2
min_steps = 1
"#;

/// The event files of a run, by path.
fn event_files(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files(run);
    files.retain(|path, _| path.starts_with("tensorboard"));
    files
}

#[test]
fn the_courses_of_trainings_become_event_files_on_request() {
    let workplace = workplace();
    let folder = workplace.path();
    write_plan(folder, SHORT);
    let run = folder.join("run");
    let arguments = ["--plan", "plan.toml", "--out", "run", "--threads", "1"];
    succeed(&compare(folder, &arguments));
    assert!(!run.join("tensorboard").exists());
    let page = fs::read_to_string(run.join("report.html")).unwrap().replace('\u{a0}', " ");
    assert!(page.contains("ran its 1 epoch<") && page.contains("ran its 2 epochs<"));

    // Asked for later: nothing is trained again, or its times would differ.
    let costs = |run: &Path| {
        let mut files = files(run);
        files.retain(|path, _| path.starts_with("costs"));
        files
    };
    let before = costs(&run);
    let output = compare(folder, &[&arguments[..], &["--tensorboard"]].concat());
    succeed(&output);
    assert!(costs(&run) == before);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let place = Path::new("run").join("tensorboard");
    // Each network on two folds and on all training rows.
    let told = format!("tensorboard: {} (6 trainings)\n", place.display());
    assert!(stdout.ends_with(&told), "{stdout}");

    let written = event_files(&run);
    let mut expected = BTreeMap::new();
    for (_, trial) in trials(&run) {
        let id = trial["id"].as_str().unwrap();
        let Ok(curve) = fs::read_to_string(run.join(format!("curves/{id}.jsonl"))) else {
            assert_eq!(trial["spec"]["pipeline"], "pixels + mean");
            continue;
        };
        let curve = curve.lines().map(|line| serde_json::from_str::<base::Epoch>(line).unwrap());
        let pipeline = trial["spec"]["pipeline"].as_str().unwrap().replace([' ', '+'], "-");
        let split = trial["split"].as_str().unwrap().strip_prefix("bars.").unwrap();
        let path =
            format!("tensorboard/bars/{pipeline}/{split}-{}/events.out.tfevents.0", &id[..12]);
        expected.insert(path.into(), deep::tensorboard::events(&curve.collect::<Vec<_>>()));
    }
    assert_eq!(written.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(written == expected);

    // Lost, they are made again from what the run has kept; and equal runs have equal ones.
    fs::remove_dir_all(run.join("tensorboard")).unwrap();
    succeed(&command(folder, &["report", "run", "--tensorboard"]).output().unwrap());
    assert!(event_files(&run) == expected && !run.join(".partial").exists());
    let other = ["--plan", "plan.toml", "--out", "other", "--threads", "2", "--tensorboard"];
    succeed(&compare(folder, &other));
    assert!(event_files(&folder.join("other")) == expected);
}

#[test]
fn a_run_without_networks_says_that_there_are_no_event_files() {
    let workplace = workplace();
    let folder = workplace.path();
    write_plan(folder, SHORT.split("[[model]]").next().unwrap());
    let output = compare(folder, &["--plan", "plan.toml", "--out", "run", "--tensorboard"]);
    succeed(&output);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.ends_with("none of the trainings has epochs\n"), "{stdout}");
    assert!(!folder.join("run/tensorboard").exists());
}
