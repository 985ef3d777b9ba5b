//! CIFAR's binary files.
//!
//! ```text
//! CIFAR-10    data_batch_1.bin ... data_batch_5.bin, test_batch.bin, batches.meta.txt
//!             a record: 1 byte label, 1024 bytes red, 1024 green, 1024 blue (row by row)
//! CIFAR-100   train.bin, test.bin, fine_label_names.txt
//!             a record: 1 byte coarse label (not used), 1 byte fine label, then as above
//! ```
//!
//! The test file and the names may be missing; without names the classes are the labels that
//! occur, named by their number. Images are taken as RGB unless grey ones are asked for.
//!
//! Source of the format: A. Krizhevsky, "Learning multiple layers of features from tiny images",
//! technical report, University of Toronto, 2009, and the data sets' page.

use crate::dataset::{Contents, check_classes};
use crate::format::check_bytes;
use crate::listing::{Listing, name_of};
use crate::{Colour, DataError, Format, ReadOptions, picture, sizes};
use base::Size;
use image::{DynamicImage, RgbImage};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Height and width of every image.
const SIDE: usize = 32;

/// Bytes of a colour.
const PLANE: usize = SIDE * SIDE;

pub(crate) const FORMAT: Format = Format {
    name: "cifar",
    layout: "CIFAR's binary files, `data_batch_1.bin` or `train.bin` and so on",
    recognises: |listing| variant(listing).is_some(),
    read,
};

/// How one of the two sets is stored.
struct Variant {
    train: &'static [&'static str],
    test: &'static str,
    names: &'static str,
    /// Bytes before the pixels; the last of them is the label.
    label_bytes: usize,
}

const VARIANTS: [Variant; 2] = [
    Variant {
        train: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: "test_batch.bin",
        names: "batches.meta.txt",
        label_bytes: 1,
    },
    Variant {
        train: &["train.bin"],
        test: "test.bin",
        names: "fine_label_names.txt",
        label_bytes: 2,
    },
];

/// The set whose first training file lies there.
fn variant(listing: &Listing) -> Option<&'static Variant> {
    VARIANTS.iter().find(|variant| locate(listing, variant.train[0]).is_some())
}

fn locate<'a>(listing: &'a Listing, name: &str) -> Option<&'a PathBuf> {
    listing.files.iter().find(|path| name_of(path) == name)
}

fn read(listing: &Listing, options: &ReadOptions) -> Result<Contents, DataError> {
    let variant = variant(listing).expect("it was recognised");
    let path = &listing.path;
    let mut files = Vec::new();
    for &file in variant.train {
        let missing = || DataError::CifarMissing { path: path.clone(), file };
        files.push((locate(listing, file).ok_or_else(missing)?, false));
    }
    files.extend(locate(listing, variant.test).map(|file| (file, true)));

    let [height, width] = sizes::target(&[[SIDE, SIDE]], options.size);
    let channels = if options.colour == Colour::Grey { 1 } else { 3 };
    let size = Size { height, width, channels };
    let (mut pixels, mut labels, mut image_names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut train_rows) = ([0; 2], 0);
    for &(file, test) in &files {
        let bytes = fs::read(file).map_err(|source| DataError::io(file, source))?;
        let record = variant.label_bytes + 3 * PLANE;
        if bytes.is_empty() || bytes.len() % record != 0 {
            return Err(DataError::CifarSize { path: file.clone(), found: bytes.len(), record });
        }
        let count = labels.len() + bytes.len() / record;
        check_bytes(path, &[count, height, width, channels])?;
        for (number, record) in bytes.chunks_exact(record).enumerate() {
            labels.push((file, number, record[variant.label_bytes - 1]));
            let start = pixels.len();
            pixels.resize(start + height * width * channels, 0);
            let image = picture_of(&record[variant.label_bytes..]);
            picture::write(image, [height, width], &mut pixels[start..]);
            let part = usize::from(test);
            image_names.push(format!("{}/{:05}", ["train", "test"][part], rows[part]));
            rows[part] += 1;
        }
        train_rows = rows[0];
    }
    let (ids, classes) = name_labels(listing, variant, &labels)?;
    check_classes(path, &classes, &ids[..train_rows])?;
    Ok(Contents {
        pixels,
        size,
        original_sizes: vec![[SIDE, SIDE]; ids.len()],
        groups: Vec::new(),
        ids,
        classes,
        train_rows: files.last().is_some_and(|&(_, test)| test).then_some(train_rows),
        image_names,
        warnings: Vec::new(),
    })
}

/// Three planes as an image.
fn picture_of(planes: &[u8]) -> DynamicImage {
    let pixels = (0..PLANE).flat_map(|k| [planes[k], planes[PLANE + k], planes[2 * PLANE + k]]);
    let image = RgbImage::from_raw(SIDE as u32, SIDE as u32, pixels.collect());
    DynamicImage::ImageRgb8(image.expect("three bytes a pixel"))
}

/// Class ids of all rows, and the names of the classes.
fn name_labels(
    listing: &Listing,
    variant: &Variant,
    labels: &[(&PathBuf, usize, u8)],
) -> Result<(Vec<usize>, Vec<String>), DataError> {
    let Some(path) = locate(listing, variant.names) else {
        let found: BTreeSet<u8> = labels.iter().map(|&(_, _, label)| label).collect();
        let found: Vec<u8> = found.into_iter().collect();
        let id = |label| found.binary_search(label).expect("every label is listed");
        let ids = labels.iter().map(|(_, _, label)| id(label)).collect();
        return Ok((ids, found.iter().map(u8::to_string).collect()));
    };
    let text = fs::read(path).map_err(|source| DataError::io(path, source))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    let classes: Vec<String> = names.map(str::to_owned).collect();
    match labels.iter().find(|&&(_, _, label)| usize::from(label) >= classes.len()) {
        Some(&(file, record, label)) => Err(DataError::CifarLabel {
            path: file.clone(),
            record,
            label,
            names: variant.names,
            classes: classes.len(),
        }),
        None => Ok((labels.iter().map(|&(_, _, label)| label.into()).collect(), classes)),
    }
}
