//! A data set, and its training and test rows.

use super::canonical_sha256;
use base::Size;
use serde::{Deserialize, Serialize};

/// A data set as it was read: `data/<set>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Name of the set.
    pub name: String,
    /// Digest of all that can influence a result.
    pub digest: String,
    /// Size of every image after reading.
    pub size: Size,
    /// Class names, by class id.
    pub classes: Vec<String>,
    /// Whether the test part is the one the data set came with.
    pub official_split: bool,
    /// What the user should know: unreadable files, resized images, duplicates.
    pub warnings: Vec<String>,
    /// Groups of rows with exactly the same pixels.
    pub duplicates: Vec<Vec<usize>>,
    /// Groups of rows that look alike, but not to the pixel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_duplicates: Vec<Vec<usize>>,
    /// Group of every image, where any must stay together: those the set came with, joined by the
    /// duplicates if the protocol keeps these together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<usize>>,
    /// Name of every image: its path inside the folder, or part and number.
    pub image_names: Vec<String>,
    /// SHA-256 of the pixels of every image.
    pub image_digests: Vec<String>,
    /// Class id of every image.
    pub labels: Vec<usize>,
}

/// The rows of one training and one test part: `splits/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// `<set>.holdout` or `<set>.fold<k>`.
    pub name: String,
    /// Rows trained on, ascending.
    pub train: Vec<usize>,
    /// Rows scored, ascending.
    pub test: Vec<usize>,
    /// SHA-256 of the two lists.
    pub sha256: String,
}

impl SplitRecord {
    /// Names a split and works out its hash.
    pub fn new(name: String, train: Vec<usize>, test: Vec<usize>) -> Self {
        let sha256 = canonical_sha256(&(&train, &test));
        Self { name, train, test, sha256 }
    }
}
