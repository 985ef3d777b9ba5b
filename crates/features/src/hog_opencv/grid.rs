//! Describes all blocks of an image, a strip of it after the other.
//!
//! A strip holds the shares of each bin in the gradients of as many rows as a block has. When the
//! next row of blocks is due, the rows that it does not have yet take the place of the oldest ones.

use super::OpenCvHogParams;
use super::lanes::{Group, Layout};
use super::scratch::Grid;
use super::windows::{Blocks, Places, Windows, reflect};
use crate::kernels::Simd;
use crate::kernels::hog_opencv::{
    Bins, LANES, Lanes, Neighbours, Rows, gradients, normalise, orient, spread, votes,
};

/// What is the same for all images of a size.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    params: OpenCvHogParams,
    windows: Windows,
    blocks: Blocks,
    layout: Layout,
    simd: Simd,
    bins: Bins,
    /// Levels of pixels, or their square roots.
    levels: Box<[f32; 256]>,
}

impl Plan {
    /// For `images` images at once at most.
    pub(super) fn new(params: &OpenCvHogParams, windows: Windows, images: usize) -> Self {
        let blocks = windows.blocks(params);
        let layout = Layout::new(params, windows.frame, &blocks, images);
        let level = |level: usize| {
            let level = level as f32;
            if params.gamma_correction { level.sqrt() } else { level }
        };
        Self {
            params: params.clone(),
            simd: Simd::best(),
            bins: bins(params, windows.frame.sides()[1]),
            windows,
            blocks,
            layout,
            levels: Box::new(std::array::from_fn(level)),
        }
    }

    pub(super) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// What [`Self::describe`] gave for an image, and where each window finds its blocks.
    pub(super) fn grid<'a>(&self, numbers: &'a [f32], places: &'a Places) -> Grid<'a> {
        let (rows, block_length) = (self.blocks.ys.len(), self.params.block_length());
        Grid { numbers, rows, block_length, places }
    }

    /// Corners of the blocks that [`Self::describe`] describes.
    pub(super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Images that [`Self::describe`] takes.
    pub(super) fn images(&self) -> usize {
        self.layout.images
    }

    /// Numbers that [`Self::describe`] gives for an image.
    pub(super) fn length(&self) -> usize {
        self.blocks.ys.len() * self.blocks.xs.len() * self.params.block_length()
    }

    /// Writes the blocks of [`Self::images`] images one after another: columns of blocks, in each
    /// its blocks from above. `pixels` holds the images, row by row.
    pub(super) fn describe(&self, pixels: &[u8], strip: &mut Strip, out: &mut [f32]) {
        strip.resize(self);
        for group in &self.layout.groups {
            self.describe_group(group, pixels, strip, out);
        }
    }

    fn describe_group(&self, group: &Group, pixels: &[u8], strip: &mut Strip, out: &mut [f32]) {
        let block_height = self.params.block_size[0];
        strip.level_rows = [None; 3];
        let mut done = 0;
        for (row, &top) in self.blocks.ys.iter().enumerate() {
            for y in done.max(top)..top + block_height {
                self.shares(group, pixels, y, strip);
            }
            done = top + block_height;
            for lane in (0..self.layout.lanes).step_by(LANES) {
                let blocks = &group.blocks[lane..self.layout.lanes.min(lane + LANES)];
                if blocks.iter().any(Option::is_some) {
                    self.histograms(top, lane, strip);
                    self.write(row, blocks, &strip.histograms, out);
                }
            }
        }
    }

    /// Puts the shares of row `y` of the padded image into the strip.
    fn shares(&self, group: &Group, pixels: &[u8], y: usize, strip: &mut Strip) {
        let size = self.windows.frame.size;
        let row_length = size.width * size.channels;
        for y in y..y + 3 {
            if strip.level_rows[y % 3] != Some(y) {
                strip.level_rows[y % 3] = Some(y);
                let row = y as i64 - 1 - self.windows.frame.padding[0] as i64;
                let row = &pixels[reflect(row, size.height) * row_length..];
                let levels = &mut strip.levels[y % 3];
                match size.channels {
                    1 if group.in_eights.is_some() => self.spread(group, row, levels),
                    1 => self.look_up::<1>(group, row, levels),
                    _ => self.look_up::<3>(group, row, levels),
                }
            }
        }
        let levels = Neighbours {
            above: &strip.levels[y % 3],
            here: &strip.levels[(y + 1) % 3],
            below: &strip.levels[(y + 2) % 3],
        };
        let (dx, dy) = (&mut strip.dx[..], &mut strip.dy[..]);
        let (simd, step, columns) = (self.simd, self.layout.lanes, &group.columns);
        // OpenCV's vectors of four columns decide otherwise between equally strong channels.
        let width = self.windows.frame.sides()[1];
        let reversed = (width - width % 4) as u32;
        match size.channels {
            1 => gradients::<1>(simd, levels, step, columns, reversed, dx, dy),
            _ => gradients::<3>(simd, levels, step, columns, reversed, dx, dy),
        }
        let row = self.row(y);
        let out = &mut strip.shares[row..row + self.row_length()];
        let bin_stride = self.layout.bin_stride;
        match self.bins.count {
            9 => orient::<9>(simd, dx, dy, columns, self.bins, bin_stride, out),
            _ => orient::<0>(simd, dx, dy, columns, self.bins, bin_stride, out),
        }
    }

    /// As [`Self::look_up`], for lanes of eight pixels side by side: those before and after a lane
    /// belong to its neighbours.
    fn spread(&self, group: &Group, row: &[u8], levels: &mut [f32]) {
        let lanes = self.layout.lanes;
        let pixels = group.in_eights.clone().expect("the caller has checked this");
        let pixels = row[pixels].as_chunks::<8>().0;
        let planes = &mut levels[lanes..9 * lanes];
        spread(self.simd, pixels, self.params.gamma_correction, planes);
        levels.copy_within(8 * lanes..9 * lanes - 1, 1);
        levels.copy_within(lanes + 1..2 * lanes, 9 * lanes);
        for place in [0, 10 * lanes - 1] {
            levels[place] = self.levels[usize::from(row[group.sources[place]])];
        }
    }

    /// The levels of a row's pixels in the order of the group's lanes.
    fn look_up<const CHANNELS: usize>(&self, group: &Group, row: &[u8], levels: &mut [f32]) {
        let channel = levels.len() / CHANNELS;
        for number in 0..CHANNELS {
            let levels = &mut levels[number * channel..];
            for (level, &source) in levels.iter_mut().zip(&group.sources) {
                *level = self.levels[usize::from(row[source + number])];
            }
        }
    }

    /// Works out the blocks of a chunk of lanes, whose upper edge is `top`.
    fn histograms(&self, top: usize, lane: usize, strip: &mut Strip) {
        strip.begins.clear();
        let ys = top..top + self.params.block_size[0];
        strip.begins.extend(ys.map(|y| self.row(y) + lane));
        let rows = Rows {
            shares: &strip.shares,
            begins: &strip.begins,
            bin_stride: self.layout.bin_stride,
        };
        let histograms = &mut strip.histograms[..];
        histograms.fill([0.0; LANES]);
        let (segments, bins) = (&self.layout.segments, self.bins.count);
        votes(self.simd, segments, rows, bins, histograms);
        normalise(self.simd, histograms, self.params.clip as f32);
    }

    fn write(
        &self,
        row: usize,
        blocks: &[Option<(usize, usize)>],
        histograms: &[Lanes],
        out: &mut [f32],
    ) {
        for (lane, block) in blocks.iter().enumerate() {
            if let &Some((image, column)) = block {
                let place = column * self.blocks.ys.len() + row;
                let at = image * self.length() + place * histograms.len();
                let out = &mut out[at..at + histograms.len()];
                for (out, numbers) in out.iter_mut().zip(histograms) {
                    *out = numbers[lane];
                }
            }
        }
    }

    /// Where the shares of row `y` of the padded image begin.
    fn row(&self, y: usize) -> usize {
        y % self.params.block_size[0] * self.row_length()
    }

    /// Numbers in a row of shares.
    fn row_length(&self) -> usize {
        self.bins.count * self.layout.bin_stride
    }
}

fn bins(params: &OpenCvHogParams, width: usize) -> Bins {
    let turn = if params.signed_gradient { 2.0 } else { 1.0 } * std::f64::consts::PI;
    // OpenCV works out angles for 1024 columns at a time, with its scalar loop if fewer than 16 of
    // them are left.
    let left = width % 1024;
    Bins {
        count: params.orientations,
        per_radian: (params.orientations as f64 / turn) as f32,
        scalar_from: (if left < 16 { width - left } else { width }) as u32,
    }
}

/// Memory for the rows that are worked on.
#[derive(Debug, Clone, Default)]
pub(super) struct Strip {
    /// Levels of three rows: channel after channel, in each the group's sources.
    levels: [Vec<f32>; 3],
    /// Which rows they are, counted from the one above the padded image.
    level_rows: [Option<usize>; 3],
    dx: Vec<Lanes>,
    dy: Vec<Lanes>,
    shares: Vec<f32>,
    /// Where rows of a block begin in `shares`.
    begins: Vec<usize>,
    histograms: Vec<Lanes>,
}

impl Strip {
    fn resize(&mut self, plan: &Plan) {
        let Layout { planes, lanes, .. } = plan.layout;
        let chunks = (planes * lanes).div_ceil(LANES);
        let channels = plan.windows.frame.size.channels;
        for levels in &mut self.levels {
            levels.resize(channels * (chunks * LANES + 2 * lanes), 0.0);
        }
        self.dx.resize(chunks, [0.0; LANES]);
        self.dy.resize(chunks, [0.0; LANES]);
        self.shares.resize(plan.params.block_size[0] * plan.row_length(), 0.0);
        self.histograms.resize(plan.params.block_length(), [0.0; LANES]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;
    use crate::Size;

    /// What decides about loops: one, two or four cells for a pixel, blocks that share pixels or
    /// do not, bins by threes or not, fewer than four numbers in a block, both channels.
    fn settings() -> Vec<(OpenCvHogParams, Size)> {
        let size = |height, width, channels| Size { height, width, channels };
        let params = |window_size, block_size, block_stride, cell_size, orientations| {
            let default = OpenCvHogParams::default();
            let one =
                OpenCvHogParams { window_size, block_size, block_stride, cell_size, ..default };
            OpenCvHogParams { orientations, ..one }
        };
        let usual = params([32, 32], [16, 16], [8, 8], [8, 8], 9);
        let wide = params([16, 160], [16, 16], [8, 8], [8, 8], 9);
        let many = params([24, 42], [12, 18], [4, 6], [4, 3], 8);
        let single = params([7, 6], [7, 6], [3, 5], [7, 6], 2);
        vec![
            (usual.clone(), size(33, 47, 1)),
            (OpenCvHogParams { gamma_correction: false, ..usual.clone() }, size(32, 35, 3)),
            (OpenCvHogParams { padding: [3, 9], ..usual.clone() }, size(18, 20, 3)),
            (OpenCvHogParams { window_stride: Some([40, 40]), ..usual }, size(32, 152, 1)),
            (OpenCvHogParams { signed_gradient: true, sigma: Some(3.0), ..many }, size(24, 59, 3)),
            (OpenCvHogParams { clip: 0.4, window_stride: Some([2, 1]), ..single }, size(11, 13, 3)),
            (params([8, 8], [8, 8], [8, 8], [8, 8], 1), size(9, 1030, 1)),
            (OpenCvHogParams { gamma_correction: false, ..wide }, size(16, 160, 1)),
        ]
    }

    #[test]
    fn every_version_gives_the_bits_of_the_plain_formula() {
        for (number, (params, size)) in settings().into_iter().enumerate() {
            params.check().unwrap();
            let Size { height, width, channels } = size;
            let noise = base::Seed(number as u64).permutation(2 * height * width * channels);
            // Few levels, so that channels are often equally strong; two images.
            let pixels: Vec<u8> = noise.iter().map(|value| (value % 5 * 50) as u8).collect();
            for images in [1, 2] {
                let windows = Windows::new(&params, size).unwrap();
                let mut plan = Plan::new(&params, windows, images);
                for simd in Simd::all() {
                    plan.simd = simd;
                    check(&plan, &pixels, number);
                }
            }
        }
    }

    /// Compares with the plain formula, block by block.
    fn check(plan: &Plan, pixels: &[u8], number: usize) {
        let Plan { params, windows: Windows { frame, .. }, simd, .. } = plan;
        let Size { height, width, channels } = frame.size;
        let mut out = vec![f32::NAN; plan.images() * plan.length()];
        plan.describe(pixels, &mut Strip::default(), &mut out);
        for (image, blocks) in out.chunks_exact(plan.length()).enumerate() {
            let pixels = &pixels[image * height * width * channels..];
            let shares = plain::shares(params, *frame, pixels);
            let mut blocks = blocks.chunks_exact(params.block_length());
            for &x in &plan.blocks().xs {
                for &y in &plan.blocks().ys {
                    let expected = plain::block(params, &shares, [y, x]);
                    let block = blocks.next().unwrap();
                    assert_eq!(block, expected, "{simd:?} {number} {image} {y} {x}");
                }
            }
        }
    }
}
