//! A folder per class.
//!
//! ```text
//! photos/cat/1.jpg          photos/train/cat/1.jpg
//! photos/cat/old/2.png      photos/train/dog/1.jpg
//! photos/dog/1.jpg          photos/test/cat/9.jpg      (official split)
//! ```
//!
//! The name of a folder is that of its class; images may lie deeper below it. `train` and `test`
//! may be written in any case. Files and folders whose name starts with a dot are passed over, and
//! so are files whose name does not end like that of an image (see [`crate::EXTENSIONS`]).

use crate::batch::{self, Batch};
use crate::dataset::{Contents, check_classes};
use crate::listing::{Listing, name_of};
use crate::picture::is_image_name;
use crate::walk::{File, Found};
use crate::{DataError, Format, ReadOptions, Warning};
use std::path::{Path, PathBuf};

pub(crate) const FORMAT: Format = Format {
    name: "folder",
    layout: "a sub-folder of images per class, or `train` and `test` with one per class each",
    recognises: |listing| !listing.folders.is_empty(),
    read,
};

/// Names (in any case) of parts of a set. A folder of such a name that holds no image itself, but
/// folders, is not taken for a class: the answer would tell training from test images.
const PART_NAMES: [&str; 9] =
    ["train", "training", "test", "testing", "val", "valid", "validation", "eval", "dev"];

fn read(listing: &Listing, options: &ReadOptions) -> Result<Contents, DataError> {
    let path = &listing.path;
    let mut found = Found::default();
    let parts = parts(listing);
    match parts {
        Some([train, test]) => {
            find_part(train, false, &mut found)?;
            find_part(test, true, &mut found)?;
            let other = listing.folders.iter().filter(|folder| *folder != train && *folder != test);
            let warning = |folder: &PathBuf| Warning::OtherFolder { name: name_of(folder) };
            found.warnings.extend(other.map(warning));
        }
        None => find_classes(listing, &mut found)?,
    }
    found.warnings.extend(loose_images(listing, ""));
    if found.files.is_empty() {
        return Err(DataError::NoImages { path: path.clone() });
    }

    let classes = found.classes();
    let id = |file: &File| classes.binary_search(&file.class).expect("its folder is listed");
    let key = |file: &File| (file.test, file.name.clone(), file.path.clone());
    found.files.sort_by_cached_key(key);
    // Before the long work; an unreadable image can still empty a class, which is checked after it.
    let train = found.files.iter().filter(|file| !file.test);
    check_classes(path, &classes, &train.map(id).collect::<Vec<_>>())?;
    if !found.other.is_empty() {
        found.warnings.push(Warning::OtherFiles { extensions: found.other });
    }

    let Batch { pixels, size, files, original_sizes, warnings } =
        batch::read(path, found.files, options)?;
    found.warnings.extend(warnings);
    let train_rows = files.iter().filter(|file| !file.test).count();
    Ok(Contents {
        pixels,
        size,
        ids: files.iter().map(id).collect(),
        train_rows: parts.map(|_| train_rows),
        original_sizes,
        image_names: files.iter().map(|file| file.name.clone()).collect(),
        groups: Vec::new(),
        classes,
        warnings: found.warnings,
    })
}

/// The folders `train` and `test`, if there is exactly one of each.
fn parts(listing: &Listing) -> Option<[&PathBuf; 2]> {
    let only = |name: &str| {
        let mut named = listing.folders.iter().filter(|path| is_named(path, name));
        named.next().filter(|_| named.next().is_none())
    };
    Some([only("train")?, only("test")?])
}

fn find_part(part: &Path, test: bool, found: &mut Found) -> Result<(), DataError> {
    let listing = Listing::of(part)?;
    let part_name = name_of(part);
    let before = found.files.len();
    if listing.folders.is_empty() {
        return Err(DataError::UnknownLayout { path: part.to_owned(), found: listing.summary() });
    }
    for folder in &listing.folders {
        found.class_folder(folder, &format!("{part_name}/{}", name_of(folder)), test)?;
    }
    found.warnings.extend(loose_images(&listing, &part_name));
    if found.files.len() == before {
        return Err(DataError::NoImages { path: part.to_owned() });
    }
    Ok(())
}

fn find_classes(listing: &Listing, found: &mut Found) -> Result<(), DataError> {
    for folder in &listing.folders {
        if PART_NAMES.iter().any(|name| is_named(folder, name)) {
            let inside = Listing::of(folder)?;
            if !inside.folders.is_empty() && !inside.files.iter().any(|file| is_image_name(file)) {
                let path = listing.path.clone();
                return Err(DataError::Split { path, folder: name_of(folder) });
            }
        }
        found.class_folder(folder, &name_of(folder), false)?;
    }
    Ok(())
}

fn loose_images(listing: &Listing, name: &str) -> Option<Warning> {
    let count = listing.files.iter().filter(|file| is_image_name(file)).count();
    (count > 0).then(|| Warning::LooseImages { folder: name.to_owned(), count })
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name))
}
