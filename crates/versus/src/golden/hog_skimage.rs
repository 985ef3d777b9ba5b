//! HOG: `skimage.feature.hog`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{BlockNorm, Gamma, Hog, HogParams};
use ndarray::{Array2, Array3, s};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    // What a case leaves out is as scikit-image has it.
    let params = HogParams {
        orientations: case.optional("orientations")?.unwrap_or(9),
        cell_size: case.optional("pixels_per_cell")?.unwrap_or([8, 8]),
        block_size: case.optional("cells_per_block")?.unwrap_or([3, 3]),
        block_norm: case.optional::<BlockNorm>("block_norm")?.unwrap_or(BlockNorm::L2Hys),
        gamma: match case.flag("transform_sqrt")? {
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
            // There the picture is as large as the image: black where there is no whole cell.
            let mut picture = Array2::zeros([image.dim().0, image.dim().1]);
            picture.slice_mut(s![..lines.nrows(), ..lines.ncols()]).assign(&lines);
            case.compare(picture.shape(), picture.as_slice().expect("new array"))
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
