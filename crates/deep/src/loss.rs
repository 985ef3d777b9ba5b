//! Losses: what a network's outputs for a batch are worth.

mod softmax_cross_entropy;

pub use softmax_cross_entropy::{Loss, softmax, softmax_cross_entropy};
