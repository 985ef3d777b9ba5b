//! The program from outside: what it leaves behind, and that neither threads nor a sudden end
//! change it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Two small sides: three descriptors under two machines, boosted stumps, and a tiny network, both
/// with a head.
const PLAN: &str = r#"
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
fn workplace() -> TempDir {
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

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn compare(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, &[&["compare"], arguments].concat()).output().unwrap()
}

fn succeed(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "exit {:?}, stderr: {stderr}", output.status.code());
}

/// All files below a folder, by relative path.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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
fn results(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let parts =
        ["trials", "scores", "curves", "splits", "predictions", "examples", "data", "corrupted"];
    let mut results = files(run);
    results.retain(|path, _| parts.iter().any(|part| path.starts_with(part)));
    assert!(results.keys().any(|path| path.starts_with("trials")));
    results
}

fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (results(left), results(right));
    assert!(left.keys().eq(right.keys()), "the same files");
    for (path, bytes) in &left {
        assert!(*bytes == right[path], "{} differs", path.display());
    }
}

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
