//! The fastest way there is to convolve maps of known shapes.

use super::channels_last::ChannelsLast;
use super::direct::Direct;
use super::finish::Finish;
use super::lines::Lines;
use super::wide::Level;
use super::winograd::Winograd;
use crate::layer::Shape;

/// A convolution in `f32`, stride 1, one group.
#[derive(Debug, Clone)]
pub(crate) enum Convolver {
    /// By its definition.
    Direct(Direct),
    /// With fewer multiplications.
    Winograd(Winograd),
}

/// Kernels in the order in which they are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed {
    pub(super) weights: Lines,
    /// What the sums of each map start with.
    pub(super) starts: Lines,
}

impl Convolver {
    /// For inputs of shape `input`, outputs of shape `output`, kernels of `size x size`; nothing
    /// if the processor has no instructions that there are kernels for, or the border is as wide
    /// as the kernel.
    pub(crate) fn new(input: Shape, output: Shape, size: usize, padding: usize) -> Option<Self> {
        let level = Level::detected()?;
        let winograd = Winograd::at(level, input, output, size, padding);
        match winograd.filter(Winograd::pays) {
            Some(winograd) => Some(Self::Winograd(winograd)),
            None => Direct::at(level, input, output, size, padding).map(Self::Direct),
        }
    }

    /// Kernels of shape `(outputs, inputs, size, size)` for [`Self::forward`].
    pub(crate) fn pack(&self, weights: &[f32], biases: Option<&[f32]>, packed: &mut Packed) {
        match self {
            Self::Direct(direct) => direct.pack(weights, biases, packed),
            Self::Winograd(winograd) => winograd.pack(weights, biases, packed),
        }
    }

    /// The same kernels, turned, for the gradient with respect to the inputs.
    pub(crate) fn pack_turned(&self, weights: &[f32], packed: &mut Packed) {
        match self {
            Self::Direct(direct) => direct.pack_turned(weights, packed),
            Self::Winograd(winograd) => winograd.pack_turned(weights, packed),
        }
    }

    /// Whether [`Self::forward`] can do this.
    pub(crate) fn can(&self, finish: Finish<'_>) -> bool {
        match self {
            Self::Direct(direct) => direct.can(finish),
            Self::Winograd(winograd) => winograd.can(finish),
        }
    }

    /// How inputs may be stored instead of map by map.
    pub(crate) fn stored_inputs(&self) -> Option<ChannelsLast> {
        match self {
            Self::Direct(_) => None,
            Self::Winograd(winograd) => Some(winograd.stored_inputs()),
        }
    }

    /// Outputs of a batch, each of which depends on its input only, in every bit, after what is to
    /// be done with the maps. Inputs may be `stored` as [`Self::stored_inputs`] says.
    ///
    /// # Panics
    /// If that cannot be done, or the slices have other lengths.
    pub(crate) fn forward(
        &self,
        x: &[f32],
        stored: bool,
        kernels: &Packed,
        finish: Finish<'_>,
        y: &mut [f32],
    ) {
        match self {
            Self::Direct(direct) => {
                assert!(!stored, "inputs map by map");
                direct.forward(x, kernels, finish, y);
            }
            Self::Winograd(winograd) => winograd.forward(x, stored, kernels, finish, y),
        }
    }

    /// Writes the gradient of the kernels that [`Self::backward`] leaves in their order to `dw`.
    pub(crate) fn order_gradient(&self, unordered: &[f32], dw: &mut [f32]) {
        match self {
            Self::Direct(_) => dw.copy_from_slice(unordered),
            Self::Winograd(winograd) => winograd.order_gradient(unordered, dw),
        }
    }

    /// Adds the gradient of the batch to that of the kernels, in an order of its own, and writes that of the inputs if
    /// [`Self::pack_turned`] kernels are given.
    pub(crate) fn backward(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        inputs: Option<(&Packed, &mut [f32])>,
    ) {
        match self {
            Self::Direct(direct) => direct.backward(x, dy, dw, inputs),
            Self::Winograd(winograd) => winograd.backward(x, dy, dw, inputs),
        }
    }
}

/// How many of `n` images are worked on together, `most` at most and one at least: groups are of
/// nearly equal size.
pub(crate) fn group(n: usize, most: usize) -> usize {
    n.div_ceil(n.div_ceil(most.max(1)).max(1)).max(1)
}

#[cfg(test)]
mod tests;
