//! Histograms of oriented gradients with the semantics of OpenCV's `HOGDescriptor`.
//!
//! ```text
//! levels -> gradients -> shares of bins -> votes for cells of a block -> normalised block
//!                                                                          |
//!                          windows, each its blocks column by column  <----+
//! ```
//!
//! A pixel divides the strength of its gradient between the two nearest orientations, and between
//! the up to four nearest cells of the block, less the further it lies from the middle of the
//! block. A block is divided by its length, cut at `clip`, and divided by its length again. Windows
//! follow each other row by row; in a window blocks, in a block cells run column by column.
//!
//! Source: N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.
//! Reference implementation: `cv::HOGDescriptor` of OpenCV 4.14 on x86-64 with AVX2, whose numbers
//! these are bit for bit, odd ones included: the arc tangent of four terms, which differs in its
//! last bit in the last columns of some widths; of equally strong channels of a coloured image the
//! one that OpenCV's vector loop takes; weights around a point half a pixel beside the middle.
//!
//! Departures: `clip` is each recipe's own, where OpenCV keeps the first one of a process; blocks
//! of fewer than 4 numbers are described, where OpenCV reads past their end; an image smaller than
//! the window is an error.

mod detect;
mod file;
mod grid;
mod lanes;
#[cfg(test)]
mod plain;
mod scratch;
mod table;
mod windows;

pub use detect::{HogDetector, HogGrouping, HogScanError, HogScanParams};
pub use file::{OpenCvHogFile, OpenCvHogFileError};
pub use scratch::OpenCvHogScratch;

use crate::view::{check_out, check_size, size_of};
use crate::{Hog, ParamError, ShapeError, Size};
use base::Extract;
use ndarray::{Array2, ArrayView3, ArrayView4, Axis};
use serde::{Deserialize, Serialize};
use windows::{Frame, Windows};

/// Settings of [`OpenCvHog`] as written in a plan file; unset ones take the default, which is that
/// of `cv::HOGDescriptor()`. Pairs are height and width.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenCvHogParams {
    /// Window in pixels, `winSize`: a block, or any number of block strides more; up to 32,767.
    pub window_size: [usize; 2],
    /// Block in pixels, `blockSize`: a multiple of the cell.
    pub block_size: [usize; 2],
    /// Pixels from a block to the next, `blockStride`, 1 to 32,767.
    pub block_stride: [usize; 2],
    /// Cell in pixels, `cellSize`, each at least 1.
    pub cell_size: [usize; 2],
    /// Orientations that are told apart, `nbins`, 1 to 256. Of more than 128, OpenCV's vector code
    /// leaves those after the 128th empty; here they are filled.
    pub orientations: usize,
    /// Standard deviation of the weights in a block in pixels, `winSigma`: positive, or unset for
    /// an eighth of the sum of the block's sides.
    pub sigma: Option<f64>,
    /// Where numbers of a block are cut, `L2HysThreshold`, above 0.
    pub clip: f64,
    /// Whether to take the square root of the levels first, `gammaCorrection`.
    pub gamma_correction: bool,
    /// Whether opposite directions are different orientations, `signedGradient`.
    pub signed_gradient: bool,
    /// Pixels from a window to the next, `winStride`, 1 to 32,767; unset for the size of a cell (of
    /// the block stride when a detector looks at many scales).
    pub window_stride: Option<[usize; 2]>,
    /// Pixels of mirrored image around the image, `padding`, up to 4,096; rounded up to a multiple
    /// of the largest common divisor of window stride and block stride, if that is a power of two
    /// (else to what OpenCV's formula makes of it).
    pub padding: [usize; 2],
}

impl Default for OpenCvHogParams {
    fn default() -> Self {
        Self {
            window_size: [128, 64],
            block_size: [16, 16],
            block_stride: [8, 8],
            cell_size: [8, 8],
            orientations: 9,
            sigma: None,
            clip: 0.2,
            gamma_correction: true,
            signed_gradient: false,
            window_stride: None,
            padding: [0, 0],
        }
    }
}

impl OpenCvHogParams {
    /// Rows and columns of cells in a block.
    fn cells_per_block(&self) -> [usize; 2] {
        [self.block_size[0] / self.cell_size[0], self.block_size[1] / self.cell_size[1]]
    }

    /// Rows and columns of blocks in a window.
    fn blocks_per_window(&self) -> [usize; 2] {
        let blocks = |axis: usize| {
            (self.window_size[axis] - self.block_size[axis]) / self.block_stride[axis] + 1
        };
        [blocks(0), blocks(1)]
    }

    /// Numbers in a block.
    fn block_length(&self) -> usize {
        self.cells_per_block().iter().product::<usize>() * self.orientations
    }

    /// Standard deviation of the weights in a block, in pixels.
    fn sigma(&self) -> f64 {
        self.sigma.unwrap_or((self.block_size[0] + self.block_size[1]) as f64 / 8.0)
    }

    fn check(&self) -> Result<(), ParamError> {
        let sides = [
            ("window_size", self.window_size),
            ("block_size", self.block_size),
            ("block_stride", self.block_stride),
            ("cell_size", self.cell_size),
            ("window_stride", self.window_stride.unwrap_or([1, 1])),
        ];
        let pair = |name, sides: [usize; 2], expected| {
            Err(ParamError::new(name, format!("{sides:?}"), expected))
        };
        for (name, sides) in sides {
            if sides.iter().any(|side| !(1..=32_767).contains(side)) {
                return pair(name, sides, "two numbers from 1 to 32767");
            }
        }
        if self.padding.iter().any(|&pixels| pixels > 4096) {
            return pair("padding", self.padding, "two numbers up to 4096");
        }
        for axis in [0, 1] {
            let [window, block] = [self.window_size[axis], self.block_size[axis]];
            if !block.is_multiple_of(self.cell_size[axis]) {
                return pair("block_size", self.block_size, "a multiple of `cell_size`");
            }
            if window < block || !(window - block).is_multiple_of(self.block_stride[axis]) {
                let expected = "`block_size` and any number of `block_stride` more";
                return pair("window_size", self.window_size, expected);
            }
        }
        if !(1..=256).contains(&self.orientations) {
            return Err(ParamError::new("orientations", self.orientations, "from 1 to 256"));
        }
        if let Some(sigma) = self.sigma.filter(|&sigma| !(1e-3..=1e6).contains(&sigma)) {
            return Err(ParamError::new("sigma", sigma, "from 0.001 to 1e6, or unset"));
        }
        if !(self.clip > 0.0 && self.clip <= 1e6) {
            return Err(ParamError::new("clip", self.clip, "above 0, up to 1e6"));
        }
        let [rows, columns] = self.blocks_per_window();
        if rows * columns > (1 << 31) / self.block_length() {
            return pair("window_size", self.window_size, "a descriptor of at most 2^31 numbers");
        }
        Ok(())
    }
}

/// The HOG of every window of an image as OpenCV computes it. Checked when it is made.
///
/// As a [`base::Extract`] it gives all windows one after another; [`Self::windows`] gives them as
/// rows, [`Self::windows_at`] those at chosen places.
///
/// ```
/// use features::{Hog, OpenCvHogParams};
/// let params = OpenCvHogParams { window_size: [32, 32], ..OpenCvHogParams::default() };
/// let hog = Hog::opencv(&params).unwrap();
/// // Dark on the left, bright on the right: gradients along the rows, between the first and the
/// // last of nine orientations.
/// let image = ndarray::Array3::from_shape_fn((32, 40, 1), |(_, x, _)| if x < 20 { 0 } else { 9 });
/// let windows = hog.windows(image.view()).unwrap();
/// // Two windows 8 pixels apart, each of 3x3 blocks of 2x2 cells.
/// assert_eq!(windows.dim(), (2, 3 * 3 * 2 * 2 * 9));
/// let window = windows.row(0);
/// let bins = window.iter().enumerate().filter(|(_, value)| **value > 0.0);
/// assert!(bins.map(|(place, _)| place % 9).all(|bin| bin == 0 || bin == 8));
/// ```
#[derive(Debug, Clone)]
pub struct OpenCvHog {
    params: OpenCvHogParams,
}

impl Hog {
    /// HOG with the semantics and the numbers of OpenCV's `HOGDescriptor`.
    ///
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn opencv(params: &OpenCvHogParams) -> Result<OpenCvHog, ParamError> {
        OpenCvHog::new(params)
    }
}

impl OpenCvHog {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &OpenCvHogParams) -> Result<Self, ParamError> {
        params.check()?;
        Ok(Self { params: params.clone() })
    }

    /// The settings.
    pub fn params(&self) -> &OpenCvHogParams {
        &self.params
    }

    /// Numbers that describe one window.
    pub fn window_length(&self) -> usize {
        let [rows, columns] = self.params.blocks_per_window();
        rows * columns * self.params.block_length()
    }

    /// Upper left corners of all windows of an image, row by row: `[y, x]` in pixels, negative in
    /// the padding.
    ///
    /// # Errors
    /// If the image has no pixel, neither 1 nor 3 channels, or is, with its padding, smaller than
    /// the window.
    pub fn window_corners(&self, size: Size) -> Result<Vec<[i64; 2]>, ShapeError> {
        let windows = Windows::new(&self.params, size)?;
        Ok(windows.corners().collect())
    }

    /// Descriptors of all windows, one row each, in the order of [`Self::window_corners`].
    ///
    /// # Errors
    /// As [`Self::window_corners`].
    pub fn windows(&self, image: ArrayView3<'_, u8>) -> Result<Array2<f32>, ShapeError> {
        let count = Windows::new(&self.params, size_of(image))?.count();
        let mut rows = Array2::zeros((count, self.window_length()));
        let out = rows.as_slice_mut().expect("a new array is contiguous");
        self.describe(image, &mut OpenCvHogScratch::default(), out)?;
        Ok(rows)
    }

    /// Descriptors of the windows with these upper left corners (`[y, x]` in pixels, negative in
    /// the padding), one row each. Those that do not lie within the padded image give zeros.
    ///
    /// # Errors
    /// If the image has no pixel or neither 1 nor 3 channels.
    pub fn windows_at(
        &self,
        image: ArrayView3<'_, u8>,
        corners: &[[i64; 2]],
    ) -> Result<Array2<f32>, ShapeError> {
        check_size(size_of(image))?;
        let mut scratch = OpenCvHogScratch::default();
        let mut rows = Array2::zeros((corners.len(), self.window_length()));
        for (mut row, &corner) in rows.outer_iter_mut().zip(corners) {
            let row = row.as_slice_mut().expect("rows of a new array are contiguous");
            self.describe_at(image, corner, &mut scratch, row);
        }
        Ok(rows)
    }

    /// As [`Self::windows`], into a buffer and with scratch memory that serves again: nothing is
    /// allocated for a second image of the same size, if it is contiguous.
    ///
    /// # Errors
    /// As [`Self::window_corners`].
    ///
    /// # Panics
    /// If `out` does not have the length of all windows.
    pub fn describe(
        &self,
        image: ArrayView3<'_, u8>,
        scratch: &mut OpenCvHogScratch,
        out: &mut [f32],
    ) -> Result<(), ShapeError> {
        Windows::new(&self.params, size_of(image))?;
        scratch.windows(&self.params, image.insert_axis(Axis(0)), out);
        Ok(())
    }

    /// The window at `corner`, if it lies within the padded image.
    pub(crate) fn describe_at(
        &self,
        image: ArrayView3<'_, u8>,
        corner: [i64; 2],
        scratch: &mut OpenCvHogScratch,
        out: &mut [f32],
    ) -> bool {
        let frame = Frame::new(&self.params, size_of(image));
        let Some(corner) = frame.padded(corner, self.params.window_size) else {
            return false;
        };
        scratch.window(&self.params, image, frame, corner, out);
        true
    }
}

impl Extract for OpenCvHog {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        let count = Windows::new(&self.params, size)?.count();
        Ok(count.saturating_mul(self.window_length()))
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        let images = image.insert_axis(Axis(0));
        OpenCvHogScratch::default().windows(&self.params, images, out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        if let Some(image) = images.outer_iter().next() {
            let one = self.length(size_of(image)).expect("`length` accepted this size");
            assert_eq!(out.len(), images.len_of(Axis(0)) * one, "`out` must hold `n` descriptors");
            OpenCvHogScratch::default().windows(&self.params, images, out);
        }
    }
}
