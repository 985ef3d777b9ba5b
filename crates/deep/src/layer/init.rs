//! Weights before training.

use crate::real::Real;
use base::Seed;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Kernels of a convolution before training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// Normally distributed numbers, after He et al.
    #[default]
    Random,
    /// The same, but the first output maps are the input maps: a kernel has a 1 in its centre for the
    /// input map of the same number, and zeros elsewhere (S. Zagoruyko, N. Komodakis, "DiracNets",
    /// arXiv:1706.00388, 2017; `torch.nn.init.dirac_`).
    Dirac,
    /// Made from training images, and not learned: two output maps, of both signs, for each number
    /// under a kernel, which are independent of each other and of variance 1 (K. Jordan, "94% on
    /// CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498, 2024, section 3.2). For the first
    /// layer of a network; normally distributed numbers until images are there.
    Whitening,
}

/// Makes the first of the kernels, shape `(maps, of_group, size, size)`, those of [`Initial::Dirac`].
pub(super) fn dirac<R: Real>(kernels: &mut [R], groups: usize, of_group: usize, size: usize) {
    let fan_in = of_group * size * size;
    let maps_of_group = kernels.len() / fan_in / groups;
    for (map, kernel) in kernels.chunks_exact_mut(fan_in).enumerate() {
        let channel = map % maps_of_group;
        if channel < of_group {
            kernel.fill(R::zero());
            kernel[(channel * size + size / 2) * size + size / 2] = R::one();
        }
    }
}

/// `count` normally distributed numbers of mean 0 and variance `2 / fan_in`, where `fan_in` is how
/// many inputs each output sums over: behind a ReLU, outputs then vary as much as inputs do.
///
/// Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10.
pub(crate) fn he_normal<R: Real>(count: usize, fan_in: usize, seed: Seed) -> Vec<R> {
    let deviation = (2.0 / fan_in as f64).sqrt();
    let normal = StandardNormal.sample_iter(seed.rng());
    normal.take(count).map(|value: f64| R::of(deviation * value)).collect()
}
