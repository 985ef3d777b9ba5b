//! Histograms of `cv2.face.LBPHFaceRecognizer`.

use super::{Case, Outcome};
use anyhow::{Result, ensure};
use features::{Lbph, LbphParams, describe};
use serde::Deserialize;

/// One sparse histogram per image; a case has one image.
#[derive(Deserialize)]
struct Histograms {
    length: usize,
    rows: Vec<Row>,
}

/// Bins that are not 0, and what they hold.
#[derive(Deserialize)]
struct Row {
    idx: Vec<usize>,
    val: Vec<f64>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let params = LbphParams {
        radius: case.param("radius")?,
        neighbors: case.param("neighbors")?,
        grid_x: case.param("grid_x")?,
        grid_y: case.param("grid_y")?,
    };
    let image = case.gray()?;
    let shares = describe(&Lbph::new(&params)?, image.insert_axis(ndarray::Axis(2)).view())?;
    let Histograms { length, rows } = case.value()?;
    ensure!(rows.len() == 1, "{} histograms of one image", rows.len());
    let mut expected = vec![0.0; length];
    for (&bin, &share) in rows[0].idx.iter().zip(&rows[0].val) {
        ensure!(bin < length, "bin {bin} of {length}");
        expected[bin] = share;
    }
    Ok(Outcome::of(shares.into_iter().map(f64::from), expected, case.tolerance()))
}
