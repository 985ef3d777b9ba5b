//! Folders of images: layouts, order, and what is said about odd ones.

use data::{Dataset, ReadOptions, Warning};
use image::{GrayImage, Luma};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with the files given. Where the content is empty, it is a PNG image of 3x2 pixels that
/// is different for each.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (number, &(name, content)) in files.iter().enumerate() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            b"" => image(number).save_with_format(path, image::ImageFormat::Png).unwrap(),
            content => fs::write(path, content).unwrap(),
        }
    }
    folder
}

fn images(names: &[&str]) -> TempDir {
    folder(&names.iter().map(|&name| (name, &b""[..])).collect::<Vec<_>>())
}

fn image(number: usize) -> GrayImage {
    GrayImage::from_pixel(3, 2, Luma([number as u8]))
}

fn open(folder: &TempDir) -> Dataset {
    data::open(folder.path(), &ReadOptions::default()).unwrap()
}

/// The error, with SET for the path of the folder.
fn complaint(folder: &TempDir) -> String {
    let error = data::open(folder.path(), &ReadOptions::default()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error.replace(&folder.path().display().to_string(), "SET")
}

fn warnings(set: &Dataset) -> Vec<String> {
    set.warnings().iter().map(Warning::to_string).collect()
}

fn first_pixels(set: &Dataset) -> Vec<u8> {
    set.images().view().outer_iter().map(|image| image[[0, 0, 0]]).collect()
}

#[test]
fn a_folder_is_a_class_and_rows_are_sorted_by_path() {
    let set = open(&images(&["b/2.png", "a/z.png", "a/deep/er/1.PNG", "b/10.jpg", "B/1.bmp"]));
    let names = ["B/1.bmp", "a/deep/er/1.PNG", "a/z.png", "b/10.jpg", "b/2.png"];
    assert_eq!(set.image_names(), names);
    assert_eq!(first_pixels(&set), [4, 2, 1, 3, 0]);
    assert_eq!(set.labels().classes(), ["B", "a", "b"]);
    assert_eq!(set.labels().ids(), [0, 1, 1, 2, 2]);
    assert_eq!(set.parts(), None);
    assert!(set.warnings().is_empty());
}

#[test]
fn train_and_test_in_any_case_are_the_official_split() {
    let names = ["TEST/a/1.png", "TEST/b/1.png", "Train/b/1.png", "Train/a/1.png", "val/a/1.png"];
    let set = open(&images(&names));
    let sorted = ["Train/a/1.png", "Train/b/1.png", "TEST/a/1.png", "TEST/b/1.png"];
    assert_eq!(set.image_names(), sorted);
    let parts = set.parts().unwrap();
    assert_eq!((&parts.train[..], &parts.test[..]), (&[0, 1][..], &[2, 3][..]));
    assert_eq!(warnings(&set), ["val: left out: only `train` and `test` are read"]);
}

#[test]
fn odd_class_names_are_kept() {
    let set = open(&images(&["<script>/1.png", "a & b/1.png", "größe\n2/1.png"]));
    assert_eq!(set.labels().classes(), ["<script>", "a & b", "größe\n2"]);
}

#[test]
fn equal_files_are_duplicates_whatever_their_names() {
    let folder = images(&["a/1.png", "a/2.png", "b/1.png"]);
    fs::copy(folder.path().join("a/1.png"), folder.path().join("b/0.png")).unwrap();
    let set = open(&folder);
    assert_eq!(set.image_names()[2], "b/0.png");
    assert_eq!(set.duplicates(), [[0, 2]]);
}

#[test]
fn unreadable_images_are_listed_and_left_out() {
    let names: Vec<String> =
        (0..50).map(|number| format!("{}/{number:02}.png", ["a", "b"][number % 2])).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b""[..])).collect();
    files[5].1 = b"no image";
    let photo = include_bytes!("golden/photo.jpg");
    files[48].1 = &photo[..photo.len() / 2];
    let set = open(&folder(&files));
    assert_eq!(
        warnings(&set),
        [
            "b/05.png: left out: its content is not that of a PNG, JPEG, BMP, PGM, PPM or WebP \
             image",
            "a/48.png: left out: the JPEG was cut short: its end marker is missing",
        ]
    );
    // What is left lies where it should.
    let numbers: Vec<u8> =
        (0..48).step_by(2).chain((1..50).step_by(2).filter(|&n| n != 5)).collect();
    assert_eq!(first_pixels(&set), numbers);
    assert_eq!(set.labels().counts(), [24, 24]);
    assert_eq!(set.original_sizes().to_string(), "2x3");

    files[7].1 = b"no image either";
    let error = complaint(&folder(&files));
    assert!(
        error.starts_with(
            "SET: 3 of 50 images (6.0 %) cannot be read (allowed are 5.0 %): b/05.png: left out: "
        ),
        "{error}"
    );
    assert!(error.ends_with("; repair or remove them"), "{error}");
}

#[test]
fn bombs_and_empty_files_are_refused_before_they_are_decoded() {
    let options = ReadOptions { max_bad_share: 1.0, ..ReadOptions::default() };
    let folder = folder(&[
        ("a/1.png", b""),
        ("b/1.png", b""),
        ("b/flat.pgm", b"P5 5 0 255\n"),
        ("b/high.pgm", b"P5 10 60000 255\n0"),
        ("b/wide.ppm", b"P6 19000 19000 255\n0"),
    ]);
    fs::write(folder.path().join("b/void.png"), []).unwrap();
    let set = data::open(folder.path(), &options).unwrap();
    assert_eq!(
        warnings(&set),
        [
            "b/flat.pgm: left out: it has no pixels",
            "b/high.pgm: left out: 60000x10 pixels are more than the 20000 a side or 512 MiB \
             allowed",
            "b/void.png: left out: the file is empty",
            "b/wide.ppm: left out: 19000x19000 pixels are more than the 20000 a side or 512 MiB \
             allowed",
        ]
    );
}

#[test]
fn sets_that_do_not_fit_in_memory_are_refused() {
    let names: Vec<String> = (0..300).map(|n| format!("{}/{n}.png", ["a", "b"][n % 2])).collect();
    let folder = images(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let options = ReadOptions { size: Some([4096, 4096]), ..ReadOptions::default() };
    let error = data::open(folder.path(), &options).unwrap_err().to_string();
    assert!(error.contains("would take 5,033,164,800 bytes in memory"), "{error}");
}

#[test]
fn what_is_passed_over_is_told() {
    let set = open(&folder(&[
        ("a/1.png", b""),
        ("b/1.png", b""),
        ("a/photo.HEIC", b"x"),
        ("b/photo.heic", b"x"),
        ("b/readme", b"x"),
        ("b/.hidden.png", b"x"),
        (".git/1.png", b""),
        ("loose.png", b""),
        ("notes.txt", b"x"),
    ]));
    assert_eq!(set.images().len(), 2);
    assert_eq!(
        warnings(&set),
        [
            "the folder: images beside the class folders are left out: 1",
            "files that are not read as images: 1 without extension, 2 .heic",
        ]
    );
}

#[test]
fn folders_that_are_no_set_are_refused_with_the_cure() {
    assert_eq!(
        complaint(&folder(&[("1.png", b""), ("a.csv", b"x")])),
        "SET: no image set is recognised: there is no sub-folder and 2 files (1.png, a.csv), but \
         what can be read is (manifest) `manifest.csv` with the columns file, label and, if you \
         like, group and part; (idx) IDX files named like MNIST's, `train-images-idx3-ubyte[.gz]` \
         and so on; (cifar) CIFAR's binary files, `data_batch_1.bin` or `train.bin` and so on; \
         (folder) a sub-folder of images per class, or `train` and `test` with one per \
         class each"
    );
    assert!(complaint(&folder(&[])).contains("there is no sub-folder and no file, but"));
    assert_eq!(
        complaint(&folder(&[("a/1.txt", b"x"), ("b/2.txt", b"x")])),
        "SET: holds no image; files that end in png, jpg, jpeg, jpe, jfif, bmp, pgm, ppm, pnm, \
         webp are read"
    );
    assert_eq!(
        complaint(&images(&["cat/1.png"])),
        "SET: `cat` is the only class; there must be at least two to tell apart"
    );
    assert_eq!(
        complaint(&folder(&[("a/1.png", b""), ("b/1.png", b""), ("c/none.txt", b"x")])),
        "SET: class `c` has no readable image to train on; add some or remove the class"
    );

    let set = images(&["a/1.png", "b/1.png"]);
    let options = ReadOptions::default();
    let gone = data::open(&set.path().join("c"), &options).unwrap_err().to_string();
    assert!(gone.ends_with("c: there is no such folder; check the path"), "{gone}");
    let file = data::open(&set.path().join("a/1.png"), &options).unwrap_err().to_string();
    assert!(file.contains("a/1.png: is a file; give the folder that holds the set"), "{file}");
}

#[test]
fn a_class_that_only_unreadable_images_would_fill_is_refused() {
    let names: Vec<String> = (0..30).map(|n| format!("{}/{n}.png", ["a", "b"][n % 2])).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b""[..])).collect();
    files.push(("c/1.png", b"no image"));
    assert!(complaint(&folder(&files)).starts_with("SET: class `c` has no readable image"));
}

#[test]
fn parts_are_not_taken_for_classes() {
    for parts in [["training", "testing"], ["train", "val"], ["Train", "other"]] {
        let names = parts.map(|part| format!("{part}/a/1.png"));
        assert_eq!(
            complaint(&images(&[&names[0], &names[1], "zoo/1.png"])),
            format!(
                "SET: `{}` looks like a part of a set, not like a class; name the parts `train` \
                 and `test`, or give the path of one part to read it alone",
                if parts[0] == "training" { "testing" } else { parts[0] }
            )
        );
    }
    // A class may well be called like a part.
    let set = open(&images(&["train/1.png", "plane/1.png", "bus/1.png"]));
    assert_eq!(set.labels().classes(), ["bus", "plane", "train"]);
}

#[test]
fn a_split_must_be_complete() {
    let lone = images(&["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/c/1.png"]);
    assert!(complaint(&lone).starts_with("SET: class `c` has no readable image to train on"));
    let flat = images(&["train/a/1.png", "train/b/1.png", "test/1.png"]);
    assert!(complaint(&flat).starts_with("SET/test: no image set is recognised: there is no sub-"));
    let empty = folder(&[("train/a/1.png", b""), ("train/b/1.png", b""), ("test/a/x.txt", b"x")]);
    assert!(complaint(&empty).starts_with("SET/test: holds no image"));
    let partial = open(&images(&["train/a/1.png", "train/b/1.png", "test/a/1.png"]));
    assert_eq!(warnings(&partial), ["class `b` has no image in the test part"]);
}

#[test]
fn images_of_many_sizes_become_one() {
    let folder = images(&["a/1.png", "b/1.png"]);
    for (name, width, height) in [("a/2.png", 300, 200), ("b/2.png", 150, 100), ("b/3.png", 90, 60)]
    {
        GrayImage::new(width, height).save(folder.path().join(name)).unwrap();
    }
    let set = open(&folder);
    assert_eq!(set.images().size().to_string(), "43x64 grey");
    assert_eq!(set.original_sizes().to_string(), "4 sizes from 2x3 to 200x300");
    assert_eq!(first_pixels(&set)[..3], [0, 0, 1]);
}

#[test]
fn one_thread_and_two_give_the_same_set() {
    let names: Vec<String> = (0..40).map(|n| format!("{}/{n}.png", ["a", "b"][n % 2])).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b""[..])).collect();
    files[11].1 = b"no image";
    let folder = folder(&files);
    let options = ReadOptions { size: Some([9, 7]), ..ReadOptions::default() };
    let read = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| data::open(folder.path(), &options).unwrap())
    };
    let (one, two) = (read(1), read(2));
    assert_eq!((one.digest(), one.warnings()), (two.digest(), two.warnings()));
    assert_eq!(one.image_names(), two.image_names());
}

#[test]
fn the_name_is_that_of_the_folder_however_the_path_is_written() {
    let folder = images(&["zoo/a/1.png", "zoo/b/1.png"]);
    let path = folder.path().join("zoo/a/..");
    assert_eq!(data::open(&path, &ReadOptions::default()).unwrap().name(), "zoo");
}

#[cfg(unix)]
#[test]
fn links_to_a_parent_end() {
    let folder = images(&["a/1.png", "b/1.png"]);
    std::os::unix::fs::symlink("..", folder.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink(Path::new("."), folder.path().join("b/here")).unwrap();
    std::os::unix::fs::symlink("gone.png", folder.path().join("b/dangling.png")).unwrap();
    let options = ReadOptions { max_bad_share: 0.5, ..ReadOptions::default() };
    let set = data::open(folder.path(), &options).unwrap();
    assert_eq!(
        set.image_names(),
        ["a/1.png", "a/up/b/1.png", "b/1.png"],
        "each folder is read once for a class"
    );
    let told = warnings(&set);
    assert!(told.contains(&"a/up/a: left out: a link to a folder that is read already".to_owned()));
    assert!(told.contains(&"b/here: left out: a link to a folder that is read already".to_owned()));
    assert!(told.iter().any(|line| line.starts_with("b/dangling.png: left out: No such file")));
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = images(&["a/1.png"]);
    let odd = folder.path().join(OsStr::from_bytes(b"b\xff"));
    fs::create_dir(&odd).unwrap();
    image(1).save(odd.join(OsStr::from_bytes(b"\xfe.png"))).unwrap();
    let set = open(&folder);
    assert_eq!(set.labels().classes(), ["a", "b\u{fffd}"]);
    assert_eq!(set.image_names()[1], "b\u{fffd}/\u{fffd}.png");

    fs::create_dir(folder.path().join(OsStr::from_bytes(b"b\xfe"))).unwrap();
    assert!(complaint(&folder).ends_with("the class name `b\u{fffd}` is given twice; rename one"));
}
