//! Every layer, the optimiser and a whole network against PyTorch, in double precision.
//!
//! `golden/layers.json` is written by `golden/layers.py`. Both sides round differently, by some
//! 1e-16 of each term; the tolerance of 1e-11 leaves room for sums and for the network's five
//! steps, and is far below any error of a formula.

mod kinds;
mod optimisers;

use crate::cnn::CnnParams;
use crate::layer::{ConvolutionParams, Layer, Parameter, PoolParams, Role, Shape, Workspace};
use crate::network::Network;
use crate::{
    Affine, BatchNorm, Convolution, Elementwise, MaxPool, Objective, Optimiser, OptimiserParams,
    Relu, Target, softmax,
};
use base::{Seed, Size};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-11;

#[derive(Deserialize)]
struct Golden {
    convolution_3x3: LayerCase,
    convolution_5x5: LayerCase,
    batch_norm: LayerCase,
    relu: LayerCase,
    max_pool: LayerCase,
    affine: LayerCase,
    cross_entropy: CrossEntropyCase,
    adamw: AdamWCase,
    network: NetworkCase,
}

/// A forward and a backward pass.
#[derive(Deserialize)]
struct LayerCase {
    /// `(n, channels, height, width)` or `(n, length)`.
    shape: Vec<usize>,
    input: Vec<f64>,
    output: Vec<f64>,
    output_gradient: Vec<f64>,
    input_gradient: Vec<f64>,
    parameters: Vec<Vec<f64>>,
    parameter_gradients: Vec<Vec<f64>>,
    /// Running statistics after the pass, and outputs with them.
    #[serde(default)]
    statistics: Vec<Vec<f64>>,
    inferred: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct CrossEntropyCase {
    input: Vec<f64>,
    truth: Vec<usize>,
    loss: f64,
    input_gradient: Vec<f64>,
    probabilities: Vec<f64>,
}

#[derive(Deserialize)]
struct AdamWCase {
    weight_decay: f64,
    start: [Vec<f64>; 2],
    steps: Vec<AdamWStep>,
}

#[derive(Deserialize)]
struct AdamWStep {
    learning_rate: f64,
    gradients: [Vec<f64>; 2],
    values: [Vec<f64>; 2],
}

#[derive(Deserialize)]
struct NetworkCase {
    height: usize,
    width: usize,
    channels: Vec<usize>,
    embedding: usize,
    classes: usize,
    learning_rate: f64,
    weight_decay: f64,
    input: Vec<f64>,
    truth: Vec<usize>,
    parameters: Vec<Vec<f64>>,
    losses: Vec<f64>,
    inferred: Vec<f64>,
    embedding_inferred: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/layers.json")).expect("the golden file is whole")
}

fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "length of {what}");
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (got - expected).abs() / (1.0 + expected.abs());
        assert!(error < TOLERANCE, "{what}[{index}]: {got}, but {expected} by PyTorch");
    }
}

fn shape(case: &LayerCase) -> Shape {
    match case.shape[..] {
        [_, channels, height, width] => Shape { channels, height, width },
        [_, length] => Shape::vector(length),
        _ => panic!("maps or vectors, not {:?}", case.shape),
    }
}

fn check(layer: &mut dyn Layer<f64>, case: &LayerCase) {
    for (parameter, value) in layer.parameters_mut().into_iter().zip(&case.parameters) {
        parameter.value.clone_from(value);
    }
    let mut output = vec![f64::NAN; case.output.len()];
    layer.forward(&case.input, &mut output);
    assert_close(&output, &case.output, "output");

    let mut gradient = vec![f64::NAN; case.input.len()];
    layer.backward(&case.input, &case.output_gradient, Some(&mut gradient));
    assert_close(&gradient, &case.input_gradient, "input gradient");
    let parameters = layer.parameters();
    let (learned, statistics): (Vec<&Parameter<f64>>, Vec<_>) =
        parameters.into_iter().partition(|parameter| parameter.is_learned());
    assert_eq!(learned.len(), case.parameter_gradients.len());
    for (parameter, expected) in learned.into_iter().zip(&case.parameter_gradients) {
        assert_close(&parameter.gradient, expected, &parameter.name);
    }
    assert_eq!(statistics.len(), case.statistics.len());
    for (statistic, expected) in statistics.into_iter().zip(&case.statistics) {
        assert_close(&statistic.value, expected, &statistic.name);
    }
    // Layers without statistics infer what they compute in training.
    layer.infer(&case.input, &mut output);
    assert_close(&output, case.inferred.as_ref().unwrap_or(&case.output), "inferred output");
}

#[test]
fn convolution_is_conv2d() {
    let golden = golden();
    for (case, size) in [(&golden.convolution_3x3, 3), (&golden.convolution_5x5, 5)] {
        let params = ConvolutionParams::new(3, size).same_without_bias();
        check(&mut Convolution::new(shape(case), &params, Seed(1)).unwrap(), case);
    }
}

#[test]
fn batch_norm_is_batch_norm2d() {
    let case = golden().batch_norm;
    check(&mut BatchNorm::new(shape(&case)), &case);
}

#[test]
fn relu_is_relu() {
    let case = golden().relu;
    check(&mut Elementwise::new(shape(&case), Relu), &case);
}

#[test]
fn max_pool_is_max_pool2d() {
    let case = golden().max_pool;
    check(&mut MaxPool::new(shape(&case), &PoolParams::new(2)).unwrap(), &case);
}

#[test]
fn affine_is_linear() {
    let case = golden().affine;
    check(&mut Affine::new(6, 4, Seed(1)), &case);
}

#[test]
fn softmax_cross_entropy_is_cross_entropy() {
    let case = golden().cross_entropy;
    let mut gradient = vec![f64::NAN; case.input.len()];
    let truth = Target::Classes(&case.truth);
    let loss = Objective::default().loss(&case.input, 3, truth, &mut gradient);
    assert_close(&[loss.sum], &[case.loss], "loss");
    assert_close(&gradient, &case.input_gradient, "gradient");
    let mut probabilities = case.input;
    softmax(&mut probabilities, 3);
    assert_close(&probabilities, &case.probabilities, "probabilities");
}

#[test]
fn ten_steps_of_adamw_are_those_of_torch_optim_adamw() {
    let case = golden().adamw;
    let [weight, bias] = case.start;
    let mut weight = Parameter::new("weight", Role::Weight, &[4], weight);
    let mut bias = Parameter::new("bias", Role::Bias, &[3], bias);
    let mut optimiser = Optimiser::new(&OptimiserParams::default(), case.weight_decay).unwrap();
    assert_eq!(case.steps.len(), 10);
    for step in case.steps {
        [weight.gradient, bias.gradient] = step.gradients;
        optimiser.step(vec![&mut weight, &mut bias], step.learning_rate);
        assert_close(&weight.value, &step.values[0], "weight");
        assert_close(&bias.value, &step.values[1], "bias");
    }
}

#[test]
fn five_steps_of_a_network_are_those_of_torch() {
    let case = golden().network;
    let params =
        CnnParams { channels: case.channels, embedding: case.embedding, ..CnnParams::default() };
    let size = Size { height: case.height, width: case.width, channels: 1 };
    let mut network: Network<f64> = params.network(size, case.classes, Seed(1)).unwrap();
    let parameters = network.parameters_mut().into_iter().filter(|p| p.is_learned());
    let parameters: Vec<&mut Parameter<f64>> = parameters.collect();
    assert_eq!(parameters.len(), case.parameters.len());
    for (parameter, value) in parameters.into_iter().zip(&case.parameters) {
        parameter.value.clone_from(value);
    }
    let mut workspace = Workspace::new(network.chain(), case.truth.len());
    workspace.inputs().copy_from_slice(&case.input);
    let mut optimiser = Optimiser::new(&OptimiserParams::default(), case.weight_decay).unwrap();
    for &expected in &case.losses {
        let loss =
            network.learn(&mut workspace, Target::Classes(&case.truth), Objective::default());
        assert_close(&[loss.sum], &[expected], "loss");
        optimiser.step(network.parameters_mut(), case.learning_rate);
    }
    let depth = network.depth();
    assert_close(&network.infer(&case.input, depth), &case.inferred, "outputs");
    let embedding = network.infer(&case.input, depth - 1);
    assert_close(&embedding, &case.embedding_inferred, "embedding");
}
