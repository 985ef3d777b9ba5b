//! Codes: one bit for each point on a circle.

use base::ParamError;
use std::collections::BTreeMap;

/// Coordinates are multiples of one part in this many, as scikit-image rounds them.
const UNIT: f64 = 1e5;

/// The points of a circle around a pixel, ready to be compared with it.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    margin: usize,
    points: Vec<Point>,
}

/// The pixels whose weighted sum is brightness of the point minus brightness of the centre.
///
/// Bilinear weights are products of two multiples of 1/UNIT. Multiplied by UNIT^2 they are whole
/// numbers, as is the sum, which stays below 2 * 255 * UNIT^2 < 2^53: `f64` holds it exactly.
#[derive(Debug, Clone)]
struct Point {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, Copy)]
struct Term {
    dy: isize,
    dx: isize,
    weight: f64,
}

impl Ring {
    /// # Errors
    /// If `points` is not from 2 to 24, or `radius` not above 0 and at most 100.
    pub(super) fn new(points: usize, radius: f64) -> Result<Self, ParamError> {
        check_ring(points, radius)?;
        let point = |k| {
            let (y, x) = position(k, points, radius);
            Point::new((y * UNIT).round() as i64, (x * UNIT).round() as i64)
        };
        let points: Vec<_> = (0..points).map(point).collect();
        let terms = points.iter().flat_map(|point| &point.terms);
        let margin = terms.map(|term| term.dy.unsigned_abs().max(term.dx.unsigned_abs())).max();
        Ok(Self { margin: margin.unwrap_or(0), points })
    }

    /// How far from a pixel others are looked at, in pixels.
    pub(super) fn margin(&self) -> usize {
        self.margin
    }

    /// Codes of the pixels of row `y` except for the margin on both sides. `levels` holds the
    /// image row by row; there must be a margin above and below. `sums` is scratch as long as
    /// `codes`.
    pub(super) fn codes_of_row(
        &self,
        levels: &[u8],
        width: usize,
        y: usize,
        sums: &mut [f64],
        codes: &mut [u32],
    ) {
        let count = codes.len();
        let start = y * width + self.margin;
        let shifted = |term: &Term| {
            let start = start.checked_add_signed(term.dy * width as isize + term.dx);
            let start = start.expect("there is a margin above");
            &levels[start..start + count]
        };
        codes.fill(0);
        for (bit, point) in self.points.iter().enumerate() {
            sums.fill(0.0);
            for term in &point.terms {
                for (sum, &level) in sums.iter_mut().zip(shifted(term)) {
                    *sum += term.weight * f64::from(level);
                }
            }
            for (code, &sum) in codes.iter_mut().zip(&*sums) {
                *code |= u32::from(sum >= 0.0) << bit;
            }
        }
    }
}

impl Point {
    /// The point `y` and `x` parts of a pixel below and to the right of the centre.
    fn new(y: i64, x: i64) -> Self {
        let unit = UNIT as i64;
        let (top, left) = (y.div_euclid(unit), x.div_euclid(unit));
        let (down, right) = (y.rem_euclid(unit), x.rem_euclid(unit));
        let mut weights = BTreeMap::from([((0, 0), -unit * unit)]);
        for (dy, vertical) in [(top, unit - down), (top + 1, down)] {
            for (dx, horizontal) in [(left, unit - right), (left + 1, right)] {
                *weights.entry((dy, dx)).or_default() += vertical * horizontal;
            }
        }
        weights.retain(|_, &mut weight| weight != 0);
        let term =
            |((dy, dx), weight)| Term { dy: dy as isize, dx: dx as isize, weight: weight as f64 };
        Self { terms: weights.into_iter().map(term).collect() }
    }
}

/// Refuses what is no circle.
pub(super) fn check_ring(points: usize, radius: f64) -> Result<(), ParamError> {
    if !(2..=24).contains(&points) {
        return Err(ParamError::new("points", points, "from 2 to 24"));
    }
    if !(radius > 0.0 && radius <= 100.0) {
        return Err(ParamError::new("radii", radius, "above 0 and at most 100"));
    }
    Ok(())
}

/// Where point `k` lies: pixels down and to the right of the centre, rounded to 5 decimals as
/// numpy's `round` does.
pub(super) fn position(k: usize, points: usize, radius: f64) -> (f64, f64) {
    let angle = 2.0 * std::f64::consts::PI * k as f64 / points as f64;
    let rounded = |pixels: f64| (pixels * UNIT).round_ties_even() / UNIT;
    (rounded(-radius * angle.sin()), rounded(radius * angle.cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points between pixels look at four of them and at the centre, points on a pixel at two.
    #[test]
    fn eight_points_at_radius_one() {
        let ring = Ring::new(8, 1.0).unwrap();
        assert_eq!(ring.margin(), 1);
        let terms: Vec<_> = ring.points.iter().map(|point| point.terms.len()).collect();
        assert_eq!(terms, [2, 4, 2, 4, 2, 4, 2, 4]);
        for point in &ring.points {
            assert_eq!(point.terms.iter().map(|term| term.weight).sum::<f64>(), 0.0);
        }
    }

    /// Point 1 lies 0.70711 up and right of the centre `c`, between `c`, the pixels `p` above and
    /// `q` to the right, and the diagonal `d`. Its bit is
    /// `29289 (p + q - 2c) + 70711 (d - c) >= 0`, the weights divided by 70711.
    #[test]
    fn diagonal_points_follow_the_integer_test() {
        let ring = Ring::new(8, 1.0).unwrap();
        let (mut sums, mut codes) = ([0.0], [0]);
        let shades = [0_u8, 1, 2, 41, 42, 99, 100, 101, 254, 255];
        for [c, d] in shades.into_iter().flat_map(|c| shades.map(|d| [c, d])) {
            for [p, q] in shades.into_iter().flat_map(|p| shades.map(|q| [p, q])) {
                let levels = [0, p, d, 0, c, q, 0, 0, 0];
                ring.codes_of_row(&levels, 3, 1, &mut sums, &mut codes);
                let [c, d, p, q] = [c, d, p, q].map(i64::from);
                let expected = 29289 * (p + q - 2 * c) + 70711 * (d - c) >= 0;
                assert_eq!(codes[0] & 0b10 != 0, expected, "c {c} d {d} p {p} q {q}");
            }
        }
    }
}
