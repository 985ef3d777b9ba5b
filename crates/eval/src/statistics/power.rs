//! What a paired test set can find, and how many images it would need.
//!
//! Two classifiers disagree on a share `s` of the images (exactly one is right) and differ by `d`
//! in accuracy. McNemar's test at a two-sided level finds the difference on `n` images with the
//! chance `power` if
//!
//! ```text
//! n d^2 = (z_level sqrt(s) + z_power sqrt(s - d^2))^2
//! ```
//!
//! Sources: O. S. Miettinen, Biometrics 24:339-352, 1968; R. J. Connett, J. A. Smith,
//! R. B. McHugh, "Sample size and power for pair-matched case-control studies", Statistics in
//! Medicine 6:53-59, 1987. Reference: `statsmodels` has none for pairs; the tests check the
//! formula against exact power.

use super::distribution::{falling_root, normal_quantile};
use super::interval::two_sided_z;
use super::outcome::Undefined;
use super::paired::Paired;

/// More images than this are as good as never.
const MAX_IMAGES: f64 = 1e9;

/// A paired test at a two-sided level (0.95) that should find a difference with the chance `power`
/// (0.8).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    level: f64,
    power: f64,
}

impl Power {
    /// # Errors
    /// If `level` is not strictly between 0 and 1, or `power` not in [0.5, 1).
    pub fn new(level: f64, power: f64) -> Result<Self, Undefined> {
        if !(level > 0.0 && level < 1.0) {
            let expected = "between 0 and 1";
            return Err(Undefined::OutOfRange { name: "level", value: level, expected });
        }
        if !(0.5..1.0).contains(&power) {
            let expected = "in [0.5, 1)";
            return Err(Undefined::OutOfRange { name: "power", value: power, expected });
        }
        Ok(Self { level, power })
    }

    /// Test images needed to find a difference of `difference` between classifiers that disagree
    /// on the share `disagreement` of the images.
    ///
    /// ```
    /// use eval::statistics::power::Power;
    /// let power = Power::new(0.95, 0.8).unwrap();
    /// // Two points, if 6 % of the images tell the classifiers apart.
    /// assert_eq!(power.images(0.02, 0.06), Ok(1175));
    /// ```
    ///
    /// # Errors
    /// If `disagreement` is not in (0, 1], or `difference` is 0 or larger than it.
    pub fn images(&self, difference: f64, disagreement: f64) -> Result<u64, Undefined> {
        check_disagreement(disagreement)?;
        let difference = difference.abs();
        if !(difference > 0.0 && difference <= disagreement) {
            let expected = "between 0 and the share of images with one right answer";
            return Err(Undefined::OutOfRange { name: "difference", value: difference, expected });
        }
        let images = self.needed(difference, disagreement).ceil();
        if images > MAX_IMAGES {
            return Err(Undefined::Unbounded("the number of images"));
        }
        Ok(images as u64)
    }

    /// The smallest difference of accuracies, as a share, that `images` test images can find
    /// between classifiers that disagree on the share `disagreement` of them.
    ///
    /// # Errors
    /// If `disagreement` is not in (0, 1], or the images are so few that not even a difference of
    /// all of it would be found.
    pub fn smallest_difference(&self, images: u64, disagreement: f64) -> Result<f64, Undefined> {
        check_disagreement(disagreement)?;
        let least = self.needed(disagreement, disagreement).ceil() as usize;
        let found = images as usize;
        if found < least {
            return Err(Undefined::TooFew { what: "test images", needed: least, found });
        }
        // More images are needed for smaller differences.
        Ok(falling_root(images as f64, 0.0, disagreement, |d| self.needed(d, disagreement)))
    }

    /// Further test images after which Tango's interval at the level would exclude the loss
    /// `margin` with the chance `power`, if the shares seen so far are the true ones. With a power
    /// of 0.5 this is the projection of the verdict: as likely too few as too many. 0 if the images
    /// seen are enough.
    ///
    /// # Errors
    /// If the difference seen equals the loss, so that no number would do, or nothing was tested.
    ///
    /// # Panics
    /// If `margin` is not in [0, 1).
    pub fn further_images(&self, paired: &Paired, margin: f64) -> Result<u64, Undefined> {
        let z = two_sided_z(self.level) + normal_quantile(self.power);
        // The score statistic at the margin grows with the root of the number of images, and has a
        // standard deviation of 1 about that.
        let factor = (z / paired.non_inferiority(margin).z).powi(2);
        // Floor plus one, for an end of the interval on the margin itself does not exclude it.
        let more = (paired.total() as f64 * (factor - 1.0)).floor() + 1.0;
        // Infinite at the margin itself, NaN without an image: neither is below the limit.
        if more <= MAX_IMAGES {
            Ok(more as u64)
        } else {
            Err(Undefined::Unbounded("the number of further images"))
        }
    }

    fn needed(&self, difference: f64, disagreement: f64) -> f64 {
        let (level, power) = (two_sided_z(self.level), normal_quantile(self.power));
        let rest = (disagreement - difference * difference).max(0.0);
        ((level * disagreement.sqrt() + power * rest.sqrt()) / difference).powi(2)
    }
}

fn check_disagreement(value: f64) -> Result<(), Undefined> {
    if value > 0.0 && value <= 1.0 {
        return Ok(());
    }
    Err(Undefined::OutOfRange { name: "disagreement", value, expected: "in (0, 1]" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::distribution::binomial_pmf;

    /// Chance that McNemar's chi-squared test finds `difference`, summed over all tables.
    fn exact_power(images: u64, difference: f64, disagreement: f64) -> f64 {
        let z2 = two_sided_z(0.95).powi(2);
        let only_a = (disagreement + difference) / 2.0 / disagreement;
        let table = |discordant: u64| {
            let found = (0..=discordant).filter(|&b| {
                let apart = b as f64 - (discordant - b) as f64;
                apart * apart > z2 * discordant as f64
            });
            let chance: f64 = found.map(|b| binomial_pmf(b, discordant, only_a)).sum();
            chance * binomial_pmf(discordant, images, disagreement)
        };
        // The other numbers of discordant images have no weight.
        let likely = |d: &u64| binomial_pmf(*d, images, disagreement) > 1e-9;
        (0..=images).filter(likely).map(table).sum()
    }

    #[test]
    fn the_numbers_have_the_power_they_claim() {
        let power = Power::new(0.95, 0.8).unwrap();
        for (difference, disagreement) in [(0.02, 0.06), (0.05, 0.3), (0.1, 0.7)] {
            let images = power.images(difference, disagreement).unwrap();
            let exact = exact_power(images, difference, disagreement);
            assert!((exact - 0.8).abs() < 0.015, "{images} images: {exact}");
            let back = power.smallest_difference(images, disagreement).unwrap();
            assert!((back / difference - 1.0).abs() < 0.01, "{back}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Power::new(1.0, 0.8).is_err() && Power::new(0.95, 0.2).is_err());
        let power = Power::new(0.95, 0.8).unwrap();
        assert!(power.images(0.0, 0.1).is_err() && power.images(0.2, 0.1).is_err());
        assert!(power.images(0.1, f64::NAN).is_err() && power.images(1e-7, 0.1).is_err());
        assert!(power.smallest_difference(5, 0.1).is_err());
        let nothing = Paired { both_right: 0, only_a: 0, only_b: 0, both_wrong: 0 };
        assert!(power.further_images(&nothing, 0.02).is_err());
        let at_margin = Paired { both_right: 960, only_a: 5, only_b: 25, both_wrong: 10 };
        assert!(power.further_images(&at_margin, 0.02).is_err());
    }
}
