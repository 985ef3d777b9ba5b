//! Several descriptors of one image, one after the other.

use crate::view::{check_out, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::ArrayView3;

/// The numbers of several descriptors in the order in which they were given.
///
/// They are not put on one scale; a scaler before the classifier does that.
///
/// ```
/// use features::{Concat, Hog, HogParams, Pixels, PixelsParams};
/// let pixels = Pixels::new(&PixelsParams::default()).unwrap();
/// let hog = Hog::new(&HogParams::default()).unwrap();
/// let both = Concat::new(vec![Box::new(pixels), Box::new(hog)]).unwrap();
/// let image = ndarray::Array3::from_elem((28, 28, 1), 255);
/// let descriptor = features::describe(&both, image.view()).unwrap();
/// assert_eq!(descriptor.len(), 28 * 28 + 6 * 6 * 2 * 2 * 9);
/// assert_eq!(descriptor[28 * 28 - 1..28 * 28 + 1], [1.0, 0.0]);
/// ```
pub struct Concat {
    parts: Vec<Box<dyn Extract>>,
}

impl Concat {
    /// Takes at least one descriptor.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(parts: Vec<Box<dyn Extract>>) -> Result<Self, ParamError> {
        if parts.is_empty() {
            return Err(ParamError::new("parts", "empty", "at least one descriptor"));
        }
        Ok(Self { parts })
    }
}

impl Extract for Concat {
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        self.parts.iter().map(|part| part.length(size)).sum()
    }

    fn extract(&self, image: ArrayView3<'_, u8>, mut out: &mut [f32]) {
        check_out(self, image, out);
        for part in &self.parts {
            let length = part.length(size_of(image)).expect("`length` accepted this size");
            let (own, rest) = out.split_at_mut(length);
            part.extract(image, own);
            out = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hog, HogParams, Pixels, PixelsParams};

    #[test]
    fn refuses_nothing_and_images_too_small_for_one_part() {
        assert_eq!(Concat::new(Vec::new()).err().unwrap().name, "parts");
        let hog = Hog::new(&HogParams::default()).unwrap();
        let pixels = Pixels::new(&PixelsParams::default()).unwrap();
        let both = Concat::new(vec![Box::new(pixels), Box::new(hog)]).unwrap();
        let error = both.length(Size { height: 7, width: 8, channels: 1 }).unwrap_err();
        assert!(matches!(error, ShapeError::TooSmall { what: "HOG", .. }));
    }
}
