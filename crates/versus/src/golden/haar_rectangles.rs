//! Which rectangles the Haar-like features have: `skimage.feature.haar_like_feature_coord`.

use super::{Case, Outcome};
use anyhow::{Context, Result};
use features::{HaarKind, haar_features};
use serde::Deserialize;

/// The number of all features, and some of them.
#[derive(Deserialize)]
struct Listed {
    total: usize,
    /// Place, kind, and each rectangle as first and last row and column.
    every: Vec<(usize, HaarKind, Vec<[usize; 4]>)>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let (height, width) = (case.param("height")?, case.param("width")?);
    let every = |kind| haar_features(kind, height, width);
    let features: Vec<_> = HaarKind::ALL.into_iter().flat_map(every).collect();
    let listed: Listed = case.value()?;
    let (mut got, mut expected) = (vec![features.len()], vec![listed.total]);
    for (place, kind, rectangles) in listed.every {
        let feature = features.get(place).context("there are fewer features")?;
        got.push(usize::from(feature.kind == kind));
        expected.push(1);
        for rectangle in feature.rectangles() {
            let (last_y, last_x) =
                (rectangle.y + rectangle.height - 1, rectangle.x + rectangle.width - 1);
            got.extend([rectangle.y, rectangle.x, last_y, last_x]);
        }
        expected.extend(rectangles.into_iter().flatten());
    }
    let numbers = |all: Vec<usize>| all.into_iter().map(|number| number as f64);
    Ok(Outcome::of(numbers(got), numbers(expected), case.tolerance()))
}
