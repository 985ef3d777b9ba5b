//! Every kind of layer: a line for its settings, one for its name, and one to make it.

use super::{LayerSpec, chain, title};
use crate::activation::{
    Elementwise, Elu, Frelu, Function, Gelu, Identity, LeakyRelu, Relu, Scale, Sigmoid, Silu,
    Softmax, Softplus, Step, Tanh,
};
use crate::layer::{
    Affine, AveragePool, BatchNorm, BatchNormParams, Convolution, ConvolutionParams, Divisive,
    Dropout, Flatten, GlobalAveragePool, Layer, LayerError, LocalResponse, LocalResponseParams,
    MaxPool, NeighbourhoodParams, PoolParams, Residual, Shape, Subtractive, check_weights,
};
use crate::real::Real;
use base::{ParamError, Seed};
use serde::{Deserialize, Serialize};

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
    BatchNorm(BatchNormParams),
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
    /// [`Scale`].
    Scale {
        /// What every number is multiplied by.
        factor: f64,
    },
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

impl LayerKind {
    /// Name of the kind, as in a file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Convolution(_) => "convolution",
            Self::MaxPool(_) => "max-pool",
            Self::AveragePool(_) => "average-pool",
            Self::GlobalAveragePool {} => "global-average-pool",
            Self::BatchNorm(_) => "batch-norm",
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
            Self::Scale { .. } => "scale",
            Self::Silu {} => "silu",
            Self::Frelu {} => "frelu",
            Self::Softmax {} => "softmax",
        }
    }

    /// Makes the layer for inputs of that shape.
    pub(super) fn layer<R: Real>(
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
            Self::BatchNorm(params) => Box::new(BatchNorm::new(input).learning(params)?),
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
            Self::Scale { factor } => {
                elementwise(input, Scale { factor: finite("factor", *factor)? })
            }
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
