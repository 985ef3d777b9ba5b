//! A run read back from its directory.

use crate::record::{DataRecord, Environment, Manifest, SplitRecord, Trial};
use crate::store::{RunDirectory, StoreError, io_error, read_if_there, read_json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A whole run, read into memory; scores stay on disk until asked for.
#[derive(Debug)]
pub struct Run {
    /// Where it lies.
    pub directory: RunDirectory,
    /// What was asked for.
    pub manifest: Manifest,
    /// Where it ran.
    pub environment: Environment,
    /// The data sets, by name.
    pub data: BTreeMap<String, DataRecord>,
    /// The splits, by name.
    pub splits: BTreeMap<String, SplitRecord>,
    /// The trials, by id.
    pub trials: BTreeMap<String, Trial>,
}

impl Run {
    /// Reads a run directory.
    ///
    /// # Errors
    /// If it is none, or a record in it cannot be read.
    pub fn load(root: &Path) -> Result<Self, StoreError> {
        let directory = RunDirectory::new(root);
        let manifest = directory.manifest()?;
        let manifest = manifest.ok_or_else(|| StoreError::NoRun { path: root.to_owned() })?;
        let environment = read_json(&root.join("environment.json"))?;
        let mut data = BTreeMap::new();
        for name in &manifest.datasets {
            let path = directory.data_path(name);
            let record = read_json(&path)?;
            fitting(check_data(&record), &path)?;
            data.insert(name.clone(), record);
        }
        let mut splits = BTreeMap::new();
        for path in records(&root.join("splits"))? {
            let split: SplitRecord = read_json(&path)?;
            fitting(check_split(&split, &data), &path)?;
            splits.insert(split.name.clone(), split);
        }
        let mut trials = BTreeMap::new();
        for folder in sorted_entries(&root.join("trials"))? {
            for path in records(&folder)? {
                let trial: Trial = read_json(&path)?;
                let own = trial.id == trial.spec.id()
                    && path.file_stem().is_some_and(|stem| *stem == *trial.id);
                fitting(own.then_some(()).ok_or("another id than its name says"), &path)?;
                trials.insert(trial.id.clone(), trial);
            }
        }
        Ok(Self { directory, manifest, environment, data, splits, trials })
    }

    /// Any file below the run directory; `None` if it is not there.
    ///
    /// # Errors
    /// If the system refuses to read.
    pub fn file(&self, relative: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read_if_there(&self.directory.root().join(relative))
    }
}

/// What a folder holds, sorted; nothing if it is not there.
pub(crate) fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut entries = Vec::new();
    match fs::read_dir(folder) {
        Ok(found) => {
            for entry in found {
                entries.push(entry.map_err(|source| io_error(folder, source))?.path());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error(folder, error)),
    }
    entries.sort();
    Ok(entries)
}

/// The `.json` files of a folder, sorted; whatever else lies there is none of ours.
fn records(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = sorted_entries(folder)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    Ok(paths)
}

/// Files edited by hand must not become a wrong report, or a crash.
fn fitting(checked: Result<(), &'static str>, path: &Path) -> Result<(), StoreError> {
    checked.map_err(|what| StoreError::Damaged { path: path.to_owned(), what })
}

fn check_data(data: &DataRecord) -> Result<(), &'static str> {
    let images = data.labels.len();
    if data.image_names.len() != images || data.image_digests.len() != images {
        return Err("labels, names and digests differ in number");
    }
    if data.labels.iter().any(|&label| label >= data.classes.len()) {
        return Err("a label has no class");
    }
    if data.groups.as_ref().is_some_and(|groups| groups.len() != images) {
        return Err("labels and groups differ in number");
    }
    let lists = data.duplicates.iter().chain(&data.near_duplicates);
    let known = lists.flatten().all(|&row| row < images);
    if known { Ok(()) } else { Err("a duplicate is no image of the set") }
}

fn check_split(
    split: &SplitRecord,
    data: &BTreeMap<String, DataRecord>,
) -> Result<(), &'static str> {
    let SplitRecord { name, train, test, sha256 } = split;
    if SplitRecord::new(name.clone(), train.clone(), test.clone()).sha256 != *sha256 {
        return Err("another checksum than it says");
    }
    let set = name.rsplit_once('.').and_then(|(set, _)| data.get(set));
    let images = set.ok_or("its data set is not part of the run")?.labels.len();
    let known = train.iter().chain(test).all(|&row| row < images);
    if known { Ok(()) } else { Err("a row is no image of the set") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_manifest_and_one_of_another_schema_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = Run::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("holds no manifest.json"), "{error}");
        fs::write(folder.path().join("manifest.json"), r#"{"schema": 99}"#).unwrap();
        let error = Run::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("schema 99"), "{error}");
    }
}
