//! What the images are, how they were split, and what is wrong with them.

mod copies;

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::duplicates::{self, DuplicateGroup};
use eval::record::{DataRecord, SplitRecord};
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "data", title: "The images", render };

/// Warnings shown.
const MAX_WARNINGS: usize = 50;

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let count = |n: usize| text::count(n as u64);
    let torn = |groups: Vec<DuplicateGroup<'_>>| groups.iter().filter(|g| g.both_parts).count();
    let details = sets(run, summary).map(|set| details(run, &set));
    let details = details.collect::<Result<Vec<_>, _>>()?;
    let html = html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Data set" } th.number { "Images" } th { "Size" } th.number { "Classes" }
                th.number { "Training" } th.number { "Test" } th { "Test part" }
                th.number { "Same pixels in both parts (groups)" }
                th.number { "Alike in both parts (groups)" }
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
                                td.number { (count(torn(duplicates::exact(set.data, split)))) }
                                td.number { (count(torn(duplicates::near(set.data, split)))) }
                            },
                            None => { td colspan="5" { "not split yet" } },
                        }
                    }
                }
            }
        } }
        @for set in &details { (set) }
    };
    Ok(Some(Content::text(html)))
}

fn details(run: &Run, set: &SetView<'_>) -> Result<Markup, ReportError> {
    let data = set.data;
    let copies = set.hold_out.map(|split| copies::render(run, set, split)).transpose()?;
    Ok(html! {
        h3 id=(set.anchor("data")) { (look::name(&set.summary.dataset)) }
        @if let Some(copies) = &copies { (copies) }
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
    })
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
