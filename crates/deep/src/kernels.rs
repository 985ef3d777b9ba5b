//! The loops that cost most of the time, and the crate's only `unsafe` code.
//!
//! - [`matmul`]: products of matrices, by the `gemm` crate;
//! - [`Direct`]: convolutions without a matrix of columns, for the vector instructions that the
//!   processor turns out to have;
//! - [`wide`]: any other loop, compiled for those instructions too;
//! - sums over slices.
//!
//! All run on one thread: threads are at work one level above, on pieces of the batch.

mod direct;
mod lanes;
mod matrix;
mod padded;
mod sums;
mod tiles;
mod wide;

pub(crate) use direct::{Direct, Packed, as_f32, as_f32_mut};
pub(crate) use matrix::{Mat, Output, matmul};
pub use padded::AfterMaps;
pub(crate) use sums::{add, larger, products, sum_of, sum_pairs};
pub(crate) use wide::wide;
