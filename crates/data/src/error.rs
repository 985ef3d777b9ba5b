//! Why a set could not be read: one line each, with the file and the cure.

use crate::picture::EXTENSIONS;
use crate::{FORMATS, Warning};
use base::{LabelError, ParamError};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a set could not be read. Every message is one line that names the file and the cure;
/// control characters in names are escaped.
#[derive(Debug, Error)]
pub enum DataError {
    /// A setting outside its range.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// Nothing lies there.
    #[error("{}: there is no such folder; check the path", shown(path))]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// A file where a folder is needed.
    #[error(
        "{}: is a file; give the folder that holds the set (unpack an archive first)",
        shown(path)
    )]
    NotAFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(
        "{}: cannot be read ({source}); check that it is still there and who may read it",
        shown(path)
    )]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder in none of the supported layouts.
    #[error(
        "{}: no image set is recognised: there is {found}, but what can be read is {}",
        shown(path),
        layouts()
    )]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// Folders that look like parts of a set, but are not one `train` and one `test`.
    #[error(
        "{}: `{folder}` looks like a part of a set, not like a class; name the parts `train` and \
         `test`, or give the path of one part to read it alone",
        shown(path)
    )]
    Split {
        /// The folder of the set.
        path: PathBuf,
        /// The sub-folder in question.
        folder: String,
    },
    /// A folder without any image.
    #[error(
        "{}: holds no image; files that end in {} are read",
        shown(path), EXTENSIONS.join(", ")
    )]
    NoImages {
        /// The folder of the set or of a part.
        path: PathBuf,
    },
    /// Only one class.
    #[error(
        "{}: `{}` is the only class; there must be at least two to tell apart",
        shown(path),
        one_line(class)
    )]
    SingleClass {
        /// The folder of the set.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// A class that no image to train on belongs to.
    #[error(
        "{}: class `{}` has no readable image to train on; add some or remove the class",
        shown(path),
        one_line(class)
    )]
    EmptyClass {
        /// The folder of the set.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// Class names that contradict themselves.
    #[error("{}: {}; rename one", shown(path), one_line(&source.to_string()))]
    Labels {
        /// The folder of the set.
        path: PathBuf,
        /// What is wrong with them.
        source: LabelError,
    },
    /// More unreadable images than allowed.
    #[error(
        "{}: {} cannot be read (allowed are {:.1} %): {}",
        shown(path), share(bad.len(), *total), max_share * 100.0, first_of(bad)
    )]
    TooManyBad {
        /// The folder of the set.
        path: PathBuf,
        /// All that could not be read.
        bad: Vec<Warning>,
        /// Image files found.
        total: usize,
        /// The share that was allowed.
        max_share: f64,
    },
    /// More pixels than are held in memory.
    #[error(
        "{}: would take {} bytes in memory, more than the {} that are allowed; choose a smaller \
         size or fewer images",
        shown(path), grouped(*bytes), grouped(*limit)
    )]
    TooLarge {
        /// The folder or IDX file.
        path: PathBuf,
        /// Bytes of all pixels.
        bytes: u128,
        /// Bytes allowed.
        limit: u128,
    },
    /// One of the IDX files is not there.
    #[error(
        "{}: `{file}` (or `{file}.gz`) is missing beside the other IDX files; add it",
        shown(path)
    )]
    IdxMissing {
        /// The folder.
        path: PathBuf,
        /// The file's name.
        file: &'static str,
    },
    /// Not an IDX file of the expected kind.
    #[error(
        "{}: starts with {found:#010x}, but an IDX file of {what} starts with {expected:#010x}; \
         check that it is the right file, unpacked as its name says",
        shown(path)
    )]
    IdxMagic {
        /// The file.
        path: PathBuf,
        /// "8-bit images" or "8-bit labels".
        what: &'static str,
        /// First four bytes.
        found: u32,
        /// What they must be.
        expected: u32,
    },
    /// A file that ends too early.
    #[error(
        "{}: holds {} bytes of the {} its header promises; download it again",
        shown(path), grouped(*found), grouped(*promised)
    )]
    IdxTruncated {
        /// The file.
        path: PathBuf,
        /// Bytes there, unpacked.
        found: u128,
        /// Bytes that should be there, unpacked.
        promised: u128,
    },
    /// A file that goes on after its end.
    #[error(
        "{}: goes on after the {} bytes its header promises; download it again",
        shown(path), grouped(*promised)
    )]
    IdxTrailing {
        /// The file.
        path: PathBuf,
        /// Bytes that should be there, unpacked.
        promised: u128,
    },
    /// A .gz file that cannot be unpacked.
    #[error("{}: is damaged or not a gzip file ({source}); download it again", shown(path))]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        source: io::Error,
    },
    /// Images without a pixel.
    #[error(
        "{}: its header says images of {height}x{width} pixels; both sides must be at least 1",
        shown(path)
    )]
    IdxNoPixels {
        /// The file.
        path: PathBuf,
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// Images and labels of different number.
    #[error(
        "{}: holds {} labels for the {} images in {}; use files of one release",
        shown(labels), grouped(*label_count as u128), grouped(*image_count as u128), shown(images)
    )]
    IdxCounts {
        /// File of the images.
        images: PathBuf,
        /// Images in it.
        image_count: usize,
        /// File of the labels.
        labels: PathBuf,
        /// Labels in it.
        label_count: usize,
    },
    /// A label without a name in `classes.txt`.
    #[error(
        "{}: label {row} (counted from 0) is {label}, but classes.txt names {classes} classes \
         (0 to {}); add the missing lines",
        shown(path), classes.saturating_sub(1)
    )]
    IdxLabel {
        /// File of the labels.
        path: PathBuf,
        /// Its number in the file.
        row: usize,
        /// The label.
        label: u8,
        /// Names there are.
        classes: usize,
    },
    /// An empty line between the class names.
    #[error("{}: line {line} is empty; write one class name a line", shown(path))]
    IdxClasses {
        /// The `classes.txt`.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
    },
    /// A test part with images of another size than the training part.
    #[error(
        "{}: its images are {}x{} pixels, but those to train on are {}x{}; use files of one \
         release",
        shown(path), found[0], found[1], expected[0], expected[1]
    )]
    IdxPartSize {
        /// File of the test images.
        path: PathBuf,
        /// Their height and width.
        found: [usize; 2],
        /// Height and width of the training images.
        expected: [usize; 2],
    },
    /// One of CIFAR's training files is not there.
    #[error("{}: `{file}` is missing beside the other CIFAR files; add it", shown(path))]
    CifarMissing {
        /// The folder.
        path: PathBuf,
        /// The file's name.
        file: &'static str,
    },
    /// A CIFAR file that does not hold whole records.
    #[error(
        "{}: holds {} bytes, which is no whole number of records of {record}; unpack or download \
         it again",
        shown(path), grouped(*found as u128)
    )]
    CifarSize {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        found: usize,
        /// Bytes of a record.
        record: usize,
    },
    /// A CIFAR label without a name.
    #[error(
        "{}: the label of record {record} (counted from 0) is {label}, but {names} names {classes} \
         classes; use files of one release",
        shown(path)
    )]
    CifarLabel {
        /// The file.
        path: PathBuf,
        /// Number of the record.
        record: usize,
        /// The label.
        label: u8,
        /// File with the names.
        names: &'static str,
        /// Names in it.
        classes: usize,
    },
    /// A line of a manifest that cannot be used.
    #[error("{}, line {line}: {}", shown(path), one_line(&fault.to_string()))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// What is wrong with it.
        fault: ManifestFault,
    },
    /// A pattern for groups that fits no image.
    #[error(
        "{}: the pattern for groups `{}` fits the name of no image, such as `{}`; correct it",
        shown(path),
        one_line(pattern),
        one_line(example)
    )]
    NoGroups {
        /// The folder of the set.
        path: PathBuf,
        /// The pattern.
        pattern: String,
        /// Name of an image.
        example: String,
    },
}

/// What is wrong with a line of a manifest.
#[derive(Debug, Error)]
pub enum ManifestFault {
    /// Not a line of CSV with as many fields as the first, in UTF-8.
    #[error("{0}")]
    Csv(csv::Error),
    /// No column of files.
    #[error("names no column `file`; the first line must, such as `file,label,group,part`")]
    NoFileColumn,
    /// A column that occurs twice.
    #[error("names the column `{name}` twice")]
    RepeatedColumn {
        /// Its name.
        name: &'static str,
    },
    /// A path that is empty or leads out of the folder of the set.
    #[error("`{file}` is no path below the folder of the manifest")]
    Outside {
        /// The path.
        file: String,
    },
    /// A file that does not exist.
    #[error("there is no file `{file}`; correct the path or remove the line")]
    Missing {
        /// Its path.
        file: String,
    },
    /// A file that was listed before.
    #[error("`{file}` stands in line {first} already; remove one of them")]
    Repeated {
        /// Its path.
        file: String,
        /// Line of the first entry.
        first: u64,
    },
    /// An image without a class.
    #[error("`{file}` has no label, neither in a column nor by a folder")]
    NoLabel {
        /// Its path.
        file: String,
    },
    /// A part that is neither `train` nor `test`.
    #[error("the part is `{part}`, but must be `train` or `test`")]
    Part {
        /// What stands there.
        part: String,
    },
}

impl DataError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// `text` with control characters (line ends above all) escaped, so that it stays in its line.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// `3,000` for 3000.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn share(part: usize, total: usize) -> String {
    let percent = 100.0 * part as f64 / total as f64;
    format!("{part} of {total} images ({percent:.1} %)")
}

fn first_of(bad: &[Warning]) -> String {
    const SHOWN: usize = 3;
    let mut list: Vec<String> = bad.iter().take(SHOWN).map(Warning::to_string).collect();
    if bad.len() > SHOWN {
        list.push(format!("and {} more", bad.len() - SHOWN));
    }
    list.join("; ") + "; repair or remove them"
}

fn layouts() -> String {
    let list: Vec<String> =
        FORMATS.iter().map(|format| format!("({}) {}", format.name, format.layout)).collect();
    list.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let texts = [0, 999, 1000, 7_840_016].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "7,840,016"]);
    }

    #[test]
    fn a_message_stays_in_one_line() {
        let error = DataError::Missing { path: "a\nb\u{7}ü".into() };
        assert_eq!(error.to_string(), "a\\nb\\u{7}ü: there is no such folder; check the path");
    }
}
