//! A small convolutional network, from the layers to a recipe that trains on images.
//!
//! Everything is computed on the CPU, in `f32` (or `f64`, to check gradients), as products of
//! matrices. Nothing here reads a file, splits off test rows, or knows another model.

mod activation;
mod cnn;
#[cfg(test)]
mod golden;
mod kernels;
mod layer;
mod loss;
mod network;
mod optimiser;
mod real;
mod train;

pub use activation::Relu;
pub use cnn::{Cnn, CnnParams, TrainedCnn};
pub use layer::{
    Affine, BatchNorm, Chain, Convolution, ConvolutionParams, Layer, LayerError, MaxPool,
    Parameter, PoolParams, Role, Shape, Workspace,
};
pub use loss::{Loss, Objective, Target, softmax};
pub use network::{AffineParams, LayerKind, LayerSpec, Network, NetworkError, NetworkSpec};
pub use optimiser::AdamW;
pub use real::Real;
