//! How the limits of near-duplicates do on image sets: pairs found in each and how long it takes,
//! and altered copies found again.
//!
//! `cargo run --release -p data --example near_duplicates -- FOLDER...`

#![allow(clippy::print_stdout)] // it prints tables

use base::{Images, Rows, Size};
use data::{Dataset, MAX_BITS, ReadOptions, near_pairs};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ExtendedColorType, ImageFormat, RgbImage};
use ndarray::{Array4, Axis, concatenate};
use std::path::Path;
use std::time::Instant;

/// Least correlations compared; at -1 the hashes decide alone.
const LIMITS: [f64; 7] = [-1.0, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995];

/// Images altered per set.
const ALTERED: usize = 500;

fn main() -> Result<(), data::DataError> {
    for folder in std::env::args().skip(1) {
        let set = data::open(Path::new(&folder), &ReadOptions::default())?;
        let begin = Instant::now();
        let groups = set.near_duplicates().len();
        let seconds = begin.elapsed().as_secs_f64();
        let images = set.images().len();
        println!("{} ({images} images): {groups} groups in {seconds:.2} s", set.name());
        found_in(&set);
        let rows: Vec<usize> = (0..set.images().len().min(ALTERED)).collect();
        let images = set.images().pick(&rows);
        for (name, alter) in ALTERATIONS {
            found_again(&images, name, *alter);
        }
    }
    Ok(())
}

/// Pairs by least correlation, of one class and of two.
fn found_in(set: &Dataset) {
    let ids = set.labels().ids();
    for bits in [6, MAX_BITS, 14, 64] {
        // Without hashes all pairs are compared: only in small sets.
        if bits == 64 && ids.len() > 6000 {
            continue;
        }
        let pairs = near_pairs(set.images(), bits, LIMITS[0]);
        let count = |limit: f64, same: bool| {
            let of = |[a, b]: [usize; 2]| (ids[a] == ids[b]) == same;
            pairs.iter().filter(|pair| pair.correlation >= limit && of(pair.rows)).count()
        };
        let list =
            LIMITS.map(|limit| format!("{limit}: {}+{}", count(limit, true), count(limit, false)));
        println!("  up to {bits:2} bits, pairs of one class + of two: {}", list.join("  "));
        if bits == MAX_BITS {
            for pair in
                pairs.iter().filter(|pair| pair.correlation >= data::MIN_CORRELATION).take(8)
            {
                let names = pair.rows.map(|row| &set.image_names()[row]);
                println!("    {} {} {:.4}", names[0], names[1], pair.correlation);
            }
        }
    }
}

type Alter = fn(&RgbImage) -> RgbImage;

const ALTERATIONS: &[(&str, Alter)] = &[
    ("JPEG, quality 75", |image| jpeg(image, 75)),
    ("JPEG, quality 50", |image| jpeg(image, 50)),
    ("scaled to 3/4 and back", |image| {
        let small =
            resize(image, image.width() * 3 / 4, image.height() * 3 / 4, FilterType::Triangle);
        resize(&small, image.width(), image.height(), FilterType::Triangle)
    }),
    ("brighter by a tenth", |image| {
        let mut image = image.clone();
        image.iter_mut().for_each(|v| *v = (f64::from(*v) * 1.1).min(255.0) as u8);
        image
    }),
    ("one pixel to the right", |image| {
        RgbImage::from_fn(image.width(), image.height(), |x, y| *image.get_pixel(x.max(1) - 1, y))
    }),
];

fn jpeg(image: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .expect("memory takes every byte");
    let image = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg);
    image.expect("just encoded").into_rgb8()
}

/// Share of the images whose altered copy is found, by least correlation.
fn found_again(images: &Images, name: &str, alter: Alter) {
    let n = images.len();
    let Size { height, width, channels } = images.size();
    let mut copies = Vec::new();
    for row in 0..n {
        let image = images.image(row);
        let rgb = RgbImage::from_fn(width as u32, height as u32, |x, y| {
            image::Rgb([0, 1, 2].map(|c| image[[y as usize, x as usize, c.min(channels - 1)]]))
        });
        let altered = DynamicImage::ImageRgb8(alter(&rgb)).into_rgb8();
        altered.pixels().for_each(|pixel| copies.extend(&pixel.0[..channels]));
    }
    let copies = Array4::from_shape_vec((n, height, width, channels), copies);
    let both = [images.view(), copies.as_ref().expect("whole images").view()];
    let both = concatenate(Axis(0), &both).expect("equal shapes");
    let pairs = near_pairs(&Images::new(both).expect("a valid size"), MAX_BITS, LIMITS[0]);
    let share = |limit: f64| {
        let again = |pair: &&data::NearPair| pair.rows[1] == pair.rows[0] + n;
        let found = pairs.iter().filter(again).filter(|pair| pair.correlation >= limit).count();
        format!("{limit}: {:.0} %", 100.0 * found as f64 / n as f64)
    };
    println!("  {name:22} {}", LIMITS.map(share).join("  "));
}
