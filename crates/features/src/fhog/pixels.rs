//! Cells of one pixel: nothing to interpolate, and all but six numbers are zero.

use super::LENGTH;
use super::cells::FhogScratch;
use super::directions::Directions;
use super::sides::{Geometry, Sides};
use crate::kernels::Simd;
use crate::kernels::fhog::{self, PLACES};
use ndarray::ArrayView3;
use std::ops::Range;

/// Writes the features of all pixels with eight neighbours, row `y` of them where `place(y)` says.
pub(super) fn describe(
    simd: Simd,
    image: ArrayView3<'_, u8>,
    directions: &Directions,
    geometry: Geometry,
    scratch: &mut FhogScratch,
    place: impl Fn(usize) -> Range<usize>,
    out: &mut [f32],
) {
    let (height, width, _) = image.dim();
    let sides = Sides::new(geometry);
    let mut energies = vec![0.0; height * width];
    let mut bins = vec![0; height * width];
    scratch.start(simd, image);
    for y in 1..height - 1 {
        scratch.gradients(simd, image, &sides, y..y + 1);
        for x in 1..width - 1 {
            let gradient = scratch.places[x] as usize % PLACES;
            let [dy, dx] = fhog::gradient_at(gradient);
            energies[y * width + x] = (dy * dy + dx * dx) as f32;
            bins[y * width + x] = directions.nearest()[gradient];
        }
    }
    for y in 1..height - 1 {
        let rows = [y - 1, y, y + 1].map(|y| &energies[y * width..(y + 1) * width]);
        let (cells, _) = out[place(y - 1)].as_chunks_mut::<LENGTH>();
        for (x, cell) in cells.iter_mut().enumerate() {
            let bin = usize::from(bins[y * width + x + 1]);
            *cell = features(bin, rows[1][x + 1].sqrt(), fhog::lengths(rows, x));
        }
    }
}

/// Of a pixel with a gradient of a bin and strength, by the lengths of the blocks around it.
fn features(bin: usize, strength: f32, lengths: [f32; 4]) -> [f32; LENGTH] {
    let normalised = lengths.map(|length| (strength / length).min(0.2) * 0.5);
    let [upper_left, upper_right, lower_left, lower_right] = normalised;
    let sum = (lower_right + upper_right) + (lower_left + upper_left);
    let mut features = [0.0; LENGTH];
    features[bin] = sum;
    features[18 + bin % 9] = sum;
    let textures = [lower_right, upper_right, lower_left, upper_left];
    features[27..].copy_from_slice(&textures.map(|vote| vote * super::TEXTURE));
    features
}
