//! Vanishing gradients: `cargo run -p deep --release --example vanishing`.
//!
//! Two networks of eight affine layers learn the same four classes, one with sigmoids between the
//! layers, one with ReLU. A sigmoid's slope is 1/4 at most, so each layer passes on a fraction of
//! the gradient that reached it. The first lines are the learning curves in JSON, one epoch a line;
//! then comes a picture of the gradients of the first epoch.

#![allow(clippy::print_stdout)]

use base::{Images, Labels, Seed};
use deep::{AffineParams, Cnn, CnnParams, EpochReport, LayerKind, NetworkChoice, NetworkSpec};
use ndarray::Array4;
use rand::RngExt;

/// A bright square in one of four corners, with noise.
fn corners(n: usize) -> (Images, Labels) {
    let mut rng = Seed(1).rng();
    let pixels = Array4::from_shape_fn((n, 8, 8, 1), |(row, y, x, _)| {
        let bright = (y / 4, x / 4) == (row % 4 / 2, row % 2);
        rng.random_range(0..120_u8) + if bright { 90 } else { 0 }
    });
    let names = ["upper left", "upper right", "lower left", "lower right"].map(str::to_owned);
    let labels = Labels::new((0..n).map(|row| row % 4).collect(), &names);
    (Images::new(pixels).expect("images"), labels.expect("a name per class"))
}

/// The learning curve of eight affine layers with `activation` between them.
fn curve(activation: &LayerKind) -> Vec<EpochReport> {
    let affine = |outputs| LayerKind::Affine(AffineParams { outputs });
    let mut layers = Vec::new();
    for _ in 0..7 {
        layers.extend([affine(Some(24)), activation.clone()]);
    }
    layers.push(affine(None));
    let spec = NetworkSpec { layers: layers.into_iter().map(Into::into).collect() };
    let params = CnnParams {
        network: Some(NetworkChoice::Described(spec)),
        epochs: 5,
        min_steps: 1,
        learning_rate: 1e-3,
        ..CnnParams::default()
    };
    let (images, labels) = corners(400);
    let cnn = Cnn::new(&params).expect("valid settings");
    let mut training = cnn.start(&images, &labels, Seed(1)).expect("rows that can be learned");
    while training.next_epoch().expect("finite numbers").is_some() {}
    training.reports().to_vec()
}

/// Gradient norms of the affine layers in the first epoch, from the first layer on.
fn norms(curve: &[EpochReport]) -> Vec<f32> {
    curve[0].epoch.layers.iter().filter_map(|line| line.gradient_norm).collect()
}

fn main() {
    for (name, activation) in [("sigmoid", LayerKind::Sigmoid {}), ("relu", LayerKind::Relu {})] {
        let curve = curve(&activation);
        for report in &curve {
            println!("{}", serde_json::to_string(report).expect("plain data"));
        }
        println!(
            "\n{name}: length of the gradient, layer by layer; a # is a factor of 2 above 1e-6"
        );
        for (layer, norm) in norms(&curve).into_iter().enumerate() {
            let factors = (norm / 1e-6).log2().max(0.0) as usize;
            println!("{:>2} {norm:8.1e} {}", layer + 1, "#".repeat(factors));
        }
        let last = &curve.last().expect("five epochs").epoch;
        println!("accuracy after {} epochs: {:.3}\n", last.epoch, last.accuracy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_vanish_behind_sigmoids_and_not_behind_relu() {
        let ratio = |activation| {
            let norms = norms(&curve(&activation));
            assert_eq!(norms.len(), 8);
            norms[0] / norms[7]
        };
        let (sigmoid, relu) = (ratio(LayerKind::Sigmoid {}), ratio(LayerKind::Relu {}));
        assert!(sigmoid < 1e-3 && relu > 0.1, "{sigmoid} {relu}");
    }
}
