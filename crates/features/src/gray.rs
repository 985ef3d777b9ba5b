//! The one conversion to grey that all descriptors share.
//!
//! ```text
//! grey = (9798 red + 19235 green + 3735 blue + 16384) >> 15
//! ```
//!
//! These are the weights 0.299, 0.587 and 0.114 of ITU-R BT.601 in units of 1/32768, and the
//! result is rounded half up. OpenCV 4's `cvtColor(..., COLOR_RGB2GRAY)` does the same for 8 bits:
//! compared over all 2^24 colours with OpenCV 4.14.0, no difference. `image`'s `to_luma8` uses
//! the weights of BT.709 and gives other numbers.

use ndarray::{Array2, ArrayView3, Axis, CowArray, Ix2};

/// The grey level of a colour, 0..=255.
///
/// ```
/// assert_eq!(features::gray_pixel([255, 0, 0]), 76);
/// assert_eq!(features::gray_pixel([200, 200, 200]), 200);
/// ```
pub fn gray_pixel([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 9798 * u32::from(red) + 19235 * u32::from(green) + 3735 * u32::from(blue);
    // The weights sum to 32768, so this is at most 255.
    ((sum + 16384) >> 15) as u8
}

/// An image of shape `(height, width, channels)` in grey, shape `(height, width)`, always
/// contiguous by row. A contiguous grey image is borrowed, anything else copied.
///
/// ```
/// let colours = ndarray::array![[[255_u8, 0, 0], [0, 255, 0], [0, 0, 255]]];
/// assert_eq!(features::gray(colours.view()), ndarray::array![[76, 150, 29]]);
/// ```
///
/// # Panics
/// If there are neither 1 nor 3 channels.
pub fn gray(image: ArrayView3<'_, u8>) -> CowArray<'_, u8, Ix2> {
    let (height, width, channels) = image.dim();
    match channels {
        1 => {
            let levels = image.index_axis_move(Axis(2), 0);
            if levels.is_standard_layout() {
                levels.into()
            } else {
                levels.as_standard_layout().into_owned().into()
            }
        }
        3 => {
            let levels: Vec<u8> = match image.as_slice() {
                Some(pixels) => {
                    let (colours, _) = pixels.as_chunks::<3>();
                    colours.iter().map(|&colour| gray_pixel(colour)).collect()
                }
                None => {
                    let colours = image.lanes(Axis(2)).into_iter();
                    colours.map(|c| gray_pixel([c[0], c[1], c[2]])).collect()
                }
            };
            let levels = Array2::from_shape_vec((height, width), levels);
            levels.expect("one level per pixel").into()
        }
        _ => panic!("images have 1 or 3 channels, not {channels}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// `cv2.cvtColor(np.array([[colour]], np.uint8), cv2.COLOR_RGB2GRAY)` of OpenCV 4.14.0.
    ///
    /// 255 red: (9798 * 255 + 16384) / 32768 = 76.7, so 76. 255 blue: 29.6, so 29.
    /// (200, 100, 50): 124.7, so 124. (127, 128, 3): 113.95, so 113. The sums include the half
    /// that rounds; the former weights of OpenCV 3 (4899, 9617, 1868 of 16384) differ from these
    /// in 43864 of all colours.
    #[test]
    fn levels_are_opencvs() {
        let opencv = [
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([10, 20, 30], 18),
            ([200, 100, 50], 124),
            ([127, 128, 3], 113),
            ([255, 255, 255], 255),
        ];
        for (colour, level) in opencv {
            assert_eq!(gray_pixel(colour), level, "{colour:?}");
        }
    }

    #[test]
    fn grey_levels_stay_as_they_are() {
        for level in 0..=255 {
            assert_eq!(gray_pixel([level; 3]), level);
        }
    }

    #[test]
    fn layout_in_memory_does_not_matter() {
        let image = Array3::from_shape_fn((4, 5, 3), |(y, x, c)| (60 * y + 10 * x + 3 * c) as u8);
        let columns = image.view().reversed_axes().as_standard_layout().into_owned();
        let same = columns.view().reversed_axes();
        assert!(!same.is_standard_layout());
        assert_eq!(gray(image.view()), gray(same));
        let red = same.slice(ndarray::s![.., .., 0..1]);
        assert!(gray(red).is_standard_layout());
        assert_eq!(gray(red)[[2, 3]], 150);
    }

    #[test]
    fn a_contiguous_grey_image_is_not_copied() {
        let image = Array3::<u8>::zeros((4, 5, 1));
        assert!(gray(image.view()).is_view());
    }
}
