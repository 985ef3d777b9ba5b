//! The transforms of F(2x2, 3x3), each a matrix on both sides of a small square.
//!
//! ```text
//!        1  0 -1  0              1   0   0
//! B^T =  0  1  1  0        G =  1/2 1/2 1/2       A^T = 1  1  1  0
//!        0 -1  1  0             1/2-1/2 1/2             0  1 -1 -1
//!        0  1  0 -1              0   0   1
//! ```

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::super::lanes::Lanes;

/// Numbers of a transformed square.
pub(super) const SQUARE: usize = 16;

type Square<T, const N: usize> = [[T; N]; N];

// Written as loops: the compiler would not take closures over vectors apart.

/// `B^T d B` of 4x4 inputs.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn of_input<V: Lanes>(d: Square<V, 4>) -> Square<V, 4> {
    // SAFETY: passed on.
    unsafe {
        let mut rows = d;
        for j in 0..4 {
            rows[0][j] = d[0][j].subtract(d[2][j]);
            rows[1][j] = d[1][j].add(d[2][j]);
            rows[2][j] = d[2][j].subtract(d[1][j]);
            rows[3][j] = d[1][j].subtract(d[3][j]);
        }
        for row in &mut rows {
            let [a, b, c, d] = *row;
            *row = [a.subtract(c), b.add(c), c.subtract(b), b.subtract(d)];
        }
        rows
    }
}

/// `A^T m A`: the 2x2 outputs of 4x4 products.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_output<V: Lanes>(m: Square<V, 4>) -> Square<V, 2> {
    // SAFETY: passed on.
    unsafe {
        let mut rows = [m[0], m[3]];
        for j in 0..4 {
            rows[0][j] = m[0][j].add(m[1][j]).add(m[2][j]);
            rows[1][j] = m[1][j].subtract(m[2][j]).subtract(m[3][j]);
        }
        let [[a, b, c, d], [e, f, g, h]] = rows;
        [[a.add(b).add(c), b.subtract(c).subtract(d)], [e.add(f).add(g), f.subtract(g).subtract(h)]]
    }
}

/// `A dy A^T`: the gradient of 4x4 products, from that of 2x2 outputs.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_gradient<V: Lanes>(dy: Square<V, 2>) -> Square<V, 4> {
    // SAFETY: passed on.
    unsafe {
        let (zero, [[a, b], [c, d]]) = (V::splat(0.0), dy);
        let mut rows = [[a, b, zero, zero]; 4];
        rows[1] = [a.add(c), b.add(d), zero, zero];
        rows[2] = [a.subtract(c), b.subtract(d), zero, zero];
        rows[3] = [zero.subtract(c), zero.subtract(d), zero, zero];
        for row in &mut rows {
            let [a, b, ..] = *row;
            *row = [a, a.add(b), a.subtract(b), zero.subtract(b)];
        }
        rows
    }
}

/// `G^T u G`: the gradient of 3x3 kernels, from that of their transforms.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn to_kernel<V: Lanes>(u: Square<V, 4>) -> Square<V, 3> {
    // SAFETY: passed on.
    unsafe {
        let (zero, half) = (V::splat(0.0), V::splat(0.5));
        let mut rows = [u[0], u[1], u[3]];
        for j in 0..4 {
            rows[0][j] = u[0][j].add_product(half, u[1][j].add(u[2][j]));
            rows[1][j] = zero.add_product(half, u[1][j].subtract(u[2][j]));
            rows[2][j] = u[3][j].add_product(half, u[1][j].add(u[2][j]));
        }
        let mut kernels = [[zero; 3]; 3];
        for i in 0..3 {
            let [a, b, c, d] = rows[i];
            kernels[i][0] = a.add_product(half, b.add(c));
            kernels[i][1] = zero.add_product(half, b.subtract(c));
            kernels[i][2] = d.add_product(half, b.add(c));
        }
        kernels
    }
}

/// `G g G^T` of 3x3 kernels.
///
/// # Safety
/// As [`of_input`].
#[inline(always)]
pub(super) unsafe fn of_kernel<V: Lanes>(g: Square<V, 3>) -> Square<V, 4> {
    // SAFETY: passed on.
    unsafe {
        let (zero, half) = (V::splat(0.0), V::splat(0.5));
        let mut rows = [[zero; 3]; 4];
        for j in 0..3 {
            let outer = g[0][j].add(g[2][j]);
            rows[0][j] = g[0][j];
            rows[1][j] = zero.add_product(half, outer.add(g[1][j]));
            rows[2][j] = zero.add_product(half, outer.subtract(g[1][j]));
            rows[3][j] = g[2][j];
        }
        let mut square = [[zero; 4]; 4];
        for i in 0..4 {
            let [a, b, c] = rows[i];
            square[i][0] = a;
            square[i][1] = zero.add_product(half, a.add(c).add(b));
            square[i][2] = zero.add_product(half, a.add(c).subtract(b));
            square[i][3] = c;
        }
        square
    }
}
