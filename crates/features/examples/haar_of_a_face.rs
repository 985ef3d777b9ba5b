//! All Haar-like features of a face, and a picture of the strongest of each kind:
//! `cargo run -p features --example haar_of_a_face [FILE [FOLDER]]`

use features::{
    HaarFeature, HaarKind, Integral, Interpolation, Overlay, OverlayStyle, Rectangle, gray,
    haar_features, resize, view,
};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let astronaut = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/astronaut_gray.png");
    let mut args = std::env::args().skip(1);
    let photo = args.next().unwrap_or_else(|| astronaut.to_owned());
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    run(Path::new(&photo), &folder)
}

/// Side of the window that features are taken of, as Viola and Jones have it.
const WINDOW: usize = 24;
/// Pixels of the picture per pixel of the window.
const ZOOM: usize = 8;

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
pub(crate) fn run(photo: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut photo = image::open(photo)?.to_luma8();
    // Of the astronaut, the face.
    if photo.dimensions() == (512, 512) {
        photo = image::imageops::crop_imm(&photo, 162, 62, 128, 128).to_image();
    }
    let window = resize(view(&photo), [WINDOW; 2], Interpolation::Linear)?;
    let large = resize(view(&photo), [WINDOW * ZOOM; 2], Interpolation::Linear)?;
    let integral = Integral::new(gray(window.view()).view())?;

    std::fs::create_dir_all(folder)?;
    photo.save(folder.join("haar_photo.png"))?;
    let mut count = 0;
    for kind in HaarKind::ALL {
        let all: Vec<HaarFeature> = haar_features(kind, WINDOW, WINDOW).collect();
        let value = |feature: &HaarFeature| feature.value(&integral);
        let strongest = all.iter().max_by_key(|feature| value(feature).abs());
        let Some(strongest) = strongest else { continue };
        count += all.len();
        println!("{kind:?}: {} features, the strongest {}", all.len(), value(strongest));
        let enlarged = strongest.rectangles().map(|rectangle| Rectangle {
            y: rectangle.y * ZOOM,
            x: rectangle.x * ZOOM,
            height: rectangle.height * ZOOM,
            width: rectangle.width * ZOOM,
        });
        let overlay = Overlay::haar(large.view(), enlarged, OverlayStyle::HAAR)?;
        overlay.image().save(folder.join(format!("haar_{kind:?}.png")))?;
        std::fs::write(folder.join(format!("haar_{kind:?}.svg")), overlay.svg())?;
    }
    println!("{count} features in all; pictures: {}/haar_*", folder.display());
    Ok(())
}
