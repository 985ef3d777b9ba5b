//! Histograms of oriented gradients (HOG).
//!
//! Every pixel votes with the strength of its gradient for the orientation of that gradient; the
//! votes are counted per cell, and overlapping blocks of cells are normalised, so that neither the
//! brightness nor the contrast of a region matters.
//!
//! Source: N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.
//! Reference implementation: `skimage.feature.hog` of scikit-image 0.26, whose numbers these are
//! to within 1e-6 (`tests/golden.rs`). As there, and unlike the paper and OpenCV's
//! `HOGDescriptor`: a pixel votes for one orientation and one cell (no interpolation), blocks have
//! no Gaussian weights, gradients on the border of the image are zero, and pixels beyond the last
//! whole cell at the right and the bottom are ignored.
//!
//! Departures from scikit-image: the descriptor is stored as `f32`, and an angle that rounds up to
//! 180 degrees votes for the last orientation, not for none.
//! Not here yet: OpenCV's semantics (interpolated votes, weights, its own normalisation).

mod blocks;
mod cells;
mod gradient;

pub use blocks::BlockNorm;

use crate::view::{check_out, check_size, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use gradient::Gradients;
use ndarray::{Array3, ArrayView3};
use serde::{Deserialize, Serialize};

/// Settings as written in a plan file; unset ones take the default.
///
/// The defaults are Dalal and Triggs' except for the cell: 4x4 pixels instead of 8x8, because the
/// images compared here are small. It divides 28, 32, 48 and 64 without a rest, and leaves 7x7
/// cells of a 28x28 digit where 8x8 pixels would leave 3x3 and ignore the last four rows. From
/// about 64x64 pixels on, 8x8 gives a shorter descriptor (1764 numbers instead of 8100).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HogParams {
    /// Bins into which 0..180 degrees are divided, 1 to 180; opposite directions share one.
    pub orientations: usize,
    /// Height and width of a cell in pixels, each at least 1.
    pub cell_size: [usize; 2],
    /// Height and width of a block in cells, each at least 1; blocks start at every cell.
    pub block_size: [usize; 2],
    /// How the numbers of a block are brought to one scale.
    pub block_norm: BlockNorm,
    /// Whether to take the square root of the pixel values first, which evens out shadows.
    pub transform_sqrt: bool,
}

impl Default for HogParams {
    fn default() -> Self {
        Self {
            orientations: 9,
            cell_size: [4, 4],
            block_size: [2, 2],
            block_norm: BlockNorm::L2Hys,
            transform_sqrt: false,
        }
    }
}

/// The HOG of the whole image: blocks row by row, in each its cells row by row, in each its
/// orientations. Each number lies in 0..=1. Checked when it is made.
///
/// Of a coloured image each pixel's gradient is that of the channel where it is strongest, the
/// first of equal ones.
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
    gradients: Gradients,
}

impl Hog {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &HogParams) -> Result<Self, ParamError> {
        let HogParams { orientations, cell_size, block_size, .. } = *params;
        if !(1..=180).contains(&orientations) {
            return Err(ParamError::new("orientations", orientations, "from 1 to 180"));
        }
        for (name, sides) in [("cell_size", cell_size), ("block_size", block_size)] {
            if sides.contains(&0) {
                return Err(ParamError::new(name, format!("{sides:?}"), "two sides of at least 1"));
            }
        }
        let gradients = Gradients::new(orientations, params.transform_sqrt);
        Ok(Self { params: params.clone(), gradients })
    }

    /// Shape of the descriptor: rows and columns of blocks, rows and columns of cells in a block,
    /// orientations.
    ///
    /// # Errors
    /// If the image has no pixel, neither 1 nor 3 channels, or fewer pixels than one block.
    pub fn shape(&self, size: Size) -> Result<[usize; 5], ShapeError> {
        check_size(size)?;
        let [block_height, block_width] = self.params.block_size;
        let [rows, columns] = self.cell_counts(size);
        if rows < block_height || columns < block_width {
            let [cell_height, cell_width] = self.params.cell_size;
            return Err(ShapeError::TooSmall {
                what: "HOG",
                height: size.height,
                width: size.width,
                min_height: cell_height.saturating_mul(block_height),
                min_width: cell_width.saturating_mul(block_width),
            });
        }
        let blocks = [rows - block_height + 1, columns - block_width + 1];
        Ok([blocks[0], blocks[1], block_height, block_width, self.params.orientations])
    }

    /// The votes in each cell before any block is normalised, shape `(cell rows, cell columns,
    /// orientations)`: the mean gradient (grey levels per pixel) over the cell, counting for each
    /// orientation only the pixels that vote for it.
    ///
    /// # Errors
    /// As [`Self::shape`].
    pub fn cells(&self, image: ArrayView3<'_, u8>) -> Result<Array3<f32>, ShapeError> {
        let size = size_of(image);
        self.shape(size)?;
        let [rows, columns] = self.cell_counts(size);
        let votes = cells::votes(image, self.params.cell_size, &self.gradients);
        let votes = Array3::from_shape_vec((rows, columns, self.params.orientations), votes);
        Ok(votes.expect("one number per cell and orientation"))
    }

    /// Whole cells in an image: rows, columns.
    fn cell_counts(&self, size: Size) -> [usize; 2] {
        let [cell_height, cell_width] = self.params.cell_size;
        [size.height / cell_height, size.width / cell_width]
    }
}

impl Extract for Hog {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        Ok(self.shape(size)?.iter().product())
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        let votes = cells::votes(image, self.params.cell_size, &self.gradients);
        let HogParams { orientations, block_size, block_norm, .. } = self.params;
        let cell_columns = self.cell_counts(size_of(image))[1];
        blocks::normalise(&votes, cell_columns, orientations, block_size, block_norm, out);
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
