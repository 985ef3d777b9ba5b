//! IDX files: what is read, and what is said about damaged ones.

use data::{Colour, Dataset, ReadOptions};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

const TRAIN: [&str; 2] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
const TEST: [&str; 2] = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

fn idx(magic: u32, lengths: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [magic].into_iter().chain(lengths.iter().copied());
    header.flat_map(u32::to_be_bytes).chain(values.iter().copied()).collect()
}

fn images(count: u32, height: u32, width: u32) -> Vec<u8> {
    let values: Vec<u8> = (0..count * height * width).map(|value| (7 * value) as u8).collect();
    idx(0x803, &[count, height, width], &values)
}

fn labels(values: &[u8]) -> Vec<u8> {
    idx(0x801, &[values.len() as u32], values)
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder with a training part of four images of 2x3 pixels, and two test images.
fn set() -> TempDir {
    let folder = TempDir::new().unwrap();
    let files = [
        (TRAIN[0], images(4, 2, 3)),
        (TRAIN[1], labels(&[1, 0, 1, 2])),
        (TEST[0], images(2, 2, 3)),
        (TEST[1], labels(&[2, 0])),
    ];
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("classes.txt"), "<zero>\r\n eins \nzwei\n\n").unwrap();
    folder
}

fn open(folder: &TempDir) -> Dataset {
    data::open(folder.path(), &ReadOptions::default()).unwrap()
}

/// The error after `name` was replaced in an otherwise sound set, without the folder.
fn complaint(name: &str, bytes: &[u8]) -> String {
    let folder = set();
    fs::write(folder.path().join(name), bytes).unwrap();
    message(folder.path())
}

fn message(folder: &Path) -> String {
    let error = data::open(folder, &ReadOptions::default()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
        .replace(&format!("{}/", folder.display()), "")
        .replace(&folder.display().to_string(), "SET")
}

#[test]
fn both_parts_are_read_in_order() {
    let folder = set();
    let set = open(&folder);
    assert_eq!(set.images().view().dim(), (6, 2, 3, 1));
    let third: Vec<u8> = set.images().image(2).iter().copied().collect();
    assert_eq!(third, [84, 91, 98, 105, 112, 119]); // 7 times 12 to 17
    assert_eq!(set.labels().ids(), [1, 0, 1, 2, 2, 0]);
    assert_eq!(set.labels().classes(), ["<zero>", " eins ", "zwei"]);
    let parts = set.parts().unwrap();
    assert_eq!((&parts.train[..], &parts.test[..]), (&[0, 1, 2, 3][..], &[4, 5][..]));
    assert_eq!(set.image_names()[3..5], ["train/00003", "test/00000"]);
    assert_eq!(set.original_sizes().to_string(), "2x3");
    // The test images are the first two training images.
    assert_eq!(set.duplicates(), [[0, 4], [1, 5]]);
}

#[test]
fn packed_files_give_the_same_set() {
    let (plain, packed) = (set(), set());
    for name in TRAIN.into_iter().chain(TEST) {
        let path = packed.path().join(name);
        fs::write(packed.path().join(format!("{name}.gz")), gz(&fs::read(&path).unwrap())).unwrap();
        fs::remove_file(path).unwrap();
    }
    assert_eq!(open(&packed).digest(), open(&plain).digest());
}

#[test]
fn without_classes_txt_and_test_part_the_labels_name_the_classes() {
    let folder = set();
    for name in [TEST[0], TEST[1], "classes.txt"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join(TRAIN[1]), labels(&[26, 3, 26, 11])).unwrap();
    let set = open(&folder);
    assert_eq!(set.labels().classes(), ["3", "11", "26"]);
    assert_eq!(set.labels().ids(), [2, 0, 2, 1]);
    assert_eq!(set.parts(), None);
}

#[test]
fn size_and_colour_can_be_asked_for() {
    let folder = set();
    let options = ReadOptions { size: Some([4, 6]), colour: Colour::Rgb, ..ReadOptions::default() };
    let set = data::open(folder.path(), &options).unwrap();
    assert_eq!(set.images().view().dim(), (6, 4, 6, 3));
    let corner: Vec<u8> = set.images().image(1).iter().take(3).copied().collect();
    assert_eq!(corner, [42; 3]); // enlarged by two, a corner stays as it is
}

#[test]
fn files_that_end_too_early_or_too_late_are_refused() {
    let whole = images(4, 2, 3); // 16 + 24 bytes
    assert_eq!(
        complaint(TRAIN[0], &whole[..30]),
        "train-images-idx3-ubyte: holds 30 bytes of the 40 its header promises; download it again"
    );
    assert!(complaint(TRAIN[0], &whole[..10]).contains("holds 10 bytes of the 16"));
    assert!(complaint(TRAIN[0], &[]).contains("holds 0 bytes of the 16"));
    assert!(complaint(TRAIN[1], &labels(&[1, 0, 1, 2])[..9]).contains("holds 9 bytes of the 12"));
    assert_eq!(
        complaint(TRAIN[0], &[&whole[..], &[0]].concat()),
        "train-images-idx3-ubyte: goes on after the 40 bytes its header promises; download it again"
    );
}

#[test]
fn damaged_gz_files_are_refused() {
    let folder = set();
    fs::remove_file(folder.path().join(TEST[0])).unwrap();
    let path = folder.path().join(format!("{}.gz", TEST[0]));
    // Noise does not pack, so that a cut falls among the pixels.
    let pixels: Vec<u8> =
        base::Seed(1).permutation(6000).iter().map(|&v| (v % 251) as u8).collect();
    let packed = gz(&idx(0x803, &[1000, 2, 3], &pixels));
    fs::write(folder.path().join(TEST[1]), labels(&[0; 1000])).unwrap();
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        message(folder.path())
    };
    let half = message(&packed[..packed.len() / 2]);
    assert!(half.starts_with("t10k-images-idx3-ubyte.gz: holds "), "{half}");
    assert!(half.ends_with(" bytes of the 6,016 its header promises; download it again"), "{half}");
    // All pixels are there, but not the whole checksum; then a wrong checksum; then no gzip at all.
    for bytes in [&packed[..packed.len() - 6], &flipped(&packed), b"no gzip file, but text"] {
        let text = message(bytes);
        assert!(text.contains("is damaged or not a gzip file ("), "{text}");
    }
}

/// With one bit of the checksum at the end changed.
fn flipped(packed: &[u8]) -> Vec<u8> {
    let mut bytes = packed.to_vec();
    let place = bytes.len() - 5;
    bytes[place] ^= 1;
    bytes
}

#[test]
fn headers_are_not_believed() {
    // No memory is taken for these; the second would overflow 64 bits.
    let huge = complaint(TRAIN[0], &idx(0x803, &[u32::MAX, 2, 3], &[0; 24]));
    assert_eq!(
        huge,
        "train-images-idx3-ubyte: would take 25,769,803,770 bytes in memory, more than the \
         4,294,967,296 that are allowed; choose a smaller size or fewer images"
    );
    assert!(complaint(TRAIN[0], &idx(0x803, &[u32::MAX; 3], &[])).contains("would take 79,228,"));
    let folder = set();
    TEST.iter().for_each(|name| fs::remove_file(folder.path().join(name)).unwrap());
    let wide = idx(0x803, &[4, 20_000, 20_000], &[0; 24]);
    fs::write(folder.path().join(TRAIN[0]), wide).unwrap();
    assert!(message(folder.path()).contains("holds 40 bytes of the 1,600,000,016"));
    assert_eq!(
        complaint(TRAIN[0], &idx(0x803, &[4, 0, 3], &[])),
        "train-images-idx3-ubyte: its header says images of 0x3 pixels; both sides must \
         be at least 1"
    );
    assert!(complaint(TRAIN[0], &idx(0x803, &[0, 2, 3], &[])).contains("holds no image"));
}

#[test]
fn wrong_files_are_refused() {
    assert_eq!(
        complaint(TRAIN[0], &labels(&[1, 0, 1, 2])),
        "train-images-idx3-ubyte: starts with 0x00000801, but an IDX file of 8-bit grey images \
         starts with 0x00000803; check that it is the right file, unpacked as its name says"
    );
    assert!(complaint(TRAIN[1], &gz(&labels(&[1, 0, 1, 2]))).contains("starts with 0x1f8b08"));
    assert_eq!(
        complaint(TRAIN[1], &labels(&[1, 0, 2])),
        "train-labels-idx1-ubyte: holds 3 labels for the 4 images in train-images-idx3-ubyte; use \
         files of one release"
    );
    assert_eq!(
        complaint(TEST[1], &labels(&[2, 3])),
        "t10k-labels-idx1-ubyte: label 1 (counted from 0) is 3, but classes.txt names 3 classes \
         (0 to 2); add the missing lines"
    );
    assert_eq!(
        complaint(TEST[0], &images(2, 3, 2)),
        "t10k-images-idx3-ubyte: its images are 3x2 pixels, but those to train on are 2x3; use \
         files of one release"
    );
    assert_eq!(
        complaint("classes.txt", b"a\n\nb\nc"),
        "classes.txt: line 2 is empty; write one class name a line"
    );
    assert_eq!(
        complaint("classes.txt", b"a\nb\na"),
        "SET: the class name `a` is given twice; rename one"
    );
    assert_eq!(
        complaint("classes.txt", b"a\nb\nc\nd"),
        "SET: class `d` has no readable image to train on; add some or remove the class"
    );
    assert_eq!(
        complaint(TRAIN[1], &labels(&[1, 1, 1, 2])),
        "SET: class `<zero>` has no readable image to train on; add some or remove the class"
    );
}

#[test]
fn missing_files_are_named() {
    for (name, missing) in [(TRAIN[0], TRAIN[0]), (TRAIN[1], TRAIN[1]), (TEST[1], TEST[1])] {
        let folder = set();
        fs::remove_file(folder.path().join(name)).unwrap();
        assert_eq!(
            message(folder.path()),
            format!(
                "SET: `{missing}` (or `{missing}.gz`) is missing beside the other IDX files; add it"
            )
        );
    }
}
