//! The votes of the pixels, counted per cell.

use super::gradient::{Gradient, Gradients};
use ndarray::ArrayView3;

/// Votes per cell and orientation, cells row by row: the sum of the magnitudes that fall into each
/// bin, divided by the pixels of the cell. Pixels outside whole cells do not vote.
///
/// Sums are rounded to `f32` after each pixel, row by row, as scikit-image does.
pub(super) fn votes(
    image: ArrayView3<'_, u8>,
    cell_size: [usize; 2],
    gradients: &Gradients,
) -> Vec<f32> {
    let (_, width, channels) = image.dim();
    let image = image.as_standard_layout();
    let pixels = image.as_slice().expect("standard layout is contiguous");
    match channels {
        1 => votes_of(pixels.as_chunks::<1>().0, width, cell_size, gradients),
        _ => votes_of(pixels.as_chunks::<3>().0, width, cell_size, gradients),
    }
}

fn votes_of<const C: usize>(
    pixels: &[[u8; C]],
    width: usize,
    [cell_height, cell_width]: [usize; 2],
    gradients: &Gradients,
) -> Vec<f32> {
    let orientations = gradients.orientations();
    let rows = pixels.len() / width / cell_height;
    let columns = width / cell_width;
    let mut votes = vec![0.0_f32; rows * columns * orientations];
    let mut row = vec![Gradient { dy: 0.0, dx: 0.0 }; columns * cell_width];
    for (cell_row, votes) in votes.chunks_exact_mut(columns * orientations).enumerate() {
        for y in cell_row * cell_height..(cell_row + 1) * cell_height {
            gradients.row(pixels, width, y, &mut row);
            let cells = votes.chunks_exact_mut(orientations);
            for (cell, row) in cells.zip(row.chunks_exact(cell_width)) {
                for &gradient in row {
                    let vote = &mut cell[gradients.bin(gradient)];
                    *vote = (f64::from(*vote) + gradient.magnitude()) as f32;
                }
            }
        }
    }
    let area = (cell_height * cell_width) as f32;
    votes.iter_mut().for_each(|vote| *vote /= area);
    votes
}
