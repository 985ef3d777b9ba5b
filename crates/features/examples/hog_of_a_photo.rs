//! HOG of a picture file, as numbers and as pictures:
//! `cargo run -p features --example hog_of_a_photo [FILE [FOLDER]]`

use features::{
    Fhog, FhogParams, Hog, HogParams, Size, describe, hog_cell_weights, hog_glyphs, hog_glyphs_svg,
    hog_stars_svg, hog_weights, hog_weights_svg, view,
};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let cat = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/chelsea_rgb.png");
    let mut args = std::env::args().skip(1);
    let photo = args.next().unwrap_or_else(|| cat.to_owned());
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    run(Path::new(&photo), &folder)
}

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
pub(crate) fn run(photo: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let photo = image::open(photo)?.to_rgb8();
    let (height, width) = (photo.height() as usize, photo.width() as usize);
    let size = Size { height, width, channels: 3 };

    let hog = Hog::new(&HogParams { cell_size: [16, 16], ..HogParams::default() })?;
    let descriptor = describe(&hog, view(&photo))?;
    let shape = hog.shape(size)?;
    println!("{height}x{width} pixels, {} numbers of HOG", descriptor.len());
    println!("block rows, block columns, cell rows, cell columns, orientations: {shape:?}");
    println!("the first cell: {:.3?}", &descriptor[..shape[4]]);

    let fhog = Fhog::new(&FhogParams::default())?;
    let length = describe(&fhog, view(&photo))?.len();
    println!("{length} numbers of Felzenszwalb's HOG: {:?}", fhog.shape(size)?);

    // A model that tells the left half from the right one: a stand-in for the weights of an SVM.
    let half = shape[1] / 2 * shape[2] * shape[3] * shape[4];
    let row = shape[1] * shape[2] * shape[3] * shape[4];
    let signed =
        |(place, number): (usize, &f32)| if place % row < half { *number } else { -number };
    let weights = descriptor.iter().enumerate().map(signed).collect();
    let weights = hog_cell_weights(ndarray::Array::from_shape_vec(shape, weights)?.view());

    let cells = hog.cells(view(&photo))?;
    std::fs::create_dir_all(folder)?;
    photo.save(folder.join("hog_photo.png"))?;
    hog_glyphs(cells.view(), [32, 32]).save(folder.join("hog_lines.png"))?;
    hog_weights(weights.view(), [32, 32]).save(folder.join("hog_weights.png"))?;
    std::fs::write(folder.join("hog_lines.svg"), hog_glyphs_svg(cells.view(), [32, 32]))?;
    std::fs::write(folder.join("hog_stars.svg"), hog_stars_svg(cells.view(), [32, 32]))?;
    std::fs::write(folder.join("hog_weights.svg"), hog_weights_svg(weights.view(), [32, 32]))?;
    println!("pictures: {}/hog_*", folder.display());
    Ok(())
}
