//! Haar-like features: `skimage.feature.haar_like_feature` and `haar_like_feature_coord`.

use super::{Case, Outcome};
use anyhow::{Context, Result, ensure};
use features::{HaarFeature, HaarKind, Integral, haar_features};
use ndarray::s;
use serde::Deserialize;

/// One feature of the enumeration over all kinds.
#[derive(Deserialize)]
struct Listed {
    /// Its place.
    i: usize,
    r#type: HaarKind,
    /// First and last row and column of each rectangle.
    rects: Vec<[[usize; 2]; 2]>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let (height, width) = (case.param("height")?, case.param("width")?);
    match case.optional::<HaarKind>("type")? {
        Some(kind) => values(case, kind, height, width),
        None => coordinates(case, height, width),
    }
}

/// The values of all features of a kind, in a window of an image.
fn values(case: &Case, kind: HaarKind, height: usize, width: usize) -> Result<Outcome> {
    let (top, left): (usize, usize) = (case.param("r")?, case.param("c")?);
    let count: Option<usize> = case.optional("count")?;
    let image = case.gray()?;
    ensure!(
        top + height <= image.nrows() && left + width <= image.ncols(),
        "the window must lie in the image"
    );
    let window = image.slice(s![top..top + height, left..left + width]);
    let integral = Integral::new(window)?;
    let features = haar_features(kind, height, width);
    let values: Vec<f64> = features.map(|feature| feature.value(&integral) as f64).collect();
    if let Some(count) = count {
        ensure!(values.len() == count, "{} features, not {count}", values.len());
    }
    case.compare(&[values.len()], &values)
}

/// The rectangles of some features among all of them.
fn coordinates(case: &Case, height: usize, width: usize) -> Result<Outcome> {
    let all = |kind| haar_features(kind, height, width);
    let features: Vec<HaarFeature> = HaarKind::ALL.into_iter().flat_map(all).collect();
    let listed: Vec<Listed> = case.value()?;
    let mut expected = vec![case.param::<usize>("total")? as f64];
    let mut got = vec![features.len() as f64];
    for Listed { i, r#type, rects } in listed {
        let feature = features.get(i).with_context(|| format!("there is no feature {i}"))?;
        ensure!(feature.kind == r#type, "feature {i} is of kind {:?}", feature.kind);
        expected.extend(rects.as_flattened().as_flattened().iter().map(|&end| end as f64));
        got.extend(
            feature.rectangles().flat_map(|r| {
                [r.y, r.x, r.y + r.height - 1, r.x + r.width - 1].map(|end| end as f64)
            }),
        );
    }
    Ok(Outcome::of(got, expected, case.tolerance()))
}
