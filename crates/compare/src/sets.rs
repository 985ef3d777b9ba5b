//! Opens the image sets of a plan and splits them.

use crate::curves;
use crate::pipelines::Pipelines;
use crate::plan::Plan;
use base::{Rows, Seed};
use data::{Dataset, ReadOptions};
use eval::record::{DataRecord, SplitRecord};
use eval::split::{self, Split};
use eval::summary::{fold_name, hold_out_name};
use std::path::Path;

/// An image set, its record and its splits.
pub(crate) struct OpenSet {
    pub(crate) data: Dataset,
    pub(crate) record: DataRecord,
    pub(crate) hold_out: SplitRecord,
    pub(crate) folds: Vec<SplitRecord>,
    /// Parts of the training rows, for learning curves.
    pub(crate) curves: Vec<SplitRecord>,
    /// What the user should know before the work starts.
    pub(crate) notices: Vec<String>,
}

/// Opens and splits all sets of a plan, or tells what is wrong with any of them, a line each.
pub(crate) fn open_all(plan: &Plan, pipelines: &Pipelines) -> Result<Vec<OpenSet>, Vec<String>> {
    if plan.data.is_empty() {
        return Err(vec!["the plan names no image set; give one with --data FOLDER".to_owned()]);
    }
    let mut sets: Vec<OpenSet> = Vec::new();
    let mut faults = Vec::new();
    for path in &plan.data {
        let name = free_name(&file_name(path), &sets);
        let place = plan.folder.join(path);
        match open(name, &place, plan) {
            Ok(set) if sets.iter().any(|other| other.record.digest == set.record.digest) => {
                let place = place.display();
                faults.push(format!("{place}: holds the same images as another set; name it once"));
            }
            Ok(set) => {
                if let Some(fault) = pipelines.size_fault(set.record.size) {
                    faults.push(format!("{}: {fault}", place.display()));
                }
                sets.push(set);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(sets) } else { Err(faults) }
}

fn open(name: String, path: &Path, plan: &Plan) -> Result<OpenSet, String> {
    let options = ReadOptions { size: plan.size, ..ReadOptions::default() };
    let data = data::open(path, &options).map_err(|error| error.to_string())?;
    let (hold_out, folds) =
        splits(&data, plan).map_err(|error| format!("{}: {error}", path.display()))?;
    let duplicates = data.duplicates();
    let mut notices: Vec<String> = data.warnings().iter().map(ToString::to_string).collect();
    let leaked = leaked(&duplicates, &hold_out);
    if leaked > 0 {
        notices.push(format!("{leaked} test images are pixel for pixel also training images"));
    }
    let record = DataRecord {
        digest: data.digest().to_string(),
        size: data.images().size(),
        classes: data.labels().classes().to_vec(),
        official_split: data.parts().is_some(),
        warnings: notices.clone(),
        duplicates,
        image_names: data.image_names().to_vec(),
        image_digests: data.image_digests().iter().map(ToString::to_string).collect(),
        labels: data.labels().ids().to_vec(),
        name,
    };
    let hold_out = SplitRecord::new(hold_out_name(&record.name), hold_out.train, hold_out.test);
    let curves = curves::splits(&record.name, data.labels(), &hold_out, plan)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(OpenSet {
        hold_out,
        curves,
        folds: folds
            .into_iter()
            .enumerate()
            .map(|(k, fold)| SplitRecord::new(fold_name(&record.name, k), fold.train, fold.test))
            .collect(),
        notices: notices.iter().map(|notice| format!("{}: {notice}", path.display())).collect(),
        data,
        record,
    })
}

/// The hold-out (the official test part where there is one), and folds of the rest.
fn splits(data: &Dataset, plan: &Plan) -> Result<(Split, Vec<Split>), String> {
    let seed = Seed(plan.seed).child("split", 0);
    let labels = data.labels();
    let share = plan.protocol.test_share;
    let hold_out = match data.parts() {
        Some(parts) => Split { train: parts.train.clone(), test: parts.test.clone() },
        None => split::hold_out(labels, share, seed.child("hold-out", 0))
            .map_err(|error| error.to_string())?,
    };
    let inner = labels.pick(&hold_out.train);
    let folds = split::stratified_k_fold(&inner, plan.protocol.folds, seed.child("folds", 0))
        .map_err(|error| format!("of the images not held out, {error}"))?;
    let folds = folds.iter().map(|fold| fold.within(&hold_out.train)).collect();
    Ok((hold_out, folds))
}

/// Test rows whose pixels are also found in the training part.
fn leaked(duplicates: &[Vec<usize>], hold_out: &Split) -> usize {
    let in_test = |row: &&usize| hold_out.test.binary_search(row).is_ok();
    let across = duplicates.iter().map(|group| {
        let test = group.iter().filter(in_test).count();
        if test < group.len() { test } else { 0 }
    });
    across.sum()
}

/// Last part of a path as a name for folders and files.
pub(crate) fn file_name(path: &Path) -> String {
    let full = path.canonicalize();
    let name = full.as_deref().unwrap_or(path).file_name();
    slug(&name.map_or("images".into(), |name| name.to_string_lossy()))
}

/// The text with everything but letters, digits, `-` and `_` replaced: safe in every path.
pub(crate) fn slug(text: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    text.chars().map(safe).take(80).collect()
}

fn free_name(name: &str, sets: &[OpenSet]) -> String {
    let free = |name: &String| sets.iter().all(|set| set.record.name != *name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    [name.to_owned()].into_iter().chain(numbered).find(free).expect("some number is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths_and_keep_letters_of_all_scripts() {
        assert_eq!(slug("../Ünï cats<b>"), "---Ünï-cats-b-");
        assert_eq!(slug("猫と犬"), "猫と犬");
    }

    #[test]
    fn duplicates_within_one_part_are_no_leak() {
        let hold_out = Split { train: vec![0, 1, 2], test: vec![3, 4, 5] };
        assert_eq!(leaked(&[vec![0, 1], vec![3, 4]], &hold_out), 0);
        assert_eq!(leaked(&[vec![0, 3, 4], vec![2, 5]], &hold_out), 3);
    }
}
