//! The figure of the answer: the differences of all data sets against the margin.

use crate::figure::Figure;
use crate::figure::axis::Axis;
use crate::figure::canvas::{Anchor, Canvas};
use crate::figure::font::fitted;
use crate::figure::plot::{self, Frame, LABEL, SMALL};
use crate::look;
use crate::run_view::sets;
use crate::text;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::Summary;

/// Difference and interval of every data set against the margin; nothing without an answer.
pub(super) fn overview(run: &Run, summary: &Summary) -> Result<Option<Figure>, ReportError> {
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
        let look = look::answer(set);
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
        let word = look::answer(set.summary).word;
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
