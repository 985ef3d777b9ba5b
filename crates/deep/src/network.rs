//! A network of layers one after another, and the one that is trained here.
//!
//! ```text
//! image -> [convolution, batch normalisation, max pooling, ReLU] for each entry of `channels`
//!       -> affine -> ReLU          the embedding
//!       -> affine                  one output per class, for the softmax
//! ```
//!
//! Pooling before ReLU gives the same numbers as after it, with a quarter of the work.

use crate::cnn::CnnParams;
use crate::layer::{Layer, Parameter, Shape};
use crate::loss::{Loss, softmax_cross_entropy};
use crate::real::Real;
use crate::{Affine, BatchNorm, Convolution, MaxPool, Relu};
use base::{Seed, Size};

/// Maps with a shorter side are not pooled, so that maps keep at least 2x2 numbers.
const MIN_POOLED_SIDE: usize = 4;

/// Layers one after another.
pub struct Network<R> {
    input: Shape,
    layers: Vec<Box<dyn Layer<R>>>,
}

impl<R: Real> Network<R> {
    /// `layers` one after another, for inputs of shape `input`.
    ///
    /// # Panics
    /// If there is no layer.
    pub fn new(input: Shape, layers: Vec<Box<dyn Layer<R>>>) -> Self {
        assert!(!layers.is_empty(), "a network has a layer");
        Self { input, layers }
    }

    /// The untrained network of the given settings, for images of `size`.
    ///
    /// # Panics
    /// If the settings would be refused by [`crate::Cnn::new`], or there is no class.
    pub fn build(params: &CnnParams, size: Size, classes: usize, seed: Seed) -> Self {
        let input = Shape { channels: size.channels, height: size.height, width: size.width };
        let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
        let mut shape = input;
        let weights = |layer: usize| seed.child("weights", layer as u64);
        for &maps in &params.channels {
            let seed = weights(layers.len());
            layers.push(Box::new(Convolution::new(shape, maps, params.kernel_size, seed)));
            shape.channels = maps;
            layers.push(Box::new(BatchNorm::new(shape)));
            if shape.height.min(shape.width) >= MIN_POOLED_SIDE {
                layers.push(Box::new(MaxPool::new(shape)));
                shape = Shape { height: shape.height / 2, width: shape.width / 2, ..shape };
            }
            layers.push(Box::new(Relu::new(shape)));
        }
        layers.push(Box::new(Affine::new(shape.len(), params.embedding, weights(layers.len()))));
        layers.push(Box::new(Relu::new(Shape::vector(params.embedding))));
        layers.push(Box::new(Affine::new(params.embedding, classes, weights(layers.len()))));
        Self::new(input, layers)
    }

    /// Shape of an input.
    pub fn input_shape(&self) -> Shape {
        self.input
    }

    /// Number of layers.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Shape of an output of the first `depth` layers.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn output_shape(&self, depth: usize) -> Shape {
        self.layers[..depth].last().map_or(self.input, |layer| layer.output_shape())
    }

    /// Outputs of layer `depth - 1` for a batch of inputs, shape `(n, outputs of that layer)`;
    /// those of the whole network if `depth` is [`Self::depth`]. The same input gives the same
    /// bits in any batch. One thread.
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

    /// Forward and backward pass over one batch: leaves the gradient of the mean loss in every
    /// parameter. The batch is the first `truth.len()` inputs of `workspace`.
    ///
    /// # Panics
    /// If the workspace was made for fewer inputs or another network.
    pub fn learn(&mut self, workspace: &mut Workspace<R>, truth: &[usize]) -> Loss {
        let Workspace { activations, gradient, next_gradient } = workspace;
        let n = truth.len();
        let mut shape = self.input;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = activations.split_at_mut(index + 1);
            let input = &before[index][..n * shape.len()];
            shape = layer.output_shape();
            layer.forward(input, &mut after[0][..n * shape.len()]);
        }
        let outputs = &activations[self.layers.len()][..n * shape.len()];
        let loss = softmax_cross_entropy(outputs, truth, &mut gradient[..n * shape.len()]);
        for index in (0..self.layers.len()).rev() {
            let output = n * self.layers[index].output_shape().len();
            let input = n * match index {
                0 => self.input.len(),
                _ => self.layers[index - 1].output_shape().len(),
            };
            let input_gradient = (index > 0).then(|| &mut next_gradient[..input]);
            let activation = &activations[index][..input];
            self.layers[index].backward(activation, &gradient[..output], input_gradient);
            std::mem::swap(gradient, next_gradient);
        }
        loss
    }

    /// All that gradient descent learns, from the first layer to the last.
    pub fn parameters(&mut self) -> Vec<&mut Parameter<R>> {
        self.layers.iter_mut().flat_map(|layer| layer.parameters()).collect()
    }

    /// Copies of all learned numbers, also of running statistics.
    pub fn snapshot(&mut self) -> Vec<Vec<R>> {
        let mut snapshot = Vec::new();
        self.each_learned(|values| snapshot.push(values.clone()));
        snapshot
    }

    /// Puts the numbers of [`Self::snapshot`] back.
    ///
    /// # Panics
    /// If the snapshot is of another network.
    pub fn restore(&mut self, snapshot: &[Vec<R>]) {
        let mut copies = snapshot.iter();
        self.each_learned(|values| {
            values.copy_from_slice(copies.next().expect("a snapshot of this network"));
        });
    }

    /// Number of learned numbers, also of running statistics, in the first `depth` layers.
    pub fn learned_count(&mut self, depth: usize) -> usize {
        let of_layer = |layer: &mut Box<dyn Layer<R>>| {
            let parameters: usize = layer.parameters().iter().map(|p| p.value.len()).sum();
            parameters + layer.statistics().iter().map(|s| s.len()).sum::<usize>()
        };
        self.layers[..depth].iter_mut().map(of_layer).sum()
    }

    /// Whether all learned numbers are finite.
    pub fn is_finite(&mut self) -> bool {
        let mut finite = true;
        self.each_learned(|values| finite &= values.iter().all(|value| value.is_finite()));
        finite
    }

    fn each_learned(&mut self, mut visit: impl FnMut(&mut Vec<R>)) {
        for layer in &mut self.layers {
            layer.parameters().into_iter().for_each(|parameter| visit(&mut parameter.value));
            layer.statistics().into_iter().for_each(&mut visit);
        }
    }
}

/// Room for the numbers between the layers during training; made once, used in every step.
pub struct Workspace<R> {
    /// The inputs, then the outputs of each layer.
    activations: Vec<Vec<R>>,
    /// The gradient at the layer that is being worked on, and at the one below.
    gradient: Vec<R>,
    next_gradient: Vec<R>,
}

impl<R: Real> Workspace<R> {
    /// For batches of at most `n` inputs of `network`.
    pub fn new(network: &Network<R>, n: usize) -> Self {
        let shapes = network.layers.iter().map(|layer| layer.output_shape());
        let lengths: Vec<usize> =
            std::iter::once(network.input).chain(shapes).map(|shape| n * shape.len()).collect();
        let longest = lengths.iter().copied().max().expect("at least the input");
        Self {
            activations: lengths.into_iter().map(|length| vec![R::zero(); length]).collect(),
            gradient: vec![R::zero(); longest],
            next_gradient: vec![R::zero(); longest],
        }
    }

    /// Where the inputs of the next batch are written, shape `(n, channels, height, width)`.
    pub fn inputs(&mut self) -> &mut [R] {
        &mut self.activations[0]
    }
}
