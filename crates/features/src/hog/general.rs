//! HOG with any choice of options and any type of pixels, in the order of the paper: values,
//! gradients, votes, cells, blocks. The plain version that faster ones for particular choices are
//! tested against.

mod cells;
mod gradient;
mod levels;
mod norms;
mod votes;

pub use levels::Level;

use super::geometry::Geometry;
use super::params::{CellVote, Colour, HogParams, Layout};
use base::{ParamError, ShapeError};
use cells::{Cells, Votes};
use gradient::Plane;
use ndarray::{ArrayView3, ArrayViewMut3, ArrayViewMut5, Axis};
use thiserror::Error;
use votes::{Orientations, Vote};

/// An image that cannot be described, or settings that cannot do what is asked.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum HogError {
    /// The size of the image.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A setting.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// Channels of which there are none, or too many to be colours.
    #[error("the image has {channels} channels, but must have 1 to 4")]
    Channels {
        /// Channels found.
        channels: usize,
    },
    /// A pixel value that is no brightness.
    #[error(
        "the pixel in row {y}, column {x}, channel {channel} is {value}, but must be from \
         {least:e} to {most:e}"
    )]
    Level {
        /// Row of the pixel.
        y: usize,
        /// Column of the pixel.
        x: usize,
        /// Channel of the value.
        channel: usize,
        /// The value found.
        value: f64,
        /// The smallest value that is accepted: 0 where a gamma is applied.
        least: f64,
        /// The largest value that is accepted.
        most: f64,
    },
    /// A place for the descriptor that has another length.
    #[error("the descriptor has {needed} numbers, but there is place for {found}")]
    Place {
        /// Numbers of the descriptor.
        needed: usize,
        /// Numbers that the slice given for it holds.
        found: usize,
    },
}

/// Memory that [`crate::Hog::describe_into`] uses again for one image after another.
#[derive(Debug, Clone, Default)]
pub struct HogScratch {
    /// Values of the pixels, channel after channel.
    levels: Vec<f64>,
    /// One per pixel.
    votes: Vec<Vote>,
    /// The cells that all blocks share.
    grid: Cells,
    /// What they were voted.
    counted: Vec<f32>,
    /// The cells of a block that votes by itself.
    block_cells: Cells,
    /// The numbers of a block.
    block: Vec<f32>,
}

/// A recipe, with what it needs for every image worked out.
#[derive(Debug, Clone)]
pub(super) struct General {
    params: HogParams,
    geometry: Geometry,
    orientations: Orientations,
}

impl General {
    /// `params` are checked.
    pub(super) fn new(params: &HogParams) -> Self {
        let HogParams { orientations, signed, orientation_vote, .. } = *params;
        Self {
            params: params.clone(),
            geometry: Geometry::new(params),
            orientations: Orientations::new(orientations, signed, orientation_vote),
        }
    }

    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// How many descriptors an image of so many channels has.
    pub(super) fn descriptors(&self, channels: usize) -> usize {
        match self.params.colour {
            Colour::MaxMagnitude => 1,
            Colour::PerChannel => channels,
        }
    }

    /// Writes the descriptors of an image with this many rows and columns of blocks.
    pub(super) fn describe<T: Level>(
        &self,
        image: ArrayView3<'_, T>,
        blocks: [usize; 2],
        scratch: &mut HogScratch,
        out: &mut [f32],
    ) -> Result<(), HogError> {
        levels::write(image, self.params.gamma, &mut scratch.levels)?;
        let length = out.len() / self.descriptors(image.dim().2);
        for (descriptor, out) in out.chunks_exact_mut(length).enumerate() {
            self.vote(image.dim(), descriptor, scratch);
            self.write_blocks(image.dim().1, blocks, scratch, out);
        }
        Ok(())
    }

    /// Writes the votes for the cells of an image, for so many rows and columns of cells.
    pub(super) fn cells<T: Level>(
        &self,
        image: ArrayView3<'_, T>,
        counts: [usize; 2],
        scratch: &mut HogScratch,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), HogError> {
        levels::write(image, self.params.gamma, &mut scratch.levels)?;
        for (descriptor, mut out) in
            out.axis_chunks_iter_mut(Axis(2), self.orientations.count()).enumerate()
        {
            self.vote(image.dim(), descriptor, scratch);
            self.count_grid(image.dim().1, counts, scratch);
            out.iter_mut().zip(&scratch.counted).for_each(|(out, &votes)| *out = votes);
        }
        Ok(())
    }

    /// Works out the votes of all pixels for one descriptor, by that channel or by the strongest.
    fn vote(
        &self,
        (height, width, channels): (usize, usize, usize),
        descriptor: usize,
        scratch: &mut HogScratch,
    ) {
        let channels = match self.params.colour {
            Colour::MaxMagnitude => 0..channels,
            Colour::PerChannel => descriptor..descriptor + 1,
        };
        let HogParams { gradient: filter, border, .. } = self.params;
        let area = height * width;
        let gradient = |channel: usize, y, x| {
            let levels = &scratch.levels[channel * area..(channel + 1) * area];
            Plane { levels, height, width }.gradient(y, x, filter, border)
        };
        scratch.votes.clear();
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        scratch.votes.extend(pixels.map(|(y, x)| {
            let mut strongest = gradient(channels.start, y, x);
            for channel in channels.clone().skip(1) {
                let other = gradient(channel, y, x);
                if other.squared() > strongest.squared() {
                    strongest = other;
                }
            }
            self.orientations.vote(strongest)
        }));
    }

    /// Counts the votes for the cells that all blocks share.
    fn count_grid(&self, width: usize, counts: [usize; 2], scratch: &mut HogScratch) {
        let HogScratch { votes, grid, counted, .. } = scratch;
        match self.params.cell_vote {
            CellVote::Hard => grid.hard(counts, self.params.cell_size),
            CellVote::Bilinear | CellVote::Gaussian { .. } => {
                grid.bilinear(counts, self.params.cell_size);
            }
        }
        counted.resize(counts[0] * counts[1] * self.orientations.count(), 0.0);
        grid.count(Votes { votes, width }, [0, 0], self.orientations.count(), counted);
    }

    fn write_blocks(
        &self,
        width: usize,
        blocks: [usize; 2],
        scratch: &mut HogScratch,
        out: &mut [f32],
    ) {
        let by_itself = self.lay_cells(width, blocks, scratch);
        let orientations = self.orientations.count();
        let [cell_rows, cell_columns] = self.params.block_size;
        scratch.block.resize(cell_rows * cell_columns * orientations, 0.0);
        let HogScratch { votes, grid, counted, block_cells, block, .. } = scratch;
        for (row, mut out) in self.in_layout(blocks, out).outer_iter_mut().enumerate() {
            for (column, mut out) in out.outer_iter_mut().enumerate() {
                let corner = self.geometry.corner([row, column]);
                if by_itself {
                    block_cells.count(Votes { votes, width }, corner, orientations, block);
                } else {
                    let [top, left] = self.geometry.cell(corner);
                    let in_row = grid.counts()[1];
                    let cells = block.chunks_exact_mut(cell_columns * orientations);
                    for (y, cells) in cells.enumerate() {
                        let start = ((top + y) * in_row + left) * orientations;
                        cells.copy_from_slice(&counted[start..start + cells.len()]);
                    }
                }
                norms::normalise(block, &self.params);
                out.iter_mut().zip(&*block).for_each(|(out, &value)| *out = value);
            }
        }
    }

    /// Lays the cells of a block that votes by itself, and says so; else counts the votes for the
    /// cells that blocks share.
    fn lay_cells(&self, width: usize, blocks: [usize; 2], scratch: &mut HogScratch) -> bool {
        let HogParams { cell_vote, block_size, cell_size, .. } = self.params;
        let CellVote::Gaussian { sigma, offset } = cell_vote else {
            self.count_grid(width, self.geometry.cells(blocks), scratch);
            return false;
        };
        let [block_height, block_width] = self.geometry.block();
        let sigma = sigma.unwrap_or((block_height + block_width) as f64 / 8.0);
        scratch.block_cells.bilinear(block_size, cell_size);
        scratch.block_cells.weigh(sigma, offset);
        true
    }

    /// A descriptor as an array of shape `(block rows, block columns, cell rows, cell columns,
    /// orientations)`, in whatever order it is stored.
    fn in_layout<'a>(
        &self,
        [rows, columns]: [usize; 2],
        out: &'a mut [f32],
    ) -> ArrayViewMut5<'a, f32> {
        let [height, width] = self.params.block_size;
        let orientations = self.orientations.count();
        let (shape, axes) = match self.params.layout {
            Layout::RowMajor => ([rows, columns, height, width, orientations], [0, 1, 2, 3, 4]),
            Layout::OpenCv => ([columns, rows, width, height, orientations], [1, 0, 3, 2, 4]),
        };
        let out = ArrayViewMut5::from_shape(shape, out).expect("`out` has the descriptor's length");
        out.permuted_axes(axes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockNorm, Hog, Remainder};
    use ndarray::{Array3, array};

    /// Cells of one pixel, one orientation: the strength of each pixel's gradient.
    fn strengths(image: &Array3<u16>, params: &HogParams) -> Vec<f32> {
        let (cell_size, block_size) = ([1, 1], [1, 1]);
        let block_norm = BlockNorm::None;
        let params =
            HogParams { orientations: 1, cell_size, block_size, block_norm, ..params.clone() };
        Hog::new(&params).unwrap().describe(image.view()).unwrap()
    }

    #[test]
    fn the_strongest_channel_counts_or_each_by_itself() {
        let image = array![[[0_u16, 0], [9, 9], [3, 7]]];
        let params = HogParams::default();
        assert_eq!(strengths(&image, &params), [0.0, 7.0, 0.0]);
        let params = HogParams { colour: Colour::PerChannel, ..params };
        assert_eq!(strengths(&image, &params), [0.0, 3.0, 0.0, 0.0, 7.0, 0.0]);
    }

    /// The first channel falls and the second rises, equally strongly; the two halves of the
    /// circle are two bins.
    #[test]
    fn the_first_of_equally_strong_channels_counts() {
        let image = array![[[9_u16, 0], [5, 5], [0, 9]]];
        let (cell_size, block_size) = ([1, 1], [1, 1]);
        let params = HogParams {
            signed: true,
            orientations: 2,
            cell_size,
            block_size,
            block_norm: BlockNorm::None,
            ..HogParams::default()
        };
        let hog = Hog::new(&params).unwrap();
        // To the left is 180 degrees, the first angle of the second bin.
        assert_eq!(hog.describe(image.view()).unwrap(), [0.0, 0.0, 0.0, 9.0, 0.0, 0.0]);
    }

    /// A row of five pixels, cells of two: the third has one pixel in the image. `|dx|` is
    /// 1 1 | 2 3 | 1.
    #[test]
    fn remainders_by_hand() {
        let image = array![[[0_u8], [1], [1], [3], [4]]].mapv(f32::from);
        let with = |remainder| {
            let params = HogParams {
                orientations: 1,
                cell_size: [1, 2],
                block_size: [1, 1],
                block_norm: BlockNorm::None,
                border: crate::Border::Clamp,
                remainder,
                ..HogParams::default()
            };
            Hog::new(&params).unwrap().describe(image.view())
        };
        assert_eq!(with(Remainder::Ignore).unwrap(), [1.0, 2.5]);
        assert_eq!(with(Remainder::Pad).unwrap(), [1.0, 2.5, 0.5]);
        assert!(matches!(with(Remainder::Error), Err(HogError::Shape(_))));
    }

    /// Two equal rows, cells of one pixel: `|dx|` is 1 3 2. Blocks of a cell and the next.
    #[test]
    fn layouts_by_hand() {
        let numbers = |layout| {
            let params = HogParams {
                orientations: 1,
                cell_size: [1, 1],
                block_size: [1, 2],
                block_norm: BlockNorm::None,
                border: crate::Border::Clamp,
                layout,
                ..HogParams::default()
            };
            let image = array![[[0_u16], [1], [3]], [[0], [1], [3]]];
            Hog::new(&params).unwrap().describe(image.view()).unwrap()
        };
        assert_eq!(numbers(Layout::RowMajor), [1.0, 3.0, 3.0, 2.0, 1.0, 3.0, 3.0, 2.0]);
        assert_eq!(numbers(Layout::OpenCv), [1.0, 3.0, 1.0, 3.0, 3.0, 2.0, 3.0, 2.0]);
    }
}
