//! The answer, first: one sentence per data set and what it rests on.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::font::fitted;
use crate::figure::plot::{self, Frame, LABEL, SMALL};
use crate::look::{self, Look};
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::Family;
use eval::store::Run;
use eval::summary::{Answer, Summary, Unfinished};
use eval::verdict::{Decision, Verdict};
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "verdict", title: "The answer", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let protocol = run.manifest.protocol;
    let margin = text::plain(100.0 * protocol.margin);
    let figure = overview(run, summary)?;
    let html = html! {
        p.lead {
            "Will hand-crafted features and a classical classifier do, or is a deep network needed? \
             A loss of accuracy of less than " strong { (margin) " points" }
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
    let words =
        summary.sets.iter().map(|set| set.answer.as_ref().map_or(look::NO_ANSWER, decided).word);
    let words: Vec<&str> = words.collect();
    let kinds = ["Enough", "Not enough", "Cannot tell yet", "No answer yet"];
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
    let look = set.summary.answer.as_ref().map_or(look::NO_ANSWER, decided);
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
            @if let Some(answer) = &set.summary.answer { (evidence(set, answer)) }
            @if !set.finished().is_empty() { (links(set)) }
        }
    }
}

fn decided(answer: &Answer) -> Look {
    look::decision(answer.verdict.decision)
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
    let cell = |count: u64| html! { td { (text::count(count)) } };
    html! {
        div.evidence {
            @if let Some(champions) = set.champions() {
                div.scroll { table {
                    thead { tr { th { "Champion" } th.number { "Test accuracy" } th.number { "Interval" } } }
                    tbody {
                        @for (pipeline, result) in champions {
                            tr {
                                th scope="row" { (look::pipeline(pipeline.family, &pipeline.name)) }
                                td { (text::percent(result.accuracy)) }
                                td { (text::percent_range(result.interval.low, result.interval.high)) }
                            }
                        }
                    }
                } }
            }
            div.scroll { table {
                thead { tr { th { "Test images" } th.number { "deep right" } th.number { "deep wrong" } } }
                tbody {
                    tr { th scope="row" { "classical right" } (cell(paired.both_right)) (cell(paired.only_a)) }
                    tr { th scope="row" { "classical wrong" } (cell(paired.only_b)) (cell(paired.both_wrong)) }
                }
            } }
        }
        p.facts {
            span { "Difference " strong { (text::points(text::signed_points(answer.verdict.difference, 1))) } }
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

/// Difference and interval of every data set against the margin; nothing without an answer.
fn overview(run: &Run, summary: &Summary) -> Result<Option<Figure>, ReportError> {
    const WIDTH: f64 = 760.0;
    const ROW: f64 = 34.0;
    let answers = || summary.sets.iter().filter_map(|set| set.answer.as_ref());
    if answers().next().is_none() {
        return Ok(None);
    }
    let margin = run.manifest.protocol.margin;
    // The margin in the picture with room on both sides, and zero.
    let ends = answers().flat_map(|a| [a.verdict.interval.low, a.verdict.interval.high]);
    let values = ends.chain([0.0, margin / 2.0, -2.0 * margin]).map(|value| 100.0 * value);
    let frame = Frame {
        left: 190.0,
        top: 34.0,
        right: WIDTH - 150.0,
        bottom: 34.0 + ROW * summary.sets.len() as f64,
        x: Axis::linear(values, 7.0, (-100.0, 100.0)),
        y: Axis::linear([0.0, 1.0].into_iter(), 1.0, (0.0, 1.0)),
    };
    let mut canvas = Canvas::new(WIDTH, frame.bottom + 46.0);
    zones(&mut canvas, &frame, -100.0 * margin);

    for (index, set) in summary.sets.iter().enumerate() {
        let y = frame.top + ROW * (index as f64 + 0.5);
        let name = fitted(&set.dataset, LABEL, frame.left - 24.0);
        canvas.text(name, (frame.left - 12.0, y), LABEL, look::INK, Anchor::End);
        let look = set.answer.as_ref().map_or(look::NO_ANSWER, decided);
        if let Some(answer) = &set.answer {
            let at = |value: f64| frame.across(100.0 * value);
            let ends = (at(answer.verdict.interval.low), at(answer.verdict.interval.high));
            plot::interval(&mut canvas, ends, y, look.colour);
            let centre = (at(answer.verdict.difference), y);
            canvas.disc(centre, 6.5, look::WHITE);
            canvas.disc(centre, 5.0, look.colour);
        }
        let word = format!("{} {}", look.symbol, look.word);
        canvas.text(word, (frame.right + 14.0, y), LABEL, look.colour, Anchor::Start);
    }
    let told = sets(run, summary).map(|set| {
        let word = set.summary.answer.as_ref().map_or(look::NO_ANSWER, decided).word;
        format!("{}: {}", set.summary.dataset, word.to_lowercase())
    });
    let alt = format!(
        "Difference of accuracy, classical minus deep, with intervals, against a margin of {} \
         points. {}.",
        text::plain(100.0 * margin),
        told.collect::<Vec<_>>().join("; ")
    );
    Figure::new("overview".to_owned(), &alt, &canvas).map(Some)
}

/// What lies behind the intervals: the two zones, the margin between them, zero, the axis.
fn zones(canvas: &mut Canvas, frame: &Frame, margin: f64) {
    let (top, bottom) = (frame.top, frame.bottom);
    let (zero, limit) = (frame.across(0.0), frame.across(margin));
    canvas.rectangle((frame.left, top), (limit, bottom), look::ORANGE_TINT);
    canvas.rectangle((limit, top), (frame.right, bottom), look::BLUE_TINT);
    let title = "accuracy of classical − accuracy of deep (percentage points)";
    let decimals = frame.x.decimals(1.0);
    let write = |tick: f64| text::signed_points(tick / 100.0, decimals);
    frame.mark_x(canvas, write, title);
    canvas.line(vec![(zero, top), (zero, bottom)], look::GREY, 1.5);
    canvas.dashed(&[(limit, top - 8.0), (limit, bottom)], look::INK, 1.5);
    let label = |canvas: &mut Canvas, text: &str, x, colour, anchor, room| {
        // Left out rather than cut where the zone is narrow.
        if fitted(text, SMALL, room) == text {
            canvas.text(text, (x, top - 14.0), SMALL, colour, anchor);
        }
    };
    let (orange, blue) = (look::ORANGE, look::BLUE);
    // The zone of losses may be narrow, but the names of the sets leave room beside it.
    let room = limit - 16.0;
    label(canvas, "not enough ←", limit - 8.0, orange, Anchor::End, room);
    label(canvas, "→ enough", limit + 8.0, blue, Anchor::Start, frame.right - limit);
}
