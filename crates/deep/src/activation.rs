//! Activation functions, as layers.

mod relu;

pub use relu::Relu;
