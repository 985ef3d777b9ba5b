//! From `image` buffers to the views that descriptors take, and from a view to its descriptor.

use base::{Extract, ShapeError, Size};
use image::{ImageBuffer, Pixel};
use ndarray::ArrayView3;

/// The pixels of an image buffer, shape `(height, width, channels)`, without copying.
///
/// `GrayImage` gives 1 channel and `RgbImage` 3, in the order red, green, blue. Other buffers give
/// 2 or 4, which the descriptors refuse with [`ShapeError::Channels`]: what to do with alpha is
/// the caller's choice.
///
/// ```
/// let photo = image::RgbImage::from_pixel(40, 30, image::Rgb([10, 20, 30]));
/// let view = features::view(&photo);
/// assert_eq!(view.dim(), (30, 40, 3));
/// assert_eq!(view[[29, 39, 2]], 30);
/// ```
pub fn view<P: Pixel>(image: &ImageBuffer<P, Vec<P::Subpixel>>) -> ArrayView3<'_, P::Subpixel> {
    let (width, height) = image.dimensions();
    let shape = (height as usize, width as usize, usize::from(P::CHANNEL_COUNT));
    // The buffer may be longer than its image needs.
    let pixels = &image.as_raw()[..shape.0 * shape.1 * shape.2];
    ArrayView3::from_shape(shape, pixels).expect("the slice has just this length")
}

/// The descriptor of one image, shape `(height, width, channels)`.
///
/// HOG of a photo in three lines; [`crate::extract_all`] describes a whole set on all threads.
///
/// ```
/// use features::{Hog, HogParams};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/chelsea_rgb.png");
/// let photo = image::open(path)?.to_rgb8();
/// let hog = Hog::new(&HogParams { cell_size: [8, 8], ..HogParams::default() })?;
/// let descriptor = features::describe(&hog, features::view(&photo))?;
/// // 128x128 pixels: 15x15 blocks of 2x2 cells of 9 orientations.
/// assert_eq!(descriptor.len(), 15 * 15 * 2 * 2 * 9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If images of that size cannot be described.
pub fn describe(
    extractor: &dyn Extract,
    image: ArrayView3<'_, u8>,
) -> Result<Vec<f32>, ShapeError> {
    let mut out = vec![0.0; extractor.length(size_of(image))?];
    extractor.extract(image, &mut out);
    Ok(out)
}

/// Size of an image of shape `(height, width, channels)`.
pub(crate) fn size_of(image: ArrayView3<'_, u8>) -> Size {
    let (height, width, channels) = image.dim();
    Size { height, width, channels }
}

/// Refuses what is no image at all: a side of 0, or neither 1 nor 3 channels.
pub(crate) fn check_size(size: Size) -> Result<(), ShapeError> {
    let Size { height, width, channels } = size;
    if height == 0 || width == 0 {
        return Err(ShapeError::Empty { height, width });
    }
    if channels != 1 && channels != 3 {
        return Err(ShapeError::Channels { channels });
    }
    Ok(())
}

/// Holds [`Extract::extract`]'s caller to the promise about the length of `out`.
pub(crate) fn check_out(extractor: &dyn Extract, image: ArrayView3<'_, u8>, out: &[f32]) {
    let length = extractor.length(size_of(image)).expect("`length` accepted this size");
    assert_eq!(out.len(), length, "`out` must have the length that `length` gives");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pixels, PixelsParams};

    #[test]
    fn alpha_is_refused() {
        let image = image::RgbaImage::new(4, 3);
        let pixels = Pixels::new(&PixelsParams::default()).unwrap();
        let error = describe(&pixels, view(&image)).unwrap_err();
        assert_eq!(error, ShapeError::Channels { channels: 4 });
    }

    #[test]
    fn an_image_without_pixels_is_refused() {
        let image = image::GrayImage::new(0, 3);
        let pixels = Pixels::new(&PixelsParams::default()).unwrap();
        let error = describe(&pixels, view(&image)).unwrap_err();
        assert_eq!(error, ShapeError::Empty { height: 3, width: 0 });
    }
}
