//! Cascades: `cv2.CascadeClassifier`, every hit, groups, and hits with levels and weights.

use super::{Case, Outcome};
use anyhow::{Context, Result, ensure};
use features::{BoundingBox, Cascade, DetectionParams, Detector};
use serde::Deserialize;
use std::fs;

#[derive(Deserialize)]
struct Grouped {
    rects: Vec<[f64; 4]>,
    neighbors: Vec<f64>,
}

/// The first of `n` hits.
#[derive(Deserialize)]
struct Levels {
    n: usize,
    rects: Vec<[f64; 4]>,
    levels: Vec<f64>,
    weights: Vec<f64>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let path = case.cascade_path()?;
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let cascade = Cascade::from_xml(&text).with_context(|| path.display().to_string())?;
    let params = DetectionParams {
        scale_factor: case.param("scaleFactor")?,
        min_neighbors: case.optional("minNeighbors")?.unwrap_or(0),
        min_size: size(case, "minSize")?,
        max_size: match size(case, "maxSize")? {
            // The script that writes these cases does not hand it on.
            _ if case.oracle() == "cv2 detectMultiScale3 outputRejectLevels, minNeighbors=0" => {
                [0, 0]
            }
            size => size,
        },
    };
    let mut detector = Detector::new(&cascade, &params)?;
    let picture = case.picture()?;
    let exact = case.tolerance();
    if case.oracle().contains("outputRejectLevels") {
        let found = detector.detect_with_scores(picture.view())?;
        let expected: Levels = case.value()?;
        ensure!(found.len() == expected.n, "{} hits, not {}", found.len(), expected.n);
        let found = &found[..expected.rects.len()];
        let boxes = found.iter().flat_map(|found| numbers(&found.area));
        let levels = found.iter().map(|found| f64::from(found.stages));
        let weights = found.iter().map(|found| found.score);
        return Ok(Outcome::of(boxes, expected.rects.into_iter().flatten(), exact)
            .and(Outcome::of(levels, expected.levels, exact))
            .and(Outcome::of(weights, expected.weights, exact)));
    }
    let found = detector.detect(picture.view())?;
    let boxes = found.iter().flat_map(|found| numbers(&found.area));
    if params.min_neighbors == 0 {
        let boxes: Vec<f64> = boxes.collect();
        return case.compare(&[found.len(), 4], &boxes);
    }
    let expected: Grouped = case.value()?;
    let neighbors = found.iter().map(|found| f64::from(found.neighbors));
    Ok(Outcome::of(boxes, expected.rects.into_iter().flatten(), exact).and(Outcome::of(
        neighbors,
        expected.neighbors,
        exact,
    )))
}

/// A size is width first there; without one, 0 means no bound.
fn size(case: &Case, name: &str) -> Result<[usize; 2]> {
    let [width, height] = case.optional(name)?.unwrap_or([0, 0]);
    Ok([height, width])
}

/// x, y, width, height.
fn numbers(area: &BoundingBox) -> [f64; 4] {
    let BoundingBox { x, y, width, height } = *area;
    [f64::from(x), f64::from(y), f64::from(width), f64::from(height)]
}
