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

mod hash;

use crate::Dataset;
use crate::duplicates::by_digest;
use base::Images;
use rayon::prelude::*;

/// Bits of 64 in which each hash of two copies may differ.
pub const MAX_BITS: u32 = 10;

/// Least correlation of the pixels of two copies.
///
/// Measured with `examples/near_duplicates.rs` on the embedded sets, pairs found at 0.98, at 0.99:
/// digits 2, 0 (two strokes of "1" are no copies); fashion 15 (one pair of two classes), 2; faces
/// and silhouettes 0, 0; textures 9, 8 (8 are copies but for noise: 0.995 and above). At 0.9:
/// digits 2218, fashion 2419; by the hashes alone: digits 33698, fashion 10109. Of copies saved as
/// JPEG of quality 75, 0.99 finds 96 % in digits and fashion, 98 % of the silhouettes, 54 % of the
/// faces and none of the textures, whose noise it blurs; scaled or shifted copies of such small
/// pictures are not found.
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
    /// Rows may be linked by others between them; exact copies of a row are where it is. An image
    /// of a single colour is like no other.
    ///
    /// Every image is compared with every other: the time grows with the square of their number.
    /// 70,000 digits of 28x28 take 2.7 s on two threads.
    pub fn near_duplicates(&self) -> Vec<Vec<usize>> {
        let copies = by_digest(self.image_digests());
        // One of each: exact copies would be pairs by the square of their number.
        let mut firsts: Vec<usize> = copies.values().map(|rows| rows[0]).collect();
        firsts.sort_unstable();
        let pairs = pairs_among(self.images(), &firsts, MAX_BITS, MIN_CORRELATION);
        let all = |row: usize| &copies[&self.image_digests()[row]][..];
        let links: Vec<Vec<usize>> = pairs.iter().map(|pair| pair.rows.map(all).concat()).collect();
        let rows = self.image_digests().len();
        let Some(groups) = crate::joined_groups(rows, None, &links) else {
            return Vec::new();
        };
        let mut members = vec![Vec::new(); rows];
        groups.into_iter().enumerate().for_each(|(row, group)| members[group].push(row));
        members.retain(|rows| rows.len() > 1);
        members
    }
}

/// All pairs whose hashes differ in at most `max_bits` bits each and whose pixels correlate with
/// at least `min_correlation`, by the lower row. Exact copies are among them.
pub fn near_pairs(images: &Images, max_bits: u32, min_correlation: f64) -> Vec<NearPair> {
    let rows: Vec<usize> = (0..images.len()).collect();
    pairs_among(images, &rows, max_bits, min_correlation)
}

/// [`near_pairs`] of some of the rows, which ascend.
fn pairs_among(
    images: &Images,
    rows: &[usize],
    max_bits: u32,
    min_correlation: f64,
) -> Vec<NearPair> {
    let view = images.view();
    let pixels = view.as_slice().expect("images are contiguous");
    let length = images.view().len() / images.len().max(1);
    let pixels: Vec<&[u8]> =
        rows.iter().map(|&row| &pixels[row * length..(row + 1) * length]).collect();
    let hashes = Hashes::of(images, rows);
    let sums: Vec<Sums> = pixels.par_iter().map(|pixels| Sums::of(pixels)).collect();
    let pairs_of = |a: usize| {
        let pair = |b: usize| {
            let correlation = correlation(pixels[a], pixels[b], sums[a], sums[b])?;
            let pair = NearPair { rows: [rows[a], rows[b]], correlation };
            (correlation >= min_correlation).then_some(pair)
        };
        hashes.close_after(a, max_bits).into_iter().filter_map(pair).collect::<Vec<_>>()
    };
    (0..rows.len()).into_par_iter().flat_map_iter(pairs_of).collect()
}

/// Both hashes of each image. Apart, as pHash alone tells nearly all pairs apart.
struct Hashes {
    difference: Vec<u64>,
    frequency: Vec<u64>,
}

impl Hashes {
    fn of(images: &Images, rows: &[usize]) -> Self {
        let waves = hash::waves();
        let both = |&row: &usize| hash::both(images.image(row), &waves);
        let (difference, frequency) = rows.par_iter().map(both).unzip();
        Self { difference, frequency }
    }

    /// The positions after `a` whose hashes both differ from its in at most `max_bits` bits.
    fn close_after(&self, a: usize, max_bits: u32) -> Vec<usize> {
        let apart = |hashes: &[u64], b: usize| (hashes[a] ^ hashes[b]).count_ones();
        let frequency = self.frequency[a];
        let mut close = Vec::new();
        for (piece, hashes) in self.frequency[a + 1..].chunks(PIECE).enumerate() {
            // Without a branch per hash, which the compiler turns into vector instructions.
            let near = |hash: &u64| u32::from((hash ^ frequency).count_ones() <= max_bits);
            if hashes.iter().map(near).sum::<u32>() > 0 {
                let first = a + 1 + piece * PIECE;
                let both = |&b: &usize| {
                    apart(&self.frequency, b) <= max_bits && apart(&self.difference, b) <= max_bits
                };
                close.extend((first..first + hashes.len()).filter(both));
            }
        }
        close
    }
}

/// Hashes looked through at once for one that is close; most pieces have none.
const PIECE: usize = 64;

/// Sum of the values of an image, and of their squares.
#[derive(Debug, Clone, Copy)]
struct Sums {
    values: u64,
    squares: u64,
}

impl Sums {
    fn of(pixels: &[u8]) -> Self {
        let values = pixels.iter().map(|&value| u64::from(value)).sum();
        Self { values, squares: product(pixels, pixels) }
    }
}

/// Correlation of all values of two images of one shape; `None` if one has a single value.
fn correlation(a: &[u8], b: &[u8], of_a: Sums, of_b: Sums) -> Option<f64> {
    let n = a.len() as f64;
    let covariance = |product: u64, x: u64, y: u64| product as f64 - x as f64 * y as f64 / n;
    let variance = |of: Sums| covariance(of.squares, of.values, of.values);
    let variances = variance(of_a) * variance(of_b);
    (variances > 0.0)
        .then(|| covariance(product(a, b), of_a.values, of_b.values) / variances.sqrt())
}

/// Inner product of two rows of bytes.
fn product(a: &[u8], b: &[u8]) -> u64 {
    // As many products of bytes as 32 bits hold whatever their values.
    const MOST: usize = 1 << 16;
    let of = |(a, b): (&[u8], &[u8])| {
        u64::from(a.iter().zip(b).map(|(&a, &b)| u32::from(a) * u32::from(b)).sum::<u32>())
    };
    a.chunks(MOST).zip(b.chunks(MOST)).map(of).sum()
}

#[cfg(test)]
mod tests;
