//! Which rows to train on and which to test on, with the classes in the same proportions.
//!
//! Reference: `StratifiedKFold` and `StratifiedShuffleSplit` of scikit-learn. Departures: a class
//! that cannot be in every part is an error, not a warning; a hold-out has at least one row of
//! each class in each part, and may be a few rows larger or smaller than asked for this.
//!
//! Not here yet: groups of rows that must stay together. Labels with groups are refused rather
//! than split through them.

use base::{Labels, ParamError, Seed};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use thiserror::Error;

/// Rows to train on and rows to test on, each ascending, without a row in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to test on.
    pub test: Vec<usize>,
}

/// Labels that cannot be split as asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SplitError {
    /// A share or a number of folds outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// Nothing to split.
    #[error("there are no images to split")]
    NoRows,
    /// Rows that must stay together.
    #[error("the images are in groups that must stay together, which no split here can do yet")]
    Groups,
    /// A class that cannot be in both parts.
    #[error(
        "class `{class}` has {found} image(s), but training and test need at least 1 each: \
         add images or leave the class out"
    )]
    LoneRow {
        /// Name of the class.
        class: String,
        /// Its rows.
        found: usize,
    },
    /// A class that cannot be in every fold.
    #[error(
        "class `{class}` has {found} image(s), but each of {folds} folds needs at least 1: \
         add images, leave the class out or use fewer folds"
    )]
    TooFewForFolds {
        /// Name of the class.
        class: String,
        /// Its rows.
        found: usize,
        /// Folds asked for.
        folds: usize,
    },
    /// A part with fewer rows than classes.
    #[error(
        "of {rows} images {test} would be held out, but training and test each need at least \
         one image of each of {classes} classes: add images or change the share held out \
         (`test_share` of the plan's protocol)"
    )]
    PartTooSmall {
        /// Rows to split.
        rows: usize,
        /// Rows of the test part.
        test: usize,
        /// Classes that occur.
        classes: usize,
    },
}

impl Split {
    /// The same split in rows of the whole, if it was made for the subset `rows` of it.
    ///
    /// ```
    /// let inner = eval::split::Split { train: vec![0, 2], test: vec![1] };
    /// let outer = inner.within(&[10, 20, 30]);
    /// assert_eq!((outer.train, outer.test), (vec![10, 30], vec![20]));
    /// ```
    ///
    /// # Panics
    /// If the split was made for more rows than there are in `rows`.
    #[must_use]
    pub fn within(&self, rows: &[usize]) -> Self {
        let of = |part: &[usize]| sorted(part.iter().map(|&row| rows[row]).collect());
        Self { train: of(&self.train), test: of(&self.test) }
    }
}

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
/// # Errors
/// If the share is not strictly between 0 and 1, there is no row or one class has a single one,
/// a part would have fewer rows than there are classes, or the labels have groups.
pub fn hold_out(labels: &Labels, test_share: f64, seed: Seed) -> Result<Split, SplitError> {
    if !(test_share > 0.0 && test_share < 1.0) {
        let expected = "a number between 0 and 1, both excluded";
        return Err(ParamError::new("test_share", test_share, expected).into());
    }
    let counts = counts_of_splittable(labels)?;
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
/// # Errors
/// If there are fewer than two folds, there is no row, a class has fewer rows than there are
/// folds, or the labels have groups.
pub fn stratified_k_fold(
    labels: &Labels,
    folds: usize,
    seed: Seed,
) -> Result<Vec<Split>, SplitError> {
    if folds < 2 {
        return Err(ParamError::new("folds", folds, "at least 2").into());
    }
    let counts = counts_of_splittable(labels)?;
    if let Some(id) = counts.iter().position(|&count| (1..folds).contains(&count)) {
        let class = labels.classes()[id].clone();
        return Err(SplitError::TooFewForFolds { class, found: counts[id], folds });
    }
    let mut fold_of = vec![0; labels.len()];
    for (position, row) in shuffled_classes(labels, seed).concat().into_iter().enumerate() {
        fold_of[row] = position % folds;
    }
    let split = |fold| by_membership(|row| fold_of[row] == fold, labels.len());
    Ok((0..folds).map(split).collect())
}

/// Rows of each class, if the labels can be split at all.
fn counts_of_splittable(labels: &Labels) -> Result<Vec<usize>, SplitError> {
    match (labels.is_empty(), labels.groups()) {
        (true, _) => Err(SplitError::NoRows),
        (_, Some(_)) => Err(SplitError::Groups),
        _ => Ok(labels.counts()),
    }
}

/// The rows of each class, by class id, in random order.
fn shuffled_classes(labels: &Labels, seed: Seed) -> Vec<Vec<usize>> {
    let mut classes = vec![Vec::new(); labels.class_count()];
    for (row, &id) in labels.ids().iter().enumerate() {
        classes[id].push(row);
    }
    let shuffle = |(id, rows): (usize, &Vec<usize>)| {
        let order = seed.child("class", id as u64).permutation(rows.len());
        order.into_iter().map(|position| rows[position]).collect()
    };
    classes.iter().enumerate().map(shuffle).collect()
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

fn by_membership(in_test: impl Fn(usize) -> bool, rows: usize) -> Split {
    let (test, train) = (0..rows).partition(|&row| in_test(row));
    Split { train, test }
}

fn sorted(mut rows: Vec<usize>) -> Vec<usize> {
    rows.sort_unstable();
    rows
}
