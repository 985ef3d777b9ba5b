//! From features to the look-ups that give their values, for images of one size.

use super::HaarUnit;
use super::weighted::{WeightedFeature, WeightedRectangle};
use crate::kernels::haar::{Corner, Program, Term};
use std::collections::BTreeMap;

/// Most pixels of a rectangle whose sum fits into 32 bits with sign.
const MAX_AREA: u64 = i32::MAX as u64 / 255;

/// Rectangles with whole factors, and a weight for all of them.
type Group = (Vec<(WeightedRectangle, i64)>, f64);

/// Look-ups for images of this size. The tilted table lies behind the upright one.
///
/// # Panics
/// If there are 2^32 corners, or a feature does not lie in the image.
pub(super) fn compile(
    features: impl IntoIterator<Item = WeightedFeature>,
    unit: HaarUnit,
    height: usize,
    width: usize,
) -> Program {
    let number = |value: usize| u32::try_from(value).expect("a table has fewer than 2^32 entries");
    let stride = width + 1;
    let mut program = Program::default();
    for feature in features {
        for (rectangles, weight) in groups(&feature, unit) {
            // By place, so that neighbours in the table are fetched one after the other.
            let mut corners = BTreeMap::<usize, i64>::new();
            for (rectangle, factor) in rectangles {
                let table = if rectangle.tilted { (height + 1) * stride } else { 0 };
                for (place, sign) in rectangle.corners(stride) {
                    *corners.entry(table + place).or_default() += sign * factor;
                }
            }
            let corners = corners.into_iter().filter(|&(_, factor)| factor != 0);
            program.corners.extend(corners.map(|(place, factor)| Corner {
                place: number(place),
                factor: factor.try_into().expect("factors times areas are below 2^31"),
            }));
            program.terms.push(Term { end: number(program.corners.len()), weight });
        }
        program.features.push(number(program.terms.len()));
    }
    program
}

/// The feature as whole numbers times weights: one group if the weights have a common unit and the
/// sum stays below 2^31, else one per rectangle.
fn groups(feature: &WeightedFeature, unit: HaarUnit) -> Vec<Group> {
    if let Some(group) = whole(feature, unit) {
        return vec![group];
    }
    let (positive, negative) = match unit {
        HaarUnit::Sum => (1.0, 1.0),
        HaarUnit::Mean => areas(feature),
    };
    let mut groups = Vec::new();
    let mut left = feature.rectangles.clone();
    while let Some(part) = left.pop() {
        if part.area() > MAX_AREA {
            left.extend(part.halves());
        } else {
            let weight = part.weight / if part.weight > 0.0 { positive } else { negative };
            groups.push((vec![(part, 1)], weight));
        }
    }
    groups
}

/// Area times weight of the rectangles of positive weight, and of those of negative weight; 1 for
/// none.
fn areas(feature: &WeightedFeature) -> (f64, f64) {
    let sum = |sign: f64| {
        let parts = feature.rectangles.iter().filter(|part| part.weight * sign > 0.0);
        let area: f64 = parts.map(|part| part.area() as f64 * part.weight.abs()).sum();
        if area > 0.0 { area } else { 1.0 }
    };
    (sum(1.0), sum(-1.0))
}

/// One group for a feature whose weights are whole numbers.
///
/// Means divide the positive weights by `positive` and the negative ones by `negative`. Over the
/// common denominator `positive * negative / divisor` these are whole numbers again.
fn whole(feature: &WeightedFeature, unit: HaarUnit) -> Option<Group> {
    const LARGEST: f64 = 32768.0;
    let is_whole = |weight: f64| weight.fract() == 0.0 && weight.abs() <= LARGEST;
    if !feature.rectangles.iter().all(|part| is_whole(part.weight)) {
        return None;
    }
    let (positive, negative) = match unit {
        HaarUnit::Sum => (1, 1),
        HaarUnit::Mean => {
            let (positive, negative) = areas(feature);
            // Beyond that the sum of areas would not be exact; the check below fails then anyway.
            if positive.max(negative) > u32::MAX.into() {
                return None;
            }
            (positive as u64, negative as u64)
        }
    };
    let divisor = gcd(positive, negative);
    let mut largest = 0_u64;
    let mut rectangles = Vec::with_capacity(feature.rectangles.len());
    for &part in &feature.rectangles {
        let other = if part.weight > 0.0 { negative } else { positive } / divisor;
        let factor = part.weight as i64 * other as i64;
        largest = largest.saturating_add(factor.unsigned_abs().saturating_mul(part.area()));
        rectangles.push((part, factor));
    }
    let weight = divisor as f64 / (positive as f64 * negative as f64);
    (largest <= MAX_AREA).then_some((rectangles, weight))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
