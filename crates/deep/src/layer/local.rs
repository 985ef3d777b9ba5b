//! Layers one after another on a few images at a time, which stay in the cache meanwhile.
//!
//! A whole batch does not fit the cache: each layer would fetch what the one before has just put
//! away. Where the images of a batch do not depend on each other ([`Layer::is_local`]), all layers
//! up to the next that needs the whole batch are run on a part of a piece, then on the next part.
//!
//! Gradients of parameters are summed part by part within a piece, then over the pieces, in order.

use crate::kernels::add;
use crate::layer::{Layer, PIECE, Parameter, Shape};
use crate::real::Real;
use rayon::prelude::*;

/// Numbers of the largest map stack of a part: three or four such stacks fit the second cache.
pub(super) const PART: usize = 50_000;

/// What one piece of the batch needs on its way back; kept between steps.
#[derive(Debug)]
pub(super) struct Room<R> {
    /// Gradients of all parameters of the layers, summed over the piece.
    parameters: Vec<R>,
    /// The gradient at the layer that is being worked on, and at the one below, of a part.
    between: [Vec<R>; 2],
    /// How many parameters each layer has.
    counts: Vec<usize>,
}

/// Layers in a row that are local, and the shape of their inputs.
pub(super) struct Run<'a, R> {
    pub(super) input: Shape,
    pub(super) layers: &'a mut [Box<dyn Layer<R>>],
}

/// Layers whose outputs are cut into pieces together; longer runs are worked on in parts.
const MOST: usize = 16;

/// The outputs of each layer for a part of the batch; empty ones at the end.
type Outputs<'a, R> = [&'a mut [R]; MOST];

impl<R: Real> Run<'_, R> {
    /// Numbers in an input of layer `index`, or in an output of the last.
    fn length(&self, index: usize) -> usize {
        length(self.input.len(), self.layers, index)
    }

    /// Images of a part: their maps stay in the cache, but are no fewer numbers than the parameters
    /// of a layer, whose gradients are summed part by part.
    fn part(&self) -> usize {
        let most = self.layers.iter().map(|layer| learned(layer.as_ref())).max().unwrap_or(0);
        (PART.max(most) / self.longest()).clamp(1, PIECE)
    }

    fn longest(&self) -> usize {
        (0..=self.layers.len()).map(|index| self.length(index)).max().expect("the input")
    }

    /// Outputs of all layers for a batch of `n` inputs.
    pub(super) fn forward(&mut self, input: &[R], outputs: &mut [Vec<R>], n: usize) {
        self.layers.iter_mut().for_each(|layer| layer.prepare());
        let part = self.part();
        let (mut x, mut input) = (&input[..n * self.input.len()], self.input.len());
        for (layers, outputs) in self.layers.chunks(MOST).zip(outputs.chunks_mut(MOST)) {
            let mut of_batch = Outputs::default();
            for (index, (of_batch, output)) in of_batch.iter_mut().zip(&mut *outputs).enumerate() {
                *of_batch = &mut output[..n * length(input, layers, index + 1)];
            }
            Forward { input, layers, part }.pieces(x, of_batch);
            input = length(input, layers, layers.len());
            x = &outputs[layers.len() - 1][..n * input];
        }
    }

    /// Gradients of all parameters, and of the inputs where they are asked for. `inputs` are those
    /// of each layer.
    pub(super) fn backward(
        &mut self,
        inputs: &[Vec<R>],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        rooms: &mut Vec<Room<R>>,
    ) {
        self.layers.iter_mut().for_each(|layer| layer.prepare_back());
        let (first, last) = (self.input.len(), self.length(self.layers.len()));
        let pieces = (output_gradient.len() / last).div_ceil(PIECE);
        let room = || Room { parameters: vec![], between: [vec![], vec![]], counts: vec![] };
        rooms.resize_with(pieces.max(rooms.len()), room);
        let this = &*self;
        let back = |index: usize, dy: &[R], dx: Option<&mut [R]>, room: &mut Room<R>| {
            this.piece_back(inputs, index * PIECE, dy, dx, room);
        };
        let work = output_gradient.par_chunks(PIECE * last).zip(&mut rooms[..pieces]).enumerate();
        match input_gradient {
            None => work.for_each(|(index, (dy, room))| back(index, dy, None, room)),
            Some(dx) => {
                let work = work.zip(dx.par_chunks_mut(PIECE * first));
                work.for_each(|((index, (dy, room)), dx)| back(index, dy, Some(dx), room));
            }
        }
        // In the order of the pieces, whichever thread worked on them.
        let mut start = 0;
        let mut sum = |parameter: &mut Parameter<R>| {
            let range = start..start + parameter.gradient.len();
            start = range.end;
            parameter.gradient.copy_from_slice(&rooms[0].parameters[range.clone()]);
            for room in &rooms[1..pieces] {
                add(&mut parameter.gradient, &room.parameters[range.clone()]);
            }
        };
        for layer in &mut *self.layers {
            layer.visit_mut(&mut |parameter| {
                if parameter.is_learned() {
                    sum(parameter);
                }
            });
        }
    }

    /// The backward pass of the piece whose first image is `offset`.
    fn piece_back(
        &self,
        inputs: &[Vec<R>],
        offset: usize,
        dy: &[R],
        mut dx: Option<&mut [R]>,
        Room { parameters, between: [above, below], counts }: &mut Room<R>,
    ) {
        let part = self.part();
        let longest = part * self.longest();
        for room in [&mut *above, &mut *below] {
            room.resize(room.len().max(longest), R::zero());
        }
        counts.clear();
        counts.extend(self.layers.iter().map(|layer| learned(layer.as_ref())));
        let count = counts.iter().sum();
        parameters.resize(parameters.len().max(count), R::zero());
        parameters[..count].fill(R::zero());
        let last = self.length(self.layers.len());
        let images = dy.len() / last;
        for first in (0..images).step_by(part) {
            let end = (first + part).min(images);
            let mut parameters = &mut parameters[..count];
            for (index, layer) in self.layers.iter().enumerate().rev() {
                let (rest, of_layer) = parameters.split_at_mut(parameters.len() - counts[index]);
                parameters = rest;
                let length = self.length(index);
                let x = &inputs[index][(offset + first) * length..(offset + end) * length];
                let dy = match index + 1 == self.layers.len() {
                    true => &dy[first * last..end * last],
                    false => &above[..(end - first) * self.length(index + 1)],
                };
                match (index, &mut dx) {
                    (0, None) => layer.backward_part(x, dy, None, of_layer),
                    (0, Some(dx)) => {
                        let dx = &mut dx[first * length..end * length];
                        layer.backward_part(x, dy, Some(dx), of_layer);
                    }
                    _ => {
                        let dx = &mut below[..(end - first) * length];
                        layer.backward_part(x, dy, Some(dx), of_layer);
                    }
                }
                std::mem::swap(above, below);
            }
        }
    }
}

/// The forward pass of layers in a row.
struct Forward<'a, R> {
    /// Numbers in an input.
    input: usize,
    layers: &'a [Box<dyn Layer<R>>],
    /// Images of a part.
    part: usize,
}

impl<R: Real> Forward<'_, R> {
    /// Works on the pieces of a batch in parallel: halves it, with all outputs, until one is left.
    fn pieces(&self, x: &[R], mut outputs: Outputs<'_, R>) {
        let images = x.len() / self.input;
        if images <= PIECE {
            return self.piece(x, outputs, images);
        }
        let middle = images.div_ceil(PIECE) / 2 * PIECE;
        let mut others = Outputs::default();
        let halves = outputs.iter_mut().zip(&mut others).take(self.layers.len());
        for (index, (outputs, others)) in halves.enumerate() {
            let end = middle * length(self.input, self.layers, index + 1);
            (*outputs, *others) = std::mem::take(outputs).split_at_mut(end);
        }
        let (x, other_x) = x.split_at(middle * self.input);
        rayon::join(|| self.pieces(x, outputs), || self.pieces(other_x, others));
    }

    fn piece(&self, x: &[R], mut outputs: Outputs<'_, R>, images: usize) {
        for first in (0..images).step_by(self.part) {
            let end = (first + self.part).min(images);
            for (index, layer) in self.layers.iter().enumerate() {
                let (before, after) = outputs.split_at_mut(index);
                let x: &[R] = before.last().map_or(x, |x| x);
                let of_input = length(self.input, self.layers, index);
                let of_output = length(self.input, self.layers, index + 1);
                let x = &x[first * of_input..end * of_input];
                layer.infer(x, &mut after[0][first * of_output..end * of_output]);
            }
        }
    }
}

/// Numbers in an input of layer `index`, or in an output of the last; `input` in one of the first.
fn length<R: Real>(input: usize, layers: &[Box<dyn Layer<R>>], index: usize) -> usize {
    layers[..index].last().map_or(input, |layer| layer.output_shape().len())
}

/// Numbers of a layer that gradient descent learns.
fn learned<R: Real>(layer: &dyn Layer<R>) -> usize {
    let mut count = 0;
    layer.visit(&mut |parameter| count += parameter.gradient.len());
    count
}
