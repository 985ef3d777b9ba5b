//! The run directory: where each record lies, and how it gets there whole.
//!
//! Every file is written under a temporary name and renamed, so a file is complete or absent. A
//! trial's own file is written last and marks it as done; whoever finds it may trust the rest.

use crate::record::{
    Costs, Curve, DataRecord, Environment, Manifest, Outcome, SCHEMA, SplitRecord, Trial,
    sha256_hex,
};
use base::Scores;
use ndarray::Array2;
use serde::{Serialize, de::DeserializeOwned};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};
use thiserror::Error;

/// Folder for files that are being written; what a killed run left there means nothing.
const PARTIAL: &str = ".partial";

/// Why a run directory could not be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A file that must be there.
    #[error("{}: the file is missing; give the same `compare` command again", path.display())]
    Missing {
        /// File.
        path: PathBuf,
    },
    /// A file that was changed after it was written.
    #[error(
        "{}: does not fit the rest of the run ({what}); give the same `compare` command again",
        path.display()
    )]
    Damaged {
        /// File.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// A file that is not what its name says.
    #[error(
        "{}: not a valid record ({source}); give the same `compare` command again, with --fresh \
         if that does not help",
        path.display()
    )]
    Json {
        /// File.
        path: PathBuf,
        /// What the parser met.
        source: serde_json::Error,
    },
    /// Not a run directory at all.
    #[error(
        "{}: holds no manifest.json; name a folder that `cargo xtask compare` has written",
        path.display()
    )]
    NoRun {
        /// Folder.
        path: PathBuf,
    },
    /// Written by a program with other records.
    #[error(
        "{}: written with schema {found}, this program reads {SCHEMA}; run the comparison again",
        path.display()
    )]
    Schema {
        /// Folder.
        path: PathBuf,
        /// Schema found.
        found: u64,
    },
}

/// A folder that holds, or will hold, one run.
#[derive(Debug, Clone)]
pub struct RunDirectory {
    root: PathBuf,
}

impl RunDirectory {
    /// Names a folder; nothing is read or made.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifest, or `None` if there is none yet.
    ///
    /// # Errors
    /// If it cannot be read or has another schema.
    pub fn manifest(&self) -> Result<Option<Manifest>, StoreError> {
        let path = self.root.join("manifest.json");
        let Some(value) = read_json_if_there::<serde_json::Value>(&path)? else {
            return Ok(None);
        };
        match value["schema"].as_u64() {
            Some(schema) if schema != u64::from(SCHEMA) => {
                Err(StoreError::Schema { path: self.root.clone(), found: schema })
            }
            _ => serde_json::from_value(value)
                .map(Some)
                .map_err(|source| StoreError::Json { path, source }),
        }
    }

    /// A finished trial whose scores are whole; `None` if it has to be done (again).
    ///
    /// # Errors
    /// If the system refuses to read.
    pub fn finished(&self, id: &str) -> Result<Option<Trial>, StoreError> {
        let trial = match read_json_if_there::<Trial>(&self.trial_path(id)) {
            Ok(Some(trial)) => trial,
            Ok(None) | Err(StoreError::Json { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let whole = match self.scores(&trial) {
            Err(StoreError::Missing { .. } | StoreError::Damaged { .. }) => false,
            scores => scores.is_ok(),
        };
        let described = matches!(self.costs(id), Ok(Some(_))) && self.curve(id).is_ok();
        Ok((whole && described && trial.id == id && trial.spec.id() == id).then_some(trial))
    }

    /// Scores of a trial on its test rows.
    ///
    /// # Errors
    /// If the file is missing or is not the one the trial has written.
    pub fn scores(&self, trial: &Trial) -> Result<Option<Scores>, StoreError> {
        let Outcome::Done { scores_shape: [rows, classes], scores_sha256, .. } = &trial.outcome
        else {
            return Ok(None);
        };
        let path = self.scores_path(&trial.id);
        let Some(bytes) = read_if_there(&path)? else { return Err(StoreError::Missing { path }) };
        if sha256_hex(&bytes) != *scores_sha256 {
            return Err(StoreError::Damaged { path, what: "another checksum than its trial says" });
        }
        let values = bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four));
        match Array2::from_shape_vec((*rows, *classes), values.collect()) {
            Ok(scores) => Ok(Some(Scores::new(scores))),
            Err(_) => Err(StoreError::Damaged { path, what: "another shape than its trial says" }),
        }
    }

    /// What a trial cost; `None` if it was not measured.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn costs(&self, id: &str) -> Result<Option<Costs>, StoreError> {
        read_json_if_there(&self.costs_path(id))
    }

    /// The course of a trial's training; empty where there are no epochs.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn curve(&self, id: &str) -> Result<Curve, StoreError> {
        let path = self.curve_path(id);
        let bytes = read_if_there(&path)?.unwrap_or_default();
        let epochs = serde_json::Deserializer::from_slice(&bytes).into_iter();
        epochs.collect::<Result<Curve, _>>().map_err(|source| StoreError::Json { path, source })
    }

    /// Writes a trial with everything that belongs to it; its own file last.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_trial(
        &self,
        trial: &Trial,
        scores: Option<&Scores>,
        curve: &Curve,
        costs: &Costs,
    ) -> Result<(), StoreError> {
        if let Some(scores) = scores {
            self.write(&self.scores_path(&trial.id), &score_bytes(scores))?;
        }
        if !curve.is_empty() {
            let mut lines = String::new();
            for epoch in curve {
                lines += &serde_json::to_string(epoch).expect("epochs are plain numbers");
                lines.push('\n');
            }
            self.write(&self.curve_path(&trial.id), lines.as_bytes())?;
        }
        self.write_json(&self.costs_path(&trial.id), costs)?;
        self.write_json(&self.trial_path(&trial.id), trial)
    }

    /// Writes `manifest.json`.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.write_json(&self.root.join("manifest.json"), manifest)
    }

    /// Writes `environment.json`.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_environment(&self, environment: &Environment) -> Result<(), StoreError> {
        self.write_json(&self.root.join("environment.json"), environment)
    }

    /// Writes `data/<set>.json`.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_data(&self, data: &DataRecord) -> Result<(), StoreError> {
        self.write_json(&self.data_path(&data.name), data)
    }

    /// Writes `splits/<name>.json`.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_split(&self, split: &SplitRecord) -> Result<(), StoreError> {
        self.write_json(&self.split_path(&split.name), split)
    }

    /// Writes any file below the run directory, whole or not at all; folders are made.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_file(&self, relative: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(&self.root.join(relative), bytes)
    }

    /// Writes any record below the run directory as JSON.
    ///
    /// # Errors
    /// If the system refuses to write.
    pub fn write_record(&self, relative: &str, record: &impl Serialize) -> Result<(), StoreError> {
        self.write_json(&self.root.join(relative), record)
    }

    /// Removes what killed runs left half written. Only for the one process that works on the
    /// directory.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn clear_partial(&self) -> Result<(), StoreError> {
        let folder = self.root.join(PARTIAL);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&folder, error)),
            _ => Ok(()),
        }
    }

    pub(crate) fn data_path(&self, set: &str) -> PathBuf {
        self.root.join("data").join(format!("{set}.json"))
    }

    fn split_path(&self, name: &str) -> PathBuf {
        self.root.join("splits").join(format!("{name}.json"))
    }

    fn trial_path(&self, id: &str) -> PathBuf {
        self.root.join("trials").join(&id[..2]).join(format!("{id}.json"))
    }

    fn costs_path(&self, id: &str) -> PathBuf {
        self.root.join("costs").join(&id[..2]).join(format!("{id}.json"))
    }

    fn scores_path(&self, id: &str) -> PathBuf {
        self.root.join("scores").join(format!("{id}.f32"))
    }

    fn curve_path(&self, id: &str) -> PathBuf {
        self.root.join("curves").join(format!("{id}.jsonl"))
    }

    fn write_json(&self, path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
        let mut bytes = serde_json::to_vec_pretty(record)
            .map_err(|source| StoreError::Json { path: path.to_owned(), source })?;
        bytes.push(b'\n');
        self.write(path, &bytes)
    }

    /// A file to be renamed, readable by whoever may read an ordinary new file.
    fn temporary(&self) -> io::Result<tempfile::NamedTempFile> {
        let folder = self.root.join(PARTIAL);
        fs::create_dir_all(&folder)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = path.parent().expect("paths are made below the root");
        let written = fs::create_dir_all(folder).and_then(|()| {
            let mut file = self.temporary()?;
            file.write_all(bytes)?;
            file.as_file().sync_data()?;
            file.persist(path)?;
            Ok(())
        });
        written.map_err(|source| io_error(path, source))
    }
}

/// Scores as they are stored: little endian, row after row.
pub fn score_bytes(scores: &Scores) -> Vec<u8> {
    scores.view().iter().flat_map(|score| score.to_le_bytes()).collect()
}

pub(crate) fn io_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(path, error)),
    }
}

pub(crate) fn read_json_if_there<T: DeserializeOwned>(
    path: &Path,
) -> Result<Option<T>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| StoreError::Json { path: path.to_owned(), source })
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    read_json_if_there(path)?.ok_or_else(|| StoreError::Missing { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TrialSpec;
    use base::{Convergence, Epoch, LayerEpoch};

    fn trial(scores: &Scores) -> Trial {
        let spec = TrialSpec {
            schema: SCHEMA,
            version: "0.1.0".to_owned(),
            pipeline: "hog + svm".to_owned(),
            settings: serde_json::Value::Null,
            parameters: crate::grid::Point::new(),
            data: "d".to_owned(),
            split: "s".to_owned(),
            seed: 1,
            together: None,
        };
        Trial {
            id: spec.id(),
            dataset: "digits".to_owned(),
            split: "digits.holdout".to_owned(),
            spec,
            outcome: Outcome::Done {
                convergence: Convergence::Converged { iterations: 7 },
                model_bytes: Some(8),
                disputed: None,
                scores_shape: [2, 2],
                scores_sha256: sha256_hex(&score_bytes(scores)),
            },
        }
    }

    fn costs() -> Costs {
        Costs {
            alone: true,
            threads: 2,
            learn_seconds: 0.0,
            extract_seconds: 0.1,
            fit_seconds: 0.2,
            score_seconds: 0.3,
            latency: None,
            peak_bytes: None,
        }
    }

    #[test]
    fn a_trial_is_read_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let directory = RunDirectory::new(folder.path());
        let scores = Scores::new(ndarray::array![[0.1, -0.0], [f32::MIN_POSITIVE, 1e30]]);
        let trial = trial(&scores);
        let layer =
            LayerEpoch { layer: "0 (affine)".to_owned(), gradient_norm: Some(1e-7), dead: None };
        let epoch = Epoch {
            epoch: 1,
            loss: 0.1,
            accuracy: 0.5,
            validation_loss: None,
            validation_accuracy: Some(1.0),
            learning_rate: 1e-3,
            layers: vec![layer],
        };
        assert_eq!(directory.finished(&trial.id).unwrap(), None);
        let curve = vec![epoch.clone(), Epoch { epoch: 2, layers: Vec::new(), ..epoch }];
        directory.write_trial(&trial, Some(&scores), &curve, &costs()).unwrap();
        assert_eq!(directory.curve(&trial.id).unwrap(), curve);
        assert_eq!(directory.finished(&trial.id).unwrap(), Some(trial.clone()));
        let read = directory.scores(&trial).unwrap().unwrap();
        assert_eq!(score_bytes(&read), score_bytes(&scores));
    }

    #[test]
    fn a_trial_with_damaged_scores_or_a_damaged_record_has_to_be_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let directory = RunDirectory::new(folder.path());
        let scores = Scores::new(ndarray::array![[0.1, 0.2], [0.3, 0.4]]);
        let trial = trial(&scores);
        let id = &trial.id;
        directory.write_trial(&trial, Some(&scores), &Vec::new(), &costs()).unwrap();

        let path = directory.scores_path(id);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(directory.finished(id).unwrap(), None);
        assert!(matches!(directory.scores(&trial), Err(StoreError::Damaged { .. })));
        fs::remove_file(&path).unwrap();
        assert_eq!(directory.finished(id).unwrap(), None);
        fs::write(&path, &bytes).unwrap();
        assert!(directory.finished(id).unwrap().is_some());

        fs::write(directory.costs_path(id), "{").unwrap();
        assert_eq!(directory.finished(id).unwrap(), None);
        directory.write_json(&directory.costs_path(id), &costs()).unwrap();
        assert!(directory.finished(id).unwrap().is_some());

        let record = fs::read(directory.trial_path(id)).unwrap();
        fs::write(directory.trial_path(id), &record[..record.len() / 2]).unwrap();
        assert_eq!(directory.finished(id).unwrap(), None);
    }

    #[test]
    fn nothing_but_whole_files_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let directory = RunDirectory::new(folder.path());
        directory.write_file("a/b.txt", b"first").unwrap();
        directory.write_file("a/b.txt", b"second").unwrap();
        fs::write(folder.path().join(PARTIAL).join("x"), b"half").unwrap();
        directory.clear_partial().unwrap();
        assert_eq!(crate::run::sorted_entries(folder.path()).unwrap(), [folder.path().join("a")]);
        let names: Vec<_> = crate::run::sorted_entries(&folder.path().join("a")).unwrap();
        assert_eq!(names, [folder.path().join("a/b.txt")]);
        assert_eq!(fs::read(&names[0]).unwrap(), b"second");
    }
}
