//! Noise: of the sensor, of the light itself, and of dead pixels. Every channel on its own.

use super::{Corruption, UnitImage};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson, StandardNormal};

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const GAUSSIAN: Corruption = Corruption {
    name: "gaussian-noise",
    unit: "standard deviation, share of full brightness",
    grey: [0.08, 0.12, 0.18, 0.26, 0.38],
    colour: [0.04, 0.06, 0.08, 0.09, 0.10],
    length: false,
    apply: gaussian_noise,
};

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const SHOT: Corruption = Corruption {
    name: "shot-noise",
    unit: "photons at full brightness",
    grey: [60.0, 25.0, 12.0, 5.0, 3.0],
    colour: [500.0, 250.0, 100.0, 75.0, 50.0],
    length: false,
    apply: shot_noise,
};

/// Severities of CIFAR-10-C and MNIST-C.
pub(super) const IMPULSE: Corruption = Corruption {
    name: "impulse-noise",
    unit: "share of values turned black or white",
    grey: [0.03, 0.06, 0.09, 0.17, 0.27],
    colour: [0.01, 0.02, 0.03, 0.05, 0.07],
    length: false,
    apply: impulse_noise,
};

/// Adds normal noise of standard deviation `sigma` and clips to [0, 1].
pub fn gaussian_noise(image: &UnitImage, sigma: f64, rng: &mut dyn Rng) -> UnitImage {
    image.mapv(|x| {
        let noise: f64 = StandardNormal.sample(&mut *rng);
        (x + sigma * noise).clamp(0.0, 1.0)
    })
}

/// Counts photons: a Poisson number of mean `photons x`, over `photons`, clipped to [0, 1].
/// Black stays black.
///
/// # Panics
/// If `photons` is not positive, or beyond 1e18.
pub fn shot_noise(image: &UnitImage, photons: f64, rng: &mut dyn Rng) -> UnitImage {
    assert!(photons > 0.0, "`photons` is {photons}, but must be positive");
    image.mapv(|x| {
        if x <= 0.0 {
            return 0.0;
        }
        let poisson = Poisson::new(photons * x).expect("the mean is positive and finite");
        (poisson.sample(&mut *rng) / photons).clamp(0.0, 1.0)
    })
}

/// Turns each value, with probability `amount`, black or white, each with the same chance.
pub fn impulse_noise(image: &UnitImage, amount: f64, rng: &mut dyn Rng) -> UnitImage {
    // Always two draws, so that more noise keeps the impulses of less.
    image.mapv(|x| {
        let (hit, white) = (rng.random::<f64>(), rng.random::<bool>());
        if hit >= amount {
            x
        } else if white {
            1.0
        } else {
            0.0
        }
    })
}
