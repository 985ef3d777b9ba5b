//! Deals groups of rows into parts so that each class is spread over the parts as asked.
//!
//! Minimised is the sum over classes `c` and parts `p` of `(x_cp - t_p n_c)^2 / (t_p n_c^2)`,
//! where `x_cp` counts the rows, `n_c` is their sum over the parts and `t_p` the share that the
//! part is to have. Largest groups first, each goes where it adds least; then groups move or
//! change places for as long as the sum falls.
//!
//! Reference: `StratifiedGroupKFold` of scikit-learn, which is the first step alone, with the
//! deviation in place of its square. For groups of one row and equal shares the first step already
//! spreads each class within one row; for unequal ones it is the divisor method of Webster.

use super::SplitError;
use base::{Labels, Seed};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rounds of moving groups; two or three are enough in practice.
const ROUNDS: usize = 10;

/// Pairs of groups that are tried in an exchange, per round: all of them up to about 700 groups.
const PAIRS: usize = 250_000;

/// Rows that stay together, and how many of each class they hold.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) rows: Vec<usize>,
    /// Class id and rows of it, without zeros.
    counts: Vec<(usize, usize)>,
}

/// The groups of `labels`, by number; a row each where it has none.
pub(super) fn groups_of(labels: &Labels) -> Vec<Group> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in 0..labels.len() {
        members.entry(labels.groups().map_or(row, |groups| groups[row])).or_default().push(row);
    }
    let group = |rows: Vec<usize>| {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        rows.iter().for_each(|&row| *counts.entry(labels.ids()[row]).or_default() += 1);
        Group { rows, counts: counts.into_iter().collect() }
    };
    members.into_values().map(group).collect()
}

impl Group {
    /// The class most of its rows have; the lower id of equal ones.
    pub(super) fn main_class(&self) -> usize {
        let most = self.counts.iter().max_by_key(|&&(id, count)| (count, Reverse(id)));
        most.expect("a group has a row").0
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = usize> + '_ {
        self.counts.iter().map(|&(id, _)| id)
    }
}

/// Groups dealt into parts, and the counts that follow from it.
struct Deal<'a> {
    groups: &'a [Group],
    shares: &'a [f64],
    /// `1 / n_c^2`.
    weights: Vec<f64>,
    part_of: Vec<usize>,
    /// Rows of each part and class.
    counts: Vec<Vec<usize>>,
    sizes: Vec<usize>,
    /// Groups of each part with a row of the class.
    holders: Vec<Vec<usize>>,
}

/// The part of each group; every part gets a row of each class. `shares` sum to 1.
pub(super) fn deal(
    labels: &Labels,
    groups: &[Group],
    shares: &[f64],
    seed: Seed,
) -> Result<Vec<usize>, SplitError> {
    let parts = shares.len();
    if groups.len() < parts {
        return Err(SplitError::TooFewGroups { groups: groups.len(), parts });
    }
    let mut found = vec![0; labels.class_count()];
    groups.iter().flat_map(Group::classes).for_each(|id| found[id] += 1);
    if let Some(id) = found.iter().position(|groups| (1..parts).contains(groups)) {
        let class = labels.classes()[id].clone();
        return Err(SplitError::ClassInFewGroups { class, found: found[id], parts });
    }
    let mut order = seed.permutation(groups.len());
    order.sort_by_key(|&group| Reverse(groups[group].rows.len()));

    let weight = |count: usize| if count == 0 { 0.0 } else { (count as f64).powi(-2) };
    let mut deal = Deal {
        groups,
        shares,
        weights: labels.counts().into_iter().map(weight).collect(),
        part_of: vec![usize::MAX; groups.len()],
        counts: vec![vec![0; labels.class_count()]; parts],
        sizes: vec![0; parts],
        holders: vec![vec![0; labels.class_count()]; parts],
    };
    for &group in &order {
        let part = deal.lightest(group);
        deal.put(group, part);
    }
    for _ in 0..ROUNDS {
        let moved = deal.improve_by_moves(&order);
        let exchanged = deal.improve_by_exchanges(&order);
        if !moved && !exchanged {
            break;
        }
    }
    deal.fill_gaps(labels, &found, &order)?;
    Ok(deal.part_of)
}

impl Deal<'_> {
    fn put(&mut self, group: usize, part: usize) {
        self.part_of[group] = part;
        self.sizes[part] += self.groups[group].rows.len();
        for &(id, count) in &self.groups[group].counts {
            self.counts[part][id] += count;
            self.holders[part][id] += 1;
        }
    }

    fn take(&mut self, group: usize) -> usize {
        let part = self.part_of[group];
        self.sizes[part] -= self.groups[group].rows.len();
        for &(id, count) in &self.groups[group].counts {
            self.counts[part][id] -= count;
            self.holders[part][id] -= 1;
        }
        part
    }

    /// What the sum gains when a group that is in no part comes to `part`. (The term that is
    /// linear in the rows is the same in all parts.)
    fn cost(&self, group: usize, part: usize) -> f64 {
        let terms = self.groups[group].counts.iter().map(|&(id, count)| {
            let (before, added) = (self.counts[part][id] as f64, count as f64);
            self.weights[id] * added * (2.0 * before + added)
        });
        terms.sum::<f64>() / self.shares[part]
    }

    /// The part where a group costs least; of equal ones the smallest for its share, then the
    /// first.
    fn lightest(&self, group: usize) -> usize {
        let key = |part: usize| {
            let rows = (self.sizes[part] + self.groups[group].rows.len()) as f64;
            (self.cost(group, part), rows / self.shares[part])
        };
        let better = |&a: &usize, &b: &usize| {
            let ((cost_a, size_a), (cost_b, size_b)) = (key(a), key(b));
            // Costs that differ by rounding only are equal.
            let equal = (cost_a - cost_b).abs() <= 1e-12 * cost_a.abs();
            let by_cost = if equal { std::cmp::Ordering::Equal } else { cost_a.total_cmp(&cost_b) };
            by_cost.then(size_a.total_cmp(&size_b))
        };
        (0..self.shares.len()).min_by(better).expect("there are parts")
    }

    fn improve_by_moves(&mut self, order: &[usize]) -> bool {
        let mut moved = false;
        for &group in order {
            let from = self.take(group);
            let to = self.lightest(group);
            let better = self.cost(group, to) < self.cost(group, from) * (1.0 - 1e-9);
            self.put(group, if better { to } else { from });
            moved |= better;
        }
        moved
    }

    /// Exchanges two groups of different parts where this lowers the sum; each group is tried
    /// with those that follow it by size.
    fn improve_by_exchanges(&mut self, order: &[usize]) -> bool {
        let reach = (PAIRS / order.len().max(1)).max(1);
        let mut exchanged = false;
        for (position, &first) in order.iter().enumerate() {
            for &second in order[position + 1..].iter().take(reach) {
                exchanged |= self.exchange_if_better(first, second);
            }
        }
        exchanged
    }

    fn exchange_if_better(&mut self, first: usize, second: usize) -> bool {
        let [here, there] = [self.part_of[first], self.part_of[second]];
        if here == there || self.groups[first].counts == self.groups[second].counts {
            return false;
        }
        self.take(first);
        self.take(second);
        let stay = self.cost(first, here) + self.cost(second, there);
        let change = self.cost(first, there) + self.cost(second, here);
        let better = change < stay * (1.0 - 1e-9);
        self.put(first, if better { there } else { here });
        self.put(second, if better { here } else { there });
        better
    }

    /// Gives each part that lacks a class a group with it, the smallest that its own part can
    /// spare.
    fn fill_gaps(
        &mut self,
        labels: &Labels,
        found: &[usize],
        order: &[usize],
    ) -> Result<(), SplitError> {
        let parts = self.shares.len();
        for id in (0..found.len()).filter(|&id| found[id] > 0) {
            for part in 0..parts {
                if self.holders[part][id] > 0 {
                    continue;
                }
                let spare = |&&group: &&usize| {
                    let from = self.part_of[group];
                    let mut classes = self.groups[group].classes();
                    classes.any(|class| class == id)
                        && self.groups[group].classes().all(|class| self.holders[from][class] > 1)
                };
                let Some(&group) = order.iter().rev().find(spare) else {
                    let class = labels.classes()[id].clone();
                    return Err(SplitError::Entangled { class, parts });
                };
                self.take(group);
                self.put(group, part);
            }
        }
        Ok(())
    }
}
