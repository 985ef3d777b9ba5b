//! An image set in memory.

use crate::digest::{self, Digest, Hasher};
use crate::{DataError, OriginalSizes, Warning, groups};
use base::{Images, Labels, Size};
use ndarray::Array4;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Labelled images of one size, with everything that is known about their origin.
///
/// All lists have one entry per row of [`Self::images`], in the same order.
#[derive(Debug, Clone)]
pub struct Dataset {
    name: String,
    images: Images,
    labels: Labels,
    parts: Option<Parts>,
    image_names: Vec<String>,
    image_digests: Vec<Digest>,
    digest: Digest,
    original_sizes: OriginalSizes,
    warnings: Vec<Warning>,
}

/// The official split of a set: every row is in one of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Rows to train on, ascending.
    pub train: Vec<usize>,
    /// Rows to test on, ascending.
    pub test: Vec<usize>,
}

/// What a format read: rows of the training part (or all rows) first, then those of the test part.
pub(crate) struct Contents {
    /// Shape `(rows, height, width, channels)`, contiguous.
    pub(crate) pixels: Vec<u8>,
    pub(crate) size: Size,
    pub(crate) ids: Vec<usize>,
    pub(crate) classes: Vec<String>,
    /// Rows of the training part, if there is an official split.
    pub(crate) train_rows: Option<usize>,
    pub(crate) image_names: Vec<String>,
    /// Name of the group of each image, if it has one; empty where no group is known.
    pub(crate) groups: Vec<Option<String>>,
    /// Height and width of each image in its file.
    pub(crate) original_sizes: Vec<[usize; 2]>,
    pub(crate) warnings: Vec<Warning>,
}

impl Dataset {
    pub(crate) fn new(name: String, path: &Path, contents: Contents) -> Result<Self, DataError> {
        let Contents { pixels, size, ids, classes, train_rows, image_names, .. } = contents;
        let no_images = || DataError::NoImages { path: path.to_owned() };
        let original_sizes = OriginalSizes::of(&contents.original_sizes).ok_or_else(no_images)?;
        check_classes(path, &classes, &ids[..train_rows.unwrap_or(ids.len())])?;
        let mut warnings = contents.warnings;
        if let Some(train) = train_rows {
            let empty = (0..classes.len()).filter(|id| !ids[train..].contains(id));
            warnings.extend(empty.map(|id| Warning::NoTestImage { class: classes[id].clone() }));
        }

        let length = size.height * size.width * size.channels;
        let image_digests: Vec<Digest> =
            pixels.par_chunks_exact(length).map(|image| digest::of_image(size, image)).collect();
        let groups = groups::numbered(&contents.groups);
        let digest = digest_of_all(&classes, &ids, train_rows, &image_digests, groups.as_deref());
        let shape = (ids.len(), size.height, size.width, size.channels);
        let pixels = Array4::from_shape_vec(shape, pixels).expect("formats read whole images");
        Ok(Self {
            name,
            images: Images::new(pixels).expect("formats read 1 or 3 channels and no empty image"),
            labels: Labels::new(ids, &classes)
                .and_then(|labels| match groups {
                    Some(groups) => labels.with_groups(groups),
                    None => Ok(labels),
                })
                .map_err(|source| DataError::Labels { path: path.to_owned(), source })?,
            parts: train_rows.map(|train| Parts {
                train: (0..train).collect(),
                test: (train..shape.0).collect(),
            }),
            image_names,
            image_digests,
            digest,
            original_sizes,
            warnings,
        })
    }

    /// Name of the set: that of its folder. It may hold any character, also such as HTML or a
    /// file system would take for their own.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The images, shape `(n, height, width, channels)`.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// Their classes, and their groups where they are known. Names are those of the folders, the
    /// labels in the manifest, or the lines of `classes.txt`, unchanged.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The official split, if the set has one.
    pub fn parts(&self) -> Option<&Parts> {
        self.parts.as_ref()
    }

    /// Name of each image: its path below the folder of the set, with `/` between the parts, or
    /// for IDX and CIFAR the part and the number in its file, counted from 0: `test/00012`.
    pub fn image_names(&self) -> &[String] {
        &self.image_names
    }

    /// Digest of size and pixels of each image as it was read: after turning it upright, changing
    /// its colours and resizing it.
    pub fn image_digests(&self) -> &[Digest] {
        &self.image_digests
    }

    /// Digest of all that determines results: class names, labels, official split, the digests of
    /// all images in their order, and groups where they are known. Names of the set and of the files do not count.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Sizes of the images in their files.
    pub fn original_sizes(&self) -> OriginalSizes {
        self.original_sizes
    }

    /// What was left out, and why.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// Refuses classes that nothing can be learned about; `train_ids` are the classes of the rows to
/// train on.
pub(crate) fn check_classes(
    path: &Path,
    classes: &[String],
    train_ids: &[usize],
) -> Result<(), DataError> {
    if let [class] = classes {
        return Err(DataError::SingleClass { path: path.to_owned(), class: class.clone() });
    }
    let mut seen = vec![false; classes.len()];
    train_ids.iter().for_each(|&id| seen[id] = true);
    match seen.iter().position(|&seen| !seen) {
        Some(id) => {
            Err(DataError::EmptyClass { path: path.to_owned(), class: classes[id].clone() })
        }
        None => Ok(()),
    }
}

fn digest_of_all(
    classes: &[String],
    ids: &[usize],
    train_rows: Option<usize>,
    images: &[Digest],
    groups: Option<&[usize]>,
) -> Digest {
    let mut hasher = Hasher::new();
    hasher.text("image set, version 1");
    hasher.number(classes.len());
    classes.iter().for_each(|class| hasher.text(class));
    hasher.number(ids.len());
    ids.iter().for_each(|&id| hasher.number(id));
    // No split and a split without a test row are not the same; no number of rows is that large.
    hasher.number(train_rows.unwrap_or(usize::MAX));
    images.iter().for_each(|image| hasher.bytes(&image.0));
    groups.into_iter().flatten().for_each(|&group| hasher.number(group));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four images of one pixel.
    fn contents() -> Contents {
        Contents {
            pixels: vec![1, 2, 3, 4],
            size: Size { height: 1, width: 1, channels: 1 },
            ids: vec![0, 1, 1, 0],
            classes: vec!["a".to_owned(), "b".to_owned()],
            train_rows: Some(2),
            image_names: ["p", "q", "r", "s"].map(str::to_owned).to_vec(),
            groups: Vec::new(),
            original_sizes: vec![[1, 1]; 4],
            warnings: Vec::new(),
        }
    }

    fn build(contents: Contents) -> Dataset {
        Dataset::new("set".to_owned(), Path::new("set"), contents).unwrap()
    }

    #[test]
    fn the_digest_changes_with_what_determines_results_and_with_nothing_else() {
        let digest = build(contents()).digest();
        let different = [
            Contents { pixels: vec![1, 2, 3, 5], ..contents() },
            Contents { ids: vec![0, 1, 0, 1], ..contents() },
            Contents { classes: vec!["a".to_owned(), "c".to_owned()], ..contents() },
            Contents { train_rows: Some(3), ..contents() },
            Contents { train_rows: None, ..contents() },
            Contents { groups: grouped("g"), ..contents() },
        ];
        for changed in different {
            assert_ne!(build(changed).digest(), digest);
        }
        let renamed = Contents { image_names: vec!["x".to_owned(); 4], ..contents() };
        assert_eq!(build(renamed).digest(), digest);
        let groups = |name| build(Contents { groups: grouped(name), ..contents() });
        assert_eq!(groups("g").digest(), groups("h").digest());
        assert_eq!(groups("g").labels().groups(), Some(&[0, 1, 0, 2][..]));
    }

    /// The first and the third image in one group.
    fn grouped(name: &str) -> Vec<Option<String>> {
        [Some(name), None, Some(name), None].map(|name| name.map(str::to_owned)).to_vec()
    }

    #[test]
    fn a_class_needs_an_image_to_train_on_but_none_to_test_on() {
        let set = build(Contents { ids: vec![0, 1, 0, 0], ..contents() });
        assert_eq!(set.warnings(), [Warning::NoTestImage { class: "b".to_owned() }]);
        let untrained = Contents { ids: vec![0, 0, 1, 1], ..contents() };
        let error = Dataset::new("set".to_owned(), Path::new("set"), untrained).unwrap_err();
        assert_eq!(
            error.to_string(),
            "set: class `b` has no readable image to train on; add some or remove the class"
        );
    }
}
