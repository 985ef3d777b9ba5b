//! Gradients by the chain rule beside central differences, for every kind of layer:
//! `cargo run -p deep --example gradcheck`.

#![allow(clippy::print_stdout)]

use base::Seed;
use deep::gradcheck::{check_layer, check_network};
use deep::{Network, NetworkSpec, Objective, Shape};

const INPUT: Shape = Shape { channels: 4, height: 6, width: 5 };

/// A line per kind of layer, as in a network's file.
const LAYERS: &str = r#"layers = [
    { kind = "convolution", maps = 6, size = 3, stride = 2, padding = 2, dilation = 2, groups = 2 },
    { kind = "max-pool", size = 3, stride = 2 },
    { kind = "average-pool", size = 2 },
    { kind = "global-average-pool" },
    { kind = "batch-norm" },
    { kind = "subtractive", size = 5 },
    { kind = "divisive", size = 5 },
    { kind = "local-response", size = 3, alpha = 0.5 },
    { kind = "dropout", share = 0.4 },
    { kind = "flatten" },
    { kind = "affine" },
    { kind = "residual", branch = [{ kind = "convolution", maps = 4, size = 3, padding = 1 }] },
    { kind = "identity" },
    { kind = "scale", factor = 0.3 },
    { kind = "sigmoid" },
    { kind = "tanh" },
    { kind = "softplus" },
    { kind = "relu" },
    { kind = "leaky-relu" },
    { kind = "elu" },
    { kind = "gelu" },
    { kind = "silu" },
    { kind = "frelu" },
    { kind = "softmax" },
]"#;

/// Every layer alone, on two inputs: name, what the gradient belongs to, count, error, and the
/// first of the gradients beside its difference.
fn layers() -> Vec<(String, String, usize, f64, [f64; 2])> {
    let mut lines = Vec::new();
    for layer in NetworkSpec::from_toml(LAYERS).expect("valid").layers {
        let name = layer.kind.name().to_owned();
        let alone = NetworkSpec { layers: vec![layer] };
        let mut network = Network::<f64>::new(&alone, INPUT, 3, Seed(1)).expect("layers that fit");
        let layer = network.chain_mut().layers_mut()[0].as_mut();
        for check in check_layer(layer, INPUT.len(), 2) {
            let first = [check.gradient[0], check.differences[0]];
            let (error, count) = (check.error(), check.gradient.len());
            lines.push((name.clone(), check.of, count, error, first));
        }
    }
    lines
}

fn main() {
    println!("layer                gradient of            numbers  chain rule  difference   error");
    for (name, of, count, error, [gradient, difference]) in layers() {
        println!("{name:<20} {of:<22} {count:>7} {gradient:>11.6} {difference:>11.6}  {error:.0e}");
    }
    println!("step                 none: it is flat on both sides of 0");
    let text = r#"layers = [
        { kind = "convolution", maps = 4, size = 3, padding = 1, bias = false },
        { kind = "batch-norm" },
        { kind = "relu" },
        { kind = "max-pool", size = 2 },
        { kind = "affine" },
    ]"#;
    let spec = NetworkSpec::from_toml(text).expect("valid");
    let mut network = Network::new(&spec, INPUT, 3, Seed(1)).expect("layers that fit");
    println!("\na network of five layers with cross-entropy, four inputs");
    for check in check_network(&mut network, Objective::default(), 4) {
        println!("{:<43} {:>7} {:>31.0e}", check.of, check.gradient.len(), check.error());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn chain_rule_and_differences_agree_for_every_kind_of_layer() {
        let lines = super::layers();
        let kinds: std::collections::BTreeSet<&str> =
            lines.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(kinds.len(), 24);
        for (name, of, _, error, _) in &lines {
            assert!(*error < 1e-7, "{name}, {of}: {error}");
        }
    }
}
