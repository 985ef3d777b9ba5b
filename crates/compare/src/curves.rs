//! Parts of the training rows, for learning curves: nested within each repetition, all scored on
//! the hold-out.
//!
//! Each pipeline runs at the point that its search on all training rows chose. The parts sum to no
//! more rows than there are, per repetition, so that a curve costs at most `repeats` further
//! trainings on all rows; that is why every pipeline but the references has one.

use crate::plan::Plan;
use base::{Labels, Rows, Seed};
use eval::record::{Family, PipelineInfo, Protocol, SplitRecord};
use eval::split::nested_subsets;
use eval::summary::curve_name;

/// Whether a pipeline has a learning curve: the two sides have, what is shown beside them has not.
pub(crate) fn has_curve(info: &PipelineInfo) -> bool {
    info.family != Family::Reference
}

/// What is wrong with the learning curve of a protocol.
pub(crate) fn fault(protocol: &Protocol) -> Option<String> {
    let curve = protocol.learning_curve.as_ref()?;
    let ascending = curve.sizes.is_sorted_by(|a, b| a < b);
    let fault = if curve.repeats == 0 {
        "`repeats` is 0, but must be at least 1"
    } else if curve.sizes.is_empty() && curve.points < 2 {
        "`points` must be at least 2"
    } else if !ascending {
        "`sizes` must ascend"
    } else {
        return None;
    };
    Some(format!("protocol: learning_curve: {fault}"))
}

/// The parts of the training rows that a plan asks for, all training rows not among them: that is
/// the hold-out itself.
pub(crate) fn splits(
    set: &str,
    labels: &Labels,
    hold_out: &SplitRecord,
    plan: &Plan,
) -> Result<Vec<SplitRecord>, String> {
    let Some(curve) = &plan.protocol.learning_curve else { return Ok(Vec::new()) };
    let inner = labels.pick(&hold_out.train);
    let mut sizes = curve.sizes.clone();
    if sizes.is_empty() {
        sizes = halves(inner.len(), curve.points, 2 * inner.class_count());
    }
    sizes.retain(|&size| size != inner.len());
    let mut splits = Vec::new();
    for repeat in 0..curve.repeats {
        let seed = Seed(plan.seed).child("learning-curve", repeat as u64);
        let subsets = nested_subsets(&inner, &sizes, seed)
            .map_err(|error| format!("learning curve: {error}"))?;
        for (size, subset) in sizes.iter().zip(subsets) {
            let train = subset.into_iter().map(|row| hold_out.train[row]).collect();
            let name = curve_name(set, *size, repeat);
            splits.push(SplitRecord::new(name, train, hold_out.test.clone()));
        }
    }
    Ok(splits)
}

/// At most `points - 1` sizes, the largest half of `rows`, each half of the next, none below
/// `least`.
fn halves(rows: usize, points: usize, least: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> =
        (1..points).map_while(|power| rows.checked_shr(u32::try_from(power).ok()?)).collect();
    sizes.retain(|&size| size >= least.max(1));
    sizes.reverse();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_halves_and_large_enough_for_every_class() {
        assert_eq!(halves(1000, 6, 20), [31, 62, 125, 250, 500]);
        assert_eq!(halves(100, 6, 20), [25, 50]);
        assert!(halves(10, 6, 20).is_empty());
        assert_eq!(halves(usize::MAX, 90, 1).len(), 63);
    }
}
