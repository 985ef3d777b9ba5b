//! Plans of networks alone: by name and layer by layer, without a side to compare them with.

mod common;

use common::{compare, files, succeed, trials, workplace};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

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
