//! How each row of a table follows from the ones above it, for every type of pixels and sums.

use super::IntegralError;
use crate::kernels::Simd;
use crate::kernels::integral::{Row, TiltedRow, tilted_f64, tilted_u32, tilted_u64};
use ndarray::{ArrayView1, ArrayView2};
use std::borrow::Cow;

/// Numbers that sums of pixels of type `P` can be kept in: `u32`, `u64` and `f64` for `u8`; `f64`
/// for `f32`.
pub trait IntegralSum<P>: Rows<P> {}

/// Numbers that sums of squares of pixels of type `P` can be kept in: `u64` and `f64` for `u8`;
/// `f64` for `f32`.
pub trait IntegralSquare<P>: Rows<P> {}

impl IntegralSum<u8> for u32 {}
impl IntegralSum<u8> for u64 {}
impl IntegralSum<u8> for f64 {}
impl IntegralSum<f32> for f64 {}
impl IntegralSquare<u8> for u64 {}
impl IntegralSquare<u8> for f64 {}
impl IntegralSquare<f32> for f64 {}

/// What all those numbers can do. Its name is not public, so that nobody else implements it.
pub trait Number: Copy + Default {
    /// Difference of two sums. Whole numbers wrap around, so that the order does not matter.
    fn minus(self, other: Self) -> Self;
}

/// What those traits stand for; not public either.
pub trait Rows<P>: Number {
    /// Most pixels an image may have.
    const MAX_PIXELS: u64;

    /// Refuses pixels that have no sum.
    fn check(image: ArrayView2<'_, P>) -> Result<(), IntegralError>;

    /// The pixel as a sum.
    fn of(pixel: P) -> Self;

    /// Writes the sums of a row of pixels, given the row above; both without the zero on the left.
    fn sums(pixels: &[P], above: &[Self], out: &mut [Self]);

    /// The same for the squares of the pixels.
    fn squares(pixels: &[P], above: &[Self], out: &mut [Self]);

    /// Writes a row of tilted sums: from the row of pixels just above it and the one before, and
    /// the two rows of tilted sums above. `diagonals` is for what an implementation wants to keep
    /// from row to row; it is empty before the second row.
    fn tilted(pixels: [&[P]; 2], above: [&[Self]; 2], out: &mut [Self], diagonals: &mut Vec<Self>);
}

/// Writes a table of upright sums; `write_row` is [`Rows::sums`] or [`Rows::squares`].
pub(super) fn write<P: Copy, T: Rows<P>>(
    image: ArrayView2<'_, P>,
    out: &mut [T],
    write_row: fn(&[P], &[T], &mut [T]),
) {
    let stride = image.ncols() + 1;
    out[..stride].fill(T::default());
    for (y, row) in image.rows().into_iter().enumerate() {
        let pixels = contiguous(row);
        let (above, below) = out.split_at_mut((y + 1) * stride);
        below[0] = T::default();
        write_row(&pixels, &above[y * stride + 1..], &mut below[1..stride]);
    }
}

/// Writes a table of tilted sums.
pub(super) fn write_tilted<P: Copy, T: Rows<P>>(image: ArrayView2<'_, P>, out: &mut [T]) {
    let stride = image.ncols() + 1;
    if image.is_empty() {
        out.fill(T::default());
        return;
    }
    out[..=stride].fill(T::default());
    for (out, &pixel) in out[stride + 1..].iter_mut().zip(image.row(0)) {
        *out = T::of(pixel);
    }
    let mut before = contiguous(image.row(0));
    let mut diagonals = Vec::new();
    for (y, row) in image.rows().into_iter().enumerate().skip(1) {
        let last = contiguous(row);
        let (above, below) = out.split_at_mut((y + 1) * stride);
        let (two, one) = above[(y - 1) * stride..].split_at(stride);
        T::tilted([&last, &before], [one, two], &mut below[..stride], &mut diagonals);
        before = last;
    }
}

/// The pixels of a row side by side.
fn contiguous<P: Copy>(row: ArrayView1<'_, P>) -> Cow<'_, [P]> {
    match row.to_slice() {
        Some(pixels) => pixels.into(),
        None => row.to_vec().into(),
    }
}

macro_rules! of_bytes {
    ($($sum:ty, $max:expr, $minus:expr, $tilted:ident;)*) => {$(
        impl Number for $sum {
            fn minus(self, other: Self) -> Self {
                $minus(self, other)
            }
        }

        impl Rows<u8> for $sum {
            const MAX_PIXELS: u64 = $max;

            fn check(_: ArrayView2<'_, u8>) -> Result<(), IntegralError> {
                Ok(())
            }

            fn of(pixel: u8) -> Self {
                pixel.into()
            }

            fn sums(pixels: &[u8], above: &[Self], out: &mut [Self]) {
                Row::new(pixels, above, out).add::<false>(Simd::best());
            }

            fn squares(pixels: &[u8], above: &[Self], out: &mut [Self]) {
                Row::new(pixels, above, out).add::<true>(Simd::best());
            }

            fn tilted(
                pixels: [&[u8]; 2],
                above: [&[Self]; 2],
                out: &mut [Self],
                _: &mut Vec<Self>,
            ) {
                $tilted(Simd::best(), TiltedRow { pixels, above }, out);
            }
        }
    )*};
}
of_bytes! {
    u32, (u32::MAX / 255) as u64, u32::wrapping_sub, tilted_u32;
    // Even the squares are whole numbers below 2^53, which `f64` has all of.
    u64, (1 << 53) / (255 * 255), u64::wrapping_sub, tilted_u64;
    f64, (1 << 53) / (255 * 255), std::ops::Sub::sub, tilted_f64;
}

/// In the order of OpenCV's `integral`, which decides about the last bits. A row then needs what
/// stands left of it, so this is no work for vectors.
impl Rows<f32> for f64 {
    const MAX_PIXELS: u64 = <Self as Rows<u8>>::MAX_PIXELS;

    fn check(image: ArrayView2<'_, f32>) -> Result<(), IntegralError> {
        match image.indexed_iter().find(|(_, pixel)| !pixel.is_finite()) {
            Some(((y, x), &value)) => Err(IntegralError::NotFinite { y, x, value }),
            None => Ok(()),
        }
    }

    fn of(pixel: f32) -> Self {
        pixel.into()
    }

    fn sums(pixels: &[f32], above: &[Self], out: &mut [Self]) {
        accumulate(pixels, above, out, |pixel| pixel);
    }

    fn squares(pixels: &[f32], above: &[Self], out: &mut [Self]) {
        accumulate(pixels, above, out, |pixel| pixel * pixel);
    }

    /// Keeps the sums along the diagonals that run down to the left, each up to the row of
    /// `pixels[1]`.
    fn tilted(
        pixels: [&[f32]; 2],
        above: [&[Self]; 2],
        out: &mut [Self],
        diagonals: &mut Vec<Self>,
    ) {
        let ([pixels, before], above, last) = (pixels, above[0], pixels[0].len() - 1);
        if diagonals.is_empty() {
            diagonals.extend_from_slice(&above[1..]);
        } else {
            for x in 0..last {
                diagonals[x] = diagonals[x + 1] + f64::from(before[x]);
            }
            diagonals[last] = before[last].into();
        }
        let pixel = |x: usize| f64::from(pixels[x]);
        out[0] = above[1];
        out[1] = above[1] + pixel(0) + diagonals.get(1).copied().unwrap_or(0.0);
        for x in 1..last {
            out[x + 1] = diagonals[x] + (diagonals[x + 1] + pixel(x) + above[x]);
        }
        if last > 0 {
            out[last + 1] = pixel(last) + diagonals[last] + above[last];
        }
    }
}

fn accumulate(pixels: &[f32], above: &[f64], out: &mut [f64], of: fn(f64) -> f64) {
    let mut sum = 0.0;
    for ((&pixel, &above), out) in pixels.iter().zip(above).zip(out) {
        sum += of(pixel.into());
        *out = above + sum;
    }
}
