//! IDX files with the names that MNIST's have.
//!
//! ```text
//! train-images-idx3-ubyte[.gz]   0x00000803, number, height, width (big-endian, 4 bytes each),
//!                                then a byte a pixel, row by row
//! train-labels-idx1-ubyte[.gz]   0x00000801, number, then a byte a label
//! t10k-images-idx3-ubyte[.gz]    official test part; both files or none
//! t10k-labels-idx1-ubyte[.gz]
//! classes.txt                    optional: a name a line, for the labels 0, 1, 2, ...
//! ```
//!
//! Of a file that lies there both packed and unpacked, the unpacked one is read. Without
//! `classes.txt` the classes are the labels that occur, named by their number.
//!
//! Source of the format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten
//! digits". Departures: only 8-bit grey images (three dimensions) and 8-bit labels.

use crate::dataset::{Contents, check_classes};
use crate::format::check_bytes;
use crate::idx_file::{IMAGES, IdxFile, LABELS};
use crate::listing::{Listing, name_of};
use crate::{Colour, DataError, Format, ReadOptions, picture, sizes};
use base::Size;
use image::{DynamicImage, GrayImage};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

pub(crate) const FORMAT: Format = Format {
    name: "idx",
    layout: "IDX files named like MNIST's, `train-images-idx3-ubyte[.gz]` and so on",
    recognises: |listing| FILES.iter().flatten().any(|name| locate(listing, name).is_some()),
    read,
};

/// Images and labels of the training and of the test part.
const FILES: [[&str; 2]; 2] = [
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
];

/// One part of a set: its labels, and its images up to the first pixel.
struct Part {
    name: &'static str,
    images: IdxFile,
    labels_path: PathBuf,
    labels: Vec<u8>,
}

fn read(listing: &Listing, options: &ReadOptions) -> Result<Contents, DataError> {
    let mut parts = vec![open_part(listing, "train", FILES[0])?];
    if FILES[1].iter().any(|name| locate(listing, name).is_some()) {
        parts.push(open_part(listing, "test", FILES[1])?);
    }
    let shape = size_of(&parts[0].images);
    if let Some(test) = parts.get(1).filter(|test| size_of(&test.images) != shape) {
        let (path, found) = (test.images.path.clone(), size_of(&test.images));
        return Err(DataError::IdxPartSize { path, found, expected: shape });
    }
    let (ids, classes) = name_labels(listing, &parts)?;
    let train_rows = parts[0].labels.len();
    // Before the long work.
    check_classes(&listing.path, &classes, &ids[..train_rows])?;

    let [height, width] = sizes::target(&[shape], options.size);
    let size = Size { height, width, channels: if options.colour == Colour::Rgb { 3 } else { 1 } };
    check_bytes(&listing.path, &[ids.len(), height, width, size.channels])?;
    let name = |part: &Part, row: usize| format!("{}/{row:05}", part.name);
    let names =
        parts.iter().flat_map(|part| (0..part.labels.len()).map(move |row| name(part, row)));
    let image_names = names.collect();
    let has_test = parts.len() > 1;
    let mut pixels = Vec::new();
    for part in parts {
        read_pixels(part.images, size, &mut pixels)?;
    }
    Ok(Contents {
        pixels,
        size,
        original_sizes: vec![shape; ids.len()],
        ids,
        classes,
        train_rows: has_test.then_some(train_rows),
        image_names,
        groups: Vec::new(),
        warnings: Vec::new(),
    })
}

fn open_part(
    listing: &Listing,
    name: &'static str,
    files: [&'static str; 2],
) -> Result<Part, DataError> {
    let find = |file| {
        let missing = || DataError::IdxMissing { path: listing.path.clone(), file };
        locate(listing, file).ok_or_else(missing)
    };
    let (images_path, labels_path) = (find(files[0])?, find(files[1])?);
    let images = IdxFile::open(&images_path, &IMAGES)?;
    let [height, width] = size_of(&images);
    if height == 0 || width == 0 {
        return Err(DataError::IdxNoPixels { path: images_path, height, width });
    }
    let mut labels_file = IdxFile::open(&labels_path, &LABELS)?;
    let (image_count, label_count) = (images.lengths[0], labels_file.lengths[0]);
    if image_count == 0 {
        return Err(DataError::NoImages { path: images_path });
    }
    if image_count != label_count {
        let (images, labels) = (images_path, labels_path);
        return Err(DataError::IdxCounts { images, image_count, labels, label_count });
    }
    let mut labels = Vec::new();
    labels_file.next(label_count, &mut labels)?;
    labels_file.finish()?;
    Ok(Part { name, images, labels_path, labels })
}

/// Class ids of all rows, and the names of the classes.
fn name_labels(listing: &Listing, parts: &[Part]) -> Result<(Vec<usize>, Vec<String>), DataError> {
    let all = parts.iter().flat_map(|part| &part.labels);
    let Some(path) = listing.files.iter().find(|path| name_of(path) == "classes.txt") else {
        let labels: Vec<u8> = all.clone().collect::<BTreeSet<_>>().into_iter().copied().collect();
        let id = |label| labels.binary_search(label).expect("every label is listed");
        return Ok((all.map(id).collect(), labels.iter().map(u8::to_string).collect()));
    };
    let text = fs::read(path).map_err(|source| DataError::io(path, source))?;
    let classes: Vec<String> =
        String::from_utf8_lossy(&text).trim_end().lines().map(str::to_owned).collect();
    if let Some(line) = classes.iter().position(|name| name.trim().is_empty()) {
        return Err(DataError::IdxClasses { path: path.clone(), line: line + 1 });
    }
    for Part { labels_path, labels, .. } in parts {
        if let Some(row) = labels.iter().position(|&label| usize::from(label) >= classes.len()) {
            let (path, label) = (labels_path.clone(), labels[row]);
            return Err(DataError::IdxLabel { path, row, label, classes: classes.len() });
        }
    }
    Ok((all.map(|&label| usize::from(label)).collect(), classes))
}

/// Adds all images of a file, resized, to `pixels`.
fn read_pixels(mut file: IdxFile, size: Size, pixels: &mut Vec<u8>) -> Result<(), DataError> {
    let [height, width] = size_of(&file);
    let mut raw = Vec::new();
    for _ in 0..file.lengths[0] {
        file.next(height * width, &mut raw)?;
        if size == (Size { height, width, channels: 1 }) {
            pixels.extend_from_slice(&raw);
            continue;
        }
        let image = GrayImage::from_raw(width as u32, height as u32, std::mem::take(&mut raw));
        let image = DynamicImage::ImageLuma8(image.expect("a byte a pixel was read"));
        let start = pixels.len();
        pixels.resize(start + size.height * size.width * size.channels, 0);
        picture::write(image, [size.height, size.width], &mut pixels[start..]);
    }
    file.finish()
}

/// Height and width of the images in a file.
fn size_of(images: &IdxFile) -> [usize; 2] {
    [images.lengths[1], images.lengths[2]]
}

fn locate(listing: &Listing, name: &str) -> Option<PathBuf> {
    let packed = format!("{name}.gz");
    let find = |wanted: &str| listing.files.iter().find(|path| name_of(path) == wanted).cloned();
    find(name).or_else(|| find(&packed))
}
