//! A run read back from its directory.

use crate::record::{Costs, Curve, DataRecord, Environment, Manifest, SplitRecord, Trial};
use crate::store::{
    RunDirectory, StoreError, io_error, read_if_there, read_json, read_json_if_there,
};
use serde::de::DeserializeOwned;
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
            data.insert(name.clone(), read_json(&directory.data_path(name))?);
        }
        let splits = read_folder(&root.join("splits"), |split: &SplitRecord| split.name.clone())?;
        let mut trials = BTreeMap::new();
        for folder in sorted_entries(&root.join("trials"))? {
            trials.extend(read_folder(&folder, |trial: &Trial| trial.id.clone())?);
        }
        Ok(Self { directory, manifest, environment, data, splits, trials })
    }

    /// What a trial cost, if it was measured.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn costs(&self, id: &str) -> Result<Option<Costs>, StoreError> {
        read_json_if_there(&self.directory.costs_path(id))
    }

    /// The course of a trial's training; empty where there are no epochs.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn curve(&self, id: &str) -> Result<Curve, StoreError> {
        let path = self.directory.curve_path(id);
        let bytes = read_if_there(&path)?.unwrap_or_default();
        let epochs = serde_json::Deserializer::from_slice(&bytes).into_iter();
        epochs.collect::<Result<Curve, _>>().map_err(|source| StoreError::Json { path, source })
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

/// All `.json` records of a folder by key.
fn read_folder<T: DeserializeOwned>(
    folder: &Path,
    key: impl Fn(&T) -> String,
) -> Result<BTreeMap<String, T>, StoreError> {
    let mut records = BTreeMap::new();
    for path in sorted_entries(folder)? {
        if path.extension().is_some_and(|extension| extension == "json") {
            let record = read_json(&path)?;
            records.insert(key(&record), record);
        }
    }
    Ok(records)
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
