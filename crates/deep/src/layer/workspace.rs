//! The numbers between the layers during training.

use crate::layer::Chain;
use crate::layer::local::Room;
use crate::real::Real;
use std::ops::Range;

/// Room for the numbers between the layers during training; made once, used in every step.
///
/// Outputs that are needed in the backward pass are kept, unless it is quicker to make them again
/// from what is kept before them ([`crate::Layer::is_made_again`]): of a convolution, batch
/// normalisation, ReLU and pooling, the outputs of the convolution are all there is.
pub struct Workspace<R> {
    /// Layers that are worked on together.
    pub(super) runs: Vec<Range<usize>>,
    /// The inputs, then the outputs of each layer; none where they are made again.
    pub(super) activations: Vec<Vec<R>>,
    /// The gradient at the layers that are being worked on, and at the one below.
    pub(super) gradient: Vec<R>,
    pub(super) next_gradient: Vec<R>,
    /// Of each piece of the batch.
    pub(super) rooms: Vec<Room<R>>,
    /// Inputs in the latest forward pass.
    pub(super) n: usize,
}

impl<R: Real> Workspace<R> {
    /// For batches of at most `n` inputs of `chain`.
    pub fn new(chain: &Chain<R>, n: usize) -> Self {
        let runs = chain.runs();
        let length = |depth| n * chain.length(depth);
        let mut activations = vec![vec![R::zero(); length(0)]];
        for run in &runs {
            for index in run.clone() {
                let kept = index + 1 == run.end || !chain.layers()[index].is_made_again();
                activations.push(vec![R::zero(); if kept { length(index + 1) } else { 0 }]);
            }
        }
        // Between runs; where a backward pass ends within one, also there.
        let longest = (0..=chain.depth()).map(length).max().expect("at least the input");
        let gradient = vec![R::zero(); longest];
        Self { runs, activations, next_gradient: gradient.clone(), gradient, rooms: vec![], n }
    }

    /// Where the inputs of the next batch are written, shape `(n, channels, height, width)`.
    pub fn inputs(&mut self) -> &mut [R] {
        &mut self.activations[0]
    }

    /// Outputs of all layers in the latest forward pass; room for a whole batch.
    pub fn outputs(&self) -> &[R] {
        self.activations.last().expect("at least the input")
    }

    /// Where the gradient with respect to the last outputs is written before the backward pass.
    pub fn output_gradient(&mut self) -> &mut [R] {
        &mut self.gradient
    }

    /// The last outputs, to be read, and their gradient, to be written.
    pub fn loss_sides(&mut self) -> (&[R], &mut [R]) {
        (self.activations.last().expect("at least the input"), &mut self.gradient)
    }

    /// The gradient with respect to the inputs of the last layer that [`Chain::backward`] reached.
    pub fn input_gradient(&self) -> &[R] {
        &self.gradient
    }
}
