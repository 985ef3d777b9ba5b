//! From bytes to the numbers a network sees: normalised, one map per colour, and moved a little in
//! training.

use crate::train::augment::Change;
use base::Images;
use ndarray::ArrayView3;

/// Mean and deviation of each colour over the pixels of the training rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normalisation {
    /// By colour: the mean, and 1 / deviation (1 where all pixels are equal).
    colours: Vec<(f32, f32)>,
}

impl Normalisation {
    /// Learns from the given rows. Sums are of whole numbers, so no order of rows matters.
    pub(crate) fn learn(images: &Images, rows: &[usize]) -> Self {
        let size = images.size();
        let mut sums = vec![(0_u64, 0_u64); size.channels];
        for &row in rows {
            for (index, &value) in images.image(row).iter().enumerate() {
                let (sum, squares) = &mut sums[index % size.channels];
                *sum += u64::from(value);
                *squares += u64::from(value).pow(2);
            }
        }
        let count = (rows.len() * size.height * size.width).max(1) as f64;
        let colour = |(sum, squares): (u64, u64)| {
            let mean = sum as f64 / count;
            let deviation = (squares as f64 / count - mean * mean).max(0.0).sqrt();
            let inverse = if deviation > 0.0 { 1.0 / deviation } else { 1.0 };
            (mean as f32, inverse as f32)
        };
        Self { colours: sums.into_iter().map(colour).collect() }
    }

    /// By colour: mean, and 1 / deviation.
    pub(crate) fn colours(&self) -> &[(f32, f32)] {
        &self.colours
    }

    /// Learned numbers.
    pub(crate) fn learned_count(&self) -> usize {
        2 * self.colours.len()
    }

    /// Writes an image, shape `(height, width, channels)`, as normalised maps, shape
    /// `(channels, height, width)`, with the given change.
    pub(crate) fn write(&self, image: ArrayView3<'_, u8>, change: &Change, maps: &mut [f32]) {
        if change.is_shift() {
            self.write_shifted(image, change.shift, maps);
        } else {
            self.write_changed(image, change, maps);
        }
        let Some([rows, columns]) = change.covered else { return };
        let (height, width, _) = image.dim();
        let inside = |(first, end): (isize, isize), side: usize| {
            first.clamp(0, side as isize) as usize..end.clamp(0, side as isize) as usize
        };
        for map in maps.chunks_exact_mut(height * width) {
            let rows = inside(rows, height);
            for row in map.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
                // The mean, which normalisation makes 0.
                row[inside(columns, width)].fill(0.0);
            }
        }
    }

    fn write_shifted(&self, image: ArrayView3<'_, u8>, shift: (isize, isize), maps: &mut [f32]) {
        let (height, width, _) = image.dim();
        let from = |to: usize, by: isize, side: usize| {
            (to as isize - by).clamp(0, side as isize - 1) as usize
        };
        for (channel, map) in maps.chunks_exact_mut(height * width).enumerate() {
            let (mean, inverse) = self.colours[channel];
            for (y, row) in map.chunks_exact_mut(width).enumerate() {
                let y = from(y, shift.0, height);
                for (x, value) in row.iter_mut().enumerate() {
                    let pixel = image[[y, from(x, shift.1, width), channel]];
                    *value = (f32::from(pixel) - mean) * inverse;
                }
            }
        }
    }

    fn write_changed(&self, image: ArrayView3<'_, u8>, change: &Change, maps: &mut [f32]) {
        let (height, width, _) = image.dim();
        // Where pixels come from is an affine map of where they go.
        let first = change.origin(0, 0, height, width);
        let step = |to: (f64, f64)| (to.0 - first.0, to.1 - first.1);
        let by_row = step(change.origin(1, 0, height, width));
        let by_column = step(change.origin(0, 1, height, width));
        for y in 0..height {
            for x in 0..width {
                let (fy, fx) = (y as f64, x as f64);
                let from_y = first.0 + fy * by_row.0 + fx * by_column.0;
                let from_x = first.1 + fy * by_row.1 + fx * by_column.1;
                let (y0, y1, down) = between(from_y, height);
                let (x0, x1, right) = between(from_x, width);
                for (channel, map) in maps.chunks_exact_mut(height * width).enumerate() {
                    let (mean, inverse) = self.colours[channel];
                    let at = |y: usize, x: usize| f32::from(image[[y, x, channel]]);
                    let upper = at(y0, x0) + right * (at(y0, x1) - at(y0, x0));
                    let lower = at(y1, x0) + right * (at(y1, x1) - at(y1, x0));
                    let pixel = upper + down * (lower - upper);
                    map[y * width + x] = (pixel - mean) * inverse;
                }
            }
        }
    }
}

/// The pixels on both sides of a place along an axis, and how far from the first to the second it
/// lies. Outside, the edge on both sides.
fn between(place: f64, side: usize) -> (usize, usize, f32) {
    let place = place.clamp(0.0, side as f64 - 1.0);
    let first = place.floor() as usize;
    (first, (first + 1).min(side - 1), (place - first as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn only_the_given_rows_are_learned_from() {
        // Row 0 has pixels 0 and 4: mean 2, deviation 2. Row 1 would change both.
        let images = Images::new(array![[[[0_u8], [4]]], [[[255], [255]]]]).unwrap();
        let normalisation = Normalisation::learn(&images, &[0]);
        let mut maps = [9.0; 2];
        normalisation.write(images.image(0), &Change::NONE, &mut maps);
        assert_eq!(maps, [-1.0, 1.0]);
        // Constant pixels are not divided by 0.
        Normalisation::learn(&images, &[1]).write(images.image(1), &Change::NONE, &mut maps);
        assert_eq!(maps, [0.0, 0.0]);
    }

    #[test]
    fn colours_become_maps_and_shifts_repeat_the_edge() {
        let plain = Normalisation { colours: vec![(0.0, 1.0); 3] };
        // Two rows of two pixels, red 1 2 / 3 4, green ten times, blue twenty times as much.
        let image = ndarray::Array3::from_shape_fn((2, 2, 3), |(y, x, channel)| {
            (1 + 2 * y + x) as u8 * [1, 10, 20][channel]
        });
        let mut maps = [0.0; 12];
        plain.write(image.view(), &Change::NONE, &mut maps);
        assert_eq!(maps, [1., 2., 3., 4., 10., 20., 30., 40., 20., 40., 60., 80.]);
        // Down by one and left by one: 2 2 / 2 2.
        let moved = Change { shift: (1, -1), ..Change::NONE };
        plain.write(image.view(), &moved, &mut maps);
        assert_eq!(maps[..4], [2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn turned_mirrored_scaled_and_covered() {
        let plain = Normalisation { colours: vec![(0.0, 1.0)] };
        // 1 2 3 / 4 5 6 / 7 8 9
        let image = ndarray::Array3::from_shape_fn((3, 3, 1), |(y, x, _)| (1 + 3 * y + x) as u8);
        let written = |change: Change| {
            let mut maps = [f32::NAN; 9];
            plain.write(image.view(), &change, &mut maps);
            maps.map(|value| (value * 1e4).round() / 1e4)
        };
        let turned = written(Change { angle: std::f64::consts::FRAC_PI_2, ..Change::NONE });
        assert_eq!(turned, [7.0, 4.0, 1.0, 8.0, 5.0, 2.0, 9.0, 6.0, 3.0]);
        let mirrored = written(Change { flip: true, ..Change::NONE });
        assert_eq!(mirrored, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]);
        let enlarged = written(Change { scale: 2.0, ..Change::NONE });
        assert_eq!(enlarged, [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0]);
        let covered = Some([(-1, 1), (1, 5)]);
        let covered = written(Change { covered, ..Change::NONE });
        assert_eq!(covered, [1.0, 0.0, 0.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    }
}
