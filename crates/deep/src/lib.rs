//! A small convolutional network, from the layers to a recipe that trains on images.
//!
//! Everything is computed on the CPU, in `f32` (or `f64`, to check gradients), as products of
//! matrices. Nothing here reads a file, splits off test rows, or knows another model.

mod adamw;
mod affine;
mod batch_norm;
mod cnn;
mod convolution;
#[cfg(test)]
mod golden;
mod holdout;
mod init;
mod input;
mod kernels;
mod layer;
mod max_pool;
mod network;
mod real;
mod relu;
mod softmax_cross_entropy;
mod train;

pub use adamw::AdamW;
pub use affine::Affine;
pub use batch_norm::BatchNorm;
pub use cnn::{Cnn, CnnParams, TrainedCnn};
pub use convolution::Convolution;
pub use layer::{Layer, Parameter, Shape};
pub use max_pool::MaxPool;
pub use network::{Network, Workspace};
pub use real::Real;
pub use relu::Relu;
pub use softmax_cross_entropy::{Loss, softmax, softmax_cross_entropy};
