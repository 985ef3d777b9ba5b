//! Maps of rows that stand before a classifier, and the recipe that puts one there.
//!
//! A [`Transform`] learns a [`Map`] from training rows; [`Transformed`] is a recipe
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
    /// If a value is not finite, or the rows do not hold what the map needs: see [`MapError`].
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn Map>, FitError>;
}

/// A learned map of rows.
pub trait Map: Send + Sync {
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
pub enum MapError {
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

impl From<MapError> for FitError {
    fn from(source: MapError) -> Self {
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
    map: Box<dyn Map>,
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
    fn learn(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<Box<dyn Map>, FitError> {
        check::training_rows(x, y)?;
        let mut maps: Vec<Box<dyn Map>> = Vec::new();
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

struct ChainMap(Vec<Box<dyn Map>>);

impl Map for ChainMap {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads};
    use crate::kernel::KernelName;
    use crate::{NearestMean, NearestNeighbours, NearestNeighboursParams, Svm, SvmParams};

    /// One of each kind, with settings that a small problem can bear.
    fn all() -> Vec<(&'static str, Box<dyn Transform>)> {
        let few = Components::Count(3);
        let kernel = |kernel| NystroemParams { kernel, components: 20, ..Default::default() };
        let nystroem =
            |name| -> Box<dyn Transform> { Box::new(Nystroem::new(&kernel(name)).unwrap()) };
        let l1 = NormaliseRowsParams { norm: RowNorm::L1 };
        let fourier = RandomFourierParams { components: 64, ..Default::default() };
        let pca = PcaParams { components: few, ..Default::default() };
        let whitened = PcaParams { components: Components::Share(0.9), whiten: true };
        let shrunken = LdaParams { shrinkage: 0.3, ..Default::default() };
        let chain: Vec<Box<dyn Transform>> = vec![
            Box::new(Hellinger),
            Box::new(Standardise),
            Box::new(Nystroem::new(&kernel(KernelName::Rbf)).unwrap()),
        ];
        vec![
            ("standardise", Box::new(Standardise)),
            ("min-max", Box::new(MinMax::new(&MinMaxParams::default()).unwrap())),
            ("l2", Box::new(NormaliseRows::new(&NormaliseRowsParams::default()))),
            ("l1", Box::new(NormaliseRows::new(&l1))),
            ("hellinger", Box::new(Hellinger)),
            ("pca", Box::new(Pca::new(&pca).unwrap())),
            ("whitened", Box::new(Pca::new(&whitened).unwrap())),
            ("lda", Box::new(Lda::new(&LdaParams::default()).unwrap())),
            ("shrunken", Box::new(Lda::new(&shrunken).unwrap())),
            ("linear", nystroem(KernelName::Linear)),
            ("polynomial", nystroem(KernelName::Polynomial)),
            ("rbf", nystroem(KernelName::Rbf)),
            ("sigmoid", nystroem(KernelName::Sigmoid)),
            ("fourier", Box::new(RandomFourier::new(&fourier).unwrap())),
            ("chain", Box::new(Chain::new(chain))),
            ("nothing", Box::new(Chain::default())),
        ]
    }

    fn svm() -> Box<dyn Fit<Matrix>> {
        let params = SvmParams { kernel: KernelName::Linear, c: 10.0, ..Default::default() };
        Box::new(Svm::new(&params).unwrap())
    }

    #[test]
    fn every_transform_keeps_the_contract_before_a_machine() {
        let (x, y) = clouds(3, 20);
        for (_, transform) in all() {
            eval::contract::check(&Transformed::new(transform, svm()), &x, &y);
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y) = clouds(3, 150);
        for (name, transform) in all() {
            let map = || transform.learn(&x, &y, Seed(3)).unwrap().apply(&x);
            let (one, two) = (in_threads(1, map), in_threads(2, map));
            assert_eq!(one, two, "{name}");
            assert!(one.iter().all(|value| value.is_finite()), "{name}");
        }
    }

    /// A map that looked at the rows it is given would change with them.
    #[test]
    fn rows_to_map_change_nothing() {
        let (x, y) = clouds(3, 20);
        let mut longer = x.clone();
        longer.push_row(ndarray::aview1(&[1e20, -1e20, 0.0, 0.0])).unwrap();
        longer.push_row(ndarray::aview1(&[f32::MAX, f32::MIN, 1.0, 0.0])).unwrap();
        for (name, transform) in all() {
            let map = transform.learn(&x, &y, Seed(3)).unwrap();
            let (alone, beside) = (map.apply(&x), map.apply(&longer));
            assert_eq!(alone, beside.slice(ndarray::s![..60, ..]), "{name}");
            let row = map.apply(&x.slice(ndarray::s![7..8, ..]).to_owned());
            assert_eq!(alone.row(7), row.row(0), "{name}");
            assert!(beside.iter().all(|value| value.is_finite()), "{name}");
            assert_eq!(map.apply(&Matrix::zeros((0, 4))).nrows(), 0, "{name}: no row");
        }
    }

    #[test]
    fn errors_name_the_value_before_the_map() {
        let (mut x, y) = clouds(2, 20);
        x[[4, 2]] = f32::INFINITY;
        for (name, transform) in all() {
            let error = transform.learn(&x, &y, Seed(1)).err().unwrap().to_string();
            assert!(error.contains("row 4, column 2 is inf"), "{name}: {error}");
            let error = Transformed::new(transform, svm()).fit(&x, &y, Seed(1)).err().unwrap();
            assert!(error.to_string().contains("row 4, column 2 is inf"), "{name}: {error}");
        }
    }

    /// Constant columns, a column of zeros, and fewer rows than features.
    #[test]
    fn constant_columns_and_few_rows_are_fine() {
        let (x, y) = clouds(2, 4);
        let mut wide = Matrix::from_elem((8, 12), 0.1);
        wide.slice_mut(ndarray::s![.., 3..7]).assign(&x);
        wide.column_mut(11).fill(0.0);
        for (name, transform) in all() {
            let mapped = transform.learn(&wide, &y, Seed(1)).unwrap().apply(&wide);
            assert!(mapped.iter().all(|value| value.is_finite()), "{name}");
            let mean = Transformed::new(transform, Box::new(NearestMean));
            let predicted = mean.fit(&wide, &y, Seed(1)).unwrap().scores(&wide).predicted();
            assert_eq!(predicted, y.ids(), "{name}");
        }
    }

    #[test]
    fn equal_rows_are_mapped_or_refused_in_words() {
        let (_, y) = clouds(2, 6);
        let x = Matrix::from_elem((12, 4), 0.3);
        for (name, transform) in all() {
            match transform.learn(&x, &y, Seed(1)) {
                Ok(map) => assert!(map.apply(&x).iter().all(|value| value.is_finite()), "{name}"),
                Err(error) => {
                    assert!(["pca", "whitened", "lda", "shrunken"].contains(&name), "{name}");
                    let error = error.to_string();
                    assert!(error.contains("all training rows are equal"), "{name}: {error}");
                }
            }
        }
    }

    /// A chain is what its links are one after the other.
    #[test]
    fn a_chain_learns_from_mapped_rows() {
        let (x, y) = clouds(3, 20);
        let first = Hellinger.learn(&x, &y, Seed(1)).unwrap();
        let second = Standardise.learn(&first.apply(&x), &y, Seed(1)).unwrap();
        let chain = Chain::new(vec![Box::new(Hellinger), Box::new(Standardise)]);
        let chain = chain.learn(&x, &y, Seed(1)).unwrap();
        assert_eq!(chain.apply(&x), second.apply(&first.apply(&x)));
        assert_eq!(chain.bytes(), first.bytes() + second.bytes());
    }

    #[test]
    fn the_map_counts_as_part_of_the_model() {
        let (x, y) = clouds(2, 10);
        let nearest = || NearestNeighbours::new(&NearestNeighboursParams { k: 1 }).unwrap();
        let bare = nearest().fit(&x, &y, Seed(1)).unwrap().summary();
        let recipe = Transformed::new(Box::new(Standardise), Box::new(nearest()));
        let behind = recipe.fit(&x, &y, Seed(1)).unwrap().summary();
        // A mean and a factor of 8 bytes for each of 4 columns.
        assert_eq!(behind.model_bytes, bare.model_bytes + 64);
    }
}
