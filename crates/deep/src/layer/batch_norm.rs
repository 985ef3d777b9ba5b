//! Batch normalisation: every map is shifted and scaled to mean 0 and variance 1 over the batch,
//! then to a learned mean `beta` and deviation `gamma`.
//!
//! ```text
//! mean = average of x,   variance = average of (x - mean)^2        over all images and pixels
//! z = (x - mean) / sqrt(variance + epsilon),   y = gamma z + beta
//! ```
//!
//! With `g = dL/dy` and averages over the same numbers, since `mean` and `variance` depend on
//! every `x`:
//!
//! ```text
//! dL/dgamma = sum of g z        dL/dbeta = sum of g
//! dL/dx = gamma / sqrt(variance + epsilon) * (g - average of g - z * average of (g z))
//! ```
//!
//! A trained network uses running averages of the batches' means and variances instead.
//!
//! Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015. As in PyTorch, the running
//! averages move by a tenth of the way in each step, and the running variance is the unbiased one.

use crate::kernels::{sum_of, sum_pairs, wide};
use crate::layer::{Layer, PIECE, Parameter, Role, Shape, batch_length};
use crate::real::Real;
use rayon::prelude::*;

/// Added to the variance, so that constant maps can be divided by it; PyTorch's default.
const EPSILON: f64 = 1e-5;
/// The share of a new batch in the running averages; PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Normalises each map over the batch.
#[derive(Debug, Clone)]
pub struct BatchNorm<R> {
    shape: Shape,
    gamma: Parameter<R>,
    beta: Parameter<R>,
    running_mean: Parameter<R>,
    running_variance: Parameter<R>,
    /// Whether the running averages are used in training too, and stay.
    frozen: bool,
    /// `mean` and `1 / sqrt(variance + epsilon)` of each map in the latest training batch.
    batch: Vec<(R, R)>,
    /// Two sums for each map of each image of the batch; see [`totals`].
    sums: Vec<(R, R)>,
}

impl<R: Real> BatchNorm<R> {
    /// For maps of this shape: `gamma` is 1, `beta` 0, the running mean 0, the running variance 1.
    ///
    /// # Panics
    /// If there is no map or no pixel.
    pub fn new(shape: Shape) -> Self {
        assert!(!shape.is_empty(), "maps with pixels, not {shape:?}");
        let (zeros, ones) = (vec![R::zero(); shape.channels], vec![R::one(); shape.channels]);
        let of = |name, role, value: &Vec<R>| {
            Parameter::new(name, role, &[shape.channels], value.clone())
        };
        Self {
            shape,
            gamma: of("weight", Role::Bias, &ones),
            beta: of("bias", Role::Bias, &zeros),
            running_mean: of("running_mean", Role::Statistic, &zeros),
            running_variance: of("running_var", Role::Statistic, &ones),
            frozen: false,
            batch: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// `y = scale x + shift` for every map, by `factors[map]`.
    fn scale_and_shift(&self, input: &[R], output: &mut [R], factors: &[(R, R)]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let plane = self.shape.plane();
        let maps = input.chunks_exact(plane).zip(output.chunks_exact_mut(plane));
        for ((x, y), &(scale, shift)) in maps.zip(factors.iter().cycle()) {
            wide(|| {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = scale * x + shift;
                }
            });
        }
    }

    /// Mean and `1 / deviation` of each map by the running averages.
    fn running(&self) -> impl Iterator<Item = (R, R)> {
        let running = self.running_mean.value.iter().zip(&self.running_variance.value);
        running.map(|(&mean, &variance)| (mean, inverse_deviation(variance)))
    }

    /// `gamma z + beta` as `scale x + shift`, given the mean of each map and `1 / deviation`.
    fn factors(&self, statistics: impl Iterator<Item = (R, R)>) -> Vec<(R, R)> {
        let learned = self.gamma.value.iter().zip(&self.beta.value);
        let factors = statistics.zip(learned).map(|((mean, inverse), (&gamma, &beta))| {
            (gamma * inverse, beta - gamma * inverse * mean)
        });
        factors.collect()
    }
}

/// Adds up `sums` over the images of the batch, in their order, for each of `channels` maps.
fn totals<R: Real>(sums: &[(R, R)], channels: usize) -> Vec<(R, R)> {
    let mut totals = vec![(R::zero(), R::zero()); channels];
    for of_image in sums.chunks_exact(channels) {
        for (total, &sum) in totals.iter_mut().zip(of_image) {
            *total = (total.0 + sum.0, total.1 + sum.1);
        }
    }
    totals
}

fn inverse_deviation<R: Real>(variance: R) -> R {
    (variance + R::of(EPSILON)).sqrt().recip()
}

impl<R: Real> Layer<R> for BatchNorm<R> {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        self.scale_and_shift(input, output, &self.factors(self.running()));
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        let Shape { channels, .. } = self.shape;
        let plane = self.shape.plane();
        let n = batch_length(input, self.shape.len(), output, self.shape.len());
        if self.frozen {
            self.batch = self.running().collect();
            self.sums.resize(input.len() / plane, (R::zero(), R::zero()));
            return self.infer(input, output);
        }
        let images = R::of(n as f64);
        let pixels = R::of(plane as f64);

        // Mean and variance within each map of each image. All maps have as many pixels, so the
        // mean of the batch is the mean of the means, and its variance is the mean of the
        // variances plus the variance of the means.
        self.sums.resize(input.len() / plane, (R::zero(), R::zero()));
        let maps = self.sums.par_iter_mut().zip(input.par_chunks(plane)).with_min_len(channels);
        maps.for_each(|(sums, x)| {
            *sums = wide(|| {
                let mean = sum_of(x, |x| x) / pixels;
                (mean, sum_of(x, |x| (x - mean) * (x - mean)) / pixels)
            });
        });
        let within = totals(&self.sums, channels);
        let mut between = vec![R::zero(); channels];
        for of_image in self.sums.chunks_exact(channels) {
            for ((between, total), &(mean, _)) in between.iter_mut().zip(&within).zip(of_image) {
                let deviation = mean - total.0 / images;
                *between += deviation * deviation;
            }
        }
        let statistics = within.iter().zip(between);
        let statistics: Vec<(R, R)> = statistics
            .map(|(&(means, variances), between)| (means / images, (variances + between) / images))
            .collect();

        // A single number has no unbiased variance; its biased one is 0.
        let count = images * pixels;
        let unbiased = count / (count - R::one()).max(R::one());
        let keep = |running: R, new: R| running + R::of(MOMENTUM) * (new - running);
        for (map, &(mean, variance)) in statistics.iter().enumerate() {
            let of = |running: &mut Parameter<R>, new| {
                running.value[map] = keep(running.value[map], new);
            };
            of(&mut self.running_mean, mean);
            of(&mut self.running_variance, variance * unbiased);
        }
        self.batch = statistics.iter().map(|&(mean, v)| (mean, inverse_deviation(v))).collect();

        let factors = self.factors(self.batch.iter().copied());
        let piece = PIECE * self.shape.len();
        let pieces = input.par_chunks(piece).zip(output.par_chunks_mut(piece));
        pieces.for_each(|(x, y)| self.scale_and_shift(x, y, &factors));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let Shape { channels, .. } = self.shape;
        let plane = self.shape.plane();

        let n = batch_length(input, self.shape.len(), output_gradient, self.shape.len());
        assert_eq!(self.sums.len(), n * channels, "the batch of the forward pass");

        // Sums of g and g z for each map of each image.
        let batch = &self.batch;
        let maps = input.par_chunks(plane).zip(output_gradient.par_chunks(plane));
        let sums = self.sums.par_iter_mut().enumerate().zip(maps).with_min_len(channels);
        sums.for_each(|((index, sums), (x, g))| {
            let (mean, inverse) = batch[index % channels];
            *sums = wide(|| {
                let gz = inverse * sum_pairs(x, g, |x, g| (x - mean) * g);
                (sum_of(g, |g| g), gz)
            });
        });
        let totals = totals(&self.sums, channels);
        for (map, &(g, gz)) in totals.iter().enumerate() {
            self.beta.gradient[map] = g;
            self.gamma.gradient[map] = gz;
        }

        let Some(input_gradient) = input_gradient else { return };
        assert_eq!(input_gradient.len(), input.len(), "a gradient per input");
        let count = R::of((n * plane) as f64);
        let (gamma, frozen) = (&self.gamma.value, self.frozen);
        let maps = input.par_chunks(plane).zip(output_gradient.par_chunks(plane));
        let maps = input_gradient.par_chunks_mut(plane).enumerate().zip(maps);
        maps.with_min_len(channels).for_each(|((index, dx), (x, g))| {
            let map = index % channels;
            let (mean, inverse) = batch[map];
            // Frozen means do not depend on any x.
            let (average_g, average_gz) = match frozen {
                true => (R::zero(), R::zero()),
                false => (totals[map].0 / count, totals[map].1 / count),
            };
            let scale = gamma[map] * inverse;
            wide(|| {
                for ((dx, &x), &g) in dx.iter_mut().zip(x).zip(g) {
                    let z = (x - mean) * inverse;
                    *dx = scale * (g - average_g - z * average_gz);
                }
            });
        });
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        vec![&self.gamma, &self.beta, &self.running_mean, &self.running_variance]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        let Self { gamma, beta, running_mean, running_variance, .. } = self;
        vec![gamma, beta, running_mean, running_variance]
    }

    fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::{check_gradients, normal};

    const SHAPE: Shape = Shape { channels: 2, height: 3, width: 2 };

    #[test]
    fn training_outputs_have_mean_0_and_variance_1_also_far_from_zero() {
        let mut norm = BatchNorm::<f32>::new(SHAPE);
        let input: Vec<f32> =
            normal(50 * SHAPE.len(), 6).iter().map(|&x| (1000.0 + x) as f32).collect();
        let mut output = vec![0.0; input.len()];
        norm.forward(&input, &mut output);
        for map in 0..2 {
            let maps = output.chunks_exact(6).skip(map).step_by(2).flatten();
            let values: Vec<f64> = maps.map(|&value| f64::from(value)).collect();
            let mean = values.iter().sum::<f64>() / 300.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 300.0;
            // Inputs near 1000 have steps of 6e-5.
            assert!(mean.abs() < 2e-4 && (variance - 1.0).abs() < 2e-4, "{mean}, {variance}");
        }
    }

    #[test]
    fn a_constant_map_becomes_beta() {
        let mut norm = BatchNorm::<f64>::new(SHAPE);
        let mut output = vec![9.0; 2 * SHAPE.len()];
        norm.forward(&vec![7.0; 2 * SHAPE.len()], &mut output);
        assert!(output.iter().all(|value| value.abs() < 1e-12), "{output:?}");
    }

    #[test]
    fn gradients_equal_central_differences() {
        let mut norm = BatchNorm::new(SHAPE);
        norm.gamma.value = vec![1.5, -0.5];
        norm.beta.value = vec![0.25, 2.0];
        check_gradients(&mut norm, SHAPE.len(), 7);
    }

    #[test]
    fn frozen_gradients_equal_central_differences_and_nothing_moves() {
        let mut norm = BatchNorm::new(SHAPE);
        norm.gamma.value = vec![1.5, -0.5];
        norm.running_mean.value = vec![0.5, -2.0];
        norm.running_variance.value = vec![0.3, 4.0];
        norm.freeze(true);
        check_gradients(&mut norm, SHAPE.len(), 3);
        assert_eq!(norm.running_mean.value, [0.5, -2.0]);
        let input = normal(2 * SHAPE.len(), 3);
        let (mut trained, mut inferred) = (vec![0.0; input.len()], vec![0.0; input.len()]);
        norm.forward(&input, &mut trained);
        norm.infer(&input, &mut inferred);
        assert_eq!(trained, inferred);
    }
}
