//! Points on a circle, or on the square ring, and the pixels that they lie between.

use crate::kernels::lbp::{Between, MAX_POINTS, Pixel};
use base::ParamError;

/// Coordinates are multiples of one part in this many, as scikit-image rounds them.
const UNIT: i64 = 100_000;

/// The points around a pixel, ready to be compared with it. Offsets are rows down and columns to
/// the right of the centre.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    margin: usize,
    points: Vec<Point>,
    in_bytes: Option<InBytes>,
}

/// How bytes are enough to compare all points with the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InBytes {
    /// The points are the eight neighbours.
    Square,
    /// The points are eight on a circle of one pixel; see [`ratio`].
    Circle { ratio: i16 },
    /// At most eight points, all of them pixels.
    Pixels,
}

/// Where a point lies.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// On a pixel.
    Pixel(Offset),
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
    pub(super) between: Vec<(u32, Between<f64>)>,
}

impl Ring {
    /// # Errors
    /// If `points` is not from 1 to 31, or `radius` not above 0 and at most 100.
    pub(super) fn new(points: usize, radius: f64) -> Result<Self, ParamError> {
        check_ring(points, radius)?;
        let unit = UNIT as f64;
        let parts = |k| {
            let (y, x) = position(k, points, radius);
            [(y * unit).round() as i64, (x * unit).round() as i64]
        };
        let ring = (0..points).map(|k| Point::new(parts(k))).collect();
        let eight = points == 8 && radius == 1.0;
        let ratio = eight.then(|| ratio(parts(1)[1])).flatten();
        let circle = ratio.map(|ratio| InBytes::Circle { ratio });
        Ok(Self::of(ring, circle))
    }

    /// The eight neighbours, counter-clockwise from the right.
    pub(super) fn square() -> Self {
        let ring = [[0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1], [1, 0], [1, 1]];
        Self::of(ring.map(Point::Pixel).to_vec(), Some(InBytes::Square))
    }

    /// `in_bytes` is there for the points that a faster way is known for.
    fn of(points: Vec<Point>, in_bytes: Option<InBytes>) -> Self {
        let pixels = points.iter().all(|point| matches!(point, Point::Pixel(_)));
        let in_bytes = in_bytes.or((pixels && points.len() <= 8).then_some(InBytes::Pixels));
        let offsets = points.iter().flat_map(Point::offsets).flatten();
        let margin = offsets.map(isize::unsigned_abs).max().unwrap_or(0);
        Self { margin, points, in_bytes }
    }

    /// How far from a pixel others are looked at, in pixels.
    pub(super) fn margin(&self) -> usize {
        self.margin
    }

    pub(super) fn points(&self) -> usize {
        self.points.len()
    }

    /// Whether and how bytes can be worked on as they are.
    pub(super) fn in_bytes(&self) -> Option<InBytes> {
        self.in_bytes
    }

    /// Where the runs of all points start if that of the centres starts at `start`.
    pub(super) fn lay_out(&self, start: usize, stride: usize, layout: &mut Layout) {
        let at = |[y, x]: Offset| start.wrapping_add_signed(y * stride as isize + x);
        layout.pixels.clear();
        layout.between.clear();
        for (point, bit) in self.points.iter().zip(0..) {
            match *point {
                Point::Pixel(offset) => layout.pixels.push((bit, at(offset))),
                Point::Between((offsets, weights)) => {
                    layout.between.push((bit, Between { starts: offsets.map(at), weights }));
                }
            }
        }
    }
}

impl Point {
    /// The point `y` and `x` parts of a pixel below and to the right of the centre.
    fn new([y, x]: [i64; 2]) -> Self {
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
        Self::Between((offsets, weights))
    }

    fn offsets(&self) -> Vec<Offset> {
        match *self {
            Self::Pixel(offset) => vec![offset],
            Self::Between((offsets, _)) => offsets.to_vec(),
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
fn ratio(part: i64) -> Option<i16> {
    let (a, b) = (UNIT - part, part);
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

    fn kinds(points: usize, radius: f64) -> [usize; 2] {
        let mut layout = Layout::default();
        Ring::new(points, radius).unwrap().lay_out(1000, 100, &mut layout);
        [layout.pixels.len(), layout.between.len()]
    }

    #[test]
    fn points_are_on_pixels_or_between() {
        assert_eq!(kinds(8, 1.0), [4, 4]);
        assert_eq!(kinds(8, 2.0), [4, 4]);
        assert_eq!(kinds(16, 2.0), [4, 12]);
        let in_bytes = |points, radius| Ring::new(points, radius).unwrap().in_bytes();
        assert_eq!(in_bytes(8, 1.0), Some(InBytes::Circle { ratio: 27_146 }));
        assert_eq!(in_bytes(4, 2.0), Some(InBytes::Pixels));
        assert_eq!(in_bytes(8, 2.0), None);
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
            Ring::new(points, radius).unwrap().lay_out(1_000_000, 1000, &mut layout);
            for (_, point) in layout.between {
                assert!(point.weights.iter().all(|weight| weight.fract() == 0.0));
                assert_eq!(point.weights.iter().sum::<f64>(), 1e10);
            }
        }
    }
}
