//! The descriptor of OpenCV's face recogniser (`cv::face::LBPHFaceRecognizer`).

use super::grid::Count;
use super::histograms::{HistogramDistance, HistogramError, histogram_distance};
use super::operator::{Code, Visitor};
use super::strips::{Border, Strip, for_each_strip};
use crate::gray::gray;
use crate::kernels::Simd;
use crate::kernels::lbp::{Between, face_codes_u8, face_codes_u16, widen_f32};
use crate::view::{check_out, check_size};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::{ArrayView1, ArrayView2, ArrayView3, ArrayView4};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Settings as written in a plan file; unset ones take OpenCV's default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LbphParams {
    /// Radius of the circle in whole pixels, 1 to 100.
    pub radius: usize,
    /// Points on the circle, 1 to 16.
    pub neighbors: usize,
    /// Cells beside one another, 1 to 1000.
    pub grid_x: usize,
    /// Cells above one another, 1 to 1000.
    pub grid_y: usize,
}

impl Default for LbphParams {
    fn default() -> Self {
        Self { radius: 1, neighbors: 8, grid_x: 8, grid_y: 8 }
    }
}

/// Local binary pattern histograms of faces: shares of all `2^neighbors` codes in each cell of a
/// grid, cells row by row. Bit for bit the numbers that OpenCV 4.14's
/// `LBPHFaceRecognizer::getHistograms` gives. Checked when it is made.
///
/// Codes are worked out with `f32`, for the pixels at least `radius` from the border; the grid's
/// cells are equal, and what is left over on the right and at the bottom is not counted. Colours
/// are turned into grey first.
///
/// Source: T. Ahonen, A. Hadid, M. Pietikäinen, "Face description with local binary patterns",
/// IEEE TPAMI 28(12):2037-2041, 2006. Who a face belongs to is not decided here; the recogniser
/// takes the nearest by [`Lbph::distance`].
///
/// ```
/// use features::{Lbph, LbphParams};
/// let lbph = Lbph::new(&LbphParams { grid_x: 1, grid_y: 1, ..Default::default() }).unwrap();
/// let flat = ndarray::Array3::from_elem((5, 5, 1), 80);
/// let shares = features::describe(&lbph, flat.view()).unwrap();
/// // All points are as bright as their centre.
/// assert_eq!((shares.len(), shares[255]), (256, 1.0));
/// assert_eq!(Lbph::distance(&shares, &shares), Ok(0.0));
/// ```
#[derive(Debug, Clone)]
pub struct Lbph {
    params: LbphParams,
    points: Vec<Point>,
}

/// Between which pixels a point lies, as rows down and columns to the right, and their weights.
type Point = ([[isize; 2]; 4], [f32; 4]);

/// Memory that serves for any number of images.
#[derive(Debug, Default)]
struct Scratch {
    levels: Vec<f32>,
    points: Vec<Between<f32>>,
    narrow: Vec<u8>,
    wide: Vec<u16>,
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
    counts: Vec<u32>,
}

impl Lbph {
    /// # Errors
    /// If a setting is outside the range its documentation names, or there would be more than 2^28
    /// numbers.
    pub fn new(params: &LbphParams) -> Result<Self, ParamError> {
        let LbphParams { radius, neighbors, grid_x, grid_y } = *params;
        if !(1..=100).contains(&radius) {
            return Err(ParamError::new("radius", radius, "from 1 to 100"));
        }
        if !(1..=16).contains(&neighbors) {
            return Err(ParamError::new("neighbors", neighbors, "from 1 to 16"));
        }
        for (name, cells) in [("grid_x", grid_x), ("grid_y", grid_y)] {
            if !(1..=1000).contains(&cells) {
                return Err(ParamError::new(name, cells, "from 1 to 1000"));
            }
        }
        if (grid_x * grid_y) << neighbors > 1 << 28 {
            let expected = "few enough for at most 2^28 numbers";
            return Err(ParamError::new("neighbors", neighbors, expected));
        }
        let points = (0..neighbors).map(|k| point(k, neighbors, radius)).collect();
        Ok(Self { params: params.clone(), points })
    }

    /// The distance by which the recogniser finds the nearest face:
    /// [`HistogramDistance::ChiSquareAlternative`].
    ///
    /// # Errors
    /// As [`histogram_distance`].
    pub fn distance(a: &[f32], b: &[f32]) -> Result<f64, HistogramError> {
        histogram_distance(a, b, HistogramDistance::ChiSquareAlternative)
    }

    fn histograms(&self, image: ArrayView2<'_, u8>, scratch: &mut Scratch, out: &mut [f32]) {
        let LbphParams { radius, grid_x, grid_y, .. } = self.params;
        let (height, width) = image.dim();
        let (cell_height, cell_width) =
            ((height - 2 * radius) / grid_y, (width - 2 * radius) / grid_x);
        let Scratch { levels, points, narrow, wide, rows, columns, counts } = scratch;
        let spans = |cells: usize, side: usize| (0..cells).map(move |k| k * side..(k + 1) * side);
        rows.clear();
        rows.extend(spans(grid_y, cell_height));
        columns.clear();
        columns.extend(spans(grid_x, cell_width));
        counts.clear();
        counts.resize(out.len(), 0);
        let labels = 1 << self.points.len();
        let mut count = Count { rows, columns, labels, counts };
        let simd = Simd::best();
        let copy = |row: ArrayView1<'_, u8>, out: &mut [f32]| {
            let row = row.to_slice().expect("`gray` gives contiguous images");
            widen_f32(simd, row, out);
        };
        for_each_strip(image, radius, Border::Cut, levels, copy, |strip| {
            self.lay_out(&strip, points);
            if self.points.len() <= 8 {
                narrow.resize(strip.run(), 0);
                face_codes_u8(simd, strip.levels, strip.start, points, narrow);
                show(&strip, narrow, &mut count);
            } else {
                wide.resize(strip.run(), 0);
                face_codes_u16(simd, strip.levels, strip.start, points, wide);
                show(&strip, wide, &mut count);
            }
        });
        // Multiplied, not divided, as OpenCV does.
        let share = (1.0 / (cell_height * cell_width) as f64) as f32;
        for (out, &count) in out.iter_mut().zip(&*count.counts) {
            *out = count as f32 * share;
        }
    }

    /// Where the runs of all points start.
    fn lay_out(&self, strip: &Strip<'_, f32>, points: &mut Vec<Between<f32>>) {
        let at =
            |[y, x]: [isize; 2]| strip.start.wrapping_add_signed(y * strip.stride as isize + x);
        points.clear();
        points.extend(
            self.points
                .iter()
                .map(|&(offsets, weights)| Between { starts: offsets.map(at), weights }),
        );
    }
}

fn show<C: Code>(strip: &Strip<'_, f32>, codes: &[C], count: &mut Count<'_>) {
    for (y, codes) in strip.rows(codes) {
        count.row(y, codes);
    }
}

/// Point `k`, with OpenCV's rounding.
fn point(k: usize, neighbors: usize, radius: usize) -> Point {
    let angle = 2.0 * std::f64::consts::PI * k as f64 / neighbors as f64;
    let radius = radius as f64;
    let (x, y) = ((radius * angle.cos()) as f32, (-radius * angle.sin()) as f32);
    let (left, right, top, bottom) = (x.floor(), x.ceil(), y.floor(), y.ceil());
    let (across, down) = (x - left, y - top);
    let offset = |y: f32, x: f32| [y as isize, x as isize];
    let offsets =
        [offset(top, left), offset(top, right), offset(bottom, left), offset(bottom, right)];
    let weights = [
        (1.0 - across) * (1.0 - down),
        across * (1.0 - down),
        (1.0 - across) * down,
        across * down,
    ];
    (offsets, weights)
}

impl Extract for Lbph {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        let LbphParams { radius, neighbors, grid_x, grid_y } = self.params;
        let Size { height, width, .. } = size;
        let (min_height, min_width) = (2 * radius + grid_y, 2 * radius + grid_x);
        if height < min_height || width < min_width {
            let what = "LBPH";
            return Err(ShapeError::TooSmall { what, height, width, min_height, min_width });
        }
        Ok((grid_x * grid_y) << neighbors)
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        self.histograms(gray(image).view(), &mut Scratch::default(), out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        if images.is_empty() {
            return;
        }
        let mut scratch = Scratch::default();
        assert_eq!(out.len() % images.dim().0, 0, "`out` must hold whole descriptors");
        let length = out.len() / images.dim().0;
        for (image, out) in images.outer_iter().zip(out.chunks_exact_mut(length)) {
            check_out(self, image, out);
            self.histograms(gray(image).view(), &mut scratch, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_settings_out_of_range() {
        let name = |params: LbphParams| Lbph::new(&params).unwrap_err().name;
        let default = LbphParams::default;
        assert_eq!(name(LbphParams { radius: 0, ..default() }), "radius");
        assert_eq!(name(LbphParams { neighbors: 17, ..default() }), "neighbors");
        assert_eq!(name(LbphParams { grid_x: 0, ..default() }), "grid_x");
        assert_eq!(name(LbphParams { grid_y: usize::MAX, ..default() }), "grid_y");
        let many = LbphParams { neighbors: 16, grid_x: 100, grid_y: 100, ..default() };
        assert_eq!(name(many), "neighbors");
    }

    #[test]
    fn the_smallest_image_has_one_pixel_per_cell() {
        let lbph = Lbph::new(&LbphParams { grid_x: 3, grid_y: 2, ..Default::default() }).unwrap();
        let size = |height, width| Size { height, width, channels: 1 };
        assert_eq!(lbph.length(size(4, 5)), Ok(6 * 256));
        let error = lbph.length(size(4, 4)).unwrap_err();
        assert_eq!(error.to_string(), "images are 4x4 pixels, but LBPH needs at least 4x5");
    }
}
