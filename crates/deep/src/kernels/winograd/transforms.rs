//! The transforms of F(2x2, 3x3) and F(2x2, 5x5): of polynomials to their values and back.
//!
//! A kernel of 3 numbers and 2 outputs are polynomials of degree 2 and 1. Their product is known by
//! its values at 4 points, and multiplying values takes 4 multiplications where multiplying
//! polynomials takes 6. The points are 0, 1, -1 and infinity, and also 1/2 and -2 for 5 numbers:
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
//! A^T =  1   1   1   1   1   0
//!        0   1  -1  1/2 -2   1
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

/// `A^T m A` of products: outputs in the first 2 rows and columns.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_output<V: Lanes, const A: usize>(mut m: Square<V>) -> [[V; 2]; 2] {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A {
            let column = column(&m, j);
            [m[0][j], m[1][j]] = output_line::<V, A>(column);
        }
        [output_line::<V, A>(m[0]), output_line::<V, A>(m[1])]
    }
}

/// `A dy A^T`: the gradient of products, from that of outputs in the first 2 rows and columns.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_gradient<V: Lanes, const A: usize>(mut dy: Square<V>) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..2 {
            let line = gradient_line::<V, A>([dy[0][j], dy[1][j]]);
            put_column(&mut dy, j, line);
        }
        for i in 0..A {
            dy[i] = gradient_line::<V, A>([dy[i][0], dy[i][1]]);
        }
        dy
    }
}

/// `G g G^T` of kernels of side `A - 1`.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_kernel<V: Lanes, const A: usize>(mut g: Square<V>) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A - 1 {
            let column = column(&g, j);
            put_column(&mut g, j, kernel_line::<V, A>(column));
        }
        for i in 0..A {
            g[i] = kernel_line::<V, A>(g[i]);
        }
        g
    }
}

/// `G^T u G`: the gradient of kernels, from that of their transforms.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_kernel<V: Lanes, const A: usize>(mut u: Square<V>) -> Square<V> {
    // SAFETY: passed on.
    unsafe {
        for j in 0..A {
            let column = column(&u, j);
            put_column(&mut u, j, kernel_line_back::<V, A>(column));
        }
        for i in 0..A - 1 {
            u[i] = kernel_line_back::<V, A>(u[i]);
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

/// `A^T m`.
#[inline(always)]
unsafe fn output_line<V: Lanes, const A: usize>(m: [V; MOST]) -> [V; 2] {
    // SAFETY: passed on.
    unsafe {
        let (even, odd) = (m[0].add(m[1]).add(m[2]), m[1].subtract(m[2]));
        if A == 4 {
            return [even, odd.subtract(m[3])];
        }
        let (half, two) = (V::splat(0.5), V::splat(2.0));
        let odd = odd.add_product(half, m[3]).subtract_product(two, m[4]);
        [even.add(m[3]).add(m[4]), odd.add(m[5])]
    }
}

/// `A dy`.
#[inline(always)]
unsafe fn gradient_line<V: Lanes, const A: usize>([a, b]: [V; 2]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let (sum, difference) = (a.add(b), a.subtract(b));
        if A == 4 {
            return [a, sum, difference, V::splat(0.0).subtract(b), a, a];
        }
        let (half, two) = (V::splat(0.5), V::splat(2.0));
        [a, sum, difference, a.add_product(half, b), a.subtract_product(two, b), b]
    }
}

/// Points, and what a kernel's values there are multiplied with.
const POINTS: [(f32, f32); 4] =
    [(1.0, 1.0 / 3.0), (-1.0, -1.0 / 3.0), (0.5, -16.0 / 15.0), (-2.0, 1.0 / 15.0)];

/// `G g`.
#[inline(always)]
unsafe fn kernel_line<V: Lanes, const A: usize>(g: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let zero = V::splat(0.0);
        if A == 4 {
            let (half, outer) = (V::splat(0.5), g[0].add(g[2]));
            let (sum, difference) = (outer.add(g[1]), outer.subtract(g[1]));
            let rows = [g[0], zero.add_product(half, sum), zero.add_product(half, difference)];
            return [rows[0], rows[1], rows[2], g[2], zero, zero];
        }
        let mut values = [g[0], zero, zero, zero, zero, g[4]];
        for (k, (point, factor)) in POINTS.into_iter().enumerate() {
            let point = V::splat(point);
            let mut value = g[4];
            for power in [3, 2, 1, 0] {
                value = g[power].add_product(point, value);
            }
            values[k + 1] = zero.add_product(V::splat(factor), value);
        }
        values
    }
}

/// `G^T u`.
#[inline(always)]
unsafe fn kernel_line_back<V: Lanes, const A: usize>(u: [V; MOST]) -> [V; MOST] {
    // SAFETY: passed on.
    unsafe {
        let zero = V::splat(0.0);
        if A == 4 {
            let half = V::splat(0.5);
            let (sum, difference) = (u[1].add(u[2]), u[1].subtract(u[2]));
            let rows = [u[0].add_product(half, sum), zero.add_product(half, difference)];
            return [rows[0], rows[1], u[3].add_product(half, sum), zero, zero, zero];
        }
        let mut gradient = [u[0], zero, zero, zero, u[5], zero];
        for (k, (point, factor)) in POINTS.into_iter().enumerate() {
            let mut power = factor;
            for to in &mut gradient[..5] {
                *to = to.add_product(V::splat(power), u[k + 1]);
                power *= point;
            }
        }
        gradient
    }
}
