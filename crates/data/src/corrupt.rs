//! Corrupted versions of images, to see what a model bears: the usual corruptions at five
//! severities.
//!
//! Severities are those of CIFAR-10-C for colour images and of MNIST-C for grey ones, where these
//! have the corruption. What is measured in pixels there (blur, shifts) grows with the image: a
//! shift of 2 pixels of 28 is one of 4 pixels of 56.
//!
//! Sources: D. Hendrycks, T. Dietterich, "Benchmarking neural network robustness to common
//! corruptions and perturbations", ICLR 2019; N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark
//! for computer vision", 2019. Formulas beside the functions of the modules below. Departure: they
//! work on numbers in [0, 1] and the result is rounded to 8 bits, not cut.

pub mod blur;
pub mod geometry;
pub mod noise;
pub mod tone;

use base::{Images, Seed};
use ndarray::{Array3, Array4, Axis, Zip};
use rand_chacha::ChaCha8Rng;
use std::fmt;

/// One image as numbers in [0, 1], shape `(height, width, channels)`.
pub type Picture = Array3<f64>;

/// Number of severities.
pub const SEVERITIES: usize = 5;

/// How badly images are corrupted, from 1 to [`SEVERITIES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Severity(usize);

impl Severity {
    /// `None` unless `level` is from 1 to [`SEVERITIES`].
    pub fn new(level: usize) -> Option<Self> {
        (1..=SEVERITIES).contains(&level).then_some(Self(level))
    }

    /// All, mildest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=SEVERITIES).map(Self)
    }

    /// From 1 to [`SEVERITIES`].
    pub fn level(self) -> usize {
        self.0
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A way to corrupt an image.
#[derive(Debug, Clone, Copy)]
pub struct Corruption {
    /// Name in plans and files.
    pub id: &'static str,
    /// Name in the report.
    pub title: &'static str,
    /// Strengths for grey images, mildest first.
    grey: [f64; SEVERITIES],
    /// Strengths for colour images, mildest first.
    colour: [f64; SEVERITIES],
    apply: fn(&Picture, f64, &mut ChaCha8Rng) -> Picture,
}

impl Corruption {
    /// The corruption called `id` in [`CORRUPTIONS`].
    pub fn named(id: &str) -> Option<&'static Self> {
        CORRUPTIONS.iter().find(|corruption| corruption.id == id)
    }

    /// Every image corrupted. Where chance has a part, image `row` has its own child of the seed,
    /// so the same image in the same row is always corrupted alike.
    ///
    /// ```
    /// use data::corrupt::{Corruption, Severity};
    /// let images = base::Images::new(ndarray::Array4::from_elem((1, 8, 8, 1), 100)).unwrap();
    /// let brighter = Corruption::named("brightness").unwrap();
    /// let bright = brighter.corrupt(&images, Severity::new(1).unwrap(), base::Seed(1));
    /// // 100 / 255 + 0.1.
    /// assert_eq!(bright.image(0)[[3, 3, 0]], 126);
    /// ```
    pub fn corrupt(&self, images: &Images, severity: Severity, seed: Seed) -> Images {
        let size = images.size();
        let strengths = if size.channels == 1 { &self.grey } else { &self.colour };
        let strength = strengths[severity.0 - 1];
        let mut out = Array4::zeros(images.view().dim());
        for (row, mut out) in out.axis_iter_mut(Axis(0)).enumerate() {
            let mut rng = seed.child(self.id, row as u64).rng();
            let picture = images.image(row).mapv(|value| f64::from(value) / 255.0);
            let corrupted = (self.apply)(&picture, strength, &mut rng);
            Zip::from(&mut out).and(&corrupted).for_each(|out, &value| {
                *out = (255.0 * value).round().clamp(0.0, 255.0) as u8;
            });
        }
        Images::new(out).expect("the size of the images")
    }
}

/// All corruptions, in the order of the report. A new one is a function in a module beside this
/// one and an entry here.
#[rustfmt::skip] // a table
pub const CORRUPTIONS: &[Corruption] = &[
    Corruption { id: "gaussian-noise", title: "Gaussian noise",
        grey: [0.08, 0.12, 0.18, 0.26, 0.38], colour: [0.04, 0.06, 0.08, 0.09, 0.1],
        apply: noise::gaussian },
    Corruption { id: "shot-noise", title: "Shot noise",
        grey: [60.0, 25.0, 12.0, 5.0, 3.0], colour: [500.0, 250.0, 100.0, 75.0, 50.0],
        apply: noise::shot },
    Corruption { id: "impulse-noise", title: "Impulse noise",
        grey: [0.03, 0.06, 0.09, 0.17, 0.27], colour: [0.01, 0.02, 0.03, 0.05, 0.07],
        apply: noise::impulse },
    Corruption { id: "gaussian-blur", title: "Gaussian blur",
        grey: [1.0 / 28.0, 2.0 / 28.0, 3.0 / 28.0, 4.0 / 28.0, 6.0 / 28.0],
        colour: [0.4 / 32.0, 0.6 / 32.0, 0.7 / 32.0, 0.8 / 32.0, 1.0 / 32.0],
        apply: |image, share, _| blur::gaussian(image, share * blur::side(image)) },
    Corruption { id: "pixelate", title: "Pixelate",
        grey: [0.95, 0.9, 0.85, 0.75, 0.65], colour: [0.95, 0.9, 0.85, 0.75, 0.65],
        apply: |image, factor, _| blur::pixelate(image, factor) },
    Corruption { id: "jpeg", title: "JPEG",
        grey: [80.0, 65.0, 58.0, 50.0, 40.0], colour: [80.0, 65.0, 58.0, 50.0, 40.0],
        apply: |image, quality, _| blur::jpeg(image, quality as u8) },
    Corruption { id: "contrast", title: "Contrast",
        grey: [0.4, 0.3, 0.2, 0.1, 0.05], colour: [0.75, 0.5, 0.4, 0.3, 0.15],
        apply: |image, factor, _| tone::contrast(image, factor) },
    Corruption { id: "brightness", title: "Brightness",
        grey: [0.1, 0.2, 0.3, 0.4, 0.5], colour: [0.05, 0.1, 0.15, 0.2, 0.3],
        apply: |image, added, _| tone::brightness(image, added) },
    Corruption { id: "quantize", title: "Few grey levels",
        grey: [5.0, 4.0, 3.0, 2.0, 1.0], colour: [5.0, 4.0, 3.0, 2.0, 1.0],
        apply: |image, bits, _| tone::quantize(image, bits as u32) },
    Corruption { id: "rotate", title: "Rotation",
        grey: [0.2, 0.4, 0.6, 0.8, 1.0], colour: [0.1, 0.2, 0.3, 0.4, 0.5],
        apply: geometry::rotate_either_way },
    Corruption { id: "shear", title: "Shear",
        grey: [0.2, 0.4, 0.6, 0.8, 1.0], colour: [0.1, 0.2, 0.3, 0.4, 0.5],
        apply: geometry::shear_either_way },
    Corruption { id: "scale", title: "Smaller",
        grey: [0.9, 0.8, 0.7, 0.6, 0.5], colour: [0.9, 0.8, 0.7, 0.6, 0.5],
        apply: |image, factor, _| geometry::scale(image, factor) },
    Corruption { id: "translate", title: "Shift",
        grey: [1.0 / 28.0, 2.0 / 28.0, 3.0 / 28.0, 4.0 / 28.0, 5.0 / 28.0],
        colour: [1.0 / 32.0, 2.0 / 32.0, 3.0 / 32.0, 4.0 / 32.0, 5.0 / 32.0],
        apply: geometry::translate_any_way },
    Corruption { id: "occlusion", title: "Occlusion",
        grey: [0.2, 0.3, 0.4, 0.5, 0.6], colour: [0.2, 0.3, 0.4, 0.5, 0.6],
        apply: geometry::occlude_anywhere },
];
