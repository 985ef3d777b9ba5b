//! The recipe: settings of the network and its training, and the trained network as a model.

use crate::layer::{ConvolutionParams, PIECE, PoolParams, Shape};
use crate::loss::{Objective, softmax};
use crate::network::{
    AffineParams, LayerKind, LayerSpec, Network, NetworkChoice, NetworkSpec, OnnxError,
};
use crate::optimiser::{Optimiser, OptimiserParams};
use crate::real::Real;
use crate::schedule::{Schedule, ScheduleParams};
use crate::train::Training;
use crate::train::augment::{AugmentParams, Change};
use crate::train::input::Normalisation;
use crate::train::sampling::Sampling;
use base::{
    Convergence, Embedding, Epoch, Fit, FitEmbedding, FitError, FitSummary, Images, Labels, Matrix,
    ParamError, Predict, Scores, Seed, ShapeError, Size,
};
use ndarray::ArrayView3;
use rayon::prelude::*;
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
    /// In which order rows are met.
    #[serde(skip_serializing_if = "is_default")]
    pub sampling: Sampling,
    /// Share of the true class's probability that is spread over all classes, 0 to 1.
    #[serde(skip_serializing_if = "is_default")]
    pub label_smoothing: f64,
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
            sampling: Sampling::default(),
            label_smoothing: 0.0,
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
            layers.push(LayerKind::BatchNorm {});
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
    fn any_network<R: Real>(
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

/// A small convolutional network. Checked when it is made.
///
/// ```text
/// image -> [convolution, batch normalisation, max pooling, ReLU] for each entry of `channels`
///       -> affine -> ReLU          the embedding
///       -> affine                  one output per class, for the softmax
/// ```
///
/// Scores are class probabilities. Images may have any size from
/// `kernel_size x kernel_size` pixels; the weights of the embedding layer grow with the number of
/// pixels, so large images want more entries of `channels`, each of which halves the maps.
///
/// Weights are those of the epoch with the lowest loss on the held-out rows. The summary says
/// `EarlyStopped` if that was `patience` epochs before the end, and else
/// `Completed`.
///
/// ```
/// use base::{Fit, Images, Labels, Seed};
/// use deep::{Cnn, CnnParams};
/// use ndarray::Array4;
///
/// // Bright left half or bright right half.
/// let images = Array4::from_shape_fn((20, 8, 8, 1), |(n, _, x, _)| {
///     if (x < 4) == (n < 10) { 200 + n as u8 } else { n as u8 }
/// });
/// let (images, names) = (Images::new(images).unwrap(), ["left".to_owned(), "right".to_owned()]);
/// let labels = Labels::new((0..20).map(|n| n / 10).collect(), &names).unwrap();
/// let params = CnnParams { channels: vec![4], min_steps: 20, ..CnnParams::default() };
/// let model = Cnn::new(&params).unwrap().fit(&images, &labels, Seed(1)).unwrap();
/// assert_eq!(model.scores(&images).predicted(), labels.ids());
/// ```
#[derive(Debug, Clone)]
pub struct Cnn {
    params: CnnParams,
}

impl Cnn {
    /// # Errors
    /// If a setting is outside the range given at [`CnnParams`].
    pub fn new(params: &CnnParams) -> Result<Self, ParamError> {
        let at_least = |name, value: usize, min: usize, expected| {
            if value < min { Err(ParamError::new(name, value, expected)) } else { Ok(()) }
        };
        let positive = |name, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(ParamError::new(name, value, "a positive number")),
        };
        params.check_layers()?;
        let any_size = Size { height: 1, width: 1, channels: 1 };
        if params.spec(any_size).has_batch_norm() {
            let expected = "at least 2, as there is batch normalisation";
            at_least("batch_size", params.batch_size, 2, expected)?;
        }
        at_least("batch_size", params.batch_size, 1, "at least 1")?;
        at_least("epochs", params.epochs, 1, "at least 1")?;
        at_least("patience", params.patience, 1, "at least 1")?;
        positive("learning_rate", params.learning_rate)?;
        positive("clip_norm", params.clip_norm.unwrap_or(1.0))?;
        Optimiser::<f32>::new(&params.optimiser, params.weight_decay)?;
        Schedule::new(&params.schedule)?;
        params.objective().check()?;
        params.augment.check()?;
        if !(0.0..=0.5).contains(&params.validation_share) {
            let share = params.validation_share;
            return Err(ParamError::new("validation_share", share, "between 0 and 0.5"));
        }
        Ok(Self { params: params.clone() })
    }

    /// Trains the network: what [`Fit::fit`] does, with the network's own type as result.
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, images are too small, or the loss
    /// does not stay finite.
    pub fn train(&self, x: &Images, y: &Labels, seed: Seed) -> Result<TrainedCnn, FitError> {
        let mut training = self.start(x, y, seed)?;
        while training.next_epoch()?.is_some() {}
        Ok(training.finish())
    }

    /// Starts a training that goes on epoch by epoch.
    ///
    /// ```
    /// # use base::{Images, Labels, Seed};
    /// # use deep::{Cnn, CnnParams};
    /// # use ndarray::Array4;
    /// # let pixels = Array4::from_shape_fn((8, 8, 8, 1), |(n, _, x, _)| ((x < 4) == (n < 4)) as u8);
    /// # let (images, names) = (Images::new(pixels).unwrap(), ["left".to_owned(), "right".to_owned()]);
    /// # let labels = Labels::new((0..8).map(|n| n / 4).collect(), &names).unwrap();
    /// # let params = CnnParams { channels: vec![2], epochs: 2, min_steps: 0, ..CnnParams::default() };
    /// let cnn = Cnn::new(&params).unwrap();
    /// let mut training = cnn.start(&images, &labels, Seed(1)).unwrap();
    /// let mut saved = Vec::new();
    /// while let Some(report) = training.next_epoch().unwrap() {
    ///     let line = serde_json::to_string(report).unwrap();
    ///     assert!(line.starts_with(r#"{"epoch":"#));
    ///     saved.push(training.checkpoint());
    /// }
    /// // After a crash, from the first epoch on:
    /// let mut resumed = cnn.resume(&images, &labels, &saved[0]).unwrap();
    /// while resumed.next_epoch().unwrap().is_some() {}
    /// assert_eq!(resumed.checkpoint(), training.checkpoint());
    /// ```
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, or images are too small.
    pub fn start<'a>(
        &self,
        x: &'a Images,
        y: &'a Labels,
        seed: Seed,
    ) -> Result<Training<'a>, FitError> {
        FitError::check_labels(x.len(), y)?;
        Ok(Training::new(&self.params, x, y, seed)?)
    }
}

impl Fit<Images> for Cnn {
    fn fit(
        &self,
        x: &Images,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Images>>, FitError> {
        Ok(Box::new(self.train(x, y, seed)?))
    }
}

impl FitEmbedding for Cnn {
    /// Refuses images with a side shorter than the kernels, and those that a layer of a named
    /// network cannot take.
    fn check(&self, size: Size) -> Result<(), ShapeError> {
        // How many classes there will be is not known yet.
        self.params.any_network::<f32>(size, 2, Seed(0)).map(|_| ())
    }

    fn fit_embedding(
        &self,
        x: &Images,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Embedding>, FitError> {
        Ok(Box::new(self.train(x, y, seed)?))
    }
}

/// A trained network.
pub struct TrainedCnn {
    pub(crate) network: Network<f32>,
    pub(crate) normalisation: Normalisation,
    pub(crate) size: Size,
    pub(crate) summary: FitSummary,
    /// Bytes of the last layer, which the embedding does without.
    pub(crate) last_layer_bytes: u64,
}

impl TrainedCnn {
    pub(crate) fn new(
        network: Network<f32>,
        normalisation: Normalisation,
        size: Size,
        convergence: Convergence,
        curve: Vec<Epoch>,
    ) -> Self {
        let bytes = |count: usize| (count * size_of::<f32>()) as u64;
        let [all, embedding] =
            [network.depth(), network.embedding_depth()].map(|depth| network.learned_count(depth));
        let model_bytes = bytes(all + normalisation.learned_count());
        let summary = FitSummary { convergence, model_bytes, curve };
        Self { network, normalisation, size, summary, last_layer_bytes: bytes(all - embedding) }
    }

    /// The network, with the numbers it has learned.
    pub fn network(&self) -> &Network<f32> {
        &self.network
    }

    /// Images to probabilities as an ONNX file: the input `images`, shape `(n, channels, height,
    /// width)`, holds bytes as 32-bit numbers from 0 to 255; the output `probabilities` has shape
    /// `(n, classes)`.
    ///
    /// # Errors
    /// As [`Network::to_onnx`].
    pub fn to_onnx(&self) -> Result<Vec<u8>, OnnxError> {
        self.network.to_onnx_for_images(self.normalisation.colours())
    }

    /// An image as the network sees it, shape `(channels, height, width)`.
    ///
    /// # Panics
    /// If the image has another size than in training.
    pub fn input(&self, image: ArrayView3<'_, u8>) -> Vec<f32> {
        let Size { height, width, channels } = self.size;
        assert_eq!(image.dim(), (height, width, channels), "the size of the training images");
        let mut maps = vec![0.0; height * width * channels];
        self.normalisation.write(image, &Change::NONE, &mut maps);
        maps
    }

    /// Outputs of the first `depth` layers for every image, pieces of them in parallel.
    pub(crate) fn outputs(&self, images: &Images, depth: usize) -> Matrix {
        let rows: Vec<usize> = (0..images.len()).collect();
        infer(&self.network, &self.normalisation, self.size, images, &rows, depth)
    }
}

/// Outputs of the first `depth` layers for the given rows, shape `(rows, outputs)`.
pub(crate) fn infer(
    network: &Network<f32>,
    normalisation: &Normalisation,
    size: Size,
    images: &Images,
    rows: &[usize],
    depth: usize,
) -> Matrix {
    assert_eq!(images.size(), size, "images of the size of the training images");
    let length = network.input_shape().len();
    let piece = |rows: &[usize]| {
        let mut input = vec![0.0; rows.len() * length];
        for (&row, maps) in rows.iter().zip(input.chunks_exact_mut(length)) {
            normalisation.write(images.image(row), &Change::NONE, maps);
        }
        network.infer(&input, depth)
    };
    let pieces: Vec<Vec<f32>> = rows.par_chunks(PIECE).map(piece).collect();
    let columns = network.output_shape(depth).len();
    Matrix::from_shape_vec((rows.len(), columns), pieces.concat()).expect("one row per image")
}

/// What the network makes of each image before it decides: the inputs of the last layer that
/// learns, shape `(n, embedding)`; none is negative where that follows a ReLU.
///
/// Source of the idea: J. Donahue et al., "DeCAF: a deep convolutional activation feature for
/// generic visual recognition", ICML 2014. Departure: the network is trained on the same rows, not
/// on another and larger task, so the classes lie further apart on the training rows than on new
/// ones.
impl Embedding for TrainedCnn {
    fn embed(&self, images: &Images) -> Matrix {
        self.outputs(images, self.network.embedding_depth())
    }

    fn embedding_bytes(&self) -> u64 {
        self.summary.model_bytes - self.last_layer_bytes
    }
}

impl Predict<Images> for TrainedCnn {
    fn scores(&self, x: &Images) -> Scores {
        let mut outputs = self.outputs(x, self.network.depth());
        let classes = outputs.ncols();
        softmax(outputs.as_slice_mut().expect("rows are contiguous"), classes);
        Scores::new(outputs)
    }

    fn summary(&self) -> FitSummary {
        self.summary.clone()
    }
}
