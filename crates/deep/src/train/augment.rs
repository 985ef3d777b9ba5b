//! Training images moved, turned, scaled, mirrored and partly covered, anew in each epoch.
//!
//! A pixel of the new image shows what the old one has at the place it came from, between pixels
//! the weighted mean of four. What comes in at an edge repeats the pixels of that edge: it looks
//! like the image's own background, whatever that is.

use base::{ParamError, Seed};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How much training images are changed; nothing is, unless set.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentParams {
    /// Turned by up to this many degrees either way, 0 to 180.
    pub rotate: f64,
    /// Enlarged or reduced by up to this share, at least 0 and less than 1: with 0.1, to between
    /// 1 / 1.1 and 1.1 of the size.
    pub scale: f64,
    /// Whether images are mirrored, left and right exchanged: a half drawn at random in the first
    /// epoch, the other half in the second, and so on in turns, so that two epochs show every image
    /// both ways (K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498,
    /// 2024, section 3.6).
    pub flip: bool,
    /// Side in pixels of a square that is covered with the mean colour, at a random place, partly
    /// outside (T. DeVries, G. Taylor, "Improved regularization of convolutional neural networks
    /// with cutout", arXiv:1708.04552, 2017).
    pub cutout: usize,
}

/// What happens to one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// Moved down and right by whole pixels.
    pub(crate) shift: (isize, isize),
    /// Turned clockwise, in radians.
    pub(crate) angle: f64,
    /// Enlarged by this factor.
    pub(crate) scale: f64,
    pub(crate) flip: bool,
    /// Rows and columns that are covered: first and one past the last.
    pub(crate) covered: Option<[(isize, isize); 2]>,
}

impl Change {
    pub(crate) const NONE: Self =
        Self { shift: (0, 0), angle: 0.0, scale: 1.0, flip: false, covered: None };

    /// Where the pixel in row `y` and column `x` comes from, for images of that size.
    pub(crate) fn origin(&self, y: usize, x: usize, height: usize, width: usize) -> (f64, f64) {
        let centre = ((height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0);
        let (dy, dx) = (y as f64 - centre.0, x as f64 - centre.1);
        let (dy, dx) = (dy - self.shift.0 as f64, dx - self.shift.1 as f64);
        let (sin, cos) = self.angle.sin_cos();
        // The inverse of a clockwise turn, rows pointing down.
        let (dy, dx) = ((cos * dy - sin * dx) / self.scale, (cos * dx + sin * dy) / self.scale);
        let dx = if self.flip { -dx } else { dx };
        (centre.0 + dy, centre.1 + dx)
    }

    /// Whether pixels come from whole pixels.
    pub(crate) fn is_shift(&self) -> bool {
        self.angle == 0.0 && self.scale == 1.0 && !self.flip
    }
}

impl AugmentParams {
    /// Checks the settings.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn check(&self) -> Result<(), ParamError> {
        if !(0.0..=180.0).contains(&self.rotate) {
            return Err(ParamError::new("rotate", self.rotate, "from 0 to 180"));
        }
        if !(0.0..1.0).contains(&self.scale) {
            return Err(ParamError::new("scale", self.scale, "at least 0 and less than 1"));
        }
        Ok(())
    }

    /// What happens to each of the given images, which have that size. `max_shift` pixels apart, all
    /// is drawn here; shifts come from a seed of their own, as they did before there was anything
    /// else.
    pub(crate) fn draw(
        &self,
        rows: &[usize],
        max_shift: usize,
        (height, width): (usize, usize),
        seed: Seed,
        epoch: u64,
    ) -> Vec<Change> {
        let (max, mut shifts) = (max_shift as i64, seed.child("shift", epoch).rng());
        let mut shift = || shifts.random_range(-max..=max) as isize;
        let mut rng = seed.child("augment", epoch).rng();
        let change = |&row: &usize| {
            let flip = self.flip && is_mirrored(row, seed, epoch);
            Change { shift: (shift(), shift()), flip, ..self.other(height, width, &mut rng) }
        };
        rows.iter().map(change).collect()
    }

    fn other(&self, height: usize, width: usize, rng: &mut impl RngExt) -> Change {
        let mut change = Change::NONE;
        if self.rotate > 0.0 {
            change.angle = rng.random_range(-1.0..=1.0) * self.rotate.to_radians();
        }
        if self.scale > 0.0 {
            let power: f64 = rng.random_range(-1.0..=1.0);
            change.scale = (1.0 + self.scale).powf(power);
        }
        if self.cutout > 0 {
            change.covered = Some([height, width].map(|side| {
                let centre = rng.random_range(0..side as i64) as isize;
                let first = centre - (self.cutout / 2) as isize;
                (first, first.saturating_add_unsigned(self.cutout))
            }));
        }
        change
    }
}

/// Whether it is the turn of an image's mirror image.
fn is_mirrored(row: usize, seed: Seed, epoch: u64) -> bool {
    let at_first: bool = seed.child("flip", row as u64).rng().random();
    at_first ^ !epoch.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_scales_and_mirrors_about_the_centre() {
        let at = |change: Change, y, x| {
            let (y, x) = change.origin(y, x, 5, 5);
            ((y * 1e6).round() / 1e6, (x * 1e6).round() / 1e6)
        };
        let quarter = Change { angle: std::f64::consts::FRAC_PI_2, ..Change::NONE };
        // Clockwise, the upper right corner shows what the upper left one had.
        assert_eq!(at(quarter, 0, 4), (0.0, 0.0));
        assert_eq!(at(quarter, 4, 4), (0.0, 4.0));
        let twice = Change { scale: 2.0, ..Change::NONE };
        assert_eq!(at(twice, 0, 4), (1.0, 3.0));
        let mirrored = Change { flip: true, ..Change::NONE };
        assert_eq!(at(mirrored, 1, 0), (1.0, 4.0));
        let moved = Change { shift: (1, -2), ..Change::NONE };
        assert_eq!(at(moved, 3, 1), (2.0, 3.0));
    }

    #[test]
    fn changes_stay_within_their_settings_and_use_them() {
        let params = AugmentParams { rotate: 10.0, scale: 0.25, flip: true, cutout: 3 };
        let rows: Vec<usize> = (0..500).collect();
        let changes = params.draw(&rows, 2, (6, 8), Seed(1), 3);
        assert_eq!(changes, params.draw(&rows, 2, (6, 8), Seed(1), 3));
        let all = |test: &dyn Fn(&Change) -> bool| changes.iter().all(test);
        assert!(all(&|c| c.angle.abs() <= 10_f64.to_radians() && (0.8..=1.25).contains(&c.scale)));
        assert!(all(&|c| c.covered.unwrap().iter().all(|(first, end)| end - first == 3)));
        let flips = changes.iter().filter(|change| change.flip).count();
        assert!((200..300).contains(&flips), "{flips}");
        assert!(changes.iter().any(|change| change.angle > 0.15));
        for y in -2..=2 {
            assert!((-2..=2).all(|x| changes.iter().any(|change| change.shift == (y, x))));
        }
        // Without settings only shifts are left, and they are the same.
        let plain = AugmentParams::default().draw(&rows, 2, (6, 8), Seed(1), 3);
        assert!(plain.iter().zip(&changes).all(|(a, b)| a.shift == b.shift && a.is_shift()));
    }

    #[test]
    fn two_epochs_show_every_image_both_ways() {
        let params = AugmentParams { flip: true, ..AugmentParams::default() };
        let mirrored = |rows: &[usize], epoch| -> Vec<bool> {
            let changes = params.draw(rows, 0, (6, 8), Seed(1), epoch);
            changes.iter().map(|change| change.flip).collect()
        };
        let rows: Vec<usize> = (0..100).collect();
        let first = mirrored(&rows, 0);
        assert!(first.iter().zip(mirrored(&rows, 1)).all(|(&a, b)| a != b));
        assert_eq!(first, mirrored(&rows, 2));
        // Whatever the order in which they are met.
        let turned: Vec<usize> = rows.iter().rev().copied().collect();
        assert!(first.iter().rev().eq(&mirrored(&turned, 0)));
    }
}
