//! Images that look alike: saved again, scaled, a little brighter.
//!
//! Candidates are pairs whose two perceptual hashes of 64 bits are close: dHash (signs of the
//! differences of neighbours, shrunk to 9x8) and pHash (signs of the lowest frequencies, shrunk to
//! 32x32). On small pictures of one kind (digits, silhouettes) hashes alone take thousands of
//! different ones for the same, so that a pair must also agree pixel by pixel: the correlation of
//! all values, channels included, must reach [`MIN_CORRELATION`].
//!
//! Sources: N. Krawetz, "Kind of like that" (dHash), 2013; C. Zauner, "Implementation and
//! benchmarking of perceptual image hash functions", 2010 (pHash). Departures: pHash takes the
//! frequencies 1 to 8 of both axes, without a blur before; both use the triangle filter to shrink.

use crate::Dataset;
use base::Images;
use image::GrayImage;
use image::imageops::{FilterType, resize};
use ndarray::ArrayView3;
use rayon::prelude::*;
use std::f64::consts::PI;

/// Bits of 64 in which each hash of two copies may differ.
pub const MAX_BITS: u32 = 10;

/// Least correlation of the pixels of two copies.
///
/// Measured with `examples/near_duplicates.rs` on the embedded sets, pairs found at 0.98, at 0.99:
/// digits 2, 0 (two strokes of "1" are no copies); fashion 15 (one pair of two classes), 2; faces
/// and silhouettes 0, 0; textures 9, 8 (8 are copies but for noise: 0.995 and above). Hashes alone
/// (0.9): digits 2218, fashion 2419. Of copies saved as JPEG of quality 75, 0.99 finds 96 % in
/// digits and fashion, 98 % of the silhouettes, 54 % of the faces and none of the textures, whose
/// noise it blurs; scaled or shifted copies of such small pictures are not found.
pub const MIN_CORRELATION: f64 = 0.99;

/// Two images that look alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearPair {
    /// Their rows, the lower one first.
    pub rows: [usize; 2],
    /// Correlation of their pixels, at most 1.
    pub correlation: f64,
}

impl Dataset {
    /// Rows that look alike, but not to the pixel; lists as in [`Self::duplicates`].
    ///
    /// Rows may be linked by others between them. An image of a single colour is like no other.
    pub fn near_duplicates(&self) -> Vec<Vec<usize>> {
        let digests = self.image_digests();
        let pairs = near_pairs(self.images(), MAX_BITS, MIN_CORRELATION);
        let differ = |pair: &NearPair| digests[pair.rows[0]] != digests[pair.rows[1]];
        let links: Vec<Vec<usize>> =
            pairs.iter().filter(|pair| differ(pair)).map(|pair| pair.rows.to_vec()).collect();
        let Some(groups) = crate::joined_groups(digests.len(), None, &links) else {
            return Vec::new();
        };
        let mut members = vec![Vec::new(); digests.len()];
        groups.into_iter().enumerate().for_each(|(row, group)| members[group].push(row));
        members.retain(|rows| rows.len() > 1);
        members
    }
}

/// All pairs whose hashes differ in at most `max_bits` bits each and whose pixels correlate with
/// at least `min_correlation`, by the lower row. Exact copies are among them.
pub fn near_pairs(images: &Images, max_bits: u32, min_correlation: f64) -> Vec<NearPair> {
    let rows: Vec<usize> = (0..images.len()).collect();
    let hashes: Vec<[u64; 2]> = rows.par_iter().map(|&row| hashes(images.image(row))).collect();
    let pairs_of = |&row: &usize| {
        let close = |other: &usize| {
            let bits = |k: usize| (hashes[row][k] ^ hashes[*other][k]).count_ones();
            bits(0) <= max_bits && bits(1) <= max_bits
        };
        let pair = |other: usize| {
            let correlation = correlation(images.image(row), images.image(other))?;
            let pair = NearPair { rows: [row, other], correlation };
            (correlation >= min_correlation).then_some(pair)
        };
        (row + 1..hashes.len()).filter(close).filter_map(pair).collect::<Vec<_>>()
    };
    rows.par_iter().flat_map_iter(pairs_of).collect()
}

/// dHash and pHash.
fn hashes(image: ArrayView3<'_, u8>) -> [u64; 2] {
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
    [difference_hash(&grey), frequency_hash(&grey)]
}

/// Bit `8 y + x`: whether pixel `(y, x)` of the image, shrunk to 8 rows of 9, is brighter than the
/// next one in its row.
fn difference_hash(image: &GrayImage) -> u64 {
    let small = resize(image, 9, 8, FilterType::Triangle);
    bits(|y, x| small.as_raw()[9 * y + x] > small.as_raw()[9 * y + x + 1])
}

/// Bit `8 u + v`: whether the cosine coefficient `(u + 1, v + 1)` of the image, shrunk to 32x32,
/// is above the median of the 64.
fn frequency_hash(image: &GrayImage) -> u64 {
    const SIDE: usize = 32;
    let small = resize(image, SIDE as u32, SIDE as u32, FilterType::Triangle);
    let pixels = small.as_raw();
    let wave = |k: usize, x: usize| (PI * (k + 1) as f64 * (2 * x + 1) as f64 / 64.0).cos();
    let waves: [[f64; SIDE]; 8] = std::array::from_fn(|k| std::array::from_fn(|x| wave(k, x)));
    // Along the rows first.
    let rows: [[f64; 8]; SIDE] = std::array::from_fn(|y| {
        let row = &pixels[y * SIDE..(y + 1) * SIDE];
        std::array::from_fn(|v| row.iter().zip(&waves[v]).map(|(&p, w)| f64::from(p) * w).sum())
    });
    let coefficient = |u: usize, v: usize| -> f64 {
        rows.iter().zip(&waves[u]).map(|(row, wave)| row[v] * wave).sum()
    };
    let values: [[f64; 8]; 8] = std::array::from_fn(|u| std::array::from_fn(|v| coefficient(u, v)));
    let mut sorted = values.concat();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = f64::midpoint(sorted[31], sorted[32]);
    bits(|u, v| values[u][v] > median)
}

fn bits(bit: impl Fn(usize, usize) -> bool) -> u64 {
    (0..64).filter(|k| bit(k / 8, k % 8)).fold(0, |bits, k| bits | 1 << k)
}

/// Correlation of all values of two images of one shape; `None` if one has a single value.
fn correlation(a: ArrayView3<'_, u8>, b: ArrayView3<'_, u8>) -> Option<f64> {
    let n = a.len() as f64;
    let [mut sum_a, mut sum_b, mut aa, mut bb, mut ab] = [0_u64; 5];
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (u64::from(a), u64::from(b));
        sum_a += a;
        sum_b += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let covariance = |product: u64, x: u64, y: u64| product as f64 - x as f64 * y as f64 / n;
    let variance = covariance(aa, sum_a, sum_a) * covariance(bb, sum_b, sum_b);
    (variance > 0.0).then(|| covariance(ab, sum_a, sum_b) / variance.sqrt())
}
