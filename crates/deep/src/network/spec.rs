//! The description of a network, as it is written in a TOML file.
//!
//! ```toml
//! layers = [
//!     { kind = "convolution", maps = 8, size = 5, padding = 2 },
//!     { kind = "relu" },
//!     { kind = "max-pool", size = 2 },
//!     { kind = "affine", name = "classifier" },   # as many outputs as there are classes
//! ]
//! ```
//!
//! Shapes are not written: each layer takes what the one before puts out. A layer's name is its
//! place in the list, from 0, unless it is given one; it stands before the names of its numbers
//! (`0.weight`, `classifier.bias`), as in PyTorch's `Sequential`.

mod kind;

pub use kind::{AffineParams, LayerKind};

use crate::layer::{Chain, Initial, Layer, LayerError, Shape};
use crate::real::Real;
use base::{ParamError, Seed};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Layers one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// From the inputs to the outputs; at least one.
    pub layers: Vec<LayerSpec>,
}

/// One layer, and what it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// Its place in the list, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it computes.
    #[serde(flatten)]
    pub kind: LayerKind,
}

impl From<LayerKind> for LayerSpec {
    fn from(kind: LayerKind) -> Self {
        Self { name: None, kind }
    }
}

/// What is wrong with a network.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NetworkError {
    /// The file is not what it should be.
    #[error("the network cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// There is no layer.
    #[error("the network has no layer")]
    Empty,
    /// A layer cannot be made.
    #[error("layer {layer}: {source}")]
    Layer {
        /// Name and kind of the layer.
        layer: String,
        /// What is wrong with it.
        source: LayerError,
    },
    /// Two layers have one name.
    #[error("two layers are called `{name}`")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A layer has no gradient.
    #[error("layer {layer} cannot be trained through: {reason}")]
    NotTrainable {
        /// Name and kind of the layer.
        layer: String,
        /// Why.
        reason: &'static str,
    },
}

/// The networks that come along: name and file.
const NAMED: [(&str, &str); 5] = [
    ("lenet", include_str!("../../networks/lenet.toml")),
    ("mlp", include_str!("../../networks/mlp.toml")),
    ("nin", include_str!("../../networks/nin.toml")),
    ("resnet-small", include_str!("../../networks/resnet-small.toml")),
    ("vgg-small", include_str!("../../networks/vgg-small.toml")),
];

impl NetworkSpec {
    /// The names of the networks that come along: `lenet`, `mlp`, `nin`, `resnet-small`,
    /// `vgg-small`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// One of the networks that come along, if there is one of that name.
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = NAMED.iter().find(|(known, _)| *known == name)?;
        Some(Self::from_toml(text).expect("a test reads them all"))
    }

    /// Reads a description.
    ///
    /// # Errors
    /// If it is not TOML, or a layer or setting is not known.
    pub fn from_toml(text: &str) -> Result<Self, NetworkError> {
        Ok(toml::from_str(text)?)
    }

    /// Whether a layer, also inside a residual one, normalises over the batch.
    pub fn has_batch_norm(&self) -> bool {
        any(&self.layers, |kind| matches!(kind, LayerKind::BatchNorm(_) | LayerKind::Frelu {}))
    }

    /// Name and kind of layer `index`: `3 (max-pool)`.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn layer_name(&self, index: usize) -> String {
        title(&self.layers[index], index)
    }

    /// Makes the layers.
    ///
    /// # Errors
    /// If a layer cannot take what the one before puts out.
    pub(crate) fn chain<R: Real>(
        &self,
        input: Shape,
        classes: usize,
        seed: Seed,
    ) -> Result<Chain<R>, NetworkError> {
        if self.layers.is_empty() {
            return Err(NetworkError::Empty);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let name = name(layer, index);
            if (0..index).any(|before| self::name(&self.layers[before], before) == name) {
                return Err(NetworkError::DuplicateName { name });
            }
            let is_first = index == 0 && whitens(&layer.kind);
            if !is_first && any(std::slice::from_ref(layer), whitens) {
                let expected = "random or dirac in any layer but the first";
                let error = ParamError::new("initial", "whitening", expected);
                return Err(NetworkError::Layer {
                    layer: self.layer_name(index),
                    source: error.into(),
                });
            }
        }
        chain(&self.layers, input, classes, seed).map_err(|(index, source)| NetworkError::Layer {
            layer: self.layer_name(index),
            source,
        })
    }
}

/// Whether kernels are made from the inputs.
fn whitens(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Convolution(params) if params.initial == Initial::Whitening)
}

/// Whether a layer is of that kind, be it inside another.
fn any(layers: &[LayerSpec], is: fn(&LayerKind) -> bool) -> bool {
    layers.iter().any(|layer| match &layer.kind {
        LayerKind::Residual { branch, shortcut } => any(branch, is) || any(shortcut, is),
        kind => is(kind),
    })
}

fn title(layer: &LayerSpec, index: usize) -> String {
    format!("{} ({})", name(layer, index), layer.kind.name())
}

fn name(layer: &LayerSpec, index: usize) -> String {
    layer.name.clone().unwrap_or_else(|| index.to_string())
}

/// Makes `layers`; an error comes with the index of its layer.
fn chain<R: Real>(
    layers: &[LayerSpec],
    input: Shape,
    classes: usize,
    seed: Seed,
) -> Result<Chain<R>, (usize, LayerError)> {
    let mut made: Vec<Box<dyn Layer<R>>> = Vec::new();
    let mut shape = input;
    for (index, spec) in layers.iter().enumerate() {
        let seed = seed.child("weights", index as u64);
        let mut layer = spec.kind.layer(shape, classes, seed).map_err(|error| (index, error))?;
        shape = layer.output_shape();
        for parameter in layer.parameters_mut() {
            parameter.name = format!("{}.{}", name(spec, index), parameter.name);
        }
        made.push(layer);
    }
    Ok(Chain::new(input, made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;

    const INPUT: Shape = Shape { channels: 3, height: 8, width: 8 };

    fn refused(text: &str) -> String {
        let network = NetworkSpec::from_toml(text)
            .and_then(|spec| Network::<f32>::new(&spec, INPUT, 10, Seed(1)));
        network.err().expect("something is wrong with it").to_string()
    }

    #[test]
    fn only_the_first_layer_whitens_what_it_is_given() {
        let whitening = r#"{ kind = "convolution", maps = 24, size = 2, initial = "whitening" }"#;
        let refused_in = |layers: &str| refused(&format!("layers = [{layers}]"));
        assert_eq!(
            refused_in(&format!(r#"{{ kind = "relu" }}, {whitening}"#)),
            "layer 1 (convolution): `initial` is whitening, but must be random or dirac in any layer \
             but the first"
        );
        let residual = format!(r#"{{ kind = "residual", branch = [{whitening}] }}"#);
        assert!(refused_in(&residual).starts_with("layer 0 (residual): `initial` is whitening"));
        let other = whitening.replace("24", "23");
        assert_eq!(
            refused_in(&other),
            "layer 0 (convolution): `maps` is 23, but must be twice the numbers under a kernel, in \
             one group"
        );
        let spec = NetworkSpec::from_toml(&format!("layers = [{whitening}]")).unwrap();
        assert!(Network::<f32>::new(&spec, INPUT, 10, Seed(1)).is_ok());
    }

    #[test]
    fn shapes_that_do_not_fit_name_the_layer() {
        let text =
            r#"layers = [{ kind = "relu" }, { kind = "max-pool", size = 9, name = "pool" }]"#;
        assert_eq!(
            refused(text),
            "layer pool (max-pool): its window covers 9 rows and columns, but its input is 3 maps \
             of 8x8"
        );
        let text = r#"layers = [{ kind = "residual", branch = [
            { kind = "relu" }, { kind = "convolution", maps = 4, size = 3, groups = 2 }] }]"#;
        assert_eq!(
            refused(text),
            "layer 0 (residual): branch 1 (convolution): 3 input maps cannot be shared out among \
             2 groups"
        );
        let text = r#"layers = [{ kind = "residual", branch = [{ kind = "flatten" }] }]"#;
        assert_eq!(
            refused(text),
            "layer 0 (residual): its branch makes 192 numbers, which cannot be added to 3 maps of \
             8x8"
        );
    }

    #[test]
    fn what_is_not_known_is_refused_in_every_kind_of_layer() {
        for layer in [
            r#"kind = "rleu""#,
            r#"kind = "relu", slope = 1.0"#,
            r#"kind = "batch-norm", epsilon = 1.0"#,
            r#"kind = "convolution", maps = 1, size = 1, strides = 2"#,
            r#"kind = "affine", output = 4"#,
            r#"kind = "dropout", share = 0.5, rate = 0.5"#,
            r#"kind = "residual", branch = [{ kind = "relu", size = 1 }]"#,
            r#"size = 3"#,
        ] {
            let error = refused(&format!("layers = [{{ {layer} }}]"));
            assert!(error.starts_with("the network cannot be read: "), "{layer}: {error}");
        }
        let error = refused("layer = []");
        assert!(error.contains("unknown field `layer`"), "{error}");
        assert_eq!(refused("layers = []"), "the network has no layer");
        let text = r#"layers = [{ kind = "relu", name = "1" }, { kind = "relu" }]"#;
        assert_eq!(refused(text), "two layers are called `1`");
    }

    #[test]
    fn the_networks_that_come_along_can_be_made_and_trained() {
        for name in NetworkSpec::names() {
            let spec = NetworkSpec::named(name).unwrap();
            let input = Shape { channels: 3, height: 28, width: 28 };
            let network = Network::<f32>::new(&spec, input, 10, Seed(1)).unwrap();
            network.check_trainable().unwrap();
            assert_eq!(network.output_shape(network.depth()), Shape::vector(10), "{name}");
        }
        assert_eq!(NetworkSpec::named("alexnet"), None);
    }

    #[test]
    fn numbers_are_named_by_their_layers() {
        let text = r#"layers = [
            { kind = "convolution", maps = 3, size = 1, name = "first", bias = false },
            { kind = "residual", branch = [{ kind = "batch-norm" }] },
            { kind = "affine" },
        ]"#;
        let spec = NetworkSpec::from_toml(text).unwrap();
        let network = Network::<f32>::new(&spec, INPUT, 10, Seed(1)).unwrap();
        let parameters = network.parameters();
        let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "first.weight",
                "1.branch.0.weight",
                "1.branch.0.bias",
                "1.branch.0.running_mean",
                "1.branch.0.running_var",
                "2.weight",
                "2.bias",
            ]
        );
        assert_eq!(parameters[5].shape, [10, 192]);
        // A description survives being written.
        let written = toml::to_string(&spec).unwrap();
        assert_eq!(NetworkSpec::from_toml(&written).unwrap(), spec);
    }

    #[test]
    fn the_step_function_cannot_be_trained_through_and_says_why() {
        let spec = NetworkSpec::from_toml(r#"layers = [{ kind = "step" }]"#).unwrap();
        let network = Network::<f32>::new(&spec, INPUT, 10, Seed(1)).unwrap();
        let error = network.check_trainable().unwrap_err().to_string();
        assert!(error.starts_with("layer 0 (step) cannot be trained through: the step"), "{error}");
    }
}
