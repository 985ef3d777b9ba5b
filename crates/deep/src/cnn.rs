//! The recipe: a network, its training, and the trained network as a model.

mod params;
mod trained;
mod views;

pub use params::CnnParams;
pub use trained::TrainedCnn;
pub(crate) use trained::infer;
pub(crate) use views::Views;

use crate::train::Training;
use base::{
    Embedding, Fit, FitEmbedding, FitError, Images, Labels, ParamError, Predict, Seed, ShapeError,
    Size,
};

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
        params.check()?;
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
