//! The gradient of each pixel: strength and orientation bin.

use std::fmt;
use std::sync::Arc;

/// Brightness differences of a pixel's neighbours: along its column and along its row.
///
/// The whole difference, not half of it: the normalisation of blocks drops the factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gradient {
    pub(super) dy: f64,
    pub(super) dx: f64,
}

impl Gradient {
    fn squared(self) -> f64 {
        self.dy * self.dy + self.dx * self.dx
    }

    /// Its strength.
    pub(super) fn magnitude(self) -> f64 {
        self.squared().sqrt()
    }
}

/// How gradients are taken and into which bins they fall.
#[derive(Clone)]
pub(super) struct Gradients {
    /// What each of the 256 pixel values stands for.
    levels: [f64; 256],
    /// Upper end of each orientation bin in degrees.
    upper_edges: Vec<f64>,
    /// Bins of all whole differences, if there are no others: see [`Self::tabulate`].
    bins: Option<Arc<[u8]>>,
}

/// Differences of 8 bits run from -255 to 255.
const DIFFERENCES: usize = 511;

impl Gradients {
    /// At most 255 orientations.
    pub(super) fn new(orientations: usize, transform_sqrt: bool) -> Self {
        let levels =
            std::array::from_fn(
                |value| {
                    if transform_sqrt { (value as f64).sqrt() } else { value as f64 }
                },
            );
        // scikit-image compares with the edges in single precision.
        let width = 180.0 / orientations as f32;
        let upper_edges = (1..=orientations).map(|bin| f64::from(width * bin as f32)).collect();
        let mut gradients = Self { levels, upper_edges, bins: None };
        if !transform_sqrt {
            gradients.bins = Some(gradients.tabulate());
        }
        gradients
    }

    pub(super) fn orientations(&self) -> usize {
        self.upper_edges.len()
    }

    /// The bin of a gradient's orientation; 0 degrees is along the row, 90 down the column.
    pub(super) fn bin(&self, gradient: Gradient) -> usize {
        match &self.bins {
            Some(bins) => {
                let place = |difference: f64| (difference as i32 + 255) as usize;
                usize::from(bins[place(gradient.dy) * DIFFERENCES + place(gradient.dx)])
            }
            None => self.bin_of_angle(gradient),
        }
    }

    fn bin_of_angle(&self, gradient: Gradient) -> usize {
        let degrees = gradient.dy.atan2(gradient.dx).to_degrees().rem_euclid(180.0);
        let bin = self.upper_edges.iter().position(|&edge| degrees < edge);
        bin.unwrap_or(self.upper_edges.len() - 1)
    }

    /// The bins of all pairs of whole differences, by `dy`, then `dx`, both from -255 on. An arc
    /// tangent for each pixel would take most of the time of a HOG.
    fn tabulate(&self) -> Arc<[u8]> {
        let pairs = (-255..=255).flat_map(|dy| (-255..=255).map(move |dx| (dy, dx)));
        let bins = pairs.map(|(dy, dx)| {
            self.bin_of_angle(Gradient { dy: f64::from(dy), dx: f64::from(dx) }) as u8
        });
        bins.collect()
    }

    /// Gradients of the first `out.len()` pixels in row `y` of an image of `C` channels, stored
    /// row by row. Those on the border of the image have no difference across it.
    pub(super) fn row<const C: usize>(
        &self,
        pixels: &[[u8; C]],
        width: usize,
        y: usize,
        out: &mut [Gradient],
    ) {
        let row = |y: usize| &pixels[y * width..(y + 1) * width];
        let height = pixels.len() / width;
        let (above, below) = neighbours(y, height);
        let (above, here, below) = (row(above), row(y), row(below));
        for (x, out) in out.iter_mut().enumerate() {
            let (left, right) = neighbours(x, width);
            let gradient = |channel: usize| Gradient {
                dy: self.level(below[x][channel]) - self.level(above[x][channel]),
                dx: self.level(here[right][channel]) - self.level(here[left][channel]),
            };
            *out = gradient(0);
            for channel in 1..C {
                let other = gradient(channel);
                if other.squared() > out.squared() {
                    *out = other;
                }
            }
        }
    }

    fn level(&self, value: u8) -> f64 {
        self.levels[usize::from(value)]
    }
}

impl fmt::Debug for Gradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a quarter of a million table entries.
        f.debug_struct("Gradients").field("upper_edges", &self.upper_edges).finish_non_exhaustive()
    }
}

/// The places before and after `at` of `count`, or twice itself on the border.
fn neighbours(at: usize, count: usize) -> (usize, usize) {
    if at == 0 || at + 1 == count { (at, at) } else { (at - 1, at + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nine bins of 20 degrees; opposite directions share a bin.
    #[test]
    fn bins_by_hand() {
        let gradients = Gradients::new(9, false);
        let bin = |dy, dx| gradients.bin(Gradient { dy, dx });
        assert_eq!(bin(0.0, 1.0), 0);
        assert_eq!(bin(0.0, -1.0), 0);
        assert_eq!(bin(1.0, 0.0), 4); // 90 degrees: 80..100
        assert_eq!(bin(-1.0, 0.0), 4);
        assert_eq!(bin(1.0, 1.0), 2); // 45 degrees: 40..60
        assert_eq!(bin(-1.0, 1.0), 6); // 135 degrees: 120..140
        assert_eq!(bin(-1.0, 255.0), 8); // just below 180 degrees
    }

    #[test]
    fn the_table_holds_the_bin_of_every_angle() {
        for orientations in [1, 7, 9, 12, 180] {
            let gradients = Gradients::new(orientations, false);
            for dy in -255..=255 {
                for dx in -255..=255 {
                    let gradient = Gradient { dy: f64::from(dy), dx: f64::from(dx) };
                    assert_eq!(gradients.bin(gradient), gradients.bin_of_angle(gradient));
                }
            }
        }
    }

    /// ```text
    /// 1 2 4
    /// 7 9 8   centre: dy = 5 - 2, dx = 8 - 7
    /// 3 5 6
    /// ```
    #[test]
    fn gradients_by_hand() {
        let pixels = [1, 2, 4, 7, 9, 8, 3, 5, 6].map(|value| [value]);
        let mut row = [Gradient { dy: 0.0, dx: 0.0 }; 3];
        let gradients = Gradients::new(9, false);
        gradients.row(&pixels, 3, 1, &mut row);
        let gradient = |dy, dx| Gradient { dy, dx };
        assert_eq!(row, [gradient(2.0, 0.0), gradient(3.0, 1.0), gradient(2.0, 0.0)]);
        gradients.row(&pixels, 3, 0, &mut row);
        assert_eq!(row, [gradient(0.0, 0.0), gradient(0.0, 3.0), gradient(0.0, 0.0)]);
    }

    #[test]
    fn the_strongest_channel_counts_and_the_first_of_equal_ones() {
        let pixels = [[0, 0, 0], [9, 9, 9], [3, 7, 7]];
        let mut row = [Gradient { dy: 0.0, dx: 0.0 }; 3];
        Gradients::new(9, false).row(&pixels, 3, 0, &mut row);
        assert_eq!(row[1].dx, 7.0);
        let pixels = [[0, 5, 0], [9, 9, 9], [5, 0, 5]];
        Gradients::new(9, false).row(&pixels, 3, 0, &mut row);
        assert_eq!(row[1].dx, 5.0);
    }
}
