//! The two passes over the working set that a step of [`crate::smo`] takes, and the update of all
//! rows.
//!
//! Each lane keeps its own best candidate, so nothing waits for the row before; the lanes are
//! compared at the end. Of equal candidates the last one wins, as in LIBSVM.

use super::{kernel, mul_add};

/// Rows looked at together; the slices of the working set are a multiple of it long.
pub(crate) const LANES: usize = 16;

/// Stands in for a curvature that is not positive, as in LIBSVM.
pub(crate) const TAU: f64 = 1e-12;

/// The largest of the lanes and its place; of equal ones the last place. `chunk` tells which of the
/// groups of lanes it comes from.
#[inline(always)]
fn best_of(best: [f32; LANES], chunk: [u32; LANES]) -> (f32, usize) {
    // Value and place in one number: the bits of a float are in order if all but the sign of a
    // negative one are turned round.
    let mut most = i64::MIN;
    for lane in 0..LANES {
        let place = chunk[lane] * LANES as u32 + lane as u32;
        let key = (i64::from(turned(best[lane].to_bits() as i32)) << 32) | i64::from(place);
        most = most.max(key);
    }
    (f32::from_bits(turned((most >> 32) as i32) as u32), most as u32 as usize)
}

/// All bits but the sign turned round in a negative number.
#[inline(always)]
fn turned(bits: i32) -> i32 {
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}

/// What the choice of the second row looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Partner<'a> {
    /// Kernel values of the first row with all.
    pub(crate) row: &'a [f32],
    pub(crate) diagonal: &'a [f32],
    pub(crate) pull: &'a [f32],
    /// 0 where the coefficient may shrink, else infinite.
    pub(crate) shrink: &'a [f32],
    /// The pull of the first row.
    pub(crate) pull_i: f32,
    /// The kernel value of the first row with itself.
    pub(crate) diagonal_i: f32,
}

kernel! {
    /// The lowest pull of a row that may shrink, and the row that, moved against the first, lets
    /// the objective fall most to second order: `(lowest, place)`.
    pub(crate) fn partner<FMA, _BITS>(from: Partner<'_>) -> (f32, usize) {
        let mut best = [f32::NEG_INFINITY; LANES];
        let mut chunk = [0_u32; LANES];
        let mut lowest = [f32::INFINITY; LANES];
        let rows = from.row.chunks_exact(LANES).zip(from.diagonal.chunks_exact(LANES));
        let pulls = from.pull.chunks_exact(LANES).zip(from.shrink.chunks_exact(LANES));
        for (number, ((row, diagonal), (pull, shrink))) in (0_u32..).zip(rows.zip(pulls)) {
            for lane in 0..LANES {
                let pull = pull[lane] + shrink[lane];
                lowest[lane] = if pull < lowest[lane] { pull } else { lowest[lane] };
                let difference = from.pull_i - pull;
                let curvature = mul_add::<FMA>(-2.0, row[lane], from.diagonal_i + diagonal[lane]);
                let curvature = if curvature > TAU as f32 { curvature } else { TAU as f32 };
                let difference = if difference > 0.0 { difference } else { 0.0 };
                // In this order a square cannot overflow that the quotient would bring back.
                let fall = difference * (difference / curvature);
                let before = best[lane];
                best[lane] = if before > fall { before } else { fall };
                chunk[lane] = if fall >= before { number } else { chunk[lane] };
            }
        }
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                let other = lowest[lane + width];
                lowest[lane] = if other < lowest[lane] { other } else { lowest[lane] };
            }
        }
        (lowest[0], best_of(best, chunk).1)
    }
}

kernel! {
    /// Takes `step` times the difference of two rows of kernel values off the pulls; then the
    /// strongest pull that may grow (`grow` is 0 there, else minus infinity) and its place.
    pub(crate) fn shift<FMA, _BITS>(
        step: f32,
        row_i: &[f32],
        row_j: &[f32],
        pull: &mut [f32],
        grow: &[f32],
    ) -> (f32, usize) {
        let mut best = [f32::NEG_INFINITY; LANES];
        let mut chunk = [0_u32; LANES];
        let rows = row_i.chunks_exact(LANES).zip(row_j.chunks_exact(LANES));
        let pulls = pull.chunks_exact_mut(LANES).zip(grow.chunks_exact(LANES));
        for (number, ((row_i, row_j), (pull, grow))) in (0_u32..).zip(rows.zip(pulls)) {
            for lane in 0..LANES {
                let new = mul_add::<FMA>(-step, row_i[lane] - row_j[lane], pull[lane]);
                pull[lane] = new;
                let allowed = new + grow[lane];
                let before = best[lane];
                best[lane] = if before > allowed { before } else { allowed };
                chunk[lane] = if allowed >= before { number } else { chunk[lane] };
            }
        }
        best_of(best, chunk)
    }
}

kernel! {
    /// Takes four rows times their coefficients off the pulls.
    pub(crate) fn subtract<FMA, _BITS>(
        coefficients: [f64; 4],
        rows: [&[f32]; 4],
        pull: &mut [f64],
    ) {
        let [a, b, c, d] = rows.map(|row| &row[..pull.len()]);
        for (t, pull) in pull.iter_mut().enumerate() {
            *pull = plus::<FMA>(*pull, coefficients.map(|v| -v), [a[t], b[t], c[t], d[t]]);
        }
    }
}

kernel! {
    /// Adds four rows times their coefficients to each of four sums, which stand one after the
    /// other; they may be longer than the rows.
    pub(crate) fn add_four<FMA, _BITS>(
        coefficients: [[f64; 4]; 4],
        rows: [&[f32]; 4],
        sums: &mut [f64],
    ) {
        let [a, b, c, d] = rows.map(|row| &row[..rows[0].len()]);
        let (first, rest) = sums.split_at_mut(sums.len() / 4);
        let (second, rest) = rest.split_at_mut(first.len());
        let (third, fourth) = rest.split_at_mut(first.len());
        let pairs = first.iter_mut().zip(second).zip(third.iter_mut().zip(fourth));
        for (t, ((first, second), (third, fourth))) in pairs.enumerate().take(a.len()) {
            let values = [a[t], b[t], c[t], d[t]];
            *first = plus::<FMA>(*first, coefficients[0], values);
            *second = plus::<FMA>(*second, coefficients[1], values);
            *third = plus::<FMA>(*third, coefficients[2], values);
            *fourth = plus::<FMA>(*fourth, coefficients[3], values);
        }
    }
}

/// Adds four products to a sum.
#[inline(always)]
fn plus<const FMA: bool>(sum: f64, coefficients: [f64; 4], values: [f32; 4]) -> f64 {
    let mut sum = sum;
    for (coefficient, value) in coefficients.into_iter().zip(values) {
        let value = f64::from(value);
        sum = if FMA { coefficient.mul_add(value, sum) } else { sum + coefficient * value };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;
    use base::Seed;

    fn numbers(seed: u64, n: usize) -> Vec<f32> {
        Seed(seed).permutation(n).into_iter().map(|v| (v / 3) as f32 / n as f32).collect()
    }

    #[test]
    fn every_version_finds_what_plain_loops_find() {
        const N: usize = 5 * LANES;
        let (pull, diagonal) = (numbers(1, N), numbers(2, N));
        let row: Vec<f32> = numbers(3, N).into_iter().map(|v| v * 0.4).collect();
        let other = numbers(4, N);
        let mask = |off: f32, every| (0..N).map(move |t| if t % every == 0 { off } else { 0.0 });
        let shrink: Vec<f32> = mask(f32::INFINITY, 3).collect();
        let grow: Vec<f32> = mask(f32::NEG_INFINITY, 4).collect();
        for simd in Simd::all() {
            // With one rounding where the version has one.
            let fused = simd != Simd::Portable || cfg!(target_arch = "aarch64");
            let mul_add = if fused { mul_add::<true> } else { mul_add::<false> };
            let (mut lowest, mut place, mut most) = (f32::INFINITY, 0, f32::NEG_INFINITY);
            for t in (0..N).filter(|t| t % 3 != 0) {
                lowest = lowest.min(pull[t]);
                let curvature = mul_add(-2.0, row[t], 0.5 + diagonal[t]);
                let curvature = if curvature > 0.0 { curvature } else { TAU as f32 };
                let difference = 0.3 - pull[t];
                let fall = difference * (difference / curvature);
                if pull[t] < 0.3 && fall >= most {
                    (most, place) = (fall, t);
                }
            }
            let moved: Vec<f32> =
                (0..N).map(|t| mul_add(-0.7, row[t] - other[t], pull[t])).collect();
            let mut strongest = (f32::NEG_INFINITY, 0);
            for t in (0..N).filter(|t| t % 4 != 0) {
                if moved[t] >= strongest.0 {
                    strongest = (moved[t], t);
                }
            }
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
            let mut got: Vec<f64> = pull.iter().copied().map(f64::from).collect();
            let rows = [row.as_slice(), &other, &diagonal, &row];
            let sum = |coefficients: [f64; 4], t: usize| -> f64 {
                coefficients.iter().zip(rows).map(|(c, row)| c * f64::from(row[t])).sum()
            };
            subtract(simd, [0.7, -0.7, 0.2, 0.1], rows, &mut got);
            for (t, got) in got.into_iter().enumerate() {
                let want = f64::from(pull[t]) - sum([0.7, -0.7, 0.2, 0.1], t);
                assert!((got - want).abs() < 1e-15, "{simd:?}");
            }
            // Rows shorter than the sums, by less than a register.
            let coefficients = [[0.7, -0.7, 0.2, 0.1], [0.0, 2.0, 0.0, 1.0], [0.0; 4], [1.0; 4]];
            let mut sums = vec![1.0; 4 * N];
            add_four(simd, coefficients, rows.map(|row| &row[..N - 3]), &mut sums);
            for (sum_number, sums) in sums.chunks_exact(N).enumerate() {
                for (t, got) in sums.iter().enumerate() {
                    let want = if t < N - 3 { 1.0 + sum(coefficients[sum_number], t) } else { 1.0 };
                    assert!((got - want).abs() < 1e-15, "{simd:?}");
                }
            }
        }
    }
}
