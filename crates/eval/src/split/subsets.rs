//! Growing parts of the training rows, for learning curves.
//!
//! The groups (single rows where there are none) are put into one order whose every beginning
//! holds the classes in proportion, so the subsets are beginnings of one list and nested.
//!
//! The order is a schedule: with `n` rows in all and `n_c` of class `c`, the row after the first
//! `i` of its class may come from place `i n / n_c` on and is due by `(i + 1) n / n_c`; the
//! earliest due of those that may come is next. Every beginning of `m` rows then has `m n_c / n`
//! rows of each class, rounded up or down. A group counts as the class that most of its rows have.
//!
//! Source: S. K. Baruah, N. K. Cohen, C. G. Plaxton, D. A. Varvel, "Proportionate progress: a
//! notion of fairness in resource allocation", Algorithmica 15:600-625, 1996 (windows of tasks);
//! on one resource, due time alone decides.

use super::balance::{Group, groups_of};
use super::{SplitError, check_rows, sorted};
use base::{Labels, Seed};

/// Row subsets of the given sizes, each ascending: a larger one contains every smaller one.
///
/// Each class has its share of each subset, rounded up or down, and at least one row. Where the
/// labels have groups, only whole groups are taken: a subset has at most as many rows as asked,
/// and the shares are kept as far as the groups allow.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([vec![0; 30], vec![1; 10]].concat(), &names).unwrap();
/// let subsets = eval::split::nested_subsets(&labels, &[8, 20], base::Seed(1)).unwrap();
/// assert_eq!(subsets[0].iter().filter(|&&row| row < 30).count(), 6);
/// assert!(subsets[0].iter().all(|row| subsets[1].contains(row)));
/// ```
///
/// # Errors
/// If there is no row, or a size is above the number of rows or too small to hold each class.
pub fn nested_subsets(
    labels: &Labels,
    sizes: &[usize],
    seed: Seed,
) -> Result<Vec<Vec<usize>>, SplitError> {
    check_rows(labels)?;
    let order = proportional_order(groups_of(labels), labels.class_count(), seed);
    let smallest = smallest_with_all_classes(labels, &order);
    let subset = |&size: &usize| {
        let rows = labels.len();
        if !(smallest..=rows).contains(&size) {
            return Err(SplitError::Subset { size, rows, smallest });
        }
        let mut taken = Vec::with_capacity(size);
        for group in &order {
            if taken.len() + group.rows.len() > size {
                break;
            }
            taken.extend(&group.rows);
        }
        Ok(sorted(taken))
    };
    sizes.iter().map(subset).collect()
}

/// Groups that wait for their place: those of one class, in random order, the next one last.
struct Queue {
    waiting: Vec<Group>,
    /// Rows that were in the queue.
    total: usize,
    /// Rows that have left it.
    gone: usize,
}

fn proportional_order(groups: Vec<Group>, classes: usize, seed: Seed) -> Vec<Group> {
    let rows: usize = groups.iter().map(|group| group.rows.len()).sum();
    let mut of_class = vec![Vec::new(); classes];
    groups.into_iter().for_each(|group| of_class[group.main_class()].push(group));
    let queue = |(id, groups): (usize, Vec<Group>)| {
        let order = seed.child("class", id as u64).permutation(groups.len());
        let total = groups.iter().map(|group| group.rows.len()).sum();
        Queue { waiting: order.into_iter().map(|k| groups[k].clone()).collect(), total, gone: 0 }
    };
    let mut queues: Vec<Queue> = of_class.into_iter().enumerate().map(queue).collect();
    let mut order = Vec::new();
    let mut placed = 0;
    while placed < rows {
        let next = queues
            .iter()
            .enumerate()
            .filter_map(|(id, queue)| {
                let size = queue.waiting.last()?.rows.len();
                let may_come = (queue.gone * rows / queue.total).max(placed);
                let due = ((queue.gone + size) * rows).div_ceil(queue.total);
                Some((may_come, due, id))
            })
            .min()
            .expect("rows are left");
        let queue = &mut queues[next.2];
        let group = queue.waiting.pop().expect("it has a next group");
        queue.gone += group.rows.len();
        placed += group.rows.len();
        order.push(group);
    }
    order
}

/// Rows up to the first place where every class that occurs has come.
fn smallest_with_all_classes(labels: &Labels, order: &[Group]) -> usize {
    let mut missing: Vec<bool> = labels.counts().iter().map(|&count| count > 0).collect();
    let mut rows = 0;
    for group in order {
        if !missing.contains(&true) {
            break;
        }
        group.classes().for_each(|id| missing[id] = false);
        rows += group.rows.len();
    }
    rows
}
