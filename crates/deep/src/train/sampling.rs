//! Which rows are met in which order.

use base::Seed;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How an epoch draws its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every row once, in a new order each epoch.
    #[default]
    Shuffled,
    /// Every row once; each class is spread evenly over the epoch, so that every batch holds
    /// nearly its share.
    Stratified,
    /// As many rows as there are, each drawn from all: some come twice, some not at all.
    WithReplacement,
}

impl Sampling {
    /// Positions in `classes` (the class of each training row) in the order of an epoch.
    pub(crate) fn order(self, classes: &[usize], seed: Seed) -> Vec<usize> {
        let n = classes.len();
        match self {
            Self::Shuffled => seed.permutation(n),
            Self::WithReplacement => {
                let mut rng = seed.rng();
                (0..n).map(|_| rng.random_range(0..n)).collect()
            }
            Self::Stratified => stratified(classes, seed),
        }
    }
}

/// The j-th of a class's `m` shuffled rows is put at `(j + offset) / m` of the epoch, with a
/// random offset per class.
fn stratified(classes: &[usize], seed: Seed) -> Vec<usize> {
    let class_count = classes.iter().max().map_or(0, |class| class + 1);
    let mut rows = vec![Vec::new(); class_count];
    for position in seed.permutation(classes.len()) {
        rows[classes[position]].push(position);
    }
    let mut rng = seed.child("offset", 0).rng();
    let mut order: Vec<(f64, usize)> = Vec::new();
    for rows in rows {
        let (offset, m) = (rng.random::<f64>(), rows.len() as f64);
        let places = rows.iter().enumerate().map(|(j, &row)| ((j as f64 + offset) / m, row));
        order.extend(places);
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 rows of class 0, 30 of class 1 and 10 of class 3.
    fn classes() -> Vec<usize> {
        [vec![0; 60], vec![1; 30], vec![3; 10]].concat()
    }

    #[test]
    fn without_replacement_every_row_comes_once_in_a_new_order() {
        for sampling in [Sampling::Shuffled, Sampling::Stratified] {
            let first = sampling.order(&classes(), Seed(1));
            assert_ne!(first, sampling.order(&classes(), Seed(2)));
            let mut sorted = first;
            sorted.sort_unstable();
            assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn stratified_batches_hold_nearly_the_share_of_each_class() {
        let classes = classes();
        for seed in 0..20 {
            let order = Sampling::Stratified.order(&classes, Seed(seed));
            for batch in order.chunks(20) {
                let count = |class| batch.iter().filter(|&&row| classes[row] == class).count();
                let counts = [count(0), count(1), count(3)];
                for (count, share) in counts.into_iter().zip([12, 6, 2]) {
                    assert!(count.abs_diff(share) <= 1, "{counts:?}");
                }
            }
        }
    }

    #[test]
    fn with_replacement_some_rows_come_twice() {
        let mut order = Sampling::WithReplacement.order(&[0; 1000], Seed(1));
        order.sort_unstable();
        order.dedup();
        // 1 - 1/e of the rows come at all.
        assert!((600..665).contains(&order.len()), "{}", order.len());
    }
}
