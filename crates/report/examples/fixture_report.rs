//! Writes the report of a made-up run, to look at it:
//! `cargo run -p report --example fixture_report -- FOLDER [hostile|many|unfinished]`

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use fixture::{Set, digits, hostile_pipelines, hostile_set, usual_pipelines};
use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("the first argument is the folder to write to");
    let root = Path::new(&folder);
    let set = |name: &str, classes: usize, train, test| Set {
        name: name.to_owned(),
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
        train,
        test,
    };
    match arguments.next().as_deref() {
        Some("hostile") => {
            fixture::write_run(root, &[digits(), hostile_set()], &hostile_pipelines());
        }
        Some("unfinished") => {
            let done = |pipeline: &str, split: &str| {
                pipeline.starts_with("pixels") && split.starts_with("digits")
            };
            let sets = [digits(), set("faces", 40, 300, 100)];
            fixture::write_run_where(root, &sets, &usual_pipelines(), done);
        }
        _ => {
            let sets = [
                digits(),
                set("fashion", 10, 6000, 4000),
                set("faces", 100, 600, 200),
                set("silhouettes", 2, 200, 80),
                set("textures", 12, 900, 300),
            ];
            fixture::write_run(root, &sets, &usual_pipelines());
        }
    }
    report::write(root).expect("the run directory was just written");
}
