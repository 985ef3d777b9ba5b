//! The numbers between the layers during training.
//!
//! All lie in one block of memory: first the inputs, then the outputs that are kept, layer after
//! layer, then room. In the backward pass, what lies behind the inputs of a layer is not needed any
//! more, and gradients are written there:
//!
//! ```text
//! forward     x0 | x1 | x2 | ... | xk | dL/dxk
//! backward    x0 | x1 | dL/dx1 ... dL/dx2          gradients of layer 2 from x1 and dL/dx2
//! ```

use crate::layer::local::{MOST, Outputs, Rooms};
use crate::layer::{Chain, PIECE};
use crate::real::Real;
use std::ops::Range;

/// Room for the numbers between the layers during training; made once, used in every step.
///
/// Outputs that are needed in the backward pass are kept, unless it is quicker to make them again
/// from what is kept before them ([`crate::Layer::is_made_again`]): of a convolution, batch
/// normalisation, ReLU and pooling, the outputs of the convolution are all there is. Gradients take
/// the place of outputs, from the last layer on.
pub struct Workspace<R> {
    /// Layers that are worked on together.
    pub(super) runs: Vec<Range<usize>>,
    pub(super) numbers: Vec<R>,
    /// Where in `numbers` the outputs of the first layers start, by their number (of none, these
    /// are the inputs), and where the last end. Outputs that are made again take no place.
    pub(super) starts: Vec<usize>,
    /// Where in `numbers` the gradient with respect to the inputs of each run is written, and last
    /// that with respect to the outputs.
    pub(super) gradients: Vec<Range<usize>>,
    /// Which of these was written last.
    pub(super) latest: usize,
    /// Where in `numbers` the gradients of the parameters of each run are that every piece of the
    /// batch has summed up.
    pub(super) sums: Vec<Range<usize>>,
    /// What threads need besides.
    pub(super) rooms: Rooms<R>,
    /// Inputs in the latest forward pass; 0 once their outputs are gone.
    pub(super) n: usize,
}

impl<R: Real> Workspace<R> {
    /// For batches of at most `n` inputs of `chain`.
    pub fn new(chain: &Chain<R>, n: usize) -> Self {
        let runs = chain.runs();
        let length = |depth| n * chain.length(depth);
        let mut end = length(0);
        let mut starts = vec![0, end];
        for run in &runs {
            for index in run.clone() {
                let kept = index + 1 == run.end || !chain.layers()[index].is_made_again();
                end += if kept { length(index + 1) } else { 0 };
                starts.push(end);
            }
        }
        // From the first run on: those that are long find their places first.
        let mut gradients: Vec<Range<usize>> = Vec::new();
        for run in &runs {
            // A backward pass may end within a run.
            let longest = run.clone().map(length).max().expect("at least a layer");
            gradients.push(gap(starts[run.end], gradients.last().as_slice(), longest));
        }
        gradients.push(gap(end, gradients.last().as_slice(), length(chain.depth())));
        let of_run = |(index, run): (usize, &Range<usize>)| {
            let taken = [&gradients[index], &gradients[index + 1]];
            gap(starts[run.end], &taken, n.div_ceil(PIECE) * chain.summed(run))
        };
        let sums: Vec<Range<usize>> = runs.iter().enumerate().map(of_run).collect();
        let end = gradients.iter().chain(&sums).map(|place| place.end).max();
        let numbers = vec![R::zero(); end.expect("at least that of the outputs")];
        let (latest, rooms) = (runs.len(), Rooms::default());
        Self { runs, numbers, starts, gradients, latest, sums, rooms, n: 0 }
    }

    /// Where the inputs of the next batch are written, shape `(n, channels, height, width)`. They
    /// stay until others are written.
    pub fn inputs(&mut self) -> &mut [R] {
        &mut self.numbers[..self.starts[1]]
    }

    /// Outputs of all layers in the latest forward pass; room for a whole batch.
    ///
    /// # Panics
    /// After a backward pass, which overwrites them.
    pub fn outputs(&self) -> &[R] {
        assert!(self.n > 0, "outputs are there between the forward and the backward pass");
        let depth = self.starts.len() - 2;
        &self.numbers[self.starts[depth]..self.starts[depth + 1]]
    }

    /// Where the gradient with respect to the last outputs is written before the backward pass.
    pub fn output_gradient(&mut self) -> &mut [R] {
        self.loss_sides().1
    }

    /// The last outputs, to be read, and their gradient, to be written.
    pub fn loss_sides(&mut self) -> (&[R], &mut [R]) {
        let depth = self.starts.len() - 2;
        let place = self.gradients.last().expect("that of the outputs");
        let (before, after) = self.numbers.split_at_mut(place.start);
        (&before[self.starts[depth]..self.starts[depth + 1]], &mut after[..place.len()])
    }

    /// The gradient with respect to the inputs of the last layer that [`Chain::backward`] reached.
    pub fn input_gradient(&self) -> &[R] {
        &self.numbers[self.gradients[self.latest].clone()]
    }
}

/// The first place for `length` numbers from `free` on, beside what is taken there.
fn gap(free: usize, taken: &[&Range<usize>], length: usize) -> Range<usize> {
    let is_free = |start: &usize| {
        taken.iter().all(|taken| start + length <= taken.start || taken.end <= *start)
    };
    let starts = taken.iter().map(|taken| taken.end.max(free)).chain([free]);
    let start = starts.filter(is_free).min().expect("behind all");
    start..start + length
}

/// What is kept of the inputs of layers `depths`, given where it starts.
pub(super) fn kept<'a, R>(
    numbers: &'a [R],
    starts: &[usize],
    depths: Range<usize>,
) -> [&'a [R]; MOST + 1] {
    let mut kept = [&[][..]; MOST + 1];
    for (kept, depth) in kept.iter_mut().zip(depths) {
        *kept = &numbers[starts[depth]..starts[depth + 1]];
    }
    kept
}

/// Room for the outputs of the layers of a run, where they are kept; `numbers` starts with the
/// first.
pub(super) fn outputs<'a, R>(
    mut numbers: &'a mut [R],
    starts: &[usize],
    run: &Range<usize>,
) -> Outputs<'a, R> {
    let mut outputs = Outputs::default();
    for (output, depth) in outputs.iter_mut().zip(run.start + 1..=run.end) {
        (*output, numbers) = numbers.split_at_mut(starts[depth + 1] - starts[depth]);
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Shape;
    use crate::network::{Network, NetworkSpec};
    use base::Seed;

    /// Of each run: what it reads, the two gradients and those of parameters; none lies on another,
    /// and all together take little more room than the outputs of a deep network alone.
    #[test]
    fn gradients_lie_beside_what_is_needed_with_them() {
        for name in ["vgg-small", "resnet-small", "lenet", "nin", "mlp"] {
            let shape = Shape { channels: 3, height: 32, width: 32 };
            let spec = NetworkSpec::named(name).unwrap();
            let network = Network::<f32>::new(&spec, shape, 10, Seed(1)).unwrap();
            let workspace = Workspace::new(network.chain(), 128);
            let Workspace { runs, numbers, starts, gradients, sums, .. } = &workspace;
            for (index, run) in runs.iter().enumerate() {
                let (dx, dy, sums) = (&gradients[index], &gradients[index + 1], &sums[index]);
                let mut places = [&(0..starts[run.end]), dx, dy, sums];
                places.sort_by_key(|place| place.start);
                let beside = places.is_sorted_by(|a, b| a.end <= b.start);
                assert!(beside && places[3].end <= numbers.len(), "{name}, {run:?}: {places:?}");
                assert!(
                    dy.len() >= 128 * network.chain().length(run.end),
                    "{name}, {run:?}: {dy:?}"
                );
            }
            let outputs = starts.last().unwrap();
            let times = numbers.len() as f64 / *outputs as f64;
            assert!(times < 1.2 || name != "vgg-small", "{times} times the room of the outputs");
        }
    }

    #[test]
    #[should_panic(expected = "a forward pass comes before")]
    fn outputs_last_for_one_backward_pass() {
        let mut chain = Chain::<f32>::new(Shape::vector(2), vec![]);
        let mut workspace = Workspace::new(&chain, 1);
        chain.forward(&mut workspace, 1);
        chain.backward(&mut workspace, 0, true);
        chain.backward(&mut workspace, 0, true);
    }
}
