//! Counting labels in the cells of a grid.

use super::operator::{Code, Visitor};
use std::ops::Range;

/// Rows or columns of each cell along one side.
pub(super) type Spans = Vec<Range<usize>>;

/// Divides `length` pixels among `cells` cells of equal size, each of which shares the part
/// `overlap` of its side with the next: sides to whole pixels, starts in `spans`.
///
/// With `n` cells of side `s`, each starting `s (1 - overlap)` after the one before,
/// `length = s (1 + (n - 1) (1 - overlap))`.
pub(super) fn divide(length: usize, cells: usize, overlap: f64, spans: &mut Spans) {
    let step = 1.0 - overlap;
    let steps = 1.0 + (cells - 1) as f64 * step;
    let edge = |at: f64| ((at * length as f64 / steps).ceil() as usize).min(length);
    spans.clear();
    spans.extend((0..cells).map(|cell| {
        let start = cell as f64 * step;
        edge(start)..if cell + 1 == cells { length } else { edge(start + 1.0) }
    }));
}

/// Counts labels in every cell that a pixel lies in.
pub(super) struct Count<'a> {
    pub(super) rows: &'a [Range<usize>],
    pub(super) columns: &'a [Range<usize>],
    /// Labels that there are.
    pub(super) labels: usize,
    /// Cells row by row, labels in ascending order.
    pub(super) counts: &'a mut [u32],
}

impl Visitor for Count<'_> {
    fn row<C: Code>(&mut self, y: usize, labels: &[C]) {
        let first = self.rows.partition_point(|rows| rows.end <= y);
        let end = self.rows.partition_point(|rows| rows.start <= y);
        let cells = self.counts.chunks_exact_mut(self.columns.len() * self.labels);
        for cells in cells.take(end).skip(first) {
            for (columns, counts) in self.columns.iter().zip(cells.chunks_exact_mut(self.labels)) {
                for &label in &labels[columns.clone()] {
                    counts[label.into() as usize] += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(length: usize, cells: usize, overlap: f64) -> Spans {
        let mut spans = Spans::new();
        divide(length, cells, overlap, &mut spans);
        spans
    }

    /// The pixel `x` of `n` belongs to cell `x * cells / n`.
    #[test]
    fn cells_without_overlap_share_pixels_out() {
        for (length, cells) in [(1, 1), (7, 3), (26, 4), (26, 5), (100, 7), (1078, 9), (13, 13)] {
            let spans = spans(length, cells, 0.0);
            for x in 0..length {
                let of: Vec<_> = (0..cells).filter(|&cell| spans[cell].contains(&x)).collect();
                assert_eq!(of, [x * cells / length], "pixel {x} of {length}");
            }
        }
    }

    /// Three cells that overlap by half: each is half as wide as everything.
    #[test]
    fn cells_overlap() {
        assert_eq!(spans(12, 3, 0.5), [0..6, 3..9, 6..12]);
        assert_eq!(spans(10, 1, 0.9).first(), Some(&(0..10)));
    }
}
