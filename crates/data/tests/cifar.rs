//! CIFAR's binary files.

use data::{Colour, DataError, Dataset, ReadOptions};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A record whose red, green and blue count up by pixel from the given values.
fn record(labels: &[u8], start: [u8; 3]) -> Vec<u8> {
    let plane = |start: u8| (0..1024_u32).map(move |k| start.wrapping_add((k % 100) as u8));
    labels.iter().copied().chain(start.into_iter().flat_map(plane)).collect()
}

fn ten() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    for batch in 1..=5_u8 {
        write(&format!("data_batch_{batch}.bin"), record(&[batch % 2], [batch, 50, 100]));
    }
    write("test_batch.bin", [record(&[1], [9, 9, 9]), record(&[0], [8, 8, 8])].concat());
    write("batches.meta.txt", b"plane\ncar\n\n".to_vec());
    folder
}

fn open(path: &Path) -> Result<Dataset, DataError> {
    data::open(path, &ReadOptions::default())
}

#[test]
fn batches_are_strung_together_and_planes_become_pixels() {
    let folder = ten();
    let set = open(folder.path()).unwrap();
    assert_eq!(set.images().view().dim(), (7, 32, 32, 3));
    assert_eq!(set.labels().ids(), [1, 0, 1, 0, 1, 1, 0]);
    assert_eq!(set.labels().classes(), ["plane", "car"]);
    assert_eq!(set.parts().unwrap().test, [5, 6]);
    assert_eq!(set.image_names()[4..6], ["train/00004", "test/00000"]);
    // Row 1, column 2 is byte 34 of each plane.
    let pixel: Vec<u8> = (0..3).map(|c| set.images().image(1)[[1, 2, c]]).collect();
    assert_eq!(pixel, [2 + 34, 50 + 34, 100 + 34]);
    let grey = ReadOptions { colour: Colour::Grey, ..ReadOptions::default() };
    let grey = data::open(folder.path(), &grey).unwrap();
    // 0.2126 * 36 + 0.7152 * 84 + 0.0722 * 134 = 77.4.
    assert_eq!(grey.images().image(1)[[1, 2, 0]], 77);
}

#[test]
fn of_a_hundred_classes_the_fine_label_counts() {
    let folder = tempfile::tempdir().unwrap();
    let both = [record(&[3, 70], [1, 2, 3]), record(&[3, 5], [4, 5, 6])].concat();
    fs::write(folder.path().join("train.bin"), both).unwrap();
    let set = open(folder.path()).unwrap();
    assert_eq!(set.labels().classes(), ["5", "70"]);
    assert_eq!(set.labels().ids(), [1, 0]);
    assert_eq!(set.parts(), None);
    assert_eq!(set.images().image(1)[[0, 0, 0]], 4);
}

#[test]
fn faults_name_the_file() {
    let told = |name: &str, bytes: Option<Vec<u8>>| {
        let folder = ten();
        match bytes {
            Some(bytes) => fs::write(folder.path().join(name), bytes).unwrap(),
            None => fs::remove_file(folder.path().join(name)).unwrap(),
        }
        let message = open(folder.path()).unwrap_err().to_string();
        let start = format!("{}/", folder.path().display());
        message.strip_prefix(&start).unwrap_or(&message).to_owned()
    };
    assert_eq!(
        told("data_batch_2.bin", Some(vec![0; 3072])),
        "data_batch_2.bin: holds 3,072 bytes, which is no whole number of records of 3073; unpack \
         or download it again"
    );
    assert!(told("data_batch_3.bin", None).contains("`data_batch_3.bin` is missing"));
    assert_eq!(
        told("test_batch.bin", Some(record(&[2], [0; 3]))),
        "test_batch.bin: the label of record 0 (counted from 0) is 2, but batches.meta.txt names 2 \
         classes; use files of one release"
    );
}
