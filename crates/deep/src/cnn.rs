//! The recipe: settings of the network and its training, and the trained network as a model.

use crate::layer::{ConvolutionParams, PIECE, PoolParams, Shape};
use crate::loss::softmax;
use crate::network::{AffineParams, LayerKind, LayerSpec, Network, NetworkSpec};
use crate::real::Real;
use crate::train::input::Normalisation;
use crate::train::train;
use base::{
    Embedding, Fit, FitEmbedding, FitError, FitSummary, Images, Labels, Matrix, ParamError,
    Predict, Scores, Seed, ShapeError, Size,
};
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
    /// Images per step, at least 2. An epoch is cut into batches of nearly this size.
    pub batch_size: usize,
    /// Step size in the first epoch, above 0; it falls to 0 along half a cosine.
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
        }
    }
}

/// Maps with a shorter side are not pooled, so that maps keep at least 2x2 numbers.
const MIN_POOLED_SIDE: usize = 4;

impl CnnParams {
    /// The layers, for images of `size`.
    ///
    /// Pooling before ReLU gives the same numbers as after it, with a quarter of the work.
    pub fn spec(&self, size: Size) -> NetworkSpec {
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

    /// The untrained network, for images of a size that was checked.
    pub(crate) fn network<R: Real>(&self, size: Size, classes: usize, seed: Seed) -> Network<R> {
        let input = Shape { channels: size.channels, height: size.height, width: size.width };
        Network::new(&self.spec(size), input, classes, seed).expect("settings were checked")
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
        let list = || format!("{:?}", params.channels);
        let at_least = |name, value: usize, min: usize, expected| {
            if value < min { Err(ParamError::new(name, value, expected)) } else { Ok(()) }
        };
        if params.channels.is_empty() || params.channels.iter().any(|c| !(1..=4096).contains(c)) {
            return Err(ParamError::new("channels", list(), "a list of numbers from 1 to 4096"));
        }
        if params.kernel_size.is_multiple_of(2) {
            return Err(ParamError::new("kernel_size", params.kernel_size, "an odd number"));
        }
        if !(1..=65_536).contains(&params.embedding) {
            return Err(ParamError::new("embedding", params.embedding, "from 1 to 65536"));
        }
        at_least("epochs", params.epochs, 1, "at least 1")?;
        at_least("batch_size", params.batch_size, 2, "at least 2")?;
        at_least("patience", params.patience, 1, "at least 1")?;
        let (rate, decay) = (params.learning_rate, params.weight_decay);
        if !(rate.is_finite() && rate > 0.0) {
            return Err(ParamError::new("learning_rate", rate, "a positive number"));
        }
        if !(decay.is_finite() && decay >= 0.0) {
            return Err(ParamError::new("weight_decay", decay, "0 or a positive number"));
        }
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
        FitError::check_labels(x.len(), y)?;
        self.check(x.size())?;
        train(&self.params, x, y, seed)
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
    /// Refuses images with a side shorter than the kernels.
    fn check(&self, size: Size) -> Result<(), ShapeError> {
        let min = self.params.kernel_size;
        if size.height < min || size.width < min {
            return Err(ShapeError::TooSmall {
                what: "the network",
                height: size.height,
                width: size.width,
                min_height: min,
                min_width: min,
            });
        }
        Ok(())
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
            normalisation.write(images.image(row), (0, 0), maps);
        }
        network.infer(&input, depth)
    };
    let pieces: Vec<Vec<f32>> = rows.par_chunks(PIECE).map(piece).collect();
    let columns = network.output_shape(depth).len();
    Matrix::from_shape_vec((rows.len(), columns), pieces.concat()).expect("one row per image")
}

/// What the network makes of each image before it decides: the outputs of the embedding layer,
/// none negative, shape `(n, embedding)`.
///
/// Source of the idea: J. Donahue et al., "DeCAF: a deep convolutional activation feature for
/// generic visual recognition", ICML 2014. Departure: the network is trained on the same rows, not
/// on another and larger task, so the classes lie further apart on the training rows than on new
/// ones.
impl Embedding for TrainedCnn {
    fn embed(&self, images: &Images) -> Matrix {
        self.outputs(images, self.network.depth() - 1)
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
