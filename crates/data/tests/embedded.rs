//! The sets in `datasets/`: they read, and their READMEs tell the truth.

use data::{Dataset, ReadOptions};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Sets with a fixed split, in IDX files.
const SETS: [&str; 5] = ["cats-dogs-silhouettes", "digits", "faces", "fashion", "textures"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn open(set: &str) -> Dataset {
    data::open(&folder().join(set), &ReadOptions::default()).unwrap()
}

/// Cells of the rows of all tables in a README, without their marks.
fn tables(readme: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(readme).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cell = |cell: &str| cell.replace(['`', '*'], "");
    rows.map(|row| row.split(" | ").map(cell).collect()).collect()
}

/// Rows of each class in the training and in the test part.
fn counts(set: &Dataset) -> Vec<[usize; 2]> {
    let parts = set.parts().expect("all have a fixed split");
    let mut counts = vec![[0; 2]; set.labels().class_count()];
    for (part, rows) in [&parts.train, &parts.test].into_iter().enumerate() {
        rows.iter().for_each(|&row| counts[set.labels().ids()[row]][part] += 1);
    }
    counts
}

#[test]
fn there_are_no_others() {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let mut sets = [&SETS[..], &["emoji"]].concat();
    sets.sort_unstable();
    assert_eq!(names, sets);
}

#[test]
fn counts_and_sizes_are_as_the_readmes_say() {
    let overview = tables(&folder().join("README.md"));
    for name in SETS {
        let set = open(name);
        assert_eq!(set.name(), name);
        assert!(set.warnings().is_empty(), "{name}: {:?}", set.warnings());
        assert!(set.duplicates().is_empty(), "{name}: {:?}", set.duplicates());
        // Pictures of two textures that lie in the training part twice but for noise.
        let near = if name == "textures" { 8 } else { 2 };
        assert!(set.near_duplicates().len() <= near, "{name}: {:?}", set.near_duplicates());
        let counts = counts(&set);
        let all = counts.iter().fold([0, 0], |all, count| [all[0] + count[0], all[1] + count[1]]);

        let readme = folder().join(name).join("README.md");
        let told: Vec<_> = tables(&readme).into_iter().filter(|row| row.len() == 3).collect();
        let row = |name: &str, count: [usize; 2]| {
            vec![name.to_owned(), count[0].to_string(), count[1].to_string()]
        };
        let mut expected = vec![["class", "train", "test"].map(str::to_owned).to_vec()];
        let names = set.labels().classes().iter();
        expected.extend(names.zip(&counts).map(|(name, &count)| row(name, count)));
        expected.push(row("all", all));
        assert_eq!(told, expected, "{name}");
        let size = format!("images of {} (height x width)", set.images().size());
        assert!(fs::read_to_string(readme).unwrap().contains(&size), "{name}: {size}");

        let link = format!("[{name}]({name}/README.md)");
        let told = overview.iter().find(|row| row[0] == link).expect("a row in the overview");
        let numbers = [counts.len(), all[0], all[1]].map(|number| number.to_string());
        assert_eq!(told[2..5], numbers, "{name}");
        assert_eq!(told[5], set.images().size().to_string(), "{name}");
    }
}

#[test]
fn files_have_the_checksums_in_the_readmes() {
    let sha256 = |bytes: &[u8]| {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    for name in SETS {
        let rows = tables(&folder().join(name).join("README.md"));
        let told: Vec<_> = rows.into_iter().filter(|row| row.len() == 4).skip(1).collect();
        assert_eq!(told.len(), 5, "{name}");
        for row in told {
            let file = fs::read(folder().join(name).join(&row[0])).unwrap();
            let mut unpacked = Vec::new();
            let unpacked = match GzDecoder::new(&file[..]).read_to_end(&mut unpacked) {
                Ok(_) => sha256(&unpacked),
                Err(_) => "-".to_owned(),
            };
            let is = [row[0].clone(), file.len().to_string(), sha256(&file), unpacked];
            assert_eq!(row, is, "{name}");
        }
    }
}

/// Two styles of each code point, which is the group; no fixed split.
#[test]
fn emoji_are_as_their_readme_says() {
    let set = open("emoji");
    assert!(set.warnings().is_empty() && set.parts().is_none());
    assert_eq!(set.images().size().to_string(), "32x32 RGB");
    let groups = set.labels().groups().expect("a group per code point");
    let mut members: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (&group, name) in groups.iter().zip(set.image_names()) {
        members.entry(group).or_default().push(name);
    }
    for names in members.values() {
        let code = |style: &str, name: &str| name.strip_prefix(style).unwrap().to_owned();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(code("noto/", names[0]), code("twemoji/", names[1]));
    }
    let mut expected: Vec<Vec<String>> =
        vec![["class", "code points", "images"].map(str::to_owned).into()];
    let row = |name: &str, images: usize| {
        vec![name.to_owned(), (images / 2).to_string(), images.to_string()]
    };
    let counts = set.labels().counts();
    let names = set.labels().classes().iter();
    expected.extend(names.zip(&counts).map(|(name, &count)| row(name, count)));
    expected.push(row("all", set.images().len()));
    let folder = folder().join("emoji");
    let told = tables(&folder.join("README.md"));
    let start = told.iter().position(|row| *row == expected[0]).expect("the table of classes");
    assert_eq!(told[start..start + expected.len()], expected);
    let sum = |name: &str| &told.iter().find(|row| row[0].starts_with(name)).unwrap()[1];
    let manifest = Sha256::digest(fs::read(folder.join("manifest.csv")).unwrap());
    let manifest: String = manifest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(*sum("manifest.csv"), manifest);
    assert_eq!(*sum("the set as"), set.digest().to_string());
}
