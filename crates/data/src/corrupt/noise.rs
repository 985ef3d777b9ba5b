//! Noise, one draw for each number of the image; what leaves [0, 1] is set to its end.

use super::Picture;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};

/// `x + N(0, sigma)`: of a sensor in low light.
///
/// # Panics
/// If `sigma` is negative or not finite.
pub fn gaussian(image: &Picture, sigma: f64, rng: &mut ChaCha8Rng) -> Picture {
    let noise = Normal::new(0.0, sigma).expect("sigma is a finite number, 0 or more");
    image.mapv(|x| (x + noise.sample(rng)).clamp(0.0, 1.0))
}

/// `Poisson(x lambda) / lambda`: of few photons, `lambda` in white.
///
/// # Panics
/// If `lambda` is not positive and finite.
pub fn shot(image: &Picture, lambda: f64, rng: &mut ChaCha8Rng) -> Picture {
    assert!(lambda > 0.0 && lambda.is_finite(), "{lambda} photons in white");
    image.mapv(|x| match Poisson::new(x * lambda) {
        Ok(photons) => (photons.sample(rng) / lambda).clamp(0.0, 1.0),
        // No light, no photons: the library asks for a positive mean.
        Err(_) => 0.0,
    })
}

/// Each number becomes 0 or 1, equally likely, with the chance `amount`: of dead sensors and of
/// errors in transmission.
pub fn impulse(image: &Picture, amount: f64, rng: &mut ChaCha8Rng) -> Picture {
    image.mapv(|x| match rng.random::<f64>() {
        chance if chance < amount / 2.0 => 0.0,
        chance if chance < amount => 1.0,
        _ => x,
    })
}
