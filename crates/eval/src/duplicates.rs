//! The images that a set holds more than once, in the order in which they matter to a reader.

use std::collections::BTreeMap;

use crate::record::{DataRecord, SplitRecord};

/// Groups of each kind that are shown.
pub const SHOWN_GROUPS: usize = 12;

/// Images of each group that are shown.
pub const SHOWN_IMAGES: usize = 5;

/// Images of one group: equal to the pixel, alike, or of one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateGroup<'a> {
    /// Its rows, two or more.
    pub rows: &'a [usize],
    /// Whether some are trained on and some tested on.
    pub both_parts: bool,
    /// Whether they are of more than one class, which no classifier can get right.
    pub several_classes: bool,
}

/// The groups of the set that are equal to the pixel.
pub fn exact<'a>(data: &'a DataRecord, hold_out: &SplitRecord) -> Vec<DuplicateGroup<'a>> {
    ordered(&data.duplicates, data, hold_out)
}

/// The groups of the set that look alike, but are not equal to the pixel.
pub fn near<'a>(data: &'a DataRecord, hold_out: &SplitRecord) -> Vec<DuplicateGroup<'a>> {
    ordered(&data.near_duplicates, data, hold_out)
}

/// Lists of rows as groups: those in both parts first, then those of several classes, else in the
/// order given. A list of a single row is no group.
pub fn ordered<'a>(
    groups: &'a [Vec<usize>],
    data: &DataRecord,
    hold_out: &SplitRecord,
) -> Vec<DuplicateGroup<'a>> {
    let some = |rows: &[usize], of: &[usize]| rows.iter().any(|row| of.binary_search(row).is_ok());
    let groups = groups.iter().filter(|rows| rows.len() > 1).map(|rows| DuplicateGroup {
        rows,
        both_parts: some(rows, &hold_out.train) && some(rows, &hold_out.test),
        several_classes: of_several_classes(rows, &data.labels),
    });
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by_key(|group| (!group.both_parts, !group.several_classes));
    groups
}

/// Whether some of the rows are of one class and some of another.
pub fn of_several_classes(rows: &[usize], labels: &[usize]) -> bool {
    rows.iter().any(|&row| labels[row] != labels[rows[0]])
}

/// The rows of every group of two or more, from the group of each row.
pub fn members(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(row);
    }
    members.into_values().filter(|rows| rows.len() > 1).collect()
}

/// The rows of all groups that are shown, ascending: those whose pictures a run keeps.
pub fn shown_rows(data: &DataRecord, hold_out: &SplitRecord) -> Vec<usize> {
    let shown = |groups: Vec<DuplicateGroup<'_>>| {
        let rows = groups.into_iter().take(SHOWN_GROUPS).map(|group| group.rows);
        rows.flat_map(|rows| rows.iter().take(SHOWN_IMAGES).copied()).collect::<Vec<_>>()
    };
    let mut rows = [shown(exact(data, hold_out)), shown(near(data, hold_out))].concat();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// How many of the groups a split that knows nothing of them is expected to tear apart: each image
/// is tested with probability `test_share`, on its own.
///
/// ```
/// # use eval::duplicates::{DuplicateGroup, expected_torn};
/// let pair = DuplicateGroup { rows: &[3, 8], both_parts: false, several_classes: false };
/// assert_eq!(expected_torn(&[pair], 0.25), 2.0 * 0.25 * 0.75);
/// ```
pub fn expected_torn(groups: &[DuplicateGroup<'_>], test_share: f64) -> f64 {
    let torn = |group: &DuplicateGroup<'_>| {
        let size = group.rows.len() as f64;
        1.0 - test_share.powf(size) - (1.0 - test_share).powf(size)
    };
    groups.iter().map(torn).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Size;

    /// Rows 0 to 5 are trained on, 6 to 9 tested on; odd rows are of the second class.
    fn set(duplicates: Vec<Vec<usize>>, near_duplicates: Vec<Vec<usize>>) -> DataRecord {
        DataRecord {
            name: "set".to_owned(),
            digest: String::new(),
            size: Size { height: 1, width: 1, channels: 1 },
            classes: ["a", "b"].map(str::to_owned).to_vec(),
            official_split: true,
            warnings: Vec::new(),
            duplicates,
            near_duplicates,
            groups: None,
            image_names: (0..10).map(|row| row.to_string()).collect(),
            image_digests: vec![String::new(); 10],
            labels: (0..10).map(|row| row % 2).collect(),
        }
    }

    fn hold_out() -> SplitRecord {
        SplitRecord::new("set.holdout".to_owned(), (0..6).collect(), (6..10).collect())
    }

    #[test]
    fn what_matters_most_comes_first() {
        let lists = [vec![0, 2], vec![1, 4], vec![3, 7], vec![5], vec![2, 9, 8]];
        let data = set(lists.to_vec(), Vec::new());
        let groups = exact(&data, &hold_out());
        let rows: Vec<&[usize]> = groups.iter().map(|group| group.rows).collect();
        assert_eq!(rows, [&[2, 9, 8][..], &[3, 7], &[1, 4], &[0, 2]]);
        let told: Vec<[bool; 2]> =
            groups.iter().map(|group| [group.both_parts, group.several_classes]).collect();
        assert_eq!(told, [[true, true], [true, false], [false, true], [false, false]]);
        assert!(near(&data, &hold_out()).is_empty());
        assert_eq!(members(&[7, 3, 7, 5, 3, 3]), [vec![1, 4, 5], vec![0, 2]]);
    }

    #[test]
    fn pictures_are_kept_of_what_is_shown() {
        let data = set(vec![vec![0, 1, 2, 3, 4, 5, 6]], vec![vec![1, 9]]);
        assert_eq!(shown_rows(&data, &hold_out()), [0, 1, 2, 3, 4, 9]);
        let data = set(vec![vec![0, 1]; 12], vec![vec![4, 5]; 99]);
        assert_eq!(shown_rows(&data, &hold_out()), [0, 1, 4, 5]);
    }
}
