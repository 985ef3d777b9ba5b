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

use crate::activation::{
    Elementwise, Elu, Frelu, Function, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Softmax,
    Softplus, Step, Tanh,
};
use crate::layer::{
    Affine, AveragePool, BatchNorm, Chain, Convolution, ConvolutionParams, Divisive, Dropout,
    Flatten, GlobalAveragePool, Layer, LayerError, LocalResponse, LocalResponseParams, MaxPool,
    NeighbourhoodParams, PoolParams, Residual, Shape, Subtractive, check_weights,
};
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

/// Settings of an affine layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffineParams {
    /// Numbers put out; one per class where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<usize>,
}

/// Every kind of layer, with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LayerKind {
    /// [`Convolution`].
    Convolution(ConvolutionParams),
    /// [`MaxPool`].
    MaxPool(PoolParams),
    /// [`AveragePool`].
    AveragePool(PoolParams),
    /// [`GlobalAveragePool`].
    GlobalAveragePool {},
    /// [`BatchNorm`].
    BatchNorm {},
    /// [`Subtractive`].
    Subtractive(NeighbourhoodParams),
    /// [`Divisive`].
    Divisive(NeighbourhoodParams),
    /// [`LocalResponse`].
    LocalResponse(LocalResponseParams),
    /// [`Dropout`].
    Dropout {
        /// Share of the numbers that is set to 0, at least 0 and less than 1.
        share: f64,
    },
    /// [`Flatten`].
    Flatten {},
    /// [`Affine`], of the numbers of all maps one after another.
    Affine(AffineParams),
    /// [`Residual`].
    Residual {
        /// What is added to the shortcut.
        branch: Vec<LayerSpec>,
        /// Layers on the way around the branch; none is the identity.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shortcut: Vec<LayerSpec>,
    },
    /// [`Step`].
    Step {},
    /// [`Identity`].
    Identity {},
    /// [`Sigmoid`].
    Sigmoid {},
    /// [`Tanh`].
    Tanh {},
    /// [`Softplus`].
    Softplus {},
    /// [`Relu`].
    Relu {},
    /// [`LeakyRelu`].
    LeakyRelu {
        /// Slope for negative numbers.
        #[serde(default = "hundredth")]
        slope: f64,
    },
    /// [`Elu`].
    Elu {
        /// How far below 0 it falls.
        #[serde(default = "one")]
        alpha: f64,
    },
    /// [`Gelu`].
    Gelu {},
    /// [`Silu`].
    Silu {},
    /// [`Frelu`].
    Frelu {},
    /// [`Softmax`]. Not before cross-entropy, which has its own.
    Softmax {},
}

fn hundredth() -> f64 {
    0.01
}

fn one() -> f64 {
    1.0
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
        fn any(layers: &[LayerSpec]) -> bool {
            layers.iter().any(|layer| match &layer.kind {
                LayerKind::BatchNorm {} | LayerKind::Frelu {} => true,
                LayerKind::Residual { branch, shortcut } => any(branch) || any(shortcut),
                _ => false,
            })
        }
        any(&self.layers)
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
        }
        chain(&self.layers, input, classes, seed).map_err(|(index, source)| NetworkError::Layer {
            layer: self.layer_name(index),
            source,
        })
    }
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

impl LayerKind {
    /// As in a file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Convolution(_) => "convolution",
            Self::MaxPool(_) => "max-pool",
            Self::AveragePool(_) => "average-pool",
            Self::GlobalAveragePool {} => "global-average-pool",
            Self::BatchNorm {} => "batch-norm",
            Self::Subtractive(_) => "subtractive",
            Self::Divisive(_) => "divisive",
            Self::LocalResponse(_) => "local-response",
            Self::Dropout { .. } => "dropout",
            Self::Flatten {} => "flatten",
            Self::Affine(_) => "affine",
            Self::Residual { .. } => "residual",
            Self::Step {} => "step",
            Self::Identity {} => "identity",
            Self::Sigmoid {} => "sigmoid",
            Self::Tanh {} => "tanh",
            Self::Softplus {} => "softplus",
            Self::Relu {} => "relu",
            Self::LeakyRelu { .. } => "leaky-relu",
            Self::Elu { .. } => "elu",
            Self::Gelu {} => "gelu",
            Self::Silu {} => "silu",
            Self::Frelu {} => "frelu",
            Self::Softmax {} => "softmax",
        }
    }

    fn layer<R: Real>(
        &self,
        input: Shape,
        classes: usize,
        seed: Seed,
    ) -> Result<Box<dyn Layer<R>>, LayerError> {
        Ok(match self {
            Self::Convolution(params) => {
                let maps = Some(params.maps.unwrap_or(classes));
                Box::new(Convolution::new(input, &ConvolutionParams { maps, ..*params }, seed)?)
            }
            Self::MaxPool(params) => Box::new(MaxPool::new(input, params)?),
            Self::AveragePool(params) => Box::new(AveragePool::new(input, params)?),
            Self::GlobalAveragePool {} => Box::new(GlobalAveragePool::new(input)),
            Self::BatchNorm {} => Box::new(BatchNorm::new(input)),
            Self::Subtractive(params) => Box::new(Subtractive::new(input, params)?),
            Self::Divisive(params) => Box::new(Divisive::new(input, params)?),
            Self::LocalResponse(params) => Box::new(LocalResponse::new(input, params)?),
            Self::Dropout { share } => Box::new(Dropout::new(input, *share, seed)?),
            Self::Flatten {} => Box::new(Flatten::new(input)),
            Self::Affine(params) => {
                let outputs = params.outputs.unwrap_or(classes);
                if !(1..=1 << 20).contains(&outputs) {
                    return Err(ParamError::new("outputs", outputs, "from 1 to 1048576").into());
                }
                check_weights(&[outputs, input.len()])?;
                Box::new(Affine::new(input.len(), outputs, seed))
            }
            Self::Residual { branch, shortcut } => {
                let side = |name: &str, layers: &[LayerSpec]| {
                    let seed = seed.child(name, 0);
                    chain(layers, input, classes, seed).map_err(|(index, source)| {
                        let layer = format!("{name} {}", title(&layers[index], index));
                        LayerError::Inside { layer, source: Box::new(source) }
                    })
                };
                Box::new(Residual::new(side("branch", branch)?, side("shortcut", shortcut)?)?)
            }
            Self::Step {} => elementwise(input, Step),
            Self::Identity {} => elementwise(input, Identity),
            Self::Sigmoid {} => elementwise(input, Sigmoid),
            Self::Tanh {} => elementwise(input, Tanh),
            Self::Softplus {} => elementwise(input, Softplus),
            Self::Relu {} => elementwise(input, Relu),
            Self::LeakyRelu { slope } => {
                elementwise(input, LeakyRelu { slope: finite("slope", *slope)? })
            }
            Self::Elu { alpha } => elementwise(input, Elu { alpha: finite("alpha", *alpha)? }),
            Self::Gelu {} => elementwise(input, Gelu),
            Self::Silu {} => elementwise(input, Silu),
            Self::Frelu {} => Box::new(Frelu::new(input, seed)?),
            Self::Softmax {} => Box::new(Softmax::new(input)),
        })
    }
}

fn elementwise<R: Real>(input: Shape, function: impl Function + 'static) -> Box<dyn Layer<R>> {
    Box::new(Elementwise::new(input, function))
}

fn finite(name: &'static str, value: f64) -> Result<f64, ParamError> {
    if value.is_finite() { Ok(value) } else { Err(ParamError::new(name, value, "a number")) }
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
