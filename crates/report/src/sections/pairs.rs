//! Every classical pipeline beside the deep champion, with p values adjusted for their number.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::interval::Interval;
use eval::paired::Paired;
use eval::record::Family;
use eval::run::Run;
use eval::statistics::cochran::cochran_q;
use eval::statistics::multiple::{Adjustment, adjust};
use eval::statistics::power::Power;
use eval::summary::{PipelineSummary, Summary, TestResult, truth};
use maud::{Markup, html};
use ndarray::Array2;

pub(crate) const SECTION: Section =
    Section { id: "pairs", title: "Each classical pipeline beside the deep champion", render };

/// Chance with which a difference of the smallest size told of would be found.
const POWER: f64 = 0.8;

/// A classical pipeline on the same images as the deep champion.
struct Pair<'a> {
    pipeline: &'a PipelineSummary,
    result: &'a TestResult,
    /// a is the classical pipeline.
    paired: Paired,
    /// McNemar's mid-p with Holm's adjustment.
    adjusted: f64,
}

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let level = run.manifest.protocol.level;
    let parts: Vec<Markup> = sets(run, summary).filter_map(|set| part(&set, level)).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let html = html! {
        p {
            "The deep champion was chosen by its search; each classical pipeline is compared with \
             it on the same test images. Intervals are Tango's, at "
            (text::plain(100.0 * level)) " % each; p values are McNemar's mid-p, alone and with \
             Holm's adjustment for the number of pipelines, for among many comparisons some look \
             surprising by luck. A large p value does not show that two are equally good: look at \
             the interval."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content::text(html)))
}

fn part(set: &SetView<'_>, level: f64) -> Option<Markup> {
    let (hold_out, [_, (champion, deep)]) = (set.hold_out?, set.champions()?);
    let truth = truth(set.data, hold_out);
    let pairs = pairs(set, &truth, deep)?;
    Some(html! {
        h3 id=(set.anchor("pairs")) { (look::name(&set.summary.dataset)) }
        p.facts {
            span { "Deep champion " strong { (look::name(&champion.name)) } }
            @if let Some(q) = omnibus(&pairs, &truth, deep) {
                span { "All equal? Cochran’s Q " strong { (q) } }
            }
            @if let Some(smallest) = smallest_difference(&pairs, level) {
                span {
                    "A difference of " strong { (smallest) } " would be found in "
                    (text::plain(100.0 * POWER)) " % of such test sets"
                }
            }
        }
        details {
            summary { (text::counted(pairs.len() as u64, "comparison", "comparisons")) }
            (table(&pairs, level))
        }
    })
}

fn pairs<'a>(set: &SetView<'a>, truth: &[usize], deep: &TestResult) -> Option<Vec<Pair<'a>>> {
    let classical = set.finished().into_iter().filter(|(p, _)| p.family == Family::Classical);
    let mut pairs: Vec<Pair<'_>> = classical
        .map(|(pipeline, result)| {
            let paired = Paired::new(truth, &result.predicted, &deep.predicted);
            Pair { pipeline, result, adjusted: paired.mcnemar_mid_p(), paired }
        })
        .collect();
    let alone: Vec<f64> = pairs.iter().map(|pair| pair.adjusted).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(adjust(&alone, Adjustment::Holm).ok()?) {
        pair.adjusted = adjusted;
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// "12.3 on 4 degrees of freedom, p = 0.015" over the deep champion and all classical pipelines.
fn omnibus(pairs: &[Pair<'_>], truth: &[usize], deep: &TestResult) -> Option<String> {
    let predicted: Vec<&[usize]> =
        pairs.iter().map(|pair| &*pair.result.predicted).chain([&*deep.predicted]).collect();
    let right = Array2::from_shape_fn((truth.len(), predicted.len()), |(image, classifier)| {
        predicted[classifier][image] == truth[image]
    });
    let test = cochran_q(right.view()).ok()?;
    let p = text::p_value(test.p);
    Some(format!("{:.1} on {} degrees of freedom, p {p}", test.chi2, test.df))
}

/// The smallest difference that these test images can find, for a pair that disagrees as often as
/// the median one.
fn smallest_difference(pairs: &[Pair<'_>], level: f64) -> Option<String> {
    let mut disagreements: Vec<u64> =
        pairs.iter().map(|pair| pair.paired.only_a + pair.paired.only_b).collect();
    disagreements.sort_unstable();
    let images = pairs[0].paired.total();
    let disagreement = disagreements[disagreements.len() / 2] as f64 / images as f64;
    let smallest = Power::new(level, POWER).ok()?.smallest_difference(images, disagreement).ok()?;
    Some(text::points(text::unsigned_points(smallest, 1)))
}

fn table(pairs: &[Pair<'_>], level: f64) -> Markup {
    let points = |Interval { low, high }: Interval| {
        format!("{} to {}", text::signed_points(low, 1), text::signed_points(high, 1))
    };
    html! {
        div.scroll { table.wide {
            thead { tr {
                th { "Pipeline" }
                th.number { "Difference (points)" }
                th.number { (text::plain(100.0 * level)) " % interval" }
                th.number { "Only it right" }
                th.number { "Only the champion right" }
                th.number { "mid-p" }
                th.number { "Holm" }
            } }
            tbody {
                @for Pair { pipeline, paired, adjusted, .. } in pairs {
                    tr {
                        th scope="row" { (look::pipeline(pipeline.family, &pipeline.name)) }
                        td.number { strong { (text::signed_points(paired.difference(), 1)) } }
                        td.number { (points(paired.tango(level))) }
                        td.number { (text::count(paired.only_a)) }
                        td.number { (text::count(paired.only_b)) }
                        td.number { (text::probability(paired.mcnemar_mid_p())) }
                        td.number { (text::probability(*adjusted)) }
                    }
                }
            }
        } }
    }
}
