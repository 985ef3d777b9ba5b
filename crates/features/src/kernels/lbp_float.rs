//! Brightness between pixels with the rounding errors of scikit-image, operation by operation.

use super::kernel;

/// Pixels worked out together.
pub(crate) const BLOCK: usize = 16;

/// A point around the pixels of one row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowPoint {
    /// First levels of the runs of the four pixels that the point lies between: upper left, upper
    /// right, lower left, lower right.
    pub(crate) starts: [usize; 4],
    /// How far the point lies below the upper two, 0 to 1.
    pub(crate) down: f64,
    /// Columns to the right of the centre.
    pub(crate) right: f64,
    /// Columns from the centre to the left two.
    pub(crate) left: f64,
}

/// The block of a run that starts at `at`.
#[inline(always)]
fn block(levels: &[f64], at: usize) -> &[f64; BLOCK] {
    levels[at..].first_chunk().expect("runs are followed by spare entries")
}

/// Brightness of a point around the pixels from column `first` on.
#[inline(always)]
fn brightness(levels: &[f64], point: &RowPoint, first: usize) -> [f64; BLOCK] {
    let RowPoint { starts, down, right, left } = *point;
    let [a, b, c, d] = starts.map(|start| block(levels, start + first));
    let mut out = [0.0; BLOCK];
    for i in 0..BLOCK {
        let x = (first + i) as f64;
        let across = (x + right) - (x + left);
        let above = (1.0 - across) * a[i] + across * b[i];
        let below = (1.0 - across) * c[i] + across * d[i];
        out[i] = (1.0 - down) * above + down * below;
    }
    out
}

kernel! {
    /// Codes of a row of pixels: bit by bit, whether the point is at least as bright.
    pub(crate) fn float_codes(
        levels: &[f64], centre: usize, points: &[RowPoint], codes: &mut [u32],
    ) {
        let (blocks, rest) = codes.as_chunks_mut::<BLOCK>();
        assert!(rest.is_empty(), "codes come in whole blocks");
        for (number, codes) in blocks.iter_mut().enumerate() {
            let first = number * BLOCK;
            let centres = block(levels, centre + first);
            let mut code = [0_u64; BLOCK];
            for (bit, point) in points.iter().enumerate() {
                let points = brightness(levels, point, first);
                for i in 0..BLOCK {
                    code[i] |= if points[i] - centres[i] >= 0.0 { 1 << bit } else { 0 };
                }
            }
            *codes = code.map(|code| code as u32);
        }
    }
}

kernel! {
    /// Variances over the points around each pixel of a row, from sums of levels and of squares.
    pub(crate) fn float_variances(levels: &[f64], points: &[RowPoint], out: &mut [f64]) {
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        assert!(rest.is_empty(), "variances come in whole blocks");
        let count = points.len() as f64;
        for (number, out) in blocks.iter_mut().enumerate() {
            let (mut sums, mut squares) = ([0.0; BLOCK], [0.0; BLOCK]);
            for point in points {
                let samples = brightness(levels, point, number * BLOCK);
                for i in 0..BLOCK {
                    sums[i] += samples[i];
                    squares[i] += samples[i] * samples[i];
                }
            }
            for i in 0..BLOCK {
                out[i] = (squares[i] - sums[i] * sums[i] / count) / count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    const POINT: RowPoint =
        RowPoint { starts: [3, 4, 40, 41], down: 0.3, right: -0.29289, left: -1.0 };

    /// One point around the pixels from level 20 on, by the formula.
    fn plain(levels: &[f64], point: &RowPoint, x: usize) -> f64 {
        let RowPoint { starts, down, right, left } = *point;
        let across = (x as f64 + right) - (x as f64 + left);
        let [a, b, c, d] = starts.map(|start| levels[start + x]);
        let (above, below) = ((1.0 - across) * a + across * b, (1.0 - across) * c + across * d);
        (1.0 - down) * above + down * below
    }

    #[test]
    fn every_version_rounds_alike() {
        let noise = base::Seed(5).permutation(200);
        let levels: Vec<f64> = noise.into_iter().map(|noise| (noise % 9) as f64 / 3.0).collect();
        let points: Vec<_> = (0..19)
            .map(|k| RowPoint { down: f64::from(k) / 23.0, right: f64::from(k) / -20.0, ..POINT })
            .collect();
        for simd in Simd::all() {
            let (mut codes, mut variances) = ([0; 64], [0.0; 64]);
            float_codes(simd, &levels, 20, &points, &mut codes);
            float_variances(simd, &levels, &points, &mut variances);
            for x in 0..64 {
                let samples: Vec<_> = points.iter().map(|point| plain(&levels, point, x)).collect();
                let bright = |&sample: &f64| u32::from(sample - levels[20 + x] >= 0.0);
                let code = samples.iter().map(bright).rev().fold(0, |code, bit| code << 1 | bit);
                assert_eq!(codes[x], code, "{simd:?} {x}");
                let sum = samples.iter().sum::<f64>();
                let squares = samples.iter().map(|sample| sample * sample).sum::<f64>();
                assert_eq!(variances[x], (squares - sum * sum / 19.0) / 19.0, "{simd:?} {x}");
            }
        }
    }
}
