//! Settings of the recipe, and the network they describe.

use crate::layer::{BatchNormParams, ConvolutionParams, PoolParams, Shape};
use crate::loss::Objective;
use crate::network::{AffineParams, LayerKind, LayerSpec, Network, NetworkChoice, NetworkSpec};
use crate::optimiser::{Optimiser, OptimiserParams};
use crate::real::Real;
use crate::schedule::{Schedule, ScheduleParams};
use crate::train::augment::AugmentParams;
use crate::train::sampling::Sampling;
use base::{ParamError, Seed, ShapeError, Size};
use serde::{Deserialize, Serialize};

/// Settings of a network and its training as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CnnParams {
    /// Maps of each convolution, from the first to the last; at least one number of 1 to 4096.
    pub channels: Vec<usize>,
    /// Side of the convolution kernels in pixels; odd.
    pub kernel_size: usize,
    /// Units of the embedding layer, 1 to 65536.
    pub embedding: usize,
    /// Passes over the training rows, at least 1.
    pub epochs: usize,
    /// Where `epochs` passes are fewer steps than this, there are more passes: few rows must not
    /// mean an untrained network.
    pub min_steps: usize,
    /// Images per step, at least 1, and at least 2 with batch normalisation. An epoch is cut into
    /// batches of nearly this size.
    pub batch_size: usize,
    /// Step size, above 0; in the first epoch, unless `schedule` says otherwise. By default it
    /// falls to 0 along half a cosine.
    pub learning_rate: f64,
    /// Share of a weight that is lost in each step, times the learning rate; at least 0.
    pub weight_decay: f64,
    /// Share of the training rows held out for early stopping, at least 0 and at most 0.5. No
    /// early stopping if 0, or if that is fewer than ten rows.
    pub validation_share: f64,
    /// Epochs without a lower loss on the held-out rows after which training stops, at least 1.
    /// Stretched like the epochs where `min_steps` adds some.
    pub patience: usize,
    /// Training images are moved by up to this many pixels in each direction, anew in each epoch.
    pub max_shift: usize,
    /// What else happens to training images.
    #[serde(skip_serializing_if = "is_default")]
    pub augment: AugmentParams,
    /// A network, by name or layer by layer, instead of the one that `channels`, `kernel_size` and
    /// `embedding` describe; those are left out then. It must put out one number per class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkChoice>,
    /// The rule by which the weights are moved.
    #[serde(skip_serializing_if = "is_default")]
    pub optimiser: OptimiserParams,
    /// How the learning rate changes.
    #[serde(skip_serializing_if = "is_default")]
    pub schedule: ScheduleParams,
    /// Steps after which slow weights follow the trained ones, which are then put back to them; at
    /// least 1 (M. Zhang et al., "Lookahead optimizer", NeurIPS 2019). None if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookahead: Option<usize>,
    /// In which order rows are met.
    #[serde(skip_serializing_if = "is_default")]
    pub sampling: Sampling,
    /// Share of the true class's probability that is spread over all classes, 0 to 1.
    #[serde(skip_serializing_if = "is_default")]
    pub label_smoothing: f64,
    /// Whether a trained network looks at the mirror image of each image too, left and right
    /// exchanged: probabilities are the mean of both ("test-time augmentation").
    #[serde(skip_serializing_if = "is_default")]
    pub mirror: bool,
    /// Where above 0, a trained network looks at each image moved by this many pixels up and left,
    /// and down and right, too: both together count as much as the image in its place.
    #[serde(skip_serializing_if = "is_default")]
    pub test_shift: usize,
    /// Longest gradient of all weights together; longer ones are scaled down. Above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
}

/// Settings that came later are not written where they are not used, so that what was written
/// before them stays the same.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for CnnParams {
    fn default() -> Self {
        Self {
            channels: vec![16, 32, 64],
            kernel_size: 3,
            embedding: 128,
            epochs: 14,
            min_steps: 600,
            batch_size: 32,
            learning_rate: 4e-3,
            weight_decay: 0.1,
            validation_share: 0.15,
            patience: 5,
            max_shift: 2,
            augment: AugmentParams::default(),
            network: None,
            optimiser: OptimiserParams::default(),
            schedule: ScheduleParams::default(),
            lookahead: None,
            sampling: Sampling::default(),
            label_smoothing: 0.0,
            mirror: false,
            test_shift: 0,
            clip_norm: None,
        }
    }
}

/// Maps with a shorter side are not pooled, so that maps keep at least 2x2 numbers.
const MIN_POOLED_SIDE: usize = 4;

impl CnnParams {
    /// The layers, for images of `size`.
    ///
    /// Pooling before ReLU gives the same numbers as after it, with a quarter of the work.
    ///
    /// # Panics
    /// If no network has the name that is given.
    pub fn spec(&self, size: Size) -> NetworkSpec {
        if let Some(network) = &self.network {
            return network.spec().expect("a name that was checked");
        }
        let mut layers: Vec<LayerKind> = Vec::new();
        let (mut height, mut width) = (size.height, size.width);
        for &maps in &self.channels {
            let convolution = ConvolutionParams::new(maps, self.kernel_size);
            layers.push(LayerKind::Convolution(convolution.same_without_bias()));
            layers.push(LayerKind::BatchNorm(BatchNormParams::default()));
            if height.min(width) >= MIN_POOLED_SIDE {
                layers.push(LayerKind::MaxPool(PoolParams::new(2)));
                (height, width) = (height / 2, width / 2);
            }
            layers.push(LayerKind::Relu {});
        }
        layers.push(LayerKind::Affine(AffineParams { outputs: Some(self.embedding) }));
        layers.push(LayerKind::Relu {});
        layers.push(LayerKind::Affine(AffineParams { outputs: None }));
        NetworkSpec { layers: layers.into_iter().map(LayerSpec::from).collect() }
    }

    /// The untrained network.
    ///
    /// # Errors
    /// If a layer cannot take what it is given, or the last does not put out a number per class.
    pub(crate) fn network<R: Real>(
        &self,
        size: Size,
        classes: usize,
        seed: Seed,
    ) -> Result<Network<R>, ShapeError> {
        let network = self.any_network(size, classes, seed)?;
        let output = network.output_shape(network.depth());
        if output != Shape::vector(classes) {
            let reason = format!("the network puts out {output} for {classes} classes");
            return Err(ShapeError::Network { height: size.height, width: size.width, reason });
        }
        Ok(network)
    }

    /// The same, whatever it puts out.
    pub(super) fn any_network<R: Real>(
        &self,
        size: Size,
        classes: usize,
        seed: Seed,
    ) -> Result<Network<R>, ShapeError> {
        let Size { height, width, channels } = size;
        let min = self.kernel_size;
        if self.network.is_none() && (height < min || width < min) {
            return Err(ShapeError::TooSmall {
                what: "the network",
                height,
                width,
                min_height: min,
                min_width: min,
            });
        }
        let input = Shape { channels, height, width };
        Network::new(&self.spec(size), input, classes, seed)
            .and_then(|network| network.check_trainable().map(|()| network))
            .map_err(|error| ShapeError::Network { height, width, reason: error.to_string() })
    }

    pub(crate) fn objective(&self) -> Objective {
        Objective::CrossEntropy { label_smoothing: self.label_smoothing }
    }

    /// # Errors
    /// If a setting is outside the range given at its field.
    pub(crate) fn check(&self) -> Result<(), ParamError> {
        let at_least = |name, value: usize, min: usize, expected| {
            if value < min { Err(ParamError::new(name, value, expected)) } else { Ok(()) }
        };
        let positive = |name, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(ParamError::new(name, value, "a positive number")),
        };
        self.check_layers()?;
        let any_size = Size { height: 1, width: 1, channels: 1 };
        if self.spec(any_size).has_batch_norm() {
            let expected = "at least 2, as there is batch normalisation";
            at_least("batch_size", self.batch_size, 2, expected)?;
        }
        at_least("batch_size", self.batch_size, 1, "at least 1")?;
        at_least("epochs", self.epochs, 1, "at least 1")?;
        at_least("patience", self.patience, 1, "at least 1")?;
        at_least("lookahead", self.lookahead.unwrap_or(1), 1, "at least 1")?;
        positive("learning_rate", self.learning_rate)?;
        positive("clip_norm", self.clip_norm.unwrap_or(1.0))?;
        Optimiser::<f32>::new(&self.optimiser, self.weight_decay)?;
        Schedule::new(&self.schedule)?;
        self.objective().check()?;
        self.augment.check()?;
        if !(0.0..=0.5).contains(&self.validation_share) {
            let share = self.validation_share;
            return Err(ParamError::new("validation_share", share, "between 0 and 0.5"));
        }
        Ok(())
    }

    /// Settings of the layers: in range, and not in contradiction.
    fn check_layers(&self) -> Result<(), ParamError> {
        let plain = Self::default();
        if let Some(network) = &self.network {
            if let NetworkChoice::Named(name) = network
                && network.spec().is_none()
            {
                let expected = "one of lenet, mlp, nin, resnet-small, vgg-small";
                return Err(ParamError::new("network", name, expected));
            }
            for (name, unset) in [
                ("channels", self.channels == plain.channels),
                ("kernel_size", self.kernel_size == plain.kernel_size),
                ("embedding", self.embedding == plain.embedding),
            ] {
                if !unset {
                    return Err(ParamError::new(name, "set", "left out, as `network` is given"));
                }
            }
        }
        if self.channels.is_empty() || self.channels.iter().any(|c| !(1..=4096).contains(c)) {
            let list = format!("{:?}", self.channels);
            return Err(ParamError::new("channels", list, "a list of numbers from 1 to 4096"));
        }
        if self.kernel_size.is_multiple_of(2) || self.kernel_size > 1023 {
            return Err(ParamError::new("kernel_size", self.kernel_size, "odd, at most 1023"));
        }
        if !(1..=65_536).contains(&self.embedding) {
            return Err(ParamError::new("embedding", self.embedding, "from 1 to 65536"));
        }
        Ok(())
    }
}
