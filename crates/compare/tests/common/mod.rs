//! A plan, its images, and runs of it.

// Each test program uses a part of it.
#![allow(dead_code)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Two small sides: three descriptors under two machines, boosted stumps, and a tiny network, both
/// with a head.
pub(crate) const PLAN: &str = r#"
name = "small"
seed = 7
data = ["bars"]

[protocol]
folds = 2
corruptions = ["gaussian-noise", "rotate", "jpeg"]
severities = [1, 5]
learning_curve = { points = 3, repeats = 2 }

[[extractor]]
name = "pixels"
kind = "pixels"

[[extractor]]
name = "hog"
kind = "hog"
cell_size = [4, 4]

[[extractor]]
name = "both"
kind = "join"
parts = ["pixels", "hog"]

[[classifier]]
name = "linear"
kind = "svm"
kernel = "linear"
standardise = true
grid = { c = [0.01, 1] }

[[classifier]]
name = "rbf"
kind = "svm"
grid = { c = [0.1, 1, 10], gamma = [0.01, "scale"] }
on = ["hog", "cnn"]

# So high a degree that the kernel overflows.
[[classifier]]
name = "polynomial"
kind = "svm"
kernel = "polynomial"
grid = { c = [0.1, 1], degree = [2, 400] }
on = ["pixels"]

[[classifier]]
name = "mean"
kind = "nearest-mean"
transforms = ["hellinger", { pca = { components = 0.9 } }]
on = ["hog"]

[[classifier]]
name = "majority"
kind = "majority"
on = ["pixels"]

[[model]]
name = "cnn"
kind = "cnn"
channels = [4]
embedding = 8
epochs = 3
min_steps = 1

[[model]]
name = "boosted-haar"
kind = "boosted-haar"
count = 100
grid = { rounds = [2, 5] }
"#;

/// A folder with the plan and `bars/`: upright and lying bars of any brightness on noise.
pub(crate) fn workplace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, name) in ["upright", "<b>lying & more"].into_iter().enumerate() {
        let class_folder = folder.path().join("bars").join(name);
        std::fs::create_dir_all(&class_folder).unwrap();
        for number in 0..30_u32 {
            image(class, number).save(class_folder.join(format!("{number:02}.png"))).unwrap();
        }
    }
    std::fs::write(folder.path().join("plan.toml"), PLAN).unwrap();
    folder
}

/// A 16x16 image with one bar; the low bits of a multiplicative hash serve as noise.
fn image(class: usize, number: u32) -> image::GrayImage {
    let place = 2 + number % 12;
    image::GrayImage::from_fn(16, 16, |x, y| {
        let noise = (x * 73 + y * 151 + number * 977).wrapping_mul(2_654_435_761) >> 27;
        let on_bar = if class == 0 { x == place } else { y == place };
        let light = if on_bar { 100 + 4 * number } else { 40 };
        image::Luma([(light + noise) as u8])
    })
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn compare(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, &[&["compare"], arguments].concat()).output().unwrap()
}

pub(crate) fn succeed(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "exit {:?}, stderr: {stderr}", output.status.code());
}

/// All files below a folder, by relative path.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Everything that must not differ between equal runs.
pub(crate) fn results(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let parts =
        ["trials", "scores", "curves", "splits", "predictions", "examples", "data", "corrupted"];
    let mut results = files(run);
    results.retain(|path, _| parts.iter().any(|part| path.starts_with(part)));
    assert!(results.keys().any(|path| path.starts_with("trials")));
    results
}

pub(crate) fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (results(left), results(right));
    assert!(left.keys().eq(right.keys()), "the same files");
    for (path, bytes) in &left {
        assert!(*bytes == right[path], "{} differs", path.display());
    }
}

/// The trials of a run, with the paths of their files.
pub(crate) fn trials(run: &Path) -> Vec<(PathBuf, Value)> {
    let trials = files(run).into_iter().filter(|(path, _)| path.starts_with("trials"));
    trials.map(|(path, bytes)| (path, serde_json::from_slice(&bytes).unwrap())).collect()
}

/// A workplace whose plan has these lines in `[protocol]`, and this grid for the radial basis
/// function.
pub(crate) fn with(protocol: &str, grid: &str) -> TempDir {
    let folder = workplace();
    let plan = PLAN
        .replace("folds = 2", protocol)
        .replace(r#"grid = { c = [0.1, 1, 10], gamma = [0.01, "scale"] }"#, grid);
    assert!(plan.contains(protocol) && plan.contains(grid));
    std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
    folder
}

/// Runs the plan, and once more after an end in between, at another number of threads.
pub(crate) fn run_twice(folder: &Path) -> Vec<Value> {
    let arguments = |threads| ["--plan", "plan.toml", "--out", "run", "--threads", threads];
    succeed(&compare(folder, &arguments("2")));
    let run = folder.join("run");
    let whole = results(&run);
    let done = trials(&run);
    for (path, _) in done.iter().step_by(2) {
        std::fs::remove_file(run.join(path)).unwrap();
    }
    succeed(&compare(folder, &arguments("1")));
    assert!(results(&run) == whole, "an end in between changes nothing");
    done.into_iter().map(|(_, trial)| trial).collect()
}

/// The trials of a pipeline whose split's name holds `part`.
pub(crate) fn of<'a>(trials: &'a [Value], pipeline: &str, part: &str) -> Vec<&'a Value> {
    let named = |trial: &&Value| {
        trial["spec"]["pipeline"] == pipeline && trial["split"].as_str().unwrap().contains(part)
    };
    trials.iter().filter(named).collect()
}

pub(crate) fn summary(folder: &Path) -> Value {
    let text = std::fs::read(folder.join("run/summary.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["sets"][0].clone()
}

pub(crate) fn pipeline<'a>(summary: &'a Value, name: &str) -> &'a Value {
    summary["pipelines"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()
}
