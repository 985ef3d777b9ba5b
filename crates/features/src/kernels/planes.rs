//! Rows of integral images, for cascades: sums that wrap around, and every second column.

use super::kernel;

kernel! {
    /// Adds the sums of the row so far, and those of squares, to a row of an integral image
    /// without its first column. Turns the row above into this one; wraps around.
    pub(crate) fn add_prefix_sums(pixels: &[u8], sums: &mut [u32], squares: &mut [u32]) {
        let (mut sum, mut square_sum) = (0_u32, 0_u32);
        for ((&pixel, sums), squares) in pixels.iter().zip(sums).zip(squares) {
            let pixel = u32::from(pixel);
            sum = sum.wrapping_add(pixel);
            square_sum = square_sum.wrapping_add(pixel * pixel);
            *sums = sums.wrapping_add(sum);
            *squares = squares.wrapping_add(square_sum);
        }
    }
}

kernel! {
    /// The next row of a tilted integral image from the two rows before it, which are one longer
    /// than the rows of pixels. `above` is the row of pixels before `pixels`.
    pub(crate) fn tilted_row(
        pixels: &[u8], above: &[u8], last: &[u32], before: &[u32], out: &mut [u32],
    ) {
        let width = pixels.len();
        let both = |x: usize| u32::from(pixels[x]) + u32::from(above[x]);
        out[0] = last[1];
        let (left, right, before) = (&last[..width - 1], &last[2..=width], &before[1..width]);
        let pixels_and_above = pixels.iter().zip(above);
        let sums = left.iter().zip(right).zip(before).zip(pixels_and_above);
        for (out, (((&left, &right), &before), (&pixel, &above))) in out[1..width].iter_mut().zip(sums) {
            let pixels = u32::from(pixel) + u32::from(above);
            *out = left.wrapping_add(right).wrapping_sub(before).wrapping_add(pixels);
        }
        out[width] = last[width - 1].wrapping_add(both(width - 1));
    }
}

kernel! {
    /// Puts the numbers at even places into the first half of `out`, the others into the second.
    pub(crate) fn split_columns(row: &[u32], out: &mut [u32]) {
        let (even, odd) = out.split_at_mut(out.len() / 2);
        let (pairs, rest) = row.as_chunks::<2>();
        for ((pair, even), odd) in pairs.iter().zip(even.iter_mut()).zip(odd) {
            [*even, *odd] = *pair;
        }
        if let [last] = rest {
            even[pairs.len()] = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    const WIDTH: usize = 45;

    fn image(height: usize) -> Vec<Vec<u8>> {
        let order = base::Seed(9).permutation(height * WIDTH);
        order
            .chunks_exact(WIDTH)
            .map(|row| row.iter().map(|&value| value as u8).collect())
            .collect()
    }

    /// Sum over the pixels for which `inside` holds of row and column.
    fn sum(image: &[Vec<u8>], square: bool, inside: impl Fn(i32, i32) -> bool) -> u32 {
        let mut sum = 0;
        for (y, row) in image.iter().enumerate() {
            for (x, &pixel) in row.iter().enumerate() {
                if inside(y as i32, x as i32) {
                    sum += u32::from(pixel) * if square { u32::from(pixel) } else { 1 };
                }
            }
        }
        sum
    }

    #[test]
    fn rows_are_sums_over_rectangles() {
        let image = image(7);
        for simd in Simd::all() {
            let (mut sums, mut squares) = ([0; WIDTH], [0; WIDTH]);
            for (y, pixels) in image.iter().enumerate() {
                add_prefix_sums(simd, pixels, &mut sums, &mut squares);
                for right in 0..WIDTH {
                    let inside = |row, x| row <= y as i32 && x <= right as i32;
                    assert_eq!(sums[right], sum(&image, false, inside), "{simd:?}");
                    assert_eq!(squares[right], sum(&image, true, inside), "{simd:?}");
                }
            }
        }
    }

    #[test]
    fn sums_wrap_around() {
        let (mut sums, mut squares) = ([u32::MAX - 1; 1], [u32::MAX - 8; 1]);
        add_prefix_sums(Simd::Portable, &[3], &mut sums, &mut squares);
        assert_eq!((sums, squares), ([1], [0]));
    }

    /// Entry `(y, x)` sums up a triangle with its tip above the pixel `(y - 1, x - 1)`.
    #[test]
    fn tilted_rows_are_sums_over_triangles() {
        let image = image(60);
        for simd in Simd::all() {
            let mut rows = vec![vec![0; WIDTH + 1]; 2];
            let mut above = vec![0; WIDTH];
            for (y, pixels) in image.iter().enumerate() {
                let mut out = vec![0; WIDTH + 1];
                tilted_row(simd, pixels, &above, &rows[y + 1], &rows[y], &mut out);
                for (corner, &found) in out.iter().enumerate() {
                    let inside = |row: i32, x: i32| (x - corner as i32 + 1).abs() <= y as i32 - row;
                    assert_eq!(found, sum(&image, false, inside), "{simd:?}");
                }
                rows.push(out);
                above.clone_from(pixels);
            }
        }
    }

    #[test]
    fn even_columns_come_first() {
        for simd in Simd::all() {
            let mut out = [0; 8];
            split_columns(simd, &[1, 2, 3, 4, 5], &mut out);
            assert_eq!(out, [1, 3, 5, 0, 2, 4, 0, 0]);
        }
    }
}
