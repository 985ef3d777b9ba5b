//! Local contrast normalisation: subtractive and divisive, by a Gaussian neighbourhood over all
//! maps.
//!
//! With `S m` the average of `m` over all maps and the pixels around each pixel, weighted by a
//! Gaussian window (weights of pixels outside the map are shared out among those inside):
//!
//! ```text
//! subtractive   y = x - S x
//! divisive      y = x / d,    d = max(s, mean of s over all pixels, 1e-4),    s = sqrt(S x^2)
//! ```
//!
//! The gradients need the transpose of `S`, which spreads a number over the pixels that it was the
//! average of; with `g = dL/dy`:
//!
//! ```text
//! subtractive   dL/dx = g - S^T g
//! divisive      dL/dx = g / d + 2 x S^T (dL/ds / 2s),    dL/dd = - sum over maps of g x / d^2,
//!               and dL/ds is dL/dd where s is the largest of the three; where the mean is, its
//!               dL/dd is shared out evenly among all s
//! ```
//!
//! Source: K. Jarrett, K. Kavukcuoglu, M. Ranzato, Y. LeCun, "What is the best multi-stage
//! architecture for object recognition?", ICCV 2009. Reference: Torch 7's
//! `SpatialSubtractiveNormalization` and `SpatialDivisiveNormalization`, with their border and
//! their threshold. One after the other they are local contrast normalisation.

use crate::layer::{Layer, LayerError, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;
use base::ParamError;
use serde::{Deserialize, Serialize};

/// Divisors are at least this.
const THRESHOLD: f64 = 1e-4;

/// Settings of a Gaussian neighbourhood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NeighbourhoodParams {
    /// Rows and columns; odd, at most 255.
    pub size: usize,
    /// Standard deviation of the Gaussian in pixels, above 0.
    pub deviation: f64,
}

impl Default for NeighbourhoodParams {
    /// That of the paper: 9x9; its deviation is not told there.
    fn default() -> Self {
        Self { size: 9, deviation: 2.0 }
    }
}

impl NeighbourhoodParams {
    /// Weights along one axis; the window is their product with themselves.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let from_centre = |i: usize| (i as f64 - (self.size / 2) as f64) / self.deviation;
        (0..self.size).map(from_centre).map(|z| (-0.5 * z * z).exp()).collect()
    }
}

/// The average `S` and its transpose.
#[derive(Debug, Clone)]
struct Neighbourhood {
    shape: Shape,
    /// Weights along one axis; the window is their product with themselves.
    weights: Vec<f64>,
    /// For each pixel, 1 / (maps times the sum of the weights that lie inside the map).
    shares: Vec<f64>,
}

impl Neighbourhood {
    fn new(shape: Shape, params: &NeighbourhoodParams) -> Result<Self, LayerError> {
        let NeighbourhoodParams { size, deviation } = *params;
        if !(size % 2 == 1 && size <= 255) {
            return Err(ParamError::new("size", size, "an odd number up to 255").into());
        }
        if !(deviation > 0.0 && deviation.is_finite()) {
            return Err(ParamError::new("deviation", deviation, "a positive number").into());
        }
        let mut neighbourhood = Self { shape, weights: params.weights(), shares: Vec::new() };
        let sums = neighbourhood.smooth(&vec![1.0; shape.plane()]);
        let share = |sum: f64| 1.0 / (sum * shape.channels as f64);
        neighbourhood.shares = sums.into_iter().map(share).collect();
        Ok(neighbourhood)
    }

    /// Sums over the window, with zeros outside the map. Symmetric: it is its own transpose.
    fn smooth<R: Real>(&self, map: &[R]) -> Vec<R> {
        let Shape { height, width, .. } = self.shape;
        let half = self.weights.len() / 2;
        // The numbers `from` moved along an axis of `side` numbers by each weight's distance.
        let inside = |at: usize, i: usize, side: usize| {
            (at + i).checked_sub(half).filter(|&from| from < side)
        };
        let mut along_rows = vec![R::zero(); map.len()];
        for (sums, row) in along_rows.chunks_exact_mut(width).zip(map.chunks_exact(width)) {
            for (x, sum) in sums.iter_mut().enumerate() {
                for (i, &weight) in self.weights.iter().enumerate() {
                    if let Some(from) = inside(x, i, width) {
                        *sum += R::of(weight) * row[from];
                    }
                }
            }
        }
        let mut sums = vec![R::zero(); map.len()];
        for (y, row) in sums.chunks_exact_mut(width).enumerate() {
            for (i, &weight) in self.weights.iter().enumerate() {
                if let Some(from) = inside(y, i, height) {
                    let from = &along_rows[from * width..][..width];
                    row.iter_mut().zip(from).for_each(|(sum, &x)| *sum += R::of(weight) * x);
                }
            }
        }
        sums
    }

    /// `S` of `term(x)`, for one image.
    fn average<R: Real>(&self, image: &[R], term: impl Fn(R) -> R) -> Vec<R> {
        let mut average = self.smooth(&self.over_maps(image, term));
        average.iter_mut().zip(&self.shares).for_each(|(sum, &share)| *sum *= R::of(share));
        average
    }

    /// `S^T` of a map: the same for each of the image's maps.
    fn spread<R: Real>(&self, map: &[R]) -> Vec<R> {
        let shares = map.iter().zip(&self.shares);
        self.smooth(&shares.map(|(&value, &share)| value * R::of(share)).collect::<Vec<_>>())
    }

    /// Sums over the maps of an image, pixel by pixel.
    fn over_maps<R: Real>(&self, image: &[R], term: impl Fn(R) -> R) -> Vec<R> {
        let mut sums = vec![R::zero(); self.shape.plane()];
        for map in image.chunks_exact(self.shape.plane()) {
            sums.iter_mut().zip(map).for_each(|(sum, &x)| *sum += term(x));
        }
        sums
    }
}

/// Subtracts the local average.
#[derive(Debug, Clone)]
pub struct Subtractive {
    around: Neighbourhood,
}

impl Subtractive {
    /// For inputs of this shape; outputs have the same.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(shape: Shape, params: &NeighbourhoodParams) -> Result<Self, LayerError> {
        Ok(Self { around: Neighbourhood::new(shape, params)? })
    }
}

impl<R: Real> Layer<R> for Subtractive {
    fn output_shape(&self) -> Shape {
        self.around.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        let shape = self.around.shape;
        batch_length(input, shape.len(), output, shape.len());
        let images = input.chunks_exact(shape.len());
        for (x, y) in images.zip(output.chunks_exact_mut(shape.len())) {
            let average = self.around.average(x, |x| x);
            for ((y, &x), &average) in y.iter_mut().zip(x).zip(average.iter().cycle()) {
                *y = x - average;
            }
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.around.shape, output, self.around.shape, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let shape = self.around.shape;
        let work = |_: &[R], g: &[R], dx: &mut [R]| {
            let images = g.chunks_exact(shape.len());
            for (g, dx) in images.zip(dx.chunks_exact_mut(shape.len())) {
                let spread = self.around.spread(&self.around.over_maps(g, |g| g));
                for ((dx, &g), &spread) in dx.iter_mut().zip(g).zip(spread.iter().cycle()) {
                    *dx = g - spread;
                }
            }
        };
        pieces_back(input, shape, output_gradient, shape, input_gradient, work);
    }
}

/// Divides by the local root mean square.
#[derive(Debug, Clone)]
pub struct Divisive {
    around: Neighbourhood,
}

impl Divisive {
    /// For inputs of this shape; outputs have the same.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(shape: Shape, params: &NeighbourhoodParams) -> Result<Self, LayerError> {
        Ok(Self { around: Neighbourhood::new(shape, params)? })
    }

    /// `s` of one image, and its mean.
    fn deviations<R: Real>(&self, x: &[R]) -> (Vec<R>, R) {
        let mut s = self.around.average(x, |x| x * x);
        s.iter_mut().for_each(|s| *s = s.sqrt());
        let mean = s.iter().copied().sum::<R>() / R::of(s.len() as f64);
        (s, mean)
    }

    fn image_gradient<R: Real>(&self, x: &[R], g: &[R], dx: &mut [R]) {
        let (s, mean) = self.deviations(x);
        let plane = s.len();
        let floor = mean.max(R::of(THRESHOLD));
        // dL/dd of each pixel.
        let mut by_d = vec![R::zero(); plane];
        for (k, (&x, &g)) in x.iter().zip(g).enumerate() {
            let d = s[k % plane].max(floor);
            by_d[k % plane] -= g * x / (d * d);
            dx[k] = g / d;
        }
        // Through the mean go the pixels whose own deviation is smaller.
        let through_mean = if mean > R::of(THRESHOLD) {
            let below = by_d.iter().zip(&s).filter(|(_, s)| **s < floor);
            below.map(|(&by_d, _)| by_d).sum::<R>() / R::of(plane as f64)
        } else {
            R::zero()
        };
        let by_square = by_d.iter().zip(&s).map(|(&by_d, &s)| {
            let by_s = through_mean + if s < floor { R::zero() } else { by_d };
            // At s = 0 all x around are 0, and so is their part of the gradient.
            if s > R::zero() { by_s / (s + s) } else { R::zero() }
        });
        let spread = self.around.spread(&by_square.collect::<Vec<_>>());
        for (k, (dx, &x)) in dx.iter_mut().zip(x).enumerate() {
            *dx += (x + x) * spread[k % plane];
        }
    }
}

impl<R: Real> Layer<R> for Divisive {
    fn output_shape(&self) -> Shape {
        self.around.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        let shape = self.around.shape;
        batch_length(input, shape.len(), output, shape.len());
        let images = input.chunks_exact(shape.len());
        for (x, y) in images.zip(output.chunks_exact_mut(shape.len())) {
            let (s, mean) = self.deviations(x);
            let floor = mean.max(R::of(THRESHOLD));
            for ((y, &x), &s) in y.iter_mut().zip(x).zip(s.iter().cycle()) {
                *y = x / s.max(floor);
            }
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.around.shape, output, self.around.shape, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let shape = self.around.shape;
        let work = |x: &[R], g: &[R], dx: &mut [R]| {
            let images = x.chunks_exact(shape.len()).zip(g.chunks_exact(shape.len()));
            for ((x, g), dx) in images.zip(dx.chunks_exact_mut(shape.len())) {
                self.image_gradient(x, g, dx);
            }
        };
        pieces_back(input, shape, output_gradient, shape, input_gradient, work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    const SHAPE: Shape = Shape { channels: 2, height: 5, width: 4 };

    #[test]
    fn gradients_equal_central_differences() {
        for (size, deviation) in [(1, 1.0), (3, 0.8), (9, 2.0)] {
            let params = NeighbourhoodParams { size, deviation };
            check_gradients(&mut Subtractive::new(SHAPE, &params).unwrap(), SHAPE.len(), 2);
            check_gradients(&mut Divisive::new(SHAPE, &params).unwrap(), SHAPE.len(), 2);
        }
    }

    #[test]
    fn equal_maps_become_zero_and_zero_is_not_divided_by() {
        let params = NeighbourhoodParams::default();
        let mut y = vec![9.0_f64; SHAPE.len()];
        Subtractive::new(SHAPE, &params).unwrap().infer(&vec![5.0; SHAPE.len()], &mut y);
        assert!(y.iter().all(|y| y.abs() < 1e-14), "{y:?}");
        Divisive::new(SHAPE, &params).unwrap().infer(&vec![0.0; SHAPE.len()], &mut y);
        assert_eq!(y, vec![0.0; SHAPE.len()]);
    }
}
