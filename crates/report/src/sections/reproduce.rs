//! How to get these numbers again, and where each of them comes from.

use super::{Content, Section};
use crate::look;
use crate::run_view::sets;
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "reproduce", title: "Check and reproduce", render };

/// What lies in a run directory.
const FILES: [(&str, &str); 12] = [
    ("manifest.json", "what was asked for: the plan with all defaults, hashes, command, seed"),
    ("environment.json", "the machine and the compiler"),
    ("data/<set>.json", "a digest per image, labels, warnings, images with the same pixels"),
    ("splits/<name>.json", "the training and test rows of every split"),
    ("trials/<aa>/<id>.json", "what determined a result, and what came out"),
    ("scores/<id>.f32", "scores of every test image; all metrics are worked out from these"),
    ("curves/<id>.jsonl", "loss, accuracy, and gradients of the layers in each epoch"),
    ("costs/<aa>/<id>.json", "times of a trial"),
    ("predictions/<set>.csv", "the predictions of all pipelines, image by image"),
    ("examples/<set>/*.png", "test images on which exactly one champion is right"),
    ("tensorboard/<set>/<pipeline>/…", "with --tensorboard: curves as event files for TensorBoard"),
    ("summary.json, report.html, figures/", "this report; can be made again from all others"),
];

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let manifest = &run.manifest;
    let environment = &run.environment;
    let plan = serde_json::to_string_pretty(&manifest.plan).unwrap_or_default();
    let row =
        |label: &str, value: Markup| html! { tr { th scope="row" { (label) } td { (value) } } };
    let code = |value: &str| html! { code { bdi { (value) } } };
    let html = html! {
        p { "In a checkout of the revision below, this command does everything again:" }
        pre { code { (manifest.command) } }
        p {
            "Same plan, data, build and kind of processor give the same scores, bit by bit; times \
             differ. " code { "cargo xtask report DIR" } " makes this page again from the run \
             directory, byte for byte."
        }
        div.scroll { table.facts { tbody {
            (row("Plan", look::name(&manifest.name)))
            (row("Plan, SHA-256", code(&manifest.plan_sha256)))
            (row("Version", html! {
                (manifest.version) ", revision "
                @match &manifest.git_revision {
                    Some(revision) => (code(revision)),
                    None => "unknown (not built in a checkout)",
                }
            }))
            (row("Program, SHA-256", code(&manifest.program_sha256)))
            (row("Cargo.lock, SHA-256", code(&manifest.lock_sha256)))
            (row("Seed", html! { (manifest.seed) }))
            (row("Compiler", code(&environment.rustc)))
            (row("Machine", html! {
                bdi { (environment.cpu.as_deref().unwrap_or("unknown processor")) } ", "
                bdi { (environment.target) } ", " (environment.threads) " of "
                (text::counted(environment.available_threads as u64, "thread", "threads"))
            }))
            (row("Vector instructions", html! { bdi { (environment.cpu_features.join(", ")) } }))
        } } }
        details {
            summary { "The plan with all defaults filled in" }
            pre { code { (plan) } }
        }
        details {
            summary { "Where each result comes from" }
            div.scroll { table {
                thead { tr {
                    th { "Data set" } th { "Pipeline" } th { "File of the final trial" }
                } }
                tbody {
                    @for set in sets(run, summary) {
                        @for pipeline in &set.summary.pipelines {
                            @if let Ok(result) = &pipeline.result {
                                tr {
                                    td { (look::name(&set.summary.dataset)) }
                                    td { (look::pipeline(pipeline.family, &pipeline.name)) }
                                    td { code { (trial_path(&result.trial)) } }
                                }
                            }
                        }
                    }
                }
            } }
        }
        h3 { "Files of the run directory" }
        div.scroll { table.facts { tbody {
            @for (path, content) in FILES {
                tr { th scope="row" { code { (path) } } td { (content) } }
            }
        } } }
    };
    Ok(Some(Content::text(html)))
}

/// Where the record of a trial lies below the run directory.
fn trial_path(id: &str) -> String {
    let folder: String = id.chars().take(2).collect();
    format!("trials/{folder}/{id}.json")
}
