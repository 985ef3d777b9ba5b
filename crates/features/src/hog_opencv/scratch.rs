//! Windows of images from their blocks, and the memory for it.

use super::OpenCvHogParams;
use super::grid::{Plan, Strip};
use super::windows::{Frame, Places, Windows};
use crate::Size;
use ndarray::{ArrayView3, ArrayView4};

/// Memory that [`super::OpenCvHog`] needs while it describes an image. It serves again for the next
/// one; if that has another size or other settings, it grows.
#[derive(Debug, Clone, Default)]
pub struct OpenCvHogScratch {
    plan: Option<(Key, Plan, Places)>,
    strip: Strip,
    grid: Vec<f32>,
}

/// What a plan was made for.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    params: OpenCvHogParams,
    size: Size,
    images: usize,
}

/// The blocks of an image, and where each window finds its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid<'a> {
    /// Columns of blocks, in each its blocks from above.
    pub(super) numbers: &'a [f32],
    /// Blocks in a column.
    pub(super) rows: usize,
    /// Numbers in a block.
    pub(super) block_length: usize,
    /// Rows and columns of blocks of each row and column of windows.
    pub(super) places: &'a Places,
}

impl Grid<'_> {
    /// The blocks of each window, row by row.
    pub(super) fn windows(&self) -> impl Iterator<Item = impl Iterator<Item = &[f32]>> {
        let columns = 0..self.places.columns.len();
        let row = move |row| columns.clone().map(move |column| self.window(row, column));
        (0..self.places.rows.len()).flat_map(row)
    }

    /// The blocks of the window in a row and a column of windows, column by column.
    fn window(&self, row: usize, column: usize) -> impl Iterator<Item = &[f32]> {
        let (rows, columns) = (&self.places.rows[row], &self.places.columns[column]);
        columns.iter().flat_map(move |column| {
            rows.iter().map(move |row| {
                let at = (column * self.rows + row) * self.block_length;
                &self.numbers[at..at + self.block_length]
            })
        })
    }
}

impl OpenCvHogScratch {
    /// Writes all windows of `images`, shape `(n, height, width, channels)`, image after image.
    pub(super) fn windows(
        &mut self,
        params: &OpenCvHogParams,
        images: ArrayView4<'_, u8>,
        out: &mut [f32],
    ) {
        let (count, height, width, channels) = images.dim();
        self.prepare(params, Size { height, width, channels }, count);
        let Self { plan, strip, grid } = self;
        let (_, plan, places) = plan.as_ref().expect("`prepare` made it");
        let pixels = images.as_standard_layout();
        let pixels = pixels.as_slice().expect("standard layout is contiguous");
        let image_length = height * width * channels;
        let length = out.len() / count;
        let at_once = plan.images();
        for first in (0..count).step_by(at_once) {
            // The last ones once more, if fewer are left.
            let first = first.min(count - at_once);
            let pixels = &pixels[first * image_length..];
            let out = &mut out[first * length..(first + at_once) * length];
            if plan.windows().count() == 1 {
                plan.describe(pixels, strip, out);
                continue;
            }
            grid.resize(at_once * plan.length(), 0.0);
            plan.describe(pixels, strip, grid);
            for (numbers, out) in grid.chunks_exact(plan.length()).zip(out.chunks_exact_mut(length))
            {
                copy_windows(&plan.grid(numbers, places), out);
            }
        }
    }

    /// Works out the blocks of all windows of an image.
    pub(super) fn grid(&mut self, params: &OpenCvHogParams, image: ArrayView3<'_, u8>) -> Grid<'_> {
        let (height, width, channels) = image.dim();
        self.prepare(params, Size { height, width, channels }, 1);
        let (_, plan, places) = self.plan.as_ref().expect("`prepare` made it");
        self.grid.resize(plan.length(), 0.0);
        let pixels = image.as_standard_layout();
        let pixels = pixels.as_slice().expect("standard layout is contiguous");
        plan.describe(pixels, &mut self.strip, &mut self.grid);
        plan.grid(&self.grid, places)
    }

    /// Writes the window at `corner` of the padded image.
    pub(super) fn window(
        &mut self,
        params: &OpenCvHogParams,
        image: ArrayView3<'_, u8>,
        frame: Frame,
        corner: [usize; 2],
        out: &mut [f32],
    ) {
        let plan = Plan::new(params, Windows::one(frame, corner), 1);
        let pixels = image.as_standard_layout();
        plan.describe(
            pixels.as_slice().expect("standard layout is contiguous"),
            &mut self.strip,
            out,
        );
    }

    fn prepare(&mut self, params: &OpenCvHogParams, size: Size, images: usize) {
        let fits = |key: &Key| key.params == *params && key.size == size && key.images == images;
        if !self.plan.as_ref().is_some_and(|(key, ..)| fits(key)) {
            let windows = Windows::new(params, size).expect("the caller has checked this");
            let plan = Plan::new(params, windows, images);
            let places = plan.windows().places(params, plan.blocks());
            self.plan = Some((Key { params: params.clone(), size, images }, plan, places));
        }
    }
}

fn copy_windows(grid: &Grid<'_>, out: &mut [f32]) {
    let mut blocks = out.chunks_exact_mut(grid.block_length);
    for block in grid.windows().flatten() {
        blocks.next().expect("`out` has room for all windows").copy_from_slice(block);
    }
}
