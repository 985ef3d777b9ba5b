//! Manifests, groups and near-duplicates.

use data::{DataError, Dataset, ReadOptions, near_pairs};
use image::GrayImage;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with 4 images in each of `a` and `b`, and the manifest.
fn set(manifest: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, class) in ["a", "b"].into_iter().enumerate() {
        fs::create_dir(folder.path().join(class)).unwrap();
        for k in 0..4_u32 {
            let value = |x: u32, y: u32| (x * 7 + y * 13 * (k + 1) + 90 * number as u32) as u8;
            let image = GrayImage::from_fn(8, 8, |x, y| image::Luma([value(x, y)]));
            image.save(folder.path().join(format!("{class}/p{}_{k}.png", k / 2))).unwrap();
        }
    }
    if let Some(text) = manifest {
        fs::write(folder.path().join("manifest.csv"), text).unwrap();
    }
    folder
}

fn open(path: &Path) -> Result<Dataset, DataError> {
    data::open(path, &ReadOptions::default())
}

fn by_pattern(path: &Path, pattern: &str) -> Result<Dataset, DataError> {
    let group_pattern = Some(pattern.to_owned());
    data::open(path, &ReadOptions { group_pattern, ..ReadOptions::default() })
}

#[test]
fn columns_say_class_group_and_part() {
    let folder = set(Some(
        "part, label, file, group, note\n\
         train,cat,a/p0_0.png,tom,x\n\
         TEST,dog,b/p0_0.png,,x\n\
         train,dog,./b/p1_3.png,\"rex, the elder\",\n\
         test,cat,a//p0_1.png,tom,\n",
    ));
    let set = open(folder.path()).unwrap();
    assert_eq!(set.image_names(), ["a/p0_0.png", "b/p1_3.png", "a/p0_1.png", "b/p0_0.png"]);
    assert_eq!(set.labels().classes(), ["cat", "dog"]);
    assert_eq!(set.labels().ids(), [0, 1, 0, 1]);
    assert_eq!(set.labels().groups(), Some(&[0, 1, 0, 2][..]));
    assert_eq!(set.parts().unwrap().test, [2, 3]);
}

#[test]
fn folders_name_the_classes_where_the_manifest_does_not() {
    let folder = set(Some("file\na/p0_0.png\nb/p0_0.png\n"));
    let set = open(folder.path()).unwrap();
    assert_eq!(set.labels().classes(), ["a", "b"]);
    assert_eq!(set.labels().groups(), None);
    assert_eq!(set.parts(), None);
}

#[test]
fn faults_name_file_and_line() {
    let told = |text: &str| {
        let folder = set(Some(text));
        let message = open(folder.path()).unwrap_err().to_string();
        let start = folder.path().join("manifest.csv").display().to_string();
        message.strip_prefix(&start).unwrap_or(&message).to_owned()
    };
    let columns = ", line 1: names no column `file`; the first line must, such as \
                   `file,label,group,part`";
    assert_eq!(told("image,label\na,b\n"), columns);
    assert_eq!(told("file,FILE\n"), ", line 1: names the column `file` twice");
    let missing = ", line 3: there is no file `a/x.png`; correct the path or remove the line";
    assert_eq!(told("file,label\na/p0_0.png,cat\na/x.png,dog\n"), missing);
    let outside = ", line 2: `../x.png` is no path below the folder of the manifest";
    assert_eq!(told("file,label\n../x.png,cat\n"), outside);
    assert!(told("file,label\n/etc/passwd,cat\n").ends_with("below the folder of the manifest"));
    let part = ", line 2: the part is `dev`, but must be `train` or `test`";
    assert_eq!(told("file,part\na/p0_0.png,dev\n"), part);
    let label = ", line 2: `a/p0_0.png` has no label, neither in a column nor by a folder";
    assert_eq!(told("file,label\na/p0_0.png,\n"), label);
    let twice = ", line 4: `a/p0_0.png` stands in line 2 already; remove one of them";
    assert_eq!(told("file\na/p0_0.png\nb/p0_0.png\n./a/p0_0.png\n"), twice);
    assert!(told("file,label\na/p0_0.png\n").starts_with(", line 2: "));
}

#[test]
fn a_pattern_finds_groups_in_names() {
    let folder = set(None);
    let set = by_pattern(folder.path(), "^(./p[0-9])").unwrap();
    assert_eq!(set.labels().groups(), Some(&[0, 0, 1, 1, 2, 2, 3, 3][..]));
    assert_ne!(set.digest(), open(folder.path()).unwrap().digest());
    let across = by_pattern(folder.path(), "p([0-9])_").unwrap();
    assert_eq!(across.labels().groups(), Some(&[0, 0, 1, 1, 0, 0, 1, 1][..]));

    let some = by_pattern(folder.path(), "a/(p0)").unwrap();
    assert_eq!(some.labels().groups(), Some(&[0, 0, 1, 2, 3, 4, 5, 6][..]));
    let warning = "images that the pattern for groups does not fit: 6 (a/p1_2.png, ...); each \
                   stands alone";
    assert_eq!(some.warnings()[0].to_string(), warning);
    let none = by_pattern(folder.path(), "(x)").unwrap_err().to_string();
    assert!(none.contains("`(x)` fits the name of no image, such as `a/p0_0.png`"), "{none}");
    assert!(by_pattern(folder.path(), "p").unwrap_err().to_string().contains("parentheses"));
}

/// A manifest's own group comes before that of the pattern.
#[test]
fn a_manifest_and_a_pattern_go_together() {
    let folder = set(Some("file,group\na/p0_0.png,\na/p0_1.png,z\nb/p0_0.png,\nb/p0_1.png,z\n"));
    let set = by_pattern(folder.path(), "(p0)").unwrap();
    assert_eq!(set.labels().groups(), Some(&[0, 1, 0, 1][..]));
}

#[test]
fn near_duplicates_are_alike_but_not_equal() {
    let folder = set(None);
    let picture = |value: &dyn Fn(f64, f64) -> f64| {
        GrayImage::from_fn(32, 32, |x, y| {
            image::Luma([value(f64::from(x) / 32.0, f64::from(y) / 32.0) as u8])
        })
    };
    let wave = |x: f64, y: f64| 120.0 + 60.0 * (9.0 * x + 5.0 * y * y).sin() + 40.0 * x;
    for (name, image) in [
        ("a/1.png", picture(&wave)),
        ("a/2.png", picture(&|x, y| 10.0 + 1.05 * wave(x, y))),
        ("b/1.png", picture(&|x, y| 255.0 - wave(x, y))),
        ("b/2.png", picture(&|x, y| wave(y, x))),
        ("b/3.png", picture(&|_, _| 7.0)),
        ("b/4.png", picture(&|_, _| 8.0)),
    ] {
        fs::remove_file(folder.path().join(name)).ok();
        image.save(folder.path().join(name)).unwrap();
    }
    for entry in ["a", "b"].iter().flat_map(|c| fs::read_dir(folder.path().join(c)).unwrap()) {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with('p') {
            fs::remove_file(path).unwrap();
        }
    }
    let set = open(folder.path()).unwrap();
    assert_eq!(set.near_duplicates(), [[0, 1]]);
    assert!(set.duplicates().is_empty());
    let pairs = near_pairs(set.images(), 64, -1.0);
    // The two of a single colour correlate with nothing; of the other four, each with each.
    assert_eq!(pairs.len(), 6);
    assert!((pairs[1].correlation + 1.0).abs() < 1e-3, "the negative: {:?}", pairs[1]);

    // A copy to the pixel is where its original is, and alone would be in no list.
    fs::copy(folder.path().join("a/2.png"), folder.path().join("b/0.png")).unwrap();
    fs::copy(folder.path().join("b/2.png"), folder.path().join("b/5.png")).unwrap();
    let set = open(folder.path()).unwrap();
    assert_eq!(set.duplicates(), [vec![1, 2], vec![4, 7]]);
    assert_eq!(set.near_duplicates(), [[0, 1, 2]]);
}
