//! How the numbers came about, for a reader who has not met the terms.

use super::{Content, Section};
use crate::look;
use crate::run_view::{SetView, sets};
use crate::text;
use crate::write::ReportError;
use eval::record::{CorruptionWord, Corruptions, Family};
use eval::run::Run;
use eval::summary::Summary;
use maud::{Markup, html};

pub(crate) const SECTION: Section = Section { id: "method", title: "Method", render };

fn render(run: &Run, summary: &Summary) -> Result<Option<Content>, ReportError> {
    let protocol = &run.manifest.protocol;
    let level = text::plain(100.0 * protocol.level);
    let margin = text::points(text::plain(100.0 * protocol.margin));
    let test_share = text::plain(100.0 * protocol.test_share);
    let html = html! {
        dl.method {
            dt { "Split" }
            dd {
                "Each data set is split once into a training and a test part: the official one \
                 where there is one, else " (test_share) " % of the images of each class, drawn \
                 at random from the seed, are the test part. Nothing that learns (scaling, \
                 classifier, network) sees a test image."
            }
            dt { "Search" }
            dd {
                "Settings are chosen inside the training part. It is cut into " (protocol.folds)
                " folds with equal shares of the classes; each point of the grid is trained on \
                 all folds but one and scored on that one, and the point with the best mean \
                 accuracy wins (the first of equal ones; a training that failed counts as all \
                 wrong). The winner is trained again on the whole \
                 training part and scored once on the test part."
                @if let Some(trials) = protocol.limits.trials {
                    " No search may take more than "
                    (text::counted(trials as u64, "training", "trainings"))
                    "; the points beyond are never tried, and the table below counts them."
                }
            }
            dt { "Champions" }
            dd {
                "The pipeline with the best search accuracy on each side. That accuracy is the \
                 best of many, so it is somewhat too good: it serves to choose, and is no \
                 evidence. Champions are not chosen by test accuracy, which would make the \
                 test part a part of the search."
            }
            dt { "Accuracy and its interval" }
            dd {
                "Share of the test images predicted right, with Wilson's " (level) " % interval: \
                 the true accuracies for which the share observed would not be surprising."
                (source("E. B. Wilson, “Probable inference, the law of succession, and \
                         statistical inference”, Journal of the American Statistical Association \
                         22(158):209–212, 1927"))
            }
            dt { "Macro F1" }
            dd {
                "Mean over the classes of F1, the harmonic mean of precision and recall: a rare \
                 class weighs as much as a common one."
            }
            dt { "Difference and its interval" }
            dd {
                "Both champions see the same test images, so they are compared image by image. \
                 Only images on which exactly one is right tell them apart. The " (level)
                " % interval of the difference is Tango's score interval for paired proportions."
                (source("T. Tango, “Equivalence test and confidence interval for the difference in \
                         proportions for the paired-sample design”, Statistics in Medicine \
                         17(8):891–908, 1998"))
            }
            dt { "McNemar mid-p" }
            dd {
                "If both champions were equally good, each would win about half of the images on \
                 which exactly one is right. The p-value says how probable a split at least as \
                 uneven would then be, the observed one counted half. A large p-value does not \
                 show that they are equal: that is what the interval and the margin are for."
                (source("M. W. Fagerland, S. Lydersen, P. Laake, “The McNemar test for binary \
                         matched-pairs data: mid-p and asymptotic are better than exact \
                         conditional”, BMC Medical Research Methodology 13:91, 2013"))
            }
            dt { "Verdict" }
            dd {
                "A question of non-inferiority: " em { "enough" } " if the whole interval lies \
                 above −" (margin) ", " em { "not enough" } " if it lies wholly below, "
                em { "cannot tell" } " if it holds −" (margin) ". Either of the first two \
                 is then wrong in at most about " (text::plain(50.0 * (1.0 - protocol.level)))
                " % of cases, for one data set. With several data sets nothing is corrected: each answer stands for its own."
            }
        }
        h3 { "How much each side was allowed to try" }
        (budget(run, summary))
        h3 { "What this report does not say" }
        ul {
            @if protocol.learning_curve.is_none() {
                li {
                    "How the answer changes with more or fewer training images (the plan asks for \
                     no learning curves): it holds for the number of images used here."
                }
            }
            @if protocol.corruptions == Corruptions::Word(CorruptionWord::None) {
                li {
                    "How pipelines behave on noisy, blurred or shifted images (the plan asks for \
                     no corruptions)."
                }
            }
            li {
                @if protocol.seeds < 2 {
                    "How much a result depends on the seed: every pipeline was trained with one. "
                }
                "The intervals of the answer hold for the luck of the test images only, not for \
                 that of the training or of the split"
                @if protocol.seeds > 1 { "; further seeds tell of the former" }
                @if protocol.nested.is_some() { "; cross-validation tells of the latter" }
                "."
            }
            li {
                "Whether pictures of one thing (the same object twice, the next frame of a film) \
                 lie in both parts: only groups that the set names are kept together, and copies \
                 that differ in no more than how they were saved."
            }
            li {
                "What a larger network, a pretrained one or a longer search would reach. “Deep” \
                 here means the networks of the plan, with their budget."
            }
        }
    };
    Ok(Some(Content::text(html)))
}

fn source(citation: &str) -> Markup {
    html! { " " cite { (citation) } "." }
}

/// Points tried and trainings made, by set and side.
fn budget(run: &Run, summary: &Summary) -> Markup {
    let limited = !run.manifest.protocol.limits.is_none();
    html! {
        div.scroll { table {
            thead { tr {
                th { "Data set" } th { "Side" } th.number { "Pipelines" }
                th.number { "Points tried" }
                @if limited { th.number { "Never tried (limit)" } }
                th.number { "Trainings" }
                th.number { "Time of the search" }
            } }
            tbody {
                @for set in sets(run, summary) {
                    @for family in look::FAMILIES { (budget_row(&set, family, limited)) }
                }
            }
        } }
        p.note {
            "Trainings: those of the search, and one final training per pipeline. Time: all \
             trainings of the search one after another, as if nothing had run beside them. \
             Searches that have not finished are not counted."
            @if limited {
                " Never tried: points of searches that ended by their limit on trainings, which is \
                 the same for every pipeline."
            }
        }
    }
}

fn budget_row(set: &SetView<'_>, family: Family, limited: bool) -> Markup {
    let pipelines = || set.summary.pipelines.iter().filter(move |p| p.family == family);
    let budget = set.summary.budget(family);
    let done = pipelines().filter(|pipeline| pipeline.result.is_ok()).count();
    let look = look::family(family);
    html! {
        @if pipelines().next().is_some() {
            tr {
                td { (look::name(&set.summary.dataset)) }
                td { span.family.(look.class) aria-hidden="true" { (look.symbol) } " " (look.word) }
                td.number { (pipelines().count()) }
                td.number { (text::count(budget.points as u64)) }
                @if limited {
                    td.number {
                        (text::count(budget.left_out as u64))
                        @if budget.limited > 0 {
                            " of " (text::counted(budget.limited as u64, "search", "searches"))
                        }
                    }
                }
                td.number { (text::count((budget.fits + done) as u64)) }
                td.number { (text::seconds(budget.seconds)) }
            }
        }
    }
}
