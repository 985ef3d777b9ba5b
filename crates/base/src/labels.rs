//! The class, and where known the group, of every row.

use crate::{LabelError, Rows};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One class id per row, the names of the classes, and optionally one group per row.
///
/// Rows of one group (pictures of one person, frames of one film, near-duplicates) must never be
/// split between training and test.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new(vec![0, 1, 1], &names).unwrap();
/// assert_eq!(labels.counts(), [1, 2]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    ids: Vec<usize>,
    classes: Arc<[String]>,
    groups: Option<Vec<usize>>,
}

impl Labels {
    /// `ids[row]` is an index into `classes`. A class may have no row.
    ///
    /// # Errors
    /// If an id has no class or two classes share a name.
    pub fn new(ids: Vec<usize>, classes: &[String]) -> Result<Self, LabelError> {
        let mut seen = BTreeSet::new();
        if let Some(name) = classes.iter().find(|name| !seen.insert(*name)) {
            return Err(LabelError::DuplicateName { name: name.clone() });
        }
        match ids.iter().enumerate().find(|&(_, &id)| id >= classes.len()) {
            Some((row, &id)) => Err(LabelError::UnknownClass { row, id, classes: classes.len() }),
            None => Ok(Self { ids, classes: classes.into(), groups: None }),
        }
    }

    /// The same labels with a group for each row.
    ///
    /// # Errors
    /// If there is not exactly one group per row.
    pub fn with_groups(self, groups: Vec<usize>) -> Result<Self, LabelError> {
        if groups.len() != self.len() {
            return Err(LabelError::GroupCount { groups: groups.len(), rows: self.len() });
        }
        Ok(Self { groups: Some(groups), ..self })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Class id of every row, each below [`Self::class_count`].
    pub fn ids(&self) -> &[usize] {
        &self.ids
    }

    /// Names of all classes, also of those without a row.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Number of classes, also of those without a row.
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// Group of every row, where groups are known.
    pub fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    /// Rows of each class, by class id.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.class_count()];
        for &id in &self.ids {
            counts[id] += 1;
        }
        counts
    }
}

impl Rows for Labels {
    fn row_count(&self) -> usize {
        self.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        let take = |from: &[usize]| rows.iter().map(|&row| from[row]).collect();
        Self {
            ids: take(&self.ids),
            classes: Arc::clone(&self.classes),
            groups: self.groups.as_deref().map(take),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn refuses_ids_without_a_class_and_repeated_names() {
        assert_eq!(
            Labels::new(vec![0, 2], &names(&["a", "b"])).unwrap_err(),
            LabelError::UnknownClass { row: 1, id: 2, classes: 2 }
        );
        assert_eq!(
            Labels::new(vec![0], &names(&["a", "a"])).unwrap_err(),
            LabelError::DuplicateName { name: "a".to_owned() }
        );
    }

    #[test]
    fn pick_keeps_names_and_groups() {
        let labels = Labels::new(vec![0, 1, 1], &names(&["a", "b", "c"])).unwrap();
        let picked = labels.with_groups(vec![7, 8, 9]).unwrap().pick(&[2, 0]);
        assert_eq!(picked.ids(), [1, 0]);
        assert_eq!(picked.groups(), Some(&[9, 7][..]));
        assert_eq!(picked.counts(), [1, 1, 0]);
    }
}
