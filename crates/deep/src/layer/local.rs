//! Layers one after another on a few images at a time, which stay in the cache meanwhile.
//!
//! A whole batch does not fit the cache: each layer would fetch what the one before has just put
//! away. Where the images of a batch do not depend on each other ([`Layer::is_local`]), all layers
//! up to the next that needs the whole batch are run on a part of a piece, then on the next part.
//!
//! Gradients of parameters are summed part by part within a piece, then over the pieces, in order.

use crate::kernels::add;
use crate::layer::{Layer, PIECE, Shape};
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
}

/// Layers in a row that are local, and the shape of their inputs.
pub(super) struct Run<'a, R> {
    pub(super) input: Shape,
    pub(super) layers: &'a mut [Box<dyn Layer<R>>],
}

impl<R: Real> Run<'_, R> {
    /// Shapes of the inputs, and of the outputs of each layer.
    fn shapes(&self) -> Vec<usize> {
        let outputs = self.layers.iter().map(|layer| layer.output_shape().len());
        std::iter::once(self.input.len()).chain(outputs).collect()
    }

    /// Images of a part.
    fn part(&self) -> usize {
        let longest = self.shapes().into_iter().max().expect("at least the input");
        (PART / longest).clamp(1, PIECE)
    }

    /// Outputs of all layers for a batch of `n` inputs.
    pub(super) fn forward(&mut self, input: &[R], outputs: &mut [Vec<R>], n: usize) {
        self.layers.iter_mut().for_each(|layer| layer.prepare());
        let (lengths, part, layers) = (self.shapes(), self.part(), &*self.layers);
        let mut pieces: Vec<Vec<&mut [R]>> = (0..n.div_ceil(PIECE)).map(|_| Vec::new()).collect();
        for (output, &length) in outputs.iter_mut().zip(&lengths[1..]) {
            let of_pieces = output[..n * length].chunks_mut(PIECE * length);
            pieces.iter_mut().zip(of_pieces).for_each(|(piece, output)| piece.push(output));
        }
        let inputs = input[..n * lengths[0]].par_chunks(PIECE * lengths[0]);
        inputs.zip(pieces).for_each(|(input, mut outputs)| {
            let images = input.len() / lengths[0];
            for first in (0..images).step_by(part) {
                let end = (first + part).min(images);
                for (index, layer) in layers.iter().enumerate() {
                    let (before, after) = outputs.split_at_mut(index);
                    let x: &[R] = before.last().map_or(input, |x| x);
                    let x = &x[first * lengths[index]..end * lengths[index]];
                    let length = lengths[index + 1];
                    layer.infer(x, &mut after[0][first * length..end * length]);
                }
            }
        });
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
        let lengths = self.shapes();
        let last = lengths[self.layers.len()];
        let pieces = (output_gradient.len() / last).div_ceil(PIECE);
        let room = || Room { parameters: Vec::new(), between: [Vec::new(), Vec::new()] };
        rooms.resize_with(pieces.max(rooms.len()), room);
        let this = &*self;
        let back = |index: usize, dy: &[R], dx: Option<&mut [R]>, room: &mut Room<R>| {
            this.piece_back(inputs, index * PIECE, &lengths, dy, dx, room);
        };
        let work = output_gradient.par_chunks(PIECE * last).zip(&mut rooms[..pieces]).enumerate();
        match input_gradient {
            None => work.for_each(|(index, (dy, room))| back(index, dy, None, room)),
            Some(dx) => {
                let work = work.zip(dx.par_chunks_mut(PIECE * lengths[0]));
                work.for_each(|((index, (dy, room)), dx)| back(index, dy, Some(dx), room));
            }
        }
        // In the order of the pieces, whichever thread worked on them.
        let mut start = 0;
        let parameters = self.layers.iter_mut().flat_map(|layer| layer.parameters_mut());
        for parameter in parameters.filter(|parameter| parameter.is_learned()) {
            let range = start..start + parameter.gradient.len();
            start = range.end;
            parameter.gradient.copy_from_slice(&rooms[0].parameters[range.clone()]);
            for room in &rooms[1..pieces] {
                add(&mut parameter.gradient, &room.parameters[range.clone()]);
            }
        }
    }

    /// The backward pass of the piece whose first image is `offset`.
    fn piece_back(
        &self,
        inputs: &[Vec<R>],
        offset: usize,
        lengths: &[usize],
        dy: &[R],
        mut dx: Option<&mut [R]>,
        Room { parameters, between: [above, below] }: &mut Room<R>,
    ) {
        let part = self.part();
        let longest = part * lengths.iter().max().expect("at least the input");
        for room in [&mut *above, &mut *below] {
            room.resize(room.len().max(longest), R::zero());
        }
        let counts: Vec<usize> = self.layers.iter().map(|layer| learned(layer.as_ref())).collect();
        let count = counts.iter().sum();
        parameters.resize(parameters.len().max(count), R::zero());
        parameters[..count].fill(R::zero());
        let last = lengths[self.layers.len()];
        let images = dy.len() / last;
        for first in (0..images).step_by(part) {
            let end = (first + part).min(images);
            let mut parameters = &mut parameters[..count];
            for (index, layer) in self.layers.iter().enumerate().rev() {
                let (rest, of_layer) = parameters.split_at_mut(parameters.len() - counts[index]);
                parameters = rest;
                let length = lengths[index];
                let x = &inputs[index][(offset + first) * length..(offset + end) * length];
                let dy = match index + 1 == self.layers.len() {
                    true => &dy[first * last..end * last],
                    false => &above[..(end - first) * lengths[index + 1]],
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

/// Numbers of a layer that gradient descent learns.
fn learned<R: Real>(layer: &dyn Layer<R>) -> usize {
    layer.parameters().iter().map(|parameter| parameter.gradient.len()).sum()
}
