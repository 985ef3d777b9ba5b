//! Local binary patterns (LBP).
//!
//! Each pixel is compared with points on a circle around it; the answers are the bits of a code,
//! and an image is described by how often each kind of code occurs in each cell of a grid. Only
//! the order of grey levels matters, so no change of light that keeps the order changes it.
//!
//! Source: T. Ojala, M. Pietikäinen, T. Mäenpää, "Multiresolution gray-scale and rotation
//! invariant texture classification with local binary patterns", IEEE TPAMI 24(7):971-987, 2002;
//! grid of histograms: T. Ahonen, A. Hadid, M. Pietikäinen, "Face description with local binary
//! patterns", IEEE TPAMI 28(12):2037-2041, 2006. Reference implementation of the codes:
//! `skimage.feature.local_binary_pattern` of scikit-image 0.26 (see [`lbp_codes`]).
//!
//! [`LbpOperator`] gives codes, [`Lbp`] histograms over a grid, [`Lbph`] those of OpenCV's face
//! recogniser, [`multi_block_lbp`] codes of blocks of pixels.

mod face;
mod float;
mod grid;
mod histograms;
mod label;
mod mahotas;
mod multi_block;
mod operator;
mod ring;
mod strips;

pub use face::{Lbph, LbphParams};
pub use float::{lbp_codes_like_scikit_image, lbp_var_like_scikit_image, lbp_variance};
pub use histograms::{HistogramDistance, HistogramError, histogram_distance};
pub use label::{LbpMethod, lbp_label_count};
pub use mahotas::{lbp_histogram_like_mahotas, lbp_rotation_classes};
pub use multi_block::{multi_block_lbp, multi_block_lbp_image, multi_block_lbp_like_scikit_image};
pub use operator::{LbpLabel, LbpLevel, LbpOperator, LbpScratch};

use crate::gray::gray;
use crate::view::{check_out, check_size};
use base::{Extract, ParamError, ShapeError, Size};
use grid::{Count, Spans, divide};
use ndarray::{Array2, ArrayView2, ArrayView3, ArrayView4};
use serde::{Deserialize, Serialize};
use strips::Border;

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LbpParams {
    /// Cells along each side of the image, 1 to 1000.
    pub grid: usize,
    /// Points on each circle, 1 to 31; 1 to 16 with the methods `default` and `ror`, whose
    /// histograms have `2^points` bins.
    pub points: usize,
    /// Radii of the circles in pixels, each above 0 and at most 100; at least one.
    pub radii: Vec<f64>,
    /// What is counted.
    pub method: LbpMethod,
    /// The part of its side that a cell shares with the next, 0 to 0.9.
    pub overlap: f64,
}

impl Default for LbpParams {
    fn default() -> Self {
        Self { grid: 4, points: 8, radii: vec![1.0, 2.0], method: LbpMethod::Uniform, overlap: 0.0 }
    }
}

/// Shares of the pattern labels in each cell of a grid, radius by radius, cells row by row, labels
/// in ascending order; the shares of a cell sum to 1. Colours are turned into grey first. Checked
/// when it is made.
///
/// Only pixels whose whole circle lies in the image are counted, and the grid divides these into
/// cells as equal as possible: what lies outside is unknown, and scikit-image's zeros there would
/// make the border depend on the light.
///
/// ```
/// use features::{Lbp, LbpParams};
/// let lbp = Lbp::new(&LbpParams { grid: 1, radii: vec![1.0], ..Default::default() }).unwrap();
/// let flat = ndarray::Array3::from_elem((5, 5, 1), 80);
/// // All neighbours are as bright as the centre: eight bits set.
/// let shares = features::describe(&lbp, flat.view()).unwrap();
/// assert_eq!(shares, [0., 0., 0., 0., 0., 0., 0., 0., 1., 0.]);
/// ```
#[derive(Debug, Clone)]
pub struct Lbp {
    grid: usize,
    overlap: f64,
    operators: Vec<LbpOperator>,
}

/// Memory that serves for any number of images.
#[derive(Debug, Default)]
struct Scratch {
    operator: LbpScratch,
    rows: Spans,
    columns: Spans,
    counts: Vec<u32>,
}

impl Lbp {
    /// # Errors
    /// If a setting is outside the range its documentation names, or there would be more than 2^28
    /// numbers.
    pub fn new(params: &LbpParams) -> Result<Self, ParamError> {
        let LbpParams { grid, points, ref radii, method, overlap } = *params;
        if !(1..=1000).contains(&grid) {
            return Err(ParamError::new("grid", grid, "from 1 to 1000"));
        }
        if points > 16 && matches!(method, LbpMethod::Default | LbpMethod::Ror) {
            let expected = "at most 16 with the methods `default` and `ror`";
            return Err(ParamError::new("points", points, expected));
        }
        if !(0.0..=0.9).contains(&overlap) {
            return Err(ParamError::new("overlap", overlap, "from 0 to 0.9"));
        }
        if radii.is_empty() {
            return Err(ParamError::new("radii", "empty", "at least one radius"));
        }
        let operators = radii.iter().map(|&radius| LbpOperator::circle(points, radius, method));
        let lbp = Self { grid, overlap, operators: operators.collect::<Result<_, _>>()? };
        if lbp.count() > 1 << 28 {
            return Err(ParamError::new("grid", grid, "small enough for at most 2^28 numbers"));
        }
        Ok(lbp)
    }

    /// Numbers per image of any size.
    fn count(&self) -> usize {
        self.operators.iter().map(|operator| self.grid * self.grid * operator.label_count()).sum()
    }

    fn histograms(&self, image: ArrayView2<'_, u8>, scratch: &mut Scratch, out: &mut [f32]) {
        let length = out.len() / self.operators.len();
        for (operator, out) in self.operators.iter().zip(out.chunks_exact_mut(length)) {
            let Scratch { operator: codes, rows, columns, counts } = scratch;
            let (height, width) = image.dim();
            let margin = operator.margin();
            divide(height - 2 * margin, self.grid, self.overlap, rows);
            divide(width - 2 * margin, self.grid, self.overlap, columns);
            counts.clear();
            counts.resize(length, 0);
            let labels = operator.label_count();
            let mut count = Count { rows, columns, labels, counts };
            operator.visit(image, Border::Cut, codes, &mut count);
            write_shares(counts, labels, out);
        }
    }
}

/// Divides the counts of each cell by their sum.
fn write_shares(counts: &[u32], labels: usize, out: &mut [f32]) {
    for (shares, counts) in out.chunks_exact_mut(labels).zip(counts.chunks_exact(labels)) {
        // At least one pixel, which `length` has seen to.
        let total: u32 = counts.iter().sum();
        for (share, &count) in shares.iter_mut().zip(counts) {
            *share = (f64::from(count) / f64::from(total)) as f32;
        }
    }
}

impl Extract for Lbp {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        let margin = self.operators.iter().map(LbpOperator::margin).max().unwrap_or(0);
        let min = 2 * margin + self.grid;
        if size.height < min || size.width < min {
            let Size { height, width, .. } = size;
            let (min_height, min_width) = (min, min);
            return Err(ShapeError::TooSmall { what: "LBP", height, width, min_height, min_width });
        }
        Ok(self.count())
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

/// The pattern label of every pixel of a grey image, shape `(height, width)`; each label is below
/// [`lbp_label_count`].
///
/// Bit `k` of a code is set if point `k` is at least as bright as the centre. Points lie on a
/// circle of `radius` pixels, counter-clockwise from the right; between pixels their brightness is
/// interpolated bilinearly, and outside the image it is 0.
///
/// As in scikit-image the coordinates of the points are rounded to 5 decimals. The comparison is
/// then done without rounding error. scikit-image's has one, which decides where point and centre
/// are equally bright: [`lbp_codes_like_scikit_image`] repeats it.
///
/// [`LbpOperator`] does the same into memory that is there already, with fewer bits per label.
///
/// ```
/// use features::{LbpMethod, lbp_codes};
/// let image = ndarray::array![[9_u8, 1, 1], [1, 5, 5], [1, 1, 9]];
/// let codes = lbp_codes(image.view(), 8, 1.0, LbpMethod::Default).unwrap();
/// // Right (bit 0, equally bright), upper left (bit 3) and lower right (bit 7).
/// assert_eq!(codes[[1, 1]], 0b1000_1001);
/// ```
///
/// # Errors
/// If `points` is not from 1 to 31, or `radius` not above 0 and at most 100.
pub fn lbp_codes<T: LbpLevel>(
    image: ArrayView2<'_, T>,
    points: usize,
    radius: f64,
    method: LbpMethod,
) -> Result<Array2<u32>, ParamError> {
    Ok(LbpOperator::circle(points, radius, method)?.labels(image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;

    #[test]
    fn refuses_settings_out_of_range() {
        let name = |params: LbpParams| Lbp::new(&params).unwrap_err().name;
        let default = LbpParams::default;
        assert_eq!(name(LbpParams { grid: 0, ..default() }), "grid");
        assert_eq!(name(LbpParams { points: 0, ..default() }), "points");
        assert_eq!(name(LbpParams { points: 32, ..default() }), "points");
        assert_eq!(name(LbpParams { points: 17, method: LbpMethod::Ror, ..default() }), "points");
        assert_eq!(name(LbpParams { overlap: 1.0, ..default() }), "overlap");
        assert_eq!(name(LbpParams { overlap: f64::NAN, ..default() }), "overlap");
        let many = LbpParams { grid: 1000, points: 16, method: LbpMethod::Default, ..default() };
        assert_eq!(name(many), "grid");
        assert_eq!(name(LbpParams { radii: vec![], ..default() }), "radii");
        assert_eq!(name(LbpParams { radii: vec![1.0, f64::NAN], ..default() }), "radii");
    }

    /// Left half of the inner pixels dark, a bright column on the right: in the left cells every
    /// pixel is flat (label 8), in the right ones those beside the column see it brighter and
    /// those on it see their neighbours darker.
    #[test]
    fn cells_are_counted_apart() {
        let image =
            ndarray::Array3::from_shape_fn((6, 6, 1), |(_, x, _)| if x < 4 { 0 } else { 9 });
        let params = LbpParams { grid: 2, radii: vec![1.0], ..LbpParams::default() };
        let shares = describe(&Lbp::new(&params).unwrap(), image.view()).unwrap();
        let cells: Vec<_> = shares.chunks_exact(10).collect();
        assert_eq!(cells[0][8], 1.0);
        // Column 3: all eight neighbours at least as bright. Column 4: three of them are darker.
        assert_eq!((cells[1][8], cells[1][5]), (0.5, 0.5));
        assert_eq!((cells[0], cells[1]), (cells[2], cells[3]));
    }

    #[test]
    fn the_smallest_image_has_one_pixel_per_cell() {
        let lbp = Lbp::new(&LbpParams { grid: 3, ..LbpParams::default() }).unwrap();
        let size = |side| Size { height: side, width: 9, channels: 3 };
        assert_eq!(lbp.length(size(7)), Ok(2 * 9 * 10));
        let error = lbp.length(size(6)).unwrap_err();
        assert_eq!(error.to_string(), "images are 6x9 pixels, but LBP needs at least 7x7");
    }
}
