//! Maps of rows that stand before a classifier, and the recipe that puts one there.
//!
//! A [`Transform`] learns a [`FeatureMap`] from training rows; [`Transformed`] is a recipe
//! ([`base::Fit`]) that learns the map and then the classifier behind it, so nothing of either has
//! seen another row. Transforms that take numbers have `Params` and a checked `new`; the others
//! are values that are ready to use.

mod axes;
mod columns;
mod fourier;
mod hellinger;
mod lda;
mod min_max;
mod nystroem;
mod pca;
mod project;
mod rows;
mod standardise;
#[cfg(test)]
mod tests;

pub use fourier::{RandomFourier, RandomFourierParams};
pub use hellinger::Hellinger;
pub use lda::{Lda, LdaMap, LdaParams};
pub use min_max::{MinMax, MinMaxParams};
pub use nystroem::{Nystroem, NystroemParams};
pub use pca::{Components, Pca, PcaMap, PcaParams};
pub use rows::{NormaliseRows, NormaliseRowsParams, RowNorm};
pub use standardise::Standardise;

use crate::check;
use base::{Fit, FitError, FitSummary, Labels, Matrix, Predict, Scores, Seed};
use thiserror::Error;

/// A recipe for a map of rows. Its parameters were checked when it was built.
pub trait Transform: Send + Sync {
    /// Learns the map from training rows `x`, shape `(n, features)`, and their labels, which most
    /// maps do not look at. Equal inputs and equal seeds give equal maps, at any number of threads.
    ///
    /// # Errors
    /// If a value is not finite, or the rows do not hold what the map needs: see [`TransformError`].
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn FeatureMap>, FitError>;
}

/// A learned map of rows.
pub trait FeatureMap: Send + Sync {
    /// The mapped rows of `x`, shape `(n, features of the map)`; finite for finite rows. What
    /// becomes of a row does not depend on the others, bit for bit.
    ///
    /// # Panics
    /// If the rows of `x` have another length than in training.
    fn apply(&self, x: &Matrix) -> Matrix;

    /// Bytes of all learned numbers.
    fn bytes(&self) -> u64;
}

/// Why a map could not be learned from these rows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransformError {
    /// Directions of spread were asked for where there is no spread.
    #[error("{what}: all training rows are equal, so there is no direction to keep")]
    NoSpread {
        /// The map.
        what: &'static str,
    },
    /// All class means are the same, up to rounding.
    #[error("lda: the class means do not differ, so there is no direction to keep")]
    EqualMeans,
    /// The rows of each class are equal to each other.
    #[error(
        "lda: within every class all training rows are equal, so there is no spread to compare \
         the distance of the class means with"
    )]
    NoSpreadWithin,
    /// A decomposition that would take too much time and memory.
    #[error(
        "{what}: {rows} rows of {features} features; it takes at most {max} of either, as it \
         decomposes a square matrix of the smaller number"
    )]
    TooLarge {
        /// The map.
        what: &'static str,
        /// Training rows.
        rows: usize,
        /// Their length.
        features: usize,
        /// Limit of the smaller of both.
        max: usize,
    },
    /// A decomposition that did not end.
    #[error("{what}: the eigenvalues were not found within {iterations} iterations")]
    NotConverged {
        /// The map.
        what: &'static str,
        /// Iterations made.
        iterations: usize,
    },
    /// A kernel whose matrix over some training rows has no positive eigenvalue.
    #[error(
        "nystroem: no training rows are alike by this kernel; choose another or scale the rows"
    )]
    NothingPositive,
    /// Values of a kernel that do not fit into 32 bits.
    #[error("nystroem: kernel values between the training rows are too large; scale the features")]
    KernelOverflow,
}

impl From<TransformError> for FitError {
    fn from(source: TransformError) -> Self {
        Self::Library { what: "transform", source: Box::new(source) }
    }
}

/// Wraps a recipe so that it sees mapped rows; the map is learned from the training rows only.
///
/// ```
/// use base::{Fit, Labels, Seed};
/// use classic::{NearestNeighbours, NearestNeighboursParams, Standardise, Transformed};
/// // The second column is larger, but says nothing.
/// let x = ndarray::array![[0.0, 900.0], [0.1, 100.0], [1.0, 800.0], [1.1, 200.0]];
/// let y = Labels::new(vec![0, 0, 1, 1], &["a".to_owned(), "b".to_owned()]).unwrap();
/// let nearest = NearestNeighbours::new(&NearestNeighboursParams { k: 1 }).unwrap();
/// let recipe = Transformed::new(Box::new(Standardise), Box::new(nearest));
/// let model = recipe.fit(&x, &y, Seed(1)).unwrap();
/// assert_eq!(model.scores(&ndarray::array![[0.9, 400.0]]).predicted(), [1]);
/// ```
pub struct Transformed {
    transform: Box<dyn Transform>,
    inner: Box<dyn Fit<Matrix>>,
}

impl Transformed {
    /// `inner` behind `transform`.
    pub fn new(transform: Box<dyn Transform>, inner: Box<dyn Fit<Matrix>>) -> Self {
        Self { transform, inner }
    }
}

impl Fit<Matrix> for Transformed {
    /// The inner recipe gets the seed itself, the transform a child of it.
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        // Before the map, so that an error names the value the caller gave.
        check::training_rows(x, y)?;
        let map = self.transform.learn(x, y, seed.child("transform", 0))?;
        let inner = self.inner.fit(&map.apply(x), y, seed)?;
        Ok(Box::new(TransformedModel { map, inner }))
    }
}

struct TransformedModel {
    map: Box<dyn FeatureMap>,
    inner: Box<dyn Predict<Matrix>>,
}

impl Predict<Matrix> for TransformedModel {
    fn scores(&self, x: &Matrix) -> Scores {
        self.inner.scores(&self.map.apply(x))
    }

    fn summary(&self) -> FitSummary {
        let inner = self.inner.summary();
        FitSummary { model_bytes: inner.model_bytes + self.map.bytes(), ..inner }
    }
}

/// Several transforms in a row; each learns from what the one before makes of the training rows.
/// Without any, rows stay as they are.
#[derive(Default)]
pub struct Chain(Vec<Box<dyn Transform>>);

impl Chain {
    /// In the order in which rows pass through.
    pub fn new(transforms: Vec<Box<dyn Transform>>) -> Self {
        Self(transforms)
    }
}

impl Transform for Chain {
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        check::training_rows(x, y)?;
        let mut maps: Vec<Box<dyn FeatureMap>> = Vec::new();
        let mut mapped: Option<Matrix> = None;
        for (place, transform) in self.0.iter().enumerate() {
            let seen = mapped.as_ref().unwrap_or(x);
            let map = transform.learn(seen, y, seed.child("link", place as u64))?;
            if place + 1 < self.0.len() {
                mapped = Some(map.apply(seen));
            }
            maps.push(map);
        }
        Ok(Box::new(ChainMap(maps)))
    }
}

struct ChainMap(Vec<Box<dyn FeatureMap>>);

impl FeatureMap for ChainMap {
    fn apply(&self, x: &Matrix) -> Matrix {
        let Some((first, rest)) = self.0.split_first() else { return x.clone() };
        rest.iter().fold(first.apply(x), |mapped, map| map.apply(&mapped))
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|map| map.bytes()).sum()
    }
}

/// `map` of each number of a matrix.
fn each(x: &Matrix, map: impl Fn(f32) -> f32) -> Matrix {
    let mut mapped = x.as_standard_layout().into_owned();
    mapped.mapv_inplace(map);
    mapped
}
