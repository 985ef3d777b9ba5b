//! The sections of the page, in its order.
//!
//! A section is a function of the record. It gives nothing where there is nothing to show, which
//! is not an error: a run may be unfinished, and a plan may have one side only.

mod across;
mod calibration;
mod confusion;
mod cost;
mod curves;
mod data;
mod examples;
mod learning;
mod method;
mod metrics;
mod nested;
mod overview;
mod pairs;
mod pareto;
mod repeated;
mod reproduce;
mod robustness;
mod scoreboard;
mod seeds;
mod table;
mod verdict;

use crate::figure::Figure;
use crate::write::ReportError;
use eval::run::Run;
use eval::summary::Summary;
use maud::Markup;

/// What a section shows.
pub(crate) struct Content {
    pub html: Markup,
    /// The figures in `html`, to be written as files too.
    pub figures: Vec<Figure>,
}

impl Content {
    /// A section without figures.
    fn text(html: Markup) -> Self {
        Self { html, figures: Vec::new() }
    }
}

/// One part of the page.
pub(crate) struct Section {
    /// Its anchor.
    pub id: &'static str,
    pub title: &'static str,
    pub render: fn(&Run, &Summary) -> Result<Option<Content>, ReportError>,
}

/// All sections. A new one is a file beside this one and a line here.
pub(crate) const SECTIONS: &[Section] = &[
    verdict::SECTION,
    scoreboard::SECTION,
    table::SECTION,
    pairs::SECTION,
    nested::SECTION,
    repeated::SECTION,
    across::SECTION,
    confusion::SECTION,
    metrics::SECTION,
    calibration::SECTION,
    seeds::SECTION,
    learning::SECTION,
    robustness::SECTION,
    cost::SECTION,
    pareto::SECTION,
    examples::SECTION,
    curves::SECTION,
    data::SECTION,
    method::SECTION,
    reproduce::SECTION,
];
