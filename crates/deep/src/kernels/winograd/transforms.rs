//! The transforms of F(2x2, 3x3), F(4x4, 3x3) and F(2x2, 5x5): of polynomials to their values and
//! back.
//!
//! A kernel of 3 numbers and 2 outputs are polynomials of degree 2 and 1. Their product is known by
//! its values at 4 points, and multiplying values takes 4 multiplications where multiplying
//! polynomials takes 6. The points are 0, 1, -1 and infinity, and also 1/2 and -2 for 4 outputs or
//! 5 numbers, whose matrices are the same but for what they stop at:
//!
//! ```text
//!        1  0 -1  0              1   0   0
//! B^T =  0  1  1  0        G =  1/2 1/2 1/2       A^T = 1  1  1  0
//!        0 -1  1  0             1/2-1/2 1/2             0  1 -1 -1
//!        0  1  0 -1              0   0   1
//!
//!        1 -3/2  -2  3/2  1  0          1    0    0    0    0
//!        0  -1  1/2  5/2  1  0          1    1    1    1    1     / 3
//! B^T =  0   1 -5/2  1/2  1  0    G =   1   -1    1   -1    1     / -3
//!        0  -2   -1   2   1  0          1   1/2  1/4  1/8  1/16   / (-15/16)
//!        0  1/2  -1 -1/2  1  0          1   -2    4   -8   16     / 15
//!        0   1 -3/2  -2  3/2 1          0    0    0    0    1
//!
//!        1   1   1   1   1   0
//! A^T =  0   1  -1  1/2 -2   0        of 4 outputs, and of 2 the first 2 rows; the 1 of the last
//!        0   1   1  1/4  4   0        point is in the last row. Of kernels of 3 numbers, G has the
//!        0   1  -1  1/8 -8   1        first 3 columns and a last row of 0 0 1.
//! ```
//!
//! Each is applied to the columns of a square and then to its rows. All are written as loops over
//! arrays: the compiler would not take closures over vectors apart.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::lanes::Lanes;

/// Side of the larger squares; of the smaller ones, the first 4 rows and columns count.
pub(super) const MOST: usize = 6;

/// Numbers before, between, or after transforms.
pub(super) type Square<V> = [[V; MOST]; MOST];

/// `B^T d B` of inputs, for squares of side `A`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn of_input<V: Lanes, const A: usize>(mut d: Square<V>) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A {
            let column = column(&d, j);
            put_column(&mut d, j, input_line::<V, A>(column));
        }
        for i in 0..A {
            d[i] = input_line::<V, A>(d[i]);
        }
        d
    }
}

/// `A^T m A` of products: outputs in the first `T` rows and columns.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_output<V: Lanes, const A: usize, const T: usize>(
    mut m: Square<V>,
) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A {
            let column = column(&m, j);
            put_column(&mut m, j, output_line::<V, A, T>(column));
        }
        for i in 0..T {
            m[i] = output_line::<V, A, T>(m[i]);
        }
        m
    }
}

/// `A dy A^T`: the gradient of products, from that of outputs in the first `T` rows and
/// columns.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_gradient<V: Lanes, const A: usize, const T: usize>(
    mut dy: Square<V>,
) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..T {
            let column = column(&dy, j);
            put_column(&mut dy, j, gradient_line::<V, A, T>(column));
        }
        for i in 0..A {
            dy[i] = gradient_line::<V, A, T>(dy[i]);
        }
        dy
    }
}

/// `G g G^T` of kernels of side `K`.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_kernel<V: Lanes, const A: usize, const K: usize>(
    mut g: Square<V>,
) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..K {
            let column = column(&g, j);
            put_column(&mut g, j, kernel_line::<V, A, K>(column));
        }
        for i in 0..A {
            g[i] = kernel_line::<V, A, K>(g[i]);
        }
        g
    }
}

/// `G^T u G`: the gradient of kernels, from that of their transforms.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_kernel<V: Lanes, const A: usize, const K: usize>(
    mut u: Square<V>,
) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A {
            let column = column(&u, j);
            put_column(&mut u, j, kernel_line_back::<V, A, K>(column));
        }
        for i in 0..K {
            u[i] = kernel_line_back::<V, A, K>(u[i]);
        }
        u
    }
}

#[inline(always)]
fn column<V: Copy>(square: &Square<V>, j: usize) -> [V; MOST] {
    let mut column = square[0];
    for i in 0..MOST {
        column[i] = square[i][j];
    }
    column
}

#[inline(always)]
fn put_column<V: Copy>(square: &mut Square<V>, j: usize, column: [V; MOST]) {
    for i in 0..MOST {
        square[i][j] = column[i];
    }
}

/// `B^T d`. For 6 points, what differs between rows is little: with `u = d[i + 2] - d[i]`, which is
/// a polynomial times `x^2 - 1`, and `v = u + 3/2 d[i + 1]`, times `(x - 1/2)(x + 2)`, two points
/// are left for each to be multiplied with.
#[inline(always)]
unsafe fn input_line<V: Lanes, const A: usize>(d: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        if A == 4 {
            let rows = [d[0].subtract(d[2]), d[1].add(d[2]), d[2].subtract(d[1])];
            return [rows[0], rows[1], rows[2], d[1].subtract(d[3]), d[4], d[5]];
        }
        let (half, more) = (V::splat(0.5), V::splat(1.5));
        let (u0, u1) = (d[2].subtract(d[0]), d[3].subtract(d[1]));
        let (u2, u3) = (d[4].subtract(d[2]), d[5].subtract(d[3]));
        let (v0, v1) = (u0.add_product(more, d[1]), u1.add_product(more, d[2]));
        let (v2, v3) = (u2.add_product(more, d[3]), u3.add_product(more, d[4]));
        [
            v2.subtract(v0),
            v2.add(v1),
            v2.subtract(v1),
            u2.add(u1).add(u1),
            u2.subtract_product(half, u1),
            v3.subtract(v1),
        ]
    }
}

/// `A^T m`: `T` outputs.
#[inline(always)]
unsafe fn output_line<V: Lanes, const A: usize, const T: usize>(m: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let (sum, difference) = (m[1].add(m[2]), m[1].subtract(m[2]));
        let first = m[0].add(sum);
        if A == 4 {
            return [first, difference.subtract(m[3]), m[2], m[3], m[4], m[5]];
        }
        let (half, two) = (V::splat(0.5), V::splat(2.0));
        let first = first.add(m[3]).add(m[4]);
        let second = difference.add_product(half, m[3]).subtract_product(two, m[4]);
        if T == 2 {
            return [first, second.add(m[5]), m[2], m[3], m[4], m[5]];
        }
        let (quarter, four) = (V::splat(0.25), V::splat(4.0));
        let third = sum.add_product(quarter, m[3]).add_product(four, m[4]);
        let (eighth, eight) = (V::splat(0.125), V::splat(8.0));
        let fourth = difference.add_product(eighth, m[3]).subtract_product(eight, m[4]);
        [first, second, third, fourth.add(m[5]), m[4], m[5]]
    }
}

/// `A dy`, of `T` numbers.
#[inline(always)]
unsafe fn gradient_line<V: Lanes, const A: usize, const T: usize>(dy: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let [a, b, c, d, ..] = dy;
        if A == 4 {
            return [a, a.add(b), a.subtract(b), V::splat(0.0).subtract(b), a, a];
        }
        let (half, two) = (V::splat(0.5), V::splat(2.0));
        if T == 2 {
            let (third, fourth) = (a.add_product(half, b), a.subtract_product(two, b));
            return [a, a.add(b), a.subtract(b), third, fourth, b];
        }
        let (even, odd) = (a.add(c), b.add(d));
        let (quarter, four) = (V::splat(0.25), V::splat(4.0));
        let (outer, inner) = (a.add_product(quarter, c), b.add_product(quarter, d));
        let (outer_of_4, inner_of_4) = (a.add_product(four, c), b.add_product(four, d));
        [
            a,
            even.add(odd),
            even.subtract(odd),
            outer.add_product(half, inner),
            outer_of_4.subtract_product(two, inner_of_4),
            d,
        ]
    }
}

/// Points, and what a kernel's values there are multiplied with.
const POINTS: [(f32, f32); 4] =
    [(1.0, 1.0 / 3.0), (-1.0, -1.0 / 3.0), (0.5, -16.0 / 15.0), (-2.0, 1.0 / 15.0)];

/// `G g`, of `K` numbers.
#[inline(always)]
unsafe fn kernel_line<V: Lanes, const A: usize, const K: usize>(g: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let zero = V::splat(0.0);
        if A == 4 {
            let (half, outer) = (V::splat(0.5), g[0].add(g[2]));
            let (sum, difference) = (outer.add(g[1]), outer.subtract(g[1]));
            let rows = [g[0], zero.add_product(half, sum), zero.add_product(half, difference)];
            return [rows[0], rows[1], rows[2], g[2], zero, zero];
        }
        let mut values = [g[0], zero, zero, zero, zero, g[K - 1]];
        for (k, (point, factor)) in POINTS.into_iter().enumerate() {
            let point = V::splat(point);
            let mut value = g[K - 1];
            for power in (0..K - 1).rev() {
                value = g[power].add_product(point, value);
            }
            values[k + 1] = zero.add_product(V::splat(factor), value);
        }
        values
    }
}

/// `G^T u`: `K` numbers.
#[inline(always)]
unsafe fn kernel_line_back<V: Lanes, const A: usize, const K: usize>(u: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let zero = V::splat(0.0);
        if A == 4 {
            let half = V::splat(0.5);
            let (sum, difference) = (u[1].add(u[2]), u[1].subtract(u[2]));
            let rows = [u[0].add_product(half, sum), zero.add_product(half, difference)];
            return [rows[0], rows[1], u[3].add_product(half, sum), zero, zero, zero];
        }
        let mut gradient = [zero; MOST];
        (gradient[0], gradient[K - 1]) = (u[0], u[5]);
        for (k, (point, factor)) in POINTS.into_iter().enumerate() {
            let mut power = factor;
            for to in &mut gradient[..K] {
                *to = to.add_product(V::splat(power), u[k + 1]);
                power *= point;
            }
        }
        gradient
    }
}
