//! What lies in one folder.

use crate::DataError;
use crate::error::one_line;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The visible entries of one folder, sorted by the bytes of their names. Links count as what
/// they lead to.
pub(crate) struct Listing {
    pub(crate) path: PathBuf,
    /// Sub-folders.
    pub(crate) folders: Vec<PathBuf>,
    /// Files, and links that lead nowhere.
    pub(crate) files: Vec<PathBuf>,
}

impl Listing {
    /// Hidden entries (their name starts with a dot) and what is neither file nor folder are left
    /// out.
    pub(crate) fn of(path: &Path) -> Result<Self, DataError> {
        let entries = fs::read_dir(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => DataError::Missing { path: path.to_owned() },
            ErrorKind::NotADirectory => DataError::NotAFolder { path: path.to_owned() },
            _ => DataError::io(path, source),
        })?;
        let mut listing = Self { path: path.to_owned(), folders: Vec::new(), files: Vec::new() };
        for entry in entries {
            let entry = entry.map_err(|source| DataError::io(path, source))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            match fs::metadata(&path) {
                Ok(target) if target.is_dir() => listing.folders.push(path),
                Ok(target) if !target.is_file() => {} // a pipe would block whoever opens it
                _ => listing.files.push(path),
            }
        }
        listing.folders.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
        listing.files.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
        Ok(listing)
    }

    /// What is there, for a message: "no sub-folder and 2 files (a.csv, b.csv)".
    pub(crate) fn summary(&self) -> String {
        format!("{} and {}", summary("sub-folder", &self.folders), summary("file", &self.files))
    }
}

/// The last part of a path; where it is not UTF-8, with replacement characters.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn summary(what: &str, paths: &[PathBuf]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> =
        paths.iter().take(SHOWN).map(|path| one_line(&name_of(path))).collect();
    let more = if paths.len() > SHOWN { ", ..." } else { "" };
    match paths.len() {
        0 => format!("no {what}"),
        1 => format!("1 {what} ({})", names[0]),
        count => format!("{count} {what}s ({}{more})", names.join(", ")),
    }
}
