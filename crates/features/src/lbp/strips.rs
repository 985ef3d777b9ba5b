//! An image handed out in strips of rows that stay in the fastest cache.

use crate::kernels::lbp::SPARE;
use ndarray::{ArrayView1, ArrayView2};

/// Bytes of a strip, a little less than a first-level cache.
const STRIP_BYTES: usize = 24 * 1024;

/// What is known about the pixels around those that are worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// All pixels are worked out; around the image there is 0.
    Zeros,
    /// Pixels nearer than the margin to the border are left out.
    Cut,
}

/// Some rows of an image and what lies around them, row after row.
#[derive(Debug)]
pub(super) struct Strip<'a, T> {
    /// First row of results.
    pub(super) first: usize,
    /// Rows of results.
    pub(super) rows: usize,
    /// Results in a row.
    pub(super) columns: usize,
    /// Levels from one row to the next.
    pub(super) stride: usize,
    /// Where the first pixel lies in `levels`.
    pub(super) start: usize,
    /// All levels, and [`SPARE`] more.
    pub(super) levels: &'a [T],
}

impl<T> Strip<'_, T> {
    /// Pixels from the first to the last, with what lies between rows, in whole blocks.
    pub(super) fn run(&self) -> usize {
        ((self.rows - 1) * self.stride + self.columns).next_multiple_of(SPARE)
    }

    /// The results of each row, out of those of the run.
    pub(super) fn rows<'c, C>(&self, run: &'c [C]) -> impl Iterator<Item = (usize, &'c [C])> {
        let rows = run.chunks(self.stride).take(self.rows);
        let columns = self.columns;
        rows.enumerate().map(move |(row, run)| (self.first + row, &run[..columns]))
    }
}

/// Hands out `image` in strips with `margin` pixels on all sides; `copy` copies one row.
pub(super) fn for_each_strip<S, T: Copy + Default>(
    image: ArrayView2<'_, S>,
    margin: usize,
    border: Border,
    buffer: &mut Vec<T>,
    copy: impl Fn(ArrayView1<'_, S>, &mut [T]),
    mut work: impl FnMut(Strip<'_, T>),
) {
    let (height, width) = image.dim();
    // Zeros on each side; rows and columns of results.
    let (pad, height_out, columns) = match border {
        Border::Zeros => (margin, height, width),
        Border::Cut => (0, height.saturating_sub(2 * margin), width.saturating_sub(2 * margin)),
    };
    if height_out == 0 || columns == 0 {
        return;
    }
    let stride = width + 2 * pad;
    // Rows above and below are copied for every strip: there should be more rows than those.
    let rows = (STRIP_BYTES / size_of::<T>() / stride).max(8 * margin).clamp(1, height_out);
    buffer.resize((rows + 2 * margin) * stride + SPARE, T::default());
    for first in (0..height_out).step_by(rows) {
        let rows = rows.min(height_out - first);
        for (line, y) in buffer.chunks_exact_mut(stride).zip(first..first + rows + 2 * margin) {
            // `y` counts from `pad` rows above the image.
            match y.checked_sub(pad).filter(|&y| y < height) {
                Some(y) => {
                    line[..pad].fill(T::default());
                    copy(image.row(y), &mut line[pad..pad + width]);
                    line[pad + width..].fill(T::default());
                }
                None => line.fill(T::default()),
            }
        }
        let start = margin * stride + margin;
        work(Strip { first, rows, columns, stride, start, levels: buffer });
    }
}
