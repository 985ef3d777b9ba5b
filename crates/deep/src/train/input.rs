//! From bytes to the numbers a network sees: normalised, one map per colour, and moved a little in
//! training.

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

    /// Learned numbers.
    pub(crate) fn learned_count(&self) -> usize {
        2 * self.colours.len()
    }

    /// Writes an image, shape `(height, width, channels)`, as normalised maps, shape
    /// `(channels, height, width)`, moved down and right by `shift` pixels (rows, columns). What
    /// comes in at an edge repeats the pixels of that edge: it looks like the image's own
    /// background, whatever that is.
    pub(crate) fn write(&self, image: ArrayView3<'_, u8>, shift: (isize, isize), maps: &mut [f32]) {
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
        normalisation.write(images.image(0), (0, 0), &mut maps);
        assert_eq!(maps, [-1.0, 1.0]);
        // Constant pixels are not divided by 0.
        Normalisation::learn(&images, &[1]).write(images.image(1), (0, 0), &mut maps);
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
        plain.write(image.view(), (0, 0), &mut maps);
        assert_eq!(maps, [1., 2., 3., 4., 10., 20., 30., 40., 20., 40., 60., 80.]);
        // Down by one and left by one: 2 2 / 2 2.
        plain.write(image.view(), (1, -1), &mut maps);
        assert_eq!(maps[..4], [2.0, 2.0, 2.0, 2.0]);
    }
}
