//! Orientation and strength of a gradient, in scikit-image's terms.
//!
//! A gradient is the difference of a pixel's neighbours along its column, `dy`, and along its row,
//! `dx`. The whole difference, not half of it: the normalisation of blocks drops the factor.

/// Thresholds of one group; kernels compare with whole groups.
pub(crate) const GROUP: usize = 8;

/// The bins into which 0..180 degrees are divided; opposite directions share one.
#[derive(Debug, Clone)]
pub(super) struct Orientations {
    /// Upper end of each bin in degrees.
    upper_edges: Vec<f64>,
    /// `dx / dy` on the upper end of each bin but the last.
    cotangents: Vec<f64>,
    thresholds: Vec<[f32; GROUP]>,
}

/// How near to the end of a bin, relative to the gradient, the rounding of the arc tangent counts.
const NEAR: f64 = 1e-9;

impl Orientations {
    /// Of `count` bins, 1 to 180.
    pub(super) fn new(count: usize) -> Self {
        let width = 180.0 / count as f64;
        let upper_edges: Vec<f64> = (1..=count).map(|bin| width * bin as f64).collect();
        let inner = &upper_edges[..count - 1];
        let cotangents: Vec<f64> =
            inner.iter().map(|edge| edge.to_radians().tan().recip()).collect();
        let thresholds: Vec<f32> = inner.iter().map(|&edge| threshold(edge)).collect();
        let thresholds = thresholds.chunks(GROUP).map(|chunk| {
            // No gradient lies below these.
            let mut group = [f32::NEG_INFINITY; GROUP];
            group[..chunk.len()].copy_from_slice(chunk);
            group
        });
        Self { thresholds: thresholds.collect(), upper_edges, cotangents }
    }

    pub(super) fn count(&self) -> usize {
        self.upper_edges.len()
    }

    /// The bin of a gradient of whole numbers from -255 to 255, turned so that `dy` is positive
    /// (or `dy` 0 and `dx` not negative), is the number of thresholds with `dx < threshold * dy`
    /// in single precision. The last group is filled up with thresholds that are never passed.
    pub(super) fn thresholds(&self) -> &[[f32; GROUP]] {
        &self.thresholds
    }

    /// The bin of any gradient; 0 degrees is along the row, 90 down the column.
    ///
    /// Bins are found without an arc tangent, except next to their ends.
    pub(super) fn bin(&self, dy: f64, dx: f64) -> usize {
        let (dy, dx) = if dy < 0.0 { (-dy, -dx) } else { (dy, dx) };
        if dy == 0.0 {
            return 0;
        }
        let near = NEAR * (dy + dx.abs());
        for (bin, cotangent) in self.cotangents.iter().enumerate() {
            let beyond = cotangent * dy - dx;
            if beyond.abs() < near {
                return self.bin_of_angle(dy, dx);
            }
            if beyond < 0.0 {
                return bin;
            }
        }
        self.cotangents.len()
    }

    fn bin_of_angle(&self, dy: f64, dx: f64) -> usize {
        let degrees = degrees(dy, dx);
        let bin = self.upper_edges.iter().position(|&edge| degrees < edge);
        bin.unwrap_or(self.upper_edges.len() - 1)
    }
}

/// Orientation of a gradient, 0..180.
fn degrees(dy: f64, dx: f64) -> f64 {
    dy.atan2(dx).to_degrees().rem_euclid(180.0)
}

/// Lies halfway between the quotients `dx / dy` of whole numbers up to 255 on this side of an edge
/// (in degrees) and those beyond, at least 7e-6 from each: too far for rounding to matter.
fn threshold(edge: f64) -> f32 {
    let cotangent = edge.to_radians().tan().recip();
    let (mut beyond, mut before) = (f64::NEG_INFINITY, f64::INFINITY);
    for dy in 1..=255 {
        let dy = f64::from(dy);
        // The largest `dx` that reaches the edge, up to rounding.
        let mut dx = (dy * cotangent).floor().clamp(-256.0, 255.0);
        let reaches = |dx: f64| degrees(dy, dx) >= edge;
        while dx < 255.0 && reaches(dx + 1.0) {
            dx += 1.0;
        }
        while dx > -256.0 && !reaches(dx) {
            dx -= 1.0;
        }
        if dx > -256.0 {
            beyond = beyond.max(dx / dy);
        }
        if dx < 255.0 {
            before = before.min((dx + 1.0) / dy);
        }
    }
    f64::midpoint(beyond, before) as f32
}

/// Strength of a gradient: `hypot` of glibc 2.35 and later, which numpy calls.
///
/// Of two equally strong gradients of a colour the first counts, and its last bit says whether
/// they are equally strong.
pub(super) fn strength(dy: f64, dx: f64) -> f64 {
    let (dy, dx) = (dy.abs(), dx.abs());
    let (long, short) = (dy.max(dx), dy.min(dx));
    if short == 0.0 {
        return long;
    }
    let length = (long * long + short * short).sqrt();
    // `length^2 - long^2 - short^2`, without the loss of digits.
    let (first, second) = if length <= 2.0 * short {
        let rest = length - short;
        (long * (2.0 * rest - long), (rest - 2.0 * (long - short)) * rest)
    } else {
        let rest = length - long;
        (2.0 * rest * (long - 2.0 * short), (4.0 * rest - short) * short + rest * rest)
    };
    length - (first + second) / (2.0 * length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nine bins of 20 degrees; opposite directions share a bin.
    #[test]
    fn bins_by_hand() {
        let orientations = Orientations::new(9);
        let bin = |dy, dx| orientations.bin(dy, dx);
        assert_eq!(bin(0.0, 1.0), 0);
        assert_eq!(bin(0.0, -1.0), 0);
        assert_eq!(bin(1.0, 0.0), 4); // 90 degrees: 80..100
        assert_eq!(bin(-1.0, 0.0), 4);
        assert_eq!(bin(1.0, 1.0), 2); // 45 degrees: 40..60
        assert_eq!(bin(-1.0, 1.0), 6); // 135 degrees: 120..140
        assert_eq!(bin(-1.0, 255.0), 8); // just below 180 degrees
    }

    /// All 261,121 gradients of 8 bits, halved by symmetry. Of the larger numbers of bins those with
    /// an end nearest to an angle, or where rounding the ends to single precision would show.
    #[test]
    fn thresholds_and_cotangents_find_the_bin_of_every_angle() {
        let gradients = || (0..=255).flat_map(|dy| (-255..=255).map(move |dx| (dy, dx)));
        let angles: Vec<f64> =
            gradients().map(|(dy, dx)| degrees(f64::from(dy), f64::from(dx))).collect();
        for (dy, dx) in gradients().filter(|&(dy, _)| dy > 0) {
            let [dy, dx] = [dy, dx].map(f64::from);
            // Rounding may differ between opposite angles, but no end of a bin lies so near.
            assert!((degrees(-dy, -dx) - degrees(dy, dx)).abs() < 1e-12);
        }
        for count in (1..=36).chain([67, 81, 89, 90, 133, 134, 162, 178, 180]) {
            let orientations = Orientations::new(count);
            let edges = &orientations.upper_edges;
            for ((dy, dx), degrees) in gradients().zip(&angles) {
                let expected = edges.partition_point(|edge| edge <= degrees);
                let [dy, dx] = [dy, dx].map(|value| value as f32);
                let turned = if dy == 0.0 { dx.abs() } else { dx };
                let passed = |threshold: &&f32| turned < *threshold * dy;
                let found = orientations.thresholds.as_flattened().iter().filter(passed).count();
                assert_eq!(found, expected, "{dy} {dx} of {count}");
                let bin = orientations.bin(f64::from(dy), f64::from(dx));
                assert_eq!(bin, expected, "{dy} {dx} of {count}");
            }
        }
    }

    /// numpy's: 3-4-5 is exact, and the second differs from the square root in the last bit.
    #[test]
    fn strengths_have_the_bits_of_hypot() {
        assert_eq!(strength(3.0, -4.0), 5.0);
        assert_eq!(strength(0.0, -7.0), 7.0);
        assert_eq!(strength(-254.0, 70.0), 263.469_163_281_018_5);
        assert_ne!(strength(-254.0, 70.0), f64::sqrt(254.0 * 254.0 + 70.0 * 70.0));
    }
}
