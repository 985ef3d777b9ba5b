//! Layers one after another on a few images at a time, which stay in the cache meanwhile.
//!
//! A whole batch does not fit the cache: each layer would fetch what the one before has just put
//! away. Where the images of a batch do not depend on each other ([`Layer::is_local`]), all layers
//! up to the next that needs the whole batch are run on a part of a piece, then on the next part.
//!
//! A layer whose images depend on each other by sums over the batch only ([`Layer::gathers`]) can
//! come first: it looks at the whole batch before the parts are worked on, and completes the gradient
//! of the whole batch after them.
//!
//! Outputs that are quicker to make again than to fetch are not kept ([`Layer::is_made_again`]).
//!
//! Gradients of parameters are summed part by part within a piece, then over the pieces, in order.

use crate::kernels::{Lines, add};
use crate::layer::memory::Pool;
use crate::layer::{Layer, PIECE, Shape, Spare};
use crate::real::Real;
use rayon::prelude::*;
use std::ops::Range;

/// Numbers of the largest map stack of a part: three or four such stacks fit the second cache.
pub(super) const PART: usize = 50_000;

/// Memory that is kept between steps.
#[derive(Debug)]
pub(super) struct Rooms<R> {
    rooms: Pool<Room<R>>,
    /// Of layers.
    spare: Spare,
}

impl<R> Default for Rooms<R> {
    fn default() -> Self {
        Self { rooms: Pool::default(), spare: Spare::default() }
    }
}

/// What a thread needs for a part.
#[derive(Debug)]
struct Room<R> {
    /// Outputs of the layers, where they are not kept.
    made: Vec<Lines<R>>,
    /// The gradients with respect to the inputs of layers, by turns.
    between: [Lines<R>; 2],
}

impl<R> Default for Room<R> {
    fn default() -> Self {
        Self { made: vec![], between: Default::default() }
    }
}

/// Layers in a row that are local, or of which the first gathers; and the shape of their inputs.
pub(super) struct Run<'a, R> {
    pub(super) input: Shape,
    pub(super) layers: &'a mut [Box<dyn Layer<R>>],
}

/// Most layers in a row.
pub(super) const MOST: usize = 16;

/// The outputs of each layer for a part of the batch; empty ones at the end, and where they are not
/// kept.
pub(super) type Outputs<'a, R> = [&'a mut [R]; MOST];

impl<R: Real> Run<'_, R> {
    fn parts(&self) -> Parts<'_, R> {
        Parts::new(self.input.len(), self.layers)
    }

    /// Outputs of all layers for a batch of inputs, where `outputs` has room for them.
    pub(super) fn forward(
        &mut self,
        input: &[R],
        mut outputs: Outputs<'_, R>,
        rooms: &mut Rooms<R>,
    ) {
        if self.layers[0].gathers() {
            self.layers[0].gather(input);
        }
        self.layers.iter_mut().for_each(|layer| layer.prepare(&mut rooms.spare));
        let parts = self.parts();
        let n = input.len() / parts.input;
        for (index, output) in outputs.iter_mut().enumerate().filter(|(_, y)| !y.is_empty()) {
            *output = &mut std::mem::take(output)[..n * parts.length(index + 1)];
        }
        parts.forward(input, outputs, &rooms.rooms);
        self.layers.iter_mut().rev().for_each(|layer| layer.rest(&mut rooms.spare));
    }

    /// Gradients of all parameters but those of the first `skipped` layers, and of the inputs of
    /// the first that is not, where they are asked for. `kept` are the inputs of each layer; `sums`
    /// is for the gradients of all parameters, for every piece.
    pub(super) fn backward(
        &mut self,
        kept: &[&[R]],
        output_gradient: &[R],
        mut input_gradient: Option<&mut [R]>,
        (sums, rooms): (&mut [R], &mut Rooms<R>),
        skipped: usize,
    ) {
        let Rooms { rooms, spare } = rooms;
        self.layers.iter_mut().for_each(|layer| layer.prepare_back(spare));
        let parts = self.parts();
        let (first, last) = (parts.length(skipped), parts.length(self.layers.len()));
        let n = output_gradient.len() / last;
        let of_piece = parts.counts[skipped..].iter().sum::<usize>().max(1);
        let sums = &mut sums[..n.div_ceil(PIECE) * of_piece];
        let back = |index: usize, dy: &[R], dx: Option<&mut [R]>, sums: &mut [R]| {
            rooms.lend(|room| {
                parts.piece_back(kept, index * PIECE, dy, dx, (room, sums), skipped);
            });
        };
        let work = output_gradient.par_chunks(PIECE * last);
        let work = work.zip(sums.par_chunks_mut(of_piece)).enumerate();
        match &mut input_gradient {
            None => work.for_each(|(index, (dy, sums))| back(index, dy, None, sums)),
            Some(dx) => {
                let work = work.zip(dx.par_chunks_mut(PIECE * first));
                work.for_each(|((index, (dy, sums)), dx)| back(index, dy, Some(dx), sums));
            }
        }
        let counts = parts.counts;
        self.layers.iter_mut().rev().for_each(|layer| layer.rest(spare));
        self.sum(sums.split_at_mut(of_piece), &counts, skipped);
        let gathers = skipped == 0 && self.layers[0].gathers();
        if let (true, Some(dx)) = (gathers, input_gradient) {
            let (layer, x) = (&self.layers[0], &kept[0][..n * first]);
            let work = x.par_chunks(PIECE * first).zip(dx.par_chunks_mut(PIECE * first));
            work.for_each(|(x, dx)| layer.complete(x, n, dx));
        }
    }

    /// Adds the gradients of the other pieces to those of the first, in their order, whichever
    /// thread worked on them.
    fn sum(&mut self, (first, others): (&mut [R], &mut [R]), counts: &[usize], skipped: usize) {
        others.chunks_exact(first.len()).for_each(|other| add(first, other));
        let mut sums = &*first;
        for (layer, &count) in self.layers.iter_mut().zip(counts).skip(skipped) {
            let (of_layer, rest) = sums.split_at(count);
            layer.take_gradient(of_layer);
            sums = rest;
        }
    }
}

/// Calls `look(index, outputs)` with the outputs of each layer for each part of `n` images, in
/// order; `kept` are the inputs and outputs of the layers.
pub(super) fn look_at_run<R: Real>(
    input: usize,
    layers: &[Box<dyn Layer<R>>],
    kept: &[&[R]],
    n: usize,
    look: &mut dyn FnMut(usize, &[R]),
) {
    let (parts, mut made) = (Parts::new(input, layers), Vec::new());
    for first in (0..n).step_by(parts.images) {
        let images = first..(first + parts.images).min(n);
        parts.make(&kept[..layers.len()], images.clone(), &mut made);
        for index in 0..layers.len() {
            look(index, parts.get(kept, images.clone(), &made, index + 1));
        }
    }
}

/// A row of layers, and how many images they work on at a time.
struct Parts<'a, R> {
    /// Numbers in an input.
    input: usize,
    layers: &'a [Box<dyn Layer<R>>],
    /// Numbers that each layer learns.
    counts: [usize; MOST],
    /// Images of a part.
    images: usize,
}

impl<'a, R: Real> Parts<'a, R> {
    /// The maps of a part stay in the cache, but are no fewer numbers than the parameters of a
    /// layer, whose gradients are summed part by part.
    fn new(input: usize, layers: &'a [Box<dyn Layer<R>>]) -> Self {
        let counts = learned(layers);
        let most = *counts.iter().max().expect("some layers");
        let parts = Self { input, layers, counts, images: 1 };
        Self { images: (PART.max(most) / parts.longest()).clamp(1, PIECE), ..parts }
    }

    /// Numbers in an input of layer `index`, or in an output of the last.
    fn length(&self, index: usize) -> usize {
        self.layers[..index].last().map_or(self.input, |layer| layer.output_shape().len())
    }

    fn longest(&self) -> usize {
        (0..=self.layers.len()).map(|index| self.length(index)).max().expect("the input")
    }

    /// Works on the pieces of a batch in parallel: halves it, with all outputs, until one is left.
    fn forward(&self, x: &[R], mut outputs: Outputs<'_, R>, rooms: &Pool<Room<R>>) {
        let images = x.len() / self.input;
        if images <= PIECE {
            return rooms.lend(|room| self.piece(x, outputs, images, &mut room.made));
        }
        let pieces = images.div_ceil(PIECE) / 2;
        let mut others = Outputs::default();
        let halves = outputs.iter_mut().zip(&mut others).take(self.layers.len());
        for (index, (outputs, others)) in halves.enumerate().filter(|(_, (y, _))| !y.is_empty()) {
            let end = pieces * PIECE * self.length(index + 1);
            (*outputs, *others) = std::mem::take(outputs).split_at_mut(end);
        }
        let (x, other_x) = x.split_at(pieces * PIECE * self.input);
        rayon::join(|| self.forward(x, outputs, rooms), || self.forward(other_x, others, rooms));
    }

    fn piece(&self, x: &[R], mut outputs: Outputs<'_, R>, images: usize, made: &mut Vec<Lines<R>>) {
        made.resize_with(self.layers.len().max(made.len()), Lines::default);
        for first in (0..images).step_by(self.images) {
            let end = (first + self.images).min(images);
            for (index, layer) in self.layers.iter().enumerate() {
                let (kept_before, kept) = outputs.split_at_mut(index);
                let (made_before, made) = made.split_at_mut(index);
                let of = |length: usize| first * length..end * length;
                let x: &[R] = match (kept_before, made_before) {
                    ([.., []], [.., made]) => made,
                    ([.., kept], _) => &kept[of(self.length(index))],
                    _ => &x[of(self.input)],
                };
                let length = self.length(index + 1);
                let x = &x[..(end - first) * self.length(index)];
                if kept[0].is_empty() {
                    layer.forward_part(x, made[0].room((end - first) * length));
                } else {
                    layer.forward_part(x, &mut kept[0][of(length)]);
                }
            }
        }
    }

    /// Makes again what is not kept of the inputs of the layers, for some images.
    fn make(&self, kept: &[&[R]], images: Range<usize>, made: &mut Vec<Lines<R>>) {
        made.resize_with(self.layers.len().max(made.len()), Lines::default);
        for index in (1..kept.len()).filter(|&index| kept[index].is_empty()) {
            let (before, after) = made.split_at_mut(index - 1);
            let x = match before.last() {
                Some(made) if kept[index - 1].is_empty() => made,
                _ => &kept[index - 1][images.start * self.length(index - 1)..],
            };
            let x = &x[..images.len() * self.length(index - 1)];
            let to = after[0].room(images.len() * self.length(index));
            self.layers[index - 1].forward_part(x, to);
        }
    }

    /// Inputs of layer `index`, or outputs of the last, for some images: kept, or made.
    fn get<'b>(
        &self,
        kept: &'b [&[R]],
        images: Range<usize>,
        made: &'b [Lines<R>],
        index: usize,
    ) -> &'b [R] {
        let length = self.length(index);
        match kept[index].is_empty() {
            true => &made[index - 1][..images.len() * length],
            false => &kept[index][images.start * length..images.end * length],
        }
    }

    /// The backward pass of the piece whose first image is `offset`; `sums` become its gradients of
    /// all parameters.
    fn piece_back(
        &self,
        kept: &[&[R]],
        offset: usize,
        dy: &[R],
        mut dx: Option<&mut [R]>,
        (room, sums): (&mut Room<R>, &mut [R]),
        skipped: usize,
    ) {
        let Room { made, between } = room;
        let parameters = &mut sums[..self.counts[skipped..].iter().sum()];
        parameters.fill(R::zero());
        let (first, last) = (self.length(skipped), self.length(self.layers.len()));
        let n = dy.len() / last;
        for start in (0..n).step_by(self.images) {
            let end = (start + self.images).min(n);
            let images = offset + start..offset + end;
            self.make(kept, images.clone(), made);
            let part = Part { kept, made, images, skipped };
            let dx = dx.as_mut().map(|dx| &mut dx[start * first..end * first]);
            let dy = &dy[start * last..end * last];
            self.part_back(&part, dy, dx, between, parameters);
        }
    }

    fn part_back(
        &self,
        part: &Part<'_, R>,
        dy: &[R],
        mut dx: Option<&mut [R]>,
        [even, odd]: &mut [Lines<R>; 2],
        mut parameters: &mut [R],
    ) {
        let Part { kept, made, images, skipped } = part;
        let lowest = *skipped;
        let gathers = lowest == 0 && self.layers[0].gathers();
        for (index, layer) in self.layers.iter().enumerate().skip(lowest).rev() {
            let (rest, of_layer) = parameters.split_at_mut(parameters.len() - self.counts[index]);
            parameters = rest;
            let x = self.get(kept, images.clone(), made, index);
            let is_last = index + 1 == self.layers.len();
            let (above, below) =
                if index % 2 == 0 { (&mut *odd, &mut *even) } else { (&mut *even, &mut *odd) };
            let length = images.len() * self.length(index + 1);
            if gathers && index == 0 {
                // The gradient of its outputs is where it will be completed, if it is asked for.
                let dy = match &mut dx {
                    Some(dx) if is_last => {
                        dx.copy_from_slice(dy);
                        dy
                    }
                    Some(dx) => dx,
                    None if is_last => dy,
                    None => &above[..length],
                };
                return layer.backward_part(x, dy, None, of_layer);
            }
            let dy = if is_last { dy } else { &above[..length] };
            match &mut dx {
                None if index == lowest => layer.backward_part(x, dy, None, of_layer),
                Some(dx) if index == lowest + usize::from(gathers) => {
                    layer.backward_part(x, dy, Some(dx), of_layer);
                }
                _ => layer.backward_part(x, dy, Some(below.room(x.len())), of_layer),
            }
        }
    }
}

/// How many numbers each of some layers learns.
pub(super) fn learned<R: Real>(layers: &[Box<dyn Layer<R>>]) -> [usize; MOST] {
    let mut counts = [0; MOST];
    counts.iter_mut().zip(layers).for_each(|(count, layer)| *count = layer.gradient_count());
    counts
}

/// Some images on their way back.
struct Part<'a, R> {
    kept: &'a [&'a [R]],
    made: &'a [Lines<R>],
    images: Range<usize>,
    skipped: usize,
}
