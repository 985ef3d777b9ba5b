//! Histograms of oriented gradients (HOG).
//!
//! Every pixel votes with the strength of its gradient for the orientation of that gradient; the
//! votes are counted per cell, and overlapping blocks of cells are normalised, so that neither the
//! brightness nor the contrast of a region matters.
//!
//! Source: N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.
//! Reference implementations: `skimage.feature.hog` of scikit-image 0.26, whose numbers the
//! default options give bit for bit ([`Hog::blocks`], `tests/golden.rs`), and OpenCV's
//! `HOGDescriptor`, whose numbers its options give but for its arc tangent
//! (`tests/hog_like_opencv.rs`). The former differs from the paper: a pixel votes for one
//! orientation and one cell (no interpolation), and blocks have no Gaussian weights.
//!
//! Departures from scikit-image: as an [`Extract`] the descriptor is `f32`, and an angle that
//! rounds up to 180 degrees votes for the last orientation, not for none.

mod batch;
mod blocks;
mod cells;
mod fast;
mod general;
mod geometry;
mod gradient;
mod mirror;
mod params;
mod plain;
mod votes;
mod windows;

pub use general::{HogError, HogScratch, Level};
pub use params::{
    BlockNorm, BlockStride, Border, CellVote, Colour, Gamma, GradientFilter, HogParams, Layout,
    OrientationVote, Remainder,
};
pub use windows::{HogGrid, HogWindow};

use crate::view::{check_out, check_size, describe, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use fast::Fast;
use general::General;
use ndarray::{Array3, Array5, ArrayView3, ArrayView4, Axis};

/// The HOG of the whole image: with the default layout, blocks row by row, in each its cells row
/// by row, in each its orientations. Each number lies in 0..=1 unless blocks are not normalised.
/// Checked when it is made.
///
/// ```
/// use features::{Hog, HogParams};
/// // Dark on the left, bright on the right: all gradients point along the rows, 0 degrees.
/// let image = ndarray::Array3::from_shape_fn((8, 8, 1), |(_, x, _)| if x < 4 { 0 } else { 255 });
/// let hog = Hog::new(&HogParams::default()).unwrap();
/// let descriptor = features::describe(&hog, image.view()).unwrap();
/// assert_eq!(descriptor.len(), 4 * 9);
/// assert!(descriptor.iter().enumerate().all(|(i, &v)| (v > 0.49) == (i % 9 == 0)));
/// ```
#[derive(Debug, Clone)]
pub struct Hog {
    params: HogParams,
    general: General,
    /// If the options are scikit-image's, for which there is a faster way.
    like_scikit_image: Option<Fast>,
}

impl Hog {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &HogParams) -> Result<Self, ParamError> {
        params.check()?;
        let like_scikit_image = params.is_like_scikit_image().then(|| Fast::new(params));
        Ok(Self { params: params.clone(), general: General::new(params), like_scikit_image })
    }

    /// `skimage.feature.hog` of scikit-image with these `orientations`, `pixels_per_cell` and
    /// `cells_per_block` (scikit-image's defaults: 9, `[8, 8]`, `[3, 3]`) and L2-Hys. The same as
    /// [`Self::new`] with these three settings and the default of all others.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn skimage(
        orientations: usize,
        pixels_per_cell: [usize; 2],
        cells_per_block: [usize; 2],
    ) -> Result<Self, ParamError> {
        Self::new(&HogParams {
            orientations,
            cell_size: pixels_per_cell,
            block_size: cells_per_block,
            ..HogParams::default()
        })
    }

    /// The descriptor that Dalal and Triggs' paper arrives at for people in windows of 64x128
    /// pixels: 9 orientations in 0..180 degrees, cells of 8x8 pixels in blocks of 2x2, trilinear
    /// votes with a Gaussian of 8 pixels, L2-Hys.
    pub fn dalal_triggs() -> Self {
        let params = HogParams {
            orientation_vote: OrientationVote::Linear,
            cell_size: [8, 8],
            cell_vote: CellVote::Gaussian { sigma: Some(8.0), offset: 0.0 },
            ..HogParams::default()
        };
        Self::new(&params).expect("the paper's settings are within their ranges")
    }

    /// The settings it was made from.
    pub fn params(&self) -> &HogParams {
        &self.params
    }

    /// Shape of the descriptor: rows and columns of blocks, rows and columns of cells in a block,
    /// orientations; with [`Layout::OpenCv`] columns come before rows. With [`Colour::PerChannel`]
    /// there is one such array per channel.
    ///
    /// # Errors
    /// If the image has no pixel, neither 1 nor 3 channels, or fewer pixels than one block; or
    /// pixels that no block covers, with [`Remainder::Error`].
    pub fn shape(&self, size: Size) -> Result<[usize; 5], ShapeError> {
        check_size(size)?;
        Ok(self.shape_of(self.general.geometry().blocks(size)?))
    }

    /// Shape of the descriptor of so many rows and columns of blocks.
    fn shape_of(&self, [rows, columns]: [usize; 2]) -> [usize; 5] {
        let HogParams { block_size: [height, width], orientations, layout, .. } = self.params;
        match layout {
            Layout::RowMajor => [rows, columns, height, width, orientations],
            Layout::OpenCv => [columns, rows, width, height, orientations],
        }
    }

    /// The votes in each cell before any block is normalised, shape `(cell rows, cell columns,
    /// orientations)`: the mean gradient (grey levels per pixel) over the cell, counting for each
    /// orientation only the pixels that vote for it.
    ///
    /// Blocks that vote by themselves ([`CellVote::Gaussian`]) share no cells; then these are the
    /// votes of [`CellVote::Bilinear`]. With [`Colour::PerChannel`] the last axis holds the
    /// orientations of one channel after those of another.
    ///
    /// # Errors
    /// As [`Self::shape`].
    pub fn cells(&self, image: ArrayView3<'_, u8>) -> Result<Array3<f32>, ShapeError> {
        let size = size_of(image);
        self.shape(size)?;
        let counts = self.general.geometry().cell([size.height, size.width]);
        let numbers = self.params.orientations * self.general.descriptors(size.channels);
        let shape = (counts[0], counts[1], numbers);
        if let Some(fast) = &self.like_scikit_image {
            let votes = Array3::from_shape_vec(shape, fast.cells(image));
            return Ok(votes.expect("one number per cell and orientation"));
        }
        let mut votes = Array3::zeros(shape);
        let mut scratch = HogScratch::default();
        let cells = self.general.cells(image, counts, &mut scratch, votes.view_mut());
        cells.expect("every `u8` is a brightness");
        Ok(votes)
    }

    /// The descriptor in double precision, shape as [`Self::shape`]; arrays of several channels
    /// follow one another along the first axis.
    ///
    /// With scikit-image's options these are the bits of `skimage.feature.hog` on x86-64, which
    /// [`Extract::extract`] gives in single precision. With others, numbers are those of `extract`.
    ///
    /// ```
    /// let ramp = ndarray::Array3::from_shape_fn((16, 24, 1), |(y, x, _)| (y * x / 2) as u8);
    /// let hog = features::Hog::skimage(9, [8, 8], [2, 2]).unwrap();
    /// assert_eq!(hog.blocks(ramp.view()).unwrap().dim(), (1, 2, 2, 2, 9));
    /// ```
    ///
    /// # Errors
    /// As [`Self::shape`].
    pub fn blocks(&self, image: ArrayView3<'_, u8>) -> Result<Array5<f64>, ShapeError> {
        let size = size_of(image);
        let mut shape = self.shape(size)?;
        shape[0] *= self.general.descriptors(size.channels);
        let blocks = match &self.like_scikit_image {
            Some(fast) => fast.blocks(image),
            None => describe(self, image)?.into_iter().map(f64::from).collect(),
        };
        Ok(Array5::from_shape_vec(shape, blocks).expect("whole blocks"))
    }

    /// The descriptor of an image of `u8`, `u16` or `f32`, shape `(height, width, channels)` with 1
    /// to 4 channels, which all count alike. Any strides will do.
    ///
    /// ```
    /// let photo = ndarray::Array3::from_shape_fn((128, 64, 3), |(y, x, c)| (y * x + c) as f32);
    /// let hog = features::Hog::dalal_triggs();
    /// assert_eq!(hog.describe(photo.view()).unwrap().len(), 15 * 7 * 2 * 2 * 9);
    /// ```
    ///
    /// # Errors
    /// If the image is too small, has pixels left over that [`Remainder::Error`] refuses, or values
    /// that are not finite, beyond 1e20, or negative where a gamma is applied.
    pub fn describe<T: Level>(&self, image: ArrayView3<'_, T>) -> Result<Vec<f32>, HogError> {
        let (height, width, channels) = image.dim();
        let blocks = self.block_counts(Size { height, width, channels })?;
        let mut out = vec![0.0; self.length_of(blocks, channels)];
        self.describe_into(image, &mut HogScratch::default(), &mut out)?;
        Ok(out)
    }

    /// As [`Self::describe`], into `out` and without allocating, once `scratch` has seen an image
    /// of that size.
    ///
    /// # Errors
    /// As [`Self::describe`], or if `out` has another length than the descriptor.
    pub fn describe_into<T: Level>(
        &self,
        image: ArrayView3<'_, T>,
        scratch: &mut HogScratch,
        out: &mut [f32],
    ) -> Result<(), HogError> {
        let (height, width, channels) = image.dim();
        let blocks = self.block_counts(Size { height, width, channels })?;
        let needed = self.length_of(blocks, channels);
        if out.len() != needed {
            return Err(HogError::Place { needed, found: out.len() });
        }
        match (&self.like_scikit_image, T::bytes(image)) {
            (Some(fast), Some(image)) if channels == 1 || channels == 3 => {
                fast.extract(image, out);
                Ok(())
            }
            _ => self.general.describe(image, blocks, scratch, out),
        }
    }

    /// Rows and columns of blocks of an image of 1 to 4 channels.
    fn block_counts(&self, size: Size) -> Result<[usize; 2], HogError> {
        let blocks = self.general.geometry().blocks(size)?;
        if !(1..=4).contains(&size.channels) {
            return Err(HogError::Channels { channels: size.channels });
        }
        Ok(blocks)
    }

    /// Numbers of the descriptor of so many rows and columns of blocks.
    fn length_of(&self, [rows, columns]: [usize; 2], channels: usize) -> usize {
        let [height, width] = self.params.block_size;
        let block = height * width * self.params.orientations;
        // Sizes for which this overflows fit into no memory either.
        let blocks = rows.saturating_mul(columns);
        blocks.saturating_mul(block).saturating_mul(self.general.descriptors(channels))
    }
}

impl Extract for Hog {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        Ok(self.length_of(self.general.geometry().blocks(size)?, size.channels))
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        self.extract_with(image, &mut HogScratch::default(), out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        let Some(image) = images.outer_iter().next() else { return };
        let length = self.length(size_of(image)).expect("`length` accepted this size");
        let needed = length * images.len_of(Axis(0));
        assert_eq!(out.len(), needed, "`out` must have the length that `length` gives");
        if let Some(fast) = &self.like_scikit_image {
            fast.extract_batch(images, out);
            return;
        }
        let mut scratch = HogScratch::default();
        for (image, out) in images.outer_iter().zip(out.chunks_exact_mut(length)) {
            self.extract_with(image, &mut scratch, out);
        }
    }
}

impl Hog {
    fn extract_with(&self, image: ArrayView3<'_, u8>, scratch: &mut HogScratch, out: &mut [f32]) {
        check_out(self, image, out);
        let described = self.describe_into(image, scratch, out);
        described.expect("`length` accepted this size, and every `u8` is a brightness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_settings_out_of_range() {
        let name = |params: HogParams| Hog::new(&params).unwrap_err().name;
        let default = HogParams::default;
        assert_eq!(name(HogParams { orientations: 0, ..default() }), "orientations");
        assert_eq!(name(HogParams { orientations: 181, ..default() }), "orientations");
        assert_eq!(name(HogParams { cell_size: [4, 0], ..default() }), "cell_size");
        assert_eq!(name(HogParams { block_size: [0, 2], ..default() }), "block_size");
    }

    #[test]
    fn an_image_smaller_than_a_block_is_refused_with_the_size_it_needs() {
        let hog = Hog::new(&HogParams { cell_size: [4, 6], ..HogParams::default() }).unwrap();
        let size = |height, width| Size { height, width, channels: 1 };
        assert_eq!(hog.length(size(8, 12)), Ok(36));
        let error = hog.length(size(8, 11)).unwrap_err();
        assert_eq!(error.to_string(), "images are 8x11 pixels, but HOG needs at least 8x12");
    }

    #[test]
    fn plan_files_name_norms_as_scikit_image_does() {
        let params: HogParams = serde_json::from_str(r#"{"block_norm": "L1-sqrt"}"#).unwrap();
        assert_eq!(params.block_norm, BlockNorm::L1Sqrt);
        assert!(serde_json::from_str::<HogParams>(r#"{"cells": 8}"#).is_err());
    }
}
