//! Linear discriminant analysis as a map: the directions that tell the classes apart best.
//!
//! Directions `v` maximise `v' B v / v' W v`, where `B` is the scatter of the class means and `W`
//! that within the classes; there are at most as many as classes less one. Mapped
//! training rows have the overall mean 0 and within-class covariance 1 (divided by n).
//!
//! Without shrinkage `W` is inverted where it is not 0 only, after dividing each feature by its
//! deviation within the classes: scikit-learn's `LinearDiscriminantAnalysis` with `solver="svd"`,
//! including its threshold of 1e-4. A feature without any spread within the classes is therefore
//! not used, however well it tells them apart. With shrinkage, `W` and `B` are mixed with a
//! multiple of the identity as its `solver="eigen"` does. Departures from scikit-learn: signs are
//! chosen as in [`super::Pca`], and rows are centred with shrinkage, too.
//!
//! Sources: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of
//! Eugenics 7:179-188, 1936; C. R. Rao, J. Royal Statistical Society B 10(2):159-203, 1948;
//! shrinkage: J. H. Friedman, "Regularized discriminant analysis", JASA 84(405):165-175, 1989.

use super::axes::{Axes, Eigen, means, scatter, turn};
use super::project::Projection;
use super::{FeatureMap, Transform, TransformError};
use crate::check;
use base::{FitError, Labels, Matrix, ParamError, Seed};
use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

/// Singular values below this, beside a deviation of 1, are taken for 0.
const TOLERANCE: f64 = 1e-4;

/// Distances of the means, squared and beside the spread within, that are taken for 0.
const SAME_MEANS: f64 = 1e-20;

/// Settings of [`Lda`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LdaParams {
    /// Share, 0 (the default) to 1, of the identity in the covariances: steadier where there are
    /// few rows beside features. Above 0, there can be 8192 features.
    pub shrinkage: f64,
}

/// Linear discriminant analysis. Checked when it is made.
///
/// ```
/// use base::Labels;
/// use classic::{Lda, LdaParams, FeatureMap};
/// // Within both classes features deviate by 4 and 0.1; the means are 1 apart in the second.
/// let class = ndarray::array![[0.0, 0.0], [8.0, 0.0], [0.0, 0.2], [8.0, 0.2]];
/// let x = ndarray::concatenate![ndarray::Axis(0), class, &class + &ndarray::array![0.0, 1.0]];
/// let names = ["a", "b"].map(str::to_owned);
/// let y = Labels::new(vec![0, 0, 0, 0, 1, 1, 1, 1], &names).unwrap();
/// let mapped = Lda::new(&LdaParams::default()).unwrap().train(&x, &y).unwrap().apply(&x);
/// assert_eq!(mapped.ncols(), 1);
/// assert!((mapped[[0, 0]] - mapped[[1, 0]]).abs() < 1e-4, "the first feature says nothing");
/// assert!(((mapped[[4, 0]] - mapped[[0, 0]]) - 10.0).abs() < 1e-4, "ten deviations");
/// ```
#[derive(Debug, Clone)]
pub struct Lda {
    shrinkage: f64,
}

impl Lda {
    /// # Errors
    /// If `shrinkage` does not lie in 0..=1.
    pub fn new(params: &LdaParams) -> Result<Self, ParamError> {
        let shrinkage = params.shrinkage;
        if !(0.0..=1.0).contains(&shrinkage) {
            return Err(ParamError::new("shrinkage", shrinkage, "from 0 to 1"));
        }
        Ok(Self { shrinkage })
    }

    /// Like [`Transform::learn`], for those who want the directions too.
    ///
    /// # Errors
    /// If the labels do not fit, a value is not finite, the class means are equal, or rows are
    /// equal within every class.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<LdaMap, FitError> {
        check::training_rows(x, y)?;
        let classes = Classes::of(x, y);
        if x.ncols() == 0 || classes.are_points(x, y) {
            return Err(TransformError::NoSpreadWithin.into());
        }
        let mut directions = if self.shrinkage > 0.0 {
            classes.shrunken(x, y, self.shrinkage)?
        } else {
            classes.plain(x, y)?
        };
        turn(&mut directions);
        Ok(LdaMap { projection: Projection::new(classes.mean, &directions) })
    }
}

/// What is known of the classes that have rows.
struct Classes {
    /// Mean of all rows.
    mean: Vec<f64>,
    /// Means by class id, shape `(classes, features)`; 0 without rows.
    means: Array2<f64>,
    counts: Vec<usize>,
    /// Number of classes that have rows.
    present: usize,
    rows: usize,
}

impl Classes {
    fn of(x: &Matrix, y: &Labels) -> Self {
        let counts = y.counts();
        let mut means_of = Array2::zeros((counts.len(), x.ncols()));
        for (row, &id) in x.rows().into_iter().zip(y.ids()) {
            for (sum, &value) in means_of.row_mut(id).iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        for (mut mean, &count) in means_of.rows_mut().into_iter().zip(&counts) {
            mean /= count.max(1) as f64;
        }
        let present = counts.iter().filter(|&&count| count > 0).count();
        Self { mean: means(x.view()), means: means_of, counts, present, rows: x.nrows() }
    }

    /// Whether the rows of each class are equal.
    fn are_points(&self, x: &Matrix, y: &Labels) -> bool {
        let mut first: Vec<Option<usize>> = vec![None; self.counts.len()];
        y.ids().iter().enumerate().all(|(row, &id)| {
            let first = *first[id].get_or_insert(row);
            x.row(first) == x.row(row)
        })
    }

    /// Rows whose sums of squares and products are the scatter between the classes over `divisor`.
    fn between(&self, divisor: f64) -> Array2<f64> {
        let mut rows = self.means.clone();
        for (mut row, &count) in rows.rows_mut().into_iter().zip(&self.counts) {
            let factor = (count as f64 / divisor).sqrt();
            row.iter_mut().zip(&self.mean).for_each(|(value, mean)| {
                *value = if count == 0 { 0.0 } else { (*value - mean) * factor };
            });
        }
        rows
    }

    fn plain(&self, x: &Matrix, y: &Labels) -> Result<Array2<f64>, TransformError> {
        let n = self.rows as f64;
        let mut deviations = vec![0.0; x.ncols()];
        for (row, &id) in x.rows().into_iter().zip(y.ids()) {
            let mean = self.means.row(id);
            for ((sum, &value), mean) in deviations.iter_mut().zip(row).zip(mean) {
                *sum += (f64::from(value) - mean).powi(2);
            }
        }
        for (deviation, mean) in deviations.iter_mut().zip(&self.mean) {
            *deviation = (*deviation / n).sqrt();
            // Equal values whose mean is rounded differ from it by rounding.
            if *deviation <= 4.0 * f64::EPSILON * mean.abs() {
                *deviation = f64::INFINITY;
            }
        }
        let ids = y.ids();
        let centred = |row: usize, column: usize| {
            (f64::from(x[[row, column]]) - self.means[[ids[row], column]]) / deviations[column]
        };
        let within = Axes::of("lda", x.dim(), centred, 0.0)?;
        let kept = |&&square: &&f64| square / n > TOLERANCE * TOLERANCE;
        let kept = within.squares.iter().take_while(kept).count();
        let mut whitening = within.directions.slice_move(s![..kept, ..]);
        for (mut row, square) in whitening.rows_mut().into_iter().zip(&within.squares) {
            let factor = (n / square).sqrt();
            row.iter_mut().zip(&deviations).for_each(|(value, dev)| *value *= factor / dev);
        }
        let between = self.between((self.present - 1) as f64).dot(&whitening.t());
        let value = |row: usize, column: usize| between[[row, column]];
        let chosen = Axes::of("lda", between.dim(), value, TOLERANCE * TOLERANCE)?;
        if chosen.squares.first().is_none_or(|&most| most <= SAME_MEANS) {
            return Err(TransformError::EqualMeans);
        }
        let kept = chosen.squares.len().min(self.present - 1);
        Ok(chosen.directions.slice(s![..kept, ..]).dot(&whitening))
    }

    fn shrunken(&self, x: &Matrix, y: &Labels, share: f64) -> Result<Array2<f64>, TransformError> {
        let (n, ids) = (self.rows as f64, y.ids());
        let centred = |row: usize, column: usize| {
            f64::from(x[[row, column]]) - self.means[[ids[row], column]]
        };
        let within = scatter("lda", x.dim(), centred)? / n;
        let between = self.between(n);
        let between = between.t().dot(&between);
        if between.diag().sum() <= SAME_MEANS * within.diag().sum() {
            return Err(TransformError::EqualMeans);
        }
        let Eigen { values, vectors } = Eigen::of("lda", &shrink(within, share))?;
        let kept = values.iter().take_while(|&&value| value > f64::EPSILON * values[0]).count();
        let mut whitening = vectors.slice_move(s![..kept, ..]);
        for (mut row, value) in whitening.rows_mut().into_iter().zip(&values) {
            row /= value.sqrt();
        }
        let whitened = whitening.dot(&shrink(between, share)).dot(&whitening.t());
        let chosen = Eigen::of("lda", &whitened)?.vectors;
        let most = chosen.nrows().min(self.present - 1);
        Ok(chosen.slice(s![..most, ..]).dot(&whitening))
    }
}

/// `(1 - share) matrix + share * (mean of the diagonal) * identity`
fn shrink(mut matrix: Array2<f64>, share: f64) -> Array2<f64> {
    let mean = matrix.diag().sum() / matrix.nrows() as f64;
    matrix *= 1.0 - share;
    matrix.diag_mut().mapv_inplace(|value| value + share * mean);
    matrix
}

impl Transform for Lda {
    /// The seed is not used: nothing is random.
    fn learn(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn FeatureMap>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

/// Learned discriminant directions.
#[derive(Debug, Clone)]
pub struct LdaMap {
    projection: Projection,
}

impl LdaMap {
    /// The directions, shape `(kept, features)`, from the best down.
    pub fn directions(&self) -> ArrayView2<'_, f32> {
        self.projection.directions()
    }
}

impl FeatureMap for LdaMap {
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
    use crate::check::samples::{clouds, labels};
    use ndarray::Axis;

    fn lda(shrinkage: f64) -> Lda {
        Lda::new(&LdaParams { shrinkage }).unwrap()
    }

    #[test]
    fn each_wrong_setting_is_named() {
        for shrinkage in [-0.1, 1.1, f64::NAN] {
            assert_eq!(Lda::new(&LdaParams { shrinkage }).unwrap_err().name, "shrinkage");
        }
    }

    /// Mapped rows have mean 0 and, within the classes, covariance 1, as the module doc says.
    #[test]
    fn the_covariance_within_becomes_one() {
        let (x, y) = clouds(3, 40);
        let mapped = lda(0.0).train(&x, &y).unwrap().apply(&x).mapv(f64::from);
        assert_eq!(mapped.ncols(), 2);
        assert!(mapped.sum_axis(Axis(0)).iter().all(|sum| sum.abs() < 1e-3));
        let mut within = Array2::<f64>::zeros((2, 2));
        for class in 0..3 {
            let rows = mapped.slice(s![class * 40..class * 40 + 40, ..]);
            let centred = &rows - &rows.mean_axis(Axis(0)).unwrap();
            within = within + centred.t().dot(&centred) / 120.0;
        }
        for ((a, b), value) in within.indexed_iter() {
            let want = if a == b { 1.0 } else { 0.0 };
            assert!((value - want).abs() < 1e-4, "{a} {b}: {value}");
        }
    }

    /// A little shrinkage changes little.
    #[test]
    fn shrinkage_starts_where_none_is() {
        let (x, y) = clouds(3, 40);
        let none = lda(0.0).train(&x, &y).unwrap().apply(&x);
        let little = lda(1e-9).train(&x, &y).unwrap().apply(&x);
        assert!((&none - &little).iter().all(|difference| difference.abs() < 1e-4));
    }

    #[test]
    fn equal_means_are_refused() {
        let x = ndarray::array![[0.0, 1.0], [2.0, 5.0], [2.0, 1.0], [0.0, 5.0]];
        let y = labels(vec![0, 0, 1, 1], 2);
        for shrinkage in [0.0, 0.5] {
            let error = lda(shrinkage).train(&x, &y).unwrap_err().to_string();
            assert!(error.contains("class means do not differ"), "{error}");
        }
    }

    /// A column that only names the class has no spread within one; the others are used.
    #[test]
    fn columns_without_spread_within_the_classes_are_left_out() {
        let (mut x, y) = clouds(2, 20);
        x.column_mut(3).iter_mut().zip(y.ids()).for_each(|(value, &id)| *value = 0.1 + id as f32);
        let map = lda(0.0).train(&x, &y).unwrap();
        assert_eq!(map.directions()[[0, 3]], 0.0);
        assert!(map.directions()[[0, 0]].abs() > 0.1);
    }

    /// More features than rows of one class, and a class without rows.
    #[test]
    fn few_rows_and_missing_classes_are_fine() {
        let (x, y) = clouds(2, 3);
        let wide = ndarray::concatenate![Axis(1), x, x.mapv(|v| v * v), x.mapv(f32::sqrt)];
        let y = labels(y.ids().iter().map(|&id| 2 * id).collect(), 4);
        for shrinkage in [0.0, 0.1, 1.0] {
            let mapped = lda(shrinkage).train(&wide, &y).unwrap().apply(&wide);
            assert_eq!(mapped.ncols(), 1, "{shrinkage}");
            assert!(mapped.iter().all(|value| value.is_finite()));
        }
    }
}
