//! Which rows to train on and which to test on, with the classes in the same proportions.
//!
//! Rows of one group are never split: what stratifies turns to its grouped sister where the labels
//! have groups.
//!
//! Reference: the splitters of scikit-learn (`KFold`, `StratifiedKFold`, `StratifiedShuffleSplit`,
//! `GroupKFold`, `StratifiedGroupKFold`, `LeaveOneGroupOut`). Departures: a class that cannot be
//! in every part is an error, not a warning; a hold-out has at least one row of each class in each
//! part, and may be a few rows larger or smaller than asked for this.

mod balance;
mod bootstrap;
mod grouped;
mod hold_out;
mod k_fold;
mod subsets;

pub use bootstrap::{bootstrap, estimate_632};
pub use grouped::{
    group_k_fold, leave_one_group_out, stratified_group_hold_out, stratified_group_k_fold,
};
pub use hold_out::hold_out;
pub use k_fold::{five_by_two, k_fold, repeated_stratified_k_fold, stratified_k_fold};
pub use subsets::nested_subsets;

use base::{Labels, ParamError, Seed};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Rows to train on and rows to test on, each ascending, without a row in both. Only a bootstrap
/// sample trains on a row more than once.
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
    /// A split by groups of labels without groups.
    #[error("the images are in no groups, so none can be kept together")]
    NoGroups,
    /// Fewer rows than folds.
    #[error("{rows} image(s) cannot fill {folds} folds: add images or use fewer folds")]
    TooFewRows {
        /// Rows to split.
        rows: usize,
        /// Folds asked for.
        folds: usize,
    },
    /// Fewer groups than parts.
    #[error(
        "{groups} group(s) of images that stay together cannot fill {parts} parts: add images or \
         use fewer folds"
    )]
    TooFewGroups {
        /// Groups there are.
        groups: usize,
        /// Parts asked for.
        parts: usize,
    },
    /// A class in fewer groups than parts.
    #[error(
        "the images of class `{class}` are in {found} group(s) that stay together, but each of \
         {parts} parts needs at least 1: add images, leave the class out or use fewer folds"
    )]
    ClassInFewGroups {
        /// Name of the class.
        class: String,
        /// Groups with an image of it.
        found: usize,
        /// Parts asked for.
        parts: usize,
    },
    /// Groups of several classes that no part could be filled from.
    #[error(
        "no way was found to give each of {parts} parts an image of class `{class}`, as groups \
         that stay together hold several classes: use fewer folds or smaller groups"
    )]
    Entangled {
        /// Name of the class.
        class: String,
        /// Parts asked for.
        parts: usize,
    },
    /// Bootstrap samples that keep missing a class.
    #[error(
        "{draws} bootstrap samples of {rows} image(s) in a row missed a class or left nothing to \
         test on: add images"
    )]
    NoResample {
        /// Rows to draw from.
        rows: usize,
        /// Samples drawn.
        draws: usize,
    },
    /// A subset too large or too small.
    #[error(
        "a subset of {size} of {rows} images was asked for, but it must have at least {smallest} \
         to hold each class, and at most all"
    )]
    Subset {
        /// Rows asked for.
        size: usize,
        /// Rows there are.
        rows: usize,
        /// Least rows that hold each class in proportion.
        smallest: usize,
    },
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

fn check_share(test_share: f64) -> Result<(), SplitError> {
    if test_share > 0.0 && test_share < 1.0 {
        return Ok(());
    }
    let expected = "a number between 0 and 1, both excluded";
    Err(ParamError::new("test_share", test_share, expected).into())
}

fn check_folds(folds: usize) -> Result<(), SplitError> {
    if folds < 2 {
        return Err(ParamError::new("folds", folds, "at least 2").into());
    }
    Ok(())
}

fn check_rows(labels: &Labels) -> Result<(), SplitError> {
    if labels.is_empty() { Err(SplitError::NoRows) } else { Ok(()) }
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

/// One split per fold, which is its test part.
fn by_fold(fold_of: &[usize], folds: usize) -> Vec<Split> {
    let split = |fold| by_membership(|row| fold_of[row] == fold, fold_of.len());
    (0..folds).map(split).collect()
}

fn by_membership(in_test: impl Fn(usize) -> bool, rows: usize) -> Split {
    let (test, train) = (0..rows).partition(|&row| in_test(row));
    Split { train, test }
}

fn sorted(mut rows: Vec<usize>) -> Vec<usize> {
    rows.sort_unstable();
    rows
}
