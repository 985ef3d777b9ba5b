//! Looking inside a network: `cargo run -p deep --release --example inside -- FOLDER`.
//!
//! A LeNet learns in which corner of an image a square lies. The folder then holds, as grey (`.pgm`)
//! and colour pictures (`.ppm`), which most viewers open: its first kernels, what the layers make
//! of an image, and three answers to the question which pixels the decision rests on.

use base::{Images, Labels, Predict, Seed};
use deep::{Cnn, CnnParams, inspect};
use ndarray::{Array3, Array4, s};
use rand::RngExt;
use std::fs;
use std::path::Path;

/// A bright square in one of four corners, with noise.
fn corners(n: usize) -> (Images, Labels) {
    let mut rng = Seed(1).rng();
    let pixels = Array4::from_shape_fn((n, 20, 20, 1), |(row, y, x, _)| {
        let (top, left) = (2 + row % 4 / 2 * 10, 2 + row % 2 * 10);
        let bright = (top..top + 6).contains(&y) && (left..left + 6).contains(&x);
        rng.random_range(0..80_u8) + if bright { 150 } else { 0 }
    });
    let names = ["upper left", "upper right", "lower left", "lower right"].map(str::to_owned);
    let labels = Labels::new((0..n).map(|row| row % 4).collect(), &names);
    (Images::new(pixels).expect("images"), labels.expect("a name per class"))
}

/// Pictures and their names.
fn pictures() -> Vec<(String, Array3<u8>)> {
    let (images, labels) = corners(200);
    let params = CnnParams {
        network: Some("lenet".into()),
        epochs: 5,
        min_steps: 1,
        learning_rate: 1e-3,
        ..CnnParams::default()
    };
    let cnn = Cnn::new(&params).expect("valid settings");
    let model = cnn.train(&images, &labels, Seed(1)).expect("rows that can be learned");
    let (network, row) = (model.network(), 3);
    let (image, input) = (images.image(row), model.input(images.image(row)));
    let class = model.scores(&images).predicted()[row];

    let mut pictures = vec![("image".to_owned(), image.to_owned())];
    let filters = inspect::filters(network, 0).expect("a convolution");
    pictures.push(("filters".to_owned(), inspect::sheet(filters.slice(s![.., 0, .., ..]))));
    for depth in [2, 5] {
        let maps = inspect::feature_maps(network, &input, depth);
        pictures.push((format!("maps-{depth}"), inspect::sheet(maps.view())));
    }
    let saliency = inspect::saliency(network, &input, class);
    pictures.push(("saliency".to_owned(), inspect::grey(saliency.view())));
    let cam = inspect::grad_cam(network, &input, class, 5);
    pictures.push(("grad-cam".to_owned(), inspect::heat(image, cam.view())));
    let occlusion = inspect::occlusion(network, &input, class, 5, 1);
    pictures.push(("occlusion".to_owned(), inspect::heat(image, occlusion.view())));
    pictures
}

/// The simplest of formats: a line of text, then the bytes.
fn write(folder: &Path, name: &str, picture: &Array3<u8>) -> std::io::Result<()> {
    let (height, width, channels) = picture.dim();
    let (magic, ending) = if channels == 1 { ("P5", "pgm") } else { ("P6", "ppm") };
    let head = format!("{magic} {width} {height} 255\n").into_bytes();
    let bytes = head.into_iter().chain(picture.iter().copied()).collect::<Vec<_>>();
    fs::write(folder.join(format!("{name}.{ending}")), bytes)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder for the pictures")?;
    fs::create_dir_all(&folder)?;
    for (name, picture) in pictures() {
        write(Path::new(&folder), &name, &picture)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The square of row 3 lies at the lower right; covering it must matter most.
    #[test]
    fn the_decision_rests_on_the_square() {
        let pictures = pictures();
        assert_eq!(pictures.len(), 7);
        let (_, heat) = pictures.iter().find(|(name, _)| name == "occlusion").unwrap();
        let redness = |y: std::ops::Range<usize>, x: std::ops::Range<usize>| {
            let part = heat.slice(s![y, x, ..]);
            let red: f64 = part.slice(s![.., .., 0]).iter().map(|&v| f64::from(v)).sum();
            let green: f64 = part.slice(s![.., .., 1]).iter().map(|&v| f64::from(v)).sum();
            red - green
        };
        let corners = [redness(0..10, 0..10), redness(0..10, 10..20), redness(10..20, 0..10)];
        let square = redness(10..20, 10..20);
        assert!(corners.iter().all(|&other| square > other), "{square} {corners:?}");
    }
}
