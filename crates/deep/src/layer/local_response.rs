//! Local response normalisation: maps compete with their neighbours at each pixel.
//!
//! ```text
//! d[c] = k + alpha / size  sum of x[j]^2 over the `size` maps j around c,    y[c] = x[c] d[c]^-beta
//! ```
//!
//! With `g = dL/dy`: every `x[j]` has an own path, and one through each `d[c]` that it is part of:
//!
//! ```text
//! dL/dx[j] = g[j] d[j]^-beta - 2 alpha beta / size  x[j] sum over c of g[c] x[c] d[c]^(-beta - 1)
//! ```
//!
//! Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep
//! convolutional neural networks", NIPS 2012, section 3.3. Reference:
//! `torch.nn.LocalResponseNorm`, which divides by `size` as the paper does not.

use crate::layer::{Layer, LayerError, Shape, batch_length, pieces, pieces_back};
use crate::real::Real;
use base::ParamError;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Settings of local response normalisation; unset ones are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalResponseParams {
    /// Maps in a neighbourhood, at least 1.
    pub size: usize,
    /// Weight of the neighbours, at least 0.
    pub alpha: f64,
    /// Power of the divisor.
    pub beta: f64,
    /// What is added to the weighted squares, above 0.
    pub k: f64,
}

impl Default for LocalResponseParams {
    fn default() -> Self {
        Self { size: 5, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

/// Divides by a power of the neighbouring maps' squares.
#[derive(Debug, Clone)]
pub struct LocalResponse {
    shape: Shape,
    params: LocalResponseParams,
}

impl LocalResponse {
    /// For inputs of this shape; outputs have the same.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(shape: Shape, params: &LocalResponseParams) -> Result<Self, LayerError> {
        let LocalResponseParams { size, alpha, beta, k } = *params;
        if size == 0 {
            return Err(ParamError::new("size", size, "at least 1").into());
        }
        if !(alpha >= 0.0 && alpha.is_finite()) {
            return Err(ParamError::new("alpha", alpha, "0 or a positive number").into());
        }
        if !beta.is_finite() {
            return Err(ParamError::new("beta", beta, "a number").into());
        }
        if !(k > 0.0 && k.is_finite()) {
            return Err(ParamError::new("k", k, "a positive number").into());
        }
        Ok(Self { shape, params: *params })
    }

    /// Maps around `c`. With an even size there is one more below.
    fn around(&self, c: usize) -> Range<usize> {
        let LocalResponseParams { size, .. } = self.params;
        c.saturating_sub(size / 2)..(c + (size - 1) / 2 + 1).min(self.shape.channels)
    }

    /// `d` of one image.
    fn divisors<R: Real>(&self, x: &[R]) -> Vec<R> {
        let plane = self.shape.plane();
        let weight = R::of(self.params.alpha / self.params.size as f64);
        let mut d = vec![R::of(self.params.k); x.len()];
        for (c, d) in d.chunks_exact_mut(plane).enumerate() {
            for j in self.around(c) {
                for (d, &x) in d.iter_mut().zip(&x[j * plane..][..plane]) {
                    *d += weight * x * x;
                }
            }
        }
        d
    }
}

impl<R: Real> Layer<R> for LocalResponse {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let power = R::of(-self.params.beta);
        let images = input.chunks_exact(self.shape.len());
        for (x, y) in images.zip(output.chunks_exact_mut(self.shape.len())) {
            for ((y, &x), d) in y.iter_mut().zip(x).zip(self.divisors(x)) {
                *y = x * d.powf(power);
            }
        }
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        pieces(input, self.shape, output, self.shape, |x, y| self.infer(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Some(input_gradient) = input_gradient else { return };
        let (length, plane) = (self.shape.len(), self.shape.plane());
        let LocalResponseParams { size, alpha, beta, .. } = self.params;
        let (power, factor) = (R::of(-beta), R::of(-2.0 * alpha * beta / size as f64));
        let work = |x: &[R], g: &[R], dx: &mut [R]| {
            let images = x.chunks_exact(length).zip(g.chunks_exact(length));
            for ((x, g), dx) in images.zip(dx.chunks_exact_mut(length)) {
                let d = self.divisors(x);
                for ((dx, &g), &d) in dx.iter_mut().zip(g).zip(&d) {
                    *dx = g * d.powf(power);
                }
                for c in 0..self.shape.channels {
                    for p in 0..plane {
                        let own = c * plane + p;
                        let through = factor * g[own] * x[own] * d[own].powf(power - R::one());
                        self.around(c).for_each(|j| {
                            dx[j * plane + p] += through * x[j * plane + p];
                        });
                    }
                }
            }
        };
        pieces_back(input, self.shape, output_gradient, self.shape, input_gradient, work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn gradients_equal_central_differences() {
        let shape = Shape { channels: 5, height: 2, width: 2 };
        for size in [1, 2, 3, 9] {
            let params = LocalResponseParams { size, alpha: 0.7, beta: 0.6, k: 2.0 };
            check_gradients(&mut LocalResponse::new(shape, &params).unwrap(), shape.len(), 3);
        }
    }
}
