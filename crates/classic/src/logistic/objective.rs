//! The function that logistic regression minimises, and its derivatives.
//!
//! Arguments are one plane after the other, each `features` weights and an intercept. Rows are
//! worked on in pieces of fixed number, whose sums are added in order.

use super::newton::Function;
use crate::linear::{TrainingRows, softmax};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Pieces at most; each holds one sum of the size of the arguments.
const MAX_PIECES: usize = 64;
/// Rows turned into 64 bits at a time.
const BLOCK: usize = 256;

/// `F` of [`crate::LogisticRegression`].
pub(super) struct Objective<'a> {
    rows: &'a TrainingRows<'a>,
    /// Place of the class of each row among those present.
    ids: Vec<usize>,
    /// Share of each row: weight over the sum of weights.
    shares: Vec<f64>,
    /// 1 for two classes, else one per class.
    planes: usize,
    /// `1 / (C n)`.
    regularisation: f64,
}

impl<'a> Objective<'a> {
    pub(super) fn new(
        rows: &'a TrainingRows<'a>,
        ids: Vec<usize>,
        weights: Vec<f64>,
        classes: usize,
        c: f64,
    ) -> Self {
        let sum: f64 = weights.iter().sum();
        let shares = weights.into_iter().map(|weight| weight / sum).collect();
        let planes = if classes == 2 { 1 } else { classes };
        Self { rows, ids, shares, planes, regularisation: 1.0 / (c * sum) }
    }

    /// Length of a plane with its intercept.
    fn width(&self) -> usize {
        self.rows.features() + 1
    }

    fn pieces(&self) -> Vec<Range<usize>> {
        let n = self.rows.len();
        let size = n.div_ceil(MAX_PIECES).max(BLOCK);
        (0..n).step_by(size).map(|start| start..n.min(start + size)).collect()
    }

    /// Rows with the constant feature, in 64 bits, shape `(rows, width)`.
    fn block(&self, rows: Range<usize>) -> Array2<f64> {
        let mut block = Array2::zeros((rows.len(), self.width()));
        for (mut out, row) in block.rows_mut().into_iter().zip(rows) {
            let out = out.as_slice_mut().expect("a new array is contiguous");
            for (out, &value) in out.iter_mut().zip(self.rows.row(row)) {
                *out = f64::from(value);
            }
            out[self.rows.features()] = self.rows.constant();
        }
        block
    }

    /// Values of the planes for all rows, shape `(n, planes)`.
    fn decisions(&self, planes: &[f64]) -> Array2<f64> {
        let planes = self.shaped(planes);
        let mut out = Array2::zeros((self.rows.len(), self.planes));
        let parts: Vec<_> = out.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
        parts.into_par_iter().enumerate().for_each(|(part, mut out)| {
            let start = part * BLOCK;
            out.assign(&self.block(start..start + out.nrows()).dot(&planes.t()));
        });
        out
    }

    /// Sum over the rows of `factors[row][plane] * row`, as one argument of the function.
    fn weighted_rows(&self, factors: &Array2<f64>) -> Vec<f64> {
        let sum_of = |piece: &Range<usize>| {
            let mut sum = Array2::zeros((self.planes, self.width()));
            for start in piece.clone().step_by(BLOCK) {
                let rows = start..piece.end.min(start + BLOCK);
                let factors = factors.slice(ndarray::s![rows.clone(), ..]);
                sum += &factors.t().dot(&self.block(rows));
            }
            sum
        };
        let sums: Vec<Array2<f64>> = self.pieces().par_iter().map(sum_of).collect();
        let zero = Array2::zeros((self.planes, self.width()));
        sums.iter().fold(zero, |total, sum| total + sum).into_iter().collect()
    }

    /// Adds the derivative of the regularisation.
    fn regularise(&self, derivative: &mut [f64], planes: &[f64]) {
        let features = self.rows.features();
        let planes = planes.chunks_exact(self.width());
        for (out, plane) in derivative.chunks_exact_mut(self.width()).zip(planes) {
            for (out, weight) in out[..features].iter_mut().zip(plane) {
                *out += self.regularisation * weight;
            }
        }
    }

    fn shaped<'b>(&self, planes: &'b [f64]) -> ArrayView2<'b, f64> {
        let shape = (self.planes, self.width());
        ArrayView2::from_shape(shape, planes).expect("planes of that width")
    }

    /// Turns the values of a row's planes into probabilities, and gives its loss.
    fn settle(&self, id: usize, values: &mut [f64]) -> f64 {
        if let [value] = values {
            let own = if id == 1 { *value } else { -*value };
            *value = 1.0 / (1.0 + (-*value).exp());
            return (-own).max(0.0) + (-own.abs()).exp().ln_1p();
        }
        let own = values[id];
        softmax(values) - own
    }
}

impl Function for Objective<'_> {
    /// Probabilities, shape `(n, planes)`.
    type Point = Array2<f64>;

    fn len(&self) -> usize {
        self.planes * self.width()
    }

    fn value(&self, at: &[f64]) -> (f64, Array2<f64>) {
        let mut values = self.decisions(at);
        let rows = values.rows_mut().into_iter().enumerate();
        let loss: f64 = rows
            .map(|(row, mut values)| {
                let values = values.as_slice_mut().expect("a new array is contiguous");
                self.shares[row] * self.settle(self.ids[row], values)
            })
            .sum();
        let square = |plane: &[f64]| plane[..self.rows.features()].iter().map(|w| w * w).sum();
        let squares: f64 =
            at.chunks_exact(self.width()).map(|plane| -> f64 { square(plane) }).sum();
        (loss + 0.5 * self.regularisation * squares, values)
    }

    fn gradient(&self, at: &[f64], probabilities: &Array2<f64>) -> Vec<f64> {
        let mut errors = probabilities.clone();
        for (row, mut errors) in errors.rows_mut().into_iter().enumerate() {
            match (self.planes, self.ids[row]) {
                (1, 0) => {}
                (1, _) => errors[0] -= 1.0,
                (_, id) => errors[id] -= 1.0,
            }
            errors *= self.shares[row];
        }
        let mut gradient = self.weighted_rows(&errors);
        self.regularise(&mut gradient, at);
        gradient
    }

    fn curvature(&self, probabilities: &Array2<f64>, direction: &[f64]) -> Vec<f64> {
        let mut changes = self.decisions(direction);
        let rows = changes.rows_mut().into_iter().zip(probabilities.rows());
        for ((mut change, p), share) in rows.zip(&self.shares) {
            if self.planes == 1 {
                change[0] *= share * p[0] * (1.0 - p[0]);
            } else {
                let mean = p.dot(&change);
                change.zip_mut_with(&p, |change, p| *change = share * p * (*change - mean));
            }
        }
        let mut curved = self.weighted_rows(&changes);
        self.regularise(&mut curved, direction);
        curved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::clouds;

    /// Central differences of the value are the gradient, and those of the gradient the curvature.
    #[test]
    fn derivatives_are_those_of_the_value() {
        for classes in [2, 3] {
            let (x, y) = clouds(classes, 300);
            let rows = TrainingRows::new(&x, 1.0).unwrap();
            let weights = (0..y.len()).map(|row| 0.5 + (row % 3) as f64).collect();
            let f = Objective::new(&rows, y.ids().to_vec(), weights, classes, 0.01);
            let at: Vec<f64> = (0..f.len()).map(|i| (i as f64 * 1.7).sin()).collect();
            let along: Vec<f64> = (0..f.len()).map(|i| (i as f64 * 0.9).cos()).collect();
            let moved = |step: f64| -> Vec<f64> {
                at.iter().zip(&along).map(|(a, d)| a + step * d).collect()
            };
            let point = f.value(&at).1;
            let gradient = f.gradient(&at, &point);
            let slope: f64 = gradient.iter().zip(&along).map(|(g, d)| g * d).sum();
            let step = 1e-5;
            let numeric = (f.value(&moved(step)).0 - f.value(&moved(-step)).0) / (2.0 * step);
            assert!((slope - numeric).abs() < 1e-8, "{slope} {numeric}");
            let gradient_at = |step| f.gradient(&moved(step), &f.value(&moved(step)).1);
            let (above, below) = (gradient_at(step), gradient_at(-step));
            for (i, curved) in f.curvature(&point, &along).into_iter().enumerate() {
                let numeric = (above[i] - below[i]) / (2.0 * step);
                assert!((curved - numeric).abs() < 1e-8, "{curved} {numeric}");
            }
        }
    }
}
