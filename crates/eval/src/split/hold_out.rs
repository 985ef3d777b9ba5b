//! One training and one test part.

use super::grouped::stratified_group_hold_out;
use super::{Split, SplitError, by_membership, check_rows, check_share, shuffled_classes};
use base::{Labels, Seed};
use std::cmp::Reverse;

/// Holds out a share of the rows for the test, drawn at random within each class.
///
/// The test part has `test_share * n` rows, rounded. Each class gives its share of them, rounded
/// up or down (largest remainder first), but keeps a row in each part. Where many classes have
/// hardly a row to give, this makes the test part larger or smaller than asked, by less than the
/// number of classes; the proportions are kept instead.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([vec![0; 8], vec![1; 4]].concat(), &names).unwrap();
/// let split = eval::split::hold_out(&labels, 0.25, base::Seed(1)).unwrap();
/// assert_eq!((split.train.len(), split.test.len()), (9, 3));
/// assert_eq!(split.test.iter().filter(|&&row| labels.ids()[row] == 1).count(), 1);
/// ```
///
/// Where the labels have groups, this is [`stratified_group_hold_out`].
///
/// # Errors
/// If the share is not strictly between 0 and 1, there is no row or one class has a single one,
/// or a part would have fewer rows than there are classes.
pub fn hold_out(labels: &Labels, test_share: f64, seed: Seed) -> Result<Split, SplitError> {
    if labels.groups().is_some() {
        return stratified_group_hold_out(labels, test_share, seed);
    }
    check_share(test_share)?;
    check_rows(labels)?;
    let counts = labels.counts();
    if let Some(id) = counts.iter().position(|&count| count == 1) {
        return Err(SplitError::LoneRow { class: labels.classes()[id].clone(), found: 1 });
    }
    let rows = labels.len();
    let test = (test_share * rows as f64).round() as usize;
    let classes = counts.iter().filter(|&&count| count > 0).count();
    if test < classes || rows - test < classes {
        return Err(SplitError::PartTooSmall { rows, test, classes });
    }
    let mut in_test = vec![false; rows];
    let test_counts = proportional(&counts, test);
    for (of_class, count) in shuffled_classes(labels, seed).iter().zip(test_counts) {
        of_class[..count].iter().for_each(|&row| in_test[row] = true);
    }
    Ok(by_membership(|row| in_test[row], rows))
}

/// Divides `total` in proportion to `counts`: shares are rounded down, then the largest
/// remainders get one more until the total is reached; the lower class id of equal ones.
///
/// Each count of 2 or more gives at least 1 and keeps at least 1, so the sum can miss `total`.
fn proportional(counts: &[usize], total: usize) -> Vec<usize> {
    let rows: usize = counts.iter().sum();
    let (whole, remainder): (Vec<usize>, Vec<usize>) =
        counts.iter().map(|&count| (count * total / rows, count * total % rows)).unzip();
    let mut given: Vec<usize> = whole
        .iter()
        .zip(counts)
        .map(|(&whole, &count)| if count == 0 { 0 } else { whole.max(1) })
        .collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&id| Reverse(remainder[id]));
    let mut missing = total.saturating_sub(given.iter().sum());
    for id in order {
        // A share that was raised to 1 already has its rounding up.
        let can_grow = remainder[id] > 0 && given[id] == whole[id] && given[id] + 1 < counts[id];
        if missing > 0 && can_grow {
            given[id] += 1;
            missing -= 1;
        }
    }
    given
}
