//! Sums over the features of pairs of rows, for many rows at once.
//!
//! The right rows stand in panels of [`WIDTH`] rows, feature by feature, and are read as vectors;
//! the left rows in groups of [`HEIGHT`], likewise, and are read one value at a time. A tile of
//! sums stays in registers until it is complete. Every sum is made in the order of the features,
//! alone, so a value depends on its two rows and on nothing else, bit for bit.
//!
//! A general matrix product would pack the right rows anew for every call, and adds up in an order
//! that depends on the sizes.

use super::exp::exp;
use super::{kernel, mul_add};

/// Rows of a panel on the right.
pub(crate) const WIDTH: usize = 32;
/// Rows of a group on the left.
pub(crate) const HEIGHT: usize = 8;

/// What is summed over the features, and what is done to the sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Map {
    /// `x.y`
    Product,
    /// `|x|^2 + |y|^2 - 2 x.y`, at least 0
    Distance,
    /// `(gamma x.y + coef0)^degree`
    Power { gamma: f32, coef0: f32, degree: u16 },
    /// `exp(-gamma |x - y|^2)`
    Gauss { gamma: f32 },
    /// `tanh(gamma x.y + coef0)`
    Tanh { gamma: f32, coef0: f32 },
    /// `sum of min(x, y)`
    Minimum,
    /// `exp(-gamma sum of (x - y)^2 / (x + y))`
    ChiSquare { gamma: f32 },
}

/// One panel on the right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel<'a> {
    /// `features x WIDTH` values.
    pub(crate) values: &'a [f32],
    /// Squared lengths of its rows.
    pub(crate) squares: &'a [f32],
}

/// A step of a sum.
trait Term {
    fn add<const FMA: bool>(sum: f32, x: f32, y: f32) -> f32;
}

struct Product;
impl Term for Product {
    #[inline(always)]
    fn add<const FMA: bool>(sum: f32, x: f32, y: f32) -> f32 {
        mul_add::<FMA>(x, y, sum)
    }
}

struct Minimum;
impl Term for Minimum {
    #[inline(always)]
    fn add<const FMA: bool>(sum: f32, x: f32, y: f32) -> f32 {
        sum + if x < y { x } else { y }
    }
}

struct ChiSquare;
impl Term for ChiSquare {
    #[inline(always)]
    fn add<const FMA: bool>(sum: f32, x: f32, y: f32) -> f32 {
        // Where both are 0, 0 is divided by the smallest normal number.
        let (difference, total) = (x - y, (x + y).max(f32::MIN_POSITIVE));
        sum + difference * difference / total
    }
}

/// Sums of some left rows, of which `left` holds `H` from `first` on, and `W` of the panel. One
/// array per row: the compiler keeps these in registers, but not one array of arrays (measured:
/// 135 against 2 thousand million products per second).
macro_rules! sums {
    ($name:ident, $count:literal, $($row:ident $place:literal)*) => {
        #[inline(always)]
        fn $name<T: Term, const FMA: bool, const H: usize, const W: usize>(
            left: &[f32],
            first: usize,
            panel: &[f32],
            offset: usize,
        ) -> [[f32; W]; $count] {
            $(let mut $row = [0.0_f32; W];)*
            for (x, y) in left.chunks_exact(H).zip(panel.chunks_exact(WIDTH)) {
                let x = &x[first..first + $count];
                let y: &[f32; W] = y[offset..offset + W].try_into().expect("W values");
                $(
                    let value = x[$place];
                    for w in 0..W {
                        $row[w] = T::add::<FMA>($row[w], value, y[w]);
                    }
                )*
            }
            [$($row),*]
        }
    };
}
sums!(one, 1, a 0);
sums!(four, 4, a 0 b 1 c 2 d 3);
sums!(eight, 8, a 0 b 1 c 2 d 3 e 4 f 5 g 6 h 7);

/// Sums of `H` rows of `left` and all of the panel, into `out` of `H x WIDTH`.
#[inline(always)]
fn group<T: Term, const FMA: bool, const BITS: usize, const H: usize>(
    left: &[f32],
    panel: &[f32],
    out: &mut [f32],
) {
    macro_rules! split {
        ($sums:ident, $r:literal, $w:literal) => {
            for first in (0..H).step_by($r) {
                for offset in (0..WIDTH).step_by($w) {
                    let sums = $sums::<T, FMA, H, $w>(left, first, panel, offset);
                    for (r, sums) in sums.iter().enumerate() {
                        let start = (first + r) * WIDTH + offset;
                        out[start..start + $w].copy_from_slice(sums);
                    }
                }
            }
        };
    }
    // As many sums as fit into the registers, with room for the values.
    match (H, BITS) {
        (1, _) => split!(one, 1, 32),
        (_, 512) => split!(eight, 8, 32),
        (_, 256) => split!(four, 4, 16),
        _ => split!(four, 4, 8),
    }
}

#[inline(always)]
fn all_groups<T: Term, const FMA: bool, const BITS: usize>(
    left: &[f32],
    features: usize,
    single: bool,
    panel: &[f32],
    out: &mut [f32],
) {
    if single {
        return group::<T, FMA, BITS, 1>(&left[..features], panel, out);
    }
    let lefts = left.chunks_exact(HEIGHT * features.max(1));
    for (left, out) in lefts.zip(out.chunks_exact_mut(HEIGHT * WIDTH)) {
        group::<T, FMA, BITS, HEIGHT>(left, panel, out);
    }
}

kernel! {
    /// Kernel values of the left rows with those of a panel, into `out`: `WIDTH` values per row.
    ///
    /// `left` holds groups of `HEIGHT` rows, `features x HEIGHT` values each, and `left_squares` as
    /// many squared lengths as there are rows in them. A single row may stand alone: `features`
    /// values, and one squared length.
    pub(crate) fn values<FMA, BITS>(
        map: Map,
        features: usize,
        left: &[f32],
        left_squares: &[f32],
        panel: Panel<'_>,
        out: &mut [f32],
    ) {
        let single = left_squares.len() == 1;
        match map {
            Map::Minimum => {
                all_groups::<Minimum, FMA, BITS>(left, features, single, panel.values, out);
            }
            Map::ChiSquare { .. } => {
                all_groups::<ChiSquare, FMA, BITS>(left, features, single, panel.values, out);
            }
            _ => all_groups::<Product, FMA, BITS>(left, features, single, panel.values, out),
        }
        let rows = out.chunks_exact_mut(WIDTH).zip(left_squares);
        match map {
            Map::Product | Map::Minimum => {}
            Map::Distance => {
                for (row, &x) in rows {
                    for (value, &y) in row.iter_mut().zip(panel.squares) {
                        *value = distance(*value, x, y);
                    }
                }
            }
            Map::Power { gamma, coef0, degree } => {
                for (row, _) in rows {
                    power(row, gamma, coef0, degree);
                }
            }
            Map::Gauss { gamma } => {
                for (row, &x) in rows {
                    for (value, &y) in row.iter_mut().zip(panel.squares) {
                        *value = exp::<FMA>(-gamma * distance(*value, x, y));
                    }
                }
            }
            Map::Tanh { gamma, coef0 } => {
                for value in out {
                    *value = (gamma * *value + coef0).tanh();
                }
            }
            Map::ChiSquare { gamma } => {
                for value in out {
                    *value = exp::<FMA>(-gamma * *value);
                }
            }
        }
    }
}

#[inline(always)]
fn distance(product: f32, x: f32, y: f32) -> f32 {
    let distance = (x + y) - 2.0 * product;
    if distance > 0.0 { distance } else { 0.0 }
}

/// By squaring, all values of a row at once.
#[inline(always)]
fn power(row: &mut [f32], gamma: f32, coef0: f32, degree: u16) {
    for value in row {
        let (mut base, mut result, mut left) = (gamma * *value + coef0, 1.0, degree);
        while left > 0 {
            if left & 1 == 1 {
                result *= base;
            }
            base *= base;
            left >>= 1;
        }
        *value = result;
    }
}

kernel! {
    /// `exp(-gamma distance)` of a row of `products` with rows of the squared lengths `squares`,
    /// into `out`; the squared length of the row itself is `square`.
    pub(crate) fn gauss<FMA, _BITS>(
        gamma: f32,
        square: f32,
        squares: &[f32],
        products: &[f32],
        out: &mut [f32],
    ) {
        for ((out, &product), &other) in out.iter_mut().zip(products).zip(squares) {
            *out = exp::<FMA>(-gamma * distance(product, square, other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;
    use base::Seed;

    const FEATURES: usize = 37;

    fn numbers(seed: u64, n: usize) -> Vec<f32> {
        Seed(seed).permutation(n).into_iter().map(|v| v as f32 / n as f32).collect()
    }

    /// The sums in 64 bits, one pair at a time, and the roundings of `FEATURES` additions.
    #[test]
    fn every_version_gives_the_sums_of_plain_loops() {
        let (left, panel) = (numbers(1, 2 * HEIGHT * FEATURES), numbers(2, WIDTH * FEATURES));
        type Term = fn(f64, f64) -> f64;
        let terms: [(Map, Term); 2] = [(Map::Product, |x, y| x * y), (Map::Minimum, f64::min)];
        for simd in Simd::all() {
            for (map, term) in terms {
                let rows = 2 * HEIGHT - 3;
                let mut out = vec![0.0; 2 * HEIGHT * WIDTH];
                let squares = vec![0.0; rows];
                let right = Panel { values: &panel, squares: &[0.0; WIDTH] };
                values(simd, map, FEATURES, &left, &squares, right, &mut out);
                for (row, column) in (0..rows).flat_map(|r| (0..WIDTH).map(move |c| (r, c))) {
                    let group = &left[row / HEIGHT * HEIGHT * FEATURES..];
                    let pair = |f: usize| {
                        let (x, y) = (group[f * HEIGHT + row % HEIGHT], panel[f * WIDTH + column]);
                        term(x.into(), y.into())
                    };
                    let want: f64 = (0..FEATURES).map(pair).sum();
                    let got = f64::from(out[row * WIDTH + column]);
                    assert!((got - want).abs() < 1e-6 * want, "{simd:?} {map:?}: {got} {want}");
                    // Alone, with the same bits.
                    let single: Vec<f32> =
                        (0..FEATURES).map(|f| group[f * HEIGHT + row % HEIGHT]).collect();
                    let mut alone = [0.0; WIDTH];
                    values(simd, map, FEATURES, &single, &[0.0], right, &mut alone);
                    assert_eq!(alone[column], out[row * WIDTH + column], "{simd:?} {map:?}");
                }
            }
        }
    }
}
