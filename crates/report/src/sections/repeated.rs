//! The two champions by repeated cross-validation with the settings that were chosen.

use super::nested::believed;
use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::{Protocol, Repeated};
use eval::repeated::RepeatedAnswer;
use eval::run::Run;
use eval::statistics::five_by_two::FiveByTwo;
use eval::statistics::spread::mean;
use eval::summary::{PipelineSummary, Summary};
use maud::{Markup, html};
use std::fmt::Display;

pub(crate) const SECTION: Section =
    Section { id: "repeated", title: "The champions by repeated cross-validation", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let protocol = &run.manifest.protocol;
    let Some(repeated) = protocol.repeated else { return Ok(None) };
    let parts: Vec<Markup> = sets(run, summary)
        .filter_map(|set| Some(part(&set, set.summary.repeated.as_ref()?, protocol, repeated)))
        .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let level = text::plain(100.0 * protocol.level);
    let html = html! {
        p {
            "The training part was cut into " (repeated.folds) " folds with equal shares of the \
             classes, " (text::counted(repeated.repeats as u64, "time", "times")) ", each time \
             anew; groups stayed together. The two champions, with the settings that the search \
             had chosen, were trained on all folds but one and scored on that one, and so were the \
             references. No test image of the answer above was used. The folds share training \
             images, so the " (level) " % interval and the p value are those of the corrected \
             resampled t test (Nadeau and Bengio 2003); a plain t test over the folds would be far \
             too sure."
        }
        p {
            strong { "Mind what was chosen where. " }
            "The settings, and the champions themselves, were chosen on these same training images: \
             what a fold is scored on had a part in the choice. So the accuracies are somewhat too \
             good, and most so for the side that had more to choose from. What is free of this is \
             nested cross-validation, which chooses anew inside each fold"
            @if protocol.nested.is_some() { " (the section before)" }
            @else { " (this plan does not ask for it)" }
            ". This is a look at how the difference varies with the images; the answer is that of \
             the hold-out."
        }
        @for part in &parts { (part) }
    };
    Ok(Some(Content::text(html)))
}

fn part(
    set: &SetView<'_>,
    answer: &RepeatedAnswer,
    protocol: &Protocol,
    repeated: Repeated,
) -> Markup {
    let points = |value: f64| text::signed_points(value, 1);
    let ends = (points(answer.interval.low), points(answer.interval.high));
    html! {
        h3 id=(set.anchor("repeated")) { (look::name(&set.summary.dataset)) }
        p.facts {
            span { "Classical − deep " strong { (text::points(points(answer.mean))) } }
            span { "Interval " strong { (ends.0) " to " (text::points(ends.1)) } }
            span {
                "Corrected resampled t "
                @match &answer.corrected {
                    Some(test) => { (statistic(test.t, test.df, test.p)) },
                    None => "has no value: the differences are all the same",
                }
            }
        }
        @if let Some(test) = answer.five_by_two() { (five_by_two(&test)) }
        @if let Some(rope) = answer.believed(protocol.margin) {
            p { (believed(rope, protocol.margin)) }
        }
        (table(set, repeated))
    }
}

fn statistic(value: f64, degrees_of_freedom: impl Display, p: f64) -> Markup {
    html! {
        strong { (format!("{value:.2}")) } " on " (degrees_of_freedom.to_string())
        " degrees of freedom, p " strong { (text::p_value(p)) }
    }
}

/// Both tests that are made for this scheme.
fn five_by_two(test: &FiveByTwo) -> Markup {
    html! {
        p.facts {
            span {
                "5x2 F (Alpaydın 1999) "
                @match test.f() {
                    Ok(f) => { (statistic(f.f, format!("{} and {}", f.df[0], f.df[1]), f.p)) },
                    Err(why) => { (why.to_string()) },
                }
            }
            span {
                "5x2 t (Dietterich 1998; hangs on the first of the ten differences) "
                @match test.t() {
                    Ok(t) => { (statistic(t.t, t.df, t.p)) },
                    Err(why) => { (why.to_string()) },
                }
            }
        }
        p.note {
            "Whoever looks at several tests and believes the one he likes has tested nothing: decide \
             on one beforehand. For five times two folds it is usually the F."
        }
    }
}

/// Whoever took part, the most accurate first.
fn table(set: &SetView<'_>, Repeated { repeats, folds }: Repeated) -> Markup {
    let all = |pipeline: &&PipelineSummary| pipeline.repeated.len() == repeats * folds;
    let mut pipelines: Vec<_> = set.summary.pipelines.iter().filter(all).collect();
    pipelines.sort_by(|a, b| mean(&b.repeated).total_cmp(&mean(&a.repeated)));
    html! {
        div.scroll { table {
            thead { tr {
                th { "Pipeline" }
                th.number { "Mean accuracy over " (repeats * folds) " folds" }
                th.number { "Lowest – highest fold" }
                @if repeats > 1 { th.number { "Lowest – highest repetition" } }
            } }
            tbody {
                @for pipeline in pipelines {
                    tr {
                        th.name scope="row" {
                            (look::pipeline(pipeline.family, &pipeline.name))
                            @if set.is_champion(pipeline) { " " span.tag { "champion" } }
                        }
                        td.number { strong { (text::percent(mean(&pipeline.repeated))) } }
                        td.number { (text::percent_span(&pipeline.repeated)) }
                        @if repeats > 1 {
                            @let means: Vec<f64> = pipeline.repeated.chunks(folds).map(mean).collect();
                            td.number { (text::percent_span(&means)) }
                        }
                    }
                }
            }
        } }
    }
}
