//! Nyström's map: features whose inner products are nearly a kernel's values.
//!
//! `m` training rows are drawn as landmarks. With the kernel matrix of the landmarks `K = V L V'`, a
//! row `x` becomes `L^(-1/2) V' k(x)`, where `k(x)` holds its kernel values with the landmarks; so
//! for landmarks the inner products are exact.
//!
//! Source: C. Williams, M. Seeger, "Using the Nyström method to speed up kernel machines", NIPS
//! 2000; scikit-learn's `Nystroem`, to which the mapped rows are equal but for a rotation.
//! Departures: eigenvalues that rounding of 32-bit kernel values alone could make, and negative
//! ones (the sigmoid's), are left out, not raised or turned positive.

use super::axes::Eigen;
use super::project::by_blocks;
use super::{FeatureMap, Transform, TransformError};
use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName, Points};
use base::{FitError, Labels, Matrix, ParamError, Rows, Seed};
use ndarray::Array2;
use ndarray::linalg::general_mat_mul;
use serde::{Deserialize, Serialize};

/// Most landmarks: a square matrix of that size is decomposed.
const MAX_LANDMARKS: usize = 8192;

/// Settings of [`Nystroem`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NystroemParams {
    /// Landmarks, 1 to 8192; all training rows if there are fewer.
    pub components: usize,
    /// `linear`, `polynomial`, `rbf` (the default) or `sigmoid`.
    pub kernel: KernelName,
    /// Factor inside the kernels other than the linear: `"scale"`, `"auto"` or a positive number.
    pub gamma: Gamma,
    /// Exponent of the polynomial kernel, at least 1.
    pub degree: u16,
    /// Added to the inner product in the polynomial and the sigmoid kernel.
    pub coef0: f64,
}

impl Default for NystroemParams {
    fn default() -> Self {
        Self {
            components: 256,
            kernel: KernelName::Rbf,
            gamma: Gamma::Scale,
            degree: 3,
            coef0: 0.0,
        }
    }
}

/// Nyström's map. Checked when it is made.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{Gamma, Nystroem, NystroemParams, Transform};
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[0.0, 0.0], [1.0, 0.0]];
/// let params = NystroemParams { gamma: Gamma::Value(0.5), ..Default::default() };
/// let map = Nystroem::new(&params).unwrap().learn(&x, &y, Seed(1)).unwrap();
/// let mapped = map.apply(&x);
/// assert!((mapped.row(0).dot(&mapped.row(1)) - (-0.5_f32).exp()).abs() < 1e-6);
/// ```
#[derive(Debug, Clone)]
pub struct Nystroem {
    params: NystroemParams,
}

impl Nystroem {
    /// # Errors
    /// If a setting is out of range, also one that the chosen kernel does not use.
    pub fn new(params: &NystroemParams) -> Result<Self, ParamError> {
        if !(1..=MAX_LANDMARKS).contains(&params.components) {
            return Err(ParamError::new("components", params.components, "from 1 to 8192"));
        }
        if let KernelName::Precomputed | KernelName::HistogramIntersection | KernelName::ChiSquare =
            params.kernel
        {
            let expected = "linear, polynomial, rbf or sigmoid";
            return Err(ParamError::new("kernel", format!("{:?}", params.kernel), expected));
        }
        params.gamma.check()?;
        check::at_least_one("degree", params.degree)?;
        check::finite("coef0", params.coef0)?;
        Ok(Self { params: params.clone() })
    }

    /// The kernel with its numbers, for these training rows.
    fn kernel(&self, x: &Matrix) -> Kernel {
        let NystroemParams { kernel, gamma, degree, coef0, .. } = self.params;
        kernel.with(gamma.value(x), degree, coef0)
    }
}

impl Transform for Nystroem {
    /// The seed draws the landmarks.
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        let mut drawn = seed.permutation(x.nrows());
        drawn.truncate(self.params.components);
        Ok(Box::new(NystroemMap::new(self.kernel(x), &x.pick(&drawn))?))
    }
}

/// A learned map.
struct NystroemMap {
    kernel: Kernel,
    landmarks: Points,
    /// `L^(-1/2) V'`, shape `(kept, landmarks)`.
    root: Array2<f32>,
}

impl NystroemMap {
    fn new(kernel: Kernel, landmarks: &Matrix) -> Result<Self, TransformError> {
        let landmarks = Points::new(landmarks.view());
        if !kernel.bound(landmarks.largest_square()).is_finite() {
            return Err(TransformError::KernelOverflow);
        }
        let gram = kernel.gram(&landmarks.side()).mapv(f64::from);
        let Eigen { values, vectors } = Eigen::of("nystroem", &gram)?;
        let rounding = f64::from(f32::EPSILON);
        let least = (values[0] * rounding).max(f64::from(f32::MIN_POSITIVE));
        let kept = values.iter().take_while(|&&value| value > least).count();
        if kept == 0 {
            return Err(TransformError::NothingPositive);
        }
        let root = Array2::from_shape_fn((kept, landmarks.len()), |(row, column)| {
            (vectors[[row, column]] / values[row].sqrt()) as f32
        });
        Ok(Self { kernel, landmarks, root })
    }
}

impl FeatureMap for NystroemMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.landmarks.features(), "as many features as in training");
        by_blocks(x, self.root.nrows(), |rows, out| {
            let points = Points::new(rows.view());
            let mut values = Array2::zeros((rows.nrows(), self.landmarks.len()));
            self.kernel.block(&points.side(), &self.landmarks.side(), values.view_mut());
            general_mat_mul(1.0, &values, &self.root.t(), 0.0, out);
        })
    }

    fn bytes(&self) -> u64 {
        let numbers = self.landmarks.len() * (self.landmarks.features() + 1) + self.root.len();
        4 * numbers as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;

    #[test]
    fn each_wrong_setting_is_named() {
        let base = NystroemParams::default;
        for (params, name) in [
            (NystroemParams { components: 0, ..base() }, "components"),
            (NystroemParams { components: 8193, ..base() }, "components"),
            (NystroemParams { gamma: Gamma::Value(0.0), ..base() }, "gamma"),
            (NystroemParams { degree: 0, ..base() }, "degree"),
            (NystroemParams { coef0: f64::NAN, ..base() }, "coef0"),
        ] {
            assert_eq!(Nystroem::new(&params).unwrap_err().name, name);
        }
    }

    /// With every row a landmark, inner products are the kernel's values.
    #[test]
    fn inner_products_of_landmarks_are_kernel_values() {
        let (x, _) = clouds(3, 20);
        for kernel in [
            Kernel::Linear,
            Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 2 },
            Kernel::Rbf { gamma: 0.7 },
        ] {
            let map = NystroemMap::new(kernel, &x).unwrap();
            let mapped = map.apply(&x);
            let want = kernel.gram(&Points::new(x.view()).side());
            let largest = want.iter().copied().fold(0.0, f32::max);
            for (got, want) in mapped.dot(&mapped.t()).iter().zip(&want) {
                // What is left out are at most 60 eigenvalues of one rounding of the largest.
                assert!((got - want).abs() < 1e-4 * largest, "{kernel:?}: {got} {want}");
            }
        }
    }

    #[test]
    fn kernels_that_say_nothing_or_too_much_are_refused() {
        let zeros = NystroemMap::new(Kernel::Linear, &Matrix::zeros((5, 2))).err().unwrap();
        assert_eq!(zeros, TransformError::NothingPositive);
        let huge =
            NystroemMap::new(Kernel::Linear, &Matrix::from_elem((5, 2), 1e30)).err().unwrap();
        assert_eq!(huge, TransformError::KernelOverflow);
    }
}
