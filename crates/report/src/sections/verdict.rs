//! The answer, first: one sentence per data set and what it rests on.

use super::overview::overview;
use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::Family;
use eval::run::Run;
use eval::summary::{Answer, Summary, Unfinished};
use eval::verdict::{Decision, Verdict};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "verdict", title: "The answer", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let protocol = &run.manifest.protocol;
    let margin = text::points(text::plain(100.0 * protocol.margin));
    let figure = overview(run, summary)?;
    let html = html! {
        p.lead {
            "Will hand-crafted features and a classical classifier do, or is a deep network \
             needed? A loss of accuracy of less than " strong { (margin) }
            " (percentage points of the test images) counts as “will do”."
        }
        @if summary.sets.len() > 1 { p.lead { strong { (headline(summary)) } } }
        @if let Some(figure) = &figure {
            (figure.html(&html! {
                "Accuracy of the classical champion minus accuracy of the deep one, with its "
                (text::plain(100.0 * protocol.level)) " % interval. An interval wholly in the blue "
                "zone: enough. Wholly in the orange zone: not enough. Across the dashed margin: \
                 the test images are too few to tell."
            }))
        }
        div.cards {
            @for set in sets(run, summary) { (card(run, &set)) }
        }
        p.note {
            "On each side the champion is the pipeline with the best accuracy in the search, \
             which sees training images only. The test images chose nothing: they are used once, \
             for the comparison shown here."
        }
    };
    Ok(Some(Content { html, figures: figure.into_iter().collect() }))
}

/// "Enough on 3 of 5 data sets, cannot tell yet on 2."
fn headline(summary: &Summary) -> String {
    let words = summary.sets.iter().map(|set| look::answer(set).word);
    let words: Vec<&str> = words.collect();
    let kinds = ["Enough", "Not enough", "Cannot tell yet", "No answer yet", "No answer"];
    let counts = kinds.map(|kind| (kind, words.iter().filter(|&&word| word == kind).count()));
    let mut line = String::new();
    for (kind, count) in counts.into_iter().filter(|&(_, count)| count > 0) {
        if line.is_empty() {
            line = format!("{kind} on {count} of {} data sets", words.len());
        } else {
            line += &format!(", {} on {count}", kind.to_lowercase());
        }
    }
    line + "."
}

fn card(run: &Run, set: &SetView<'_>) -> Markup {
    let look = look::answer(set.summary);
    html! {
        article.card.(look.class) id=(set.anchor("verdict")) {
            h3 { (look::name(&set.summary.dataset)) }
            p.answer {
                span.decision { span aria-hidden="true" { (look.symbol) } " " (look.word) }
                ": "
                @match &set.summary.answer {
                    Some(answer) => (sentence(set, answer)),
                    None => (no_answer(run, set)),
                }
            }
            @if let Some(answer) = &set.summary.answer {
                @if let Some(share) = guessing(set, answer) {
                    p { strong {
                        "Caution: neither champion is surely better than always naming the largest \
                         class, which is right on " (text::percent(share)) " of the test images. \
                         The answer compares guessing with guessing."
                    } }
                }
                (evidence(set, answer))
            }
            @if !set.finished().is_empty() { (links(set)) }
        }
    }
}

/// Share of the largest class, if the accuracy of neither champion is surely above it.
fn guessing(set: &SetView<'_>, answer: &Answer) -> Option<f64> {
    let result = |index: usize| set.summary.pipelines[index].result.as_ref().ok();
    let (classical, deep) = (result(answer.classical)?, result(answer.deep)?);
    let largest = classical.confusion.per_class().iter().map(|class| class.support).max()?;
    let share = largest as f64 / classical.confusion.total().max(1) as f64;
    (classical.interval.low <= share && deep.interval.low <= share).then_some(share)
}

fn sentence(set: &SetView<'_>, answer: &Answer) -> Markup {
    let (classical, deep) = names(set, answer);
    let verdict = &answer.verdict;
    let margin = text::points(text::plain(100.0 * verdict.margin));
    let interval = interval(verdict);
    let (low, high) = (verdict.interval.low, verdict.interval.high);
    let size = |value: f64| {
        let decimals = text::decimals_apart(value, verdict.margin);
        text::points(text::unsigned_points(value, decimals))
    };
    let observed = html! {
        (classical) " is " (observed(verdict.difference)) " " (deep) " on these test images"
    };
    match verdict.decision {
        Decision::Enough if low > 0.0 => html! {
            (observed) ", and at least " (size(low)) " ahead on others like them (" (interval)
            "); even up to " (margin) " behind would do."
        },
        Decision::Enough => html! {
            (observed) ", and at worst " (size(low)) " behind on others like them (" (interval)
            "): less than the margin of " (margin) "."
        },
        Decision::NotEnough => html! {
            (observed) ", and at best " (size(high)) " behind on others like them (" (interval)
            "): more than the margin of " (margin) "."
        },
        Decision::CannotTell { .. } if answer.paired.total() == 0 => html! {
            "there are no test images."
        },
        Decision::CannotTell { more_images } => html! {
            (observed) ", but on others like them it may be further behind than the margin of "
            (margin) ", or not (" (interval) "). "
            @match more_images {
                Some(more) => {
                    "About " strong { (text::counted(more, "more test image", "more test images")) }
                    " would settle it, if the proportions stay as they are."
                },
                None => {
                    "The difference is so close to the margin that even a million more test \
                     images would not settle it."
                },
            }
        },
    }
}

/// What was found, before any interval: "1.3 points ahead of", "level with".
fn observed(difference: f64) -> String {
    let size = text::points(text::unsigned_points(difference, 1));
    match text::signed_points(difference, 1).chars().next() {
        Some('+') => format!("{size} ahead of"),
        Some('−') => format!("{size} behind"),
        _ => "level with".to_owned(),
    }
}

/// "95 % interval −0.4 to +2.1 points"
fn interval(verdict: &Verdict) -> String {
    let end = |value| text::signed_points(value, text::decimals_apart(value, verdict.margin));
    let level = text::plain(100.0 * verdict.level);
    let (low, high) = (end(verdict.interval.low), end(verdict.interval.high));
    format!("{level}\u{a0}% interval {low} to {}", text::points(high))
}

fn names(set: &SetView<'_>, answer: &Answer) -> (Markup, Markup) {
    let name = |index: usize| html! { strong { (look::name(&set.summary.pipelines[index].name)) } };
    (name(answer.classical), name(answer.deep))
}

/// Which side keeps the question open, and why.
fn no_answer(run: &Run, set: &SetView<'_>) -> Markup {
    let why = |family: Family| {
        let word = look::family(family).word;
        if !run.manifest.pipelines.iter().any(|pipeline| pipeline.family == family) {
            return Some(format!("the plan has no {word} pipeline"));
        }
        let of_family = || set.summary.pipelines.iter().filter(move |p| p.family == family);
        let all_failed = of_family().all(|p| matches!(p.result, Err(Unfinished::Failed(_))));
        if of_family().any(|pipeline| pipeline.result.is_ok()) {
            None
        } else if all_failed && of_family().next().is_some() {
            Some(format!("every {word} pipeline failed"))
        } else {
            Some(format!("no {word} pipeline has finished"))
        }
    };
    let reasons: Vec<String> =
        [Family::Classical, Family::Deep].into_iter().filter_map(why).collect();
    html! { (reasons.join(" and ")) "." }
}

fn evidence(set: &SetView<'_>, answer: &Answer) -> Markup {
    let paired = &answer.paired;
    let row = |label: &str, deep_right: u64, deep_wrong: u64| {
        html! {
            tr {
                th scope="row" { (label) }
                td { (text::count(deep_right)) }
                td { (text::count(deep_wrong)) }
            }
        }
    };
    let difference = text::points(text::signed_points(answer.verdict.difference, 1));
    html! {
        div.evidence {
            @if let Some(champions) = set.champions() {
                div.scroll { table {
                    thead { tr {
                        th { "Champion" } th.number { "Test accuracy" } th.number { "Interval" }
                    } }
                    tbody {
                        @for (pipeline, result) in champions {
                            tr {
                                th scope="row" { (look::pipeline(pipeline.family, &pipeline.name)) }
                                td { (text::percent(result.accuracy)) }
                                td { (text::percent_range(result.interval)) }
                            }
                        }
                    }
                } }
            }
            div.scroll { table {
                thead { tr {
                    th { "Test images" } th.number { "deep right" } th.number { "deep wrong" }
                } }
                tbody {
                    (row("classical right", paired.both_right, paired.only_a))
                    (row("classical wrong", paired.only_b, paired.both_wrong))
                }
            } }
        }
        p.facts {
            span { "Difference " strong { (difference) } }
            span { "Test images " strong { (text::count(paired.total())) } }
            span { "McNemar mid-p " strong { (text::probability(answer.mid_p)) } }
        }
    }
}

fn links(set: &SetView<'_>) -> Markup {
    let to = |section: &str, label: &str| {
        html! {
            a href={ "#" (set.anchor(section)) } { (label) }
        }
    };
    html! {
        p.links {
            (to("scoreboard", "all pipelines")) " "
            (to("table", "features × classifiers")) " "
            @if set.summary.answer.is_some() { (to("confusion", "errors")) " " }
            (to("cost", "cost")) " "
            (to("data", "data"))
        }
    }
}
