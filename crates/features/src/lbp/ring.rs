//! Points on a circle, or on the square ring, and the pixels that they lie between.

use crate::kernels::lbp::{Between, Diagonal, MAX_POINTS, Pixel};
use base::ParamError;

/// Coordinates are multiples of one part in this many, as scikit-image rounds them.
const UNIT: i64 = 100_000;

/// The points around a pixel, ready to be compared with it. Offsets are rows down and columns to
/// the right of the centre.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    margin: usize,
    points: Vec<Point>,
}

/// Where a point lies, sorted by how little work it takes.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// On a pixel.
    Pixel(Offset),
    /// Between the centre, two direct neighbours and the pixel beyond, as far down as across.
    Diagonal { beside: [Offset; 2], beyond: Offset, ratio: i16, between: FourPixels },
    /// Between four pixels.
    Between(FourPixels),
}

/// Rows down, columns to the right.
type Offset = [isize; 2];

/// Four pixels and their weights, which are whole numbers and sum to `UNIT^2`.
type FourPixels = ([Offset; 4], [f64; 4]);

/// The points of a [`Ring`] in an image whose rows lie `stride` levels apart.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) pixels: Vec<Pixel>,
    pub(super) diagonals: Vec<Diagonal>,
    pub(super) between: Vec<(u32, Between<f64>)>,
}

impl Ring {
    /// # Errors
    /// If `points` is not from 1 to 31, or `radius` not above 0 and at most 100.
    pub(super) fn new(points: usize, radius: f64) -> Result<Self, ParamError> {
        check_ring(points, radius)?;
        let unit = UNIT as f64;
        let point = |k| {
            let (y, x) = position(k, points, radius);
            Point::new((y * unit).round() as i64, (x * unit).round() as i64)
        };
        Ok(Self::of((0..points).map(point).collect()))
    }

    /// The eight neighbours, counter-clockwise from the right.
    pub(super) fn square() -> Self {
        let ring = [[0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1], [1, 0], [1, 1]];
        Self::of(ring.map(Point::Pixel).to_vec())
    }

    fn of(points: Vec<Point>) -> Self {
        let offsets = points.iter().flat_map(Point::offsets).flatten();
        let margin = offsets.map(isize::unsigned_abs).max().unwrap_or(0);
        Self { margin, points }
    }

    /// How far from a pixel others are looked at, in pixels.
    pub(super) fn margin(&self) -> usize {
        self.margin
    }

    pub(super) fn points(&self) -> usize {
        self.points.len()
    }

    /// Whether [`Layout::between`] can stay empty for bytes.
    pub(super) fn suits_bytes(&self) -> bool {
        let between = |point: &Point| matches!(point, Point::Between(_));
        self.points.len() <= 8 && !self.points.iter().any(between)
    }

    /// Where the runs of all points start if that of the centres starts at `start`. Diagonal points
    /// are told apart from others only for `bytes`.
    pub(super) fn lay_out(&self, start: usize, stride: usize, bytes: bool, layout: &mut Layout) {
        let at = |[y, x]: Offset| start.wrapping_add_signed(y * stride as isize + x);
        layout.pixels.clear();
        layout.diagonals.clear();
        layout.between.clear();
        for (point, bit) in self.points.iter().zip(0..) {
            match *point {
                Point::Pixel(offset) => layout.pixels.push((bit, at(offset))),
                Point::Diagonal { beside, beyond, ratio, .. } if bytes => {
                    let (beside, beyond) = (beside.map(at), at(beyond));
                    layout.diagonals.push(Diagonal { bit, beside, beyond, ratio });
                }
                Point::Diagonal { between: (offsets, weights), .. }
                | Point::Between((offsets, weights)) => {
                    layout.between.push((bit, Between { starts: offsets.map(at), weights }));
                }
            }
        }
    }
}

impl Point {
    /// The point `y` and `x` parts of a pixel below and to the right of the centre.
    fn new(y: i64, x: i64) -> Self {
        let (top, left) = (y.div_euclid(UNIT), x.div_euclid(UNIT));
        let (down, right) = (y.rem_euclid(UNIT), x.rem_euclid(UNIT));
        if down == 0 && right == 0 {
            return Self::Pixel([top as isize, left as isize]);
        }
        // A pixel that does not count is not looked at either.
        let (bottom, far) = (top + i64::from(down > 0), left + i64::from(right > 0));
        let offset = |y: i64, x: i64| [y as isize, x as isize];
        let offsets =
            [offset(top, left), offset(top, far), offset(bottom, left), offset(bottom, far)];
        let weight = |vertical: i64, horizontal: i64| (vertical * horizontal) as f64;
        let weights = [
            weight(UNIT - down, UNIT - right),
            weight(UNIT - down, right),
            weight(down, UNIT - right),
            weight(down, right),
        ];
        let between = (offsets, weights);
        match ratio(y.unsigned_abs()) {
            Some(ratio) if y.abs() == x.abs() => {
                let (y, x) = (y.signum() as isize, x.signum() as isize);
                Self::Diagonal { beside: [[y, 0], [0, x]], beyond: [y, x], ratio, between }
            }
            _ => Self::Between(between),
        }
    }

    fn offsets(&self) -> Vec<Offset> {
        match *self {
            Self::Pixel(offset) => vec![offset],
            Self::Diagonal { between: (offsets, _), .. } | Self::Between((offsets, _)) => {
                offsets.to_vec()
            }
        }
    }
}

/// The weight of a direct neighbour by that of the diagonal one, in units of 2^-16, for a point
/// `part` parts of a pixel down and across.
///
/// With `a = UNIT - part`, `b = part`, the sum `s` of both neighbours less twice the centre, and
/// the difference `d` of the diagonal pixel and the centre, the point is at least as bright as the
/// centre if `a s + b d >= 0`. As `d` is a whole number this is `floor(a s / b) + d >= 0`, and the
/// ratio is right if it gives the same floor for every `s`.
fn ratio(part: u64) -> Option<i16> {
    let (a, b) = (UNIT - part as i64, part as i64);
    if !(1..UNIT).contains(&b) {
        return None;
    }
    let nearest = (a * 65_536 + b / 2) / b;
    let right = |ratio: &i64| (-510..=510).all(|s| (s * ratio) >> 16 == (a * s).div_euclid(b));
    let ratio = [nearest, nearest + 1, nearest - 1].into_iter().find(right)?;
    i16::try_from(ratio).ok()
}

/// Refuses what is no circle.
pub(super) fn check_ring(points: usize, radius: f64) -> Result<(), ParamError> {
    if !(1..=MAX_POINTS).contains(&points) {
        return Err(ParamError::new("points", points, "from 1 to 31"));
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
    let unit = UNIT as f64;
    let rounded = |pixels: f64| (pixels * unit).round_ties_even() / unit;
    (rounded(-radius * angle.sin()), rounded(radius * angle.cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(points: usize, radius: f64) -> [usize; 3] {
        let mut layout = Layout::default();
        Ring::new(points, radius).unwrap().lay_out(1000, 100, true, &mut layout);
        [layout.pixels.len(), layout.diagonals.len(), layout.between.len()]
    }

    #[test]
    fn points_are_on_pixels_on_diagonals_or_between() {
        assert_eq!(kinds(8, 1.0), [4, 4, 0]);
        assert_eq!(kinds(8, 2.0), [4, 0, 4]);
        assert_eq!(kinds(16, 2.0), [4, 0, 12]);
        assert_eq!(Ring::new(8, 1.0).unwrap().margin(), 1);
        assert_eq!(Ring::new(16, 2.5).unwrap().margin(), 3);
        assert_eq!(Ring::square().margin(), 1);
    }

    /// Point 1 lies 0.70711 up and right of the centre `c`, between `c`, the pixels `p` above and
    /// `q` to the right, and the diagonal `d`. Its bit is `29289 (p + q - 2c) + 70711 (d - c) >= 0`.
    #[test]
    fn diagonal_points_follow_the_integer_test() {
        let ratio = i32::from(ratio(70_711).unwrap());
        for s in -510_i32..=510 {
            for d in -255_i32..=255 {
                assert_eq!(((s * ratio) >> 16) + d >= 0, 29_289 * s + 70_711 * d >= 0, "{s} {d}");
            }
        }
    }

    #[test]
    fn weights_are_whole_and_sum_to_one_pixel() {
        for (points, radius) in [(8, 1.0), (16, 2.0), (24, 3.0), (31, 99.9), (12, 1.5)] {
            let mut layout = Layout::default();
            Ring::new(points, radius).unwrap().lay_out(1_000_000, 1000, false, &mut layout);
            for (_, point) in layout.between {
                assert!(point.weights.iter().all(|weight| weight.fract() == 0.0));
                assert_eq!(point.weights.iter().sum::<f64>(), 1e10);
            }
        }
    }
}
