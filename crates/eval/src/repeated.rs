//! The champions by repeated cross-validation inside the training part.
//!
//! Their settings stay those that the search chose, so only the luck of the training and test images
//! is varied. As the search has seen the same rows, the accuracies are somewhat too good; nested
//! cross-validation ([`crate::selection::NestedAnswer`]) chooses anew in each fold and is not. Only
//! the champions are compared, and the references are shown with them: a hundred trainings of every
//! pipeline would cost more than all searches, and answer a question that nobody asked.
//!
//! Source of the scheme: R. R. Bouckaert, E. Frank, "Evaluating the replicability of significance
//! tests for comparing learning algorithms", PAKDD 2004 (10x10); T. G. Dietterich, Neural Computation
//! 10(7):1895-1923, 1998 (5x2).

use crate::grid::Point;
use crate::interval::Interval;
use crate::record::{Family, Repeated};
use crate::selection::Trials;
use crate::statistics::five_by_two::FiveByTwo;
use crate::statistics::outcome::TTest;
use crate::statistics::resampled::{Resampled, Rope};
use crate::store::StoreError;
use crate::summary::{Answer, PipelineSummary, SetSummary};
use serde::{Deserialize, Serialize};

/// Name of a fold of a repetition, both counted from 0.
pub fn split_name(dataset: &str, repeat: usize, fold: usize) -> String {
    format!("{dataset}.repeat{repeat}-fold{fold}")
}

/// Whether a pipeline of a set takes part: the two champions do, and the references beside them.
pub fn takes_part(set: &SetSummary, pipeline: usize) -> bool {
    let of = &set.pipelines[pipeline];
    of.result.is_ok()
        && set.answer.as_ref().is_some_and(|answer| {
            of.family == Family::Reference || [answer.classical, answer.deep].contains(&pipeline)
        })
}

/// The two champions over all folds of all repetitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepeatedAnswer {
    /// Folds of each repetition.
    pub folds: usize,
    /// Accuracy of the classical champion minus that of the deep one, repetition by repetition.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Interval of it that belongs to the corrected test.
    pub interval: Interval,
    /// The corrected resampled t test: [`crate::statistics::resampled`]; `None` if all differences
    /// are the same.
    pub corrected: Option<TTest>,
}

impl RepeatedAnswer {
    /// `None` if a champion is not done with all folds.
    pub(crate) fn of(
        pipelines: &[PipelineSummary],
        answer: &Answer,
        repeated: Repeated,
        level: f64,
    ) -> Option<Self> {
        let Repeated { repeats, folds } = repeated;
        let of = |index: usize| {
            Some(&pipelines[index].repeated).filter(|it| it.len() == repeats * folds)
        };
        let (classical, deep) = (of(answer.classical)?, of(answer.deep)?);
        Self::new(classical.iter().zip(deep).map(|(a, b)| a - b).collect(), folds, level)
    }

    fn new(differences: Vec<f64>, folds: usize, level: f64) -> Option<Self> {
        let resampled = Resampled::cross_validation(&differences, folds).ok()?;
        Some(Self {
            folds,
            mean: resampled.mean(),
            interval: resampled.interval(level),
            corrected: resampled.corrected().ok(),
            differences,
        })
    }

    /// The Bayesian correlated t test with the region of practical equivalence `-rope..rope`; the
    /// first learner is the classical champion.
    pub fn believed(&self, rope: f64) -> Option<Rope> {
        Rope::over_folds(&self.differences, self.folds, rope)
    }

    /// The differences as five repetitions of two folds; `None` of any other scheme.
    pub fn five_by_two(&self) -> Option<FiveByTwo> {
        let (halves, []) = self.differences.as_chunks::<2>() else { return None };
        let halves = <[[f64; 2]; 5]>::try_from(halves).ok().filter(|_| self.folds == 2)?;
        FiveByTwo::new(halves).ok()
    }
}

impl Trials<'_> {
    /// See [`PipelineSummary::repeated`].
    ///
    /// # Errors
    /// If stored scores cannot be read.
    pub(crate) fn repeated(&self, chosen: &Point) -> Result<Vec<f64>, StoreError> {
        let Some(Repeated { repeats, folds }) = self.run.manifest.protocol.repeated else {
            return Ok(Vec::new());
        };
        let mut accuracies = Vec::new();
        for (repeat, fold) in (0..repeats).flat_map(|repeat| (0..folds).map(move |k| (repeat, k))) {
            let Some(split) = self.split(&split_name(&self.data.name, repeat, fold)) else { break };
            let Some(trial) = self.find(split, chosen) else { break };
            accuracies.push(self.accuracy(split, trial)?);
        }
        Ok(accuracies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests themselves are compared with those of other programs in `tests/golden.rs`; here
    /// it is the scheme that is passed on. t = 0.02 / sqrt(mean of (a - b)^2 / 2).
    #[test]
    fn only_five_times_two_folds_have_the_tests_of_that_name() {
        let differences = vec![0.02, 0.01, 0.03, 0.02, 0.01, 0.03, 0.02, 0.04, 0.02, 0.01];
        let answer = RepeatedAnswer::new(differences.clone(), 2, 0.95).unwrap();
        let variances = (1.0 + 1.0 + 4.0 + 4.0 + 1.0) * 1e-4 / 2.0;
        let t = answer.five_by_two().unwrap().t().unwrap().t;
        assert!((t - 0.02 / (variances / 5.0_f64).sqrt()).abs() < 1e-9, "{t}");
        for folds in [5, 10] {
            let other = RepeatedAnswer::new(differences.clone(), folds, 0.95).unwrap();
            assert!(other.five_by_two().is_none());
            // Fewer tested per trained rows: the folds tell more, and the interval is narrower.
            assert!(other.interval.low > answer.interval.low && other.mean == answer.mean);
        }
        let short = RepeatedAnswer::new(differences[..8].to_vec(), 2, 0.95).unwrap();
        assert!(short.five_by_two().is_none());
    }

    #[test]
    fn equal_differences_leave_nothing_to_test_but_something_to_believe() {
        let answer = RepeatedAnswer::new(vec![-0.01; 10], 2, 0.95).unwrap();
        assert!(answer.corrected.is_none() && answer.five_by_two().unwrap().f().is_err());
        assert_eq!(answer.believed(0.02).unwrap().equivalent, 1.0);
    }
}
