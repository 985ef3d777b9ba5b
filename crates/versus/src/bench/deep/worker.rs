//! Our side of the works, in a process that answers requests as the rivals' do.

use super::nets::{CLASSES, network, portable};
use anyhow::{Context, Result, bail};
use base::Seed;
use deep::{Network, Objective, Optimiser, OptimiserParams, Target, Workspace};
use eval::peak_memory;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Write};
use std::time::Instant;

/// Images that a thread infers at once; their number does not change a bit of the outputs.
const PIECE: usize = 16;

/// Answers requests on stdin, one per line, on stdout, until there are no more.
///
/// - `WORK VARIANT NET BATCH LOOPS`: seconds for so many repetitions. The network is made at the
///   first request and kept while WORK, NET and BATCH stay.
/// - `digest`: SHA-256 of the weights of the latest request.
/// - `memory`: most bytes that the process has held at once, or `unknown`.
///
/// # Errors
/// If a request is not one of these.
pub fn answer_requests() -> Result<()> {
    let mut ready = Ready::default();
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "this project")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = match line.as_str() {
            "digest" => ready.digest()?,
            "memory" => peak_memory::bytes().map_or("unknown".to_owned(), |n| n.to_string()),
            request => ready.seconds(request)?.to_string(),
        };
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

/// The networks of the latest work.
#[derive(Default)]
struct Ready {
    work: [String; 3],
    variants: Vec<(String, Task)>,
    latest: usize,
}

impl Ready {
    fn seconds(&mut self, request: &str) -> Result<f64> {
        let words: Vec<&str> = request.split_whitespace().collect();
        let [work, variant, net, batch, loops] = words[..] else {
            bail!("`{request}` is no request");
        };
        if self.work != [work, net, batch] {
            *self = Self { work: [work, net, batch].map(str::to_owned), ..Self::default() };
        }
        let known = self.variants.iter().position(|(name, _)| name == variant);
        self.latest = known.unwrap_or(self.variants.len());
        if known.is_none() {
            let task = Task::new(work, variant, net, batch.parse()?)?;
            self.variants.push((variant.to_owned(), task));
        }
        let (loops, (_, task)) = (loops.parse::<u32>()?, &mut self.variants[self.latest]);
        // On a thread of the pool, so that no step waits for one to wake up.
        let seconds = rayon::scope(|_| {
            let start = Instant::now();
            (0..loops).for_each(|_| task.run());
            start.elapsed().as_secs_f64()
        });
        Ok(seconds)
    }

    fn digest(&self) -> Result<String> {
        let (_, task) = self.variants.get(self.latest).context("no network yet")?;
        let numbers = task.network.parameters().into_iter().flat_map(|parameter| &parameter.value);
        let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
        Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A network and a batch.
struct Task {
    network: Network<f32>,
    inputs: Vec<f32>,
    training: Option<Training>,
}

struct Training {
    workspace: Workspace<f32>,
    truth: Vec<usize>,
    optimiser: Optimiser<f32>,
}

impl Task {
    fn new(work: &str, variant: &str, net: &str, batch: usize) -> Result<Self> {
        let network = match variant {
            "fast" => network(net)?,
            "portable" => portable(network(net)?)?,
            _ => bail!("there is no variant {variant}"),
        };
        let count = batch * network.input_shape().len();
        let inputs: Vec<f32> = StandardNormal.sample_iter(Seed(2).rng()).take(count).collect();
        let (inputs, training) = match work {
            // They are in the workspace then.
            "train" => (Vec::new(), Some(Training::new(&network, &inputs, batch)?)),
            "infer" => (inputs, None),
            _ => bail!("there is no work {work}"),
        };
        Ok(Self { network, inputs, training })
    }

    fn run(&mut self) {
        match &mut self.training {
            Some(training) => training.step(&mut self.network),
            None => self.infer(),
        }
    }

    fn infer(&self) {
        let length = self.network.input_shape().len();
        let pieces = self.inputs.par_chunks(PIECE * length);
        let infer = |inputs| self.network.infer(inputs, self.network.depth());
        let outputs: Vec<Vec<f32>> = pieces.map(infer).collect();
        let count: usize = outputs.iter().map(Vec::len).sum();
        assert_eq!(count, self.inputs.len() / length * CLASSES, "scores of all classes");
    }
}

impl Training {
    fn new(network: &Network<f32>, inputs: &[f32], batch: usize) -> Result<Self> {
        let mut workspace = Workspace::new(network.chain(), batch);
        workspace.inputs().copy_from_slice(inputs);
        let truth = (0..batch).map(|row| row % CLASSES).collect();
        let optimiser = Optimiser::new(&OptimiserParams::Momentum { momentum: 0.9 }, 0.0)?;
        Ok(Self { workspace, truth, optimiser })
    }

    fn step(&mut self, network: &mut Network<f32>) {
        let target = Target::Classes(&self.truth);
        let loss = network.learn(&mut self.workspace, target, Objective::default());
        assert!(loss.sum.is_finite(), "the loss is {}", loss.sum);
        self.optimiser.step(network.parameters_mut(), 1e-3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten steps of both variants give other bits; the same steps, the same bits.
    #[test]
    fn requests_are_answered_and_a_digest_tells_weights_apart() {
        let train = |requests: &[&str]| {
            let mut ready = Ready::default();
            requests.iter().for_each(|request| assert!(ready.seconds(request).unwrap() > 0.0));
            ready.digest().unwrap()
        };
        let two = train(&["train fast lenet 3 2"]);
        assert_eq!(two.len(), 64);
        assert_eq!(two, train(&["train fast lenet 3 1", "train fast lenet 3 1"]));
        assert_ne!(two, train(&["train fast lenet 3 1"]));
        let between = ["train fast lenet 3 1", "train portable lenet 3 1"];
        assert_eq!(two, train(&[&between[..], &["train fast lenet 3 1"]].concat()));
        assert!(Ready::default().seconds("train fast lenet 3").is_err());
        assert!(Ready::default().seconds("train quick lenet 3 1").is_err());
    }
}
