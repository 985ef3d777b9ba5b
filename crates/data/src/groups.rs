//! Images that must stay together when a set is split.

use crate::dataset::Contents;
use crate::{DataError, Warning};
use base::ParamError;
use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;

/// A checked `group_pattern`.
///
/// # Errors
/// If it is no regular expression, or one without parentheses that capture.
pub(crate) fn pattern(text: &str) -> Result<Regex, ParamError> {
    let expected = "a regular expression whose first parentheses hold the group, such as \
                    `person([0-9]+)`";
    let refused = || ParamError::new("group_pattern", text, expected);
    let pattern = Regex::new(text).map_err(|_| refused())?;
    if pattern.captures_len() < 2 { Err(refused()) } else { Ok(pattern) }
}

/// Gives images that have no group yet the one that the pattern finds in their names.
pub(crate) fn fill(path: &Path, pattern: &Regex, contents: &mut Contents) -> Result<(), DataError> {
    contents.groups.resize(contents.image_names.len(), None);
    let mut alone = Vec::new();
    for (name, group) in contents.image_names.iter().zip(&mut contents.groups) {
        if group.is_none() {
            *group = pattern.captures(name).and_then(|found| Some(found.get(1)?.as_str().into()));
        }
        if group.is_none() {
            alone.push(name);
        }
    }
    if let Some(&example) = alone.first() {
        let (count, example) = (alone.len(), example.clone());
        if count == contents.image_names.len() {
            let pattern = pattern.as_str().to_owned();
            return Err(DataError::NoGroups { path: path.to_owned(), pattern, example });
        }
        contents.warnings.push(Warning::NoGroup { count, example });
    }
    Ok(())
}

/// Numbers for the groups, in the order of their first image; images without one stand alone.
/// `None` if no image has a group.
pub(crate) fn numbered(groups: &[Option<String>]) -> Option<Vec<usize>> {
    if groups.iter().all(Option::is_none) {
        return None;
    }
    let mut numbers = BTreeMap::new();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    let number = |group: &Option<String>| match group {
        Some(name) => *numbers.entry(name.clone()).or_insert_with(&mut fresh),
        None => fresh(),
    };
    Some(groups.iter().map(number).collect())
}

/// Joins the groups that `together` links: a group number for each of `rows` rows, in the order of
/// their first row. `None` if every row stands alone.
///
/// `given` are groups that are known, such as those of `labels.groups()`; each list in `together`
/// holds rows to be kept together, such as duplicates.
///
/// ```
/// let joined = data::joined_groups(5, Some(&[7, 7, 8, 9, 9]), &[vec![1, 2]]);
/// assert_eq!(joined, Some(vec![0, 0, 0, 1, 1]));
/// assert_eq!(data::joined_groups(2, None, &[]), None);
/// ```
///
/// # Panics
/// If there is not one given group per row, or a list holds a row that there is not.
pub fn joined_groups(
    rows: usize,
    given: Option<&[usize]>,
    together: &[Vec<usize>],
) -> Option<Vec<usize>> {
    let mut parents: Vec<usize> = (0..rows).collect();
    if let Some(given) = given {
        assert_eq!(given.len(), rows, "one group per row");
        let mut first = BTreeMap::new();
        for (row, group) in given.iter().enumerate() {
            join(&mut parents, *first.entry(group).or_insert(row), row);
        }
    }
    for list in together {
        list.windows(2).for_each(|pair| join(&mut parents, pair[0], pair[1]));
    }
    let roots: Vec<usize> = (0..rows).map(|row| root(&mut parents, row)).collect();
    if roots.iter().enumerate().all(|(row, &root)| row == root) {
        return None;
    }
    // A root is the first row of its group.
    let mut number = vec![0; rows];
    let mut groups = 0;
    for (row, &root) in roots.iter().enumerate() {
        number[row] = if root == row { groups } else { number[root] };
        groups += usize::from(root == row);
    }
    Some(number)
}

/// The first row of the group of `row`; the way to it is shortened.
fn root(parents: &mut [usize], mut row: usize) -> usize {
    while parents[row] != row {
        parents[row] = parents[parents[row]];
        row = parents[row];
    }
    row
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_must_capture() {
        for wrong in ["person", "(", "(?:a)"] {
            let told = pattern(wrong).unwrap_err().to_string();
            assert!(
                told.starts_with(&format!("`group_pattern` is {wrong}, but must be")),
                "{told}"
            );
        }
        assert!(pattern("person([0-9]+)").is_ok());
    }

    #[test]
    fn groups_are_numbered_by_their_first_image() {
        let groups = ["b", "", "a", "b", ""].map(|name| (!name.is_empty()).then(|| name.into()));
        assert_eq!(numbered(&groups), Some(vec![0, 1, 2, 0, 3]));
        assert_eq!(numbered(&[None, None]), None);
    }

    #[test]
    fn links_join_whole_groups_and_chains() {
        let joined = joined_groups(6, None, &[vec![4, 5], vec![0, 4], vec![1, 2]]);
        assert_eq!(joined, Some(vec![0, 1, 1, 2, 0, 0]));
        // Groups of one row each keep nothing together.
        assert_eq!(joined_groups(3, Some(&[5, 3, 4]), &[]), None);
        assert_eq!(joined_groups(0, None, &[]), None);
    }
}
