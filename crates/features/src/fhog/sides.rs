//! Where the cells of an image lie, and how pixels share their votes among them.

use crate::kernels::fhog::Span;
use base::Size;
use std::ops::Range;

/// Whose conventions: they differ in the pixels that vote, and in roundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    Dlib,
    VlFeat,
}

/// What determines where cells lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) library: Library,
    pub(super) cell_size: usize,
    pub(super) size: Size,
}

/// Both sides of an image.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) geometry: Geometry,
    /// Shares are those of the cells `[above, above, below, below]`.
    pub(super) rows: Side,
    /// Shares are those of the cells `[left, right, left, right]`.
    pub(super) columns: Side,
    /// Columns that dlib works on eight at a time.
    eights: Range<usize>,
}

/// Where cells lie along one side of an image.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// Cells along it.
    pub(super) cells: usize,
    /// The pixels that vote, in pieces between centres of cells.
    pub(super) spans: Vec<Span>,
    /// How each pixel shares its vote, up to the last that votes.
    pub(super) shares: Vec<[f32; 4]>,
}

impl Geometry {
    /// Cells along a side, rounded half up; both libraries agree, dlib rounds to `f32` on the way.
    pub(super) fn cells(self, pixels: usize) -> usize {
        match self.library {
            Library::Dlib => (f64::from(pixels as f32 / self.cell_size as f32) + 0.5) as usize,
            Library::VlFeat => (pixels + self.cell_size / 2) / self.cell_size,
        }
    }

    /// The place after the last pixel that votes: the last has no neighbour, and dlib leaves out
    /// those beyond the last cell too.
    fn end(self, pixels: usize) -> usize {
        match self.library {
            Library::Dlib => pixels.min(self.cells(pixels) * self.cell_size) - 1,
            Library::VlFeat => pixels.max(2) - 1,
        }
    }
}

impl Sides {
    /// Both sides of the image must be at least one cell, for dlib at least 2 pixels.
    pub(super) fn new(geometry: Geometry) -> Self {
        let Geometry { library, cell_size, size } = geometry;
        let end = geometry.end(size.width);
        let eights = match library {
            Library::Dlib => 1..1 + end.saturating_sub(8).next_multiple_of(8),
            Library::VlFeat => 1..1,
        };
        let place = |x| {
            if eights.contains(&x) { place_single(cell_size, x) } else { place(cell_size, x) }
        };
        let columns =
            Side::new(geometry, size.width, place, |[left, right]| [left, right, left, right]);
        let place = |y| self::place(cell_size, y);
        let rows =
            Side::new(geometry, size.height, place, |[above, below]| [above, above, below, below]);
        Self { geometry, rows, columns, eights }
    }

    /// The columns that vote, and whether the last or the first of channels with equally strong
    /// gradients counts there.
    pub(super) fn ties(&self) -> [(Range<usize>, bool); 2] {
        let Range { start, end } = self.eights;
        [(start..end, true), (end..self.columns.shares.len(), false)]
    }
}

impl Side {
    fn new(
        geometry: Geometry,
        pixels: usize,
        place: impl Fn(usize) -> (usize, f32),
        shares: impl Fn([f32; 2]) -> [f32; 4],
    ) -> Self {
        let end = geometry.end(pixels);
        let mut spans: Vec<Span> = Vec::new();
        let mut all = vec![[0.0; 4]; end];
        for (x, pixel) in all.iter_mut().enumerate().skip(1) {
            let (cell, behind) = place(x);
            *pixel = shares([1.0 - behind, behind]);
            match spans.last_mut() {
                Some(span) if span.cell == cell => span.end = x + 1,
                _ => spans.push(Span { cell, start: x, end: x + 1 }),
            }
        }
        Self { cells: geometry.cells(pixels), spans, shares: all }
    }
}

/// The last cell, counting a frame of one cell, whose centre lies at or before a pixel's, and the
/// share of the next in its vote.
fn place(cell_size: usize, x: usize) -> (usize, f32) {
    let position = ((x as f64 + 0.5) / cell_size as f64 - 0.5) as f32;
    ((position.floor() + 1.0) as usize, position - position.floor())
}

/// The same in single precision, as dlib works out eight at a time.
fn place_single(cell_size: usize, x: usize) -> (usize, f32) {
    let position = (x as f32 + 0.5) / cell_size as f32 + 0.5;
    (position as usize, position - position.floor())
}
