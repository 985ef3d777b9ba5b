//! Grouping by climbing to the densest place.

use super::BoundingBox;
use base::ParamError;

/// Settings of [`group_by_mean_shift`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanShift {
    /// Groups are kept if their density is above this.
    pub threshold: f64,
    /// Width and height of the detector's window in pixels, both at least 1.
    pub window: [u32; 2],
}

/// Modes of the density of hits over place and scale, each with its density.
///
/// A hit is its box, its weight and the scale at which it was found (above 0). Every hit
/// contributes a Gaussian of 8 pixels across, 16 down (both times its scale) and a factor of 1.3
/// in scale, and climbs to a mode in at most 100 steps. Modes less than one such unit apart
/// (squared) are one.
///
/// Source: N. Dalal, "Finding people in images and videos", PhD thesis, INPG 2006, section 5.2.
/// Reference: OpenCV 4.14 `groupRectangles_meanshift`.
///
/// ```
/// use features::{BoundingBox, MeanShift, group_by_mean_shift};
/// let hit = |x| (BoundingBox { x, y: 0, width: 64, height: 128 }, 1.0, 1.0);
/// let settings = MeanShift { threshold: 0.0, window: [64, 128] };
/// let groups = group_by_mean_shift(&[hit(10), hit(12), hit(300)], &settings).unwrap();
/// // The two that overlap are one.
/// assert_eq!(groups.len(), 2);
/// assert!(groups[0].1 > groups[1].1);
/// ```
///
/// # Errors
/// If a scale is not a positive finite number, a weight is not finite, or the window has a side
/// of 0 pixels.
pub fn group_by_mean_shift(
    hits: &[(BoundingBox, f64, f64)],
    settings: &MeanShift,
) -> Result<Vec<(BoundingBox, f64)>, ParamError> {
    check(hits, settings)?;
    let points = hits.iter().map(|&(hit, weight, scale)| Point {
        at: [middle(hit.x.into(), hit.right()), middle(hit.y.into(), hit.bottom()), scale.ln()],
        weight,
        bandwidth: bandwidth(scale.ln()),
    });
    let density = Density { points: points.collect() };
    let mut modes: Vec<[f64; 3]> = Vec::new();
    for point in &density.points {
        let mode = density.climb(point.at);
        if !modes.iter().any(|&known| distance(mode, known) < 1.0) {
            modes.push(mode);
        }
    }
    let dense = modes.into_iter().map(|mode| (boxed(mode, settings.window), density.value(mode)));
    Ok(dense.filter(|&(_, value)| value > settings.threshold).collect())
}

/// Half way between two edges, on a whole pixel, as in OpenCV.
fn middle(first: i64, last: i64) -> f64 {
    ((first + last) as f64 * 0.5).round_ties_even()
}

fn check(hits: &[(BoundingBox, f64, f64)], settings: &MeanShift) -> Result<(), ParamError> {
    if settings.window.contains(&0) {
        let [width, height] = settings.window;
        let size = format!("{width}x{height}");
        return Err(ParamError::new("window", size, "at least 1x1"));
    }
    for &(_, weight, scale) in hits {
        if !weight.is_finite() {
            return Err(ParamError::new("weight", weight, "a finite number"));
        }
        if !scale.is_finite() || scale <= 0.0 {
            return Err(ParamError::new("scale", scale, "a positive finite number"));
        }
    }
    Ok(())
}

/// Sum of Gaussians.
struct Density {
    points: Vec<Point>,
}

/// Centre column, centre row and logarithm of the scale of a hit.
struct Point {
    at: [f64; 3],
    weight: f64,
    bandwidth: [f64; 3],
}

impl Point {
    /// Its contribution at a place `offset` bandwidths away.
    fn pull(&self, offset: [f64; 3]) -> f64 {
        let [x, y, scale] = self.bandwidth;
        self.weight * (-squared(offset) / 2.0).exp() / (x + y + scale).sqrt()
    }
}

impl Density {
    fn value(&self, at: [f64; 3]) -> f64 {
        let pulls = self
            .points
            .iter()
            .map(|point| point.pull([0, 1, 2].map(|i| (point.at[i] - at[i]) / point.bandwidth[i])));
        pulls.sum()
    }

    fn climb(&self, start: [f64; 3]) -> [f64; 3] {
        // The first step comes before the count of steps.
        let mut at = self.step(start);
        for _ in 0..100 {
            let last = at;
            at = self.step(last);
            if distance(at, last) <= 1e-5 {
                break;
            }
        }
        at
    }

    /// The mean of all points, each weighted by its pull at `at`.
    fn step(&self, at: [f64; 3]) -> [f64; 3] {
        let (mut sum, mut weights) = ([0.0; 3], [0.0; 3]);
        for point in &self.points {
            let scaled = [0, 1, 2].map(|i| point.at[i] / point.bandwidth[i]);
            let pull = point.pull([0, 1, 2].map(|i| scaled[i] - at[i] / point.bandwidth[i]));
            for i in 0..3 {
                sum[i] += pull * scaled[i];
                weights[i] += pull / point.bandwidth[i];
            }
        }
        [0, 1, 2].map(|i| sum[i] / weights[i])
    }
}

/// Standard deviations of the Gaussian of a point at this logarithm of a scale.
fn bandwidth(log_scale: f64) -> [f64; 3] {
    [8.0 * log_scale.exp(), 16.0 * log_scale.exp(), 1.3_f64.ln()]
}

/// Squared distance in bandwidths of the second place.
fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    let bandwidth = bandwidth(b[2]);
    squared([0, 1, 2].map(|i| (b[i] - a[i]) / bandwidth[i]))
}

fn squared([x, y, z]: [f64; 3]) -> f64 {
    x * x + y * y + z * z
}

/// The window at a mode.
fn boxed([x, y, log_scale]: [f64; 3], window: [u32; 2]) -> BoundingBox {
    let [width, height] = window.map(|side| (f64::from(side) * log_scale.exp()) as u32);
    BoundingBox {
        x: (x - f64::from(width / 2)) as i32,
        y: (y - f64::from(height / 2)) as i32,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: [u32; 2] = [64, 128];

    /// Boxes of the window at this scale around a centre.
    fn hit(x: i32, y: i32, scale: f64, weight: f64) -> (BoundingBox, f64, f64) {
        let mode = [f64::from(x), f64::from(y), scale.ln()];
        (boxed(mode, WINDOW), weight, scale)
    }

    #[test]
    fn a_single_hit_is_its_own_mode() {
        let settings = MeanShift { threshold: 0.0, window: WINDOW };
        let groups = group_by_mean_shift(&[hit(100, 200, 1.0, 0.7)], &settings).unwrap();
        // The density at the centre of one Gaussian is its weight by its norm.
        let expected = 0.7 / (8.0 + 16.0 + 1.3_f64.ln()).sqrt();
        assert_eq!(groups, [(hit(100, 200, 1.0, 0.0).0, expected)]);
    }

    #[test]
    fn thin_groups_are_dropped() {
        let hits = [hit(100, 200, 1.0, 1.0), hit(101, 199, 1.0, 1.0), hit(400, 200, 1.0, 1.0)];
        let groups = |threshold| {
            let settings = MeanShift { threshold, window: WINDOW };
            group_by_mean_shift(&hits, &settings).unwrap().len()
        };
        assert_eq!([groups(0.0), groups(0.3), groups(1.0)], [2, 1, 0]);
    }

    #[test]
    fn bad_numbers_are_refused() {
        let error = |hit, window| {
            let settings = MeanShift { threshold: 0.0, window };
            group_by_mean_shift(&[hit], &settings).unwrap_err().name
        };
        assert_eq!(error(hit(1, 1, 1.0, f64::NAN), WINDOW), "weight");
        assert_eq!(error((BoundingBox::default(), 1.0, 0.0), WINDOW), "scale");
        assert_eq!(error((BoundingBox::default(), 1.0, f64::INFINITY), WINDOW), "scale");
        assert_eq!(error(hit(1, 1, 1.0, 1.0), [64, 0]), "window");
    }
}
