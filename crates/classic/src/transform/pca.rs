//! Principal components.
//!
//! The centred rows `A` are written in the directions in which they spread most: the eigenvectors
//! of `A'A`, or, with fewer rows than features, those of `AA'` carried over. Results, signs and the
//! choice by explained variance are those of scikit-learn's `PCA` with `svd_solver="full"`.
//! Departure: directions whose spread could be rounding of 32-bit values alone (less than
//! `max(n, features)` times the square of that rounding, as a share of the largest) are left out,
//! so there can be fewer components than asked for and whitening never divides by 0.
//!
//! Source: I. T. Jolliffe, "Principal Component Analysis", 2nd ed., Springer, 2002.

use super::axes::{Axes, means};
use super::project::Projection;
use super::{FeatureMap, Transform, TransformError};
use crate::check;
use base::{FitError, Labels, Matrix, ParamError, Seed};
use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

/// How many directions are kept, as written in a plan file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Components {
    /// A whole number: that many, or all there are if there are fewer.
    Count(usize),
    /// A number between 0 and 1: as few as explain more than this share of the variance.
    Share(f64),
}

/// Settings of [`Pca`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PcaParams {
    /// A whole number from 1, or a share of the variance between 0 and 1.
    pub components: Components,
    /// Whether components are divided by their standard deviation over the training rows.
    pub whiten: bool,
}

impl Default for PcaParams {
    fn default() -> Self {
        Self { components: Components::Share(0.95), whiten: false }
    }
}

/// Principal component analysis. Checked when it is made.
///
/// ```
/// use classic::{Components, Pca, PcaParams};
/// // All rows lie on the line through (1, 1) with direction (3, 4).
/// let x = ndarray::array![[1.0, 1.0], [4.0, 5.0], [-2.0, -3.0]];
/// let params = PcaParams { components: Components::Count(2), whiten: false };
/// let map = Pca::new(&params).unwrap().train(&x).unwrap();
/// assert_eq!(map.variances().len(), 1);
/// assert!((map.variances()[0] - 25.0).abs() < 1e-9);
/// assert!((map.directions()[[0, 0]] - 0.6).abs() < 1e-6);
/// ```
#[derive(Debug, Clone)]
pub struct Pca {
    params: PcaParams,
}

impl Pca {
    /// # Errors
    /// If `components` is 0, or a share that is not between 0 and 1.
    pub fn new(params: &PcaParams) -> Result<Self, ParamError> {
        let expected = "a whole number from 1, or a share between 0 and 1";
        match params.components {
            Components::Count(0) => Err(ParamError::new("components", 0, expected)),
            Components::Share(share) if !(share > 0.0 && share < 1.0) => {
                Err(ParamError::new("components", share, expected))
            }
            _ => Ok(Self { params: params.clone() }),
        }
    }

    /// Like [`Transform::learn`], for those who want directions and variances too. All values of
    /// `x`, shape `(n, features)`, are finite.
    ///
    /// # Errors
    /// If all rows are equal, or there are more than 8192 rows and features.
    pub fn train(&self, x: &Matrix) -> Result<PcaMap, TransformError> {
        // Asked of the values themselves: rounding of the mean would look like spread.
        if all_rows_equal(x) {
            return Err(TransformError::NoSpread { what: "pca" });
        }
        let mean = means(x.view());
        let largest = x.nrows().max(x.ncols()) as f64;
        let tolerance = largest * f64::from(f32::EPSILON).powi(2);
        let centred = |row: usize, column: usize| f64::from(x[[row, column]]) - mean[column];
        let Axes { mut squares, directions, total } = Axes::of("pca", x.dim(), centred, tolerance)?;
        if squares.is_empty() {
            return Err(TransformError::NoSpread { what: "pca" });
        }
        let kept = match self.params.components {
            Components::Count(count) => count.min(squares.len()),
            Components::Share(share) => {
                let mut sum = 0.0;
                let reached = squares.iter().position(|square| {
                    sum += square / total;
                    sum > share
                });
                reached.map_or(squares.len(), |last| last + 1)
            }
        };
        squares.truncate(kept);
        let mut directions = directions.slice_move(s![..kept, ..]);
        let freedom = (x.nrows() - 1) as f64;
        let variances: Vec<f64> = squares.iter().map(|square| square / freedom).collect();
        let unit = directions.mapv(|value| value as f32);
        if self.params.whiten {
            for (mut direction, variance) in directions.rows_mut().into_iter().zip(&variances) {
                direction /= variance.sqrt();
            }
        }
        let projection = Projection::new(mean, &directions);
        Ok(PcaMap { projection, unit, variances, total: total / freedom })
    }
}

fn all_rows_equal(x: &Matrix) -> bool {
    x.rows().into_iter().all(|row| row == x.row(0))
}

impl Transform for Pca {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        Ok(Box::new(self.train(x)?))
    }
}

/// Learned principal components.
#[derive(Debug, Clone)]
pub struct PcaMap {
    projection: Projection,
    unit: ndarray::Array2<f32>,
    variances: Vec<f64>,
    total: f64,
}

impl PcaMap {
    /// The directions, shape `(kept, features)`: rows of length 1 at right angles, from most
    /// variance to least; the largest component of each is positive.
    pub fn directions(&self) -> ArrayView2<'_, f32> {
        self.unit.view()
    }

    /// Variance of the training rows along each direction (divided by n - 1).
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// [`Self::variances`] as shares, 0 to 1, of the variance in all directions.
    pub fn explained(&self) -> Vec<f64> {
        self.variances.iter().map(|variance| variance / self.total).collect()
    }
}

impl FeatureMap for PcaMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        self.projection.apply(x)
    }

    fn bytes(&self) -> u64 {
        self.projection.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;

    fn pca(components: Components) -> Pca {
        Pca::new(&PcaParams { components, whiten: false }).unwrap()
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let share = Components::Share;
        for components in [Components::Count(0), share(0.0), share(1.0), share(f64::NAN)] {
            let params = PcaParams { components, whiten: false };
            assert_eq!(Pca::new(&params).unwrap_err().name, "components");
        }
    }

    #[test]
    fn components_are_a_count_or_a_share_in_files() {
        for (text, components) in [("7", Components::Count(7)), ("0.5", Components::Share(0.5))] {
            let params: PcaParams =
                serde_json::from_str(&format!("{{\"components\": {text}}}")).unwrap();
            assert_eq!(params.components, components);
        }
        assert!(
            serde_json::from_str::<PcaParams>("{\"components\": -3}")
                .is_ok_and(
                    |params| Pca::new(&params).is_err_and(|error| error.name == "components")
                )
        );
    }

    /// Columns that are sums of others add nothing, and noise of rounding is not taken for spread.
    #[test]
    fn there_are_as_many_components_as_the_rank() {
        let (x, _) = clouds(3, 30);
        let wide = ndarray::concatenate![ndarray::Axis(1), x, &x * 1.7, x.dot(&x.t().dot(&x))];
        let map = pca(Components::Count(12)).train(&wide).unwrap();
        assert_eq!(map.variances().len(), 4, "{:?}", map.variances());
        assert!((map.explained().iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let few_rows = wide.slice(s![..3, ..]).to_owned();
        assert_eq!(pca(Components::Count(12)).train(&few_rows).unwrap().variances().len(), 2);
    }

    /// Rows written in all directions keep their distances; whitened ones have variance 1.
    #[test]
    fn distances_stay_and_whitened_variance_is_one() {
        let (x, _) = clouds(3, 30);
        let mapped = pca(Components::Count(4)).train(&x).unwrap().apply(&x);
        for (a, b) in [(0, 1), (5, 80), (33, 89)] {
            let squared = |m: &Matrix| (&m.row(a) - &m.row(b)).mapv(|v| v * v).sum();
            assert!((squared(&x) - squared(&mapped)).abs() < 1e-5);
        }
        let whitened = PcaParams { components: Components::Count(4), whiten: true };
        let mapped = Pca::new(&whitened).unwrap().train(&x).unwrap().apply(&x);
        for column in mapped.columns() {
            let square: f32 = column.mapv(|v| v * v).sum() / 89.0;
            assert!((square - 1.0).abs() < 1e-4 && column.sum().abs() < 1e-3, "{square}");
        }
    }
}
