//! The training loop.
//!
//! Rows are cut into batches in a new order each epoch; a batch may be a single row ("online") or
//! all of them. After each epoch the loss on the held-out rows is looked at; the weights of the
//! best epoch are kept, and training stops when `patience` epochs brought none better (L. Prechelt,
//! "Early stopping - but when?", 1998).

pub(crate) mod augment;
pub(crate) mod checkpoint;
mod holdout;
pub(crate) mod input;
mod lookahead;
pub(crate) mod report;
pub(crate) mod sampling;

use crate::cnn::{CnnParams, TrainedCnn, Views, infer};
use crate::layer::{Chain, Workspace};
use crate::loss::{Objective, Target};
use crate::network::Network;
use crate::optimiser::Optimiser;
use crate::schedule::{Progress, Schedule};
use augment::Change;
use base::{Convergence, Epoch, FitError, Images, Labels, Seed, ShapeError};
use holdout::hold_out;
use input::Normalisation;
use lookahead::Lookahead;
use rayon::prelude::*;
use report::{EpochReport, Norms};

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

/// A training in progress, epoch by epoch: between them is the place to show progress, to write a
/// line of a learning curve, or to save a checkpoint. Made by [`crate::Cnn::start`] and
/// [`crate::Cnn::resume`].
pub struct Training<'a> {
    params: CnnParams,
    images: &'a Images,
    labels: &'a Labels,
    seed: Seed,
    /// Rows trained on, and rows held out.
    rows: Vec<usize>,
    held_out: Vec<usize>,
    plan: Plan,
    normalisation: Normalisation,
    objective: Objective,
    network: Network<f32>,
    workspace: Workspace<f32>,
    optimiser: Optimiser<f32>,
    schedule: Schedule,
    lookahead: Option<Lookahead>,
    reports: Vec<EpochReport>,
    best: Option<Best>,
}

/// Images that a layer may learn from before training: enough for a few numbers.
const LOOKED_AT: usize = 5000;

impl<'a> Training<'a> {
    /// Settings and labels were checked before.
    ///
    /// # Errors
    /// If the network cannot take images of that size.
    pub(crate) fn new(
        params: &CnnParams,
        images: &'a Images,
        labels: &'a Labels,
        seed: Seed,
    ) -> Result<Self, ShapeError> {
        let (rows, held_out) =
            hold_out(labels, params.validation_share, seed.child("validation", 0));
        let classes = labels.class_count();
        let mut network = params.network(images.size(), classes, seed.child("network", 0))?;
        let normalisation = Normalisation::learn(images, &rows);
        if let Some(first) = network.chain_mut().layers_mut().first_mut() {
            first.learn_from_inputs(&mut || some_inputs(images, &rows, &normalisation));
        }
        let checked = "settings were checked";
        Ok(Self {
            plan: Plan::new(params, rows.len()),
            lookahead: params.lookahead.map(|every| Lookahead::new(every, &network)),
            normalisation,
            objective: params.objective(),
            workspace: Workspace::new(network.chain(), params.batch_size.min(rows.len())),
            optimiser: Optimiser::new(&params.optimiser, params.weight_decay).expect(checked),
            schedule: Schedule::new(&params.schedule).expect(checked),
            params: params.clone(),
            images,
            labels,
            seed,
            rows,
            held_out,
            network,
            reports: Vec::new(),
            best: None,
        })
    }

    /// What is told of the epochs so far.
    pub fn reports(&self) -> &[EpochReport] {
        &self.reports
    }

    /// Epochs of the plan; early stopping may end it before.
    pub fn planned_epochs(&self) -> usize {
        self.plan.epochs
    }

    /// Whether all epochs were run, or the loss on the held-out rows has stopped falling.
    pub fn is_done(&self) -> bool {
        let done = self.reports.len();
        let best = self.best.as_ref();
        done >= self.plan.epochs || best.is_some_and(|best| done > best.epoch + self.plan.patience)
    }

    /// Runs an epoch and returns what there is to tell of it, or nothing if training is done.
    ///
    /// # Errors
    /// If the loss, a gradient or a weight is no longer finite.
    pub fn next_epoch(&mut self) -> Result<Option<&EpochReport>, FitError> {
        if self.is_done() {
            return Ok(None);
        }
        let report = self.epoch()?;
        self.reports.push(report);
        Ok(self.reports.last())
    }

    fn epoch(&mut self) -> Result<EpochReport, FitError> {
        let epoch = self.reports.len();
        let mut totals = Totals::new(&self.network, self.labels);
        let classes = self.truth(&self.rows);
        let seed = self.seed.child("order", epoch as u64);
        let order = self.params.sampling.order(&classes, seed);
        let changes = self.changes(&order, epoch);
        let (mut batch, mut truth) = (Vec::new(), Vec::new());
        for step in 0..self.plan.steps_per_epoch {
            let positions = self.plan.batch(step, self.rows.len());
            batch.clear();
            batch.extend(order[positions.clone()].iter().map(|&i| self.rows[i]));
            truth.clear();
            truth.extend(batch.iter().map(|&row| self.labels.ids()[row]));
            self.write_batch(&batch, &changes[positions]);
            self.step(epoch, step, &truth, &mut totals)?;
        }
        let last_step = (epoch + 1) * self.plan.steps_per_epoch - 1;
        if !self.network.is_finite() {
            return Err(FitError::Diverged { step: last_step, loss: f32::NAN });
        }
        let n = self.rows.len();
        let mut record = Epoch {
            epoch: epoch as u64 + 1,
            loss: (totals.loss / n as f64) as f32,
            accuracy: totals.right as f32 / n as f32,
            validation_loss: None,
            validation_accuracy: None,
            learning_rate: totals.rate as f32,
            layers: totals.norms.report(&self.network),
        };
        self.validate(epoch, &mut record);
        self.schedule.observe(f64::from(record.validation_loss.unwrap_or(record.loss)));
        Ok(EpochReport {
            epoch: record,
            clipped_steps: totals.clipped,
            incomplete_batches: totals.incomplete,
        })
    }

    /// One batch: forward, backward, and a step of the optimiser.
    fn step(
        &mut self,
        epoch: usize,
        step: usize,
        truth: &[usize],
        totals: &mut Totals,
    ) -> Result<(), FitError> {
        let Plan { epochs, steps_per_epoch, .. } = self.plan;
        let now = Progress {
            epoch,
            epochs,
            step: epoch * steps_per_epoch + step,
            steps: epochs * steps_per_epoch,
        };
        self.network.chain_mut().reseed(self.seed.child("chance", now.step as u64));
        let target = Target::Classes(truth);
        let is_last = step + 1 == steps_per_epoch;
        let look = &mut |chain: &Chain<f32>, workspace: &Workspace<f32>| {
            if is_last {
                totals.norms.look(chain, workspace);
            }
        };
        let (workspace, objective) = (&mut self.workspace, self.objective);
        let loss = self.network.learn_and_look(workspace, target, objective, look);
        if !loss.sum.is_finite() {
            return Err(FitError::Diverged { step: now.step, loss: loss.sum as f32 });
        }
        let norm = totals.norms.add(&self.network);
        if !norm.is_finite() {
            return Err(FitError::ExplodingGradients { step: now.step });
        }
        if let Some(most) = self.params.clip_norm {
            totals.clipped += usize::from(clip(&mut self.network, norm, most));
        }
        totals.rate = self.schedule.rate(self.params.learning_rate, now);
        self.network.descend(&mut self.optimiser, totals.rate);
        if let Some(lookahead) = &mut self.lookahead {
            lookahead.follow(&mut self.network, now);
        }
        totals.loss += loss.sum;
        totals.right += loss.right;
        totals.incomplete += usize::from(totals.classes.lack_one(truth));
        Ok(())
    }

    /// Loss and accuracy on the held-out rows, and whether they are the best so far.
    fn validate(&mut self, epoch: usize, record: &mut Epoch) {
        if self.held_out.is_empty() {
            return;
        }
        let depth = self.network.depth();
        let (size, rows) = (self.images.size(), &self.held_out);
        let images = (self.images, &**rows, &Change::NONE);
        let outputs = infer(&self.network, &self.normalisation, size, images, depth);
        let outputs = outputs.as_slice().expect("rows are contiguous");
        let mut unused = vec![0.0; outputs.len()];
        let (columns, truth) = (self.labels.class_count(), self.truth(rows));
        let target = Target::Classes(&truth);
        let found = self.objective.loss(outputs, columns, target, &mut unused);
        let loss = (found.sum / rows.len() as f64) as f32;
        record.validation_loss = Some(loss);
        record.validation_accuracy = Some(found.right as f32 / rows.len() as f32);
        if self.best.as_ref().is_none_or(|best| loss < best.loss) {
            self.best = Some(Best { epoch, loss, weights: self.network.snapshot() });
        }
    }

    /// Ends the training, also before it is done, and restores the weights of the best epoch.
    pub fn finish(mut self) -> TrainedCnn {
        let iterations = self.reports.len() as u64;
        let convergence = match &self.best {
            Some(best) if self.reports.len() < self.plan.epochs => {
                Convergence::EarlyStopped { iterations, best: best.epoch as u64 + 1 }
            }
            _ => Convergence::Completed { iterations },
        };
        if let Some(best) = &self.best {
            self.network.restore(&best.weights);
        }
        let curve = self.reports.into_iter().map(|report| report.epoch).collect();
        let (size, views) = (self.images.size(), Views::new(&self.params));
        TrainedCnn::new(self.network, self.normalisation, size, convergence, curve, views)
    }

    fn truth(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&row| self.labels.ids()[row]).collect()
    }

    /// What happens to the image at each position of the epoch's order.
    fn changes(&self, order: &[usize], epoch: usize) -> Vec<Change> {
        let size = self.images.size();
        let (max, size) = (self.params.max_shift, (size.height, size.width));
        self.params.augment.draw(order, max, size, self.seed, epoch as u64)
    }

    fn write_batch(&mut self, batch: &[usize], changes: &[Change]) {
        let (images, normalisation) = (self.images, &self.normalisation);
        let inputs = self.workspace.inputs().par_chunks_exact_mut(self.network.input_shape().len());
        inputs.zip(batch.par_iter().zip(changes)).for_each(|(maps, (&row, change))| {
            normalisation.write(images.image(row), change, maps);
        });
    }
}

/// Some of the given rows, from everywhere among them, as the network sees them.
fn some_inputs(images: &Images, rows: &[usize], normalisation: &Normalisation) -> Vec<f32> {
    let of_one = images.size().height * images.size().width * images.size().channels;
    let some = rows.iter().step_by(rows.len().div_ceil(LOOKED_AT).max(1));
    let mut inputs = vec![0.0; some.len() * of_one];
    for (maps, &row) in inputs.chunks_exact_mut(of_one).zip(some) {
        normalisation.write(images.image(row), &Change::NONE, maps);
    }
    inputs
}

/// What is summed up in the course of an epoch.
struct Totals {
    loss: f64,
    right: usize,
    rate: f64,
    norms: Norms,
    clipped: usize,
    classes: Classes,
    incomplete: usize,
}

impl Totals {
    fn new(network: &Network<f32>, labels: &Labels) -> Self {
        let norms = Norms::new(network);
        let classes = Classes { counts: labels.counts(), here: vec![0; labels.class_count()] };
        Self { loss: 0.0, right: 0, rate: 0.0, norms, clipped: 0, classes, incomplete: 0 }
    }
}

/// Which classes there are.
struct Classes {
    /// Of all rows.
    counts: Vec<usize>,
    /// Of a batch.
    here: Vec<usize>,
}

impl Classes {
    /// Whether a batch lacks a class that some row has.
    fn lack_one(&mut self, truth: &[usize]) -> bool {
        self.here.fill(0);
        truth.iter().for_each(|&class| self.here[class] += 1);
        self.here.iter().zip(&self.counts).any(|(&here, &all)| here == 0 && all > 0)
    }
}

/// Scales all gradients down if together they are longer than `most`; as
/// `torch.nn.utils.clip_grad_norm_` does (R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of
/// training recurrent neural networks", ICML 2013).
fn clip(network: &mut Network<f32>, norm: f64, most: f64) -> bool {
    let factor = (most / (norm + 1e-6)) as f32;
    if factor < 1.0 {
        network.visit_mut(&mut |parameter| {
            parameter.gradient.iter_mut().for_each(|gradient| *gradient *= factor);
        });
    }
    factor < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cnn;
    use base::{Predict, Rows, Size};

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
        let model = Cnn::new(&params).unwrap().train(&images, &labels, Seed(1)).unwrap();
        let losses: Vec<f32> =
            model.summary().curve.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
        let lowest = losses.iter().copied().fold(f32::INFINITY, f32::min);
        assert_ne!(losses.last(), Some(&lowest));

        let (_, held_out) = hold_out(&labels, 0.3, Seed(1).child("validation", 0));
        let outputs = model.outputs(&images.pick(&held_out), model.network().depth());
        let truth: Vec<usize> = held_out.iter().map(|&row| labels.ids()[row]).collect();
        let (outputs, truth) = (outputs.as_slice().unwrap(), Target::Classes(&truth));
        let loss = Objective::default().loss(outputs, 2, truth, &mut [0.0; 36]).sum;
        assert_eq!((loss / held_out.len() as f64) as f32, lowest);
    }

    #[test]
    fn long_gradients_are_cut_to_length_and_infinite_ones_show() {
        let params = CnnParams { channels: vec![2], embedding: 3, ..CnnParams::default() };
        let size = Size { height: 6, width: 6, channels: 1 };
        let mut network = params.network(size, 2, Seed(1)).unwrap();
        let mut norms = Norms::new(&network);
        let fill = |network: &mut Network<f32>, value: f32| {
            let parameters = network.parameters_mut().into_iter();
            parameters.for_each(|parameter| parameter.gradient.fill(value));
        };
        // 18 + 4 + 57 + 8 weights: the length is the root of 87 times 2.
        fill(&mut network, 2.0);
        let norm = norms.add(&network);
        assert!((norm - 2.0 * 87_f64.sqrt()).abs() < 1e-9, "{norm}");
        assert!(!clip(&mut network, norm, norm + 1.0));
        assert!(clip(&mut network, norm, 1.0));
        assert!((norms.add(&network) - 1.0).abs() < 1e-6);
        fill(&mut network, f32::INFINITY);
        assert!(!norms.add(&network).is_finite());
    }
}
