//! Folds that test each row once, and repeated ones.

use super::grouped::stratified_group_k_fold;
use super::{Split, SplitError, by_fold, check_folds, check_rows, shuffled_classes};
use base::{Labels, ParamError, Seed};

/// Deals `rows` rows, shuffled, into `folds` folds, each of which is the test part of one split.
///
/// Each row is tested exactly once; the folds differ by at most one row in size. Neither classes
/// nor groups are looked at: [`stratified_k_fold`] does.
///
/// ```
/// let splits = eval::split::k_fold(10, 3, base::Seed(1)).unwrap();
/// let sizes: Vec<usize> = splits.iter().map(|split| split.test.len()).collect();
/// assert_eq!(sizes, [4, 3, 3]);
/// ```
///
/// # Errors
/// If there are fewer than two folds, or fewer rows than folds.
pub fn k_fold(rows: usize, folds: usize, seed: Seed) -> Result<Vec<Split>, SplitError> {
    check_folds(folds)?;
    if rows < folds {
        return Err(SplitError::TooFewRows { rows, folds });
    }
    let mut fold_of = vec![0; rows];
    for (position, row) in seed.permutation(rows).into_iter().enumerate() {
        fold_of[row] = position % folds;
    }
    Ok(by_fold(&fold_of, folds))
}

/// Deals the rows into `folds` folds, each of which is the test part of one split.
///
/// Each row is tested exactly once. The rows, shuffled within their class and taken class after
/// class, are dealt like cards, so the folds differ by at most one row in size and by at most
/// one row in each class.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([vec![0; 4], vec![1; 5]].concat(), &names).unwrap();
/// let splits = eval::split::stratified_k_fold(&labels, 3, base::Seed(1)).unwrap();
/// assert!(splits.iter().all(|split| split.test.len() == 3 && split.train.len() == 6));
/// ```
///
/// Where the labels have groups, this is [`stratified_group_k_fold`].
///
/// # Errors
/// If there are fewer than two folds, there is no row, or a class has fewer rows than there are
/// folds.
pub fn stratified_k_fold(
    labels: &Labels,
    folds: usize,
    seed: Seed,
) -> Result<Vec<Split>, SplitError> {
    if labels.groups().is_some() {
        return stratified_group_k_fold(labels, folds, seed);
    }
    check_folds(folds)?;
    check_rows(labels)?;
    let counts = labels.counts();
    if let Some(id) = counts.iter().position(|&count| (1..folds).contains(&count)) {
        let class = labels.classes()[id].clone();
        return Err(SplitError::TooFewForFolds { class, found: counts[id], folds });
    }
    let mut fold_of = vec![0; labels.len()];
    for (position, row) in shuffled_classes(labels, seed).concat().into_iter().enumerate() {
        fold_of[row] = position % folds;
    }
    Ok(by_fold(&fold_of, folds))
}

/// Stratified folds dealt `repeats` times anew; `repeats` lists of `folds` splits.
///
/// Each row is tested exactly once in each list.
///
/// # Errors
/// If there is no repeat, or as [`stratified_k_fold`].
pub fn repeated_stratified_k_fold(
    labels: &Labels,
    folds: usize,
    repeats: usize,
    seed: Seed,
) -> Result<Vec<Vec<Split>>, SplitError> {
    if repeats == 0 {
        return Err(ParamError::new("repeats", repeats, "at least 1").into());
    }
    let repeat = |repeat| stratified_k_fold(labels, folds, seed.child("repeat", repeat as u64));
    (0..repeats).map(repeat).collect()
}

/// Five times two stratified folds, for the tests of Dietterich and Alpaydin.
///
/// The second split of a pair is the first with its parts exchanged.
///
/// Source: T. G. Dietterich, "Approximate statistical tests for comparing supervised
/// classification learning algorithms", Neural Computation 10(7):1895-1923, 1998.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([0, 1].repeat(6), &names).unwrap();
/// for [first, second] in eval::split::five_by_two(&labels, base::Seed(1)).unwrap() {
///     assert_eq!((first.train, first.test), (second.test, second.train));
/// }
/// ```
///
/// # Errors
/// As [`stratified_k_fold`] with two folds.
pub fn five_by_two(labels: &Labels, seed: Seed) -> Result<[[Split; 2]; 5], SplitError> {
    let repeats = repeated_stratified_k_fold(labels, 2, 5, seed)?;
    let pairs: Vec<[Split; 2]> =
        repeats.into_iter().map(|pair| pair.try_into().expect("two folds")).collect();
    Ok(pairs.try_into().expect("five repeats"))
}
