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
//! Not here yet: the variance measure (`var`), histograms of patterns and contrast together.

mod codes;
mod float;
mod label;

pub use float::lbp_codes_like_scikit_image;
pub use label::{LbpMethod, lbp_label_count};

use crate::gray::gray;
use crate::view::{check_out, check_size};
use base::{Extract, ParamError, ShapeError, Size};
use codes::Ring;
use ndarray::{Array2, ArrayView2, ArrayView3, s};
use serde::{Deserialize, Serialize};

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LbpParams {
    /// Cells along each side of the image, 1 to 1000.
    pub grid: usize,
    /// Points on each circle, 2 to 24; 2 to 12 with the methods `default` and `ror`, whose
    /// histograms have `2^points` bins.
    pub points: usize,
    /// Radii of the circles in pixels, each above 0 and at most 100; at least one.
    pub radii: Vec<f64>,
    /// What is counted.
    pub method: LbpMethod,
}

impl Default for LbpParams {
    fn default() -> Self {
        Self { grid: 4, points: 8, radii: vec![1.0, 2.0], method: LbpMethod::Uniform }
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
    points: usize,
    method: LbpMethod,
    rings: Vec<Ring>,
}

impl Lbp {
    /// # Errors
    /// If a setting is outside the range its documentation names.
    pub fn new(params: &LbpParams) -> Result<Self, ParamError> {
        let LbpParams { grid, points, ref radii, method } = *params;
        if !(1..=1000).contains(&grid) {
            return Err(ParamError::new("grid", grid, "from 1 to 1000"));
        }
        if points > 12 && matches!(method, LbpMethod::Default | LbpMethod::Ror) {
            let expected = "at most 12 with the methods `default` and `ror`";
            return Err(ParamError::new("points", points, expected));
        }
        if radii.is_empty() {
            return Err(ParamError::new("radii", "empty", "at least one radius"));
        }
        let rings = radii.iter().map(|&radius| Ring::new(points, radius));
        Ok(Self { grid, points, method, rings: rings.collect::<Result<_, _>>()? })
    }

    /// Writes the shares of one radius.
    fn histograms(&self, image: ArrayView2<'_, u8>, ring: &Ring, out: &mut [f32]) {
        let (height, width) = image.dim();
        let levels = image.as_slice().expect("`gray` gives contiguous images");
        let margin = ring.margin();
        let (inner_height, inner_width) = (height - 2 * margin, width - 2 * margin);
        let labels = lbp_label_count(self.points, self.method);
        let mut counts = vec![0_u32; out.len()];
        let mut codes = vec![0; inner_width];
        let mut sums = vec![0.0; inner_width];
        for y in 0..inner_height {
            ring.codes_of_row(levels, width, y + margin, &mut sums, &mut codes);
            let row = y * self.grid / inner_height * self.grid;
            for (x, &code) in codes.iter().enumerate() {
                let cell = row + x * self.grid / inner_width;
                let label = label::label(code, self.points, self.method);
                counts[cell * labels + label as usize] += 1;
            }
        }
        for (shares, counts) in out.chunks_exact_mut(labels).zip(counts.chunks_exact(labels)) {
            // At least one pixel, which `length` has seen to.
            let total: u32 = counts.iter().sum();
            for (share, &count) in shares.iter_mut().zip(counts) {
                *share = (f64::from(count) / f64::from(total)) as f32;
            }
        }
    }
}

impl Extract for Lbp {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        let margin = self.rings.iter().map(Ring::margin).max().expect("there is a radius");
        let min = 2 * margin + self.grid;
        if size.height < min || size.width < min {
            let Size { height, width, .. } = size;
            let (min_height, min_width) = (min, min);
            return Err(ShapeError::TooSmall { what: "LBP", height, width, min_height, min_width });
        }
        let labels = lbp_label_count(self.points, self.method);
        Ok(self.rings.len() * self.grid * self.grid * labels)
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        let image = gray(image);
        let length = out.len() / self.rings.len();
        for (ring, out) in self.rings.iter().zip(out.chunks_exact_mut(length)) {
            self.histograms(image.view(), ring, out);
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
/// ```
/// use features::{LbpMethod, lbp_codes};
/// let image = ndarray::array![[9_u8, 1, 1], [1, 5, 5], [1, 1, 9]];
/// let codes = lbp_codes(image.view(), 8, 1.0, LbpMethod::Default).unwrap();
/// // Right (bit 0, equally bright), upper left (bit 3) and lower right (bit 7).
/// assert_eq!(codes[[1, 1]], 0b1000_1001);
/// ```
///
/// # Errors
/// If `points` is not from 2 to 24, or `radius` not above 0 and at most 100.
pub fn lbp_codes(
    image: ArrayView2<'_, u8>,
    points: usize,
    radius: f64,
    method: LbpMethod,
) -> Result<Array2<u32>, ParamError> {
    let ring = Ring::new(points, radius)?;
    let (height, width) = image.dim();
    let margin = ring.margin();
    // Zeros all around, so that no pixel is on a border.
    let mut padded = Array2::zeros((height + 2 * margin, width + 2 * margin));
    padded.slice_mut(s![margin..margin + height, margin..margin + width]).assign(&image);
    let levels = padded.as_slice().expect("just made");
    let mut codes = Array2::zeros((height, width));
    let mut sums = vec![0.0; width];
    for (y, mut row) in codes.rows_mut().into_iter().enumerate() {
        let row = row.as_slice_mut().expect("just made");
        ring.codes_of_row(levels, width + 2 * margin, y + margin, &mut sums, row);
    }
    codes.mapv_inplace(|code| label::label(code, points, method));
    Ok(codes)
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
        assert_eq!(name(LbpParams { points: 1, ..default() }), "points");
        assert_eq!(name(LbpParams { points: 25, ..default() }), "points");
        assert_eq!(name(LbpParams { points: 13, method: LbpMethod::Ror, ..default() }), "points");
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
