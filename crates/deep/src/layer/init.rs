//! Weights before training.

use crate::real::Real;
use base::Seed;
use rand_distr::{Distribution, StandardNormal};

/// `count` normally distributed numbers of mean 0 and variance `2 / fan_in`, where `fan_in` is how
/// many inputs each output sums over: behind a ReLU, outputs then vary as much as inputs do.
///
/// Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10.
pub(crate) fn he_normal<R: Real>(count: usize, fan_in: usize, seed: Seed) -> Vec<R> {
    let deviation = (2.0 / fan_in as f64).sqrt();
    let normal = StandardNormal.sample_iter(seed.rng());
    normal.take(count).map(|value: f64| R::of(deviation * value)).collect()
}
