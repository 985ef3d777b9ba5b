//! Kernel functions, computed for many pairs of rows at once.
//!
//! Every kernel here is a function of the inner products of two rows (and, for the Gaussian, of
//! their lengths), so a block of kernel values is one matrix product and a pass over its result.
//!
//! The definitions are LIBSVM's (C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector
//! machines", ACM TIST 2(3):27, 2011). Departures: 32-bit floats throughout, and the squared
//! distance of the Gaussian is `|x|^2 + |y|^2 - 2 x.y`, which loses digits where rows lie far from
//! the origin compared with their distance. Standardised features do not.

use base::{Matrix, ParamError, Rows};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of a band of the Gram matrix; one piece of parallel work.
const BAND: usize = 256;

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

/// `gamma` as written in a plan file: a number or a rule that finds one from the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GammaText", into = "GammaText")]
pub enum Gamma {
    /// `"scale"`: 1 / (features x variance of all training values), as scikit-learn; 1 if the
    /// variance is 0.
    Scale,
    /// `"auto"`: 1 / features, LIBSVM's default.
    Auto,
    /// This number.
    Value(f64),
}

impl Gamma {
    /// # Errors
    /// If a number is not positive and finite.
    pub(crate) fn check(self) -> Result<Self, ParamError> {
        match self {
            Self::Value(value) if !(value.is_finite() && value > 0.0) => {
                Err(ParamError::new("gamma", value, "\"scale\", \"auto\" or a positive number"))
            }
            gamma => Ok(gamma),
        }
    }

    /// The number for training rows `x`, shape `(n, features)`.
    pub fn value(self, x: &Matrix) -> f64 {
        let features = x.ncols().max(1) as f64;
        match self {
            Self::Value(value) => value,
            Self::Auto => 1.0 / features,
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
            GammaText::Rule(rule) => {
                Err(ParamError::new("gamma", rule, "\"scale\", \"auto\" or a positive number"))
            }
        }
    }
}

impl From<Gamma> for GammaText {
    fn from(gamma: Gamma) -> Self {
        match gamma {
            Gamma::Scale => Self::Rule("scale".to_owned()),
            Gamma::Auto => Self::Rule("auto".to_owned()),
            Gamma::Value(value) => Self::Value(value),
        }
    }
}

/// Rows with their squared lengths, which are worked out once.
#[derive(Debug, Clone)]
pub struct Points {
    rows: Matrix,
    squares: Vec<f32>,
}

impl Points {
    /// Takes rows of shape `(n, features)`.
    pub fn new(rows: Matrix) -> Self {
        let rows =
            if rows.is_standard_layout() { rows } else { rows.as_standard_layout().into_owned() };
        let square = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() as f32
        };
        let squares = rows.rows().into_iter().map(square).collect();
        Self { rows, squares }
    }

    /// All rows as a [`Side`] of a block.
    pub fn side(&self) -> Side<'_> {
        Side { rows: self.rows.view(), squares: &self.squares }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// The rows, shape `(n, features)`.
    pub fn rows(&self) -> ArrayView2<'_, f32> {
        self.rows.view()
    }

    /// The largest squared length; 0 without rows.
    pub fn largest_square(&self) -> f32 {
        self.squares.iter().copied().fold(0.0, f32::max)
    }
}

impl Rows for Points {
    fn row_count(&self) -> usize {
        self.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        let squares = rows.iter().map(|&row| self.squares[row]).collect();
        Self { rows: self.rows.pick(rows), squares }
    }
}

/// Some neighbouring rows of [`Points`]: one side of a block of kernel values.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    rows: ArrayView2<'a, f32>,
    squares: &'a [f32],
}

impl<'a> Side<'a> {
    /// Rows `start..end`.
    ///
    /// # Panics
    /// If there are not that many.
    pub fn part(self, start: usize, end: usize) -> Side<'a> {
        let rows = self.rows.slice_move(s![start..end, ..]);
        Side { rows, squares: &self.squares[start..end] }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }
}

/// `|x|^2 + |y|^2 - 2 x.y`, never below 0, of each row `x` of `left` and `y` of `right`, into
/// `out` of shape `(left, right)`.
///
/// # Panics
/// If the sizes do not fit together.
pub fn squared_distances(left: Side<'_>, right: Side<'_>, out: &mut ArrayViewMut2<'_, f32>) {
    general_mat_mul(-2.0, &left.rows, &right.rows.t(), 0.0, out);
    for (mut row, &x) in out.rows_mut().into_iter().zip(left.squares) {
        for (value, &y) in row.iter_mut().zip(right.squares) {
            *value = (*value + (x + y)).max(0.0);
        }
    }
}

/// A kernel function with its numbers.
///
/// ```
/// use classic::kernel::{Kernel, Points};
/// let points = Points::new(ndarray::array![[1.0, 0.0], [0.0, 2.0]]);
/// let kernel = Kernel::Polynomial { gamma: 1.0, coef0: 1.0, degree: 2 };
/// assert_eq!(kernel.gram(points.side()), ndarray::array![[4.0, 1.0], [1.0, 25.0]]);
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
    pub fn block(&self, left: Side<'_>, right: Side<'_>, mut out: ArrayViewMut2<'_, f32>) {
        match *self {
            Self::Rbf { gamma } => {
                squared_distances(left, right, &mut out);
                out.mapv_inplace(|squared| (-gamma * squared).exp());
                return;
            }
            Self::Precomputed => {
                let place = |row| right.rows[[row, 0]] as usize;
                return fill(&mut out, |y, x| left.rows[[y, place(x)]]);
            }
            Self::HistogramIntersection => {
                let common = |x: f32, y: f32| x.min(y);
                return fill(&mut out, |y, x| sum(left.rows.row(y), right.rows.row(x), common));
            }
            Self::ChiSquare { gamma } => {
                let apart = |x: f32, y: f32| {
                    if x + y > 0.0 { (x - y) * (x - y) / (x + y) } else { 0.0 }
                };
                let distance = |y, x| sum(left.rows.row(y), right.rows.row(x), apart);
                return fill(&mut out, |y, x| (-gamma * distance(y, x)).exp());
            }
            Self::Linear | Self::Polynomial { .. } | Self::Sigmoid { .. } => {}
        }
        general_mat_mul(1.0, &left.rows, &right.rows.t(), 0.0, &mut out);
        match *self {
            Self::Polynomial { gamma, coef0, degree } => {
                out.mapv_inplace(|product| (gamma * product + coef0).powi(i32::from(degree)));
            }
            Self::Sigmoid { gamma, coef0 } => {
                out.mapv_inplace(|product| (gamma * product + coef0).tanh());
            }
            _ => {}
        }
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
    pub fn gram(&self, points: Side<'_>) -> Array2<f32> {
        let n = points.len();
        let mut gram = Array2::zeros((n, n));
        let bands: Vec<_> = gram.axis_chunks_iter_mut(Axis(0), BAND).enumerate().collect();
        bands.into_par_iter().for_each(|(band, mut out)| {
            // Only from the diagonal on; the rest is its mirror image.
            let (start, end) = (band * BAND, (band * BAND + BAND).min(n));
            let right = points.part(start, n);
            self.block(points.part(start, end), right, out.slice_mut(s![.., start..]));
        });
        mirror(&mut gram);
        gram
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

fn fill(out: &mut ArrayViewMut2<'_, f32>, value: impl Fn(usize, usize) -> f32) {
    for ((y, x), out) in out.indexed_iter_mut() {
        *out = value(y, x);
    }
}

fn sum(
    x: ndarray::ArrayView1<'_, f32>,
    y: ndarray::ArrayView1<'_, f32>,
    term: impl Fn(f32, f32) -> f32,
) -> f32 {
    x.iter().zip(y).map(|(&x, &y)| term(x, y)).sum()
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
        Points::new(Array2::from_shape_fn((n, features), value))
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
        let positive = Points::new(signed.rows().mapv(|value| value + 0.3001));
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
            let gram = kernel.gram(points.side());
            for ((y, x), &got) in gram.indexed_iter() {
                let row = |at: usize| points.rows().row(at).to_vec();
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
    fn gamma_is_a_word_or_a_number_in_files() {
        for (text, gamma) in
            [("\"scale\"", Gamma::Scale), ("\"auto\"", Gamma::Auto), ("0.5", Gamma::Value(0.5))]
        {
            assert_eq!(serde_json::from_str::<Gamma>(text).unwrap(), gamma);
            assert_eq!(serde_json::to_string(&gamma).unwrap(), text);
        }
        let wrong = serde_json::from_str::<Gamma>("\"large\"").unwrap_err().to_string();
        assert!(wrong.contains("`gamma` is large"), "{wrong}");
    }
}
