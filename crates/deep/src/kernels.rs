//! The loops that cost most of the time, and the crate's only `unsafe` code.
//!
//! - [`matmul`]: products of matrices, by the `gemm` crate;
//! - [`Convolver`]: convolutions without a matrix of columns, for the vector instructions that the
//!   processor turns out to have;
//! - [`Dense`]: weighted sums of all inputs, likewise;
//! - [`wide`]: any other loop, compiled for those instructions too;
//! - sums over slices.
//!
//! All run on one thread: threads are at work one level above, on pieces of the batch.
//!
//! Those instructions are AVX-512, AVX2 with FMA, or NEON. What is said of times was measured with
//! the first two; with NEON, tests ran on an emulated processor, and no time was measured.

mod channels_last;
mod convolver;
mod dense;
mod direct;
mod finish;
mod lanes;
mod lines;
mod matrix;
mod padded;
mod small_matmul;
mod sums;
mod tiles;
mod vectorised;
mod wide;
mod winograd;

pub use channels_last::ChannelsLast;
pub(crate) use convolver::{Convolver, Packed, group};
pub(crate) use dense::Dense;
pub(crate) use direct::{as_f32, as_f32_mut};
pub use finish::AfterMaps;
pub(crate) use finish::Finish;
pub(crate) use lines::Lines;
pub(crate) use matrix::{Mat, MatMut, Output, matmul, matmul_into};
pub(crate) use sums::{add, larger, sum_of, sum_pairs};
pub(crate) use wide::{Loop, wide, wide_loop};
