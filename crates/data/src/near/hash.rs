//! Perceptual hashes: dHash and pHash. Sources and departures: the parent module.

use image::GrayImage;
use image::imageops::{FilterType, resize};
use ndarray::ArrayView3;
use std::f64::consts::PI;

/// Side of the image that pHash looks at.
const SIDE: usize = 32;

/// Cosines of the frequencies 1 to 8 at each of 32 places.
pub(super) type Waves = [[f64; 8]; SIDE];

/// The cosines of [`both`], to be worked out once.
pub(super) fn waves() -> Waves {
    let wave = |k: usize, x: usize| (PI * (k + 1) as f64 * (2 * x + 1) as f64 / 64.0).cos();
    std::array::from_fn(|x| std::array::from_fn(|k| wave(k, x)))
}

/// dHash and pHash.
pub(super) fn both(image: ArrayView3<'_, u8>, waves: &Waves) -> (u64, u64) {
    let (height, width, channels) = image.dim();
    let grey = |y: usize, x: usize| match channels {
        1 => image[[y, x, 0]],
        _ => {
            let sum: u32 = (0..channels).map(|c| u32::from(image[[y, x, c]])).sum();
            (sum / channels as u32) as u8
        }
    };
    let grey = GrayImage::from_fn(width as u32, height as u32, |x, y| {
        image::Luma([grey(y as usize, x as usize)])
    });
    (difference_hash(&grey), frequency_hash(&grey, waves))
}

/// Bit `8 y + x`: whether pixel `(y, x)` of the image, shrunk to 8 rows of 9, is brighter than the
/// next one in its row.
fn difference_hash(image: &GrayImage) -> u64 {
    let small = resize(image, 9, 8, FilterType::Triangle);
    bits(|y, x| small.as_raw()[9 * y + x] > small.as_raw()[9 * y + x + 1])
}

/// Bit `8 u + v`: whether the cosine coefficient `(u + 1, v + 1)` of the image, shrunk to 32x32,
/// is above the median of the 64.
fn frequency_hash(image: &GrayImage, waves: &Waves) -> u64 {
    let small = resize(image, SIDE as u32, SIDE as u32, FilterType::Triangle);
    // Along the rows first; eight sums at once.
    let mut values = [[0.0_f64; 8]; 8];
    for (row, wave) in small.as_raw().chunks_exact(SIDE).zip(waves) {
        let mut sums = [0.0_f64; 8];
        for (&pixel, wave) in row.iter().zip(waves) {
            let pixel = f64::from(pixel);
            sums.iter_mut().zip(wave).for_each(|(sum, wave)| *sum += pixel * wave);
        }
        for (values, wave) in values.iter_mut().zip(wave) {
            values.iter_mut().zip(&sums).for_each(|(value, sum)| *value += sum * wave);
        }
    }
    let mut sorted = values.concat();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = f64::midpoint(sorted[31], sorted[32]);
    bits(|u, v| values[u][v] > median)
}

fn bits(bit: impl Fn(usize, usize) -> bool) -> u64 {
    (0..64).filter(|k| bit(k / 8, k % 8)).fold(0, |bits, k| bits | 1 << k)
}
