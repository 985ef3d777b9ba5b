//! Grouping of overlapping hits: `cv2.groupRectangles`.

use super::{Case, Outcome};
use anyhow::Result;
use features::{BoundingBox, group_rectangles};
use serde::Deserialize;

/// Boxes as x, y, width, height.
#[derive(Deserialize)]
struct Grouping {
    input: Vec<(i32, i32, u32, u32)>,
    rects: Vec<[f64; 4]>,
    weights: Vec<f64>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let expected: Grouping = case.value()?;
    let boxes = expected.input.iter();
    let hits: Vec<BoundingBox> =
        boxes.map(|&(x, y, width, height)| BoundingBox { x, y, width, height }).collect();
    // Below 0 is as good as 0 there.
    let threshold = case.param::<i64>("threshold")?.max(0).try_into()?;
    let groups = group_rectangles(&hits, threshold, case.param("eps")?)?;
    let boxes = groups.iter().flat_map(|(mean, _)| {
        [f64::from(mean.x), f64::from(mean.y), f64::from(mean.width), f64::from(mean.height)]
    });
    let boxes = Outcome::of(boxes, expected.rects.into_iter().flatten(), case.tolerance());
    let counts = groups.iter().map(|&(_, count)| f64::from(count));
    Ok(boxes.and(Outcome::of(counts, expected.weights, case.tolerance())))
}
