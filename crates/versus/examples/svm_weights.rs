//! What a linear support vector machine looks for in the HOG of each digit, as pictures:
//! `cargo run --release -p versus --example svm_weights [FOLDER]`

use base::Seed;
use classic::{LinearSvm, LinearSvmParams};
use data::ReadOptions;
use features::{Hog, HogParams, hog_cell_weights, hog_weights};
use ndarray::ArrayView;
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let digits = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/digits"));
    run(digits, &folder)
}

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
fn run(images: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let set = data::open(images, &ReadOptions::default())?;
    let hog = Hog::new(&HogParams { cell_size: [4, 4], ..HogParams::default() })?;
    let shape = hog.shape(set.images().size())?;
    let x = features::extract_all(&hog, set.images())?;
    let params = LinearSvmParams { c: 0.1, ..LinearSvmParams::default() };
    let model = LinearSvm::new(&params)?.train(&x, set.labels(), Seed(1))?;
    std::fs::create_dir_all(folder)?;
    // Of more than two classes, each has a plane of its own.
    for (&class, plane) in model.classes().iter().zip(model.weights().rows()) {
        let weights: Vec<f32> = plane.iter().map(|&weight| weight as f32).collect();
        // The weights stand as the numbers of the descriptor do: block by block.
        let weights = hog_cell_weights(ArrayView::from_shape(shape, &weights)?);
        let file = folder.join(format!("svm_weights_{class}.png"));
        hog_weights(weights.view(), [24, 24]).save(&file)?;
        println!("{}: {}", set.labels().classes()[class], file.display());
    }
    Ok(())
}
