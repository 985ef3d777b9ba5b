//! One look for page and figures: the two sides, the three decisions, and their colours.
//!
//! Blue stands for classical, orange for deep, grey for everything shown beside them; the colours
//! differ for colour-blind readers too, and a symbol always says the same as the colour.

use crate::text;
use eval::record::Family;
use eval::summary::SetSummary;
use eval::verdict::Decision;
use maud::{Markup, html};
use plotters::style::RGBColor;

pub(crate) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
pub(crate) const MUTED: RGBColor = RGBColor(0x5b, 0x67, 0x73);
pub(crate) const RULE: RGBColor = RGBColor(0xe3, 0xe7, 0xec);
pub(crate) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(crate) const BLUE: RGBColor = RGBColor(0x1f, 0x6f, 0xb2);
pub(crate) const ORANGE: RGBColor = RGBColor(0xc8, 0x5a, 0x0e);
pub(crate) const GREY: RGBColor = RGBColor(0x7b, 0x87, 0x94);
pub(crate) const BLUE_TINT: RGBColor = RGBColor(0xea, 0xf3, 0xfa);
pub(crate) const ORANGE_TINT: RGBColor = RGBColor(0xfd, 0xf0, 0xe4);

/// How a family or a decision is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Class in the style sheet.
    pub class: &'static str,
    /// What says the same as the colour.
    pub symbol: &'static str,
    /// The word beside the symbol.
    pub word: &'static str,
    /// Colour in figures; the style sheet has the same.
    pub colour: RGBColor,
}

/// The families in the order of legends.
pub(crate) const FAMILIES: [Family; 3] = [Family::Classical, Family::Deep, Family::Reference];

/// How a family is shown.
pub(crate) fn family(family: Family) -> Look {
    match family {
        Family::Classical => {
            Look { class: "classical", symbol: "●", word: "classical", colour: BLUE }
        }
        Family::Deep => Look { class: "deep", symbol: "▲", word: "deep", colour: ORANGE },
        Family::Reference => {
            Look { class: "reference", symbol: "■", word: "reference", colour: GREY }
        }
    }
}

/// How the answer for a data set is shown; it has the colour of the side it speaks for.
pub(crate) fn answer(set: &SetSummary) -> Look {
    let muted = |symbol, word| Look { class: "cannot-tell", symbol, word, colour: MUTED };
    match set.answer.as_ref().map(|answer| answer.verdict.decision) {
        Some(Decision::Enough) => {
            Look { class: "enough", symbol: "✓", word: "Enough", colour: BLUE }
        }
        Some(Decision::NotEnough) => {
            Look { class: "not-enough", symbol: "✗", word: "Not enough", colour: ORANGE }
        }
        Some(Decision::CannotTell { .. }) => muted("?", "Cannot tell yet"),
        None if asks_for_none(set) => muted("–", "No answer"),
        None => muted("…", "No answer yet"),
    }
}

/// Whether a side has no pipeline in the plan, so that there is nothing to compare.
fn asks_for_none(set: &SetSummary) -> bool {
    !set.pipelines.is_empty() && (set.lacks(Family::Classical) || set.lacks(Family::Deep))
}

/// A name from outside. It may be written from right to left, which must not turn the line.
pub(crate) fn name(name: &str) -> Markup {
    html! { bdi { (text::printable(name)) } }
}

/// The name of a pipeline behind the symbol of its family.
pub(crate) fn pipeline(of: Family, name: &str) -> Markup {
    let look = family(of);
    html! {
        span.pipeline {
            span.family.(look.class) role="img" aria-label=(look.word) title=(look.word) {
                (look.symbol)
            }
            " " (self::name(name))
        }
    }
}

/// The three families with their symbols.
pub(crate) fn legend() -> Markup {
    html! {
        p.legend {
            @for look in FAMILIES.map(family) {
                span {
                    span.family.(look.class) aria-hidden="true" { (look.symbol) } " " (look.word)
                }
            }
        }
    }
}
