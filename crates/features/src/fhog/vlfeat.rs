//! VLFeat's two variants of HOG.

use super::cells::{self, FhogScratch};
use super::check_cell_size;
use super::directions::Directions;
use super::sides::{Geometry, Library};
use crate::kernels::Simd;
use crate::kernels::fhog;
use crate::view::{check_out, check_size, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::{ArrayView3, ArrayView4};
use serde::{Deserialize, Serialize};

/// What describes a cell. `o` is the number of orientations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VlHogVariant {
    /// Felzenszwalb's: `2 o` directions, `o` orientations, texture of four blocks. Named after the
    /// University of Chicago and the Toyota Technological Institute at Chicago.
    #[default]
    Uoctti,
    /// Dalal and Triggs': the `o` orientations, normalised by each of four blocks.
    #[serde(rename = "dalal-triggs")]
    DalalTriggs,
}

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VlHogParams {
    /// What describes a cell.
    pub variant: VlHogVariant,
    /// Side of a cell in pixels, at least 1.
    pub cell_size: usize,
    /// Orientations over 180 degrees, 1 to 127.
    pub orientations: usize,
    /// Whether a pixel's vote is shared between the two nearest directions.
    pub bilinear_orientations: bool,
}

impl Default for VlHogParams {
    fn default() -> Self {
        Self {
            variant: VlHogVariant::Uoctti,
            cell_size: 8,
            orientations: 9,
            bilinear_orientations: false,
        }
    }
}

/// HOG of the whole image with the numbers of VLFeat's `vl_hog`: cells row by row, all numbers of
/// a cell together (VLFeat stores one plane per number). Checked when it is made.
///
/// In each cell, for [`VlHogVariant::Uoctti`]: directions from 0 degrees (along the row, dark to
/// bright) on, clockwise, orientations, texture of the blocks at the upper left, upper right,
/// lower left and lower right; each 0..=0.4, textures more. For [`VlHogVariant::DalalTriggs`]:
/// orientations in the normalisation of these four blocks, each 0..=0.2. Cells are counted so that
/// at least half of the last one lies in the image. Of a coloured image each pixel's gradient is
/// that of the channel where it is strongest, the first of equal ones.
///
/// VLFeat's option for transposed images has no counterpart: a view of the transposed array does.
///
/// ```
/// use features::{VlHog, VlHogParams};
/// // Dark on the left, bright on the right: all gradients point along the rows.
/// let image = ndarray::Array3::from_shape_fn((8, 8, 1), |(_, x, _)| if x < 4 { 0 } else { 255 });
/// let hog = VlHog::new(&VlHogParams::default()).unwrap();
/// let descriptor = features::describe(&hog, image.view()).unwrap();
/// assert_eq!(descriptor.len(), 31);
/// assert!((0..27).filter(|&k| descriptor[k] > 0.39).eq([0, 18]));
/// ```
#[derive(Debug, Clone)]
pub struct VlHog {
    params: VlHogParams,
    directions: Directions,
}

impl VlHog {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &VlHogParams) -> Result<Self, ParamError> {
        check_cell_size(params.cell_size)?;
        if !(1..=Directions::MOST).contains(&params.orientations) {
            return Err(ParamError::new("orientations", params.orientations, "from 1 to 127"));
        }
        let directions = Directions::vlfeat(params.orientations, params.bilinear_orientations);
        Ok(Self { params: params.clone(), directions })
    }

    /// Numbers per cell.
    pub fn cell_length(&self) -> usize {
        match self.params.variant {
            VlHogVariant::Uoctti => 3 * self.params.orientations + 4,
            VlHogVariant::DalalTriggs => 4 * self.params.orientations,
        }
    }

    /// Shape of the descriptor: rows of cells, columns of cells, numbers per cell.
    ///
    /// # Errors
    /// If the image has neither 1 nor 3 channels, or a side is shorter than half a cell.
    pub fn shape(&self, size: Size) -> Result<[usize; 3], ShapeError> {
        check_size(size)?;
        let min = self.params.cell_size.div_ceil(2);
        if size.height < min || size.width < min {
            return Err(ShapeError::TooSmall {
                what: "VLFeat's HOG",
                height: size.height,
                width: size.width,
                min_height: min,
                min_width: min,
            });
        }
        let cells = |pixels| self.geometry(size).cells(pixels);
        Ok([cells(size.height), cells(size.width), self.cell_length()])
    }

    /// What the numbers of a cell become when the image is mirrored left to right: number `k` of a
    /// cell of the mirrored image is number `mirrored()[k]` of the cell in the mirrored place.
    pub fn mirrored(&self) -> Vec<usize> {
        let orientations = self.params.orientations;
        let block = |k: usize| k ^ 1;
        let number = |k: usize| match (self.params.variant, k / orientations) {
            (VlHogVariant::Uoctti, 0 | 1) => (3 * orientations - k) % (2 * orientations),
            (VlHogVariant::Uoctti, 2) => 2 * orientations + (3 * orientations - k) % orientations,
            (VlHogVariant::Uoctti, _) => 3 * orientations + block(k - 3 * orientations),
            (VlHogVariant::DalalTriggs, of) => {
                block(of) * orientations + ((of + 1) * orientations - k) % orientations
            }
        };
        (0..self.cell_length()).map(number).collect()
    }

    /// As [`Extract::extract`], with memory that can be used again.
    ///
    /// # Panics
    /// As there.
    pub fn extract_with(
        &self,
        image: ArrayView3<'_, u8>,
        scratch: &mut FhogScratch,
        out: &mut [f32],
    ) {
        check_out(self, image, out);
        self.extract_on(Simd::best(), image, scratch, out);
    }

    fn geometry(&self, size: Size) -> Geometry {
        Geometry { library: Library::VlFeat, cell_size: self.params.cell_size, size }
    }

    fn extract_on(
        &self,
        simd: Simd,
        image: ArrayView3<'_, u8>,
        scratch: &mut FhogScratch,
        out: &mut [f32],
    ) {
        let geometry = self.geometry(size_of(image));
        let row_length = geometry.cells(image.dim().1) * self.cell_length();
        let orientations = self.params.orientations;
        let mut texture = vec![0.0; cells::stride(orientations)];
        texture[2 * orientations..3 * orientations].fill(2.0 / 18.0_f32.sqrt());
        scratch.set_sides(geometry);
        cells::count(simd, image, &self.directions, scratch, |row, cells| {
            let out = &mut out[row * row_length..(row + 1) * row_length];
            match self.params.variant {
                VlHogVariant::Uoctti => {
                    fhog::normalise_summed(simd, cells, &texture, [0, 1, 2, 3], out);
                }
                VlHogVariant::DalalTriggs => fhog::normalise_stacked(simd, cells, out),
            }
        });
    }
}

impl Extract for VlHog {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        Ok(self.shape(size)?.iter().product())
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        self.extract_with(image, &mut FhogScratch::default(), out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        super::extract_each(images, out, |image, scratch, out| {
            self.extract_with(image, scratch, out);
        });
    }
}
