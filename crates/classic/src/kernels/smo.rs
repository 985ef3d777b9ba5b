//! The two passes over the working set that a step of [`crate::smo`] takes, and the update of all
//! rows.
//!
//! Each lane keeps its own best candidate, so nothing waits for the row before; the lanes are
//! compared at the end. Of equal candidates the last one wins, as in LIBSVM.

use super::kernel;

/// Rows looked at together; the slices of the working set are a multiple of it long.
pub(crate) const LANES: usize = 16;

/// Stands in for a curvature that is not positive, as in LIBSVM.
pub(crate) const TAU: f64 = 1e-12;

/// The largest of the lanes and its place; of equal ones the last place.
macro_rules! best_of {
    ($best:expr, $chunk:expr) => {{
        let (best, chunk) = (&$best, &$chunk);
        // By halves, so that lanes are compared side by side.
        let mut most = *best;
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                let other = most[lane + width];
                most[lane] = if other > most[lane] { other } else { most[lane] };
            }
        }
        let mut places = [0_u32; LANES];
        for lane in 0..LANES {
            let place = chunk[lane] * LANES as u32 + lane as u32;
            places[lane] = if best[lane] == most[0] { place } else { 0 };
        }
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                places[lane] = places[lane].max(places[lane + width]);
            }
        }
        (most[0], places[0] as usize)
    }};
}

/// What the choice of the second row looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Partner<'a> {
    /// Kernel values of the first row with all.
    pub(crate) row: &'a [f32],
    pub(crate) diagonal: &'a [f64],
    pub(crate) pull: &'a [f64],
    /// 0 where the coefficient may shrink, else infinite.
    pub(crate) shrink: &'a [f64],
    /// The pull of the first row.
    pub(crate) pull_i: f64,
    /// The kernel value of the first row with itself.
    pub(crate) diagonal_i: f64,
}

kernel! {
    /// The lowest pull of a row that may shrink, and the row that, moved against the first, lets
    /// the objective fall most to second order: `(lowest, place)`. The falls are compared in single
    /// precision, which only matters among steps of nearly equal worth; `lowest` is exact.
    pub(crate) fn partner<_FMA, _BITS>(from: Partner<'_>) -> (f64, usize) {
        let mut best = [f32::NEG_INFINITY; LANES];
        let mut chunk = [0_u32; LANES];
        let mut lowest = [f64::INFINITY; LANES];
        let rows = from.row.chunks_exact(LANES).zip(from.diagonal.chunks_exact(LANES));
        let pulls = from.pull.chunks_exact(LANES).zip(from.shrink.chunks_exact(LANES));
        for (number, ((row, diagonal), (pull, shrink))) in (0_u32..).zip(rows.zip(pulls)) {
            for lane in 0..LANES {
                let pull = pull[lane] + shrink[lane];
                lowest[lane] = if pull < lowest[lane] { pull } else { lowest[lane] };
                let difference = (from.pull_i - pull) as f32;
                let curvature = from.diagonal_i + diagonal[lane] - 2.0 * f64::from(row[lane]);
                let curvature = if curvature > 0.0 { curvature } else { TAU } as f32;
                // In this order a square cannot overflow that the quotient would bring back.
                let fall = difference * (difference / curvature);
                let fall = if difference > 0.0 { fall } else { f32::NEG_INFINITY };
                let better = fall >= best[lane];
                best[lane] = if better { fall } else { best[lane] };
                chunk[lane] = if better { number } else { chunk[lane] };
            }
        }
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                let other = lowest[lane + width];
                lowest[lane] = if other < lowest[lane] { other } else { lowest[lane] };
            }
        }
        (lowest[0], best_of!(best, chunk).1)
    }
}

kernel! {
    /// Takes `step` times the difference of two rows of kernel values off the pulls; then the
    /// strongest pull that may grow (`grow` is 0 there, else minus infinity) and its place.
    pub(crate) fn shift<_FMA, _BITS>(
        step: f64,
        row_i: &[f32],
        row_j: &[f32],
        pull: &mut [f64],
        grow: &[f64],
    ) -> (f64, usize) {
        let mut best = [f64::NEG_INFINITY; LANES];
        let mut chunk = [0_u32; LANES];
        let rows = row_i.chunks_exact(LANES).zip(row_j.chunks_exact(LANES));
        let pulls = pull.chunks_exact_mut(LANES).zip(grow.chunks_exact(LANES));
        for (number, ((row_i, row_j), (pull, grow))) in (0_u32..).zip(rows.zip(pulls)) {
            for lane in 0..LANES {
                let new = pull[lane] - step * (f64::from(row_i[lane]) - f64::from(row_j[lane]));
                pull[lane] = new;
                let allowed = new + grow[lane];
                let better = allowed >= best[lane];
                best[lane] = if better { allowed } else { best[lane] };
                chunk[lane] = if better { number } else { chunk[lane] };
            }
        }
        best_of!(best, chunk)
    }
}

kernel! {
    /// Takes four rows times their coefficients off the pulls.
    pub(crate) fn subtract<_FMA, _BITS>(
        coefficients: [f64; 4],
        rows: [&[f32]; 4],
        pull: &mut [f64],
    ) {
        let [a, b, c, d] = rows.map(|row| &row[..pull.len()]);
        for (t, pull) in pull.iter_mut().enumerate() {
            let first = coefficients[0] * f64::from(a[t]) + coefficients[1] * f64::from(b[t]);
            let second = coefficients[2] * f64::from(c[t]) + coefficients[3] * f64::from(d[t]);
            *pull -= first + second;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;
    use base::Seed;

    fn numbers(seed: u64, n: usize) -> Vec<f64> {
        Seed(seed).permutation(n).into_iter().map(|v| (v / 3) as f64 / n as f64).collect()
    }

    #[test]
    fn every_version_finds_what_plain_loops_find() {
        const N: usize = 5 * LANES;
        let (pull, diagonal) = (numbers(1, N), numbers(2, N));
        let row: Vec<f32> = numbers(3, N).into_iter().map(|v| v as f32 * 0.4).collect();
        let other: Vec<f32> = numbers(4, N).into_iter().map(|v| v as f32).collect();
        let mask = |off: f64, every| (0..N).map(move |t| if t % every == 0 { off } else { 0.0 });
        let shrink: Vec<f64> = mask(f64::INFINITY, 3).collect();
        let grow: Vec<f64> = mask(f64::NEG_INFINITY, 4).collect();

        let (mut lowest, mut place, mut most) = (f64::INFINITY, 0, f32::NEG_INFINITY);
        for t in (0..N).filter(|t| t % 3 != 0) {
            lowest = lowest.min(pull[t]);
            let curvature = 0.5 + diagonal[t] - 2.0 * f64::from(row[t]);
            let curvature = if curvature > 0.0 { curvature } else { TAU } as f32;
            let difference = (0.3 - pull[t]) as f32;
            let fall = difference * (difference / curvature);
            if pull[t] < 0.3 && fall >= most {
                (most, place) = (fall, t);
            }
        }
        let difference = |t: usize| f64::from(row[t]) - f64::from(other[t]);
        let moved: Vec<f64> = (0..N).map(|t| pull[t] - 0.7 * difference(t)).collect();
        let mut strongest = (f64::NEG_INFINITY, 0);
        for t in (0..N).filter(|t| t % 4 != 0) {
            if moved[t] >= strongest.0 {
                strongest = (moved[t], t);
            }
        }
        for simd in Simd::all() {
            let from = Partner {
                row: &row,
                diagonal: &diagonal,
                pull: &pull,
                shrink: &shrink,
                pull_i: 0.3,
                diagonal_i: 0.5,
            };
            assert_eq!(partner(simd, from), (lowest, place), "{simd:?}");
            let mut got = pull.clone();
            assert_eq!(shift(simd, 0.7, &row, &other, &mut got, &grow), strongest, "{simd:?}");
            assert_eq!(got, moved, "{simd:?}");
            let mut got = pull.clone();
            subtract(simd, [0.7, -0.7, 0.0, 0.0], [&row, &other, &row, &row], &mut got);
            for (got, want) in got.iter().zip(&moved) {
                assert!((got - want).abs() < 1e-15, "{simd:?}");
            }
        }
    }
}
