//! Every kind of layer and every loss, as a file describes it, against PyTorch.
//!
//! `kinds.json` is written by `kinds.py`.

use super::assert_close;
use crate::layer::{Layer, Shape};
use crate::loss::{Objective, Target};
use crate::network::{Network, NetworkSpec};
use base::Seed;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    layers: BTreeMap<String, KindCase>,
    losses: BTreeMap<String, LossCase>,
}

/// A forward and a backward pass.
#[derive(Deserialize)]
struct KindCase {
    /// A line of a network's file.
    layer: String,
    shape: Vec<usize>,
    input: Vec<f64>,
    output: Vec<f64>,
    output_gradient: Vec<f64>,
    input_gradient: Vec<f64>,
    parameters: BTreeMap<String, Vec<f64>>,
    parameter_gradients: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct LossCase {
    objective: Objective,
    input: Vec<f64>,
    columns: usize,
    classes: Option<Vec<usize>>,
    values: Option<Vec<f64>>,
    loss: f64,
    input_gradient: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("kinds.json")).expect("the golden file is whole")
}

#[test]
fn every_kind_of_layer_is_that_of_torch() {
    for (name, case) in golden().layers {
        let spec = NetworkSpec::from_toml(&format!("layers = [{{ {} }}]", case.layer)).unwrap();
        let shape = match case.shape[..] {
            [_, channels, height, width] => Shape { channels, height, width },
            [_, length] => Shape::vector(length),
            _ => panic!("maps or vectors, not {:?}", case.shape),
        };
        let mut network = Network::<f64>::new(&spec, shape, 1, Seed(1)).unwrap();
        let layer = network.chain_mut().layers_mut()[0].as_mut();
        let mut known = case.parameters.len();
        for parameter in layer.parameters_mut().into_iter().filter(|p| p.is_learned()) {
            let name = parameter.name.strip_prefix("0.").expect("the only layer");
            parameter.value.clone_from(&case.parameters[name]);
            known -= 1;
        }
        assert_eq!(known, 0, "parameters of {name} that only PyTorch has");
        compare(layer, &case, &name);
    }
}

fn compare(layer: &mut dyn Layer<f64>, case: &KindCase, name: &str) {
    let mut output = vec![f64::NAN; case.output.len()];
    layer.forward(&case.input, &mut output);
    assert_close(&output, &case.output, &format!("output of {name}"));
    let mut gradient = vec![f64::NAN; case.input.len()];
    layer.backward(&case.input, &case.output_gradient, Some(&mut gradient));
    assert_close(&gradient, &case.input_gradient, &format!("input gradient of {name}"));
    for parameter in layer.parameters().into_iter().filter(|p| p.is_learned()) {
        let expected = &case.parameter_gradients[parameter.name.strip_prefix("0.").unwrap()];
        assert_close(&parameter.gradient, expected, &format!("{} of {name}", parameter.name));
    }
    // Batch normalisation infers with other numbers than it trains with.
    if layer.parameters().iter().all(|parameter| parameter.is_learned()) {
        layer.infer(&case.input, &mut output);
        assert_close(&output, &case.output, &format!("inferred output of {name}"));
    }
}

#[test]
fn every_loss_is_that_of_torch() {
    for (name, case) in golden().losses {
        let target = match (&case.classes, &case.values) {
            (Some(classes), None) => Target::Classes(classes),
            (None, Some(values)) => Target::Values(values),
            _ => panic!("classes or values"),
        };
        let mut gradient = vec![f64::NAN; case.input.len()];
        let loss = case.objective.loss(&case.input, case.columns, target, &mut gradient);
        assert_close(&[loss.sum], &[case.loss], &name);
        assert_close(&gradient, &case.input_gradient, &format!("gradient of {name}"));
    }
}
