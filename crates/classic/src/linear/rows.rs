//! Training rows as the linear solvers read them.

use crate::kernels::Simd;
use crate::kernels::linear::{add_scaled, dot, prefetch, squared_length};
use base::{FitError, Matrix};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows as the dual methods read them: with weights in an order of their own.
pub(crate) trait ReadRows: Sync {
    fn len(&self) -> usize;

    fn squared_length(&self, row: usize) -> f64;

    /// A plane of weights 0.
    fn zero(&self) -> Plane;

    /// `w . x` with the constant feature.
    fn value(&self, plane: &Plane, row: usize) -> f64;

    /// `w += factor x` with the constant feature.
    fn add(&self, plane: &mut Plane, factor: f64, row: usize);

    /// Tells that the row will be read soon.
    fn announce(&self, row: usize);

    /// The plane with its weights in the order of the features.
    fn by_feature(&self, plane: Plane) -> Plane;
}

/// The rows in one piece of memory, each with a constant feature appended in thought, whose weight
/// is the intercept: LIBLINEAR's bias.
pub(crate) struct TrainingRows<'a> {
    /// One row after the other.
    values: Cow<'a, [f32]>,
    features: usize,
    /// Value of the constant feature; 0 for planes through the origin.
    constant: f64,
    /// Squared length of each row, with the constant feature.
    squares: Vec<f64>,
    simd: Simd,
}

/// Weights of the features and of the constant feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) weights: Vec<f64>,
    pub(crate) constant: f64,
}

impl Plane {
    pub(crate) fn zero(features: usize) -> Self {
        Self { weights: vec![0.0; features], constant: 0.0 }
    }

    /// `||w||^2`, with the weight of the constant feature.
    pub(crate) fn squared_length(&self) -> f64 {
        self.weights.iter().map(|w| w * w).sum::<f64>() + self.constant * self.constant
    }
}

impl<'a> TrainingRows<'a> {
    /// Reads every row once. Copies only if `x` is not in row-major order.
    ///
    /// # Errors
    /// If a value is not finite.
    pub(crate) fn new(x: &'a Matrix, constant: f64) -> Result<Self, FitError> {
        let values = match x.as_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(x.iter().copied().collect()),
        };
        let (features, simd) = (x.ncols(), Simd::best());
        let square = |row| {
            let row = &values[row * features..(row + 1) * features];
            squared_length(simd, row) + constant * constant
        };
        let squares: Vec<f64> = (0..x.nrows()).into_par_iter().map(square).collect();
        if let Some(row) = squares.iter().position(|square| !square.is_finite()) {
            let bad = x.row(row).iter().copied().enumerate().find(|(_, v)| !v.is_finite());
            let (column, value) = bad.expect("squares of finite numbers add up in 64 bits");
            return Err(FitError::NotFinite { row, column, value });
        }
        Ok(Self { values, features, constant, squares, simd })
    }

    pub(crate) fn len(&self) -> usize {
        self.squares.len()
    }

    pub(crate) fn features(&self) -> usize {
        self.features
    }

    pub(crate) fn constant(&self) -> f64 {
        self.constant
    }

    pub(crate) fn squared_length(&self, row: usize) -> f64 {
        self.squares[row]
    }

    /// `w . x` with the constant feature.
    #[inline]
    pub(crate) fn value(&self, plane: &Plane, row: usize) -> f64 {
        dot(self.simd, &plane.weights, self.row(row)) + plane.constant * self.constant
    }

    /// `w += factor x` with the constant feature.
    #[inline]
    pub(crate) fn add(&self, plane: &mut Plane, factor: f64, row: usize) {
        add_scaled(self.simd, &mut plane.weights, factor, self.row(row));
        plane.constant += factor * self.constant;
    }

    /// Tells that the row will be read soon.
    #[inline]
    pub(crate) fn announce(&self, row: usize) {
        prefetch(self.row(row));
    }

    /// The features alone.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.features..(row + 1) * self.features]
    }
}

impl ReadRows for TrainingRows<'_> {
    fn len(&self) -> usize {
        self.len()
    }

    fn squared_length(&self, row: usize) -> f64 {
        self.squared_length(row)
    }

    fn zero(&self) -> Plane {
        Plane::zero(self.features)
    }

    #[inline]
    fn value(&self, plane: &Plane, row: usize) -> f64 {
        self.value(plane, row)
    }

    #[inline]
    fn add(&self, plane: &mut Plane, factor: f64, row: usize) {
        self.add(plane, factor, row);
    }

    #[inline]
    fn announce(&self, row: usize) {
        self.announce(row);
    }

    fn by_feature(&self, plane: Plane) -> Plane {
        plane
    }
}
