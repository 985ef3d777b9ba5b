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
    block: Vec<f32>,
}

/// A recipe, with what it needs for every image worked out.
#[derive(Debug, Clone)]
pub(super) struct General {
    params: HogParams,
    geometry: Geometry,
    orientations: Orientations,
    /// The cells of a block that votes by itself.
    block: Option<Cells>,
}

impl General {
    /// `params` are checked.
    pub(super) fn new(params: &HogParams) -> Self {
        let geometry = Geometry::new(params);
        let block = match params.cell_vote {
            CellVote::Gaussian { sigma, offset } => {
                let [height, width] = geometry.block();
                let sigma = sigma.unwrap_or((height + width) as f64 / 8.0);
                let mut cells = Cells::default();
                cells.bilinear(params.block_size, params.cell_size);
                cells.weigh(sigma, offset);
                Some(cells)
            }
            CellVote::Hard | CellVote::Bilinear => None,
        };
        let orientations =
            Orientations::new(params.orientations, params.signed, params.orientation_vote);
        Self { params: params.clone(), geometry, orientations, block }
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
        let orientations = self.orientations.count();
        let [cell_rows, cell_columns] = self.params.block_size;
        scratch.block.resize(cell_rows * cell_columns * orientations, 0.0);
        if self.block.is_none() {
            self.count_grid(width, self.geometry.cells(blocks), scratch);
        }
        let HogScratch { votes, grid, counted, block, .. } = scratch;
        let mut out = self.in_layout(blocks, out);
        for (row, mut out) in out.outer_iter_mut().enumerate() {
            for (column, mut out) in out.outer_iter_mut().enumerate() {
                let corner = self.geometry.corner([row, column]);
                match &self.block {
                    Some(cells) => {
                        cells.count(Votes { votes, width }, corner, orientations, block);
                    }
                    None => {
                        let [top, left] = self.geometry.cell(corner);
                        let in_row = grid.counts()[1];
                        let cells = block.chunks_exact_mut(cell_columns * orientations);
                        for (y, cells) in cells.enumerate() {
                            let start = ((top + y) * in_row + left) * orientations;
                            cells.copy_from_slice(&counted[start..start + cells.len()]);
                        }
                    }
                }
                norms::normalise(block, &self.params);
                out.iter_mut().zip(&*block).for_each(|(out, &value)| *out = value);
            }
        }
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
