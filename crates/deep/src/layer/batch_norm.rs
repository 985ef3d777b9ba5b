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

use crate::kernels::{AfterMaps, sum_of, sum_pairs, wide};
use crate::layer::{Layer, Parameter, Role, Shape, batch_length, pieces};
use crate::real::Real;
use base::ParamError;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// Added to the variance, so that constant maps can be divided by it; PyTorch's default.
const EPSILON: f64 = 1e-5;
/// The share of a new batch in the running averages; PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// How batch normalisation learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchNormParams {
    /// Whether `gamma` is learned; otherwise it stays 1.
    #[serde(skip_serializing_if = "is_learned")]
    pub scale: bool,
    /// Factor on the learning rate of `beta`, at least 0.
    #[serde(skip_serializing_if = "is_one")]
    pub shift_rate: f64,
}

impl Default for BatchNormParams {
    fn default() -> Self {
        Self { scale: true, shift_rate: 1.0 }
    }
}

fn is_learned(scale: &bool) -> bool {
    *scale
}

fn is_one(rate: &f64) -> bool {
    *rate == 1.0
}

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
    /// Mean and variance of each map of each image of the batch.
    within: Vec<(R, R)>,
    /// Scale and shift of each map in a trained network, until a parameter changes.
    trained: OnceLock<[Vec<R>; 2]>,
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
            batch: vec![(R::zero(), R::zero()); shape.channels],
            within: Vec::new(),
            trained: OnceLock::new(),
        }
    }

    /// The same, where it learns otherwise than by default.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn learning(mut self, params: &BatchNormParams) -> Result<Self, ParamError> {
        let BatchNormParams { scale, shift_rate } = *params;
        if !(shift_rate.is_finite() && shift_rate >= 0.0) {
            return Err(ParamError::new("shift_rate", shift_rate, "0 or a positive number"));
        }
        self.gamma.rate = if scale { 1.0 } else { 0.0 };
        self.beta.rate = shift_rate;
        Ok(self)
    }

    /// `scale x + shift` for every map.
    fn scale_and_shift(
        &self,
        input: &[R],
        output: &mut [R],
        factors: impl Iterator<Item = (R, R)> + Clone,
    ) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let plane = self.shape.plane();
        let maps = input.chunks_exact(plane).zip(output.chunks_exact_mut(plane));
        for ((x, y), (scale, shift)) in maps.zip(factors.cycle()) {
            wide(|| {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = scale * x + shift;
                }
            });
        }
    }

    /// Scale and shift that make `gamma z + beta` of the numbers of a map with this mean and
    /// `1 / deviation`.
    fn factors(&self, map: usize, (mean, inverse): (R, R)) -> (R, R) {
        let scale = self.gamma.value[map] * inverse;
        (scale, self.beta.value[map] - scale * mean)
    }

    /// Mean and `1 / deviation` of a map by the running averages.
    fn running(&self, map: usize) -> (R, R) {
        (self.running_mean.value[map], inverse_deviation(self.running_variance.value[map]))
    }

    /// Scale and shift of each map in a trained network.
    fn trained(&self) -> [&[R]; 2] {
        let factors = |map| self.factors(map, self.running(map));
        let trained = self.trained.get_or_init(|| {
            let (scale, shift) = (0..self.shape.channels).map(factors).unzip();
            [scale, shift]
        });
        trained.each_ref().map(Vec::as_slice)
    }

    /// Mean and variance of a map over the batch. All maps have as many pixels, so the mean of the
    /// batch is the mean of the means, and its variance is the mean of the variances plus the
    /// variance of the means.
    fn over_batch(&self, map: usize) -> (R, R) {
        let within = || self.within.iter().skip(map).step_by(self.shape.channels);
        let images = R::of((self.within.len() / self.shape.channels) as f64);
        let sums = within().fold((R::zero(), R::zero()), |sums, &(mean, variance)| {
            (sums.0 + mean, sums.1 + variance)
        });
        let mean = sums.0 / images;
        let between = within()
            .fold(R::zero(), |sum, &(of_image, _)| sum + (of_image - mean) * (of_image - mean));
        (mean, (sums.1 + between) / images)
    }
}

fn inverse_deviation<R: Real>(variance: R) -> R {
    (variance + R::of(EPSILON)).sqrt().recip()
}

impl<R: Real> Layer<R> for BatchNorm<R> {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        let [scale, shift] = self.trained();
        self.scale_and_shift(input, output, scale.iter().copied().zip(shift.iter().copied()));
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        self.gather(input);
        pieces(input, self.shape, output, self.shape, |x, y| self.forward_part(x, y));
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        let n = batch_length(input, self.shape.len(), output_gradient, self.shape.len());
        let channels = self.shape.channels;
        let mut sums = vec![R::zero(); 2 * channels];
        self.backward_part(input, output_gradient, None, &mut sums);
        self.gamma.gradient.copy_from_slice(&sums[..channels]);
        self.beta.gradient.copy_from_slice(&sums[channels..]);
        if let Some(dx) = input_gradient {
            dx.copy_from_slice(output_gradient);
            self.complete(input, n, dx);
        }
    }

    fn gathers(&self) -> bool {
        true
    }

    /// Mean and variance of each map, also into the running averages.
    fn gather(&mut self, input: &[R]) {
        let Shape { channels, .. } = self.shape;
        let plane = self.shape.plane();
        let pixels = R::of(plane as f64);
        if self.frozen {
            for map in 0..channels {
                self.batch[map] = self.running(map);
            }
            return;
        }
        self.within.resize(input.len() / plane, (R::zero(), R::zero()));
        let maps = self.within.par_iter_mut().zip(input.par_chunks(plane));
        maps.with_min_len(channels).for_each(|(within, x)| {
            *within = wide(|| {
                let mean = sum_of(x, |x| x) / pixels;
                (mean, sum_of(x, |x| (x - mean) * (x - mean)) / pixels)
            });
        });
        // A single number has no unbiased variance; its biased one is 0.
        let count = R::of((input.len() / channels) as f64);
        let unbiased = count / (count - R::one()).max(R::one());
        let keep = |running: &mut R, new| *running = *running + R::of(MOMENTUM) * (new - *running);
        self.trained.take();
        for map in 0..channels {
            let (mean, variance) = self.over_batch(map);
            keep(&mut self.running_mean.value[map], mean);
            keep(&mut self.running_variance.value[map], variance * unbiased);
            self.batch[map] = (mean, inverse_deviation(variance));
        }
    }

    fn forward_part(&self, input: &[R], output: &mut [R]) {
        let of_batch = self.batch.iter().enumerate();
        let factors = of_batch.map(|(map, &statistics)| self.factors(map, statistics));
        self.scale_and_shift(input, output, factors);
    }

    /// Sums of `g z` and `g` for each map.
    fn backward_part(
        &self,
        input: &[R],
        output_gradient: &[R],
        _input_gradient: Option<&mut [R]>,
        parameters: &mut [R],
    ) {
        let plane = self.shape.plane();
        let (dgamma, dbeta) = parameters.split_at_mut(self.shape.channels);
        let images = input.chunks_exact(self.shape.len());
        for (x, g) in images.zip(output_gradient.chunks_exact(self.shape.len())) {
            let maps = x.chunks_exact(plane).zip(g.chunks_exact(plane)).zip(&self.batch);
            let sums = dgamma.iter_mut().zip(&mut *dbeta);
            for (((x, g), &(mean, inverse)), (dgamma, dbeta)) in maps.zip(sums) {
                wide(|| {
                    *dgamma += inverse * sum_pairs(x, g, |x, g| (x - mean) * g);
                    *dbeta += sum_of(g, |g| g);
                });
            }
        }
    }

    /// The formula for `dL/dx`: averages of `g z` and `g` are those of the gradients of `gamma` and
    /// `beta`.
    fn complete(&self, input: &[R], n: usize, gradient: &mut [R]) {
        let plane = self.shape.plane();
        let count = R::of((n * plane) as f64);
        let maps = input.chunks_exact(plane).zip(gradient.chunks_exact_mut(plane));
        for (index, (x, g)) in maps.enumerate() {
            let map = index % self.shape.channels;
            let (mean, inverse) = self.batch[map];
            // Frozen means do not depend on any x.
            let (average_g, average_gz) = match self.frozen {
                true => (R::zero(), R::zero()),
                false => (self.beta.gradient[map] / count, self.gamma.gradient[map] / count),
            };
            let scale = self.gamma.value[map] * inverse;
            wide(|| {
                for (g, &x) in g.iter_mut().zip(x) {
                    let z = (x - mean) * inverse;
                    *g = scale * (*g - average_g - z * average_gz);
                }
            });
        }
    }

    fn is_made_again(&self) -> bool {
        true
    }

    fn after_maps(&self) -> Option<AfterMaps<'_, R>> {
        let [scale, shift] = self.trained();
        Some(AfterMaps::Scale { scale, shift })
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        vec![&self.gamma, &self.beta, &self.running_mean, &self.running_variance]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.trained.take();
        let Self { gamma, beta, running_mean, running_variance, .. } = self;
        vec![gamma, beta, running_mean, running_variance]
    }

    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        let Self { gamma, beta, running_mean, running_variance, .. } = self;
        [gamma, beta, running_mean, running_variance].into_iter().for_each(look);
    }

    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.trained.take();
        let Self { gamma, beta, running_mean, running_variance, .. } = self;
        [gamma, beta, running_mean, running_variance].into_iter().for_each(change);
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
