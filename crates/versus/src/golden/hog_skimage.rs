//! HOG: `skimage.feature.hog`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{BlockNorm, Gamma, Hog, HogParams};
use ndarray::Array3;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let params = HogParams {
        orientations: case.param("orientations")?,
        cell_size: case.param("pixels_per_cell")?,
        block_size: case.param("cells_per_block")?,
        block_norm: case.param::<BlockNorm>("block_norm")?,
        gamma: match case.optional("transform_sqrt")? {
            Some(true) => Gamma::Sqrt,
            _ => Gamma::None,
        },
        ..HogParams::default()
    };
    let hog = Hog::new(&params)?;
    let image = pixels(case)?;
    match case.oracle() {
        "skimage.feature.hog" => {
            let blocks = hog.blocks(image.view())?;
            let exact = case.compare(blocks.shape(), blocks.as_slice().expect("new array"))?;
            // What pipelines use: the same numbers, as `f32`.
            let descriptor = features::describe(&hog, image.view())?;
            let single = case.compare(blocks.shape(), &descriptor)?;
            Ok(Outcome { passed: exact.passed && single.passed, ..exact })
        }
        "skimage.feature.hog visualize" => {
            let lines = features::hog_lines(hog.cells(image.view())?.view(), params.cell_size);
            case.compare(lines.shape(), lines.as_slice().expect("new array"))
        }
        other => bail!("{other} is not worked out"),
    }
}

/// In colour if the case names an axis of channels, which must be the last one.
fn pixels(case: &Case) -> Result<Array3<u8>> {
    match case.optional::<isize>("channel_axis")? {
        None => Ok(case.gray()?.insert_axis(ndarray::Axis(2))),
        Some(-1 | 2) => case.picture(),
        Some(axis) => bail!("channels on axis {axis} are not read"),
    }
}
