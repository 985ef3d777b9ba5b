//! scikit-image's HOG: each pixel votes for one orientation of one cell.

use super::batch::Batch;
use super::blocks;
use super::cells::{self, Cells};
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
    Cells(Box<Cells<'a>>),
    Plain(Plain<'a>),
}

impl Rows<'_> {
    fn next(&mut self, orientations: &Orientations, out: &mut [f32], planes: &mut [f32]) {
        match self {
            Self::Cells(cells) => cells.next(orientations, out, planes),
            Self::Plain(plain) => plain.next(orientations, out, planes),
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
        let mut planes = vec![0.0; grid.plane * self.orientations.count()];
        for votes in votes.chunks_exact_mut(grid.row) {
            cells.next(&self.orientations, votes, &mut planes);
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
        let count = self.orientations.count();
        let mut ring = Ring::new(&grid, 1, count * grid.plane);
        for y in 0..grid.rows {
            let (out_cells, planes) = ring.row(y);
            cells.next(&self.orientations, &mut out_cells[grid.place(y)], planes);
            let Some(top) = (y + 1).checked_sub(self.block_size[0]) else { continue };
            self.find_places(&mut ring, top, [1, grid.plane]);
            let Ring { cells, planes, places, before, after, .. } = &mut ring;
            hog_blocks::scales(self.simd, planes, places, self.norm, before, after);
            self.write_blocks(&grid, top, 1, cells, [before, after], out);
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
        let cell = self.orientations.count() * LANES;
        let mut ring = Ring::new(&grid, LANES, cell * grid.columns);
        let groups = pixels.chunks(LANES * height * width * channels);
        for (images, out) in groups.zip(out.chunks_mut(LANES * length)) {
            batch.restart(images);
            for y in 0..grid.rows {
                let (cells, lanes) = ring.row(y);
                let rows = cells.chunks_exact_mut(grid.ring()).map(|ring| &mut ring[grid.place(y)]);
                batch.next(images, &self.orientations, rows, lanes);
                let Some(top) = (y + 1).checked_sub(self.block_size[0]) else { continue };
                self.find_places(&mut ring, top, [cell, LANES]);
                let Ring { cells, planes, places, before, after, .. } = &mut ring;
                let scales = before.chunks_exact_mut(LANES).zip(after.chunks_exact_mut(LANES));
                for (block, (before, after)) in scales.enumerate() {
                    let planes = &planes[block * cell..];
                    hog_blocks::scales(self.simd, planes, places, self.norm, before, after);
                }
                let rings = cells.chunks_exact(grid.ring());
                for (lane, (cells, out)) in rings.zip(out.chunks_exact_mut(length)).enumerate() {
                    let scales = [&before[lane..], &after[lane..]];
                    self.write_blocks(&grid, top, LANES, cells, scales, out);
                }
            }
        }
    }

    /// Where the numbers of the first block of a row lie among the planes, if neighbouring cells
    /// and orientations are so far apart.
    fn find_places(&self, ring: &mut Ring, top: usize, [cell, orientation]: [usize; 2]) {
        let [block_height, block_width] = self.block_size;
        ring.places.clear();
        for y in top..top + block_height {
            let row = y % block_height * ring.planes_row;
            for x in 0..block_width {
                let bins = 0..self.orientations.count();
                ring.places.extend(bins.map(|bin| row + x * cell + bin * orientation));
            }
        }
    }

    /// Writes the row of blocks whose upper cells are in row `top`.
    fn write_blocks(
        &self,
        grid: &Grid,
        top: usize,
        scale_step: usize,
        cells: &[f32],
        [before, after]: [&[f64]; 2],
        out: &mut [f32],
    ) {
        let [block_height, block_width] = self.block_size;
        let step = self.orientations.count();
        let run = block_width * step;
        let row = grid.blocks * block_height * run;
        let out = &mut out[top * row..(top + 1) * row];
        let row =
            hog_blocks::Row { length: grid.row, top: top % block_height, run, step, scale_step };
        hog_blocks::blocks(self.simd, cells, row, self.norm, before, after, out);
    }

    fn rows<'a>(&'a self, pixels: &'a [u8], size: [usize; 3]) -> Rows<'a> {
        match &self.roots {
            None => Rows::Cells(Box::new(Cells::new(self.simd, pixels, size, self.cell_size))),
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
            plane: cells::plane(columns),
            blocks: columns + 1 - self.block_size[1],
            block_height: self.block_size[0],
        }
    }
}

/// Sizes that follow from those of an image.
struct Grid {
    /// Height, width, channels of the image.
    size: [usize; 3],
    /// Rows of cells.
    rows: usize,
    /// Columns of cells.
    columns: usize,
    /// Numbers in a row of cells.
    row: usize,
    /// Numbers in a plane of one orientation.
    plane: usize,
    /// Columns of blocks.
    blocks: usize,
    block_height: usize,
}

impl Grid {
    /// Numbers of an image in a [`Ring`].
    fn ring(&self) -> usize {
        self.block_height * self.row
    }

    /// Where row `y` of the cells lies among them.
    fn place(&self, y: usize) -> Range<usize> {
        let start = y % self.block_height * self.row;
        start..start + self.row
    }
}

/// The last rows of cells, as many as a block is high, until their blocks are done; row `y` is in
/// place `y % block_height`.
struct Ring {
    /// Cell by cell, image by image.
    cells: Vec<f32>,
    /// The same numbers side by side: of neighbouring cells, or of the same cell of all images.
    planes: Vec<f32>,
    /// Numbers in a row of `planes`.
    planes_row: usize,
    /// See [`hog_blocks::scales`].
    places: Vec<usize>,
    before: Vec<f64>,
    after: Vec<f64>,
}

impl Ring {
    fn new(grid: &Grid, images: usize, planes_row: usize) -> Self {
        Self {
            cells: vec![0.0; images * grid.ring()],
            planes: vec![0.0; grid.block_height * planes_row],
            planes_row,
            places: Vec::new(),
            before: vec![0.0; images * grid.blocks],
            after: vec![0.0; images * grid.blocks],
        }
    }

    /// All cells, and the planes of row `y`.
    fn row(&mut self, y: usize) -> (&mut [f32], &mut [f32]) {
        let start = y % (self.planes.len() / self.planes_row) * self.planes_row;
        (&mut self.cells, &mut self.planes[start..start + self.planes_row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array4, s};

    fn noise(shape: (usize, usize, usize, usize), seed: u64) -> Array4<u8> {
        let noise = base::Seed(seed).permutation(shape.0 * shape.1 * shape.2 * shape.3);
        let levels = noise.into_iter().map(|value| (value * 11) as u8).collect();
        Array4::from_shape_vec(shape, levels).unwrap()
    }

    /// Height, width, height and width of cells and of blocks, orientations.
    const SIZES: [([usize; 6], usize); 8] = [
        ([28, 28, 4, 4, 2, 2], 9),
        ([28, 28, 7, 7, 2, 2], 9),
        ([29, 31, 8, 8, 2, 2], 9),
        ([13, 200, 5, 3, 1, 2], 18),
        ([40, 264, 8, 8, 3, 3], 9),
        ([9, 7, 1, 1, 2, 1], 8),
        ([2, 2, 1, 2, 1, 1], 1),
        ([1, 1, 1, 1, 1, 1], 180),
    ];

    fn fast(size: [usize; 6], orientations: usize, simd: Simd) -> Fast {
        let [_, _, cell_height, cell_width, block_height, block_width] = size;
        let mut fast = Fast::new(&HogParams {
            orientations,
            cell_size: [cell_height, cell_width],
            block_size: [block_height, block_width],
            ..HogParams::default()
        });
        fast.simd = simd;
        fast
    }

    #[test]
    fn cells_side_by_side_have_the_bits_of_pixel_by_pixel() {
        let levels = std::array::from_fn(|level| level as f64);
        for ((size, orientations), channels) in SIZES.iter().flat_map(|size| [(size, 1), (size, 3)])
        {
            let [height, width, ..] = *size;
            let images = noise((1, height, width, channels), 1);
            let image = images.slice(s![0, .., .., ..]);
            for simd in Simd::all() {
                let fast = fast(*size, *orientations, simd);
                let mut plain = fast.clone();
                plain.roots = Some(Box::new(levels));
                assert_eq!(fast.cells(image), plain.cells(image), "{size:?} {simd:?}");
            }
        }
    }

    #[test]
    fn many_images_have_the_bits_of_single_ones() {
        for ((size, orientations), channels) in SIZES.iter().flat_map(|size| [(size, 1), (size, 3)])
        {
            let [height, width, ..] = *size;
            let images = noise((19, height, width, channels), 2);
            let first = fast(*size, *orientations, Simd::Portable);
            let expected: Vec<f32> = images
                .outer_iter()
                .flat_map(|image| {
                    let mut out = vec![f32::NAN; first.blocks(image).len()];
                    first.extract(image, &mut out);
                    out
                })
                .collect();
            for simd in Simd::all() {
                let mut out = vec![f32::NAN; expected.len()];
                fast(*size, *orientations, simd).extract_batch(images.view(), &mut out);
                assert_eq!(out, expected, "{size:?} {simd:?}");
            }
        }
    }

    #[test]
    fn any_strides_will_do() {
        let images = noise((2, 34, 40, 3), 3);
        let view = images.slice(s![.., ..;-1, ..;2, 1..2]);
        let copy = view.as_standard_layout();
        let fast = fast(SIZES[0].0, 9, Simd::best());
        let [view, copy] = [view, copy.view()].map(|images| {
            let mut out = vec![0.0; 2 * fast.blocks(images.slice(s![0, .., .., ..])).len()];
            fast.extract_batch(images, &mut out);
            out
        });
        assert_eq!(view, copy);
    }

    #[test]
    fn every_norm_is_that_of_double_precision_rounded() {
        let images = noise((1, 33, 42, 1), 4);
        let image = images.slice(s![0, .., .., ..]);
        for norm in [BlockNorm::L1, BlockNorm::L1Sqrt, BlockNorm::L2, BlockNorm::L2Hys] {
            let mut all = Vec::new();
            for simd in Simd::all() {
                let mut fast = fast([33, 42, 6, 5, 2, 3], 12, simd);
                fast.norm = norm;
                let expected = fast.blocks(image);
                let mut found = vec![f32::NAN; expected.len()];
                fast.extract(image, &mut found);
                for (found, expected) in found.iter().zip(expected) {
                    // Half a unit in the last place of a number below 1.
                    assert!((f64::from(*found) - expected).abs() < 3e-8, "{simd:?} {norm:?}");
                }
                all.push(found);
            }
            assert!(all.iter().all(|found| *found == all[0]), "{norm:?}");
        }
    }

    /// Both gradients have 2993 for a sum of squares, but for numpy's `hypot` the second is the
    /// stronger one, in the last digit.
    #[test]
    fn the_strongest_gradient_is_numpys() {
        let mut image = ndarray::Array3::<u8>::zeros((3, 3, 3));
        for (channel, [dy, dx]) in [[47, 28], [52, 17]].into_iter().enumerate() {
            image[[2, 1, channel]] = dy;
            image[[1, 2, channel]] = dx;
        }
        let mut fast = fast([3, 3, 1, 1, 1, 1], 180, Simd::best());
        let votes = fast.cells(image.view());
        let bin = votes[4 * 180..5 * 180].iter().position(|&vote| vote > 0.0);
        assert_eq!(bin, Some(71)); // 71.9 degrees; of the first 59.2
        fast.roots = Some(Box::new(std::array::from_fn(|level| level as f64)));
        assert_eq!(votes, fast.cells(image.view()));
    }
}
