//! Labelled image sets, read into memory with checks.
//!
//! [`open`] takes a folder in one of the layouts of [`FORMATS`] (a sub-folder per class, a list in a
//! CSV file, IDX files as MNIST has them, or CIFAR's binary files) and gives a [`Dataset`]: images
//! of one size, labels, the official split where there is one, a digest per image, and a list of
//! everything that was left out and why. What cannot be read says so in one line that names the
//! file and the cure.
//!
//! [`corrupt`] makes worse copies of images, from a seed that is given. Nothing here learns or
//! splits, and nothing is written to disk.

mod batch;
mod cifar;
pub mod corrupt;
mod dataset;
mod digest;
mod duplicates;
mod error;
mod folder;
mod format;
mod groups;
mod idx;
mod idx_file;
mod jpeg;
mod listing;
mod manifest;
mod near;
mod options;
mod picture;
mod sizes;
mod walk;
mod warning;

pub use dataset::{Dataset, Parts};
pub use digest::Digest;
pub use error::{DataError, ManifestFault};
pub use format::{FORMATS, Format, open};
pub use groups::joined_groups;
pub use near::{MAX_BITS, MIN_CORRELATION, NearPair, near_pairs};
pub use options::{Colour, ReadOptions};
pub use picture::EXTENSIONS;
pub use sizes::OriginalSizes;
pub use warning::Warning;
