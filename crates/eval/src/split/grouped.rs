//! Splits that keep rows of one group together.

use super::balance::{Group, deal, groups_of};
use super::{Split, SplitError, by_fold, by_membership, check_folds, check_rows, check_share};
use base::{Labels, Seed};
use std::cmp::Reverse;

/// Deals whole groups into `folds` folds of about equal size, whatever the classes.
///
/// Each row is tested exactly once. The largest group goes first, each into the fold with the
/// fewest rows (the rule "longest processing time first"); groups of equal size are in random
/// order.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new(vec![0, 0, 1, 1, 0], &names).unwrap();
/// let labels = labels.with_groups(vec![7, 7, 7, 8, 9]).unwrap();
/// let splits = eval::split::group_k_fold(&labels, 2, base::Seed(1)).unwrap();
/// assert_eq!([&splits[0].test, &splits[1].test], [&vec![0, 1, 2], &vec![3, 4]]);
/// ```
///
/// # Errors
/// If there are fewer than two folds, no row, no groups, or fewer groups than folds.
pub fn group_k_fold(labels: &Labels, folds: usize, seed: Seed) -> Result<Vec<Split>, SplitError> {
    check_folds(folds)?;
    let groups = known_groups(labels)?;
    if groups.len() < folds {
        return Err(SplitError::TooFewGroups { groups: groups.len(), parts: folds });
    }
    let mut order = seed.permutation(groups.len());
    order.sort_by_key(|&group| Reverse(groups[group].rows.len()));
    let mut sizes = vec![0; folds];
    let mut fold_of = vec![0; labels.len()];
    for group in order {
        let fold = (0..folds).min_by_key(|&fold| sizes[fold]).expect("there are folds");
        sizes[fold] += groups[group].rows.len();
        groups[group].rows.iter().for_each(|&row| fold_of[row] = fold);
    }
    Ok(by_fold(&fold_of, folds))
}

/// Deals whole groups into `folds` folds with the classes in the same proportions, as far as the
/// groups allow.
///
/// Each row is tested exactly once, and every class is in every test part. Groups of one row each
/// give folds that differ by at most one row in each class.
///
/// # Errors
/// If there are fewer than two folds, no row, no groups, or a class is in fewer groups than there
/// are folds; or if groups of several classes leave a fold without a class.
pub fn stratified_group_k_fold(
    labels: &Labels,
    folds: usize,
    seed: Seed,
) -> Result<Vec<Split>, SplitError> {
    check_folds(folds)?;
    let groups = known_groups(labels)?;
    let part_of = deal(labels, &groups, &vec![1.0 / folds as f64; folds], seed)?;
    Ok(by_fold(&of_rows(&groups, &part_of, labels.len()), folds))
}

/// Holds out whole groups for the test, about `test_share` of each class, as far as the groups
/// allow.
///
/// Every class is in both parts. Groups of one row each give a test part that differs from the
/// share by less than one row in each class, where each class has a row to give.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([0, 0, 1, 1].repeat(4), &names).unwrap();
/// let labels = labels.with_groups((0..16).map(|row| row / 2).collect()).unwrap();
/// let split = eval::split::stratified_group_hold_out(&labels, 0.25, base::Seed(1)).unwrap();
/// assert_eq!(split.test.len(), 4); // one pair of cats, one of dogs
/// assert!(split.test.chunks(2).all(|pair| pair[0] / 2 == pair[1] / 2));
/// ```
///
/// # Errors
/// If the share is not strictly between 0 and 1, there is no row, no groups, or a class is in one
/// group only; or if groups of several classes leave a part without a class.
pub fn stratified_group_hold_out(
    labels: &Labels,
    test_share: f64,
    seed: Seed,
) -> Result<Split, SplitError> {
    check_share(test_share)?;
    let groups = known_groups(labels)?;
    let part_of = deal(labels, &groups, &[1.0 - test_share, test_share], seed)?;
    let part_of = of_rows(&groups, &part_of, labels.len());
    Ok(by_membership(|row| part_of[row] == 1, labels.len()))
}

/// Tests on each group once, in the order of their numbers, and trains on all others.
///
/// # Errors
/// If there is no row, no groups, a single group, or a class that is in one group only, on which
/// nothing could be trained when that group is left out.
pub fn leave_one_group_out(labels: &Labels) -> Result<Vec<Split>, SplitError> {
    let groups = known_groups(labels)?;
    if groups.len() < 2 {
        return Err(SplitError::TooFewGroups { groups: groups.len(), parts: 2 });
    }
    let mut found = vec![0; labels.class_count()];
    groups.iter().flat_map(Group::classes).for_each(|id| found[id] += 1);
    if let Some(id) = found.iter().position(|&groups| groups == 1) {
        let class = labels.classes()[id].clone();
        return Err(SplitError::ClassInFewGroups { class, found: 1, parts: 2 });
    }
    let fold_of = of_rows(&groups, &(0..groups.len()).collect::<Vec<_>>(), labels.len());
    Ok(by_fold(&fold_of, groups.len()))
}

fn known_groups(labels: &Labels) -> Result<Vec<Group>, SplitError> {
    check_rows(labels)?;
    if labels.groups().is_none() { Err(SplitError::NoGroups) } else { Ok(groups_of(labels)) }
}

/// The part of each row, from that of its group.
fn of_rows(groups: &[Group], part_of: &[usize], rows: usize) -> Vec<usize> {
    let mut of_rows = vec![0; rows];
    for (group, &part) in groups.iter().zip(part_of) {
        group.rows.iter().for_each(|&row| of_rows[row] = part);
    }
    of_rows
}
