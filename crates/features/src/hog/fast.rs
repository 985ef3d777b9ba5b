//! scikit-image's HOG: each pixel votes for one orientation of one cell.

use super::batch::Batch;
use super::blocks;
use super::cells::Cells;
use super::gradient::Orientations;
use super::params::{BlockNorm, Gamma, HogParams};
use super::plain::Plain;
use crate::kernels::Simd;
use crate::kernels::hog::LANES;
use crate::kernels::hog_blocks;
use ndarray::{ArrayView3, ArrayView4};
use std::ops::Range;

/// Images with more columns of cells are described one by one, smaller ones side by side.
const WIDE: usize = 32;

const CONTIGUOUS: &str = "standard layout is contiguous";

/// With these settings. Images must be at least as large as a block.
#[derive(Debug, Clone)]
pub(super) struct Fast {
    simd: Simd,
    orientations: Orientations,
    cell_size: [usize; 2],
    block_size: [usize; 2],
    norm: BlockNorm,
    /// Square roots of the pixel values, if they are to be taken.
    roots: Option<Box<[f64; 256]>>,
}

/// Counts the next row of cells.
enum Rows<'a> {
    Cells(Cells<'a>),
    Plain(Plain<'a>),
}

impl Rows<'_> {
    fn next(&mut self, orientations: &Orientations, out: &mut [f32]) {
        match self {
            Self::Cells(cells) => cells.next(orientations, out),
            Self::Plain(plain) => plain.next(orientations, out),
        }
    }
}

impl Fast {
    pub(super) fn new(params: &HogParams) -> Self {
        let roots = || Box::new(std::array::from_fn(|level| (level as f64).sqrt()));
        Self {
            simd: Simd::best(),
            orientations: Orientations::new(params.orientations),
            cell_size: params.cell_size,
            block_size: params.block_size,
            norm: params.block_norm,
            roots: (params.gamma == Gamma::Sqrt).then(roots),
        }
    }

    /// Mean votes per cell and orientation, cells row by row.
    pub(super) fn cells(&self, image: ArrayView3<'_, u8>) -> Vec<f32> {
        let (height, width, channels) = image.dim();
        let grid = self.grid([height, width, channels]);
        let pixels = image.as_standard_layout();
        let mut cells = self.rows(pixels.as_slice().expect(CONTIGUOUS), grid.size);
        let mut votes = vec![0.0; grid.rows * grid.row];
        for votes in votes.chunks_exact_mut(grid.row) {
            cells.next(&self.orientations, votes);
        }
        votes
    }

    /// The descriptor in double precision, scikit-image's bits: blocks row by row, in each its
    /// cells row by row, in each its orientations.
    pub(super) fn blocks(&self, image: ArrayView3<'_, u8>) -> Vec<f64> {
        let (height, width, channels) = image.dim();
        let grid = self.grid([height, width, channels]);
        let [block_height, block_width] = self.block_size;
        let count = self.orientations.count();
        let votes = self.cells(image);
        let mut out = Vec::new();
        for top in 0..=grid.rows - block_height {
            for left in 0..=grid.columns - block_width {
                let start = out.len();
                for y in top..top + block_height {
                    let run = &votes[y * grid.row + left * count..][..block_width * count];
                    out.extend(run.iter().copied().map(f64::from));
                }
                blocks::normalise(&mut out[start..], self.norm);
            }
        }
        out
    }

    /// As [`Self::blocks`], but in single precision. Sums of blocks are added in another order, so
    /// one number in a hundred million or so is rounded to the other side.
    pub(super) fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        let (height, width, channels) = image.dim();
        let grid = self.grid([height, width, channels]);
        let pixels = image.as_standard_layout();
        let mut cells = self.rows(pixels.as_slice().expect(CONTIGUOUS), grid.size);
        let mut ring = vec![0.0; grid.ring()];
        for y in 0..grid.rows {
            cells.next(&self.orientations, &mut ring[grid.place(y)]);
            self.normalise(&grid, y, &ring, out);
        }
    }

    /// As [`Self::extract`], of many images of one size, shape `(n, height, width, channels)`.
    pub(super) fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        let (count, height, width, channels) = images.dim();
        let grid = self.grid([height, width, channels]);
        let length = out.len() / count;
        if self.roots.is_some() || grid.columns > WIDE {
            for (image, out) in images.outer_iter().zip(out.chunks_exact_mut(length)) {
                self.extract(image, out);
            }
            return;
        }
        let pixels = images.as_standard_layout();
        let pixels = pixels.as_slice().expect(CONTIGUOUS);
        let mut batch = Batch::new(self.simd, grid.size, self.cell_size);
        let mut rings = vec![0.0; LANES * grid.ring()];
        let groups = pixels.chunks(LANES * height * width * channels);
        for (images, out) in groups.zip(out.chunks_mut(LANES * length)) {
            batch.restart();
            for y in 0..grid.rows {
                let rows = rings.chunks_exact_mut(grid.ring()).map(|ring| &mut ring[grid.place(y)]);
                batch.next(images, &self.orientations, rows);
                for (ring, out) in rings.chunks_exact(grid.ring()).zip(out.chunks_exact_mut(length))
                {
                    self.normalise(&grid, y, ring, out);
                }
            }
        }
    }

    /// Once the row of cells `y` is there, so are all of a row of blocks, unless these are the
    /// first rows.
    fn normalise(&self, grid: &Grid, y: usize, ring: &[f32], out: &mut [f32]) {
        let [block_height, block_width] = self.block_size;
        let Some(top) = (y + 1).checked_sub(block_height) else { return };
        let count = self.orientations.count();
        let run = block_width * count;
        let cells = hog_blocks::Row { length: grid.row, top: top % block_height, run, step: count };
        let row = (grid.columns - block_width + 1) * block_height * run;
        let out = &mut out[top * row..(top + 1) * row];
        hog_blocks::blocks(self.simd, ring, cells, self.norm, out);
    }

    fn rows<'a>(&'a self, pixels: &'a [u8], size: [usize; 3]) -> Rows<'a> {
        match &self.roots {
            None => Rows::Cells(Cells::new(self.simd, pixels, size, self.cell_size)),
            Some(roots) => Rows::Plain(Plain::new(pixels, size, self.cell_size, roots)),
        }
    }

    fn grid(&self, size: [usize; 3]) -> Grid {
        let [height, width, _] = size;
        let [cell_height, cell_width] = self.cell_size;
        let columns = width / cell_width;
        Grid {
            size,
            rows: height / cell_height,
            columns,
            row: columns * self.orientations.count(),
            block_height: self.block_size[0],
        }
    }
}

/// Where the cells of an image are kept until their blocks are done: the last rows, as many as a
/// block is high.
struct Grid {
    /// Height, width, channels of the image.
    size: [usize; 3],
    /// Rows of cells.
    rows: usize,
    /// Columns of cells.
    columns: usize,
    /// Numbers in a row of cells.
    row: usize,
    block_height: usize,
}

impl Grid {
    /// Numbers that are kept.
    fn ring(&self) -> usize {
        self.block_height * self.row
    }

    /// Where row `y` of the cells lies among them.
    fn place(&self, y: usize) -> Range<usize> {
        let start = y % self.block_height * self.row;
        start..start + self.row
    }
}
