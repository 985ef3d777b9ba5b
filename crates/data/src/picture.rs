//! Reading one image file.
//!
//! What an image is, its content tells, not its name; the name only decides whether the file is
//! looked at. Decoding is done by the crate `image`; a JPEG that was cut short is refused, which
//! that crate would fill with grey. In this order: decode; turn upright (EXIF
//! orientation); 16 bits a channel to 8 (`(v + 128) / 257`); lay on white what has an alpha
//! channel; change the colours; resize.
//!
//! Resizing uses the triangle filter. Its support grows with the factor, so that shrinking
//! averages over all pixels (Pillow's `BILINEAR`, not OpenCV's `INTER_LINEAR`, which samples);
//! enlarging is bilinear. It works on the stored values (without removing gamma).

use crate::jpeg;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader};
use image::{Limits, RgbImage};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Seek};
use std::path::Path;
use thiserror::Error;

/// Ends of names (in any case) of the files that are taken for images. What is in them may be any
/// of PNG, JPEG, BMP, PGM/PPM and WebP, whatever the name says.
pub const EXTENSIONS: &[&str] =
    &["png", "jpg", "jpeg", "jpe", "jfif", "bmp", "pgm", "ppm", "pnm", "webp"];

/// Largest height and width in pixels; a larger image is most likely made to exhaust memory.
const MAX_SIDE: u32 = 20_000;

/// Bytes that decoding one image may take.
const MAX_DECODED: u64 = 512 << 20;

/// Whether a file of this name is taken for an image.
pub(crate) fn is_image_name(path: &Path) -> bool {
    let end = path.extension().unwrap_or_default();
    EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known))
}

/// What the header of an image file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Height and width in pixels, upright.
    pub(crate) size: [usize; 2],
    /// Whether the file has no colour channels.
    pub(crate) grey: bool,
}

/// Why an image file could not be read.
#[derive(Debug, Error)]
pub(crate) enum PictureError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the file is empty")]
    Empty,
    #[error("its content is not that of a PNG, JPEG, BMP, PGM, PPM or WebP image")]
    Unknown,
    #[error("it has no pixels")]
    NoPixels,
    #[error("{height}x{width} pixels are more than the {MAX_SIDE} a side or 512 MiB allowed")]
    TooLarge { height: u32, width: u32 },
    #[error("the file is larger than the 512 MiB allowed")]
    LargeFile,
    #[error("the JPEG was cut short: its end marker is missing")]
    Truncated,
    #[error("{0}")]
    Decode(#[from] ImageError),
}

/// Reads the header only (of a JPEG, the bytes of the file, undecoded).
pub(crate) fn header(path: &Path) -> Result<Header, PictureError> {
    let file = File::open(path)?;
    match file.metadata()?.len() {
        0 => return Err(PictureError::Empty),
        1..=MAX_DECODED => {}
        _ => return Err(PictureError::LargeFile),
    }
    let (_, mut decoder) = decoder(BufReader::new(file))?;
    let (width, height) = decoder.dimensions();
    let size = match decoder.orientation()? {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => [width as usize, height as usize],
        _ => [height as usize, width as usize],
    };
    Ok(Header { size, grey: !decoder.color_type().has_color() })
}

/// Reads an image and writes it, resized to `size` (height, width), into `out`, whose length tells
/// whether it becomes grey or RGB. [`header`] must have accepted the file.
pub(crate) fn read(path: &Path, size: [usize; 2], out: &mut [u8]) -> Result<(), PictureError> {
    let bytes = fs::read(path)?;
    let (format, mut decoder) = decoder(Cursor::new(&bytes))?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(&bytes) {
        return Err(PictureError::Truncated);
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    write(image, size, out);
    Ok(())
}

/// Writes an image, resized to `size` (height, width), into `out` as grey or RGB.
///
/// # Panics
/// If `out` is long enough for neither exactly one nor exactly three channels.
pub(crate) fn write(image: DynamicImage, size: [usize; 2], out: &mut [u8]) {
    let image = on_white(image);
    let image = match out.len() == size[0] * size[1] {
        true if image.color().has_color() => DynamicImage::ImageLuma8(grey(&image.into_rgb8())),
        true => DynamicImage::ImageLuma8(image.into_luma8()),
        false => DynamicImage::ImageRgb8(image.into_rgb8()),
    };
    let [height, width] = size.map(|side| u32::try_from(side).expect("sides are at most 4096"));
    let image = if (image.height(), image.width()) == (height, width) {
        image
    } else {
        image.resize_exact(width, height, FilterType::Triangle)
    };
    out.copy_from_slice(image.as_bytes());
}

/// The format, and a decoder within the limits that has read the header.
fn decoder<'a, R: BufRead + Seek + 'a>(
    input: R,
) -> Result<(ImageFormat, impl ImageDecoder + 'a), PictureError> {
    let mut reader = ImageReader::new(input).with_guessed_format()?;
    let format = reader.format().filter(ImageFormat::reading_enabled);
    let format = format.ok_or(PictureError::Unknown)?;
    reader.limits(limits());
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::NoPixels);
    }
    if width.max(height) > MAX_SIDE || decoder.total_bytes() > MAX_DECODED {
        return Err(PictureError::TooLarge { height, width });
    }
    Ok((format, decoder))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED);
    limits
}

/// The weighted sum that [`crate::Colour::Grey`] names. `image` has one too, but its weights depend
/// on the colour space that a file declares.
fn grey(image: &RgbImage) -> GrayImage {
    let sum = |[red, green, blue]: [u8; 3]| {
        let sum = 2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue);
        ((sum + 5000) / 10_000) as u8
    };
    let pixels = image.pixels().map(|pixel| sum(pixel.0)).collect();
    GrayImage::from_raw(image.width(), image.height(), pixels).expect("one value a pixel")
}

/// The image without its alpha channel, laid on white: `(c a + 255 (255 - a)) / 255`, rounded.
fn on_white(image: DynamicImage) -> DynamicImage {
    let blend = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    if !image.color().has_alpha() {
        return image;
    }
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        let pixels = image.into_rgba8();
        let flat = pixels.pixels().flat_map(|p| [0, 1, 2].map(|c| blend(p.0[c], p.0[3])));
        let flat = RgbImage::from_raw(width, height, flat.collect());
        DynamicImage::ImageRgb8(flat.expect("three values a pixel"))
    } else {
        let pixels = image.into_luma_alpha8();
        let flat = pixels.pixels().map(|p| blend(p.0[0], p.0[1]));
        let flat = GrayImage::from_raw(width, height, flat.collect());
        DynamicImage::ImageLuma8(flat.expect("one value a pixel"))
    }
}
