//! Layers one after another: where the chain rule becomes a loop.
//!
//! ```text
//! forward    x0 -> layer 1 -> x1 -> layer 2 -> x2 -> ... -> xk -> L
//! backward   dL/dx0 <-------- dL/dx1 <-------- dL/dx2 <- ... <- dL/dxk
//! ```
//!
//! Each layer is given `dL/dy` of its outputs and returns `dL/dx` of its inputs, which are the
//! outputs of the layer before: `dL/dx = (dy/dx)^T dL/dy`.
//!
//! Source: D. Rumelhart, G. Hinton, R. Williams, "Learning representations by back-propagating
//! errors", Nature 323:533-536, 1986.

use crate::layer::{Layer, Parameter, Shape};
use crate::real::Real;
use base::Seed;

/// Layers one after another; none is the identity.
pub struct Chain<R> {
    input: Shape,
    layers: Vec<Box<dyn Layer<R>>>,
}

impl<R: Real> Chain<R> {
    /// `layers` one after another, for inputs of shape `input`. Each must have been made for the
    /// outputs of the one before.
    pub fn new(input: Shape, layers: Vec<Box<dyn Layer<R>>>) -> Self {
        Self { input, layers }
    }

    /// Shape of an input.
    pub fn input_shape(&self) -> Shape {
        self.input
    }

    /// Number of layers.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Box<dyn Layer<R>>] {
        &self.layers
    }

    /// The layers, to be changed.
    pub fn layers_mut(&mut self) -> &mut [Box<dyn Layer<R>>] {
        &mut self.layers
    }

    /// Shape of an output of the first `depth` layers.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn output_shape(&self, depth: usize) -> Shape {
        self.layers[..depth].last().map_or(self.input, |layer| layer.output_shape())
    }

    /// Outputs of the first `depth` layers for a batch of inputs, shape `(n, outputs)`. The same
    /// input gives the same bits in any batch. One thread.
    ///
    /// # Panics
    /// If there are fewer layers than `depth`, or `input` is no whole number of inputs.
    pub fn infer(&self, input: &[R], depth: usize) -> Vec<R> {
        assert_eq!(input.len() % self.input.len(), 0, "whole inputs of {:?}", self.input);
        let n = input.len() / self.input.len();
        let mut batch = input.to_vec();
        for layer in &self.layers[..depth] {
            let mut output = vec![R::zero(); n * layer.output_shape().len()];
            layer.infer(&batch, &mut output);
            batch = output;
        }
        batch
    }

    /// Runs all layers on the first `n` inputs of `workspace`.
    ///
    /// # Panics
    /// If the workspace was made for fewer inputs or another chain.
    pub fn forward(&mut self, workspace: &mut Workspace<R>, n: usize) {
        let mut shape = self.input;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = workspace.activations.split_at_mut(index + 1);
            let input = &before[index][..n * shape.len()];
            shape = layer.output_shape();
            layer.forward(input, &mut after[0][..n * shape.len()]);
        }
        workspace.n = n;
    }

    /// Takes [`Workspace::output_gradient`] back through all layers of the latest forward pass,
    /// down to the inputs of layer `until`; leaves the gradient of every parameter on the way, and
    /// with `input_gradient`, `dL/dx` of layer `until` in [`Workspace::input_gradient`].
    ///
    /// # Panics
    /// If there was no forward pass with this workspace.
    pub fn backward(&mut self, workspace: &mut Workspace<R>, until: usize, input_gradient: bool) {
        let Workspace { activations, gradient, next_gradient, n } = workspace;
        for index in (until..self.layers.len()).rev() {
            let output = *n * self.output_shape(index + 1).len();
            let input = *n * self.output_shape(index).len();
            let wanted = index > until || input_gradient;
            let input_gradient = wanted.then(|| &mut next_gradient[..input]);
            let activation = &activations[index][..input];
            self.layers[index].backward(activation, &gradient[..output], input_gradient);
            std::mem::swap(gradient, next_gradient);
        }
    }

    /// All learned numbers, from the first layer to the last.
    pub fn parameters(&self) -> Vec<&Parameter<R>> {
        self.layers.iter().flat_map(|layer| layer.parameters()).collect()
    }

    /// The same, to be changed.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.layers.iter_mut().flat_map(|layer| layer.parameters_mut()).collect()
    }

    /// [`Layer::reseed`] of all layers, each with a seed of its own.
    pub fn reseed(&mut self, seed: Seed) {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            layer.reseed(seed.child("layer", index as u64));
        }
    }

    /// [`Layer::freeze`] of all layers.
    pub fn freeze(&mut self, frozen: bool) {
        self.layers.iter_mut().for_each(|layer| layer.freeze(frozen));
    }
}

/// Room for the numbers between the layers during training; made once, used in every step.
pub struct Workspace<R> {
    /// The inputs, then the outputs of each layer.
    activations: Vec<Vec<R>>,
    /// The gradient at the layer that is being worked on, and at the one below.
    gradient: Vec<R>,
    next_gradient: Vec<R>,
    /// Inputs in the latest forward pass.
    n: usize,
}

impl<R: Real> Workspace<R> {
    /// For batches of at most `n` inputs of `chain`.
    pub fn new(chain: &Chain<R>, n: usize) -> Self {
        let lengths = (0..=chain.depth()).map(|depth| n * chain.output_shape(depth).len());
        let longest = lengths.clone().max().expect("at least the input");
        Self {
            activations: lengths.map(|length| vec![R::zero(); length]).collect(),
            gradient: vec![R::zero(); longest],
            next_gradient: vec![R::zero(); longest],
            n,
        }
    }

    /// Where the inputs of the next batch are written, shape `(n, channels, height, width)`.
    pub fn inputs(&mut self) -> &mut [R] {
        &mut self.activations[0]
    }

    /// Outputs of the first `depth` layers in the latest forward pass; room for a whole batch.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn outputs(&self, depth: usize) -> &[R] {
        &self.activations[depth]
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
