//! The losses of JPEG.

use super::{Corruption, UnitImage, to_bytes, to_unit};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use ndarray::Array3;

/// Severities of CIFAR-10-C; MNIST-C has no such corruption, so grey images take the same.
pub(super) const JPEG: Corruption = Corruption {
    name: "jpeg",
    unit: "quality, 1 to 100",
    grey: [80.0, 65.0, 58.0, 50.0, 40.0],
    colour: [80.0, 65.0, 58.0, 50.0, 40.0],
    length: false,
    apply: |image, quality, _| jpeg(image, quality as u8),
};

/// Writes the image as a JPEG of this quality (1 to 100) and reads it again. Values are rounded to
/// 8 bits before and after. Source: the encoder and the decoder of the `image` crate, whose bytes
/// differ from Pillow's, as those of two versions of libjpeg do.
///
/// # Panics
/// If a side is longer than 65,535 pixels, the most the format can hold.
pub fn jpeg(image: &UnitImage, quality: u8) -> UnitImage {
    let (height, width, channels) = image.dim();
    let side = |side: usize| u16::try_from(side).expect("JPEG sides have at most 65,535 pixels");
    let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let bytes: Vec<u8> = to_bytes(image).iter().copied().collect();
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode(&bytes, side(width).into(), side(height).into(), colour)
        .expect("memory takes every byte, and the sides fit");
    let read = image::load_from_memory_with_format(&file, ImageFormat::Jpeg)
        .expect("what was written just now can be read");
    let bytes =
        if channels == 1 { read.into_luma8().into_raw() } else { read.into_rgb8().into_raw() };
    let decoded = Array3::from_shape_vec((height, width, channels), bytes);
    to_unit(decoded.expect("the size is that of the image written").view())
}
