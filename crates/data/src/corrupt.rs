//! Corrupted copies of images: what a camera, a scanner or a mail program does to them, at five
//! severities, to ask how much of a classifier's accuracy is left.
//!
//! The severities are those of CIFAR-10-C for RGB images and of MNIST-C for grey ones, where these
//! have the corruption, and are otherwise chosen here (the table in each file says so). Lengths in
//! pixels were published for sides of 32 (RGB) and 28 (grey) and grow with the shorter side of the
//! image. Values are worked on as shares of full brightness and rounded to 8 bits once, at the end.
//!
//! Sources: D. Hendrycks, T. Dietterich, "Benchmarking neural network robustness to common
//! corruptions and perturbations", ICLR 2019 (CIFAR-10-C); N. Mu, J. Gilmer, "MNIST-C: a robustness
//! benchmark for computer vision", arXiv:1906.02337, 2019.
//! Departures: chance comes from a [`Seed`], one child per corruption and image, the same at every
//! severity, so that severities differ by their strength alone.

mod affine;
mod blur;
mod jpeg;
mod noise;
mod occlude;
mod pixelate;
mod tone;

pub use affine::{rotate, scale, shear, translate};
pub use blur::gaussian_blur;
pub use jpeg::jpeg;
pub use noise::{gaussian_noise, impulse_noise, shot_noise};
pub use occlude::occlude;
pub use pixelate::pixelate;
pub use tone::{brightness, contrast, inverse, quantise};

use base::{Images, ParamError, Seed, Size};
use ndarray::{Array3, Array4, ArrayView3, Axis};
use rand::Rng;

/// An image as shares of full brightness, shape `(height, width, channels)`, values in [0, 1].
pub type UnitImage = Array3<f64>;

/// Severities go from 1 to this.
pub const SEVERITIES: usize = 5;

/// Every corruption, in the order of reports.
pub const CORRUPTIONS: &[Corruption] = &[
    noise::GAUSSIAN,
    noise::SHOT,
    noise::IMPULSE,
    blur::GAUSSIAN,
    pixelate::PIXELATE,
    jpeg::JPEG,
    tone::CONTRAST,
    tone::BRIGHTNESS,
    tone::QUANTISE,
    affine::ROTATE,
    affine::SHEAR,
    affine::SCALE,
    affine::TRANSLATE,
    occlude::OCCLUDE,
];

/// A way to make images worse, at five severities.
#[derive(Debug, Clone, Copy)]
pub struct Corruption {
    /// As it is written in a plan file.
    pub name: &'static str,
    /// What the numbers of the severities mean.
    pub unit: &'static str,
    /// Severities 1 to 5 for grey images.
    grey: [f64; SEVERITIES],
    /// Severities 1 to 5 for RGB images.
    colour: [f64; SEVERITIES],
    /// Whether these are lengths in pixels.
    length: bool,
    apply: fn(&UnitImage, f64, &mut dyn Rng) -> UnitImage,
}

/// The corruption with this name.
///
/// ```
/// assert_eq!(data::corrupt::find("contrast").unwrap().name, "contrast");
/// assert!(data::corrupt::find("rain").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Corruption> {
    CORRUPTIONS.iter().find(|corruption| corruption.name == name)
}

impl Corruption {
    /// The number behind a severity for images of this size, in [`Self::unit`].
    ///
    /// ```
    /// let grey = base::Size { height: 28, width: 28, channels: 1 };
    /// let blur = data::corrupt::find("gaussian-blur").unwrap();
    /// assert_eq!(blur.strength(5, grey).unwrap(), 6.0);
    /// ```
    ///
    /// # Errors
    /// If `severity` is not 1 to 5.
    pub fn strength(&self, severity: usize, size: Size) -> Result<f64, ParamError> {
        let (strengths, side) =
            if size.channels == 1 { (self.grey, 28.0) } else { (self.colour, 32.0) };
        let index = severity.checked_sub(1).filter(|&index| index < SEVERITIES);
        let index = index.ok_or_else(|| ParamError::new("severity", severity, "1 to 5"))?;
        let factor = if self.length { size.height.min(size.width) as f64 / side } else { 1.0 };
        Ok(strengths[index] * factor)
    }

    /// Corrupted copies of all images, in their order. Image `i` draws from
    /// `seed.child(name, i)`, whatever the severity.
    ///
    /// # Errors
    /// If `severity` is not 1 to 5.
    pub fn apply(
        &self,
        severity: usize,
        images: &Images,
        seed: Seed,
    ) -> Result<Images, ParamError> {
        let strength = self.strength(severity, images.size())?;
        let mut pixels = Array4::zeros(images.view().dim());
        for (row, mut out) in pixels.axis_iter_mut(Axis(0)).enumerate() {
            let mut rng = seed.child(self.name, row as u64).rng();
            let worse = (self.apply)(&to_unit(images.image(row)), strength, &mut rng);
            out.assign(&to_bytes(&worse));
        }
        Ok(Images::new(pixels).expect("the size is that of the images given"))
    }
}

/// Bytes as shares of 255.
pub fn to_unit(image: ArrayView3<'_, u8>) -> UnitImage {
    image.mapv(|byte| f64::from(byte) / 255.0)
}

/// Shares of full brightness as bytes, rounded to the nearest; values outside [0, 1] are clipped.
pub fn to_bytes(image: &UnitImage) -> Array3<u8> {
    image.mapv(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8)
}
