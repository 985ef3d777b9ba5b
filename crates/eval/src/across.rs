//! Several image sets at once: which features describe images best, and whether their order is
//! more than luck.
//!
//! On each set a kind of features stands for itself with the classifier that its search chose, so
//! no test image has a say in who is compared. Tests: Friedman's in Iman and Davenport's form over
//! all, then Wilcoxon's signed-rank test of each two with Holm's adjustment (see
//! [`crate::statistics::pairwise`] for why not Nemenyi's).

use crate::record::Family;
use crate::statistics::Undefined;
use crate::statistics::friedman::Friedman;
use crate::statistics::outcome::FTest;
use crate::statistics::pairwise::Pairwise;
use crate::statistics::wilcoxon::{SignedRanks, Zeros};
use crate::summary::{SetSummary, Summary};
use ndarray::Array2;

/// Fewer sets or kinds of features are not ranked: there would be nothing to learn.
const LEAST: usize = 3;

/// Kinds of features on several image sets.
#[derive(Debug, Clone)]
pub struct Across {
    /// Names of the image sets.
    pub sets: Vec<String>,
    /// The kinds of features, best average rank first; equal ones in the order of the plan.
    pub features: Vec<Ranked>,
    /// Friedman's test in Iman and Davenport's form: are they all equally good?
    pub test: Result<FTest, Undefined>,
    /// Groups that cannot be told apart, as positions in `features`; ascending, of two or more.
    pub cliques: Vec<Vec<usize>>,
    /// The smallest p value that the test of two could give with so many sets, `2^(1 - sets)`.
    pub smallest_p: f64,
}

/// One kind of features on all image sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Name of the extractor or model.
    pub name: String,
    /// The side it stands for.
    pub family: Family,
    /// Name of the chosen pipeline on each set.
    pub pipelines: Vec<String>,
    /// Its test accuracy on each set.
    pub accuracies: Vec<f64>,
    /// Its rank on each set, 1 for the best; equal ones share a rank.
    pub ranks: Vec<f64>,
    /// Mean of the ranks.
    pub average_rank: f64,
}

impl Across {
    /// Ranks the features that have a result on every finished set; `None` with fewer than three
    /// sets or three kinds of features. Reference pipelines take no part. Two kinds cannot be told
    /// apart if their adjusted p value is `alpha` or more.
    pub fn of(summary: &Summary, alpha: f64) -> Option<Self> {
        let finished = |set: &&SetSummary| set.pipelines.iter().any(|p| p.result.is_ok());
        let sets: Vec<&SetSummary> = summary.sets.iter().filter(finished).collect();
        let features = represented(&sets);
        if sets.len() < LEAST || features.len() < LEAST {
            return None;
        }
        let scores =
            Array2::from_shape_fn((sets.len(), features.len()), |(s, f)| features[f].accuracies[s]);
        let friedman = Friedman::new(scores.view(), true).ok()?;
        let pairwise = Pairwise::new(features.len(), |a, b| {
            let columns = scores.column(a).to_owned() - scores.column(b);
            signed_rank_p(columns.as_slice().expect("an owned vector is contiguous"))
        })
        .ok()?;
        let mut order: Vec<usize> = (0..features.len()).collect();
        order.sort_by(|&a, &b| friedman.average_ranks()[a].total_cmp(&friedman.average_ranks()[b]));
        let place = |feature: usize| order.iter().position(|&at| at == feature);
        let mut cliques: Vec<Vec<usize>> = pairwise.cliques(alpha);
        for clique in &mut cliques {
            *clique = clique.iter().filter_map(|&feature| place(feature)).collect();
            clique.sort_unstable();
        }
        cliques.sort();
        let ranked = |&f: &usize| Ranked {
            ranks: friedman.ranks().column(f).to_vec(),
            average_rank: friedman.average_ranks()[f],
            ..features[f].clone()
        };
        Some(Self {
            features: order.iter().map(ranked).collect(),
            test: friedman.iman_davenport(),
            cliques,
            smallest_p: 2_f64.powi(1 - sets.len() as i32),
            sets: sets.iter().map(|set| set.dataset.clone()).collect(),
        })
    }
}

/// The exact p value as far as it can be had; 1 if there is no difference at all.
fn signed_rank_p(differences: &[f64]) -> f64 {
    let Ok(ranks) = SignedRanks::new(differences, Zeros::Pratt) else { return 1.0 };
    ranks.permutation_p().unwrap_or_else(|_| ranks.approximate().p)
}

/// The kinds of features with a chosen pipeline on every set, in the order of the plan, not ranked
/// yet.
fn represented(sets: &[&SetSummary]) -> Vec<Ranked> {
    let Some(first) = sets.first() else { return Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for pipeline in &first.pipelines {
        if !names.contains(&pipeline.extractor.as_str()) {
            names.push(&pipeline.extractor);
        }
    }
    let of = |name: &&str| {
        let chosen = sets.iter().map(|set| chosen(set, name)).collect::<Option<Vec<_>>>()?;
        Some(Ranked {
            name: (*name).to_owned(),
            family: chosen[0].0,
            pipelines: chosen.iter().map(|(_, pipeline, _)| (*pipeline).to_owned()).collect(),
            accuracies: chosen.iter().map(|(_, _, accuracy)| *accuracy).collect(),
            ranks: Vec::new(),
            average_rank: 0.0,
        })
    };
    names.iter().filter_map(of).collect()
}

/// The pipeline on these features with the best search accuracy, the first of equal ones.
fn chosen<'a>(set: &'a SetSummary, features: &str) -> Option<(Family, &'a str, f64)> {
    let mut best: Option<(f64, (Family, &str, f64))> = None;
    for pipeline in set.pipelines.iter().filter(|p| p.extractor == features) {
        let (Some(search), Ok(result)) = (&pipeline.search, &pipeline.result) else { continue };
        let better = best.is_none_or(|(accuracy, _)| search.accuracy > accuracy);
        if pipeline.family != Family::Reference && better {
            best = Some((search.accuracy, (pipeline.family, &pipeline.name, result.accuracy)));
        }
    }
    best.map(|(_, pipeline)| pipeline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::wilson;
    use crate::metric::Confusion;
    use crate::summary::{PipelineSummary, Search, TestResult};
    use base::Convergence;

    /// A pipeline `features + classifier`, with its accuracies in the search and on the test.
    fn pipeline(features: &str, classifier: &str, search: f64, test: f64) -> PipelineSummary {
        let family = if classifier == "majority" { Family::Reference } else { Family::Classical };
        PipelineSummary {
            name: format!("{features} + {classifier}"),
            family,
            extractor: features.to_owned(),
            classifier: classifier.to_owned(),
            search: Some(Search {
                chosen: [].into(),
                accuracy: search,
                error: 0.0,
                at_edge: Vec::new(),
                points: 1,
                left_out: 0,
                fits: 1,
                seconds: 0.0,
            }),
            nested: Vec::new(),
            result: Ok(TestResult {
                trial: String::new(),
                predicted: Vec::new(),
                confusion: Confusion::new(&[], &[], 2),
                accuracy: test,
                interval: wilson(1, 2, 0.95),
                macro_f1: test,
                convergence: Convergence::Direct,
                model_bytes: 0,
                costs: None,
            }),
            trainings: Vec::new(),
            repeated: Vec::new(),
        }
    }

    fn summary(sets: usize, pipelines: impl Fn(usize) -> Vec<PipelineSummary>) -> Summary {
        let set = |number| SetSummary {
            dataset: format!("set {number}"),
            train_images: 1,
            test_images: 1,
            pipelines: pipelines(number),
            answer: None,
            nested: None,
            repeated: None,
        };
        Summary { sets: (0..sets).map(set).collect() }
    }

    #[test]
    fn the_search_chooses_who_stands_for_the_features() {
        let summary = summary(3, |_| {
            vec![
                pipeline("hog", "linear", 0.8, 0.99),
                pipeline("hog", "rbf", 0.9, 0.7),
                pipeline("hog", "late", 0.9, 0.8),
                pipeline("lbp", "rbf", 0.5, 0.9),
                pipeline("pixels", "majority", 1.0, 1.0),
                pipeline("pixels", "rbf", 0.1, 0.7),
            ]
        });
        let across = Across::of(&summary, 0.05).unwrap();
        let seen: Vec<_> =
            across.features.iter().map(|f| (&*f.name, &*f.pipelines[2], f.average_rank)).collect();
        let expected =
            [("lbp", "lbp + rbf", 1.0), ("hog", "hog + rbf", 2.5), ("pixels", "pixels + rbf", 2.5)];
        assert_eq!(seen, expected);
        // The smallest p value of three sets is 0.25.
        assert_eq!((across.smallest_p, across.cliques), (0.25, vec![vec![0, 1, 2]]));
    }

    #[test]
    fn ten_sets_that_agree_tell_the_features_apart() {
        let summary = summary(10, |set| {
            let one = |name, base: f64| pipeline(name, "rbf", 0.5, base + 0.001 * set as f64);
            vec![one("worst", 0.5), one("good", 0.7), one("better", 0.8)]
        });
        let across = Across::of(&summary, 0.05).unwrap();
        assert_eq!(across.features[0].name, "better");
        assert!(across.cliques.is_empty() && across.smallest_p < 0.002);
        // Full agreement: F has no bound, and this is told.
        assert!(across.test.is_err());
    }

    #[test]
    fn two_sets_or_two_kinds_of_features_are_not_ranked() {
        let three = |_| ["a", "b", "c"].map(|name| pipeline(name, "rbf", 0.5, 0.5)).to_vec();
        assert!(Across::of(&summary(2, three), 0.05).is_none());
        assert!(Across::of(&summary(3, three), 0.05).is_some());
        // A kind that is missing on one set takes no part.
        let gap = |set| three(set)[usize::from(set == 1)..].to_vec();
        assert!(Across::of(&summary(3, gap), 0.05).is_none());
        assert!(Across::of(&summary(0, three), 0.05).is_none());
    }
}
