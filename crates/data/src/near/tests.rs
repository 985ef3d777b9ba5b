//! The search against the formula: all pairs, one after another.

use super::*;
use base::{Rows, Seed};
use ndarray::{Array4, ArrayView3};
use rand::RngExt as _;
use std::path::Path;

/// Sums pixel by pixel, as the definition has it.
fn plain_correlation(a: ArrayView3<'_, u8>, b: ArrayView3<'_, u8>) -> Option<f64> {
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

fn plain_pairs(images: &Images, max_bits: u32, min_correlation: f64) -> Vec<NearPair> {
    let waves = hash::waves();
    let hashes: Vec<(u64, u64)> =
        (0..images.len()).map(|row| hash::both(images.image(row), &waves)).collect();
    let mut pairs = Vec::new();
    for a in 0..images.len() {
        for b in a + 1..images.len() {
            let bits = [hashes[a].0 ^ hashes[b].0, hashes[a].1 ^ hashes[b].1];
            if bits.iter().any(|bits| bits.count_ones() > max_bits) {
                continue;
            }
            match plain_correlation(images.image(a), images.image(b)) {
                Some(correlation) if correlation >= min_correlation => {
                    pairs.push(NearPair { rows: [a, b], correlation });
                }
                _ => {}
            }
        }
    }
    pairs
}

fn embedded(name: &str, rows: usize) -> Images {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets").join(name);
    let set = crate::open(&folder, &crate::ReadOptions::default()).unwrap();
    let step = (set.images().len() / rows).max(1);
    set.images().pick(&(0..set.images().len()).step_by(step).collect::<Vec<_>>())
}

/// To the last bit of the correlation.
#[test]
fn the_pairs_are_those_of_the_formula() {
    let mut found = 0;
    for (name, rows) in [("digits", 700), ("fashion", 700), ("emoji", 700), ("textures", 250)] {
        let images = embedded(name, rows);
        for (max_bits, min_correlation) in [(MAX_BITS, 0.8), (14, 0.95), (3, -1.0)] {
            let pairs = near_pairs(&images, max_bits, min_correlation);
            let expected = plain_pairs(&images, max_bits, min_correlation);
            assert_eq!(pairs, expected, "{name} {max_bits} {min_correlation}");
            found += pairs.len();
        }
    }
    assert!(found > 100, "{found} pairs prove little");
}

/// Hashes in clusters, so that distances on both sides of every limit occur.
#[test]
fn close_hashes_are_those_of_the_formula() {
    let mut rng = Seed(5).rng();
    let centres: Vec<[u64; 2]> = (0..9).map(|_| [rng.random(), rng.random()]).collect();
    let mut hash = |row: usize, which: usize| {
        let flips = rng.random_range(0..12);
        (0..flips).fold(centres[row % 9][which], |bits, _| bits ^ 1 << rng.random_range(0..64))
    };
    let difference: Vec<u64> = (0..500).map(|row| hash(row, 0)).collect();
    let frequency: Vec<u64> = (0..500).map(|row| hash(row, 1)).collect();
    let hashes = Hashes { difference, frequency };
    let mut found = 0;
    for max_bits in [0, 1, 5, 10, 20, 63, 64] {
        for a in 0..500 {
            let close = |&b: &usize| {
                let bits = |of: &[u64]| (of[a] ^ of[b]).count_ones();
                bits(&hashes.difference) <= max_bits && bits(&hashes.frequency) <= max_bits
            };
            let expected: Vec<usize> = (a + 1..500).filter(close).collect();
            assert_eq!(hashes.close_after(a, max_bits), expected, "{a} {max_bits}");
            found += expected.len();
        }
    }
    assert!((130_000..300_000).contains(&found), "{found}");
}

#[test]
fn the_pairs_do_not_depend_on_the_number_of_threads() {
    let images = embedded("fashion", 800);
    let pairs = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| near_pairs(&images, MAX_BITS, 0.9))
    };
    assert!(!pairs(1).is_empty());
    assert_eq!(pairs(1), pairs(2));
}

/// More pixels than sums of 32 bits hold, all of them as bright as can be.
#[test]
fn sums_of_large_images_do_not_overflow() {
    let white = vec![255_u8; 3 * 70_001];
    assert_eq!(product(&white, &white), 65_025 * 3 * 70_001);
    let mut rng = Seed(2).rng();
    let noise = Array4::from_shape_fn((2, 200, 400, 3), |_| rng.random_range(200..=255_u8));
    let pixels: Vec<Vec<u8>> =
        noise.outer_iter().map(|image| image.iter().copied().collect()).collect();
    let sums: Vec<Sums> = pixels.iter().map(|pixels| Sums::of(pixels)).collect();
    let images = Images::new(noise).unwrap();
    let expected = plain_correlation(images.image(0), images.image(1));
    assert_eq!(correlation(&pixels[0], &pixels[1], sums[0], sums[1]), expected);
    assert!(expected.is_some());
}
