//! What is told of each epoch.

use crate::layer::{Chain, Workspace};
use crate::network::{LayerKind, Network};
use base::{Epoch, LayerEpoch};
use serde::{Deserialize, Serialize};

/// One pass over the training rows. Serialised as JSON it is one line of a learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Loss, accuracy, learning rate, and how the layers fared.
    #[serde(flatten)]
    pub epoch: Epoch,
    /// Steps whose gradients were clipped.
    pub clipped_steps: usize,
    /// Steps whose batch lacked a class that the training rows have.
    pub incomplete_batches: usize,
}

/// Sums up gradients during an epoch, and looks at the outputs of its last batch.
pub(super) struct Norms {
    /// By layer; nothing for layers without weights.
    sums: Vec<Option<f64>>,
    steps: usize,
    /// For each layer, which maps were 0 everywhere.
    silent: Vec<Vec<bool>>,
}

impl Norms {
    pub(super) fn new(network: &Network<f32>) -> Self {
        let layers = network.chain().layers().iter();
        let learns = layers.map(|layer| layer.parameters().iter().any(|p| p.is_learned()));
        let sums = learns.map(|learns| learns.then_some(0.0)).collect();
        Self { sums, steps: 0, silent: Vec::new() }
    }

    /// Adds the gradients of a step, and returns the length of all of them together.
    pub(super) fn add(&mut self, network: &Network<f32>) -> f64 {
        let mut total = 0.0;
        self.steps += 1;
        for (sum, layer) in self.sums.iter_mut().zip(network.chain().layers()) {
            let mut of_layer = 0.0;
            layer.visit(&mut |parameter| of_layer += squares(&parameter.gradient));
            total += of_layer;
            if let Some(sum) = sum {
                *sum += of_layer.sqrt();
            }
        }
        total.sqrt()
    }

    /// Looks at the outputs of the latest forward pass.
    pub(super) fn look(&mut self, chain: &Chain<f32>, workspace: &Workspace<f32>) {
        self.silent = silent_maps(chain, workspace);
    }

    /// The lines of the report, after [`Self::look`] in the last step.
    pub(super) fn report(&self, network: &Network<f32>) -> Vec<LayerEpoch> {
        let layers = network.spec().layers.iter().zip(&self.sums).zip(&self.silent).enumerate();
        let lines = layers.filter_map(|(index, ((spec, sum), silent))| {
            let share = || silent.iter().filter(|&&silent| silent).count() as f32;
            let dead =
                matches!(spec.kind, LayerKind::Relu {}).then(|| share() / silent.len() as f32);
            let gradient_norm = sum.map(|sum| (sum / self.steps.max(1) as f64) as f32);
            let layer = network.spec().layer_name(index);
            (dead.is_some() || sum.is_some()).then_some(LayerEpoch { layer, gradient_norm, dead })
        });
        lines.collect()
    }
}

/// For each layer, which maps were 0 everywhere in the latest forward pass.
fn silent_maps(chain: &Chain<f32>, workspace: &Workspace<f32>) -> Vec<Vec<bool>> {
    let depths = 1..=chain.depth();
    let mut silent: Vec<_> =
        depths.map(|depth| vec![true; chain.output_shape(depth).channels]).collect();
    chain.look_at_outputs(workspace, &mut |depth, outputs| {
        let silent = &mut silent[depth - 1];
        let maps = outputs.chunks_exact(chain.output_shape(depth).plane());
        for (map, y) in maps.enumerate() {
            let map = map % silent.len();
            silent[map] = silent[map] && y.iter().all(|&y| y == 0.0);
        }
    });
    silent
}

/// In double precision: squares of large gradients must not become infinite before they are. Eight
/// sums side by side, so that the compiler can use vector instructions.
fn squares(values: &[f32]) -> f64 {
    let mut sums = [0.0_f64; 8];
    for values in values.chunks(8) {
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum()
}
