//! The signed square root.

use super::{FeatureMap, Transform, each};
use crate::check;
use base::{FitError, Labels, Matrix, Seed};

/// `sign(x) sqrt(|x|)` of each value. The inner product of two mapped histograms is Hellinger's
/// kernel, `sum sqrt(a b)`, so a linear machine behind this map is one with that kernel.
///
/// Nothing is learned. Source: F. Perronnin, J. Sánchez, Y. Liu, "Large-scale image categorization
/// with explicit data embedding", CVPR 2010; the sign is theirs too.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::Transform;
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[4.0, 0.0], [-9.0, 1.0]];
/// let map = classic::Hellinger.learn(&x, &y, Seed(1)).unwrap();
/// assert_eq!(map.apply(&x), ndarray::array![[2.0, 0.0], [-3.0, 1.0]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Hellinger;

impl Transform for Hellinger {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        Ok(Box::new(HellingerMap { features: x.ncols() }))
    }
}

struct HellingerMap {
    features: usize,
}

impl FeatureMap for HellingerMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.features, "as many features as in training");
        each(x, |value| value.abs().sqrt().copysign(value))
    }

    fn bytes(&self) -> u64 {
        0
    }
}
