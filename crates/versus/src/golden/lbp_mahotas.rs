//! Rotation invariant histograms: `mahotas.features.lbp`.

use super::{Case, Outcome};
use anyhow::Result;
use features::lbp_histogram_like_mahotas;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let (radius, points) = (case.param("radius")?, case.param("points")?);
    let ignore_zeros = case.flag("ignore_zeros")?.unwrap_or(false);
    let image = case.gray()?;
    let counts = lbp_histogram_like_mahotas(image.view(), radius, points, ignore_zeros)?;
    let counts: Vec<f64> = counts.into_iter().map(|count| count as f64).collect();
    case.compare(&[counts.len()], &counts)
}
