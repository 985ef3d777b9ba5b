//! Which layouts can be read, and the entry to all of them.

use crate::dataset::{Contents, Dataset};
use crate::listing::{Listing, name_of};
use crate::{DataError, ReadOptions, cifar, folder, groups, idx, manifest};
use std::path::Path;

/// Most bytes of pixels that are held in memory: 4 GiB.
pub(crate) const MAX_BYTES: u128 = 4 << 30;

/// All layouts that can be read; the first that recognises a folder reads it.
pub const FORMATS: &[Format] = &[manifest::FORMAT, idx::FORMAT, cifar::FORMAT, folder::FORMAT];

/// A layout of image sets.
#[derive(Debug)]
pub struct Format {
    /// Its name: `manifest`, `idx`, `cifar`, `folder`.
    pub name: &'static str,
    /// What it looks like, in half a sentence.
    pub layout: &'static str,
    pub(crate) recognises: fn(&Listing) -> bool,
    pub(crate) read: fn(&Listing, &ReadOptions) -> Result<Contents, DataError>,
}

/// Reads the image set in the folder `path`.
///
/// Rows come in the order of the files: for IDX and CIFAR that of the file, otherwise sorted by the bytes of
/// the path; rows of an official training part first, then those of the test part. The same files
/// and options give the same set at any number of threads. All pixels are held in memory (at most
/// 4 GiB); full-size pictures are decoded one per thread and resized at once.
///
/// ```
/// let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/digits");
/// let digits = data::open(path.as_ref(), &data::ReadOptions::default())?;
/// assert_eq!(digits.name(), "digits");
/// assert_eq!(digits.images().view().dim(), (5000, 28, 28, 1));
/// assert_eq!(digits.labels().counts(), [500; 10]);
/// assert_eq!(digits.parts().unwrap().test, (4000..5000).collect::<Vec<_>>());
/// # Ok::<(), data::DataError>(())
/// ```
///
/// # Errors
/// See [`DataError`]: a setting out of range, a folder that is not there or in no known layout,
/// fewer than two classes, a class with nothing to train on, damaged IDX or CIFAR files, a fault in
/// a line of the manifest, a pattern for groups that fits no image, more unreadable images than
/// [`ReadOptions::max_bad_share`] allows.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Dataset, DataError> {
    options.check()?;
    let listing = Listing::of(path)?;
    let Some(format) = FORMATS.iter().find(|format| (format.recognises)(&listing)) else {
        return Err(DataError::UnknownLayout { path: path.to_owned(), found: listing.summary() });
    };
    let mut contents = (format.read)(&listing, options)?;
    if let Some(pattern) = &options.group_pattern {
        groups::fill(path, &groups::pattern(pattern)?, &mut contents)?;
    }
    // The path may be `.` or end in `..`.
    let full = path.canonicalize().map_err(|source| DataError::io(path, source))?;
    Dataset::new(name_of(&full), path, contents)
}

/// Refuses sets of more pixels than are held in memory.
pub(crate) fn check_bytes(path: &Path, factors: &[usize]) -> Result<(), DataError> {
    let bytes = factors.iter().fold(1_u128, |all, &factor| all.saturating_mul(factor as u128));
    if bytes > MAX_BYTES {
        return Err(DataError::TooLarge { path: path.to_owned(), bytes, limit: MAX_BYTES });
    }
    Ok(())
}
