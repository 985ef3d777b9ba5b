//! Networks that put out values or probabilities of yes, trained by hand: they come to what other
//! programs work out.

use base::Seed;
use deep::{Network, NetworkSpec, Objective, Optimiser, OptimiserParams, Shape, Target, Workspace};
use serde::Deserialize;

/// `golden/outputs.json` is written by `golden/outputs.py`.
#[derive(Deserialize)]
struct Golden {
    source: String,
    x: Vec<f64>,
    values: Vec<f64>,
    line_weight: Vec<f64>,
    line_bias: Vec<f64>,
    yes: Vec<f64>,
    logistic_weight: Vec<f64>,
    logistic_bias: Vec<f64>,
    probabilities: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/outputs.json")).unwrap()
}

fn assert_close(got: &[f64], expected: &[f64], source: &str) {
    assert_eq!(got.len(), expected.len());
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() < 1e-8, "{index}: {got}, {expected} by {source}");
    }
}

/// An affine layer from 3 numbers to `outputs`, trained on all rows at once until nothing moves.
fn trained(x: &[f64], targets: &[f64], outputs: usize, objective: Objective) -> Network<f64> {
    let spec = NetworkSpec::from_toml(r#"layers = [{ kind = "affine" }]"#).unwrap();
    let mut network = Network::new(&spec, Shape::vector(3), outputs, Seed(1)).unwrap();
    let mut workspace = Workspace::new(network.chain(), x.len() / 3);
    let rule = OptimiserParams::Nesterov { momentum: 0.9 };
    let mut optimiser = Optimiser::new(&rule, 0.0).unwrap();
    for _ in 0..2000 {
        workspace.inputs().copy_from_slice(x);
        network.learn(&mut workspace, Target::Values(targets), objective);
        network.descend(&mut optimiser, 0.3);
    }
    network
}

#[test]
fn squared_error_comes_to_the_line_of_least_squares() {
    let golden = golden();
    let network = trained(&golden.x, &golden.values, 2, Objective::SquaredError {});
    let [weight, bias] = [0, 1].map(|index| &network.parameters()[index].value);
    assert_close(weight, &golden.line_weight, &golden.source);
    assert_close(bias, &golden.line_bias, &golden.source);
}

#[test]
fn binary_cross_entropy_comes_to_the_logistic_regression() {
    let (golden, binary) = (golden(), Objective::BinaryCrossEntropy {});
    let network = trained(&golden.x, &golden.yes, 1, binary);
    let [weight, bias] = [0, 1].map(|index| &network.parameters()[index].value);
    assert_close(weight, &golden.logistic_weight, &golden.source);
    assert_close(bias, &golden.logistic_bias, &golden.source);
    let mut probabilities = network.infer(&golden.x, 1);
    binary.meaning(&mut probabilities, 1);
    assert_close(&probabilities, &golden.probabilities, &golden.source);
}
