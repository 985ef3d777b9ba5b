//! Grouping of overlapping detections into one.
//!
//! A detector that slides a window answers several times around one object. [`group_rectangles`]
//! takes hits that lie close together as one group, drops small groups, and gives the mean of the
//! others; [`group_with_levels`] and [`group_with_scores`] do the same for hits that carry more
//! than their place. [`group_by_mean_shift`] looks for the densest places instead.
//!
//! Reference: OpenCV 4.14 `groupRectangles` (`objdetect/cascadedetect.cpp`) and
//! `HOGDescriptor::groupRectangles`, reproduced exactly, with their order of results. Departure:
//! sums over groups cannot overflow.

mod mean_shift;
mod partition;

pub use mean_shift::{MeanShift, group_by_mean_shift};

use base::ParamError;
use partition::partition;
use serde::{Deserialize, Serialize};

/// A rectangle of pixels that may reach beyond the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Column of the left edge.
    pub x: i32,
    /// Row of the upper edge.
    pub y: i32,
    /// Columns of pixels.
    pub width: u32,
    /// Rows of pixels.
    pub height: u32,
}

impl BoundingBox {
    /// One column past the right edge.
    pub fn right(&self) -> i64 {
        i64::from(self.x) + i64::from(self.width)
    }

    /// One row past the lower edge.
    pub fn bottom(&self) -> i64 {
        i64::from(self.y) + i64::from(self.height)
    }

    /// Whether all four edges lie within `eps` of the mean of the smaller width and height.
    fn is_near(&self, other: &Self, eps: f64) -> bool {
        let sides = self.width.min(other.width) as f64 + self.height.min(other.height) as f64;
        let delta = eps * sides * 0.5;
        let near = |a: i64, b: i64| (a - b).abs() as f64 <= delta;
        near(self.x.into(), other.x.into())
            && near(self.y.into(), other.y.into())
            && near(self.right(), other.right())
            && near(self.bottom(), other.bottom())
    }

    /// Whether this lies in `outer` after that is grown by `eps` of its size on each side.
    fn is_within(&self, outer: &Self, eps: f64) -> bool {
        let [dx, dy] = [outer.width, outer.height].map(|side| round(f64::from(side) * eps));
        i64::from(self.x) >= i64::from(outer.x) - dx
            && i64::from(self.y) >= i64::from(outer.y) - dy
            && self.right() <= outer.right() + dx
            && self.bottom() <= outer.bottom() + dy
    }
}

/// To the nearest whole number, halves to the even one.
fn round(value: f64) -> i64 {
    // A cast saturates, so doubling it cannot overflow below.
    i64::from(value.round_ties_even() as i32)
}

/// Means of groups of more than `threshold` hits, each with its number of hits.
///
/// Two hits belong together if all four edges lie within `eps` (at least 0; usually 0.2) of the
/// mean of the smaller width and the smaller height, directly or by way of others. A group inside
/// another of more hits (by `eps` of its size) is dropped. With a `threshold` of 0 every hit is
/// given back as it is, with a number of 1. Time grows with the square of the number of hits.
///
/// ```
/// use features::{BoundingBox, group_rectangles};
/// let hit = |x, y, side| BoundingBox { x, y, width: side, height: side };
/// let hits = [hit(10, 10, 20), hit(12, 10, 20), hit(11, 10, 21), hit(90, 90, 20)];
/// let groups = group_rectangles(&hits, 2, 0.2).unwrap();
/// assert_eq!(groups, [(hit(11, 10, 20), 3)]);
/// ```
///
/// # Errors
/// If `eps` is negative or not finite.
pub fn group_rectangles(
    hits: &[BoundingBox],
    threshold: u32,
    eps: f64,
) -> Result<Vec<(BoundingBox, u32)>, ParamError> {
    check_eps(eps)?;
    if threshold == 0 {
        return Ok(hits.iter().map(|&hit| (hit, 1)).collect());
    }
    let groups = groups(hits, eps, mean_single);
    let kept = kept(&groups, threshold, eps);
    Ok(kept.map(|group| (group.mean, group.count())).collect())
}

/// As [`group_rectangles`], for hits with the number of cascade stages they passed and the sum of
/// the last stage: a group has the most stages of its hits, and the largest sum among those with
/// so many. With a `threshold` of 0 every hit is given back as it is.
///
/// # Errors
/// If `eps` is negative or not finite.
pub fn group_with_levels(
    hits: &[(BoundingBox, u32, f64)],
    threshold: u32,
    eps: f64,
) -> Result<Vec<(BoundingBox, u32, f64)>, ParamError> {
    check_eps(eps)?;
    if threshold == 0 {
        return Ok(hits.to_vec());
    }
    let boxes: Vec<BoundingBox> = hits.iter().map(|hit| hit.0).collect();
    let groups = groups(&boxes, eps, mean_single);
    let best = |group: &Group| {
        let reached = group.members.iter().map(|&i| (hits[i].1, hits[i].2));
        reached.fold((0, f64::MIN_POSITIVE), |best, next| {
            let better = next.0 > best.0 || (next.0 == best.0 && next.1 > best.1);
            if better { next } else { best }
        })
    };
    let kept = kept(&groups, threshold, eps).map(|group| {
        let (level, sum) = best(group);
        (group.mean, level, sum)
    });
    Ok(kept.collect())
}

/// As [`group_rectangles`], for hits with a score: a group has the largest score of its hits. Means
/// are those of OpenCV's `HOGDescriptor`, which rounds them once, from `f64`; `group_rectangles`
/// multiplies in `f32` first. With a `threshold` of 0 every hit is given back as it is.
///
/// # Errors
/// If `eps` is negative or not finite.
pub fn group_with_scores(
    hits: &[(BoundingBox, f64)],
    threshold: u32,
    eps: f64,
) -> Result<Vec<(BoundingBox, f64)>, ParamError> {
    check_eps(eps)?;
    if threshold == 0 {
        return Ok(hits.to_vec());
    }
    let boxes: Vec<BoundingBox> = hits.iter().map(|hit| hit.0).collect();
    let groups = groups(&boxes, eps, mean_double);
    let best = |group: &Group| {
        let scores = group.members.iter().map(|&member| hits[member].1);
        scores.fold(-f64::MAX, |best, score| if best < score { score } else { best })
    };
    Ok(kept(&groups, threshold, eps).map(|group| (group.mean, best(group))).collect())
}

fn check_eps(eps: f64) -> Result<(), ParamError> {
    if !eps.is_finite() || eps < 0.0 {
        return Err(ParamError::new("eps", eps, "a finite number of at least 0"));
    }
    Ok(())
}

/// Hits that belong together.
struct Group {
    mean: BoundingBox,
    members: Vec<usize>,
}

impl Group {
    fn count(&self) -> u32 {
        self.members.len() as u32
    }
}

/// A mean from a sum and a number of hits.
type Mean = fn(i64, usize) -> i64;

fn mean_single(sum: i64, count: usize) -> i64 {
    round(f64::from(sum as f32 * (1.0 / count as f32)))
}

fn mean_double(sum: i64, count: usize) -> i64 {
    round(sum as f64 * (1.0 / count as f64))
}

/// Groups in the order of their first hit.
fn groups(hits: &[BoundingBox], eps: f64, mean: Mean) -> Vec<Group> {
    let groups = partition(hits.len(), |a, b| hits[a].is_near(&hits[b], eps));
    let with_mean = |members: Vec<usize>| {
        let mean_of = |side: fn(&BoundingBox) -> i64| {
            mean(members.iter().map(|&i| side(&hits[i])).sum(), members.len())
        };
        let mean = BoundingBox {
            x: mean_of(|hit| hit.x.into()) as i32,
            y: mean_of(|hit| hit.y.into()) as i32,
            width: mean_of(|hit| hit.width.into()) as u32,
            height: mean_of(|hit| hit.height.into()) as u32,
        };
        Group { mean, members }
    };
    groups.into_iter().map(with_mean).collect()
}

/// Groups of more hits than the threshold that are not part of a larger one.
fn kept(groups: &[Group], threshold: u32, eps: f64) -> impl Iterator<Item = &Group> {
    let covers = move |outer: &Group, inner: &Group| {
        outer.count() > threshold
            && (outer.count() > inner.count().max(3) || inner.count() < 3)
            && inner.mean.is_within(&outer.mean, eps)
    };
    groups.iter().filter(move |inner| {
        let is_part = |outer: &Group| !std::ptr::eq(outer, *inner) && covers(outer, inner);
        inner.count() > threshold && !groups.iter().any(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: i32, y: i32, side: u32) -> BoundingBox {
        BoundingBox { x, y, width: side, height: side }
    }

    /// Four hits of side 100 around one place, two of side 30 inside, two elsewhere.
    fn hits() -> Vec<BoundingBox> {
        vec![
            square(50, 50, 100),
            square(52, 50, 100),
            square(70, 70, 30),
            square(50, 53, 100),
            square(71, 70, 30),
            square(300, 300, 50),
            square(52, 51, 100),
            square(301, 300, 50),
        ]
    }

    /// Means 51, 51; 70.5 goes to 70 and 300.5 to 300. The small one lies in the large one, which
    /// has more than 3 hits.
    #[test]
    fn groups_inside_others_are_dropped() {
        let groups = group_rectangles(&hits(), 1, 0.2).unwrap();
        assert_eq!(groups, [(square(51, 51, 100), 4), (square(300, 300, 50), 2)]);
        let large_only = group_rectangles(&hits(), 2, 0.2).unwrap();
        assert_eq!(large_only, [(square(51, 51, 100), 4)]);
    }

    #[test]
    fn a_threshold_of_zero_groups_nothing() {
        let groups = group_rectangles(&hits(), 0, 0.2).unwrap();
        assert!(groups.into_iter().eq(hits().into_iter().map(|hit| (hit, 1))));
    }

    /// The best sum of a group is that of the hits with the most stages.
    #[test]
    fn the_highest_level_of_a_group_is_kept() {
        let hits = [
            (square(0, 0, 50), 7, 0.5),
            (square(1, 0, 50), 8, -3.0),
            (square(1, 1, 50), 8, -2.0),
            (square(200, 0, 50), 8, -1.0),
        ];
        let groups = group_with_levels(&hits, 2, 0.2).unwrap();
        assert_eq!(groups, [(square(1, 0, 50), 8, -2.0)]);
    }

    #[test]
    fn the_best_score_of_a_group_is_kept() {
        let hits = [(square(0, 0, 50), -2.0), (square(3, 0, 50), -1.0), (square(99, 0, 50), 5.0)];
        let groups = group_with_scores(&hits, 1, 0.2).unwrap();
        // 1.5 goes to the even 2.
        assert_eq!(groups, [(square(2, 0, 50), -1.0)]);
    }

    #[test]
    fn bad_eps_is_refused() {
        for eps in [-0.1, f64::NAN, f64::INFINITY] {
            assert_eq!(group_rectangles(&hits(), 1, eps).unwrap_err().name, "eps");
        }
    }

    #[test]
    fn extreme_boxes_do_not_overflow() {
        let huge = BoundingBox { x: i32::MAX, y: i32::MIN, width: u32::MAX, height: u32::MAX };
        let groups = group_rectangles(&[huge; 9], 1, 1e300).unwrap();
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].1, 9);
    }
}
