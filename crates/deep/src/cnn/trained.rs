//! The trained network as a model.

use super::views::Views;
use crate::layer::PIECE;
use crate::loss::softmax;
use crate::network::{Network, OnnxError};
use crate::train::augment::Change;
use crate::train::input::Normalisation;
use base::{Convergence, Embedding, Epoch, FitSummary, Images, Matrix, Predict, Scores, Size};
use ndarray::ArrayView3;
use rayon::prelude::*;

/// A trained network.
pub struct TrainedCnn {
    network: Network<f32>,
    normalisation: Normalisation,
    size: Size,
    summary: FitSummary,
    views: Views,
    /// Bytes of the last layer, which the embedding does without.
    last_layer_bytes: u64,
}

impl TrainedCnn {
    pub(crate) fn new(
        network: Network<f32>,
        normalisation: Normalisation,
        size: Size,
        convergence: Convergence,
        curve: Vec<Epoch>,
        views: Views,
    ) -> Self {
        let bytes = |count: usize| (count * size_of::<f32>()) as u64;
        let [all, embedding] =
            [network.depth(), network.embedding_depth()].map(|depth| network.learned_count(depth));
        let model_bytes = bytes(all + normalisation.learned_count());
        let summary = FitSummary { convergence, model_bytes, curve };
        let last_layer_bytes = bytes(all - embedding);
        Self { network, normalisation, size, summary, views, last_layer_bytes }
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
        self.outputs_of(images, &Change::NONE, depth)
    }

    fn outputs_of(&self, images: &Images, change: &Change, depth: usize) -> Matrix {
        let rows: Vec<usize> = (0..images.len()).collect();
        let images = (images, rows.as_slice(), change);
        infer(&self.network, &self.normalisation, self.size, images, depth)
    }

    fn probabilities(&self, images: &Images, change: &Change) -> Matrix {
        let mut outputs = self.outputs_of(images, change, self.network.depth());
        let classes = outputs.ncols();
        softmax(outputs.as_slice_mut().expect("rows are contiguous"), classes);
        outputs
    }
}

/// Outputs of the first `depth` layers for the given rows after a change, shape `(rows, outputs)`.
pub(crate) fn infer(
    network: &Network<f32>,
    normalisation: &Normalisation,
    size: Size,
    (images, rows, change): (&Images, &[usize], &Change),
    depth: usize,
) -> Matrix {
    assert_eq!(images.size(), size, "images of the size of the training images");
    let length = network.input_shape().len();
    let piece = |rows: &[usize]| {
        let mut input = vec![0.0; rows.len() * length];
        for (&row, maps) in rows.iter().zip(input.chunks_exact_mut(length)) {
            normalisation.write(images.image(row), change, maps);
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
        let views = self.views.all().into_iter();
        let views = views.map(|(change, share)| self.probabilities(x, &change) * share);
        let mean = views.reduce(|sum, view| sum + view).expect("at least one view");
        Scores::new(mean)
    }

    fn summary(&self) -> FitSummary {
        self.summary.clone()
    }
}
