//! Images that occur more than once: which, of which classes, and on which side of the split.

use crate::look;
use crate::picture::{self, image_name};
use crate::run_view::SetView;
use crate::text;
use crate::write::ReportError;
use eval::duplicates::{self, DuplicateGroup, SHOWN_GROUPS, SHOWN_IMAGES, expected_torn};
use eval::record::{Duplicates, SplitRecord};
use eval::run::Run;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Length of the longer side on the page, in CSS pixels.
const SIDE: usize = 56;

/// What makes a group.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Equal,
    Alike,
    Together,
}

impl Kind {
    fn groups(self, count: usize) -> String {
        let (one, many) = match self {
            Self::Equal => ("group of equal images", "groups of equal images"),
            Self::Alike => ("group of images that look alike", "groups of images that look alike"),
            Self::Together => {
                ("group of images that belong together", "groups of images that belong together")
            }
        };
        text::counted(count as u64, one, many)
    }
}

/// All groups of a set.
pub(super) fn render(
    run: &Run,
    set: &SetView<'_>,
    split: &SplitRecord,
) -> Result<Markup, ReportError> {
    let data = set.data;
    let (exact, near) = (duplicates::exact(data, split), duplicates::near(data, split));
    let members = data.groups.as_deref().map(duplicates::members).unwrap_or_default();
    let together = duplicates::ordered(&members, data, split);
    let contradictions = exact.iter().filter(|group| group.several_classes).count();
    // Duplicates that are kept together are groups too; they are not listed twice.
    let known: BTreeSet<&[usize]> = exact.iter().chain(&near).map(|group| group.rows).collect();
    let of_their_own = together.into_iter().filter(|group| !known.contains(group.rows)).collect();
    let parts = [(Kind::Equal, exact), (Kind::Alike, near), (Kind::Together, of_their_own)];
    let parts = parts.iter().map(|(kind, groups)| list(run, set, split, *kind, groups));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        @if contradictions > 0 {
            div.banner role="note" {
                strong { "Equal images with two labels: " }
                "in " (text::counted(contradictions as u64, "group", "groups"))
                ", images with exactly the same pixels are of different classes. A label is \
                 wrong, or the classes cannot be told apart by such images; no classifier gets \
                 all of them right."
            }
        }
        @for part in &parts { (part) }
    })
}

fn list(
    run: &Run,
    set: &SetView<'_>,
    split: &SplitRecord,
    kind: Kind,
    groups: &[DuplicateGroup<'_>],
) -> Result<Markup, ReportError> {
    let torn = groups.iter().filter(|group| group.both_parts).count();
    let contradicts = |group: &DuplicateGroup<'_>| kind == Kind::Equal && group.several_classes;
    let mut items = Vec::new();
    for group in groups.iter().take(SHOWN_GROUPS) {
        items.push(item(run, set, split, kind, group)?);
    }
    let hidden = groups.len() - items.len();
    Ok(html! {
        (lead(run, set, kind, groups, torn))
        @if !groups.is_empty() {
            details open[torn > 0 || groups.iter().any(contradicts)] {
                summary { (kind.groups(groups.len())) }
                ul.copies { @for item in &items { li { (item) } } }
                @if hidden > 0 {
                    p.note {
                        "And " (text::count(hidden as u64)) " more, which are in data/"
                        (look::name(&set.data.name)) ".json."
                    }
                }
            }
        }
    })
}

/// What the groups mean for the result.
fn lead(
    run: &Run,
    set: &SetView<'_>,
    kind: Kind,
    groups: &[DuplicateGroup<'_>],
    torn: usize,
) -> Markup {
    let protocol = &run.manifest.protocol;
    let kept = protocol.duplicates == Duplicates::KeepTogether || kind == Kind::Together;
    let share = set.summary.test_images as f64 / set.data.labels.len().max(1) as f64;
    let expected = expected_torn(groups, share);
    html! {
        @match (kind, groups.len(), torn) {
            (Kind::Equal, _, 0) => p { "No test image has exactly the same pixels as a training image." },
            (Kind::Alike, _, 0) => p { "No test image looks like a training image." },
            (Kind::Together, 0, _) => {},
            (Kind::Together, _, 0) => p { "No test image is of a group that was trained on." },
            _ => p {
                strong {
                    @match kind {
                        Kind::Equal => "Test images that were trained on: ",
                        Kind::Alike => "Test images that look like training images: ",
                        Kind::Together => "Test images of groups that were trained on: ",
                    }
                }
                (kind.groups(torn)) " " @if torn == 1 { "lies" } @else { "lie" }
                " in both parts, which flatters every pipeline."
                @if set.data.official_split { " The split is the one the data set came with." }
            },
        }
        @if !groups.is_empty() && torn == 0 && kept && !set.data.official_split {
            p.note {
                (kind.groups(groups.len())) " stayed on one side of the split; one at random would be \
                 expected to tear " (format!("{expected:.1}")) " apart."
            }
        }
    }
}

/// A group: pictures where the run keeps them, names, classes and parts.
fn item(
    run: &Run,
    set: &SetView<'_>,
    split: &SplitRecord,
    kind: Kind,
    group: &DuplicateGroup<'_>,
) -> Result<Markup, ReportError> {
    let mut images = Vec::new();
    for &row in group.rows.iter().take(SHOWN_IMAGES) {
        images.push((row, picture::kept(run, set, row)?));
    }
    let hidden = group.rows.len() - images.len();
    let class = |row: usize| set.data.classes[set.data.labels[row]].as_str();
    let part = |row: usize| match split.test.binary_search(&row) {
        Ok(_) => "test",
        Err(_) if split.train.binary_search(&row).is_ok() => "training",
        Err(_) => "neither part",
    };
    Ok(html! {
        @if group.both_parts { span.tag { "in both parts" } " " }
        @if group.several_classes && kind != Kind::Together { span.tag { "two labels" } }
        div.examples {
            @for (row, png) in &images {
                figure.example {
                    @if let Some(png) = png {
                        (picture::img(set, *row, png, SIDE, &format!("image {}", image_name(set, *row))))
                    }
                    figcaption {
                        span { (look::name(image_name(set, *row))) }
                        span.right { (look::name(class(*row))) ", " (part(*row)) }
                    }
                }
            }
            @if hidden > 0 { p.note { "and " (text::count(hidden as u64)) " more" } }
        }
    })
}
