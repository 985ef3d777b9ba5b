//! Products of matrices that lie in the cache already: sums stay in registers.
//!
//! `P` numbers of the left matrix and `Q` vectors of the right one make `P x Q` registers of sums.
//! Every sum is made in the same order wherever it is, so that the number of rows that are
//! multiplied at once cannot change a bit.

#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)] // indices of the formulas

use super::lanes::Lanes;

/// The left matrix: number `(m, k)` is `m * row + k * step` from the first.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

/// The right matrix: its rows follow each other, or it lies in [`Strips`].
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) start: *const f32,
    pub(super) in_strips: bool,
}

/// A right matrix that is read as it lies: strips of 4 vectors of columns one after another, and
/// in each strip its rows. The last strip may have fewer columns. Where a matrix comes from beyond
/// the second cache and is used for a few rows only, this is what the time depends on.
#[derive(Clone, Copy)]
pub(super) struct Strips {
    depth: usize,
    columns: usize,
    /// Columns of a strip.
    width: usize,
}

impl Strips {
    /// Of `depth` rows, for vectors of `count` numbers.
    #[inline(always)]
    pub(super) fn new(count: usize, depth: usize, columns: usize) -> Self {
        Self { depth, columns, width: 4 * count }
    }

    /// Where number `(k, column)` lies.
    #[inline(always)]
    pub(super) fn place(self, k: usize, column: usize) -> usize {
        let within = column % self.width;
        (column - within) * self.depth + k * self.row(column) + within
    }

    /// Numbers of a row of the strip that has this column.
    #[inline(always)]
    fn row(self, column: usize) -> usize {
        (self.columns - (column - column % self.width)).min(self.width)
    }
}

/// How often each number is used, and whether sums are added to what is there.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) rows: usize,
    pub(super) depth: usize,
    /// A multiple of the vectors' count.
    pub(super) columns: usize,
    pub(super) add: bool,
}

/// `c[m, q] = sum over k of a[m, k] b[k, q]`, or that added to `c`, whose rows follow each other.
/// `P4`, `P2` rows at once where there are 4 vectors of columns, or 2 and 1.
///
/// # Safety
/// The processor must have the instructions of `V`. There must be numbers wherever the formula
/// says.
#[inline(always)]
pub(super) unsafe fn multiply<V: Lanes, const P4: usize, const P2: usize>(
    a: Left,
    b: Right,
    c: *mut f32,
    sizes: Sizes,
) {
    let strips = Strips::new(V::COUNT, sizes.depth, sizes.columns);
    let mut q = 0;
    // SAFETY: passed on.
    unsafe {
        while q < sizes.columns {
            let c = c.add(q);
            let b = match b.in_strips {
                true => (b.start.add(strips.place(0, q)), strips.row(q)),
                false => (b.start.add(q), sizes.columns),
            };
            q += V::COUNT
                * match (sizes.columns - q) / V::COUNT {
                    1 => all_rows::<V, P2, 1>(a, b, c, sizes),
                    2 | 3 => all_rows::<V, P2, 2>(a, b, c, sizes),
                    _ => all_rows::<V, P4, 4>(a, b, c, sizes),
                };
        }
    }
}

/// `Q` vectors of columns, given the first row of those of `b` and how far it is to the next;
/// returns `Q`.
#[inline(always)]
unsafe fn all_rows<V: Lanes, const P: usize, const Q: usize>(
    a: Left,
    b: (*const f32, usize),
    c: *mut f32,
    sizes: Sizes,
) -> usize {
    let mut m = 0;
    // SAFETY: passed on.
    unsafe {
        let rows = |m: usize| (Left { start: a.start.add(m * a.row), ..a }, m * sizes.columns);
        while m + P <= sizes.rows {
            let (a, to) = rows(m);
            tile::<V, P, Q>(a, b, c.add(to), sizes);
            m += P;
        }
        while P > 4 && m + 4 <= sizes.rows {
            let (a, to) = rows(m);
            tile::<V, 4, Q>(a, b, c.add(to), sizes);
            m += 4;
        }
        while m + 2 <= sizes.rows {
            let (a, to) = rows(m);
            tile::<V, 2, Q>(a, b, c.add(to), sizes);
            m += 2;
        }
        if m < sizes.rows {
            let (a, to) = rows(m);
            tile::<V, 1, Q>(a, b, c.add(to), sizes);
        }
    }
    Q
}

#[inline(always)]
unsafe fn tile<V: Lanes, const P: usize, const Q: usize>(
    a: Left,
    (mut b, row): (*const f32, usize),
    c: *mut f32,
    sizes: Sizes,
) {
    // SAFETY: passed on.
    unsafe {
        let mut sums = [[V::splat(0.0); Q]; P];
        let mut left = a.start;
        for _ in 0..sizes.depth {
            let mut vectors = [V::splat(0.0); Q];
            for q in 0..Q {
                vectors[q] = V::load(b.add(q * V::COUNT));
            }
            for p in 0..P {
                let number = V::splat(*left.add(p * a.row));
                for q in 0..Q {
                    sums[p][q] = sums[p][q].add_product(number, vectors[q]);
                }
            }
            left = left.add(a.step);
            b = b.wrapping_add(row);
        }
        for p in 0..P {
            for q in 0..Q {
                let to = c.add(p * sizes.columns + q * V::COUNT);
                let sum = if sizes.add { sums[p][q].add(V::load(to)) } else { sums[p][q] };
                sum.store(to);
            }
        }
    }
}
