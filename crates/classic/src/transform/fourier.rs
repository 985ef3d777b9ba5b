//! Random Fourier features: inner products that are nearly the Gaussian kernel's values.
//!
//! A row `x` becomes `sqrt(2 / D) cos(w_j . x + b_j)`, `j = 1..D`, with the components of `w_j` drawn
//! from the normal distribution of variance `2 gamma` and `b_j` evenly from `[0, 2 pi)`. The inner
//! product of two mapped rows has the mean `exp(-gamma |x - y|^2)` over draws, and a deviation of
//! at most `1 / sqrt(D)` or so.
//!
//! Source: A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007 (their
//! first variant; scikit-learn's `RBFSampler`).

use super::project::by_blocks;
use super::{FeatureMap, Transform};
use crate::check;
use crate::kernel::Gamma;
use base::{FitError, Labels, Matrix, ParamError, Seed};
use ndarray::Array2;
use ndarray::linalg::general_mat_mul;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use serde::{Deserialize, Serialize};

/// Most features; more are a slip.
const MAX_COMPONENTS: usize = 65_536;

/// Settings of [`RandomFourier`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomFourierParams {
    /// Features, 1 to 65536.
    pub components: usize,
    /// Factor of the squared distance: `"scale"`, `"auto"` or a positive number.
    pub gamma: Gamma,
}

impl Default for RandomFourierParams {
    fn default() -> Self {
        Self { components: 1024, gamma: Gamma::Scale }
    }
}

/// Random Fourier features. Checked when it is made.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{Gamma, RandomFourier, RandomFourierParams, Transform};
/// let y = Labels::new(vec![0, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let x = ndarray::array![[0.0, 0.0], [1.0, 0.0]];
/// let params = RandomFourierParams { components: 10_000, gamma: Gamma::Value(0.5) };
/// let map = RandomFourier::new(&params).unwrap().learn(&x, &y, Seed(1)).unwrap();
/// let mapped = map.apply(&x);
/// assert!((mapped.row(0).dot(&mapped.row(1)) - (-0.5_f32).exp()).abs() < 0.03);
/// ```
#[derive(Debug, Clone)]
pub struct RandomFourier {
    params: RandomFourierParams,
}

impl RandomFourier {
    /// # Errors
    /// If `components` does not lie in 1..=65536, or `gamma` is not positive.
    pub fn new(params: &RandomFourierParams) -> Result<Self, ParamError> {
        if !(1..=MAX_COMPONENTS).contains(&params.components) {
            return Err(ParamError::new("components", params.components, "from 1 to 65536"));
        }
        params.gamma.check()?;
        Ok(Self { params: params.clone() })
    }
}

impl Transform for RandomFourier {
    /// The seed draws the waves.
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        let deviation = (2.0 * self.params.gamma.value(x)).sqrt();
        let components = self.params.components;
        let mut rng = seed.child("weights", 0).rng();
        let weights = Array2::from_shape_simple_fn((components, x.ncols()), || {
            let normal: f64 = StandardNormal.sample(&mut rng);
            check::bounded(deviation * normal) as f32
        });
        let mut rng = seed.child("offsets", 0).rng();
        let turns = std::iter::repeat_with(|| StandardUniform.sample(&mut rng));
        let offset = |turn: f64| (std::f64::consts::TAU * turn) as f32;
        let offsets = turns.take(components).map(offset).collect();
        Ok(Box::new(RandomFourierMap { weights, offsets }))
    }
}

struct RandomFourierMap {
    /// Shape `(components, features)`.
    weights: Array2<f32>,
    offsets: Vec<f32>,
}

impl FeatureMap for RandomFourierMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        assert_eq!(x.ncols(), self.weights.ncols(), "as many features as in training");
        let factor = (2.0 / self.offsets.len() as f32).sqrt();
        by_blocks(x, self.offsets.len(), |rows, out| {
            general_mat_mul(1.0, &rows, &self.weights.t(), 0.0, out);
            for mut row in out.rows_mut() {
                for (value, &offset) in row.iter_mut().zip(&self.offsets) {
                    *value = factor * (check::bounded(f64::from(*value)) as f32 + offset).cos();
                }
            }
        })
    }

    fn bytes(&self) -> u64 {
        4 * (self.weights.len() + self.offsets.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;
    use crate::kernel::{Kernel, Points};

    #[test]
    fn each_wrong_setting_is_named() {
        let base = RandomFourierParams::default;
        for (params, name) in [
            (RandomFourierParams { components: 0, ..base() }, "components"),
            (RandomFourierParams { components: MAX_COMPONENTS + 1, ..base() }, "components"),
            (RandomFourierParams { gamma: Gamma::Value(f64::NAN), ..base() }, "gamma"),
        ] {
            assert_eq!(RandomFourier::new(&params).unwrap_err().name, name);
        }
    }

    /// The error over all pairs of rows shrinks with the root of the number of features, as the
    /// paper has it: a quarter of it with 16 times as many, give or take the luck of the draw.
    #[test]
    fn inner_products_near_the_gaussian_kernel() {
        let (x, y) = clouds(3, 20);
        let gamma = 0.4;
        let want = Kernel::Rbf { gamma }.gram(&Points::new(x.view()).side());
        let error = |components| {
            let gamma = Gamma::Value(gamma.into());
            let recipe = RandomFourier::new(&RandomFourierParams { components, gamma }).unwrap();
            let mapped = recipe.learn(&x, &y, Seed(5)).unwrap().apply(&x);
            let squares = (mapped.dot(&mapped.t()) - &want).mapv(|error| error * error);
            squares.mean().unwrap().sqrt()
        };
        let (few, many) = (error(1_000), error(16_000));
        assert!(few < 1.0 / 1_000_f32.sqrt(), "{few}");
        assert!((2.0..8.0).contains(&(few / many)), "{few} {many}");
    }
}
