//! Images listed in a file `manifest.csv`.
//!
//! ```text
//! file,label,group,part
//! noto/1f600.webp,smileys,1f600,train
//! twemoji/1f600.webp,smileys,1f600,train
//! ```
//!
//! The first line names the columns, in any order; others than these four are passed over. `file`
//! is a path below the folder of the set, with `/`. Without a column `label`, the class of an image
//! is the first folder of its path. `group` (which may be empty for an image that stands alone)
//! and `part` (`train` or `test`, in any case) may be missing. Files that are not listed are not
//! read.

use crate::batch::{self, Batch};
use crate::dataset::{Contents, check_classes};
use crate::listing::{Listing, name_of};
use crate::walk::File;
use crate::{DataError, Format, ManifestFault, ReadOptions};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

pub(crate) const FORMAT: Format = Format {
    name: "manifest",
    layout: "`manifest.csv` with the columns file, label and, if you like, group and part",
    recognises: |listing| manifest(listing).is_some(),
    read,
};

fn manifest(listing: &Listing) -> Option<&PathBuf> {
    listing.files.iter().find(|path| name_of(path) == "manifest.csv")
}

fn read(listing: &Listing, options: &ReadOptions) -> Result<Contents, DataError> {
    let path = &listing.path;
    let manifest = manifest(listing).expect("it was recognised");
    let mut files = listed(path, manifest)?;
    files.sort_by_cached_key(|file| (file.test, file.name.clone()));
    let names: BTreeSet<&String> = files.iter().map(|file| &file.class).collect();
    let classes: Vec<String> = names.into_iter().cloned().collect();
    let id = |file: &File| classes.binary_search(&file.class).expect("it is one of them");
    if files.is_empty() {
        return Err(DataError::NoImages { path: manifest.clone() });
    }
    let train = files.iter().filter(|file| !file.test);
    check_classes(path, &classes, &train.map(id).collect::<Vec<_>>())?;

    let Batch { pixels, size, files, original_sizes, warnings } =
        batch::read(path, files, options)?;
    let train_rows = files.iter().filter(|file| !file.test).count();
    Ok(Contents {
        pixels,
        size,
        ids: files.iter().map(id).collect(),
        train_rows: (train_rows < files.len()).then_some(train_rows),
        original_sizes,
        image_names: files.iter().map(|file| file.name.clone()).collect(),
        groups: files.into_iter().map(|file| file.group).collect(),
        classes,
        warnings,
    })
}

/// Numbers of the columns.
struct Columns {
    file: usize,
    label: Option<usize>,
    group: Option<usize>,
    part: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, ManifestFault> {
        let column = |name: &'static str| {
            let mut named = (0..header.len()).filter(|&k| header[k].eq_ignore_ascii_case(name));
            let first = named.next();
            match named.next() {
                Some(_) => Err(ManifestFault::RepeatedColumn { name }),
                None => Ok(first),
            }
        };
        let file = column("file")?.ok_or(ManifestFault::NoFileColumn)?;
        Ok(Self { file, label: column("label")?, group: column("group")?, part: column("part")? })
    }
}

/// The images that the manifest lists, in its order.
fn listed(folder: &Path, manifest: &Path) -> Result<Vec<File>, DataError> {
    let fault = |line, fault| DataError::Manifest { path: manifest.to_owned(), line, fault };
    let csv_fault = |source: csv::Error| {
        let line = source.position().map_or(1, csv::Position::line);
        fault(line, ManifestFault::Csv(source))
    };
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_path(manifest).map_err(csv_fault)?;
    let header = reader.headers().map_err(csv_fault)?;
    let columns = Columns::of(header).map_err(|found| fault(1, found))?;
    let mut line_of = BTreeMap::new();
    let mut files = Vec::new();
    for record in reader.records() {
        let record = record.map_err(csv_fault)?;
        let line = record.position().map_or(1, csv::Position::line);
        let file = entry(folder, &columns, &record).map_err(|found| fault(line, found))?;
        if let Some(first) = line_of.insert(file.path.clone(), line) {
            return Err(fault(line, ManifestFault::Repeated { file: file.name, first }));
        }
        files.push(file);
    }
    Ok(files)
}

fn entry(folder: &Path, columns: &Columns, record: &StringRecord) -> Result<File, ManifestFault> {
    let name = record[columns.file].to_owned();
    let relative = Path::new(&name);
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || !relative.components().all(inside) {
        return Err(ManifestFault::Outside { file: name });
    }
    // Without `.` and doubled `/`, so that one file has one name.
    let relative: PathBuf =
        relative.components().filter(|part| *part != Component::CurDir).collect();
    let path = folder.join(&relative);
    if !path.is_file() {
        return Err(ManifestFault::Missing { file: name });
    }
    let class = match columns.label {
        Some(column) => record[column].to_owned(),
        None => match relative.parent().and_then(|parent| parent.components().next()) {
            Some(first) => first.as_os_str().to_string_lossy().into_owned(),
            None => String::new(),
        },
    };
    if class.is_empty() {
        return Err(ManifestFault::NoLabel { file: name });
    }
    let group = columns.group.map(|column| record[column].to_owned());
    let test = match columns.part.map(|column| &record[column]) {
        None => false,
        Some(part) if part.eq_ignore_ascii_case("train") => false,
        Some(part) if part.eq_ignore_ascii_case("test") => true,
        Some(part) => return Err(ManifestFault::Part { part: part.to_owned() }),
    };
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    let name = parts.join("/");
    Ok(File { path, name, class, test, group: group.filter(|group| !group.is_empty()) })
}
