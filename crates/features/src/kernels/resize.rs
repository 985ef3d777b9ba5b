//! Rows and columns of bilinear scaling.

use super::kernel;

kernel! {
    /// `out = weights[0] * above + weights[1] * below`; the weights sum to 256.
    pub(crate) fn blend_rows(above: &[u8], below: &[u8], weights: [u16; 2], out: &mut [u16]) {
        for ((out, &above), &below) in out.iter_mut().zip(above).zip(below) {
            *out = weights[0] * u16::from(above) + weights[1] * u16::from(below);
        }
    }
}

kernel! {
    /// Blends neighbouring columns of a blended row of `C` channels, rounds half up and drops the
    /// 16 bits of fraction. `lefts` holds the place of the left column's first channel in `row`,
    /// where the right column lies `C` numbers further on.
    pub(crate) fn blend_columns<const C: usize>(
        row: &[u16], lefts: &[u32], weights: &[[u16; 2]], out: &mut [u8],
    ) {
        for ((out, &left), weights) in out.chunks_exact_mut(C).zip(lefts).zip(weights) {
            let columns = &row[left as usize..][..2 * C];
            for (channel, out) in out.iter_mut().enumerate() {
                let left = u32::from(weights[0]) * u32::from(columns[channel]);
                let right = u32::from(weights[1]) * u32::from(columns[C + channel]);
                *out = ((left + right + (1 << 15)) >> 16) as u8;
            }
        }
    }
}

kernel! {
    /// Blends neighbouring columns of a row of `C` channels, with 11 bits of fraction; see
    /// [`blend_columns`] for `lefts`. The right column of the last one is not there; its weight
    /// is 0.
    pub(crate) fn blend_columns_coarsely<const C: usize>(
        row: &[u8], lefts: &[u32], weights: &[[u16; 2]], out: &mut [i32],
    ) {
        for ((out, &left), weights) in out.chunks_exact_mut(C).zip(lefts).zip(weights) {
            let left = &row[left as usize..];
            let right = left.get(C..2 * C).unwrap_or(&left[..C]);
            for ((out, &left), &right) in out.iter_mut().zip(left).zip(right) {
                *out = i32::from(weights[0]) * i32::from(left)
                    + i32::from(weights[1]) * i32::from(right);
            }
        }
    }
}

kernel! {
    /// Blends two rows with 11 bits of fraction, with OpenCV's way of dropping bits.
    pub(crate) fn blend_rows_coarsely(
        above: &[i32], below: &[i32], weights: [u16; 2], out: &mut [u8],
    ) {
        let [first, second] = weights.map(i32::from);
        for ((out, &above), &below) in out.iter_mut().zip(above).zip(below) {
            let sum = ((first * (above >> 4)) >> 16) + ((second * (below >> 4)) >> 16);
            *out = ((sum + 2) >> 2).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    fn bytes(seed: u64, count: usize) -> Vec<u8> {
        base::Seed(seed).permutation(count).into_iter().map(|value| value as u8).collect()
    }

    /// Weights of 0..=`one`, two of which sum to `one`.
    fn weights(count: usize, one: u16) -> Vec<[u16; 2]> {
        let right = base::Seed(7).permutation(usize::from(one) + 1);
        (0..count)
            .map(|i| right[i % right.len()] as u16)
            .map(|right| [one - right, right])
            .collect()
    }

    #[test]
    fn exact_blends_are_sums_of_four_pixels() {
        let (above, below) = (bytes(1, 601), bytes(2, 601));
        let columns = weights(250, 256);
        for simd in Simd::all() {
            for rows in [[256, 0], [0, 256], [77, 179], [128, 128]] {
                let mut row = vec![0; 601];
                blend_rows(simd, &above, &below, rows, &mut row);
                check_columns::<1>(simd, [&above, &below], rows, &row, &columns);
                check_columns::<3>(simd, [&above, &below], rows, &row, &columns[..150]);
            }
        }
    }

    fn check_columns<const C: usize>(
        simd: Simd,
        sources: [&[u8]; 2],
        rows: [u16; 2],
        row: &[u16],
        columns: &[[u16; 2]],
    ) {
        let lefts: Vec<u32> = (0..columns.len()).map(|x| (x * 4 / 3 * C) as u32).collect();
        let mut out = vec![0; columns.len() * C];
        blend_columns::<C>(simd, row, &lefts, columns, &mut out);
        for (i, &out) in out.iter().enumerate() {
            let (left, weights) = (lefts[i / C] as usize + i % C, columns[i / C]);
            let mut sum = 0;
            for (source, row_weight) in sources.iter().zip(rows) {
                for (pixel, weight) in [source[left], source[left + C]].into_iter().zip(weights) {
                    sum += u32::from(pixel) * u32::from(weight) * u32::from(row_weight);
                }
            }
            assert_eq!(u32::from(out), (f64::from(sum) / 65536.0 + 0.5).floor() as u32, "{simd:?}");
        }
    }

    #[test]
    fn coarse_blends_drop_the_same_bits_on_every_path() {
        let (above, below) = (bytes(3, 300), bytes(4, 300));
        let columns = weights(100, 2048);
        let lefts: Vec<u32> = (0..100).map(|x| 3 * x).collect();
        for simd in Simd::all() {
            let blend = |row: &[u8]| {
                let mut out = vec![0; 300];
                blend_columns_coarsely::<3>(simd, row, &lefts, &columns, &mut out);
                out
            };
            let (blended_above, blended_below) = (blend(&above), blend(&below));
            let mut out = vec![0; 300];
            blend_rows_coarsely(simd, &blended_above, &blended_below, [700, 1348], &mut out);
            for (i, &out) in out.iter().enumerate() {
                // The last column has no right neighbour, and takes itself instead.
                let right = if i < 297 { i + 3 } else { i };
                let [first, second] = columns[i / 3].map(i32::from);
                let [above, below] = [&above, &below]
                    .map(|row| first * i32::from(row[i]) + second * i32::from(row[right]));
                let sum = ((700 * (above / 16)) / 65536) + ((1348 * (below / 16)) / 65536);
                assert_eq!(i32::from(out), (sum + 2) / 4, "{simd:?}, number {i}");
            }
        }
    }
}
