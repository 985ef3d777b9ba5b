//! A whole grid on several splits at once, where its recipes share work.

use crate::sources::Finished;
use base::{FitError, FitMany, HeldOut, Labels, Matrix, Rows, Seed};
use eval::record::SplitRecord;
use std::time::Instant;

/// Trains all recipes on each of the splits, which divide the same rows, and scores the test rows.
/// Results come by split, then recipe; each is given an equal share of the time.
pub(crate) fn on_features_together(
    recipes: &dyn FitMany<Matrix>,
    features: &Matrix,
    labels: &Labels,
    splits: &[(&SplitRecord, Seed)],
) -> Result<Vec<Vec<Finished<'static>>>, FitError> {
    let Some((first, _)) = splits.first() else { return Ok(Vec::new()) };
    let rows = rows_of(first);
    debug_assert!(splits.iter().all(|(split, _)| rows_of(split) == rows), "the same rows");
    let place = |row: &usize| rows.binary_search(row).expect("all splits divide the same rows");
    let folds: Vec<HeldOut> = splits
        .iter()
        .map(|(split, seed)| HeldOut { rows: split.test.iter().map(place).collect(), seed: *seed })
        .collect();
    let (x, y) = (features.pick(&rows), labels.pick(&rows));
    let start = Instant::now();
    let results = recipes.fit_many(&x, &y, &folds)?;
    let seconds = start.elapsed().as_secs_f64();
    let share = seconds / results.iter().map(Vec::len).sum::<usize>().max(1) as f64;
    let finished = |result: base::FoldScores| Finished {
        scores: result.scores,
        disputed: None,
        convergence: result.convergence,
        model_bytes: None,
        curve: Vec::new(),
        learn_seconds: 0.0,
        extract_seconds: 0.0,
        fit_seconds: share,
        score_seconds: 0.0,
        score_one: None,
        score_images: None,
    };
    let of_split = |results: Vec<_>| results.into_iter().map(finished).collect();
    Ok(results.into_iter().map(of_split).collect())
}

/// Training and test rows together, ascending.
pub(crate) fn rows_of(split: &SplitRecord) -> Vec<usize> {
    let mut rows = [&split.train[..], &split.test].concat();
    rows.sort_unstable();
    rows
}
