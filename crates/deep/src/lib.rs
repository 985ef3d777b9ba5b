//! Convolutional networks, from the layers to a recipe that trains on images, in a form to be read.
//!
//! | read | to see |
//! |---|---|
//! | [`Layer`], [`Chain`] | what a layer is, and backpropagation: the chain rule as a loop |
//! | `layer/`, `activation/` | each layer: its formula, its gradient, its source |
//! | [`Objective`] | three losses with one gradient, `y - t` |
//! | [`OptimiserParams`], [`ScheduleParams`] | eight rules to move weights, six for their rate |
//! | [`NetworkSpec`] | a network as a list of layers, in TOML; [`Network::summary`] |
//! | [`Training`], [`Cnn`] | the training loop, epoch by epoch; the recipe with its settings |
//! | [`tensorboard`] | the course of a training as an event file |
//! | [`gradcheck`], [`inspect`] | gradients beside differences; what a network looks at |
//!
//! Everything is computed on the CPU, in `f32` (or `f64`, to check gradients), as products of
//! matrices. Nothing here reads a file, splits off test rows, or knows another model; networks are
//! read from and written to text and bytes (TOML, `safetensors`, ONNX). Every layer, loss, optimiser
//! and schedule is compared with PyTorch's numbers.

mod activation;
mod cnn;
#[cfg(test)]
mod golden;
pub mod gradcheck;
pub mod inspect;
mod kernels;
mod layer;
mod loss;
mod network;
mod optimiser;
mod real;
mod schedule;
pub mod tensorboard;
mod train;

pub use activation::{
    Elementwise, Elu, Frelu, Function, Gelu, Identity, LeakyRelu, Relu, Scale, Sigmoid, Silu,
    Softmax, Softplus, Step, Tanh,
};
pub use cnn::{Cnn, CnnParams, TrainedCnn};
pub use kernels::{AfterMaps, ChannelsLast};
pub use layer::{
    Affine, AveragePool, BatchNorm, BatchNormParams, Chain, Convolution, ConvolutionParams,
    Divisive, Dropout, Flatten, GlobalAveragePool, Initial, Layer, LayerError, LocalResponse,
    LocalResponseParams, MaxPool, NeighbourhoodParams, Parameter, PoolParams, Residual, Role,
    Shape, Spare, Subtractive, Workspace,
};
pub use loss::{Loss, Objective, Target, softmax};
pub use network::{
    AffineParams, LayerKind, LayerSpec, LayerSummary, Network, NetworkChoice, NetworkError,
    NetworkSpec, OnnxError, Summary, TensorsError,
};
pub use optimiser::{Optimiser, OptimiserParams};
pub use real::Real;
pub use schedule::{PlateauState, Progress, Schedule, ScheduleParams};
pub use train::Training;
pub use train::augment::AugmentParams;
pub use train::checkpoint::CheckpointError;
pub use train::report::EpochReport;
pub use train::sampling::Sampling;
