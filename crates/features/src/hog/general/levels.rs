//! Pixels of any type as numbers.

use super::HogError;
use crate::hog::params::Gamma;
use ndarray::{ArrayView3, Axis};

/// A type of pixel values: `u8`, `u16` or `f32`.
pub trait Level: sealed::Sealed {}

impl Level for u8 {}
impl Level for u16 {}
impl Level for f32 {}

pub(in crate::hog) mod sealed {
    use ndarray::ArrayView3;

    /// What is done with pixel values; other types would need limits of their own.
    pub trait Sealed: Copy {
        /// As a number.
        fn value(self) -> f64;

        /// An image of bytes as such, since there are faster ways for it.
        fn bytes(_: ArrayView3<'_, Self>) -> Option<ArrayView3<'_, u8>> {
            None
        }
    }

    impl Sealed for u8 {
        fn value(self) -> f64 {
            f64::from(self)
        }

        fn bytes(image: ArrayView3<'_, u8>) -> Option<ArrayView3<'_, u8>> {
            Some(image)
        }
    }

    impl Sealed for u16 {
        fn value(self) -> f64 {
            f64::from(self)
        }
    }

    impl Sealed for f32 {
        fn value(self) -> f64 {
            f64::from(self)
        }
    }
}

/// Largest value accepted: sums of gradients over any image stay far inside `f32`.
const MOST: f64 = 1e20;

/// Writes the values of an image of shape `(height, width, channels)` with their gamma applied:
/// channel after channel, each row by row.
pub(super) fn write<T: Level>(
    image: ArrayView3<'_, T>,
    gamma: Gamma,
    out: &mut Vec<f64>,
) -> Result<(), HogError> {
    let least = if gamma == Gamma::None { -MOST } else { 0.0 };
    out.clear();
    out.reserve(image.len());
    for (channel, plane) in image.axis_iter(Axis(2)).enumerate() {
        for ((y, x), &level) in plane.indexed_iter() {
            let value = level.value();
            // NaN lies in no range.
            if !(least..=MOST).contains(&value) {
                return Err(HogError::Level { y, x, channel, value, least, most: MOST });
            }
            out.push(match gamma {
                Gamma::None => value,
                Gamma::Sqrt => value.sqrt(),
                Gamma::Log => value.ln_1p(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn written<T: Level>(image: ArrayView3<'_, T>, gamma: Gamma) -> Result<Vec<f64>, HogError> {
        let mut out = Vec::new();
        write(image, gamma, &mut out).map(|()| out)
    }

    #[test]
    fn gammas_by_hand() {
        let image = array![[[9_u16, 4], [256, 0]]];
        assert_eq!(written(image.view(), Gamma::None).unwrap(), [9.0, 256.0, 4.0, 0.0]);
        assert_eq!(written(image.view(), Gamma::Sqrt).unwrap(), [3.0, 16.0, 2.0, 0.0]);
        let log = written(image.view(), Gamma::Log).unwrap();
        assert_eq!(log, [10.0_f64, 257.0, 5.0, 1.0].map(f64::ln));
    }

    #[test]
    fn what_is_no_brightness_is_refused_with_its_place() {
        let refused = |value: f32, gamma| {
            let image = array![[[0.0, 0.0], [0.0, value]]];
            written(image.view(), gamma).map_err(|error| error.to_string())
        };
        assert_eq!(
            refused(f32::NAN, Gamma::None).unwrap_err(),
            "the pixel in row 0, column 1, channel 1 is NaN, but must be from -1e20 to 1e20"
        );
        assert!(refused(f32::INFINITY, Gamma::None).is_err());
        assert!(refused(-1.0, Gamma::None).is_ok());
        assert_eq!(
            refused(-1.0, Gamma::Sqrt).unwrap_err(),
            "the pixel in row 0, column 1, channel 1 is -1, but must be from 0e0 to 1e20"
        );
    }
}
