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

use crate::activation::Relu;
use crate::layer::{
    Affine, BatchNorm, Chain, Convolution, ConvolutionParams, Layer, LayerError, MaxPool,
    PoolParams, Shape,
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
    /// [`BatchNorm`].
    BatchNorm {},
    /// [`Affine`], of the numbers of all maps one after another.
    Affine(AffineParams),
    /// [`Relu`].
    Relu {},
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

impl NetworkSpec {
    /// Reads a description.
    ///
    /// # Errors
    /// If it is not TOML, or a layer or setting is not known.
    pub fn from_toml(text: &str) -> Result<Self, NetworkError> {
        Ok(toml::from_str(text)?)
    }

    /// Name and kind of layer `index`: `3 (max-pool)`.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn layer_name(&self, index: usize) -> String {
        let layer = &self.layers[index];
        format!("{} ({})", name(layer, index), layer.kind.name())
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
            Self::BatchNorm {} => "batch-norm",
            Self::Affine(_) => "affine",
            Self::Relu {} => "relu",
        }
    }

    fn layer<R: Real>(
        &self,
        input: Shape,
        classes: usize,
        seed: Seed,
    ) -> Result<Box<dyn Layer<R>>, LayerError> {
        Ok(match *self {
            Self::Convolution(params) => {
                let params =
                    ConvolutionParams { maps: Some(params.maps.unwrap_or(classes)), ..params };
                Box::new(Convolution::new(input, &params, seed)?)
            }
            Self::MaxPool(params) => Box::new(MaxPool::new(input, &params)?),
            Self::BatchNorm {} => Box::new(BatchNorm::new(input)),
            Self::Affine(params) => {
                let outputs = params.outputs.unwrap_or(classes);
                if !(1..=1 << 20).contains(&outputs) {
                    return Err(ParamError::new("outputs", outputs, "from 1 to 1048576").into());
                }
                Box::new(Affine::new(input.len(), outputs, seed))
            }
            Self::Relu {} => Box::new(Relu::new(input)),
        })
    }
}
