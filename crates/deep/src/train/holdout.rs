//! Rows held out of the training rows, on which early stopping watches the loss.

use base::{Labels, Seed};
use std::collections::BTreeMap;

/// Below this, the loss of held-out rows says too little to be worth the training rows it costs.
const MIN_HELD_OUT: usize = 10;

/// Splits the rows into rows to train on and rows held out, both ascending.
///
/// Each class gives `share` of its rows, rounded, and at least one if it has three. Rows of one
/// group stay together; a group is held out only if no class would then give more than its share,
/// so with large groups fewer rows are held out. If fewer than ten rows would be held out, none
/// is.
pub(crate) fn hold_out(labels: &Labels, share: f64, seed: Seed) -> (Vec<usize>, Vec<usize>) {
    let mut wanted: Vec<usize> = labels.counts().iter().map(|&n| wanted(n, share)).collect();

    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in 0..labels.len() {
        let group = labels.groups().map_or(row, |groups| groups[row]);
        groups.entry(group).or_default().push(row);
    }
    let groups: Vec<Vec<usize>> = groups.into_values().collect();

    let mut held_out = vec![false; labels.len()];
    for group in seed.permutation(groups.len()) {
        let rows = &groups[group];
        let mut left = wanted.clone();
        let fits = rows.iter().all(|&row| {
            let left = &mut left[labels.ids()[row]];
            let any = *left > 0;
            *left = left.saturating_sub(1);
            any
        });
        if fits {
            wanted = left;
            rows.iter().for_each(|&row| held_out[row] = true);
        }
    }
    let (validation, training): (Vec<usize>, Vec<usize>) =
        (0..labels.len()).partition(|&row| held_out[row]);
    if validation.len() < MIN_HELD_OUT {
        return ((0..labels.len()).collect(), Vec::new());
    }
    (training, validation)
}

/// Rows that a class of `count` rows gives.
fn wanted(count: usize, share: f64) -> usize {
    let rounded = (share * count as f64).round() as usize;
    if share > 0.0 && count >= 3 { rounded.max(1) } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(counts: &[usize]) -> Labels {
        let names: Vec<String> = (0..counts.len()).map(|class| class.to_string()).collect();
        let ids = counts.iter().enumerate().flat_map(|(class, &n)| vec![class; n]).collect();
        Labels::new(ids, &names).unwrap()
    }

    #[test]
    fn every_row_is_on_one_side_and_every_class_gives_its_share() {
        let labels = labels(&[100, 40, 3, 0, 2]);
        let (training, validation) = hold_out(&labels, 0.15, Seed(1));
        let held_out = |class| validation.iter().filter(|&&row| labels.ids()[row] == class).count();
        assert_eq!([0, 1, 2, 3, 4].map(held_out), [15, 6, 1, 0, 0]);
        let mut all = [training, validation.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..145).collect::<Vec<_>>());
        assert_ne!(validation, hold_out(&labels, 0.15, Seed(2)).1);
    }

    #[test]
    fn nothing_is_held_out_of_few_rows_or_for_a_share_of_0() {
        assert!(hold_out(&labels(&[20, 20]), 0.15, Seed(1)).1.is_empty());
        assert!(hold_out(&labels(&[100, 100]), 0.0, Seed(1)).1.is_empty());
    }

    #[test]
    fn groups_stay_together() {
        let labels = labels(&[60, 60]);
        let groups: Vec<usize> = (0..120).map(|row| row % 40).collect();
        let labels = labels.with_groups(groups).unwrap();
        let (training, validation) = hold_out(&labels, 0.2, Seed(1));
        assert!((10..=24).contains(&validation.len()), "{} rows", validation.len());
        assert!(validation.iter().all(|row| training.iter().all(|other| other % 40 != row % 40)));
    }
}
