//! Loops of the HOG with OpenCV's semantics: gradients, their orientations, votes, normalisation.
//!
//! Everything runs over *lanes*: one number of each of several blocks that lie beside each other,
//! so that a vector instruction does for all of them what OpenCV does for one. Each block's sums
//! are added in OpenCV's order, which makes every bit the same.

mod gradients;
mod normalise;
mod orient;
mod vector;
mod votes;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Simd, kernel};

pub(crate) use gradients::{Neighbours, gradients, spread};
pub(crate) use normalise::normalise;
pub(crate) use orient::{Bins, orient};
pub(crate) use votes::{Rows, Segment, Vote, votes};

/// Blocks that are worked on at once.
pub(crate) const LANES: usize = 16;

/// One number of each of [`LANES`] blocks.
pub(crate) type Lanes = [f32; LANES];

/// Columns of the image in which the pixels of a chunk of lanes lie.
pub(crate) type Column = [u32; LANES];
