//! Times networks in burn or candle, as the argument says. One request per line on stdin, one
//! answer per line on stdout.
//!
//! - `WORK VARIANT NET BATCH LOOPS`: seconds for LOOPS repetitions. WORK is `train` (forward pass,
//!   cross-entropy, backward pass, one step of SGD with momentum) or `infer`; there is one VARIANT.
//!   The network is made at the first request and kept while WORK, NET and BATCH stay.
//! - `digest`: SHA-256 of the weights of the latest request.
//! - `memory`: most bytes that the process has held at once, or `unknown`.
//!
//! The number of threads is that of the variable `RAYON_NUM_THREADS`.

mod with_burn;
mod with_candle;

use sha2::{Digest, Sha256};
use std::error::Error;
use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

const CLASSES: usize = 10;
/// Of the affine layer before the last.
const HIDDEN: usize = 128;
const LEARNING_RATE: f64 = 1e-3;
const MOMENTUM: f64 = 0.9;

/// A network and a batch.
trait Task {
    /// One step of training or one batch of predictions.
    fn run(&mut self);

    /// All numbers that the network has learned.
    fn weights(&self) -> Vec<f32>;
}

/// What a network looks like: convolutions that keep the size of the maps, each followed by ReLU;
/// after each stage the maps are halved by max-pooling; then 128 hidden units and the classes.
struct Plan {
    channels: usize,
    side: usize,
    kernel: usize,
    /// Maps of each convolution of each stage.
    stages: &'static [&'static [usize]],
    /// With batch normalisation after each convolution, which then has no bias.
    normalised: bool,
}

const LENET: Plan =
    Plan { channels: 1, side: 28, kernel: 5, stages: &[&[16], &[32]], normalised: false };
const VGG: Plan = Plan {
    channels: 3,
    side: 32,
    kernel: 3,
    stages: &[&[32, 32], &[64, 64], &[128, 128]],
    normalised: true,
};

impl Plan {
    /// Inputs of the affine layers.
    fn flattened(&self) -> usize {
        let side = self.side >> self.stages.len();
        self.stages.last().and_then(|maps| maps.last()).map_or(0, |maps| maps * side * side)
    }

    fn inputs(&self, batch: usize) -> Vec<f32> {
        noise(batch * self.channels * self.side * self.side, 1.0)
    }
}

/// Numbers that look random, of this standard deviation; the same in every process.
fn noise(count: usize, deviation: f32) -> Vec<f32> {
    let mut state = 1_u64;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (state >> 40) as f32 / (1_u64 << 24) as f32;
        (2.0 * uniform - 1.0) * 3.0_f32.sqrt() * deviation
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn task(
    library: &str,
    work: &str,
    plan: &Plan,
    batch: usize,
) -> Result<Box<dyn Task>, Box<dyn Error>> {
    Ok(match (library, work) {
        ("burn", "train") => Box::new(with_burn::Train::new(plan, batch)),
        ("burn", "infer") => Box::new(with_burn::Infer::new(plan, batch)),
        ("candle", "train") => Box::new(with_candle::Train::new(plan, batch)?),
        ("candle", "infer") => Box::new(with_candle::Infer::new(plan, batch)?),
        _ => return Err(format!("no work {work} of {library}").into()),
    })
}

fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    rest.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| 1024 * kibibytes)
}

fn main() -> Result<(), Box<dyn Error>> {
    let library = std::env::args().nth(1).ok_or("which library?")?;
    let version = if library == "burn" { "burn 0.22.1" } else { "candle 0.11.1" };
    let mut stdout = stdout().lock();
    writeln!(stdout, "{version}")?;
    let mut ready: Option<(String, Box<dyn Task>)> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let answer = match (line.as_str(), &ready) {
            ("digest", Some((_, task))) => {
                let bytes: Vec<u8> =
                    task.weights().into_iter().flat_map(f32::to_le_bytes).collect();
                Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
            }
            ("memory", _) => memory().map_or("unknown".to_owned(), |bytes| bytes.to_string()),
            (request, _) => {
                let (group, loops) = request.rsplit_once(' ').ok_or("no request")?;
                if ready.as_ref().is_none_or(|(known, _)| known != group) {
                    let words: Vec<&str> = group.split(' ').collect();
                    let [work, _, net, batch] = words[..] else { return Err("no request".into()) };
                    let plan = if net == "vgg" { VGG } else { LENET };
                    drop(ready.take());
                    ready = Some((group.to_owned(), task(&library, work, &plan, batch.parse()?)?));
                }
                let (_, task) = ready.as_mut().ok_or("no network")?;
                let start = Instant::now();
                for _ in 0..loops.parse::<u32>()? {
                    task.run();
                }
                start.elapsed().as_secs_f64().to_string()
            }
        };
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}
