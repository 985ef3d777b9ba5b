//! Codes with the rounding errors of scikit-image, for comparisons with results made by it.

use super::label::{LbpMethod, label};
use super::ring::{check_ring, position};
use super::strips::{Border, for_each_strip};
use crate::kernels::Simd;
use crate::kernels::lbp_float::{BLOCK, RowPoint, float_codes, float_variances};
use base::ParamError;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// As [`crate::lbp_codes`], but where a point is exactly as bright as the centre, rounding errors
/// decide as they do in scikit-image 0.26 on x86-64 without fused multiplication: bit for bit the
/// same labels.
///
/// Such a tie may be decided differently at different places of an image, and even in a flat area.
/// Levels may be floating point numbers, as there.
///
/// # Errors
/// As [`crate::lbp_codes`], and if a level is not finite.
pub fn lbp_codes_like_scikit_image<T: Copy + Into<f64>>(
    image: ArrayView2<'_, T>,
    points: usize,
    radius: f64,
    method: LbpMethod,
) -> Result<Array2<u32>, ParamError> {
    let mut codes = Array2::zeros(image.dim());
    let mut block = vec![0; image.ncols().next_multiple_of(BLOCK)];
    let simd = Simd::best();
    for_each_row(image, points, radius, |y, levels, centre, ring| {
        float_codes(simd, levels, centre, ring, &mut block);
        copy_into(&mut codes, y, &block);
    })?;
    codes.mapv_inplace(|code| label(code, points, method));
    Ok(codes)
}

/// What scikit-image 0.26 calls the method `var`, bit for bit, shape `(height, width)`:
/// [`lbp_variance`], but NaN where that is 0.
///
/// # Errors
/// As [`lbp_codes_like_scikit_image`].
pub fn lbp_var_like_scikit_image<T: Copy + Into<f64>>(
    image: ArrayView2<'_, T>,
    points: usize,
    radius: f64,
) -> Result<Array2<f64>, ParamError> {
    let variances = lbp_variance(image, points, radius)?;
    Ok(variances.mapv_into(|variance| if variance == 0.0 { f64::NAN } else { variance }))
}

/// Variance of the brightness of the points around each pixel, shape `(height, width)`, in squared
/// grey levels: the measure of contrast `VAR` that Ojala, Pietikäinen and Mäenpää (2002) set beside
/// the codes. Points lie as in [`crate::lbp_codes`]; outside the image brightness is 0.
///
/// Worked out in one pass, as `(sum of squares - sum^2 / points) / points`, so that rounding errors
/// of about 1e-16 of the squares remain, on either side of 0.
///
/// ```
/// let image = ndarray::array![[0_u8, 0, 0], [0, 0, 8], [0, 0, 0]];
/// // Four points: one is 8, the mean is 2.
/// let variance = features::lbp_variance(image.view(), 4, 1.0).unwrap();
/// assert_eq!(variance[[1, 1]], (36. + 4. + 4. + 4.) / 4.);
/// ```
///
/// # Errors
/// As [`lbp_codes_like_scikit_image`].
pub fn lbp_variance<T: Copy + Into<f64>>(
    image: ArrayView2<'_, T>,
    points: usize,
    radius: f64,
) -> Result<Array2<f64>, ParamError> {
    let mut variances = Array2::zeros(image.dim());
    let mut block = vec![0.0; image.ncols().next_multiple_of(BLOCK)];
    let simd = Simd::best();
    for_each_row(image, points, radius, |y, levels, _, ring| {
        float_variances(simd, levels, ring, &mut block);
        copy_into(&mut variances, y, &block);
    })?;
    Ok(variances)
}

/// Copies the results of row `y`, without those that fill the last block.
fn copy_into<T: Copy>(out: &mut Array2<T>, y: usize, block: &[T]) {
    let mut row = out.row_mut(y);
    let row = row.as_slice_mut().expect("new arrays are contiguous");
    row.copy_from_slice(&block[..row.len()]);
}

/// Gives `work` each row: its number, levels, the index of its first pixel, and its points.
fn for_each_row<T: Copy + Into<f64>>(
    image: ArrayView2<'_, T>,
    points: usize,
    radius: f64,
    mut work: impl FnMut(usize, &[f64], usize, &[RowPoint]),
) -> Result<(), ParamError> {
    check_ring(points, radius)?;
    if let Some(&level) = image.iter().find(|&&level| !level.into().is_finite()) {
        return Err(ParamError::new("image", level.into(), "of finite levels"));
    }
    let ring: Vec<_> = (0..points).map(|k| position(k, points, radius)).collect();
    let reach = ring.iter().flat_map(|&(y, x)| [y.abs(), x.abs()]).fold(0.0, f64::max);
    let margin = reach.ceil() as usize;
    let mut row_points = vec![RowPoint::default(); points];
    let copy = |row: ArrayView1<'_, T>, out: &mut [f64]| {
        out.iter_mut().zip(row).for_each(|(out, &level)| *out = level.into());
    };
    for_each_strip(image, margin, Border::Zeros, &mut Vec::new(), copy, |strip| {
        for row in 0..strip.rows {
            let (y, centre) = (strip.first + row, strip.start + row * strip.stride);
            for (row_point, &place) in row_points.iter_mut().zip(&ring) {
                *row_point = around(y, place, centre, strip.stride);
            }
            work(y, strip.levels, centre, &row_points);
        }
    });
    Ok(())
}

/// The point `down` and `right` of the pixels of row `y`, the first of which has index `centre`.
fn around(y: usize, (down, right): (f64, f64), centre: usize, stride: usize) -> RowPoint {
    let [top, bottom] = [down.floor(), down.ceil()].map(|rows| rows as isize * stride as isize);
    let [near, far] = [right.floor(), right.ceil()].map(|columns| columns as isize);
    let starts = [top + near, top + far, bottom + near, bottom + far];
    let row = y as f64;
    RowPoint {
        starts: starts.map(|offset| centre.wrapping_add_signed(offset)),
        // Not the same as `down - down.floor()`: the sum is rounded, more so further down.
        down: (row + down) - (row + down.floor()),
        right,
        left: right.floor(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_must_be_finite() {
        let image = ndarray::array![[1.0_f32, f32::NAN], [2.0, 3.0]];
        let error = lbp_variance(image.view(), 8, 1.0).unwrap_err();
        assert_eq!(error.to_string(), "`image` is NaN, but must be of finite levels");
    }

    #[test]
    fn flat_black_has_no_variance() {
        let black = Array2::from_elem((5, 5), 0_u8);
        let shares = lbp_var_like_scikit_image(black.view(), 8, 1.0).unwrap();
        assert!(shares.iter().all(|share| share.is_nan()));
    }
}
