//! What the images are, how they were split, and what is wrong with them.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::{DataRecord, SplitRecord};
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "data", title: "The images", render };

/// Names of duplicates shown.
const MAX_NAMES: usize = 5;
/// Warnings shown.
const MAX_WARNINGS: usize = 50;

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let count = |n: usize| text::count(n as u64);
    let html = html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Data set" } th.number { "Images" } th { "Size" } th.number { "Classes" }
                th.number { "Training" } th.number { "Test" } th { "Test part" }
                th.number { "Same pixels in both parts" }
            } }
            tbody {
                @for set in sets(run, summary) {
                    tr {
                        th.name scope="row" { (look::name(&set.summary.dataset)) }
                        td.number { (count(set.data.labels.len())) }
                        td { (set.data.size.to_string().replace('x', "×")) }
                        td.number { (count(set.data.classes.len())) }
                        @match set.hold_out {
                            Some(split) => {
                                td.number { (count(split.train.len())) }
                                td.number { (count(split.test.len())) }
                                td {
                                    @if set.data.official_split { "official" }
                                    @else { "held out here" }
                                }
                                td.number { (count(shared(set.data, split).len())) }
                            },
                            None => { td colspan="4" { "not split yet" } },
                        }
                    }
                }
            }
        } }
        @for set in sets(run, summary) { (details(&set)) }
    };
    Ok(Some(Content::text(html)))
}

/// Groups of equal images with rows in both parts.
fn shared<'a>(data: &'a DataRecord, split: &SplitRecord) -> Vec<&'a [usize]> {
    let within = |rows: &[usize], row: &usize| rows.binary_search(row).is_ok();
    let both = |group: &&Vec<usize>| {
        group.iter().any(|row| within(&split.train, row))
            && group.iter().any(|row| within(&split.test, row))
    };
    data.duplicates.iter().filter(both).map(Vec::as_slice).collect()
}

fn details(set: &SetView<'_>) -> Markup {
    let data = set.data;
    html! {
        h3 id=(set.anchor("data")) { (look::name(&set.summary.dataset)) }
        @if let Some(split) = set.hold_out { (duplicates(data, split)) }
        @if !data.warnings.is_empty() {
            p { strong { (text::counted(data.warnings.len() as u64, "warning", "warnings")) ":" } }
            ul.warnings {
                @for warning in data.warnings.iter().take(MAX_WARNINGS) { li { bdi { (warning) } } }
            }
            @if data.warnings.len() > MAX_WARNINGS {
                p.note { "The others are in data/" bdi { (data.name) } ".json." }
            }
        }
        (classes(data, set.hold_out))
        p.note { "Digest of all that can influence a result: " code { (data.digest) } }
    }
}

fn duplicates(data: &DataRecord, split: &SplitRecord) -> Markup {
    let shared = shared(data, split);
    let name = |&row: &usize| data.image_names.get(row).map_or("?", String::as_str);
    html! {
        @if shared.is_empty() {
            p { "No test image has exactly the same pixels as a training image." }
        } @else {
            p {
                strong { "Test images that were trained on: " }
                (text::counted(shared.len() as u64, "group", "groups"))
                " of images with exactly the same pixels in both parts, which flatters every \
                 pipeline. For example:"
            }
            ul.warnings {
                @for group in shared.iter().take(MAX_NAMES) {
                    li {
                        @for (index, row) in group.iter().take(MAX_NAMES).enumerate() {
                            @if index > 0 { " = " }
                            bdi { (name(row)) }
                        }
                        @if group.len() > MAX_NAMES { " and " (group.len() - MAX_NAMES) " more" }
                    }
                }
            }
        }
        @let within = data.duplicates.len() - shared.len();
        @if within > 0 {
            p.note {
                (text::counted(within as u64, "further group", "further groups"))
                " of equal images within one part."
            }
        }
    }
}

/// Images of every class; folded where the list is long.
fn classes(data: &DataRecord, split: Option<&SplitRecord>) -> Markup {
    let counts = |rows: Option<&[usize]>| {
        let mut counts = vec![0_u64; data.classes.len()];
        match rows {
            Some(rows) => rows.iter().for_each(|&row| counts[data.labels[row]] += 1),
            None => data.labels.iter().for_each(|&class| counts[class] += 1),
        }
        counts
    };
    let all = counts(None);
    let least = all.iter().copied().min().unwrap_or(0);
    let most = all.iter().copied().max().unwrap_or(0);
    let parts = split.map(|split| (counts(Some(&split.train)), counts(Some(&split.test))));
    html! {
        // What is equal for all classes needs no list.
        details open[least != most && data.classes.len() <= 12] {
            summary {
                (text::counted(all.len() as u64, "class", "classes")) " of "
                @if least != most { (text::count(least)) " to " }
                (text::counted(most, "image", "images"))
            }
            div.scroll { table {
                thead { tr {
                    th { "Class" } th.number { "Images" }
                    @if parts.is_some() { th.number { "Training" } th.number { "Test" } }
                } }
                tbody {
                    @for (class, name) in data.classes.iter().enumerate() {
                        tr {
                            th.name scope="row" { (look::name(name)) }
                            td.number { (text::count(all[class])) }
                            @if let Some((train, test)) = &parts {
                                td.number { (text::count(train[class])) }
                                td.number { (text::count(test[class])) }
                            }
                        }
                    }
                }
            } }
        }
    }
}
