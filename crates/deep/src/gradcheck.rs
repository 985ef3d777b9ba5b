//! Gradients by backpropagation beside central differences.
//!
//! ```text
//! dL/dw = (L(w + h) - L(w - h)) / 2h + O(h^2)
//! ```
//!
//! The second needs two forward passes for every number, and no chain rule: what agrees with it is
//! right. In double precision and with `h = 1e-5` the differences are off by some 1e-10 for the
//! missing terms and 1e-11 for rounding.

use crate::layer::{Layer, Workspace};
use crate::loss::{Objective, Target};
use crate::network::Network;
use base::Seed;
use rand_distr::{Distribution, StandardNormal};

const H: f64 = 1e-5;

/// Gradients of the same loss, worked out in two ways.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCheck {
    /// What the gradients belong to: `input`, or the name of a parameter.
    pub of: String,
    /// By backpropagation.
    pub gradient: Vec<f64>,
    /// By central differences.
    pub differences: Vec<f64>,
}

impl GradientCheck {
    /// The largest `|gradient - difference| / (1 + |difference|)`; NaN if one is NaN.
    pub fn error(&self) -> f64 {
        let pairs = self.gradient.iter().zip(&self.differences);
        let errors = pairs
            .map(|(gradient, difference)| (gradient - difference).abs() / (1.0 + difference.abs()));
        errors.fold(0.0, |worst, error| if error > worst || error.is_nan() { error } else { worst })
    }
}

/// Checks all gradients of a layer for `n` random inputs of `input_length` numbers. The loss is a
/// random weighted sum of all outputs, so that `dL/dy` is the weight of each output.
///
/// # Panics
/// As the layer does, if inputs of that length do not suit it.
pub fn check_layer(
    layer: &mut dyn Layer<f64>,
    input_length: usize,
    n: usize,
) -> Vec<GradientCheck> {
    let mut input = normal(n * input_length, 1);
    let weights = normal(n * layer.output_shape().len(), 2);
    let loss = |layer: &mut dyn Layer<f64>, input: &[f64]| {
        let mut output = vec![f64::NAN; weights.len()];
        layer.forward(input, &mut output);
        output.iter().zip(&weights).map(|(output, weight)| output * weight).sum::<f64>()
    };
    loss(layer, &input);
    let mut gradient = vec![f64::NAN; input.len()];
    layer.backward(&input, &weights, Some(&mut gradient));
    let mut checks = of_parameters(&layer.parameters());

    let differences = (0..input.len()).map(|i| {
        let x = input[i];
        let [above, below] = [x + H, x - H].map(|value| {
            input[i] = value;
            loss(layer, &input)
        });
        input[i] = x;
        (above - below) / (2.0 * H)
    });
    let differences = differences.collect();
    for (p, i) in all_weights(&checks) {
        let w = layer.parameters()[p].value[i];
        let [above, below] = [w + H, w - H].map(|value| {
            layer.parameters_mut()[p].value[i] = value;
            loss(layer, &input)
        });
        layer.parameters_mut()[p].value[i] = w;
        checks[p].differences.push((above - below) / (2.0 * H));
    }
    checks.retain(|check| !check.gradient.is_empty());
    checks.insert(0, GradientCheck { of: "input".to_owned(), gradient, differences });
    checks
}

/// Checks the gradients of all parameters of a network for `n` random inputs and targets.
///
/// # Panics
/// If the network puts out nothing.
pub fn check_network(
    network: &mut Network<f64>,
    objective: Objective,
    n: usize,
) -> Vec<GradientCheck> {
    let outputs = network.output_shape(network.depth()).len();
    let mut targets = normal(n * outputs, 3);
    // Probabilities, for objectives that need them.
    objective.meaning(&mut targets, outputs);
    let mut workspace = Workspace::new(network.chain(), n);
    let inputs = normal(n * network.input_shape().len(), 1);
    workspace.inputs().copy_from_slice(&inputs);
    let mut loss = |network: &mut Network<f64>| {
        network.learn(&mut workspace, Target::Values(&targets), objective).sum / n as f64
    };
    loss(network);
    let mut checks = of_parameters(&network.parameters());
    for (p, i) in all_weights(&checks) {
        let w = network.parameters()[p].value[i];
        let [above, below] = [w + H, w - H].map(|value| {
            network.parameters_mut()[p].value[i] = value;
            loss(network)
        });
        network.parameters_mut()[p].value[i] = w;
        checks[p].differences.push((above - below) / (2.0 * H));
    }
    checks.retain(|check| !check.gradient.is_empty());
    checks
}

/// One check per parameter, also for those without gradients, still without differences.
fn of_parameters(parameters: &[&crate::Parameter<f64>]) -> Vec<GradientCheck> {
    let check = |parameter: &&crate::Parameter<f64>| GradientCheck {
        of: parameter.name.clone(),
        gradient: parameter.gradient.clone(),
        differences: Vec::new(),
    };
    parameters.iter().map(check).collect()
}

/// Parameter and place of every weight.
fn all_weights(checks: &[GradientCheck]) -> Vec<(usize, usize)> {
    let of = |(p, check): (usize, &GradientCheck)| {
        (0..check.gradient.len()).map(move |i| (p, i)).collect::<Vec<_>>()
    };
    checks.iter().enumerate().flat_map(of).collect()
}

/// Normally distributed numbers.
pub(crate) fn normal(count: usize, seed: u64) -> Vec<f64> {
    StandardNormal.sample_iter(Seed(seed).rng()).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Shape;
    use crate::network::NetworkSpec;

    /// A layer that forgets a factor is caught.
    #[test]
    fn a_wrong_gradient_shows() {
        struct Wrong;
        impl Layer<f64> for Wrong {
            fn output_shape(&self) -> Shape {
                Shape::vector(1)
            }
            fn infer(&self, input: &[f64], output: &mut [f64]) {
                output.iter_mut().zip(input).for_each(|(y, x)| *y = x * x);
            }
            fn forward(&mut self, input: &[f64], output: &mut [f64]) {
                self.infer(input, output);
            }
            fn backward(&mut self, x: &[f64], dy: &[f64], dx: Option<&mut [f64]>) {
                let dx = dx.expect("asked for");
                dx.iter_mut().zip(x).zip(dy).for_each(|((dx, x), dy)| *dx = x * dy);
            }
        }
        let checks = check_layer(&mut Wrong, 1, 3);
        assert!(checks[0].error() > 0.01, "{checks:?}");
    }

    #[test]
    fn gradients_of_whole_networks_equal_central_differences() {
        let objectives = [
            Objective::SquaredError {},
            Objective::BinaryCrossEntropy {},
            Objective::CrossEntropy { label_smoothing: 0.1 },
        ];
        let input = Shape { channels: 2, height: 6, width: 6 };
        for (text, objective) in NETWORKS.into_iter().zip(objectives) {
            let spec = NetworkSpec::from_toml(text).unwrap();
            let mut network = Network::new(&spec, input, 3, Seed(5)).unwrap();
            for check in check_network(&mut network, objective, 4) {
                assert!(check.error() < 1e-7, "{objective:?}: {check:?}");
            }
        }
    }

    const NETWORKS: [&str; 3] = [
        r#"layers = [
            { kind = "subtractive", size = 3, deviation = 1.0 },
            { kind = "divisive", size = 3, deviation = 1.0 },
            { kind = "convolution", maps = 3, size = 3, stride = 2 },
            { kind = "tanh" },
            { kind = "local-response", size = 3, alpha = 0.5 },
            { kind = "average-pool", size = 2 },
            { kind = "affine", outputs = 4 },
            { kind = "gelu" },
            { kind = "affine" },
        ]"#,
        r#"layers = [
            { kind = "convolution", maps = 4, size = 3, padding = 1, bias = false },
            { kind = "batch-norm" },
            { kind = "silu" },
            { kind = "residual", branch = [
                { kind = "convolution", maps = 6, size = 3, padding = 1, stride = 2, groups = 2 },
                { kind = "frelu" },
            ], shortcut = [
                { kind = "convolution", maps = 6, size = 1, stride = 2 },
            ] },
            { kind = "dropout", share = 0.3 },
            { kind = "global-average-pool" },
            { kind = "affine" },
        ]"#,
        r#"layers = [
            { kind = "convolution", maps = 4, size = 3 },
            { kind = "elu" },
            { kind = "max-pool", size = 2 },
            { kind = "convolution", maps = 4, size = 1 },
            { kind = "sigmoid" },
            { kind = "convolution", size = 1 },
            { kind = "softplus" },
            { kind = "global-average-pool" },
        ]"#,
    ];
}
