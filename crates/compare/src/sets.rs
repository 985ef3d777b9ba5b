//! Opens the image sets of a plan and splits them.

use crate::curves;
use crate::pipelines::Pipelines;
use crate::plan::Plan;
use crate::text::counted;
use base::{Labels, Rows, Seed};
use data::{Dataset, ReadOptions};
use eval::duplicates::of_several_classes;
use eval::record::{DataRecord, Duplicates, Repeated, SplitRecord};
use eval::repeated::split_name;
use eval::selection::Stage;
use eval::split::{self, Split};
use eval::summary::{fold_name, hold_out_name};
use std::collections::BTreeMap;
use std::path::Path;

/// An image set, its record and its splits.
pub(crate) struct OpenSet {
    pub(crate) data: Dataset,
    /// Classes, and what must stay together: groups, joined by duplicates.
    pub(crate) labels: Labels,
    pub(crate) record: DataRecord,
    pub(crate) hold_out: SplitRecord,
    pub(crate) folds: Vec<SplitRecord>,
    /// Of the nested cross-validation inside the training part, if the plan asks for it: each outer
    /// fold with the inner folds of its training rows.
    pub(crate) outer: Vec<(SplitRecord, Vec<SplitRecord>)>,
    /// Parts of the training rows, for learning curves.
    pub(crate) curves: Vec<SplitRecord>,
    /// The folds of each repetition of a repeated cross-validation inside the training part, if the
    /// plan asks for it.
    pub(crate) repeats: Vec<Vec<SplitRecord>>,
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
    let options = ReadOptions {
        size: plan.size,
        group_pattern: plan.group_pattern.clone(),
        ..ReadOptions::default()
    };
    let data = data::open(path, &options).map_err(|error| error.to_string())?;
    let (duplicates, near_duplicates) = (data.duplicates(), data.near_duplicates());
    let together = match plan.protocol.duplicates {
        Duplicates::KeepTogether => [&duplicates[..], &near_duplicates].concat(),
        Duplicates::Ignore => Vec::new(),
    };
    let groups = data::joined_groups(data.labels().len(), data.labels().groups(), &together);
    let labels = regrouped(data.labels(), groups.as_deref());
    let (hold_out, folds) =
        splits(&data, &labels, plan).map_err(|error| format!("{}: {error}", path.display()))?;
    let outer = outer_folds(&name, &labels, &hold_out, plan);
    let outer = outer.map_err(|error| format!("{}: {error}", path.display()))?;
    let repeats = repeats(&name, &labels, &hold_out, plan);
    let repeats = repeats.map_err(|error| format!("{}: {error}", path.display()))?;
    let mut notices: Vec<String> = data.warnings().iter().map(ToString::to_string).collect();
    let leaks = [
        (
            leaked(&duplicates, &hold_out),
            "test image is pixel for pixel also a training image",
            "test images are pixel for pixel also training images",
        ),
        (
            leaked(&near_duplicates, &hold_out),
            "test image looks like a training image",
            "test images look like training images",
        ),
        (
            leaked(&members(data.labels()), &hold_out),
            "test image is of a group trained on",
            "test images are of groups trained on",
        ),
    ];
    for (count, one, many) in leaks.into_iter().filter(|&(count, ..)| count > 0) {
        notices.push(counted(count, one, many));
    }
    let differ = |rows: &&Vec<usize>| of_several_classes(rows, data.labels().ids());
    match duplicates.iter().filter(differ).count() {
        0 => {}
        count => notices.push(format!("equal images with two labels: {count} (groups of images)")),
    }
    let record = DataRecord {
        digest: data.digest().to_string(),
        size: data.images().size(),
        classes: data.labels().classes().to_vec(),
        official_split: data.parts().is_some(),
        warnings: notices.clone(),
        duplicates,
        near_duplicates,
        groups,
        image_names: data.image_names().to_vec(),
        image_digests: data.image_digests().iter().map(ToString::to_string).collect(),
        labels: data.labels().ids().to_vec(),
        name,
    };
    let hold_out = SplitRecord::new(hold_out_name(&record.name), hold_out.train, hold_out.test);
    let curves = curves::splits(&record.name, &labels, &hold_out, plan)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(OpenSet {
        hold_out,
        curves,
        folds: folds
            .into_iter()
            .enumerate()
            .map(|(k, fold)| SplitRecord::new(fold_name(&record.name, k), fold.train, fold.test))
            .collect(),
        outer,
        repeats,
        notices: notices.iter().map(|notice| format!("{}: {notice}", path.display())).collect(),
        data,
        labels,
        record,
    })
}

/// The hold-out (the official test part where there is one), and folds of the rest. Rows of one
/// group stay together.
fn splits(data: &Dataset, labels: &Labels, plan: &Plan) -> Result<(Split, Vec<Split>), String> {
    let seed = Seed(plan.seed).child("split", 0);
    let share = plan.protocol.test_share;
    let hold_out = match data.parts() {
        Some(parts) => Split { train: parts.train.clone(), test: parts.test.clone() },
        None => split::hold_out(labels, share, seed.child("hold-out", 0))
            .map_err(|error| error.to_string())?,
    };
    let folds = folds(labels, &hold_out.train, plan.protocol.folds, seed.child("folds", 0))?;
    Ok((hold_out, folds))
}

/// Folds of some of the rows. Rows of one group stay together.
fn folds(labels: &Labels, rows: &[usize], count: usize, seed: Seed) -> Result<Vec<Split>, String> {
    let inner = labels.pick(rows);
    // Where the rest took all but one row of each group, nothing has to stay together.
    let groups = data::joined_groups(inner.len(), inner.groups(), &[]);
    let inner = regrouped(&inner, groups.as_deref());
    let folds = split::stratified_k_fold(&inner, count, seed)
        .map_err(|error| format!("of the images not held out, {error}"))?;
    Ok(folds.iter().map(|fold| fold.within(rows)).collect())
}

/// See [`OpenSet::outer`].
fn outer_folds(
    name: &str,
    labels: &Labels,
    hold_out: &Split,
    plan: &Plan,
) -> Result<Vec<(SplitRecord, Vec<SplitRecord>)>, String> {
    let Some(nested) = plan.protocol.nested else { return Ok(Vec::new()) };
    let seed = Seed(plan.seed).child("split", 0).child("nested", 0);
    let folds_of = |rows: &[usize], count, seed| folds(labels, rows, count, seed);
    let mut outer = Vec::new();
    let outer_folds = folds_of(&hold_out.train, nested.folds, seed.child("outer", 0))?;
    for (number, fold) in outer_folds.into_iter().enumerate() {
        let stage = Stage::Outer(number);
        let seed = seed.child("inner", number as u64);
        let inner = folds_of(&fold.train, plan.protocol.folds, seed)?;
        let record = |(k, inner): (usize, Split)| {
            SplitRecord::new(stage.fold_name(name, k), inner.train, inner.test)
        };
        let inner = inner.into_iter().enumerate().map(record).collect();
        outer.push((SplitRecord::new(stage.test_name(name), fold.train, fold.test), inner));
    }
    Ok(outer)
}

/// See [`OpenSet::repeats`].
fn repeats(
    name: &str,
    labels: &Labels,
    hold_out: &Split,
    plan: &Plan,
) -> Result<Vec<Vec<SplitRecord>>, String> {
    let Some(Repeated { repeats, folds: count }) = plan.protocol.repeated else {
        return Ok(Vec::new());
    };
    let seed = Seed(plan.seed).child("split", 0);
    let repeat = |repeat: usize| {
        let folds = folds(labels, &hold_out.train, count, seed.child("repeat", repeat as u64))?;
        let record = |(k, fold): (usize, Split)| {
            SplitRecord::new(split_name(name, repeat, k), fold.train, fold.test)
        };
        Ok(folds.into_iter().enumerate().map(record).collect())
    };
    (0..repeats).map(repeat).collect()
}

/// The same classes with other groups, or none.
fn regrouped(labels: &Labels, groups: Option<&[usize]>) -> Labels {
    let bare = Labels::new(labels.ids().to_vec(), labels.classes());
    let labels = bare.and_then(|labels| match groups {
        Some(groups) => labels.with_groups(groups.to_vec()),
        None => Ok(labels),
    });
    labels.expect("one group per row, and classes that were good before")
}

/// The rows of each group that the set came with; none where it has no groups.
fn members(labels: &Labels) -> Vec<Vec<usize>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &group) in labels.groups().into_iter().flatten().enumerate() {
        members.entry(group).or_default().push(row);
    }
    members.into_values().collect()
}

/// Test rows that have a row of their list in the training part.
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

    /// Two classes of twelve noise images, in pairs by name (`0-a`, `0-b`); the first of class `y`
    /// is also the second of another pair.
    fn open_pairs(plan: &Plan) -> OpenSet {
        open_pairs_with(plan, |_| {})
    }

    fn open_pairs_with(plan: &Plan, change: impl Fn(&Path)) -> OpenSet {
        let folder = tempfile::tempdir().unwrap();
        for class in ["x", "y"] {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            for k in 0..12_u64 {
                let number = if class == "y" && k == 3 { 0 } else { k };
                let noise = Seed(number).child(class, 0).permutation(256);
                let pixels = noise.into_iter().map(|value| value as u8).collect();
                let image = image::GrayImage::from_raw(16, 16, pixels).unwrap();
                let name = format!("{class}/{}-{}.png", k / 2, ["a", "b"][k as usize % 2]);
                image.save(folder.path().join(name)).unwrap();
            }
        }
        change(folder.path());
        open("pairs".to_owned(), folder.path(), plan).unwrap()
    }

    #[test]
    fn equal_images_with_two_labels_are_told() {
        let plan = crate::plan::Preset::Quick.plan(Path::new(""));
        let set = open_pairs_with(&plan, |folder| {
            std::fs::copy(folder.join("x/2-a.png"), folder.join("y/4-b.png")).unwrap();
        });
        let told = "equal images with two labels: 1 (groups of images)";
        assert!(set.record.warnings.iter().any(|it| it == told), "{:?}", set.record.warnings);
        assert!(set.notices.iter().any(|notice| notice.ends_with(told)));
    }

    /// An official test part of four noise images, and copies of training images.
    #[test]
    fn test_images_that_are_trained_on_are_told_as_one_or_many() {
        let plan = crate::plan::Preset::Quick.plan(Path::new(""));
        for (copies, told) in [
            (1, "1 test image is pixel for pixel also a training image"),
            (2, "2 test images are pixel for pixel also training images"),
        ] {
            let set = open_pairs_with(&plan, |folder| {
                for class in ["x", "y"] {
                    for part in ["train", "test"] {
                        std::fs::create_dir_all(folder.join(part).join(class)).unwrap();
                    }
                    for k in 0..12 {
                        let part = if k < 10 { "train" } else { "test" };
                        let name = format!("{class}/{}-{}.png", k / 2, ["a", "b"][k % 2]);
                        std::fs::rename(folder.join(&name), folder.join(part).join(name)).unwrap();
                    }
                    std::fs::remove_dir(folder.join(class)).unwrap();
                }
                for name in &["4-a.png", "4-b.png"][..copies] {
                    let copy = folder.join("test/x").join(name);
                    std::fs::copy(folder.join("train/x").join(name), copy).unwrap();
                }
            });
            assert!(set.record.warnings.iter().any(|it| it == told), "{:?}", set.record.warnings);
        }
    }

    /// Whether each list of rows lies in one part of every split.
    fn keeps(set: &OpenSet, lists: &[Vec<usize>]) -> bool {
        let splits = set.folds.iter().chain([&set.hold_out]).chain(set.repeats.iter().flatten());
        splits.into_iter().all(|split| {
            let split = Split { train: split.train.clone(), test: split.test.clone() };
            leaked(lists, &split) == 0
        })
    }

    #[test]
    fn groups_and_duplicates_stay_together_and_may_be_split_on_demand() {
        let mut plan = crate::plan::Preset::Quick.plan(Path::new(""));
        let pairs: Vec<Vec<usize>> = (0..12).map(|pair| vec![2 * pair, 2 * pair + 1]).collect();
        plan.protocol.duplicates = Duplicates::Ignore;
        plan.protocol.repeated = Some(Repeated { repeats: 3, folds: 2 });
        let plain = open_pairs(&plan);
        assert_eq!(plain.record.duplicates, [[12, 15]]);
        assert_eq!(plain.record.groups, None);
        assert!(!keeps(&plain, &pairs));
        assert!(!plain.notices.iter().any(|notice| notice.contains("two labels")));

        plan.protocol.duplicates = Duplicates::KeepTogether;
        let joined = open_pairs(&plan);
        assert!(keeps(&joined, &[vec![12, 15]]));
        assert!(!keeps(&joined, &pairs));
        // The digest of the images is the same; that of the splits is what tells trials apart.
        assert_eq!(joined.record.digest, plain.record.digest);

        plan.group_pattern = Some("^(.*)-".to_owned());
        let grouped = open_pairs(&plan);
        assert!(keeps(&grouped, &pairs) && keeps(&grouped, &[vec![12, 13, 14, 15]]));
        let groups = grouped.record.groups.as_ref().unwrap();
        assert_eq!(groups[12..16], [6; 4]);
        assert_eq!(grouped.labels.groups(), Some(&groups[..]));
    }

    #[test]
    fn duplicates_within_one_part_are_no_leak() {
        let hold_out = Split { train: vec![0, 1, 2], test: vec![3, 4, 5] };
        assert_eq!(leaked(&[vec![0, 1], vec![3, 4]], &hold_out), 0);
        assert_eq!(leaked(&[vec![0, 3, 4], vec![2, 5]], &hold_out), 3);
    }
}
