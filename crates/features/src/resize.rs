//! Bilinear scaling of images to another size.
//!
//! The centre of target pixel `x` lies at `(x + 0.5) * source / target - 0.5` of the source, and
//! its level is blended from the four pixels around that point; beyond the border the outermost
//! pixel goes on. There is no smoothing before shrinking, so details below the new spacing alias.
//! Detectors scale this way, and change their answers with every other way.
//!
//! Reference: OpenCV 4.14 `resize` for 8 bits with `INTER_LINEAR` and `INTER_LINEAR_EXACT`,
//! reproduced bit for bit.

use crate::kernels::{Simd, resize as kernels};
use crate::view::{check_size, size_of};
use base::{ParamError, ShapeError};
use ndarray::{Array3, ArrayView3, ArrayViewMut3};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How levels are blended and rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Weights in units of 1/2048 and some bits dropped on the way, as OpenCV's `INTER_LINEAR`
    /// does: up to 1 level away from the rounded value.
    Linear,
    /// Weights in units of 1/256 per axis and one rounding at the end, as OpenCV's
    /// `INTER_LINEAR_EXACT` does. Its detectors scale images so.
    #[default]
    LinearExact,
}

/// Why an image cannot be scaled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResizeError {
    /// The image has no pixels, or neither 1 nor 3 channels.
    #[error(transparent)]
    Image(#[from] ShapeError),
    /// The size asked for is 0 or too large.
    #[error(transparent)]
    Target(#[from] ParamError),
}

/// An image of shape `(height, width, channels)`, scaled to `size`, height first.
///
/// ```
/// use features::{Interpolation, resize};
/// // Twice as wide: the inner pixels lie a quarter and three quarters of the way.
/// let image = ndarray::array![[[100_u8], [200]]];
/// let wide = resize(image.view(), [1, 4], Interpolation::LinearExact).unwrap();
/// assert_eq!(wide, ndarray::array![[[100_u8], [125], [175], [200]]]);
/// ```
///
/// # Errors
/// If the image has no pixels or neither 1 nor 3 channels, or a target side is 0, or the target
/// would have more than 2^31 - 1 numbers.
pub fn resize(
    image: ArrayView3<'_, u8>,
    size: [usize; 2],
    interpolation: Interpolation,
) -> Result<Array3<u8>, ResizeError> {
    check_size(size_of(image))?;
    check_target(size, image.dim().2)?;
    let mut out = Array3::zeros((size[0], size[1], image.dim().2));
    Resizer::new(interpolation).resize_into(image, out.view_mut())?;
    Ok(out)
}

fn check_target([height, width]: [usize; 2], channels: usize) -> Result<(), ParamError> {
    const EXPECTED: &str = "at least 1, and small enough for 2^31 - 1 numbers in the whole image";
    let numbers = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(channels));
    let fits = numbers.is_some_and(|numbers| numbers <= i32::MAX as usize);
    if width == 0 || (!fits && width > height) {
        return Err(ParamError::new("width", width, EXPECTED));
    }
    if height == 0 || !fits {
        return Err(ParamError::new("height", height, EXPECTED));
    }
    Ok(())
}

/// Scales images one after the other without allocating for each: keeps its tables and rows.
#[derive(Debug, Clone, Default)]
pub struct Resizer {
    interpolation: Interpolation,
    rows: Vec<Tap>,
    /// Per target column: place of the left pixel in a source row, and both weights.
    lefts: Vec<u32>,
    column_weights: Vec<[u16; 2]>,
    /// A source row between two others ([`Interpolation::LinearExact`]), with one pixel of zeros
    /// behind it.
    blended_row: Vec<u16>,
    /// Two source rows of target width, and which they are ([`Interpolation::Linear`]).
    blended_columns: [Vec<i32>; 2],
    blended: [Option<usize>; 2],
}

/// The two source pixels that a target pixel is blended from along one axis, and their weights.
#[derive(Debug, Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    weights: [u16; 2],
}

impl Resizer {
    /// Makes one without any tables yet.
    pub fn new(interpolation: Interpolation) -> Self {
        Self { interpolation, ..Self::default() }
    }

    /// Scales an image of shape `(height, width, channels)` to the size of `out`.
    ///
    /// # Errors
    /// If either has no pixels, neither 1 nor 3 channels or more than 2^31 - 1 numbers, or the
    /// numbers of channels differ.
    pub fn resize_into(
        &mut self,
        image: ArrayView3<'_, u8>,
        mut out: ArrayViewMut3<'_, u8>,
    ) -> Result<(), ResizeError> {
        let (source, target) = (size_of(image), size_of(out.view()));
        check_size(source)?;
        check_target([source.height, source.width], source.channels)?;
        check_target([target.height, target.width], target.channels)?;
        if target.channels != source.channels {
            return Err(ShapeError::Channels { channels: target.channels }.into());
        }
        let pixels = image.as_standard_layout();
        let pixels = pixels.as_slice().expect("standard layout is contiguous");
        let sizes = [[source.height, source.width], [target.height, target.width]];
        if let Some(out) = out.as_slice_mut() {
            self.resize_slice(pixels, source.channels, sizes, out);
        } else {
            let mut contiguous = vec![0; out.len()];
            self.resize_slice(pixels, source.channels, sizes, &mut contiguous);
            out.iter_mut().zip(contiguous).for_each(|(out, level)| *out = level);
        }
        Ok(())
    }

    /// Scales pixels that lie row by row; sizes of source and target, height first, were checked.
    pub(crate) fn resize_slice(
        &mut self,
        pixels: &[u8],
        channels: usize,
        [source, target]: [[usize; 2]; 2],
        out: &mut [u8],
    ) {
        if source == target {
            out.copy_from_slice(pixels);
            return;
        }
        self.make_tables(channels, source, target);
        match (self.interpolation, channels) {
            (Interpolation::LinearExact, 1) => self.blend_exactly::<1>(pixels, source[1], out),
            (Interpolation::LinearExact, 3) => self.blend_exactly::<3>(pixels, source[1], out),
            (Interpolation::Linear, 1) => self.blend_coarsely::<1>(pixels, source[1], out),
            (Interpolation::Linear, 3) => self.blend_coarsely::<3>(pixels, source[1], out),
            _ => unreachable!("the number of channels was checked"),
        }
    }

    fn make_tables(&mut self, channels: usize, source: [usize; 2], target: [usize; 2]) {
        let (tap, one): (fn(f64, usize) -> Tap, _) = match self.interpolation {
            Interpolation::Linear => (coarse_tap, COARSE_ONE),
            Interpolation::LinearExact => (exact_tap, EXACT_ONE),
        };
        let taps = |axis: usize| {
            let scale = 1.0 / (target[axis] as f64 / source[axis] as f64);
            (0..target[axis]).map(move |at| tap(scale * (at as f64 + 0.5) - 0.5, source[axis]))
        };
        self.rows.clear();
        self.rows.extend(taps(0));
        self.lefts.clear();
        self.column_weights.clear();
        for Tap { first, second, weights } in taps(1) {
            self.lefts.push((first * channels) as u32);
            // Where both are the same pixel, the right one is not read: it may not be there.
            self.column_weights.push(if first == second { [one, 0] } else { weights });
        }
    }

    /// Rows first: no bit is dropped before the end, so the order does not matter, and this one
    /// reads along whole rows.
    fn blend_exactly<const C: usize>(&mut self, pixels: &[u8], width: usize, out: &mut [u8]) {
        let simd = Simd::best();
        let stride = width * C;
        self.blended_row.clear();
        self.blended_row.resize(stride + C, 0);
        for (tap, out) in self.rows.iter().zip(out.chunks_exact_mut(self.lefts.len() * C)) {
            let [above, below] =
                [tap.first, tap.second].map(|row| &pixels[row * stride..][..stride]);
            kernels::blend_rows(simd, above, below, tap.weights, &mut self.blended_row);
            let (lefts, weights) = (&self.lefts, &self.column_weights);
            kernels::blend_columns::<C>(simd, &self.blended_row, lefts, weights, out);
        }
    }

    /// Columns first, as bits are dropped in between; each source row once.
    fn blend_coarsely<const C: usize>(&mut self, pixels: &[u8], width: usize, out: &mut [u8]) {
        let simd = Simd::best();
        let (stride, target_stride) = (width * C, self.lefts.len() * C);
        self.blended = [None; 2];
        for row in &mut self.blended_columns {
            row.resize(target_stride, 0);
        }
        for (tap, out) in self.rows.iter().zip(out.chunks_exact_mut(target_stride)) {
            if self.blended[1] == Some(tap.first) {
                self.blended_columns.swap(0, 1);
                self.blended.swap(0, 1);
            }
            for (slot, row) in [tap.first, tap.second].into_iter().enumerate() {
                if self.blended[slot] != Some(row) {
                    let source = &pixels[row * stride..][..stride];
                    let blended = &mut self.blended_columns[slot];
                    let (lefts, weights) = (&self.lefts, &self.column_weights);
                    kernels::blend_columns_coarsely::<C>(simd, source, lefts, weights, blended);
                    self.blended[slot] = Some(row);
                }
            }
            let [above, below] = &self.blended_columns;
            kernels::blend_rows_coarsely(simd, above, below, tap.weights, out);
        }
    }
}

/// What weights sum to with [`Interpolation::LinearExact`] and [`Interpolation::Linear`].
const EXACT_ONE: u16 = 256;
const COARSE_ONE: u16 = 2048;

/// The pixels around the point `at`, in pixels from the centre of the first of `length` pixels.
fn exact_tap(at: f64, length: usize) -> Tap {
    let [first, second] = neighbours(at.floor(), length);
    let inside = first != second;
    let right = if inside { (at - at.floor()) * f64::from(EXACT_ONE) } else { 0.0 };
    let right = right.round_ties_even() as u16;
    Tap { first, second, weights: [EXACT_ONE - right, right] }
}

/// As [`exact_tap`], in `f32` and with both weights rounded, as OpenCV does it.
fn coarse_tap(at: f64, length: usize) -> Tap {
    let at = at as f32;
    let [first, second] = neighbours(f64::from(at.floor()), length);
    let right = at - at.floor();
    let weights = [1.0 - right, right];
    let weights = weights.map(|weight| (weight * f32::from(COARSE_ONE)).round_ties_even() as u16);
    Tap { first, second, weights }
}

/// A place and the one after it, moved into `0..length`.
fn neighbours(place: f64, length: usize) -> [usize; 2] {
    let last = (length - 1) as f64;
    [place, place + 1.0].map(|place| place.clamp(0.0, last) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, array, s};

    fn noise(height: usize, width: usize, channels: usize) -> Array3<u8> {
        let order = base::Seed(5).permutation(height * width * channels);
        let levels = order.into_iter().map(|value| (value * 7) as u8).collect();
        Array3::from_shape_vec((height, width, channels), levels).unwrap()
    }

    /// Both halves: OpenCV documents that this is the mean of 2x2 pixels, rounded half up.
    #[test]
    fn half_the_size_is_the_mean_of_four() {
        let image = noise(10, 14, 1);
        for interpolation in [Interpolation::Linear, Interpolation::LinearExact] {
            let half = resize(image.view(), [5, 7], interpolation).unwrap();
            for ((y, x, _), &level) in half.indexed_iter() {
                let four = image.slice(s![2 * y..2 * y + 2, 2 * x..2 * x + 2, 0]);
                let sum: u32 = four.iter().map(|&pixel| u32::from(pixel)).sum();
                assert_eq!(u32::from(level), (sum + 2) / 4);
            }
        }
    }

    /// `cv2.resize(np.array([[10, 20, 40]], np.uint8), (5, 1), interpolation=...)` of 4.14.0.
    ///
    /// Points -0.2, 0.4, 1, 1.6, 2.2 of the source: 10, 14, 20, 32, 40.
    #[test]
    fn one_row_by_hand() {
        let image = array![[[10_u8], [20], [40]]];
        for interpolation in [Interpolation::Linear, Interpolation::LinearExact] {
            let out = resize(image.view(), [1, 5], interpolation).unwrap();
            assert_eq!(out, array![[[10_u8], [14], [20], [32], [40]]]);
        }
    }

    #[test]
    fn channels_are_scaled_apart_and_layout_does_not_matter() {
        let image = noise(11, 13, 3);
        let flipped = image.view().reversed_axes().as_standard_layout().into_owned();
        for interpolation in [Interpolation::Linear, Interpolation::LinearExact] {
            let mut resizer = Resizer::new(interpolation);
            for size in [[4, 30], [25, 6], [11, 13], [11, 7]] {
                let all = resize(image.view(), size, interpolation).unwrap();
                let mut again = Array3::zeros((3, size[1], size[0]));
                let view = again.view_mut().reversed_axes();
                resizer.resize_into(flipped.view().reversed_axes(), view).unwrap();
                assert_eq!(all, again.reversed_axes());
                for channel in 0..3 {
                    let one = image.slice(s![.., .., channel..channel + 1]);
                    let one = resize(one, size, interpolation).unwrap();
                    assert_eq!(all.index_axis(Axis(2), channel), one.index_axis(Axis(2), 0));
                }
            }
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let resize_to = |image: &Array3<u8>, size| {
            resize(image.view(), size, Interpolation::default()).unwrap_err().to_string()
        };
        let image = noise(2, 2, 1);
        assert!(resize_to(&image, [0, 5]).starts_with("`height` is 0"));
        assert!(resize_to(&image, [5, 0]).starts_with("`width` is 0"));
        assert!(resize_to(&image, [2, usize::MAX]).starts_with("`width` is 1844"));
        assert!(resize_to(&image, [1 << 16, 1 << 15]).starts_with("`height` is 65536"));
        assert!(resize_to(&Array3::zeros((0, 2, 1)), [1, 1]).contains("0x2 pixels"));
        assert!(resize_to(&Array3::zeros((2, 2, 2)), [1, 1]).contains("2 channels"));
    }
}
