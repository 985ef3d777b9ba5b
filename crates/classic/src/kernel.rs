//! Kernel functions, computed for many pairs of rows at once.
//!
//! Every kernel here is a function of the inner products of two rows (and, for the Gaussian, of
//! their lengths), so a block of kernel values is one matrix product and a pass over its result.
//!
//! The definitions are LIBSVM's (C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector
//! machines", ACM TIST 2(3):27, 2011). Departures: 32-bit floats throughout, and the squared
//! distance of the Gaussian is `|x|^2 + |y|^2 - 2 x.y`, which loses digits where rows lie far from
//! the origin compared with their distance. Standardised features do not.

pub use crate::points::{Points, Side};

use crate::kernels::tile::Map;
use base::{Matrix, ParamError};
use ndarray::{Array2, ArrayViewMut2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of a band of the Gram matrix; one piece of parallel work.
const BAND: usize = 128;

/// A kernel by name, as written in a plan file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KernelName {
    /// `x.y`
    Linear,
    /// `(gamma x.y + coef0)^degree`
    Polynomial,
    /// `exp(-gamma |x - y|^2)`
    Rbf,
    /// `tanh(gamma x.y + coef0)`
    Sigmoid,
    /// The rows hold kernel values: in training with all training rows, a square matrix; in
    /// prediction likewise.
    Precomputed,
    /// `sum of min(x_k, y_k)`, for rows without negative numbers
    HistogramIntersection,
    /// `exp(-gamma sum of (x_k - y_k)^2 / (x_k + y_k))`, for rows without negative numbers
    ChiSquare,
}

impl KernelName {
    /// The kernel with these numbers, of which it takes those it has.
    pub(crate) fn with(self, gamma: f64, degree: u16, coef0: f64) -> Kernel {
        let (gamma, coef0) = (gamma as f32, coef0 as f32);
        match self {
            Self::Linear => Kernel::Linear,
            Self::Polynomial => Kernel::Polynomial { gamma, coef0, degree },
            Self::Rbf => Kernel::Rbf { gamma },
            Self::Sigmoid => Kernel::Sigmoid { gamma, coef0 },
            Self::Precomputed => Kernel::Precomputed,
            Self::HistogramIntersection => Kernel::HistogramIntersection,
            Self::ChiSquare => Kernel::ChiSquare { gamma },
        }
    }
}

/// `gamma` as written in a plan file: a number or a rule that finds one from the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GammaText", into = "GammaText")]
pub enum Gamma {
    /// `"scale"`: 1 / (features x variance of all training values), as scikit-learn; 1 if the
    /// variance is 0.
    Scale,
    /// `"auto"`: 1 / features, LIBSVM's default.
    Auto,
    /// `"median"`: 1 / (2 m^2), where m is the median distance between two training rows; 1 if
    /// that is 0. Of more than 1,000 rows, 1,000 that are spread evenly are looked at.
    Median,
    /// This number.
    Value(f64),
}

impl Gamma {
    /// # Errors
    /// If a number is not positive and finite.
    pub(crate) fn check(self) -> Result<Self, ParamError> {
        match self {
            Self::Value(value) if !(value.is_finite() && value > 0.0) => Err(ParamError::new(
                "gamma",
                value,
                "\"scale\", \"auto\", \"median\" or a positive number",
            )),
            gamma => Ok(gamma),
        }
    }

    /// The number for training rows `x`, shape `(n, features)`.
    pub fn value(self, x: &Matrix) -> f64 {
        let features = x.ncols().max(1) as f64;
        match self {
            Self::Value(value) => value,
            Self::Auto => 1.0 / features,
            Self::Median => {
                let median = median_squared_distance(x);
                if median > 0.0 { 1.0 / (2.0 * median) } else { 1.0 }
            }
            Self::Scale => {
                let count = x.len().max(1) as f64;
                let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
                let variance =
                    x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
                if variance > 0.0 { 1.0 / (features * variance) } else { 1.0 }
            }
        }
    }
}

/// Median of the squared distances of all pairs of at most 1,000 rows: of an even number of pairs
/// the square of the mean of the two distances in the middle.
fn median_squared_distance(x: &Matrix) -> f64 {
    const MOST: usize = 1000;
    let count = x.nrows().min(MOST);
    let rows: Vec<usize> = (0..count).map(|k| k * x.nrows() / count).collect();
    let points = Points::pick(x.view(), &rows);
    let mut squares = Array2::zeros((count, count));
    squared_distances(&points.side(), &points.side(), &mut squares.view_mut());
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let mut squares: Vec<f32> = pairs.map(|(a, b)| squares[[a, b]]).collect();
    if squares.is_empty() {
        return 0.0;
    }
    let middle = squares.len() / 2;
    let even = squares.len().is_multiple_of(2);
    let (below, &mut upper, _) = squares.select_nth_unstable_by(middle, f32::total_cmp);
    let lower = if even { below.iter().copied().fold(0.0, f32::max) } else { upper };
    f64::midpoint(f64::from(lower).sqrt(), f64::from(upper).sqrt()).powi(2)
}

/// What [`Gamma`] looks like in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum GammaText {
    Value(f64),
    Rule(String),
}

impl TryFrom<GammaText> for Gamma {
    type Error = ParamError;

    fn try_from(text: GammaText) -> Result<Self, ParamError> {
        match text {
            GammaText::Value(value) => Ok(Self::Value(value)),
            GammaText::Rule(rule) if rule == "scale" => Ok(Self::Scale),
            GammaText::Rule(rule) if rule == "auto" => Ok(Self::Auto),
            GammaText::Rule(rule) if rule == "median" => Ok(Self::Median),
            GammaText::Rule(rule) => Err(ParamError::new(
                "gamma",
                rule,
                "\"scale\", \"auto\", \"median\" or a positive number",
            )),
        }
    }
}

impl From<Gamma> for GammaText {
    fn from(gamma: Gamma) -> Self {
        match gamma {
            Gamma::Scale => Self::Rule("scale".to_owned()),
            Gamma::Auto => Self::Rule("auto".to_owned()),
            Gamma::Median => Self::Rule("median".to_owned()),
            Gamma::Value(value) => Self::Value(value),
        }
    }
}

/// `|x|^2 + |y|^2 - 2 x.y`, never below 0, of each row `x` of `left` and `y` of `right`, into
/// `out` of shape `(left, right)`.
///
/// # Panics
/// If the sizes do not fit together.
pub fn squared_distances(left: &Side<'_>, right: &Side<'_>, out: &mut ArrayViewMut2<'_, f32>) {
    left.left().values_into(Map::Distance, right, out);
}

/// A kernel function with its numbers.
///
/// ```
/// use classic::kernel::{Kernel, Points};
/// let points = Points::new(ndarray::array![[1.0, 0.0], [0.0, 2.0]].view());
/// let kernel = Kernel::Polynomial { gamma: 1.0, coef0: 1.0, degree: 2 };
/// assert_eq!(kernel.gram(&points.side()), ndarray::array![[4.0, 1.0], [1.0, 25.0]]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {
    /// `x.y`
    Linear,
    /// `(gamma x.y + coef0)^degree`
    Polynomial {
        /// Factor of the inner product.
        gamma: f32,
        /// Added to it.
        coef0: f32,
        /// Exponent, at least 1.
        degree: u16,
    },
    /// `exp(-gamma |x - y|^2)`
    Rbf {
        /// Factor of the squared distance.
        gamma: f32,
    },
    /// `tanh(gamma x.y + coef0)`. Not positive semi-definite: the dual problem need not be convex.
    Sigmoid {
        /// Factor of the inner product.
        gamma: f32,
        /// Added to it.
        coef0: f32,
    },
    /// A left row holds kernel values, a right row has one number: the place of its value there.
    Precomputed,
    /// `sum of min(x_k, y_k)`, where no number is negative.
    HistogramIntersection,
    /// `exp(-gamma sum of (x_k - y_k)^2 / (x_k + y_k))`, where no number is negative; terms 0 / 0
    /// count 0.
    ChiSquare {
        /// Factor of the sum.
        gamma: f32,
    },
}

impl Kernel {
    /// Kernel values of each row of `left` with each of `right`, into `out` of shape
    /// `(left, right)`. A value depends on its two rows alone, bit for bit.
    ///
    /// # Panics
    /// If the sizes do not fit together.
    pub fn block(&self, left: &Side<'_>, right: &Side<'_>, mut out: ArrayViewMut2<'_, f32>) {
        match self.map() {
            Some(map) => left.left().values_into(map, right, &mut out),
            None => {
                for ((y, x), out) in out.indexed_iter_mut() {
                    *out = left.value(y, right.value(x, 0) as usize);
                }
            }
        }
    }

    /// What the kernel sums up over the features; none if the values are given.
    pub(crate) fn map(&self) -> Option<Map> {
        Some(match *self {
            Self::Linear => Map::Product,
            Self::Polynomial { gamma, coef0, degree } => Map::Power { gamma, coef0, degree },
            Self::Rbf { gamma } => Map::Gauss { gamma },
            Self::Sigmoid { gamma, coef0 } => Map::Tanh { gamma, coef0 },
            Self::HistogramIntersection => Map::Minimum,
            Self::ChiSquare { gamma } => Map::ChiSquare { gamma },
            Self::Precomputed => return None,
        })
    }

    /// `gamma` and `coef0`; 1 and 0 where the kernel has none.
    pub(crate) fn numbers(&self) -> (f64, f64) {
        match *self {
            Self::Linear | Self::Precomputed | Self::HistogramIntersection => (1.0, 0.0),
            Self::Rbf { gamma } | Self::ChiSquare { gamma } => (gamma.into(), 0.0),
            Self::Polynomial { gamma, coef0, .. } | Self::Sigmoid { gamma, coef0 } => {
                (gamma.into(), coef0.into())
            }
        }
    }

    /// Kernel values of all pairs of rows, shape `(n, n)`, symmetric. Bands of rows in parallel.
    pub fn gram(&self, points: &Side<'_>) -> Array2<f32> {
        let n = points.len();
        let mut gram = Array2::zeros((n, n));
        let Some(map) = self.map() else {
            self.block(points, points, gram.view_mut());
            return gram;
        };
        let values = gram.as_slice_mut().expect("a new array is contiguous");
        values.par_chunks_mut(BAND * n.max(1)).enumerate().for_each(|(number, out)| {
            let start = number * BAND;
            let left = points.part(start, (start + BAND).min(n)).left();
            // Only from the diagonal on; the rest is its mirror image.
            left.values(map, &points.part(start, n), &mut out[start..], n);
        });
        mirror(&mut gram);
        gram
    }

    /// Kernel values of all rows with themselves.
    pub(crate) fn diagonal(&self, points: &Points) -> Vec<f32> {
        const BLOCK: usize = crate::kernels::tile::WIDTH;
        let mut diagonal = vec![0.0; points.len()];
        diagonal.par_chunks_mut(BLOCK).enumerate().for_each(|(number, out)| {
            let start = number * BLOCK;
            let rows = points.side().part(start, start + out.len());
            let mut values = Array2::zeros((out.len(), out.len()));
            self.block(&rows, &rows, values.view_mut());
            for (out, &value) in out.iter_mut().zip(values.diag()) {
                *out = value;
            }
        });
        diagonal
    }

    /// A bound on the size of all values between rows whose squared length is at most `square`,
    /// infinite if 32 bits cannot hold them.
    pub fn bound(&self, square: f32) -> f32 {
        match *self {
            Self::Linear => square,
            Self::Polynomial { gamma, coef0, degree } => {
                (gamma * square + coef0.abs()).powi(i32::from(degree))
            }
            Self::Rbf { gamma } => gamma * (4.0 * square),
            Self::Sigmoid { gamma, coef0 } => gamma * square + coef0.abs(),
            Self::Precomputed => 0.0,
            Self::HistogramIntersection => square,
            Self::ChiSquare { gamma } => gamma * (2.0 * square),
        }
    }
}

/// Copies what is right of the diagonal to the left of it, in square tiles that fit the cache.
fn mirror(gram: &mut Array2<f32>) {
    const TILE: usize = 64;
    let n = gram.nrows();
    let values = gram.as_slice_mut().expect("a new array is contiguous");
    for top in (0..n).step_by(TILE) {
        for left in (0..=top).step_by(TILE) {
            for y in top..(top + TILE).min(n) {
                for x in left..(left + TILE).min(y) {
                    values[y * n + x] = values[x * n + y];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    fn rows(n: usize, features: usize) -> Points {
        let noise = Seed(3).permutation(n * features);
        let value = |(y, x)| noise[y * features + x] as f32 / (n * features) as f32 - 0.3;
        Points::new(Array2::from_shape_fn((n, features), value).view())
    }

    /// The formulas of the module doc in 64 bits, one pair of rows at a time.
    fn plain(kernel: Kernel, x: &[f32], y: &[f32]) -> f64 {
        let pairs = || x.iter().zip(y).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        let product: f64 = pairs().map(|(a, b)| a * b).sum();
        match kernel {
            Kernel::Linear => product,
            Kernel::Polynomial { gamma, coef0, degree } => {
                (f64::from(gamma) * product + f64::from(coef0)).powi(degree.into())
            }
            Kernel::Rbf { gamma } => {
                (-f64::from(gamma) * pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>()).exp()
            }
            Kernel::Sigmoid { gamma, coef0 } => {
                (f64::from(gamma) * product + f64::from(coef0)).tanh()
            }
            Kernel::HistogramIntersection => pairs().map(|(a, b)| a.min(b)).sum(),
            Kernel::ChiSquare { gamma } => {
                // `rows` has no pair of zeros.
                let apart: f64 = pairs().map(|(a, b)| (a - b).powi(2) / (a + b)).sum();
                (-f64::from(gamma) * apart).exp()
            }
            Kernel::Precomputed => unreachable!("it has no formula"),
        }
    }

    #[test]
    fn every_gram_matrix_equals_the_formula() {
        // More than two bands and tiles, and not a multiple of either.
        let signed = rows(2 * BAND + 37, 19);
        let positive = Points::new(signed.to_rows().mapv(|value| value + 0.3001).view());
        for kernel in [
            Kernel::HistogramIntersection,
            Kernel::ChiSquare { gamma: 0.7 },
            Kernel::Linear,
            Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 3 },
            Kernel::Rbf { gamma: 0.7 },
            Kernel::Sigmoid { gamma: 0.1, coef0: -0.5 },
        ] {
            let points = match kernel {
                Kernel::HistogramIntersection | Kernel::ChiSquare { .. } => &positive,
                _ => &signed,
            };
            let gram = kernel.gram(&points.side());
            let all = points.to_rows();
            for ((y, x), &got) in gram.indexed_iter() {
                let row = |at: usize| all.row(at).to_vec();
                let want = plain(kernel, &row(y), &row(x));
                // A rounding is 6e-8 of a value; sums have 19 terms and a cube triples the share.
                let slack = 1e-6 * (1.0 + want.abs());
                assert!((f64::from(got) - want).abs() < slack, "{kernel:?} {y},{x}: {got} {want}");
                assert_eq!(got, gram[[x, y]], "{kernel:?} is symmetric");
            }
        }
    }

    #[test]
    fn gamma_rules_are_those_of_scikit_learn() {
        let x = ndarray::array![[0.0, 2.0], [4.0, 2.0]];
        assert_eq!(Gamma::Auto.value(&x), 0.5);
        assert_eq!(Gamma::Scale.value(&x), 1.0 / (2.0 * 2.0), "the variance of all values is 2");
        assert_eq!(Gamma::Scale.value(&ndarray::array![[3.0, 3.0]]), 1.0, "no variance");
    }

    #[test]
    fn the_median_rule_looks_at_distances() {
        // Distances 1, 2 and 3; then 1, 1, 2, 2, 3 and 4 with the median 2.
        let value = |x: Matrix| Gamma::Median.value(&x);
        assert_eq!(value(ndarray::array![[0.0], [1.0], [3.0]]), 1.0 / 8.0);
        assert_eq!(value(ndarray::array![[0.0], [1.0], [2.0], [4.0]]), 1.0 / 8.0);
        assert_eq!(value(ndarray::array![[7.0], [7.0]]), 1.0, "all rows are equal");
    }

    #[test]
    fn gamma_is_a_word_or_a_number_in_files() {
        for (text, gamma) in [
            ("\"scale\"", Gamma::Scale),
            ("\"auto\"", Gamma::Auto),
            ("\"median\"", Gamma::Median),
            ("0.5", Gamma::Value(0.5)),
        ] {
            assert_eq!(serde_json::from_str::<Gamma>(text).unwrap(), gamma);
            assert_eq!(serde_json::to_string(&gamma).unwrap(), text);
        }
        let wrong = serde_json::from_str::<Gamma>("\"large\"").unwrap_err().to_string();
        assert!(wrong.contains("`gamma` is large"), "{wrong}");
    }
}
