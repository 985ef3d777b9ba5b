//! The innermost loops of convolution: sums that stay in registers.
//!
//! Both loops keep `O x T` registers of sums. A number of one side is multiplied with `T`, one of
//! the other with `O` before the next is fetched, so that multiplying takes longer than fetching.

#![allow(unsafe_code)]

use super::lanes::Lanes;

/// Maps in memory: where the first number is, and how far it is to the next map and row.
#[derive(Clone, Copy)]
pub(super) struct Maps {
    pub(super) start: *const f32,
    pub(super) count: usize,
    pub(super) stride: usize,
    pub(super) pitch: usize,
}

/// `y[o][t] = start[o] + sum over c, i, j of w[c, i, j][o] x[c][t + i pitch + j]` for `O` maps and
/// `places` places. `y` has a row of `y_stride` numbers for each map.
///
/// # Safety
/// The processor must have the instructions of `V`. There must be numbers wherever the formula
/// says, for `places` rounded up to whole vectors.
#[inline(always)]
pub(super) unsafe fn convolve<V: Lanes, const O: usize>(
    x: Maps,
    size: usize,
    w: *const f32,
    start: *const f32,
    places: usize,
    y: *mut f32,
    y_stride: usize,
) {
    let vectors = places.div_ceil(V::COUNT);
    let mut first = 0;
    // SAFETY: passed on.
    unsafe {
        while first < vectors {
            let x = Maps { start: x.start.add(first * V::COUNT), ..x };
            let y = y.add(first * V::COUNT);
            match vectors - first {
                1 => convolve_tile::<V, O, 1>(x, size, w, start, y, y_stride),
                2 => convolve_tile::<V, O, 2>(x, size, w, start, y, y_stride),
                _ => convolve_tile::<V, O, 3>(x, size, w, start, y, y_stride),
            }
            first += 3;
        }
    }
}

#[inline(always)]
unsafe fn convolve_tile<V: Lanes, const O: usize, const T: usize>(
    x: Maps,
    size: usize,
    mut w: *const f32,
    start: *const f32,
    y: *mut f32,
    y_stride: usize,
) {
    // SAFETY: passed on.
    unsafe {
        let mut sums = [[V::splat(0.0); T]; O];
        for o in 0..O {
            sums[o] = [V::splat(*start.add(o)); T];
        }
        for c in 0..x.count {
            let map = x.start.add(c * x.stride);
            for i in 0..size {
                let row = map.add(i * x.pitch);
                for j in 0..size {
                    let mut numbers = [V::splat(0.0); T];
                    for t in 0..T {
                        numbers[t] = V::load(row.add(j + t * V::COUNT));
                    }
                    for o in 0..O {
                        let weight = V::splat(*w.add(o));
                        for t in 0..T {
                            sums[o][t] = sums[o][t].add_product(weight, numbers[t]);
                        }
                    }
                    w = w.add(O);
                }
            }
        }
        for o in 0..O {
            for t in 0..T {
                sums[o][t].store(y.add(o * y_stride + t * V::COUNT));
            }
        }
    }
}

/// `sums[o][j] += sum over t of dy[o][t] x[t + j]` for `O` maps and `J` neighbouring columns of the
/// kernel, `t` from 0 to `places`.
///
/// # Safety
/// The processor must have the instructions of `V`. There must be numbers wherever the formula
/// says, for `places` rounded up to whole vectors; beyond `places`, those of `dy` must be 0.
#[inline(always)]
pub(super) unsafe fn correlate<V: Lanes, const O: usize, const J: usize>(
    x: *const f32,
    dy: Maps,
    places: usize,
    sums: &mut [[f32; J]; O],
) {
    // SAFETY: passed on.
    unsafe {
        let mut lanes = [[V::splat(0.0); J]; O];
        for t in (0..places).step_by(V::COUNT) {
            let mut numbers = [V::splat(0.0); J];
            for j in 0..J {
                numbers[j] = V::load(x.add(t + j));
            }
            for o in 0..O {
                let gradient = V::load(dy.start.add(o * dy.stride + t));
                for j in 0..J {
                    lanes[o][j] = lanes[o][j].add_product(gradient, numbers[j]);
                }
            }
        }
        for o in 0..O {
            for j in 0..J {
                sums[o][j] += lanes[o][j].sum();
            }
        }
    }
}
