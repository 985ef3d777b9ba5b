//! The examples run on the pictures that lie beside them.

#[path = "../examples/batch_to_npy.rs"]
#[allow(dead_code)]
mod batch_to_npy;
#[path = "../examples/haar_of_a_face.rs"]
#[allow(dead_code)]
mod haar_of_a_face;
#[path = "../examples/hog_of_a_photo.rs"]
#[allow(dead_code)]
mod hog_of_a_photo;
#[path = "../examples/lbp_texture_map.rs"]
#[allow(dead_code)]
mod lbp_texture_map;

use std::error::Error;
use std::path::Path;

/// An example, which takes a picture and a folder to write to.
type Example = fn(&Path, &Path) -> Result<(), Box<dyn Error>>;

/// Runs an example on a picture and gives the sizes of the pictures it leaves, by name.
fn check(run: Example, photo: &str, pictures: &[(&str, (u32, u32))], texts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let images = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img"));
    run(&images.join(photo), folder.path()).unwrap();
    for (name, size) in pictures {
        let picture = image::open(folder.path().join(name)).unwrap().to_luma8();
        assert_eq!(picture.dimensions(), *size, "{name}");
        assert!(picture.iter().any(|level| level != &picture[(0, 0)].0[0]), "{name} is blank");
    }
    for name in texts {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"), "{name}");
        // The pictures of the documentation are these.
        let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).join(name);
        if docs.exists() {
            assert!(text == std::fs::read_to_string(&docs).unwrap(), "{name} differs from docs/");
        }
    }
}

#[test]
fn hog_of_a_photo() {
    let pictures = [("hog_lines.png", (256, 256)), ("hog_weights.png", (256, 256))];
    let texts = ["hog_lines.svg", "hog_stars.svg", "hog_weights.svg"];
    check(hog_of_a_photo::run, "chelsea_rgb.png", &pictures, &texts);
}

#[test]
fn lbp_texture_map() {
    let pictures = [("lbp_codes.png", (151, 97))];
    check(lbp_texture_map::run, "coins_crop.png", &pictures, &["lbp_codes.svg"]);
}

#[test]
fn haar_of_a_face() {
    let pictures = [("haar_TwoX.png", (192, 192)), ("haar_Four.png", (192, 192))];
    let texts = ["haar_ThreeX.svg", "haar_ThreeY.svg"];
    check(haar_of_a_face::run, "astronaut_gray.png", &pictures, &texts);
}

#[test]
fn batch_to_npy() {
    let folder = tempfile::tempdir().unwrap();
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/coins_crop.png");
    batch_to_npy::run(Path::new(photo), folder.path()).unwrap();
    let rows: ndarray::Array2<f32> =
        ndarray_npy::read_npy(folder.path().join("hog_of_tiles.npy")).unwrap();
    // 97x151 pixels hold 3x4 tiles of 32x32, each with 7x7 blocks of 36 numbers.
    assert_eq!(rows.dim(), (12, 7 * 7 * 36));
    assert!(rows.iter().all(|number| (0.0..=1.0).contains(number)));
}
