//! Kinds of features over all image sets: a critical difference diagram and its numbers.

use super::{Content, Section};
use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::font::fitted;
use crate::figure::plot::{self, Frame, LABEL, SMALL};
use crate::look;
use crate::text;
use crate::write::ReportError;
use eval::across::{Across, Ranked};
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section =
    Section { id: "across", title: "Across the image sets", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let alpha = 1.0 - run.manifest.protocol.level;
    let Some(across) = Across::of(summary, alpha) else { return Ok(None) };
    let figure = figure(&across)?;
    let html = html! {
        p {
            "Which features are best over " (across.sets.len()) " image sets? On each set, every \
             kind of features is represented by the classifier that its search chose on training \
             images. The best has rank 1."
        }
        (figure.html(&html! {
            "Average ranks; further left is better. A bar joins kinds that cannot be told apart at "
            (text::plain(100.0 * alpha)) " % (Wilcoxon's signed-rank test of each two, Holm's \
             adjustment); dots mark who belongs to it."
        }))
        p { (omnibus(&across)) }
        @if across.smallest_p >= alpha {
            p.note {
                "With " (across.sets.len()) " sets that test cannot give a p value below "
                (text::plain(across.smallest_p)) ", whatever the images say: the bar joins all. \
                 Six sets or more are needed before two kinds can be told apart over sets; the \
                 answers above are about each set alone."
            }
        }
        (table(&across))
    };
    Ok(Some(Content { html, figures: vec![figure] }))
}

/// What Friedman's test says of all kinds together.
fn omnibus(across: &Across) -> Markup {
    html! {
        "Are all equally good? "
        @match &across.test {
            Ok(test) => {
                "Friedman’s test in Iman and Davenport’s form: F = " (format!("{:.2}", test.f))
                " on " (test.df[0]) " and " (test.df[1]) " degrees of freedom, p "
                (text::p_value(test.p)) "."
            },
            Err(why) => { "Friedman’s test has no value here: " (why.to_string()) "." },
        }
    }
}

fn table(across: &Across) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                th { "Features" }
                th.number { "Average rank" }
                @for set in &across.sets { th.number { (look::name(set)) } }
            } }
            tbody {
                @for features in &across.features {
                    tr {
                        th scope="row" { (look::pipeline(features.family, &features.name)) }
                        td.number { strong { (format!("{:.2}", features.average_rank)) } }
                        @for (place, pipeline) in features.pipelines.iter().enumerate() {
                            td.number title=(text::printable(pipeline)) {
                                (text::percent(features.accuracies[place]))
                                " (" (text::plain(features.ranks[place])) ")"
                            }
                        }
                    }
                }
            }
        } }
        p.note { "Accuracy on the test images, and the rank on that set in brackets." }
    }
}

/// Demšar's critical difference diagram, with the bars of pairwise tests.
fn figure(across: &Across) -> Result<Figure, ReportError> {
    const WIDTH: f64 = 760.0;
    const ROW: f64 = 24.0;
    const BAR: f64 = 9.0;
    const AXIS: f64 = 44.0;
    let features = &across.features;
    let count = features.len();
    let left_count = count.div_ceil(2);
    let bars_end = AXIS + 14.0 + BAR * across.cliques.len() as f64;
    let frame = Frame {
        left: 220.0,
        top: AXIS,
        right: WIDTH - 220.0,
        bottom: AXIS,
        x: Axis::linear([1.0, count as f64].into_iter(), 4.0, (1.0, count as f64)),
        y: Axis::linear([0.0, 1.0].into_iter(), 1.0, (0.0, 1.0)),
    };
    let mut canvas = Canvas::new(WIDTH, bars_end + ROW * left_count as f64 + 8.0);
    canvas.line(vec![(frame.left, AXIS), (frame.right, AXIS)], look::INK, 1.5);
    for rank in 1..=count {
        let x = frame.across(rank as f64);
        canvas.line(vec![(x, AXIS - 6.0), (x, AXIS)], look::INK, 1.5);
        canvas.text(rank.to_string(), (x, AXIS - 15.0), SMALL, look::MUTED, Anchor::Middle);
    }
    let middle = (frame.left + frame.right) / 2.0;
    canvas.text("average rank", (middle, 12.0), SMALL, look::MUTED, Anchor::Middle);

    // The better half is named at the left, best on top; the other at the right, worst on top.
    for (place, ranked) in features.iter().enumerate() {
        let left = place < left_count;
        let row = if left { place } else { count - 1 - place };
        let (x, y) = (frame.across(ranked.average_rank), bars_end + ROW * (row as f64 + 0.5));
        let (end, anchor, label) = if left {
            (frame.left - 8.0, Anchor::End, frame.left - 14.0)
        } else {
            (frame.right + 8.0, Anchor::Start, frame.right + 14.0)
        };
        canvas.line(vec![(x, AXIS), (x, y), (end, y)], look::GREY, 1.0);
        let words = fitted(&named(ranked, left), LABEL, frame.left - 24.0);
        canvas.text(words, (label, y), LABEL, look::INK, anchor);
    }
    for (line, clique) in across.cliques.iter().enumerate() {
        let y = AXIS + 14.0 + BAR * line as f64;
        let at = |&place: &usize| (frame.across(features[place].average_rank), y);
        canvas.line(clique.iter().map(at).collect(), look::INK, 2.0);
        clique.iter().for_each(|place| canvas.disc(at(place), 3.2, look::INK));
    }
    for ranked in features {
        plot::marker(&mut canvas, ranked.family, (frame.across(ranked.average_rank), AXIS));
    }
    let best = &features[0];
    let alt = format!(
        "Average ranks of {count} kinds of features over {} image sets; the best is {} with {:.2}.",
        across.sets.len(),
        best.name,
        best.average_rank
    );
    Figure::new("ranks".to_owned(), &alt, &canvas)
}

/// A name with its rank on the side of the axis.
fn named(ranked: &Ranked, left: bool) -> String {
    if left {
        format!("{}  {:.2}", ranked.name, ranked.average_rank)
    } else {
        format!("{:.2}  {}", ranked.average_rank, ranked.name)
    }
}
