//! The matrix of columns of one image ("im2col") and its inverse ("col2im").
//!
//! `columns[(c, i, j), (r, s)] = x[c, r stride + i dilation - p, s stride + j dilation - p]`, and 0
//! where that lies outside the map: one row per input map and place in the kernel, one column per
//! output pixel.

use crate::kernels::{add, wide};
use crate::layer::Shape;
use crate::layer::window::Window;
use crate::real::Real;
use std::ops::Range;

/// Writes the columns of `image` for rows `rows` of the output; shape `(channels * size * size,
/// rows * output width)`.
pub(super) fn to_columns<R: Real>(
    image: &[R],
    input: Shape,
    output: Shape,
    window: Window,
    rows: &Range<usize>,
    columns: &mut [R],
) {
    let mut long_rows = columns.chunks_exact_mut(rows.len() * output.width);
    for map in image.chunks_exact(input.plane()) {
        for ((i, j), row) in kernel(window.size).zip(&mut long_rows) {
            if keeps_size(input, output, window) {
                let (dy, dx) = offset(window, i, j);
                let (to, from) = moved(input, rows, dy, dx);
                row[..to.start].fill(R::zero());
                row[to.end..].fill(R::zero());
                row[to].copy_from_slice(&map[from]);
                clear_wrapped(row, input.width, dx);
            } else {
                let (first, end) = window.inside(j, input.width, output.width);
                for (row, r) in row.chunks_exact_mut(output.width).zip(rows.clone()) {
                    let Some(y) = window.covered(r, i, input.height) else {
                        row.fill(R::zero());
                        continue;
                    };
                    row[..first].fill(R::zero());
                    row[end..].fill(R::zero());
                    let start = y * input.width + first_column(window, first, j);
                    let from = map[start.min(map.len())..].iter().step_by(window.stride);
                    row[first..end].iter_mut().zip(from).for_each(|(to, &from)| *to = from);
                }
            }
        }
    }
}

/// Adds every number of `columns` to the one that [`to_columns`] copied it from; `columns` is used
/// up.
pub(super) fn from_columns<R: Real>(
    columns: &mut [R],
    input: Shape,
    output: Shape,
    window: Window,
    rows: &Range<usize>,
    image: &mut [R],
) {
    let mut long_rows = columns.chunks_exact_mut(rows.len() * output.width);
    for map in image.chunks_exact_mut(input.plane()) {
        for ((i, j), row) in kernel(window.size).zip(&mut long_rows) {
            if keeps_size(input, output, window) {
                let (dy, dx) = offset(window, i, j);
                let (to, from) = moved(input, rows, dy, dx);
                clear_wrapped(row, input.width, dx);
                wide(|| add(&mut map[from], &row[to]));
            } else {
                let (first, end) = window.inside(j, input.width, output.width);
                for (row, r) in row.chunks_exact(output.width).zip(rows.clone()) {
                    let Some(y) = window.covered(r, i, input.height) else { continue };
                    let start = y * input.width + first_column(window, first, j);
                    let start = start.min(map.len());
                    let to = map[start..].iter_mut().step_by(window.stride);
                    to.zip(&row[first..end]).for_each(|(to, &from)| *to += from);
                }
            }
        }
    }
}

/// The places `(i, j)` of a kernel, row by row.
fn kernel(size: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..size).flat_map(move |i| (0..size).map(move |j| (i, j)))
}

/// The column that place `first`, the first inside the map, covers with column `j` of the kernel.
fn first_column(window: Window, first: usize, j: usize) -> usize {
    (first * window.stride + j * window.dilation).saturating_sub(window.padding)
}

/// Whether outputs lie on inputs: a map is then moved as one long row, which is faster.
fn keeps_size(input: Shape, output: Shape, window: Window) -> bool {
    window.stride == 1 && (input.height, input.width) == (output.height, output.width)
}

/// How far the numbers under place `(i, j)` of the kernel lie from the output.
fn offset(window: Window, i: usize, j: usize) -> (isize, isize) {
    let from = |k: usize| (k * window.dilation) as isize - window.padding as isize;
    (from(i), from(j))
}

/// A map moved by `(dy, dx)`, with zeros where it has no number, is the map as one long row moved
/// by `dy * width + dx`, but for the columns where that wraps around the edge. For rows `rows` of
/// the moved map, these are the ranges `(to, from)` of the long rows.
fn moved(shape: Shape, rows: &Range<usize>, dy: isize, dx: isize) -> (Range<usize>, Range<usize>) {
    let by = dy * shape.width as isize + dx;
    let (start, end) = ((rows.start * shape.width) as isize, (rows.end * shape.width) as isize);
    let inside = |pixel: isize| pixel.clamp(-by, shape.plane() as isize - by);
    let (first, last) = (inside(start), inside(end));
    let count = (last - first) as usize;
    // Where nothing is moved, `first` may lie outside of the rows.
    let (to, from) = ((first - start).clamp(0, end - start) as usize, (first + by) as usize);
    (to..to + count, from..from + count)
}

/// Sets to zero the columns of a moved map that wrapped around the edge.
fn clear_wrapped<R: Real>(map: &mut [R], width: usize, dx: isize) {
    let count = dx.unsigned_abs().min(width);
    let start = if dx >= 0 { width - count } else { 0 };
    if count > 0 {
        for row in map.chunks_exact_mut(width) {
            row[start..start + count].fill(R::zero());
        }
    }
}
