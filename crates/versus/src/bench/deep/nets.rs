//! The networks that are timed, and what they cost.
//!
//! ```text
//! lenet   1x28x28   [conv 5x5x16, relu, pool 2], [conv 5x5x32, relu, pool 2],
//!                   affine 128, relu, affine 10
//! vgg     3x32x32   for 32, 64, 128 maps: [conv 3x3, batch norm, relu] twice, pool 2;
//!                   affine 128, relu, affine 10
//! ```
//!
//! Convolutions keep the size of the maps; those of `vgg` have no bias.

use super::contestant::{Kind, Work};
use anyhow::{Result, bail};
use base::Seed;
use deep::{
    AffineParams, BatchNormParams, Convolution, ConvolutionParams, LayerKind, LayerSpec, Network,
    NetworkSpec, PoolParams, Shape,
};

pub(super) const NAMES: [&str; 2] = ["lenet", "vgg"];
pub(super) const CLASSES: usize = 10;

/// The untrained network of this name.
pub(super) fn network(name: &str) -> Result<Network<f32>> {
    let (spec, input) = match name {
        "lenet" => lenet(),
        "vgg" => vgg(),
        _ => bail!("no network is called {name}"),
    };
    Ok(Network::new(&spec, input, CLASSES, Seed(1))?)
}

/// The same network with all convolutions as products of matrices.
pub(super) fn portable(mut network: Network<f32>) -> Result<Network<f32>> {
    let weights = network.snapshot();
    for index in 0..network.depth() {
        if let LayerKind::Convolution(params) = network.spec().layers[index].kind.clone() {
            let layer = Convolution::new(network.output_shape(index), &params, Seed(0))?;
            network.chain_mut().layers_mut()[index] = Box::new(layer.portable());
        }
    }
    network.restore(&weights);
    Ok(network)
}

/// Floating point operations of one repetition: two for every product in the layers with weights,
/// and for training three times as many (outputs, and the gradients of weights and of inputs)
/// without the gradient of the first layer's inputs, which nobody needs.
pub(super) fn operations(work: &Work) -> Result<f64> {
    let summary = network(work.net)?.summary();
    let (all, first) = (summary.multiply_adds(), summary.layers[0].multiply_adds);
    let products = match work.kind {
        Kind::Train => 3 * all - first,
        Kind::Infer => all,
    };
    Ok(2.0 * products as f64 * work.batch as f64)
}

fn lenet() -> (NetworkSpec, Shape) {
    let mut layers = Vec::new();
    for maps in [16, 32] {
        let kernels = ConvolutionParams { padding: 2, ..ConvolutionParams::new(maps, 5) };
        layers.push(LayerKind::Convolution(kernels));
        layers.push(LayerKind::Relu {});
        layers.push(LayerKind::MaxPool(PoolParams::new(2)));
    }
    (with_classifier(layers), Shape { channels: 1, height: 28, width: 28 })
}

fn vgg() -> (NetworkSpec, Shape) {
    let mut layers = Vec::new();
    for maps in [32, 64, 128] {
        for _ in 0..2 {
            let kernels = ConvolutionParams::new(maps, 3).same_without_bias();
            layers.push(LayerKind::Convolution(kernels));
            layers.push(LayerKind::BatchNorm(BatchNormParams::default()));
            layers.push(LayerKind::Relu {});
        }
        layers.push(LayerKind::MaxPool(PoolParams::new(2)));
    }
    (with_classifier(layers), Shape { channels: 3, height: 32, width: 32 })
}

fn with_classifier(mut layers: Vec<LayerKind>) -> NetworkSpec {
    let affine = |outputs| LayerKind::Affine(AffineParams { outputs: Some(outputs) });
    layers.extend([affine(128), LayerKind::Relu {}, affine(CLASSES)]);
    NetworkSpec { layers: layers.into_iter().map(LayerSpec::from).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `lenet`, in thousands of products: 28 * 28 * 16 * 25 = 313.6, 14 * 14 * 32 * 16 * 25 =
    /// 2508.8, 1568 * 128 = 200.704, 128 * 10 = 1.28.
    #[test]
    fn operations_by_hand() {
        let of = |kind| operations(&Work { kind, net: "lenet", batch: 2 }).unwrap();
        assert_eq!(of(Kind::Infer), 4.0 * 3_024_384.0);
        assert_eq!(of(Kind::Train), 4.0 * (3.0 * 3_024_384.0 - 313_600.0));
    }

    #[test]
    fn the_portable_network_has_the_same_weights_and_nearly_the_same_outputs() {
        let (net, other) = (network("lenet").unwrap(), network("lenet").unwrap());
        let other = portable(other).unwrap();
        assert_eq!(net.snapshot(), other.snapshot());
        let input: Vec<f32> = (0..28 * 28).map(|i| (i % 7) as f32 - 3.0).collect();
        let outputs = [&net, &other].map(|net| net.infer(&input, net.depth()));
        for (a, b) in outputs[0].iter().zip(&outputs[1]) {
            assert!((a - b).abs() < 1e-4 * (1.0 + a.abs()), "{a} and {b}");
        }
    }
}
