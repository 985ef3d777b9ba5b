//! Rows in the form in which kernel values are worked out fast.

use crate::kernels::Simd;
use crate::kernels::tile::{self, HEIGHT, Map, Panel, WIDTH};
use base::Matrix;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use std::ops::Range;

/// Rows with their squared lengths, which are worked out once.
#[derive(Debug, Clone)]
pub struct Points {
    /// Panels of `WIDTH` rows, `features x WIDTH` values each; the last is filled up with zeros.
    panels: Vec<f32>,
    /// As many as there is room for in the panels.
    squares: Vec<f32>,
    len: usize,
    features: usize,
}

impl Points {
    /// Copies rows of shape `(n, features)`.
    pub fn new(rows: ArrayView2<'_, f32>) -> Self {
        Self::of(rows.nrows(), rows.ncols(), |row| rows.row(row))
    }

    /// Copies the given rows, in the order given.
    ///
    /// # Panics
    /// If a row is not there.
    pub fn pick(rows: ArrayView2<'_, f32>, order: &[usize]) -> Self {
        Self::of(order.len(), rows.ncols(), |row| rows.row(order[row]))
    }

    fn of<'a>(len: usize, features: usize, row: impl Fn(usize) -> ArrayView1<'a, f32>) -> Self {
        let room = len.div_ceil(WIDTH) * WIDTH;
        let (mut panels, mut squares) = (vec![0.0; room * features], vec![0.0; room]);
        for (at, to) in squares.iter_mut().enumerate().take(len) {
            let start = at / WIDTH * WIDTH * features + at % WIDTH;
            let mut square = 0.0;
            for (feature, &value) in row(at).iter().enumerate() {
                panels[start + feature * WIDTH] = value;
                square += f64::from(value) * f64::from(value);
            }
            *to = square as f32;
        }
        Self { panels, squares, len, features }
    }

    /// All rows as a [`Side`] of a block.
    pub fn side(&self) -> Side<'_> {
        Side { points: self, rows: 0..self.len }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Numbers per row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// A copy of the rows, shape `(n, features)`.
    pub fn to_rows(&self) -> Matrix {
        Matrix::from_shape_fn((self.len, self.features), |(row, feature)| self.value(row, feature))
    }

    /// A copy of the given rows, shape `(rows, features)`.
    pub(crate) fn rows_of(&self, rows: &[usize]) -> Matrix {
        Matrix::from_shape_fn((rows.len(), self.features), |(at, feature)| {
            self.value(rows[at], feature)
        })
    }

    /// Squared length of each row.
    pub fn squares(&self) -> &[f32] {
        &self.squares[..self.len]
    }

    /// The largest squared length; 0 without rows.
    pub fn largest_square(&self) -> f32 {
        self.squares.iter().copied().fold(0.0, f32::max)
    }

    pub(crate) fn value(&self, row: usize, feature: usize) -> f32 {
        assert!(row < self.len && feature < self.features, "inside the rows");
        self.panels[row / WIDTH * WIDTH * self.features + feature * WIDTH + row % WIDTH]
    }

    fn panel(&self, panel: usize) -> Panel<'_> {
        let size = WIDTH * self.features;
        Panel {
            values: &self.panels[panel * size..(panel + 1) * size],
            squares: &self.squares[panel * WIDTH..(panel + 1) * WIDTH],
        }
    }
}

/// Some neighbouring rows of [`Points`]: one side of a block of kernel values.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    points: &'a Points,
    rows: Range<usize>,
}

impl<'a> Side<'a> {
    /// Rows `start..end` of this side.
    ///
    /// # Panics
    /// If there are not that many.
    pub fn part(&self, start: usize, end: usize) -> Side<'a> {
        assert!(start <= end && end <= self.len(), "{start}..{end} of {} rows", self.len());
        Side { points: self.points, rows: self.rows.start + start..self.rows.start + end }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// These rows as the left side of blocks.
    pub(crate) fn left(&self) -> Left {
        Left::new(self.points, self.rows.clone())
    }

    pub(crate) fn value(&self, row: usize, feature: usize) -> f32 {
        self.points.value(self.rows.start + row, feature)
    }
}

/// Rows in groups, as [`tile::values`] wants the left ones.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    groups: Vec<f32>,
    squares: Vec<f32>,
    features: usize,
}

impl Left {
    pub(crate) fn new(points: &Points, rows: impl ExactSizeIterator<Item = usize>) -> Self {
        let (features, count) = (points.features, rows.len());
        let height = if count == 1 { 1 } else { HEIGHT };
        let mut groups = vec![0.0; count.div_ceil(height) * height * features];
        let mut squares = Vec::with_capacity(count);
        for (at, row) in rows.enumerate() {
            let panel = points.panel(row / WIDTH);
            squares.push(panel.squares[row % WIDTH]);
            let from = panel.values.chunks_exact(WIDTH);
            let start = at / height * height * features;
            let to = groups[start..start + height * features].chunks_exact_mut(height);
            for (to, from) in to.zip(from) {
                to[at % height] = from[row % WIDTH];
            }
        }
        Self { groups, squares, features }
    }

    pub(crate) fn len(&self) -> usize {
        self.squares.len()
    }

    /// Writes the values of these rows with those of `right` into `out`, of which row `r` starts
    /// at `r * stride`.
    ///
    /// # Panics
    /// If the rows have different lengths or `out` is too small.
    pub(crate) fn values(&self, map: Map, right: &Side<'_>, out: &mut [f32], stride: usize) {
        assert_eq!(self.features, right.points.features, "rows of equal length");
        if right.is_empty() || self.len() == 0 {
            return;
        }
        let simd = Simd::best();
        let Range { start, end } = right.rows;
        let mut tile = vec![0.0; self.len().div_ceil(HEIGHT) * HEIGHT * WIDTH];
        for number in start / WIDTH..end.div_ceil(WIDTH) {
            let panel = right.points.panel(number);
            tile::values(simd, map, self.features, &self.groups, &self.squares, panel, &mut tile);
            let first = start.max(number * WIDTH);
            let last = end.min((number + 1) * WIDTH);
            let (from, to) = (first - number * WIDTH, first - start);
            for (row, tile) in tile.chunks_exact(WIDTH).take(self.len()).enumerate() {
                let to = row * stride + to;
                out[to..to + last - first].copy_from_slice(&tile[from..from + last - first]);
            }
        }
    }

    /// As [`Self::values`], into an array of shape `(left, right)`.
    pub(crate) fn values_into(&self, map: Map, right: &Side<'_>, out: &mut ArrayViewMut2<'_, f32>) {
        assert_eq!(out.dim(), (self.len(), right.len()), "one value per pair of rows");
        if out.is_empty() {
            return;
        }
        if let Some(out) = out.as_slice_mut() {
            return self.values(map, right, out, right.len());
        }
        let mut block = vec![0.0; out.len()];
        self.values(map, right, &mut block, right.len());
        for (to, from) in out.iter_mut().zip(block) {
            *to = from;
        }
    }
}
