//! Parts of the training rows, for trials that are not given all of them.

use base::Seed;
use std::collections::BTreeMap;

/// `count` of the `rows`, ascending, with the classes in the same proportions: row `i` of the set
/// has class `classes[i]`. Each class keeps at least one row if there are as many as classes, and a
/// larger part holds every smaller one of the same seed.
///
/// ```
/// let (rows, classes) = ([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 1]);
/// let part = eval::search::subset::stratified(&rows, &classes, 3, base::Seed(1));
/// assert_eq!(part.iter().filter(|&&row| classes[row] == 0).count(), 2);
/// ```
///
/// # Panics
/// If a row has no class.
pub fn stratified(rows: &[usize], classes: &[usize], count: usize, seed: Seed) -> Vec<usize> {
    let mut of_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &row in rows {
        of_class.entry(classes[row]).or_default().push(row);
    }
    let mut ordered: Vec<(f64, usize)> = Vec::with_capacity(rows.len());
    for (class, rows) in of_class {
        let order = seed.child("class", class as u64).permutation(rows.len());
        for (place, at) in order.into_iter().enumerate() {
            // How much of its class is drawn before the row; the first of each comes before all.
            let share = (place as f64 + 0.5) / rows.len() as f64;
            ordered.push((if place == 0 { 0.0 } else { share }, rows[at]));
        }
    }
    ordered.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut part: Vec<usize> = ordered.into_iter().take(count).map(|(_, row)| row).collect();
    part.sort_unstable();
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_proportions_and_hold_each_other() {
        // 60, 30 and 9 rows, and one.
        let classes: Vec<usize> = (0..100)
            .map(|row| match row % 10 {
                0..6 => 0,
                6..9 => 1,
                _ => {
                    if row == 99 {
                        3
                    } else {
                        2
                    }
                }
            })
            .collect();
        let rows: Vec<usize> = (0..100).collect();
        let mut smaller = Vec::new();
        for count in 4..=100 {
            let part = stratified(&rows, &classes, count, Seed(5));
            assert!(part.len() == count && part.is_sorted());
            assert!(smaller.iter().all(|row| part.contains(row)));
            for (class, size) in [60.0, 30.0, 9.0, 1.0].into_iter().enumerate() {
                let drawn = part.iter().filter(|&&row| classes[row] == class).count() as f64;
                // Up to one row by rounding, and one for each small class that comes first.
                assert!(drawn >= 1.0 && (drawn - size * count as f64 / 100.0).abs() < 2.0);
            }
            smaller = part;
        }
        assert_ne!(
            stratified(&rows, &classes, 50, Seed(5)),
            stratified(&rows, &classes, 50, Seed(6))
        );
    }
}
