//! What the points of a grid share: sorted rows, the boundaries between classes, and what each fold
//! leaves out.

use super::complement;
use crate::kernel::Points;
use crate::svm::Svm;
use crate::svm_model::class_pairs;
use crate::svm_parts::MultiClass;
use crate::svm_problem::SvmInput;
use base::{FitError, Labels, Matrix, Rows};
use std::ops::Range;

/// What all points of a grid share.
pub(super) struct Plan<'a> {
    pub(super) svm: &'a Svm,
    /// Rows sorted by fold, then class: those of a fold are a range.
    pub(super) points: Points,
    pub(super) class_count: usize,
    pub(super) folds: Vec<Fold>,
    /// All that any fold needs.
    pub(super) boundaries: Vec<Boundary>,
    /// Penalties in ascending order, with their places as given.
    pub(super) cs: Vec<(usize, f64)>,
}

/// What is particular to a fold.
pub(super) struct Fold {
    /// Original rows that are trained on.
    pub(super) training: Vec<usize>,
    /// Sorted rows that are not.
    pub(super) held_out: Range<usize>,
    /// Place of each of those, in the order in which the fold names them, within the range.
    pub(super) places: Vec<usize>,
    /// Weights of the sorted rows; 0 for those held out.
    pub(super) weights: Vec<f64>,
    /// Ids of the classes that have training rows.
    pub(super) classes: Vec<usize>,
    pub(super) multi_class: MultiClass,
    /// Places of its boundaries, in the order of a model's.
    pub(super) boundaries: Vec<usize>,
}

/// One class against another or all others, whichever fold the rows are of.
pub(super) struct Boundary {
    classes: (usize, Option<usize>),
    /// Sorted rows, those of the first class first.
    pub(super) parts: Vec<Range<usize>>,
    /// Rows of the first class.
    pub(super) positive: usize,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        svm: &'a Svm,
        x: &Matrix,
        y: &Labels,
        fold_of: &[usize],
        folds: &[Vec<usize>],
        cs: &[f64],
    ) -> Result<Self, FitError> {
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        order.sort_by_key(|&row| (fold_of[row], y.ids()[row]));
        let mut place = vec![0; x.nrows()];
        order.iter().enumerate().for_each(|(at, &row)| place[row] = at);
        let ids: Vec<usize> = order.iter().map(|&row| y.ids()[row]).collect();
        let mut cs: Vec<(usize, f64)> = cs.iter().copied().enumerate().collect();
        cs.sort_by(|a, b| a.1.total_cmp(&b.1));
        let points = Points::pick(x.view(), &order);
        let (class_count, boundaries) = (y.class_count(), Vec::new());
        let mut plan = Self { svm, points, class_count, folds: Vec::new(), boundaries, cs };
        let mut start = 0;
        for named in folds {
            let held_out = start..start + named.len();
            start = held_out.end;
            let fold = plan.fold(y, &ids, named, held_out, &place)?;
            plan.folds.push(fold);
        }
        Ok(plan)
    }

    fn fold(
        &mut self,
        y: &Labels,
        ids: &[usize],
        named: &[usize],
        held_out: Range<usize>,
        place: &[usize],
    ) -> Result<Fold, FitError> {
        let training = complement(ids.len(), named);
        let labels = y.pick(&training);
        FitError::check_labels(training.len(), &labels)?;
        let of_class = self.svm.params.class_weight.of_labels(&labels).map_err(SvmInput::from)?;
        let weight = |(at, &id): (usize, &usize)| {
            if held_out.contains(&at) { 0.0 } else { of_class[id] }
        };
        let weights = ids.iter().enumerate().map(weight).collect();
        let places = named.iter().map(|&row| place[row] - held_out.start).collect();
        let mut classes = labels.ids().to_vec();
        classes.sort_unstable();
        classes.dedup();
        let one_vs_rest = self.svm.params.multi_class == MultiClass::OneVsRest && classes.len() > 2;
        let multi_class = if one_vs_rest { MultiClass::OneVsRest } else { MultiClass::OneVsOne };
        let boundaries = self.boundaries(multi_class, &classes, ids);
        Ok(Fold { training, held_out, places, weights, classes, multi_class, boundaries })
    }

    /// Places of the boundaries between classes; new ones are added.
    fn boundaries(
        &mut self,
        multi_class: MultiClass,
        classes: &[usize],
        ids: &[usize],
    ) -> Vec<usize> {
        let wanted: Vec<(usize, Option<usize>)> = match multi_class {
            MultiClass::OneVsRest => classes.iter().map(|&class| (class, None)).collect(),
            MultiClass::OneVsOne => class_pairs(classes.len())
                .map(|(first, second)| (classes[first], Some(classes[second])))
                .collect(),
        };
        let mut place = |classes: (usize, Option<usize>)| {
            let known = self.boundaries.iter().position(|other| other.classes == classes);
            known.unwrap_or_else(|| {
                self.boundaries.push(Boundary::new(classes, ids));
                self.boundaries.len() - 1
            })
        };
        wanted.into_iter().map(&mut place).collect()
    }
}

impl Boundary {
    /// `ids` are the classes of the sorted rows.
    fn new(classes: (usize, Option<usize>), ids: &[usize]) -> Self {
        let (first, second) = classes;
        let other = |id: usize| second.map_or(id != first, |second| id == second);
        let rows = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..ids.len()).filter(|&row| wanted(ids[row])).collect()
        };
        let (positive, negative) = (rows(&|id| id == first), rows(&other));
        let parts = [ranges(&positive), ranges(&negative)].concat();
        Self { classes, parts, positive: positive.len() }
    }

    /// Sorted rows, in the order of the problem.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().cloned().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Range::len).sum()
    }
}

/// Ascending numbers as ranges.
fn ranges(numbers: &[usize]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some(range) if range.end == number => range.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}
