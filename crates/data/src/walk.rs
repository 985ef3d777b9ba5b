//! Finding the image files below a folder.

use crate::listing::{Listing, name_of};
use crate::picture::is_image_name;
use crate::{DataError, Warning};
use base::LabelError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What was found below class folders.
#[derive(Default)]
pub(crate) struct Found {
    /// Class folders met, and whether in the test part.
    folders: BTreeSet<(bool, String)>,
    pub(crate) files: Vec<File>,
    /// Files that are not read, by the end of their names.
    pub(crate) other: BTreeMap<String, usize>,
    pub(crate) warnings: Vec<Warning>,
}

/// An image file, not yet opened.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Path below the folder of the set, with `/`.
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) test: bool,
    /// Group, where a manifest names one.
    pub(crate) group: Option<String>,
}

impl Found {
    /// Adds all image files below `folder`, whose name in the set is `name`, at any depth.
    pub(crate) fn class_folder(
        &mut self,
        folder: &Path,
        name: &str,
        test: bool,
    ) -> Result<(), DataError> {
        let class = name_of(folder);
        if !self.folders.insert((test, class.clone())) {
            // Names that differ only in bytes that are not UTF-8.
            let source = LabelError::DuplicateName { name: class };
            return Err(DataError::Labels { path: folder.to_owned(), source });
        }
        self.descend(folder, name, (&class, test), &mut BTreeSet::new())
    }

    /// Names of all class folders, sorted by their bytes, also of those without a file.
    pub(crate) fn classes(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.folders.iter().map(|(_, class)| class).collect();
        names.into_iter().cloned().collect()
    }

    /// `seen` holds the real paths of all folders entered, so that a link to a parent ends and
    /// many links to one folder do not multiply its files.
    fn descend(
        &mut self,
        folder: &Path,
        name: &str,
        (class, test): (&str, bool),
        seen: &mut BTreeSet<PathBuf>,
    ) -> Result<(), DataError> {
        let real = folder.canonicalize().map_err(|source| DataError::io(folder, source))?;
        if !seen.insert(real) {
            self.warnings.push(Warning::SeenFolder { name: name.to_owned() });
            return Ok(());
        }
        let listing = Listing::of(folder)?;
        for path in listing.files {
            if is_image_name(&path) {
                let name = format!("{name}/{}", name_of(&path));
                let class = class.to_owned();
                self.files.push(File { path, name, class, test, group: None });
            } else {
                let end = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
                *self.other.entry(end).or_default() += 1;
            }
        }
        for path in listing.folders {
            let name = format!("{name}/{}", name_of(&path));
            self.descend(&path, &name, (class, test), seen)?;
        }
        Ok(())
    }
}
