//! Vector registers: several numbers, worked on at once.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

/// A register full of numbers.
///
/// # Safety
/// All functions may be called only where the processor has the instructions of the type; `load`
/// and `store` only with [`Self::COUNT`] numbers behind the pointer.
pub(super) trait Lanes: Copy {
    /// Numbers in a register.
    const COUNT: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// `self + a b`, rounded once.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// `self - a b`, rounded once.
    unsafe fn subtract_product(self, a: Self, b: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    /// `self` where it is larger than `other`, else `other`, also where one is NaN.
    unsafe fn larger(self, other: Self) -> Self;
    /// The first numbers of all pairs of neighbours among those of two registers, and the second.
    unsafe fn pairs(self, following: Self) -> (Self, Self);
    /// The sum of all numbers, of halves, of quarters, and so on.
    unsafe fn sum(self) -> f32;
    /// Writes the columns of a square, whose rows of [`Self::COUNT`] numbers are at `rows`, to
    /// `columns`.
    unsafe fn transpose(rows: &[*const f32], columns: &[*mut f32]);
}

#[cfg(test)]
mod tests {
    use super::super::vectorised::{Vectorised, run_at};
    use super::super::wide::Level;
    use super::*;

    /// Some numbers, of which no two are equal, and no sum is rounded.
    fn numbers(count: usize, first: usize) -> Vec<f32> {
        (first..first + count).map(|i| ((7 * i) % 1009) as f32 - 500.0).collect()
    }

    /// What each operation makes of registers `a`, `b` and `c`.
    struct Operations<'a> {
        of: [&'a [f32]; 3],
        results: &'a mut Vec<Vec<f32>>,
    }

    impl Vectorised for Operations<'_> {
        #[inline(always)]
        unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
            assert!(V::COUNT == N && self.of.iter().all(|numbers| numbers.len() == N));
            // SAFETY: passed on; there are as many numbers as in a register.
            unsafe {
                let [a, b] = [V::load(self.of[0].as_ptr()), V::load(self.of[1].as_ptr())];
                let c = V::load(self.of[2].as_ptr());
                let (more, less) = (c.add_product(a, b), c.subtract_product(a, b));
                let (sum, (first, second)) = (V::splat(a.sum()), a.pairs(b));
                for result in [a.add(b), a.subtract(b), a.larger(b), more, less, sum, first, second]
                {
                    let mut to = vec![0.0; N];
                    result.store(to.as_mut_ptr());
                    self.results.push(to);
                }
            }
        }
    }

    fn results(level: Level, of: [&[f32]; 3]) -> Vec<Vec<f32>> {
        let mut results = Vec::new();
        run_at(level, Operations { of, results: &mut results });
        results
    }

    struct Transpose<'a> {
        rows: &'a [f32],
        columns: &'a mut [f32],
    }

    impl Vectorised for Transpose<'_> {
        #[inline(always)]
        unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
            let rows: [_; N] = std::array::from_fn(|i| self.rows[N * i..][..N].as_ptr());
            let columns: [_; N] = std::array::from_fn(|i| self.columns[N * i..].as_mut_ptr());
            assert_eq!(self.columns.len(), N * N);
            // SAFETY: passed on; there are so many rows and columns.
            unsafe { V::transpose(&rows, &columns) };
        }
    }

    fn levels() -> impl Iterator<Item = Level> {
        Level::all().into_iter().filter(|level| level.is_there())
    }

    #[test]
    fn every_number_of_a_register_is_worked_on_alike() {
        for level in levels() {
            let n = level.count();
            let (a, b, c) = (numbers(n, 3), numbers(n, 60), numbers(n, 90));
            let by = |work: fn(f32, f32, f32) -> f32| -> Vec<f32> {
                (0..n).map(|i| work(a[i], b[i], c[i])).collect()
            };
            let both = [&a[..], &b[..]].concat();
            let expected = [
                by(|a, b, _| a + b),
                by(|a, b, _| a - b),
                by(|a, b, _| a.max(b)),
                by(|a, b, c| c + a * b),
                by(|a, b, c| c - a * b),
                vec![a.iter().sum(); n],
                both.iter().copied().step_by(2).collect(),
                both.iter().copied().skip(1).step_by(2).collect(),
            ];
            assert_eq!(results(level, [&a, &b, &c]), expected, "{level:?}");
        }
    }

    /// `1 + (1 + e)(e - 1) = e^2`; a product that is rounded first is -1.
    #[test]
    fn products_are_rounded_with_their_sums() {
        let e = f32::EPSILON;
        for level in levels() {
            let n = level.count();
            let [a, b, c] = [1.0 + e, e - 1.0, 1.0].map(|number| vec![number; n]);
            assert_eq!(results(level, [&a, &b, &c])[3], vec![e * e; n], "{level:?}");
            let c = vec![-1.0; n];
            assert_eq!(results(level, [&a, &b, &c])[4], vec![-e * e; n], "{level:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_larger() {
        for level in levels() {
            let larger = |a: f32, b: f32| {
                let [a, b] = [a, b].map(|number| vec![number; level.count()]);
                let larger = results(level, [&a, &b, &a]).swap_remove(2);
                assert!(larger.iter().all(|x| x.to_bits() == larger[0].to_bits()), "{level:?}");
                larger[0]
            };
            assert_eq!(larger(f32::NAN, 1.0), 1.0, "{level:?}");
            assert!(larger(1.0, f32::NAN).is_nan(), "{level:?}");
            assert_eq!(larger(0.0, -0.0).to_bits(), (-0.0_f32).to_bits(), "{level:?}");
            assert_eq!(larger(-0.0, 0.0).to_bits(), 0.0_f32.to_bits(), "{level:?}");
            assert_eq!(larger(f32::NEG_INFINITY, f32::INFINITY), f32::INFINITY, "{level:?}");
        }
    }

    #[test]
    fn transposing_makes_rows_columns() {
        for level in levels() {
            let n = level.count();
            let (rows, mut columns) = (numbers(n * n, 1), vec![f32::NAN; n * n]);
            run_at(level, Transpose { rows: &rows, columns: &mut columns });
            for (index, &number) in columns.iter().enumerate() {
                assert_eq!(number, rows[index % n * n + index / n], "{level:?}, {index}");
            }
        }
    }
}
