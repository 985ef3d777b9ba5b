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

use crate::kernels::{AfterMaps, ChannelsLast, Lines, group};
use crate::layer::local::{MOST, PART, Run, learned, look_at_run};
use crate::layer::memory::Pool;
use crate::layer::workspace::{kept, outputs};
use crate::layer::{Layer, Parameter, Shape, Workspace};
use crate::real::Real;
use base::Seed;
use std::ops::Range;

/// Layers that are inferred at once: one, and what stands for the others.
struct Step<'a, R> {
    start: usize,
    end: usize,
    after: Vec<AfterMaps<'a, R>>,
    /// How its inputs are stored, if not map by map.
    stored: Option<ChannelsLast>,
}

/// Layers one after another; none is the identity.
pub struct Chain<R> {
    input: Shape,
    layers: Vec<Box<dyn Layer<R>>>,
    /// For what lies between the layers in inferences.
    between: Pool<[Lines<R>; 2]>,
}

impl<R: Real> Chain<R> {
    /// `layers` one after another, for inputs of shape `input`. Each must have been made for the
    /// outputs of the one before.
    pub fn new(input: Shape, layers: Vec<Box<dyn Layer<R>>>) -> Self {
        Self { input, layers, between: Pool::default() }
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
        let steps = self.steps(depth);
        if steps.is_empty() {
            return input.to_vec();
        }
        let columns = self.output_shape(depth).len();
        let mut outputs = vec![R::zero(); n * columns];
        // A few inputs at a time: what lies between the layers stays in the cache.
        let longest = steps[1..].iter().map(|step| self.length(step.start)).max();
        let part = group(n, PART / longest.unwrap_or(1));
        let parts = input.chunks(part * self.input.len()).zip(outputs.chunks_mut(part * columns));
        self.between.lend(|between| {
            let [from, to] = between;
            let lengths = steps.iter().map(|step| self.input_length(step));
            let length = part * lengths.skip(1).max().unwrap_or(0);
            let (mut from, mut to) = (from.room(length), to.room(length));
            for (input, output) in parts {
                let n = input.len() / self.input.len();
                for (index, step) in steps.iter().enumerate() {
                    let x = if index == 0 { input } else { &from[..n * self.input_length(step)] };
                    match steps.get(index + 1) {
                        None => self.infer_step(step, x, output),
                        Some(next) => {
                            self.infer_step(step, x, &mut to[..n * self.input_length(next)]);
                            std::mem::swap(&mut from, &mut to);
                        }
                    }
                }
            }
        });
        outputs
    }

    /// The first `depth` layers, those together that are inferred at once.
    fn steps(&self, depth: usize) -> Vec<Step<'_, R>> {
        let (mut steps, mut start) = (Vec::new(), 0);
        while start < depth {
            let following = self.layers[start + 1..depth].iter();
            let after = following.map_while(|layer| layer.after_maps()).collect::<Vec<_>>();
            let mut step = Step { start, end: start + 1, after: Vec::new(), stored: None };
            for after in (1..=after.len()).rev().map(|count| &after[..count]) {
                if self.layers[start].can_infer_with(after) {
                    step = Step { end: step.end + after.len(), after: after.to_vec(), ..step };
                    break;
                }
            }
            start = step.end;
            steps.push(step);
        }
        self.store_between(&mut steps);
        steps
    }

    /// Has maps stored as the following layer reads them, where both layers can.
    fn store_between(&self, steps: &mut [Step<'_, R>]) {
        for index in 1..steps.len() {
            let Some(stored) = self.layers[steps[index].start].stored_inputs() else { continue };
            let Step { start, after, .. } = &mut steps[index - 1];
            after.push(AfterMaps::Store(stored));
            if self.layers[*start].can_infer_with(after) {
                steps[index].stored = Some(stored);
            } else {
                after.pop();
            }
        }
    }

    /// Numbers of one input.
    fn input_length(&self, step: &Step<'_, R>) -> usize {
        step.stored.map_or(self.length(step.start), |stored| stored.len())
    }

    fn infer_step(&self, step: &Step<'_, R>, input: &[R], output: &mut [R]) {
        let layer = &self.layers[step.start];
        match step.stored {
            None => layer.infer_with(input, &step.after, output),
            Some(_) => layer.infer_stored(input, &step.after, output),
        }
    }

    pub(super) fn length(&self, depth: usize) -> usize {
        self.output_shape(depth).len()
    }

    /// Runs all layers on the first `n` inputs of `workspace`.
    ///
    /// # Panics
    /// If the workspace was made for fewer inputs or another chain.
    pub fn forward(&mut self, workspace: &mut Workspace<R>, n: usize) {
        let Workspace { runs, numbers, starts, rooms, .. } = workspace;
        for run in &*runs {
            let input = self.output_shape(run.start);
            let (before, after) = numbers.split_at_mut(starts[run.start + 1]);
            let x = &before[starts[run.start]..][..n * input.len()];
            let layers = &mut self.layers[run.clone()];
            match layers {
                [layer] if !goes_by_parts(layer.as_ref()) => {
                    layer.forward(x, &mut after[..n * layer.output_shape().len()]);
                }
                _ => Run { input, layers }.forward(x, outputs(after, starts, run), rooms),
            }
        }
        workspace.n = n;
    }

    /// Takes [`Workspace::output_gradient`] back through all layers of the latest forward pass,
    /// down to the inputs of layer `until`; leaves the gradient of every parameter on the way, and
    /// with `input_gradient`, `dL/dx` of layer `until` in [`Workspace::input_gradient`]. Gradients
    /// take the place of outputs, which are gone then.
    ///
    /// # Panics
    /// If there was no forward pass with this workspace since the last backward pass.
    pub fn backward(&mut self, workspace: &mut Workspace<R>, until: usize, input_gradient: bool) {
        let Workspace { runs, numbers, starts, gradients, latest, sums, rooms, n } = workspace;
        let n = std::mem::take(n);
        assert!(n > 0, "a forward pass comes before");
        *latest = runs.len();
        for run in runs.iter().rev().filter(|run| run.end > until) {
            let skipped = until.saturating_sub(run.start);
            let last = run.start + skipped;
            let input = self.output_shape(run.start);
            let (before, free) = numbers.split_at_mut(starts[run.end]);
            let place = |place: &Range<usize>, length: usize| {
                let start = place.start - before.len();
                start..start + length
            };
            let places = [
                place(&gradients[*latest], n * self.length(run.end)),
                place(&gradients[*latest - 1], n * self.length(last)),
                place(&sums[*latest - 1], sums[*latest - 1].len()),
            ];
            let [dy, dx, sums] = free.get_disjoint_mut(places).expect("side by side");
            let dx = (last > until || input_gradient).then_some(dx);
            let kept = kept(before, starts, run.clone());
            let layers = &mut self.layers[run.clone()];
            match layers {
                [layer] if !goes_by_parts(layer.as_ref()) => {
                    layer.backward(&kept[0][..n * input.len()], dy, dx);
                }
                _ => {
                    let kept = &kept[..run.len()];
                    Run { input, layers }.backward(kept, dy, dx, (sums, rooms), skipped);
                }
            }
            *latest -= 1;
        }
    }

    /// Calls `look(depth, outputs)` with the outputs of the first `depth` layers in the latest
    /// forward pass with `workspace`, for every `depth` from 1 on; of some images at a time, in
    /// order. One thread.
    ///
    /// # Panics
    /// As [`Self::backward`], which overwrites outputs.
    pub fn look_at_outputs(&self, workspace: &Workspace<R>, look: &mut dyn FnMut(usize, &[R])) {
        let Workspace { runs, numbers, starts, n, .. } = workspace;
        assert!(*n > 0, "outputs are there between the forward and the backward pass");
        for run in runs {
            let kept = kept(numbers, starts, run.start..run.end + 1);
            let layers = &self.layers[run.clone()];
            match layers {
                [layer] if !goes_by_parts(layer.as_ref()) => {
                    look(run.end, &kept[1][..n * self.length(run.end)]);
                }
                _ => {
                    let input = self.length(run.start);
                    let mut look = |index: usize, y: &[R]| look(run.start + index + 1, y);
                    look_at_run(input, layers, &kept[..=run.len()], *n, &mut look);
                }
            }
        }
    }

    /// The layers that are worked on together in training: all local ones after the first, which
    /// may be one that gathers.
    pub(super) fn runs(&self) -> Vec<Range<usize>> {
        let (mut runs, mut start) = (Vec::new(), 0);
        while start < self.depth() {
            let following = &self.layers[start + 1..];
            let following = match goes_by_parts(self.layers[start].as_ref()) {
                true => {
                    following.iter().take(MOST - 1).take_while(|layer| layer.is_local()).count()
                }
                false => 0,
            };
            runs.push(start..start + 1 + following);
            start += 1 + following;
        }
        runs
    }

    /// Numbers that every piece of the batch needs to sum up the gradients of a run, at least one.
    pub(super) fn summed(&self, run: &Range<usize>) -> usize {
        match &self.layers[run.clone()] {
            [layer] if !goes_by_parts(layer.as_ref()) => 1,
            layers => learned(layers).iter().sum::<usize>().max(1),
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

/// Whether a chain works on it part by part.
fn goes_by_parts<R: Real>(layer: &dyn Layer<R>) -> bool {
    layer.is_local() || layer.gathers()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::normal;
    use crate::layer::{Affine, BatchNorm, Convolution, ConvolutionParams, MaxPool, PoolParams};
    use crate::{Elementwise, Relu};

    const SHAPE: Shape = Shape { channels: 3, height: 13, width: 10 };

    fn convolution(input: Shape, maps: usize) -> Box<dyn Layer<f32>> {
        let params = ConvolutionParams { padding: 1, ..ConvolutionParams::new(maps, 3) };
        Box::new(Convolution::new(input, &params, Seed(maps as u64)).unwrap())
    }

    fn relu(shape: Shape) -> Box<dyn Layer<f32>> {
        Box::new(Elementwise::new(shape, Relu))
    }

    fn pool(shape: Shape) -> Box<dyn Layer<f32>> {
        Box::new(MaxPool::new(shape, &PoolParams::new(2)).unwrap())
    }

    /// Layers that are worked on together in every way, with two that need the whole batch.
    fn chain() -> Chain<f32> {
        let first = Shape { channels: 10, ..SHAPE };
        let second = Shape { channels: 9, height: 6, width: 5 };
        let third = Shape { height: 3, width: 2, ..second };
        let layers = vec![
            convolution(SHAPE, 10),
            relu(first),
            pool(first),
            convolution(Shape { channels: 10, ..second }, 9),
            Box::new(BatchNorm::new(second)),
            pool(second),
            relu(third),
            convolution(third, 9),
            pool(third),
            relu(Shape { height: 1, width: 1, ..third }),
            Box::new(Affine::new(9, 4, Seed(5))),
        ];
        Chain::new(SHAPE, layers)
    }

    fn inputs(n: usize) -> Vec<f32> {
        normal(n * SHAPE.len(), 1).into_iter().map(|x| x as f32).collect()
    }

    #[test]
    fn inferring_layers_at_once_and_one_by_one_is_the_same() {
        let (chain, mut x) = (chain(), inputs(7));
        for depth in 0..=chain.depth() {
            assert_eq!(chain.infer(&inputs(7), depth), x, "the first {depth} layers");
            let Some(layer) = chain.layers().get(depth) else { break };
            let mut y = vec![f32::NAN; 7 * layer.output_shape().len()];
            layer.infer(&x, &mut y);
            x = y;
        }
    }

    /// `n` is no multiple of the images in a piece or a part.
    #[test]
    fn parts_of_the_batch_change_rounding_only_and_threads_nothing() {
        let n = 37;
        let train = |threads: usize| -> Vec<Vec<f32>> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut chain = chain();
                let mut workspace = Workspace::new(&chain, n + 1);
                let mut outputs = Vec::new();
                for _ in 0..2 {
                    workspace.inputs()[..n * SHAPE.len()].copy_from_slice(&inputs(n));
                    chain.forward(&mut workspace, n);
                    outputs = workspace.outputs()[..n * 4].to_vec();
                    workspace.output_gradient()[..n * 4].copy_from_slice(&inputs(n)[..n * 4]);
                    chain.backward(&mut workspace, 0, true);
                }
                let gradient = workspace.input_gradient()[..n * SHAPE.len()].to_vec();
                let parameters = chain.parameters().into_iter().map(|p| p.gradient.clone());
                [outputs, gradient].into_iter().chain(parameters).collect()
            })
        };
        let one = train(1);
        assert!(one == train(2), "bits depend on the number of threads");

        // Layer by layer on the whole batch.
        let (mut chain, mut activations) = (chain(), vec![inputs(n)]);
        for layer in chain.layers_mut() {
            let mut y = vec![f32::NAN; n * layer.output_shape().len()];
            layer.forward(activations.last().unwrap(), &mut y);
            activations.push(y);
        }
        let mut gradient = inputs(n)[..n * 4].to_vec();
        let outputs = activations.pop().unwrap();
        for (layer, x) in chain.layers_mut().iter_mut().zip(&activations).rev() {
            let mut dx = vec![f32::NAN; x.len()];
            layer.backward(x, &gradient, Some(&mut dx));
            gradient = dx;
        }
        let parameters = chain.parameters().into_iter().map(|p| p.gradient.clone());
        let expected: Vec<Vec<f32>> = [outputs, gradient].into_iter().chain(parameters).collect();
        for (got, expected) in one.concat().into_iter().zip(expected.concat()) {
            let error = (got - expected).abs() / (1.0 + expected.abs());
            assert!(error < 1e-4, "{got} in parts, {expected} as a whole");
        }
    }
}
