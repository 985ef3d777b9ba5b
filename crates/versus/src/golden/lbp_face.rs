//! Histograms of `cv2.face.LBPHFaceRecognizer`.

use super::{Case, Outcome};
use anyhow::{Result, ensure};
use features::{Extract, Lbph, LbphParams, ShapeError, Size};
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
    val: Vec<Option<f64>>,
}

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let params = LbphParams {
        radius: case.param("radius")?,
        neighbors: case.param("neighbors")?,
        grid_x: case.param("grid_x")?,
        grid_y: case.param("grid_y")?,
    };
    let picture = case.picture()?;
    let (height, width, channels) = picture.dim();
    let Histograms { length, rows } = case.value()?;
    ensure!(rows.len() == 1, "{} histograms of one image", rows.len());
    let mut expected = vec![0.0; length];
    for (&bin, &share) in rows[0].idx.iter().zip(&rows[0].val) {
        ensure!(bin < length, "bin {bin} of {length}");
        expected[bin] = share.unwrap_or(f64::NAN);
    }
    let lbph = Lbph::new(&params)?;
    let shares = match lbph.length(Size { height, width, channels }) {
        // Where there is an error here, there are no codes at all there, or 0 of a cell's 0 pixels.
        Err(ShapeError::TooSmall { .. }) => {
            let codes = height.min(width) > 2 * params.radius;
            vec![if codes { f32::NAN } else { 0.0 }; length]
        }
        _ => features::describe(&lbph, picture.view())?,
    };
    Ok(Outcome::of(shares.into_iter().map(f64::from), expected, case.tolerance()))
}
