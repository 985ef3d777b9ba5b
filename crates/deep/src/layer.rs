//! What all layers have in common.
//!
//! A layer maps a batch of `n` inputs to `n` outputs. All numbers of a batch lie in one slice,
//! shape `(n, channels, height, width)`. With `L` the loss, the backward pass is given `dL/dy` for
//! every output `y` and works out `dL/dx` for every input and `dL/dw` for every weight by the
//! chain rule.
//!
//! Threads work on pieces of the batch whose size is fixed, and what they sum is added in the
//! order of the pieces: the same bits come out at any number of threads.

mod affine;
mod average_pool;
mod batch_norm;
mod chain;
mod convolution;
mod dropout;
mod flatten;
mod init;
mod local;
mod local_contrast;
mod local_response;
mod max_pool;
mod memory;
mod residual;
mod window;
mod workspace;

pub use affine::Affine;
pub use average_pool::{AveragePool, GlobalAveragePool};
pub use batch_norm::{BatchNorm, BatchNormParams};
pub use chain::Chain;
pub use convolution::{Convolution, ConvolutionParams};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use init::Initial;
pub use local_contrast::{Divisive, NeighbourhoodParams, Subtractive};
pub use local_response::{LocalResponse, LocalResponseParams};
pub use max_pool::MaxPool;
pub use residual::Residual;
pub use window::PoolParams;
pub use workspace::Workspace;

use crate::kernels::{AfterMaps, ChannelsLast, Packed};
use crate::real::Real;
use base::{ParamError, Seed};
use rayon::prelude::*;
use std::fmt;
use thiserror::Error;

/// Images per piece of work. Part of the result (it fixes the order of additions), not a knob.
pub(crate) const PIECE: usize = 16;

/// Shape of one input or output of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Maps: colours in the first layer, feature maps after it.
    pub channels: usize,
    /// Rows of a map.
    pub height: usize,
    /// Columns of a map.
    pub width: usize,
}

impl Shape {
    /// A vector: maps of one pixel.
    pub fn vector(length: usize) -> Self {
        Self { channels: length, height: 1, width: 1 }
    }

    /// Numbers in all maps.
    pub fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// Whether there is not a single number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers in one map.
    pub fn plane(&self) -> usize {
        self.height * self.width
    }
}

/// `3 maps of 28x28`, or `10 numbers`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, height, width } = self;
        match (height, width) {
            (1, 1) => write!(f, "{channels} numbers"),
            _ => write!(f, "{channels} maps of {height}x{width}"),
        }
    }
}

/// Inputs in a batch, from the lengths of the slices and of one input and output.
///
/// # Panics
/// If a slice does not hold a whole number of inputs or outputs, or they differ in that number.
pub(crate) fn batch_length<R>(input: &[R], of_one: usize, output: &[R], of_output: usize) -> usize {
    let n = input.len() / of_one;
    assert_eq!(input.len(), n * of_one, "whole inputs of {of_one} numbers");
    assert_eq!(output.len(), n * of_output, "{n} outputs of {of_output} numbers");
    n
}

/// Calls `work(inputs, outputs)` for every piece of a batch, in parallel.
///
/// # Panics
/// If the slices do not hold equally many inputs and outputs.
pub(crate) fn pieces<R: Real>(
    input: &[R],
    input_shape: Shape,
    output: &mut [R],
    output_shape: Shape,
    work: impl Fn(&[R], &mut [R]) + Sync,
) {
    batch_length(input, input_shape.len(), output, output_shape.len());
    let pieces = input.par_chunks(PIECE * input_shape.len());
    let pieces = pieces.zip(output.par_chunks_mut(PIECE * output_shape.len()));
    pieces.for_each(|(input, output)| work(input, output));
}

/// Calls `work(inputs, output gradients, input gradients)` for every piece of a batch, in parallel.
///
/// # Panics
/// If the slices do not hold equally many inputs and outputs.
pub(crate) fn pieces_back<R: Real>(
    input: &[R],
    input_shape: Shape,
    output_gradient: &[R],
    output_shape: Shape,
    input_gradient: &mut [R],
    work: impl Fn(&[R], &[R], &mut [R]) + Sync,
) {
    batch_length(input, input_shape.len(), output_gradient, output_shape.len());
    assert_eq!(input_gradient.len(), input.len(), "a gradient per input");
    let piece = PIECE * input_shape.len();
    let pieces = input.par_chunks(piece).zip(input_gradient.par_chunks_mut(piece));
    let pieces = pieces.zip(output_gradient.par_chunks(PIECE * output_shape.len()));
    pieces.for_each(|((x, dx), dy)| work(x, dy, dx));
}

/// What a layer's numbers are to training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Learned by gradient descent, and shrunk by weight decay.
    Weight,
    /// Learned by gradient descent, without weight decay: biases, scales of normalisation.
    Bias,
    /// Kept by the layer itself and needed for inference: running means. Its gradient is empty.
    Statistic,
}

/// Numbers that a layer has learned, and the gradient of the loss with respect to them.
#[derive(Debug, Clone)]
pub struct Parameter<R> {
    /// As in PyTorch's `state_dict`: `weight`, `bias`, `running_mean`; behind the name of the layer
    /// and a dot, once it is part of a network.
    pub name: String,
    /// Lengths along each axis, as in PyTorch.
    pub shape: Vec<usize>,
    /// The numbers, the last axis running fastest.
    pub value: Vec<R>,
    /// `dL/dw` of the latest backward pass, one per number.
    pub gradient: Vec<R>,
    /// Who changes the numbers.
    pub role: Role,
    /// Factor on the learning rate; with 0, gradient descent leaves the numbers as they are.
    pub rate: f64,
}

impl<R: Real> Parameter<R> {
    /// Numbers with a gradient of zero.
    ///
    /// # Panics
    /// If `value` does not have as many numbers as `shape` says.
    pub fn new(name: &str, role: Role, shape: &[usize], value: Vec<R>) -> Self {
        assert_eq!(value.len(), shape.iter().product::<usize>(), "{name} of shape {shape:?}");
        let gradients = if role == Role::Statistic { 0 } else { value.len() };
        let gradient = vec![R::zero(); gradients];
        Self { name: name.to_owned(), shape: shape.to_vec(), value, gradient, role, rate: 1.0 }
    }

    /// Whether gradient descent changes the numbers.
    pub fn is_learned(&self) -> bool {
        self.role != Role::Statistic
    }
}

/// Memory that layers use one after another; kept between steps.
#[derive(Debug, Default)]
pub struct Spare {
    packed: Vec<Packed>,
}

/// One step of a network, with its gradient.
///
/// Slices hold whole batches. How many inputs there are follows from their length.
///
/// # Panics
/// All methods panic if a slice does not hold a whole number of inputs or outputs, or if inputs,
/// outputs and gradients differ in that number; [`Self::backward`] also without a forward pass
/// where it needs one.
pub trait Layer<R: Real>: Send + Sync {
    /// Shape of one output.
    fn output_shape(&self) -> Shape;

    /// Computes outputs as a trained network does: each output depends on its own input only, in
    /// every bit. One thread.
    fn infer(&self, input: &[R], output: &mut [R]);

    /// Computes outputs for training, and keeps what [`Self::backward`] needs.
    fn forward(&mut self, input: &[R], output: &mut [R]);

    /// Replaces the gradient of every parameter, and `input_gradient` where it is asked for, by
    /// the gradient for the batch of the latest [`Self::forward`]. `input` is that batch,
    /// `output_gradient` is `dL/dy`. The first layer is not asked for `dL/dx`.
    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>);

    /// Whether images do not depend on each other in training: [`Self::infer`] is then all of the
    /// forward pass, and [`Self::backward_part`] can work on any part of the batch. A [`Chain`]
    /// runs such layers on a few images at a time, which is faster.
    fn is_local(&self) -> bool {
        false
    }

    /// Whether images depend on each other in training by sums over the batch only. The forward
    /// pass is then [`Self::gather`], then [`Self::forward_part`] for all parts of the batch; the
    /// backward pass is [`Self::backward_part`] for all parts, which is not asked for `dL/dx`, then
    /// [`Self::complete`].
    fn gathers(&self) -> bool {
        false
    }

    /// Looks at a whole batch, if the layer gathers.
    fn gather(&mut self, _input: &[R]) {}

    /// The forward pass for a part of a batch. One thread.
    fn forward_part(&self, input: &[R], output: &mut [R]) {
        self.infer(input, output);
    }

    /// Makes `dL/dx` of a part of a batch of `n` inputs out of `dL/dy`, if the layer gathers, once
    /// the gradients of its parameters are there. One thread.
    fn complete(&self, _input: &[R], _n: usize, _gradient: &mut [R]) {}

    /// Whether outputs are quicker to make again in the backward pass than to keep.
    fn is_made_again(&self) -> bool {
        false
    }

    /// What a convolution before this layer can do in its stead in [`Self::infer`], if it is that.
    fn after_maps(&self) -> Option<AfterMaps<'_, R>> {
        None
    }

    /// Whether [`Self::infer_with`] can be told to do this.
    fn can_infer_with(&self, _after: &[AfterMaps<'_, R>]) -> bool {
        false
    }

    /// [`Self::infer`] of this layer and then of those that `after` stands for, with the same bits.
    fn infer_with(&self, input: &[R], after: &[AfterMaps<'_, R>], output: &mut [R]) {
        assert!(after.is_empty(), "only layers that say so do the work of others");
        self.infer(input, output);
    }

    /// How a convolution before this layer may store its outputs in [`Self::infer`], for
    /// [`Self::infer_stored`]; if not at all, they are written map by map.
    fn stored_inputs(&self) -> Option<ChannelsLast> {
        None
    }

    /// [`Self::infer_with`] of inputs that are stored as [`Self::stored_inputs`] says.
    fn infer_stored(&self, _input: &[R], _after: &[AfterMaps<'_, R>], _output: &mut [R]) {
        unreachable!("only layers that say so read what is stored");
    }

    /// Called before [`Self::forward_part`] is called for the parts of a batch.
    fn prepare(&mut self, _spare: &mut Spare) {}

    /// Called before [`Self::backward_part`] is called for the parts of a batch.
    fn prepare_back(&mut self, _spare: &mut Spare) {}

    /// Called after all parts, in the reverse order of the layers: gives memory back.
    fn rest(&mut self, _spare: &mut Spare) {}

    /// [`Self::backward`] for a part of a batch, if the layer is local: adds the gradient of every
    /// learned parameter, one after another, to `parameters`; within a parameter, in an order that
    /// [`Self::take_gradient`] knows. One thread.
    fn backward_part(
        &self,
        _input: &[R],
        _output_gradient: &[R],
        _input_gradient: Option<&mut [R]>,
        _parameters: &mut [R],
    ) {
        unreachable!("only local layers work on parts of a batch");
    }

    /// Replaces the gradient of every parameter by sums of what [`Self::backward_part`] has left, in
    /// its order.
    fn take_gradient(&mut self, mut sums: &[R]) {
        self.visit_mut(&mut |parameter| {
            let (sum, rest) = sums.split_at(parameter.gradient.len());
            parameter.gradient.copy_from_slice(sum);
            sums = rest;
        });
    }

    /// All numbers the layer has learned; none, unless a layer says otherwise.
    fn parameters(&self) -> Vec<&Parameter<R>> {
        Vec::new()
    }

    /// The same numbers, to be changed. Lengths must stay.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        Vec::new()
    }

    /// Calls `look` with each of [`Self::parameters`], in their order. Layers that have some say how,
    /// so that a step of training allocates nothing.
    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        self.parameters().into_iter().for_each(look);
    }

    /// The same for [`Self::parameters_mut`].
    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.parameters_mut().into_iter().for_each(change);
    }

    /// How many numbers the layer learns by gradient descent: those that have a gradient.
    fn gradient_count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |parameter| count += parameter.gradient.len());
        count
    }

    /// Learns what is to be learned from inputs alone, before training. Called for the first layer of
    /// a network; `inputs` makes a batch of some training images.
    fn learn_from_inputs(&mut self, _inputs: &mut dyn FnMut() -> Vec<R>) {}

    /// Decides what is left to chance in the next forward passes (dropout). Equal seeds, equal
    /// passes.
    fn reseed(&mut self, _seed: Seed) {}

    /// With `true`, the next forward and backward passes are those of the trained network: batch
    /// normalisation uses its running averages, dropout drops nothing.
    fn freeze(&mut self, _frozen: bool) {}

    /// Why the layer cannot be trained through, if so.
    fn no_gradient(&self) -> Option<&'static str> {
        None
    }

    /// Branch and shortcut of a residual layer.
    fn inside(&self) -> Option<[&Chain<R>; 2]> {
        None
    }

    /// Multiplications, each with an addition, that one input costs in [`Self::infer`]; 0 for
    /// layers that cost no more than reading their input.
    fn multiply_adds(&self) -> u64 {
        0
    }
}

/// Weights of one layer: 1 GiB of 32-bit numbers. A slip in a file must not ask for all memory.
const MAX_WEIGHTS: usize = 1 << 28;

/// Refuses absurd numbers of weights.
pub(crate) fn check_weights(shape: &[usize]) -> Result<(), LayerError> {
    let count = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
    match count {
        Some(count) if count <= MAX_WEIGHTS => Ok(()),
        _ => Err(LayerError::TooManyWeights { shape: shape.to_vec() }),
    }
}

/// Why a layer cannot take inputs of some shape.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayerError {
    /// A setting outside its range.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// Maps smaller than the window that is moved over them.
    #[error("its window covers {window} rows and columns, but its input is {input}")]
    Window {
        /// Rows and columns that the window covers, less the padding on both sides.
        window: usize,
        /// Shape of the input.
        input: Shape,
    },
    /// Maps that cannot be shared out among the groups.
    #[error("{maps} {what} maps cannot be shared out among {groups} groups")]
    Groups {
        /// Input or output.
        what: &'static str,
        /// Their number.
        maps: usize,
        /// Number of groups.
        groups: usize,
    },
    /// More weights than there should ever be.
    #[error("it would have {shape:?} weights; {MAX_WEIGHTS} are the most")]
    TooManyWeights {
        /// Lengths along each axis.
        shape: Vec<usize>,
    },
    /// Branches that are added and differ in shape.
    #[error("its branch makes {branch}, which cannot be added to {shortcut}")]
    Sum {
        /// Shape of the branch's outputs.
        branch: Shape,
        /// Shape of what they are added to.
        shortcut: Shape,
    },
    /// Something wrong with a layer inside this one.
    #[error("{layer}: {source}")]
    Inside {
        /// Name and kind of the layer inside.
        layer: String,
        /// What is wrong with it.
        source: Box<LayerError>,
    },
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::gradcheck::check_layer;

    pub(crate) use crate::gradcheck::normal;

    /// Compares every gradient of a layer with central differences.
    pub(crate) fn check_gradients(layer: &mut dyn Layer<f64>, input_length: usize, n: usize) {
        for check in check_layer(layer, input_length, n) {
            assert!(check.error() < 1e-7, "{}: {check:?}", check.error());
        }
    }
}
