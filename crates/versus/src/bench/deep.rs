//! Works of the crate `deep`: a training step and a batch of predictions of two networks.
//!
//! ```text
//! lenet   1x28x28   [conv 5x5x16, relu, pool 2], [conv 5x5x32, relu, pool 2],
//!                   affine 128, relu, affine 10
//! vgg     3x32x32   for 32, 64, 128 maps: [conv 3x3, batch norm, relu] twice, pool 2;
//!                   affine 128, relu, affine 10
//! ```
//!
//! Convolutions keep the size of the maps; those of `vgg` have no bias. A step is the forward pass,
//! softmax and cross-entropy, the backward pass and stochastic gradient descent with momentum.

use super::{Rival, Work};
use anyhow::Result;
use base::Seed;
use deep::{
    AffineParams, ConvolutionParams, LayerKind, LayerSpec, Network, NetworkSpec, Objective,
    Optimiser, OptimiserParams, PoolParams, Shape, Target, Workspace,
};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

const CLASSES: usize = 10;
const TRAINED: [usize; 3] = [32, 128, 256];
const INFERRED: [usize; 4] = [1, 32, 128, 256];
/// Images that a thread infers at once; their number does not change a bit of the outputs.
const PIECE: usize = 16;

/// All of them.
pub(super) fn works() -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for name in ["lenet", "vgg"] {
        for batch in TRAINED {
            works.push(train(name, batch)?);
        }
        for batch in INFERRED {
            works.push(infer(name, batch)?);
        }
    }
    Ok(works)
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
            layers.push(LayerKind::BatchNorm {});
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

fn network(name: &str) -> Result<Network<f32>> {
    let (spec, input) = if name == "lenet" { lenet() } else { vgg() };
    Ok(Network::new(&spec, input, CLASSES, Seed(1))?)
}

/// Normally distributed numbers for `n` inputs.
fn inputs(network: &Network<f32>, n: usize) -> Vec<f32> {
    let count = n * network.input_shape().len();
    StandardNormal.sample_iter(Seed(2).rng()).take(count).collect()
}

fn rivals(
    work: &str,
    variants: &[&'static str],
    net: &str,
    batch: usize,
) -> Vec<(&'static str, Rival)> {
    let request = |variant: &str| {
        let variant = variant.strip_prefix("torch ").unwrap_or(variant);
        Rival::Python(format!("{work} {variant} {net} {batch}"))
    };
    variants.iter().map(|&variant| (variant, request(variant))).collect()
}

fn train(name: &str, batch: usize) -> Result<Work> {
    let mut network = network(name)?;
    let mut workspace = Workspace::new(network.chain(), batch);
    workspace.inputs().copy_from_slice(&inputs(&network, batch));
    let truth: Vec<usize> = (0..batch).map(|row| row % CLASSES).collect();
    let mut optimiser = Optimiser::new(&OptimiserParams::Momentum { momentum: 0.9 }, 0.0)?;
    let ours = move || {
        let target = Target::Classes(&truth);
        let loss = network.learn(&mut workspace, target, Objective::default());
        assert!(loss.sum.is_finite(), "the loss is {}", loss.sum);
        optimiser.step(network.parameters_mut(), 1e-3);
    };
    let variants = ["torch eager", "torch channels-last", "torch compile"];
    let rivals = rivals("train", &variants, name, batch);
    let name = format!("train {name} batch {batch}");
    Ok(Work { name, ours: Box::new(ours), parallel: true, rivals, rows: None })
}

fn infer(name: &str, batch: usize) -> Result<Work> {
    let network = network(name)?;
    let inputs = inputs(&network, batch);
    let ours = move || {
        let pieces = inputs.par_chunks(PIECE * network.input_shape().len());
        let outputs: Vec<Vec<f32>> =
            pieces.map(|inputs| network.infer(inputs, network.depth())).collect();
        assert_eq!(outputs.iter().map(Vec::len).sum::<usize>(), batch * CLASSES);
    };
    let variants = ["torch frozen", "torch channels-last", "torch compile"];
    let rivals = rivals("infer", &variants, name, batch);
    let name = format!("infer {name} batch {batch}");
    Ok(Work { name, ours: Box::new(ours), parallel: batch > PIECE, rivals, rows: None })
}
