//! Settings of HOG, and what is accepted for them.

use base::ParamError;
use serde::{Deserialize, Deserializer, Serialize};

/// Settings as written in a plan file; unset ones take the default.
///
/// The defaults are scikit-image's except for the cell and the block. Cells have 4x4 pixels
/// instead of 8x8, because the images compared here are small: that divides 28, 32, 48 and 64
/// without a rest, and leaves 7x7 cells of a 28x28 digit where 8x8 pixels would leave 3x3 and
/// ignore the last four rows. From about 64x64 pixels on, 8x8 gives a shorter descriptor (1764
/// numbers instead of 8100). Blocks have 2x2 cells, as in Dalal and Triggs' paper.
///
/// ```
/// use features::{Gamma, HogParams};
/// let text = r#"{ "orientations": 12, "gamma": "sqrt", "block_stride": { "cells": [2, 2] } }"#;
/// let params: HogParams = serde_json::from_str(text).unwrap();
/// assert_eq!((params.orientations, params.gamma), (12, Gamma::Sqrt));
/// // scikit-image's name and way of saying the same.
/// let same: HogParams = serde_json::from_str(r#"{ "transform_sqrt": true }"#).unwrap();
/// assert_eq!(same.gamma, Gamma::Sqrt);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HogParams {
    /// What is done to the pixel values first.
    #[serde(alias = "transform_sqrt", deserialize_with = "gamma_or_transform_sqrt")]
    pub gamma: Gamma,
    /// The filter that gives the gradient.
    pub gradient: GradientFilter,
    /// What lies beyond the border of the image.
    pub border: Border,
    /// How the channels of a coloured image come together.
    pub colour: Colour,
    /// Whether opposite directions have bins of their own: orientations then run over 0..360
    /// degrees instead of 0..180.
    pub signed: bool,
    /// Bins into which the orientations are divided, 1 to 180, or to 360 if `signed`.
    pub orientations: usize,
    /// How a pixel's vote is shared among orientations.
    pub orientation_vote: OrientationVote,
    /// Height and width of a cell in pixels, each 1 to 65536.
    pub cell_size: [usize; 2],
    /// How a pixel's vote is shared among cells.
    pub cell_vote: CellVote,
    /// Height and width of a block in cells, each 1 to 1024.
    pub block_size: [usize; 2],
    /// How far it is from one block to the next.
    pub block_stride: BlockStride,
    /// How the numbers of a block are brought to one scale.
    pub block_norm: BlockNorm,
    /// Where [`BlockNorm::L2Hys`] and [`BlockNorm::L2HysOpenCv`] cut off, above 0 and at most 1.
    pub clip: f64,
    /// What keeps a block without gradients at zero: `e` of [`BlockNorm`], from 1e-12 to 1e6.
    pub epsilon: f64,
    /// What becomes of pixels at the right and the bottom that no block covers.
    pub remainder: Remainder,
    /// The order of the numbers.
    pub layout: Layout,
}

impl Default for HogParams {
    fn default() -> Self {
        Self {
            gamma: Gamma::None,
            gradient: GradientFilter::Central,
            border: Border::Zero,
            colour: Colour::MaxMagnitude,
            signed: false,
            orientations: 9,
            orientation_vote: OrientationVote::Hard,
            cell_size: [4, 4],
            cell_vote: CellVote::Hard,
            block_size: [2, 2],
            block_stride: BlockStride::Cells([1, 1]),
            block_norm: BlockNorm::L2Hys,
            clip: 0.2,
            epsilon: 1e-5,
            remainder: Remainder::Ignore,
            layout: Layout::RowMajor,
        }
    }
}

/// What is done to the pixel values `v` before the gradient is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gamma {
    /// Nothing.
    #[default]
    None,
    /// The square root, which evens out shadows. No value may be negative.
    Sqrt,
    /// `ln(1 + v)`, which evens them out further. No value may be negative.
    Log,
}

/// The filter whose answer is the gradient: a difference `(-1, 0, 1)` along the axis, sums of
/// three neighbours across it. Not divided by the sum of its weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientFilter {
    /// Without neighbours across; the best in Dalal and Triggs' experiments.
    #[default]
    Central,
    /// Neighbours across weigh 1, 2, 1.
    Sobel,
    /// Neighbours across weigh 1, 1, 1.
    Prewitt,
}

/// What lies beyond the border of the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Border {
    /// Nothing: where the filter of a derivative reaches across the border, the derivative is 0.
    #[default]
    Zero,
    /// The image mirrored at its outermost pixels, which are not repeated: `c b a b c`.
    Reflect101,
    /// The outermost pixels repeated: `a a a b c`.
    Clamp,
}

/// How the channels of a coloured image come together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Each pixel's gradient is that of the channel where it is strongest, the first of equal
    /// ones.
    #[default]
    MaxMagnitude,
    /// A descriptor per channel, one after another.
    PerChannel,
}

/// How a pixel's vote is shared among orientations. Bin `k` of `n` covers `k/n` to `(k + 1)/n` of
/// the half circle, or of the circle if `signed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrientationVote {
    /// All for the bin it lies in.
    #[default]
    Hard,
    /// Between the two bins whose middles are nearest, in proportion to the nearness.
    Linear,
}

/// How a pixel's vote is shared among cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellVote {
    /// All for the cell it lies in.
    #[default]
    Hard,
    /// Among the four cells whose middles are nearest, in proportion to the nearness. Shares for
    /// cells outside the grid are lost.
    Bilinear,
    /// As `Bilinear`, but within each block by itself, shares for cells of other blocks being
    /// lost, and with a weight that falls off from the middle of the block as a Gaussian does.
    /// Together with [`OrientationVote::Linear`] this is Dalal and Triggs' trilinear
    /// interpolation.
    Gaussian {
        /// Standard deviation in pixels, from 0.01 to 1e9; unset: an eighth of the sum of the
        /// block's height and width in pixels, as in OpenCV.
        #[serde(default)]
        sigma: Option<f64>,
        /// How far to the right and below the middle of the block the weights have theirs, in
        /// pixels. OpenCV's 0.5 makes the descriptor of a mirrored image a different one.
        #[serde(default)]
        offset: f64,
    },
}

/// How far it is from the beginning of a block to that of the next, down and to the right; each
/// number at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockStride {
    /// In cells.
    Cells([usize; 2]),
    /// In pixels: whole cells, unless each block votes by itself ([`CellVote::Gaussian`]).
    Pixels([usize; 2]),
}

/// How the numbers `v` of a block are brought to one scale; `e` is `epsilon` and keeps a block
/// without gradients at zero. Names and formulas are those of scikit-image and of Dalal and Triggs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockNorm {
    /// Not at all: `v`.
    #[serde(rename = "none")]
    None,
    /// `v / (sum |v| + e)`
    L1,
    /// `sqrt(v / (sum |v| + e))`
    #[serde(rename = "L1-sqrt")]
    L1Sqrt,
    /// `v / sqrt(sum v^2 + e^2)`
    L2,
    /// L2, then every number limited to `clip`, then L2 again: one strong edge does not drown the
    /// others.
    #[default]
    #[serde(rename = "L2-Hys")]
    L2Hys,
    /// OpenCV's L2-Hys for a block of `n` numbers: `v / (sqrt(sum v^2) + n/10)` of the sums over
    /// cells, not their means, then limited to `clip`, then `v / (sqrt(sum v^2) + 1/1000)`.
    #[serde(rename = "L2-Hys-OpenCV")]
    L2HysOpenCv,
}

/// What becomes of pixels at the right and the bottom that no block covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remainder {
    /// They do not vote.
    #[default]
    Ignore,
    /// There must be none: such an image is refused.
    Error,
    /// A further block covers them and reaches beyond the image, where nothing votes.
    Pad,
}

/// The order of the numbers of a descriptor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Blocks row by row, in each its cells row by row, in each its orientations.
    #[default]
    RowMajor,
    /// Blocks column by column, in each its cells column by column, in each its orientations.
    #[serde(rename = "opencv")]
    OpenCv,
}

impl HogParams {
    /// Refuses settings outside their ranges.
    pub(super) fn check(&self) -> Result<(), ParamError> {
        let most = if self.signed { 360 } else { 180 };
        if !(1..=most).contains(&self.orientations) {
            let expected = "from 1 to 180, or to 360 if `signed`";
            return Err(ParamError::new("orientations", self.orientations, expected));
        }
        let sides = |name, sides: [usize; 2], most, expected| {
            let fits = sides.iter().all(|side| (1..=most).contains(side));
            let error = || ParamError::new(name, format!("{sides:?}"), expected);
            fits.then_some(()).ok_or_else(error)
        };
        sides("cell_size", self.cell_size, 65536, "two sides from 1 to 65536")?;
        sides("block_size", self.block_size, 1024, "two sides from 1 to 1024")?;
        let (BlockStride::Cells(stride) | BlockStride::Pixels(stride)) = self.block_stride;
        sides("block_stride", stride, 1 << 30, "two steps from 1 to 2^30")?;
        self.check_whole_cells()?;
        if !(self.clip > 0.0 && self.clip <= 1.0) {
            return Err(ParamError::new("clip", self.clip, "above 0 and at most 1"));
        }
        if !(1e-12..=1e6).contains(&self.epsilon) {
            return Err(ParamError::new("epsilon", self.epsilon, "from 1e-12 to 1e6"));
        }
        if let CellVote::Gaussian { sigma, offset } = self.cell_vote {
            let sigma = sigma.unwrap_or(1.0);
            if !(0.01..=1e9).contains(&sigma) {
                return Err(ParamError::new("sigma", sigma, "from 0.01 to 1e9"));
            }
            if !offset.is_finite() {
                return Err(ParamError::new("offset", offset, "a finite number"));
            }
        }
        Ok(())
    }

    /// Blocks that share the votes of cells begin where cells do.
    fn check_whole_cells(&self) -> Result<(), ParamError> {
        let shared = !matches!(self.cell_vote, CellVote::Gaussian { .. });
        match self.block_stride {
            BlockStride::Pixels(stride)
                if shared
                    && [0, 1]
                        .iter()
                        .any(|&axis| !stride[axis].is_multiple_of(self.cell_size[axis])) =>
            {
                let expected = "whole cells, unless `cell_vote` is `gaussian`";
                Err(ParamError::new("block_stride", format!("{stride:?}"), expected))
            }
            _ => Ok(()),
        }
    }

    /// Whether these are scikit-image's choices, at any size of cells and blocks.
    pub(super) fn is_like_scikit_image(&self) -> bool {
        // At the border `Reflect101` takes the difference of a pixel with itself: 0 too.
        let gradient = self.gradient == GradientFilter::Central && self.border != Border::Clamp;
        let votes = self.orientation_vote == OrientationVote::Hard
            && self.cell_vote == CellVote::Hard
            && !self.signed
            && self.colour == Colour::MaxMagnitude;
        let stride = match self.block_stride {
            BlockStride::Cells(stride) => stride == [1, 1],
            BlockStride::Pixels(stride) => stride == self.cell_size,
        };
        let norm = !matches!(self.block_norm, BlockNorm::None | BlockNorm::L2HysOpenCv)
            && self.clip == 0.2
            && self.epsilon == 1e-5;
        let shape = self.remainder != Remainder::Pad && self.layout == Layout::RowMajor;
        self.gamma != Gamma::Log && gradient && votes && stride && norm && shape
    }
}

/// Reads `gamma`, and the true or false that scikit-image's `transform_sqrt` has.
fn gamma_or_transform_sqrt<'de, D: Deserializer<'de>>(from: D) -> Result<Gamma, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "`none`, `sqrt` or `log`, or true for `sqrt`, false for `none`")]
    enum Written {
        Gamma(Gamma),
        TransformSqrt(bool),
    }
    Ok(match Written::deserialize(from)? {
        Written::Gamma(gamma) => gamma,
        Written::TransformSqrt(true) => Gamma::Sqrt,
        Written::TransformSqrt(false) => Gamma::None,
    })
}
