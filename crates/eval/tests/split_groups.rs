//! What holds for every split of rows that must stay together.

use base::{Labels, Rows, Seed};
use eval::split::{
    Split, SplitError, bootstrap, group_k_fold, hold_out, leave_one_group_out, nested_subsets,
    stratified_group_hold_out, stratified_group_k_fold, stratified_k_fold,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Groups of up to eight rows and a class of their own, but for a row now and then; in random
/// order, with numbers that leave gaps.
fn grouped() -> impl Strategy<Value = Labels> {
    let group = (1..9_usize, 0..3_usize, any::<u64>());
    (prop::collection::vec(group, 20..60), any::<u64>()).prop_map(|(groups, seed)| {
        let mut rows = Vec::new();
        for (number, (size, class, noise)) in groups.into_iter().enumerate() {
            let of = |row: usize| if noise >> row & 7 == 0 { (class + 1) % 3 } else { class };
            rows.extend((0..size).map(|row| (of(row), 3 * number + 1)));
        }
        let order = Seed(seed).permutation(rows.len());
        let (ids, groups): (Vec<_>, Vec<_>) = order.into_iter().map(|row| rows[row]).unzip();
        named(ids).with_groups(groups).unwrap()
    })
}

fn named(ids: Vec<usize>) -> Labels {
    Labels::new(ids, &["a", "b", "c"].map(str::to_owned)).unwrap()
}

fn groups_in(labels: &Labels, rows: &[usize]) -> BTreeSet<usize> {
    rows.iter().map(|&row| labels.groups().unwrap()[row]).collect()
}

fn assert_keeps_groups(labels: &Labels, split: &Split) {
    let [train, test] = [&split.train, &split.test].map(|rows| groups_in(labels, rows));
    assert!(train.is_disjoint(&test));
    let mut all = [split.train.as_slice(), &split.test].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
}

fn assert_tests_once(labels: &Labels, splits: &[Split]) {
    let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..labels.len()).collect::<Vec<_>>());
    splits.iter().for_each(|split| assert_keeps_groups(labels, split));
}

/// Groups with a row of the rarest class.
fn fewest_groups(labels: &Labels) -> usize {
    let of = |class: usize| {
        let rows: Vec<usize> = (0..labels.len()).filter(|&r| labels.ids()[r] == class).collect();
        groups_in(labels, &rows).len()
    };
    (0..3).map(of).filter(|&groups| groups > 0).min().unwrap()
}

proptest! {
    #[test]
    fn folds_never_split_a_group(labels in grouped(), folds in 2..6_usize, seed: u64) {
        assert_tests_once(&labels, &group_k_fold(&labels, folds, Seed(seed)).unwrap());
        match stratified_group_k_fold(&labels, folds, Seed(seed)) {
            Ok(splits) => {
                assert_tests_once(&labels, &splits);
                for split in &splits {
                    let tested = labels.pick(&split.test).counts();
                    prop_assert!(tested.iter().zip(labels.counts()).all(|(&t, n)| n == 0 || t > 0));
                }
            }
            Err(SplitError::ClassInFewGroups { .. }) => {
                prop_assert!(fewest_groups(&labels) < folds);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn hold_outs_never_split_a_group(labels in grouped(), share in 0.15..0.85_f64, seed: u64) {
        prop_assume!(fewest_groups(&labels) > 1);
        let split = stratified_group_hold_out(&labels, share, Seed(seed)).unwrap();
        assert_keeps_groups(&labels, &split);
        let whole = labels.counts();
        for part in [&split.train, &split.test] {
            let counts = labels.pick(part).counts();
            prop_assert!(counts.iter().zip(&whole).all(|(&count, &n)| n == 0 || count > 0));
        }
        // 90 rows and more in groups of at most 8.
        prop_assert!((split.test.len() as f64 - share * labels.len() as f64).abs() <= 8.0);
    }

    #[test]
    fn each_group_is_left_out_once(labels in grouped()) {
        prop_assume!(fewest_groups(&labels) > 1);
        let splits = leave_one_group_out(&labels).unwrap();
        assert_tests_once(&labels, &splits);
        let groups = groups_in(&labels, &(0..labels.len()).collect::<Vec<_>>());
        prop_assert_eq!(splits.len(), groups.len());
        prop_assert!(splits.iter().all(|split| groups_in(&labels, &split.test).len() == 1));
    }

    #[test]
    fn samples_and_subsets_never_split_a_group(labels in grouped(), seed: u64) {
        for split in bootstrap(&labels, 3, Seed(seed)).unwrap() {
            assert_keeps_groups(&labels, &split);
        }
        let n = labels.len();
        let sizes = [n / 2, 3 * n / 4, n];
        let Ok(subsets) = nested_subsets(&labels, &sizes, Seed(seed)) else {
            return Ok(()); // a class that comes late; the test without groups looks at this
        };
        for (subset, size) in subsets.iter().zip(sizes) {
            prop_assert!(subset.len() <= size && subset.len() + 8 > size);
            let inside = groups_in(&labels, subset);
            let outside: Vec<usize> = (0..n).filter(|r| subset.binary_search(r).is_err()).collect();
            prop_assert!(inside.is_disjoint(&groups_in(&labels, &outside)));
        }
        prop_assert!(subsets[0].iter().all(|row| subsets[1].contains(row)));
    }

    /// Rows that are each a group of their own leave nothing in the way of the proportions.
    #[test]
    fn groups_of_one_row_are_spread_within_one_row(
        ids in prop::collection::vec(0..3_usize, 40..150), folds in 2..5_usize, seed: u64,
    ) {
        let rows = ids.len();
        let labels = named(ids).with_groups((0..rows).collect()).unwrap();
        prop_assume!(labels.counts().iter().all(|&count| count >= 8));
        for split in stratified_group_k_fold(&labels, folds, Seed(seed)).unwrap() {
            for (tested, whole) in labels.pick(&split.test).counts().iter().zip(labels.counts()) {
                prop_assert!((whole / folds..=whole.div_ceil(folds)).contains(tested));
            }
        }
        let split = stratified_group_hold_out(&labels, 0.3, Seed(seed)).unwrap();
        for (&tested, whole) in labels.pick(&split.test).counts().iter().zip(labels.counts()) {
            prop_assert!((tested as f64 - 0.3 * whole as f64).abs() < 1.0);
        }
    }

    #[test]
    fn equal_seeds_give_equal_splits(labels in grouped(), seed: u64) {
        let folds = || stratified_group_k_fold(&labels, 3, Seed(seed));
        prop_assert_eq!(folds(), folds());
        let held_out = || stratified_group_hold_out(&labels, 0.3, Seed(seed));
        prop_assert_eq!(held_out(), held_out());
        let plain = || group_k_fold(&labels, 3, Seed(seed)).unwrap();
        prop_assert_eq!(plain(), plain());
    }
}

#[test]
fn what_stratifies_heeds_groups() {
    let labels = named([0, 0, 1, 1, 2, 2].repeat(6));
    let labels = labels.with_groups((0..36).map(|row| row / 2).collect()).unwrap();
    let grouped = stratified_group_k_fold(&labels, 3, Seed(1));
    assert_eq!(stratified_k_fold(&labels, 3, Seed(1)), grouped);
    assert_ne!(grouped, stratified_group_k_fold(&labels, 3, Seed(2)));
    let grouped = stratified_group_hold_out(&labels, 0.25, Seed(1));
    assert_eq!(hold_out(&labels, 0.25, Seed(1)), grouped);
}

#[test]
fn refusals_have_the_numbers() {
    let told = |error: SplitError| error.to_string();
    let bare = named(vec![0, 1, 2]);
    assert_eq!(group_k_fold(&bare, 2, Seed(1)), Err(SplitError::NoGroups));
    assert_eq!(leave_one_group_out(&bare), Err(SplitError::NoGroups));
    let labels = named(vec![0, 0, 1, 1, 1]).with_groups(vec![1, 2, 1, 2, 3]).unwrap();
    assert_eq!(
        told(stratified_group_k_fold(&labels, 3, Seed(1)).unwrap_err()),
        "the images of class `a` are in 2 group(s) that stay together, but each of 3 parts needs \
         at least 1: add images, leave the class out or use fewer folds"
    );
    assert_eq!(
        told(group_k_fold(&labels, 4, Seed(1)).unwrap_err()),
        "3 group(s) of images that stay together cannot fill 4 parts: add images or use fewer \
         folds"
    );
    let lone = named(vec![0, 1, 1]).with_groups(vec![1, 2, 3]).unwrap();
    let refused = SplitError::ClassInFewGroups { class: "a".to_owned(), found: 1, parts: 2 };
    assert_eq!(leave_one_group_out(&lone), Err(refused.clone()));
    assert_eq!(stratified_group_hold_out(&lone, 0.5, Seed(1)), Err(refused));
    // Each two of the classes share a group: two parts cannot both have all three.
    let knot = named(vec![0, 1, 1, 2, 2, 0]).with_groups(vec![1, 1, 2, 2, 3, 3]).unwrap();
    assert!(matches!(
        stratified_group_hold_out(&knot, 0.5, Seed(1)),
        Err(SplitError::Entangled { parts: 2, .. })
    ));
}
