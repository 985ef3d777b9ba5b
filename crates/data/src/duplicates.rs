//! Images that occur more than once.
//!
//! A picture that lies both in the training and in the test part makes a test look better than it
//! is. Only exact copies are found here: equal size and pixels as read.

use crate::{Dataset, Digest};
use std::collections::BTreeMap;

impl Dataset {
    /// Groups of rows with equal pixels, two rows or more each, ascending within a group; groups
    /// are sorted by their first row. The classes of the rows may differ.
    pub fn duplicates(&self) -> Vec<Vec<usize>> {
        groups(self.image_digests())
    }
}

/// The rows of each digest, ascending.
pub(crate) fn by_digest(digests: &[Digest]) -> BTreeMap<Digest, Vec<usize>> {
    let mut rows: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (row, &digest) in digests.iter().enumerate() {
        rows.entry(digest).or_default().push(row);
    }
    rows
}

fn groups(digests: &[Digest]) -> Vec<Vec<usize>> {
    let rows = by_digest(digests).into_values();
    let mut groups: Vec<Vec<usize>> = rows.filter(|rows| rows.len() > 1).collect();
    groups.sort_unstable();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_the_rows_of_equal_digests() {
        let digests: Vec<Digest> = [9, 4, 7, 4, 9, 9, 5].map(|byte| Digest([byte; 32])).to_vec();
        assert_eq!(groups(&digests), [vec![0, 4, 5], vec![1, 3]]);
    }
}
