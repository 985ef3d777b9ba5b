//! Raw pixels: the descriptor that every other one has to beat.

use crate::gray::gray;
use crate::view::{check_out, check_size};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelsParams {
    /// Whether colours are turned into grey ([`crate::gray`]); otherwise all channels are kept.
    pub gray: bool,
}

/// Every value divided by 255: row by row, pixel by pixel, channel by channel, each in 0..=1.
///
/// ```
/// use features::{Pixels, PixelsParams};
/// let image = ndarray::array![[[255_u8, 0, 51]]];
/// let pixels = Pixels::new(&PixelsParams::default()).unwrap();
/// assert_eq!(features::describe(&pixels, image.view()).unwrap(), [1.0, 0.0, 0.2]);
/// ```
#[derive(Debug, Clone)]
pub struct Pixels {
    gray: bool,
}

impl Pixels {
    /// # Errors
    /// Never; the result is there so that all recipes are made alike.
    pub fn new(params: &PixelsParams) -> Result<Self, ParamError> {
        Ok(Self { gray: params.gray })
    }
}

impl Extract for Pixels {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        Ok(size.height * size.width * if self.gray { 1 } else { size.channels })
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        if self.gray {
            write_shares(gray(image).iter(), out);
        } else {
            write_shares(image.iter(), out);
        }
    }
}

/// Writes `value / 255`: the nearest `f32` to the true quotient, which a product with 1/255 is not.
fn write_shares<'a>(values: impl Iterator<Item = &'a u8>, out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out = f32::from(value) / 255.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;
    use ndarray::array;

    #[test]
    fn channels_are_kept_or_made_grey() {
        let image = array![[[255_u8, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]];
        let described =
            |gray| describe(&Pixels::new(&PixelsParams { gray }).unwrap(), image.view()).unwrap();
        let all = described(false);
        assert_eq!(all, [1., 0., 0., 0., 1., 0., 0., 0., 1., 1., 1., 1.]);
        let grey = described(true);
        assert_eq!(grey, [76.0 / 255.0, 150.0 / 255.0, 29.0 / 255.0, 1.0]);
    }
}
