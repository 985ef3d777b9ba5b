//! HOG of many images at once, saved for numpy: the tiles of a picture file, one row each.
//! `cargo run -p features --example batch_to_npy [FILE [FOLDER]]`

use features::{Hog, HogParams, Images, extract_all, view};
use ndarray::{Axis, stack};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let coins = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/coins_crop.png");
    let mut args = std::env::args().skip(1);
    let photo = args.next().unwrap_or_else(|| coins.to_owned());
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    run(Path::new(&photo), &folder)
}

/// Side of a tile in pixels.
const TILE: usize = 32;

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
pub(crate) fn run(photo: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let photo = image::open(photo)?.to_rgb8();
    let photo = view(&photo);
    let chunks = photo.exact_chunks((TILE, TILE, 3));
    let tiles: Vec<_> = chunks.into_iter().collect();
    let images = Images::new(stack(Axis(0), &tiles)?)?;

    // One row per image, on all threads.
    let rows = extract_all(&Hog::new(&HogParams::default())?, &images)?;
    std::fs::create_dir_all(folder)?;
    let path = folder.join("hog_of_tiles.npy");
    ndarray_npy::write_npy(&path, &rows)?;
    println!("{}: shape {:?}; numpy.load reads it", path.display(), rows.dim());
    Ok(())
}
