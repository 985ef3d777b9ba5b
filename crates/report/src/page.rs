//! The page around the sections. It is one file that asks for no other: style and pictures are
//! inside, and there is no script.

use crate::look;
use crate::run_view::sets;
use crate::sections::Section;
use eval::run::Run;
use eval::summary::Summary;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The whole page.
pub(crate) fn page(run: &Run, summary: &Summary, parts: &[(&Section, Markup)]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Asked for nothing, a browser still asks for an icon.
                link rel="icon" href="data:,";
                title { "Classical or deep? " (run.manifest.name) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    p.kicker { "Classical or deep? Report of a run" }
                    h1 { (look::name(&run.manifest.name)) }
                    nav aria-label="Contents" { ol {
                        @for (section, _) in parts {
                            li { a href={ "#" (section.id) } { (section.title) } }
                        }
                    } }
                }
                main {
                    (unfinished(run, summary))
                    @for (section, html) in parts {
                        section id=(section.id) {
                            h2 { (section.title) }
                            (html)
                        }
                    }
                }
                footer {
                    p {
                        "Version " (run.manifest.version) ". Every number of this page can be \
                         traced to a file of the run directory: see "
                        a href="#reproduce" { "Check and reproduce" } "."
                    }
                }
            }
        }
    }
}

/// Says so if the run has not come to its end.
fn unfinished(run: &Run, summary: &Summary) -> Markup {
    let asked = run.manifest.pipelines.len();
    let missing: Vec<_> = sets(run, summary)
        .map(|set| {
            let missing = if set.hold_out.is_some() { set.missing() } else { asked };
            (set.summary.dataset.as_str(), missing)
        })
        .filter(|&(_, missing)| missing > 0)
        .collect();
    html! {
        @if !missing.is_empty() {
            div.banner role="note" {
                strong { "This run is not finished. " }
                "Results are missing: "
                @for (index, (dataset, missing)) in missing.iter().enumerate() {
                    @if index > 0 { ", " }
                    (look::name(dataset)) " " (missing) " of " (asked)
                }
                ". Start the comparison again to continue where it stopped; answers below are \
                 for what has finished."
            }
        }
    }
}
