//! A training between two epochs, as a file: what is continued gives the same bits as what was
//! never interrupted.
//!
//! The file is one of the `safetensors` format. Its metadata has one entry, `deep.checkpoint`, a
//! JSON object with the settings, the seed, the epochs so far and what else there is to remember;
//! its arrays are the numbers of the network (`network.` and their names), what the optimiser
//! remembers (`optimiser.`), and the numbers of the best epoch (`best.`). Nothing random has to be
//! kept: every epoch has a seed of its own.

use super::report::EpochReport;
use super::{Best, Training};
use crate::cnn::{Cnn, CnnParams};
use crate::layer::Parameter;
use crate::network::TensorsError;
use crate::network::tensors::{read_arrays, take, write_arrays};
use crate::schedule::PlateauState;
use base::{FitError, Images, Labels, Seed};
use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};
use thiserror::Error;

const VERSION: u32 = 1;
/// Name of the metadata.
const HEAD: &str = "deep.checkpoint";

/// Why a training cannot be continued.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The arrays are not those of this network.
    #[error(transparent)]
    Tensors(#[from] TensorsError),
    /// A `safetensors` file of something else.
    #[error("there is no metadata `{HEAD}`: the file holds something else")]
    NoHead,
    /// Metadata that cannot be understood.
    #[error("the metadata `{HEAD}` cannot be understood")]
    Head(#[from] serde_json::Error),
    /// Written by a later version of this project, most likely.
    #[error("the checkpoint has version {found} of the format; version {VERSION} is read")]
    Version {
        /// Version found.
        found: u32,
    },
    /// Made with other settings or from other rows.
    #[error("the checkpoint was made with other {what}")]
    Other {
        /// Settings, images or labels.
        what: &'static str,
    },
    /// The training cannot even be started.
    #[error(transparent)]
    Fit(#[from] FitError),
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    params: CnnParams,
    seed: Seed,
    /// Class of every row.
    labels: Vec<usize>,
    /// By colour: mean and 1 / deviation; they tell whether the images are the same.
    colours: Vec<(f32, f32)>,
    reports: Vec<EpochReport>,
    optimiser_steps: u32,
    plateau: PlateauState,
    best: Option<(usize, f32)>,
}

impl Training<'_> {
    /// The training as a file. Equal trainings give equal bytes.
    pub fn checkpoint(&self) -> Vec<u8> {
        let (optimiser_steps, memory) = self.optimiser.memory();
        let head = Head {
            version: VERSION,
            params: self.params.clone(),
            seed: self.seed,
            labels: self.labels.ids().to_vec(),
            colours: self.normalisation.colours().to_vec(),
            reports: self.reports.clone(),
            optimiser_steps,
            plateau: self.schedule.state(),
            best: self.best.as_ref().map(|best| (best.epoch, best.loss)),
        };
        let mut arrays = Vec::new();
        let parameters = self.network.parameters();
        for parameter in &parameters {
            let name = format!("network.{}", parameter.name);
            arrays.push((name, parameter.shape.clone(), &parameter.value[..]));
        }
        let learned = parameters.iter().filter(|parameter| parameter.is_learned());
        for (parameter, memory) in learned.zip(memory) {
            for (part, values) in memory.iter().enumerate() {
                let name = format!("optimiser.{part}.{}", parameter.name);
                arrays.push((name, vec![values.len()], &values[..]));
            }
        }
        let best = self.best.as_ref().map(|best| ("best", &best.weights));
        let slow = self.lookahead.as_ref().map(|lookahead| ("lookahead", &lookahead.slow));
        for (part, weights) in best.into_iter().chain(slow) {
            for (parameter, values) in parameters.iter().zip(weights) {
                let name = format!("{part}.{}", parameter.name);
                arrays.push((name, parameter.shape.clone(), &values[..]));
            }
        }
        let head = serde_json::to_string(&head).expect("plain data");
        write_arrays(arrays, Some((HEAD, head)))
    }
}

impl Cnn {
    /// Continues a training from [`Training::checkpoint`], given the same rows.
    ///
    /// # Errors
    /// If the file is damaged, or was made with other settings, images or labels.
    pub fn resume<'a>(
        &self,
        x: &'a Images,
        y: &'a Labels,
        checkpoint: &[u8],
    ) -> Result<Training<'a>, CheckpointError> {
        let mut arrays = read_arrays(checkpoint)?;
        let (_, metadata) = SafeTensors::read_metadata(checkpoint).map_err(TensorsError::from)?;
        let metadata = metadata.metadata().as_ref().and_then(|entries| entries.get(HEAD));
        let text = metadata.ok_or(CheckpointError::NoHead)?;
        let Version { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(CheckpointError::Version { found: version });
        }
        let head: Head = serde_json::from_str(text)?;
        let mut training = self.start(x, y, head.seed)?;
        for (same, what) in [
            (head.params == training.params, "settings"),
            (head.labels == y.ids(), "labels"),
            (head.colours == training.normalisation.colours(), "images"),
        ] {
            if !same {
                return Err(CheckpointError::Other { what });
            }
        }
        let parameters = training.network.parameters();
        let mut all = |part: &str| {
            let of = |parameter: &&Parameter<f32>| {
                take(&mut arrays, &format!("{part}.{}", parameter.name), &parameter.shape)
            };
            parameters.iter().map(of).collect::<Result<Vec<_>, _>>()
        };
        let weights = all("network")?;
        let best = match head.best {
            Some((epoch, loss)) => Some(Best { epoch, loss, weights: all("best")? }),
            None => None,
        };
        let slow = training.lookahead.as_ref().map(|_| all("lookahead")).transpose()?;
        let mut memory = Vec::new();
        if head.optimiser_steps > 0 {
            let blank = training.optimiser.blanks(&parameters);
            let learned = parameters.iter().filter(|parameter| parameter.is_learned());
            for (parameter, [first, second]) in learned.zip(blank) {
                let mut part = |part: usize, length: usize| {
                    take(&mut arrays, &format!("optimiser.{part}.{}", parameter.name), &[length])
                };
                memory.push([part(0, first.len())?, part(1, second.len())?]);
            }
        }
        training.network.restore(&weights);
        training.optimiser.restore(head.optimiser_steps, memory);
        training.schedule.restore(head.plateau);
        if let (Some(lookahead), Some(slow)) = (&mut training.lookahead, slow) {
            lookahead.slow = slow;
        }
        training.reports = head.reports;
        training.best = best;
        Ok(training)
    }
}
