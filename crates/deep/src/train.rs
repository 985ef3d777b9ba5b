//! The training loop.
//!
//! Rows are cut into batches in a new order each epoch. The learning rate falls along half a
//! cosine, epoch by epoch (I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, eq. 5, without restarts).
//! After each epoch the loss on the held-out rows is looked at; the weights of the best epoch are
//! kept, and training stops when `patience` epochs brought none better (L. Prechelt, "Early
//! stopping - but when?", 1998).

mod holdout;
pub(crate) mod input;

use crate::cnn::{CnnParams, TrainedCnn, infer};
use crate::layer::Workspace;
use crate::loss::{Objective, Target};
use crate::optimiser::{Optimiser, OptimiserParams};
use crate::train::holdout::hold_out;
use crate::train::input::Normalisation;
use base::{Convergence, Epoch, FitError, FitSummary, Images, Labels, Seed};
use rand::RngExt;
use rayon::prelude::*;

/// How long to train, worked out from the settings and the number of rows.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    epochs: usize,
    steps_per_epoch: usize,
    patience: usize,
}

impl Plan {
    fn new(params: &CnnParams, rows: usize) -> Self {
        let steps_per_epoch = rows.div_ceil(params.batch_size);
        let epochs = params.epochs.max(params.min_steps.div_ceil(steps_per_epoch));
        let patience = (params.patience * epochs).div_ceil(params.epochs);
        Self { epochs, steps_per_epoch, patience }
    }

    /// Positions of the rows of batch `step` of an epoch: all batches have nearly the same size,
    /// so that none gives batch normalisation a handful of images.
    fn batch(&self, step: usize, rows: usize) -> std::ops::Range<usize> {
        step * rows / self.steps_per_epoch..(step + 1) * rows / self.steps_per_epoch
    }
}

/// The epoch with the lowest loss on the held-out rows so far.
struct Best {
    epoch: usize,
    loss: f32,
    weights: Vec<Vec<f32>>,
}

/// Trains a network. Settings, labels and size were checked before.
pub(crate) fn train(
    params: &CnnParams,
    images: &Images,
    labels: &Labels,
    seed: Seed,
) -> Result<TrainedCnn, FitError> {
    let (rows, held_out) = hold_out(labels, params.validation_share, seed.child("validation", 0));
    let normalisation = Normalisation::learn(images, &rows);
    let mut network = params.network(images.size(), labels.class_count(), seed.child("network", 0));
    let plan = Plan::new(params, rows.len());
    let mut workspace = Workspace::new(network.chain(), params.batch_size.min(rows.len()));
    let mut optimiser = Optimiser::new(&OptimiserParams::default(), params.weight_decay)
        .expect("settings were checked");
    let truth = |rows: &[usize]| rows.iter().map(|&row| labels.ids()[row]).collect::<Vec<_>>();

    let mut curve: Vec<Epoch> = Vec::new();
    let mut best: Option<Best> = None;
    for epoch in 0..plan.epochs {
        let rate = cosine(params.learning_rate, epoch, plan.epochs);
        let order = seed.child("order", epoch as u64).permutation(rows.len());
        let shifts = shifts(rows.len(), params.max_shift, seed.child("shift", epoch as u64));
        let (mut loss, mut right) = (0.0, 0);
        for step in 0..plan.steps_per_epoch {
            let positions = plan.batch(step, rows.len());
            let batch: Vec<usize> = order[positions.clone()].iter().map(|&i| rows[i]).collect();
            write_batch(&normalisation, images, &batch, &shifts[positions], workspace.inputs());
            let of_batch = network.learn(
                &mut workspace,
                Target::Classes(&truth(&batch)),
                Objective::default(),
            );
            if !of_batch.sum.is_finite() {
                let step = epoch * plan.steps_per_epoch + step;
                return Err(FitError::Diverged { step, loss: of_batch.sum as f32 });
            }
            optimiser.step(network.parameters_mut(), rate);
            loss += of_batch.sum;
            right += of_batch.right;
        }
        let mut record = Epoch {
            epoch: epoch as u64 + 1,
            loss: (loss / rows.len() as f64) as f32,
            accuracy: right as f32 / rows.len() as f32,
            validation_loss: None,
            validation_accuracy: None,
            learning_rate: rate as f32,
        };
        if !network.is_finite() {
            let step = (epoch + 1) * plan.steps_per_epoch - 1;
            return Err(FitError::Diverged { step, loss: f32::NAN });
        }
        if !held_out.is_empty() {
            let outputs =
                infer(&network, &normalisation, images.size(), images, &held_out, network.depth());
            let outputs = outputs.as_slice().expect("rows are contiguous");
            let mut unused = vec![0.0; outputs.len()];
            let found = Objective::default().loss(
                outputs,
                labels.class_count(),
                Target::Classes(&truth(&held_out)),
                &mut unused,
            );
            let validation_loss = (found.sum / held_out.len() as f64) as f32;
            record.validation_loss = Some(validation_loss);
            record.validation_accuracy = Some(found.right as f32 / held_out.len() as f32);
            if best.as_ref().is_none_or(|best| validation_loss < best.loss) {
                let weights = network.snapshot();
                best = Some(Best { epoch, loss: validation_loss, weights });
            }
        }
        curve.push(record);
        if best.as_ref().is_some_and(|best| epoch - best.epoch >= plan.patience) {
            break;
        }
    }

    let iterations = curve.len() as u64;
    let convergence = match &best {
        Some(best) if curve.len() < plan.epochs => {
            Convergence::EarlyStopped { iterations, best: best.epoch as u64 + 1 }
        }
        _ => Convergence::Completed { iterations },
    };
    if let Some(best) = best {
        network.restore(&best.weights);
    }
    let depth = network.depth();
    let bytes = |count: usize| (count * size_of::<f32>()) as u64;
    let all = bytes(network.learned_count(depth) + normalisation.learned_count());
    let last_layer_bytes = bytes(network.learned_count(depth) - network.learned_count(depth - 1));
    let summary = FitSummary { convergence, model_bytes: all, curve };
    Ok(TrainedCnn { network, normalisation, size: images.size(), summary, last_layer_bytes })
}

/// The learning rate in `epoch`, from 0: `first` at the start, falling towards 0.
fn cosine(first: f64, epoch: usize, epochs: usize) -> f64 {
    first * 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / epochs as f64).cos())
}

/// How far each image of an epoch is moved, rows and columns, each up to `max` pixels either way.
fn shifts(count: usize, max: usize, seed: Seed) -> Vec<(isize, isize)> {
    let (max, mut rng) = (max as i64, seed.rng());
    let mut shift = || rng.random_range(-max..=max) as isize;
    (0..count).map(|_| (shift(), shift())).collect()
}

fn write_batch(
    normalisation: &Normalisation,
    images: &Images,
    batch: &[usize],
    shifts: &[(isize, isize)],
    inputs: &mut [f32],
) {
    let size = images.size();
    let inputs = inputs.par_chunks_exact_mut(size.channels * size.height * size.width);
    inputs.zip(batch.par_iter().zip(shifts)).for_each(|(maps, (&row, &shift))| {
        normalisation.write(images.image(row), shift, maps);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rows;

    #[test]
    fn few_rows_are_passed_over_more_often() {
        let params = CnnParams {
            epochs: 10,
            min_steps: 100,
            batch_size: 8,
            patience: 3,
            ..CnnParams::default()
        };
        // 5 steps per epoch: 20 epochs instead of 10, and twice the patience.
        let plan = Plan { epochs: 20, steps_per_epoch: 5, patience: 6 };
        assert_eq!(Plan::new(&params, 33), plan);
        let plan = Plan { epochs: 10, steps_per_epoch: 100, patience: 3 };
        assert_eq!(Plan::new(&params, 800), plan);
    }

    #[test]
    fn batches_hold_every_row_once_and_differ_by_at_most_one() {
        let params = CnnParams { batch_size: 8, ..CnnParams::default() };
        let plan = Plan::new(&params, 33);
        let batches: Vec<_> = (0..5).map(|step| plan.batch(step, 33)).collect();
        assert!(batches.iter().all(|batch| (6..=7).contains(&batch.len())), "{batches:?}");
        assert_eq!(batches.into_iter().flatten().collect::<Vec<_>>(), (0..33).collect::<Vec<_>>());
    }

    #[test]
    fn the_rate_starts_full_and_halves_in_the_middle() {
        assert_eq!(cosine(0.2, 0, 10), 0.2);
        assert!((cosine(0.2, 5, 10) - 0.1).abs() < 1e-15);
        assert!(cosine(0.2, 9, 10) > 0.0);
    }

    #[test]
    fn shifts_take_every_value_up_to_the_limit() {
        let shifts = shifts(1000, 1, Seed(1));
        for y in -1..=1 {
            assert!((-1..=1).all(|x| shifts.contains(&(y, x))));
        }
        assert!(shifts.iter().all(|&(y, x)| y.abs() <= 1 && x.abs() <= 1));
    }

    /// Labels that say nothing about the images: the loss on held-out rows goes up and down, and
    /// the last epoch is not the best.
    #[test]
    fn the_weights_of_the_best_epoch_are_restored() {
        let noise = Seed(5).permutation(60 * 36);
        let pixels = ndarray::Array4::from_shape_vec((60, 6, 6, 1), noise).unwrap();
        let images = Images::new(pixels.mapv(|value| value as u8)).unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        let labels = Labels::new((0..60).map(|row| row % 2).collect(), &names).unwrap();
        let params = CnnParams {
            channels: vec![2],
            embedding: 4,
            epochs: 20,
            min_steps: 1,
            validation_share: 0.3,
            ..CnnParams::default()
        };
        let model = train(&params, &images, &labels, Seed(1)).unwrap();
        let losses: Vec<f32> =
            model.summary.curve.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
        let lowest = losses.iter().copied().fold(f32::INFINITY, f32::min);
        assert_ne!(losses.last(), Some(&lowest));

        let (_, held_out) = hold_out(&labels, 0.3, Seed(1).child("validation", 0));
        let outputs = model.outputs(&images.pick(&held_out), model.network.depth());
        let truth: Vec<usize> = held_out.iter().map(|&row| labels.ids()[row]).collect();
        let (outputs, truth) = (outputs.as_slice().unwrap(), Target::Classes(&truth));
        let loss = Objective::default().loss(outputs, 2, truth, &mut [0.0; 36]).sum;
        assert_eq!((loss / held_out.len() as f64) as f32, lowest);
    }
}
