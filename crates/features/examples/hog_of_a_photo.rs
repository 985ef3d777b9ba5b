//! HOG of a picture file: `cargo run -p features --example hog_of_a_photo [FILE]`

use features::{Hog, HogParams, Size};

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cat = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/chelsea_rgb.png");
    let file = std::env::args().nth(1).unwrap_or_else(|| cat.to_owned());

    let photo = image::open(&file)?.to_rgb8();
    let hog = Hog::new(&HogParams { cell_size: [8, 8], ..HogParams::default() })?;
    let descriptor = features::describe(&hog, features::view(&photo))?;

    let (height, width) = (photo.height() as usize, photo.width() as usize);
    let shape = hog.shape(Size { height, width, channels: 3 })?;
    println!("{file}: {height}x{width} pixels, {} numbers", descriptor.len());
    println!("block rows, block columns, cell rows, cell columns, orientations: {shape:?}");
    println!("the first cell: {:.3?}", &descriptor[..shape[4]]);
    Ok(())
}
