//! HOG and people detection as `cv2.HOGDescriptor` does them. OpenCV's pairs are width and height.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{
    Hog, HogDetector, HogGrouping, HogScanError, HogScanParams, OpenCvHogParams, ShapeError,
    daimler_people_weights, default_people_weights,
};
use serde::Deserialize;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let oracle = case.oracle();
    if oracle == "cv2.HOGDescriptor.compute" {
        compute(case)
    } else if oracle.starts_with("cv2.HOGDescriptor.detectMultiScale") {
        detect_at_scales(case)
    } else if oracle.starts_with("cv2.HOGDescriptor.detect points") {
        let corners = detect(case)?.into_iter().map(|([y, x], _)| [x as i32, y as i32]);
        let corners: Vec<[i32; 2]> = corners.collect();
        case.compare(&[corners.len(), 2], corners.as_flattened())
    } else if oracle.starts_with("cv2.HOGDescriptor.detect weights") {
        let scores: Vec<f64> = detect(case)?.into_iter().map(|(_, score)| score).collect();
        case.compare(&[scores.len()], &scores)
    } else if oracle.starts_with("cv2.HOGDescriptor_getDefaultPeopleDetector") {
        case.compare(&[3781], &default_people_weights())
    } else if oracle.starts_with("cv2.HOGDescriptor_getDaimlerPeopleDetector") {
        case.compare(&[1981], &daimler_people_weights())
    } else {
        bail!("`{oracle}` is not known")
    }
}

fn compute(case: &Case) -> Result<Outcome> {
    let hog = Hog::opencv(&params(case)?)?;
    let windows = hog.windows(case.picture()?.view())?;
    let values: Vec<f32> = windows.iter().copied().collect();
    case.compare(&[values.len()], &values)
}

fn detect(case: &Case) -> Result<Vec<([i64; 2], f64)>> {
    let detector = detector(case, "detector")?;
    let threshold = case.optional("hit")?.unwrap_or(-1e9);
    match detector.detect(case.picture()?.view(), threshold) {
        // Where there is an error here, there are no hits there.
        Err(ShapeError::TooSmall { .. }) => Ok(Vec::new()),
        hits => Ok(hits?),
    }
}

/// Boxes and scores of hits, sorted by the boxes.
#[derive(Deserialize)]
struct Hits {
    rects: Vec<[f64; 4]>,
    weights: Vec<f64>,
}

fn detect_at_scales(case: &Case) -> Result<Outcome> {
    let scan = HogScanParams {
        threshold: case.param("hit")?,
        scale: case.param("scale")?,
        // A floating point number there, of which the whole part counts.
        grouping: HogGrouping::Overlap(case.param::<f64>("group")? as u32),
        ..HogScanParams::default()
    };
    let hits = detector(case, "detect")?.detect_at_scales(case.picture()?.view(), &scan);
    let hits = match hits {
        // As for `detect`.
        Err(HogScanError::Image(ShapeError::TooSmall { .. })) => Vec::new(),
        hits => hits?,
    };
    let hits = hits.into_iter().map(|(hit, score)| {
        let corner = [f64::from(hit.x), f64::from(hit.y)];
        ([corner[0], corner[1], f64::from(hit.width), f64::from(hit.height)], score)
    });
    let mut hits: Vec<([f64; 4], f64)> = hits.collect();
    hits.sort_by(|(a, _), (b, _)| a.partial_cmp(b).expect("whole numbers"));
    let expected: Hits = case.value()?;
    let boxes = hits.iter().flat_map(|(hit, _)| *hit);
    let boxes = Outcome::of(boxes, expected.rects.into_flattened(), case.tolerance());
    let scores = hits.iter().map(|(_, score)| *score);
    Ok(boxes.and(Outcome::of(scores, expected.weights, case.tolerance())))
}

fn detector(case: &Case, name: &str) -> Result<HogDetector> {
    let weights = match case.param::<String>(name)?.as_str() {
        "default" => default_people_weights(),
        "daimler" => daimler_people_weights(),
        other => bail!("detector `{other}` is not known"),
    };
    Ok(HogDetector::new(&params(case)?, weights)?)
}

/// Settings by the names and with the defaults of `goldlib.cv_hog`.
fn params(case: &Case) -> Result<OpenCvHogParams> {
    let pair = |name| -> Result<Option<[usize; 2]>> {
        Ok(case.optional(name)?.map(|[width, height]: [usize; 2]| [height, width]))
    };
    let default = OpenCvHogParams::default();
    Ok(OpenCvHogParams {
        window_size: pair("win")?.unwrap_or(default.window_size),
        block_size: pair("block")?.unwrap_or(default.block_size),
        block_stride: pair("stride")?.unwrap_or(default.block_stride),
        cell_size: pair("cell")?.unwrap_or(default.cell_size),
        orientations: case.optional("nbins")?.unwrap_or(default.orientations),
        sigma: case.optional("sigma")?.filter(|&sigma: &f64| sigma >= 0.0),
        clip: case.optional("thr")?.unwrap_or(default.clip),
        gamma_correction: case.flag("gamma")?.unwrap_or(default.gamma_correction),
        signed_gradient: case.flag("signed")?.unwrap_or(default.signed_gradient),
        // There, no stride means the default.
        window_stride: pair("win_stride")?.filter(|&stride| stride != [0, 0]),
        padding: pair("padding")?.unwrap_or(default.padding),
    })
}
