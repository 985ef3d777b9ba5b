//! Felzenszwalb's histograms of oriented gradients: 31 numbers per cell.
//!
//! Every pixel votes with the strength of its gradient for one of 18 directions, shared among the
//! four nearest cells. A cell is normalised by the energy of each of the four blocks of 2x2 cells
//! around it; the four results are summed, which leaves 18 numbers for directions, 9 for
//! orientations (opposite directions together) and one for each block: how much texture it has.
//! Compared with Dalal and Triggs' HOG ([`crate::Hog`]) that is as much information in fewer
//! numbers, each cell described once.
//!
//! Source: P. Felzenszwalb, R. Girshick, D. McAllester, D. Ramanan, "Object detection with
//! discriminatively trained part based models", IEEE TPAMI 32(9):1627-1645, 2010. Reference
//! implementations: [`Fhog`] gives the numbers of `dlib::extract_fhog_features` of dlib 19.24, and
//! [`VlHog`] those of `vl_hog` of VLFeat 0.9.21, both to within 1e-5 (roundings of sums in `f32`;
//! the direction of every gradient is the same).
//!
//! Departure: an image without a whole cell gives an error where dlib gives no features.

mod cells;
mod directions;
mod pixels;
mod sides;
mod vlfeat;

pub use cells::FhogScratch;
pub use vlfeat::{VlHog, VlHogParams, VlHogVariant};

use crate::kernels::Simd;
use crate::kernels::fhog::{self, Cells};
use crate::view::{check_out, check_size, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use directions::Directions;
use ndarray::{ArrayView3, ArrayView4};
use serde::{Deserialize, Serialize};
use sides::{Geometry, Library};

/// Settings as written in a plan file; unset ones take the default, which is dlib's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FhogParams {
    /// Side of a cell in pixels, at least 1.
    pub cell_size: usize,
    /// Rows and columns of a filter that will be moved over the cells, each from 1 to 1000: room
    /// of zeros is left around the cells so that it fits at every place. 1 leaves none.
    pub filter_padding: [usize; 2],
}

impl Default for FhogParams {
    fn default() -> Self {
        Self { cell_size: 8, filter_padding: [1, 1] }
    }
}

/// Felzenszwalb's HOG of the whole image with the numbers of dlib: cells row by row, in each 18
/// directions from 0 degrees (along the row, dark to bright) on, clockwise in steps of 20 degrees,
/// then 9 orientations, then the texture of the blocks at the lower right, upper right, lower left
/// and upper left. Each number lies in 0..=0.85. Checked when it is made.
///
/// The outermost cells only serve to normalise the others. Of a coloured image each pixel's
/// gradient is that of the channel where it is strongest.
///
/// ```
/// use features::{Fhog, FhogParams};
/// // Dark on the left, bright on the right: all gradients point along the rows.
/// let image = ndarray::Array3::from_shape_fn((24, 24, 1), |(_, x, _)| if x < 12 { 0 } else { 255 });
/// let fhog = Fhog::new(&FhogParams::default()).unwrap();
/// let descriptor = features::describe(&fhog, image.view()).unwrap();
/// assert_eq!(descriptor.len(), 31);
/// let strongest = |k: &usize| descriptor[*k] == 0.4;
/// assert!((0..27).filter(strongest).eq([0, 18]));
/// ```
#[derive(Debug, Clone)]
pub struct Fhog {
    params: FhogParams,
    directions: Directions,
}

/// Weight of a direction in the texture of a block.
const TEXTURE: f32 = 2.0 * 0.2357;

/// Numbers per cell.
const LENGTH: usize = 31;

impl Fhog {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &FhogParams) -> Result<Self, ParamError> {
        check_cell_size(params.cell_size)?;
        if params.filter_padding.iter().any(|cells| !(1..=1000).contains(cells)) {
            let given = format!("{:?}", params.filter_padding);
            return Err(ParamError::new("filter_padding", given, "two numbers from 1 to 1000"));
        }
        Ok(Self { params: params.clone(), directions: Directions::dlib() })
    }

    /// Shape of the descriptor: rows, columns, 31.
    ///
    /// # Errors
    /// If the image has no pixel, neither 1 nor 3 channels, or fewer than three cells along a side
    /// (sides are rounded to whole cells).
    pub fn shape(&self, size: Size) -> Result<[usize; 3], ShapeError> {
        let [rows, columns] = self.inner_cells(size)?;
        let [row_padding, column_padding] = self.params.filter_padding;
        Ok([rows + row_padding - 1, columns + column_padding - 1, LENGTH])
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

    /// What the permuted numbers of a cell become when the image is mirrored left to right: number
    /// `k` of a cell of the mirrored image is number `mirrored()[k]` of the cell in the mirrored
    /// place.
    pub fn mirrored() -> [usize; LENGTH] {
        std::array::from_fn(|k| match k {
            0..18 => (27 - k) % 18,
            18..27 => 18 + (27 - k) % 9,
            _ => 27 + (k - 27 + 2) % 4,
        })
    }

    /// Rows and columns of cells that are described.
    fn inner_cells(&self, size: Size) -> Result<[usize; 2], ShapeError> {
        check_size(size)?;
        let cells = [size.height, size.width].map(|pixels| self.geometry(size).cells(pixels));
        if cells.contains(&0) || cells.contains(&1) || cells.contains(&2) {
            // Half a cell counts as one; of single pixels there are none.
            let min = self.params.cell_size.saturating_mul(5).div_ceil(2);
            return Err(ShapeError::TooSmall {
                what: "Felzenszwalb's HOG",
                height: size.height,
                width: size.width,
                min_height: min,
                min_width: min,
            });
        }
        Ok(cells.map(|cells| cells - 2))
    }

    fn geometry(&self, size: Size) -> Geometry {
        Geometry { library: Library::Dlib, cell_size: self.params.cell_size, size }
    }

    fn extract_on(
        &self,
        simd: Simd,
        image: ArrayView3<'_, u8>,
        scratch: &mut FhogScratch,
        out: &mut [f32],
    ) {
        let size = size_of(image);
        let [rows, columns] = self.inner_cells(size).expect("checked by the caller");
        let [row_padding, column_padding] = self.params.filter_padding.map(|cells| cells - 1);
        if row_padding + column_padding > 0 {
            out.fill(0.0);
        }
        let first = (row_padding / 2) * (columns + column_padding) + column_padding / 2;
        let place = |row: usize| {
            let at = (first + row * (columns + column_padding)) * LENGTH;
            at..at + columns * LENGTH
        };
        if self.params.cell_size == 1 {
            let geometry = self.geometry(size);
            return pixels::describe(simd, image, &self.directions, geometry, scratch, place, out);
        }
        scratch.set_sides(self.geometry(size));
        let stride = cells::stride(9);
        let texture: [f32; 32] = std::array::from_fn(|k| if k < 18 { TEXTURE } else { 0.0 });
        cells::count(simd, image, &self.directions, scratch, |row, cells| {
            if (1..=rows).contains(&row) {
                let inner = Cells {
                    votes: &cells.votes[stride..(columns + 1) * stride],
                    energies: cells.energies.map(|row| &row[1..columns + 3]),
                    ..cells
                };
                let out = &mut out[place(row - 1)];
                fhog::normalise_summed(simd, inner, &texture, [3, 1, 2, 0], out);
            }
        });
    }
}

impl Extract for Fhog {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        Ok(self.shape(size)?.iter().product())
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        self.extract_with(image, &mut FhogScratch::default(), out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        extract_each(images, out, |image, scratch, out| self.extract_with(image, scratch, out));
    }
}

/// Images one after another in the same memory.
fn extract_each(
    images: ArrayView4<'_, u8>,
    out: &mut [f32],
    extract: impl Fn(ArrayView3<'_, u8>, &mut FhogScratch, &mut [f32]),
) {
    let mut scratch = FhogScratch::default();
    if images.is_empty() {
        return;
    }
    assert_eq!(out.len() % images.dim().0, 0, "`out` must hold whole descriptors");
    let outs = out.chunks_exact_mut(out.len() / images.dim().0);
    for (image, out) in images.outer_iter().zip(outs) {
        extract(image, &mut scratch, out);
    }
}

fn check_cell_size(cell_size: usize) -> Result<(), ParamError> {
    if cell_size == 0 {
        return Err(ParamError::new("cell_size", cell_size, "at least 1"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// Also at the right of the last eight columns, with ties among channels, and with padding.
    #[test]
    fn all_versions_give_the_same_bits() {
        let noise = base::Seed(4).permutation(61 * 47 * 3);
        let image = Array3::from_shape_fn((61, 47, 3), |(y, x, c)| {
            (noise[(y * 47 + x) * 3 + c] % 5 * 63) as u8
        });
        for (cell_size, channels) in [(1, 3), (3, 1), (8, 3), (8, 1)] {
            let fhog = Fhog::new(&FhogParams { cell_size, filter_padding: [2, 3] }).unwrap();
            let image = image.slice(ndarray::s![.., .., ..channels]);
            let versions = Simd::all().into_iter().map(|simd| {
                let mut out = vec![f32::NAN; fhog.length(size_of(image)).unwrap()];
                fhog.extract_on(simd, image, &mut FhogScratch::default(), &mut out);
                out
            });
            let versions: Vec<Vec<f32>> = versions.collect();
            assert!(versions.iter().all(|version| *version == versions[0]));
        }
    }

    #[test]
    fn an_image_of_fewer_than_three_cells_is_refused_with_the_size_it_needs() {
        let fhog = Fhog::new(&FhogParams::default()).unwrap();
        let size = |height, width| Size { height, width, channels: 1 };
        assert_eq!(fhog.shape(size(20, 27)), Ok([1, 1, 31]));
        let error = fhog.shape(size(20, 19)).unwrap_err().to_string();
        assert_eq!(error, "images are 20x19 pixels, but Felzenszwalb's HOG needs at least 20x20");
    }

    #[test]
    fn plan_files_name_the_settings() {
        let params: FhogParams = serde_json::from_str(r#"{"filter_padding": [3, 4]}"#).unwrap();
        assert_eq!(params, FhogParams { cell_size: 8, filter_padding: [3, 4] });
        assert!(serde_json::from_str::<FhogParams>(r#"{"cells": 8}"#).is_err());
        let params: VlHogParams = serde_json::from_str(r#"{"variant": "dalal-triggs"}"#).unwrap();
        assert_eq!(params.variant, VlHogVariant::DalalTriggs);
    }
}
