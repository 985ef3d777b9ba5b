//! HOG and people detection as `cv2.HOGDescriptor` does them. OpenCV's pairs are width and height.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{Hog, OpenCvHogParams};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    match case.oracle() {
        "cv2.HOGDescriptor.compute" => compute(case),
        other => bail!("`{other}` is not here"),
    }
}

fn compute(case: &Case) -> Result<Outcome> {
    let hog = Hog::opencv(&params(case)?)?;
    let image = case.picture()?;
    let windows = hog.windows(image.view())?;
    let values: Vec<f32> = windows.iter().copied().collect();
    case.compare(&[values.len()], &values)
}

/// Settings by the names and with the defaults of `goldlib.cv_hog`.
fn params(case: &Case) -> Result<OpenCvHogParams> {
    let pair = |name| {
        Ok::<_, anyhow::Error>(
            case.optional(name)?.map(|[width, height]: [usize; 2]| [height, width]),
        )
    };
    let default = OpenCvHogParams::default();
    let sigma = case.optional("sigma")?.filter(|&sigma: &f64| sigma > 0.0);
    Ok(OpenCvHogParams {
        window_size: pair("win")?.unwrap_or(default.window_size),
        block_size: pair("block")?.unwrap_or(default.block_size),
        block_stride: pair("stride")?.unwrap_or(default.block_stride),
        cell_size: pair("cell")?.unwrap_or(default.cell_size),
        orientations: case.optional("nbins")?.unwrap_or(default.orientations),
        sigma,
        clip: case.optional("thr")?.unwrap_or(default.clip),
        gamma_correction: case.optional("gamma")?.unwrap_or(default.gamma_correction),
        signed_gradient: case.optional("signed")?.unwrap_or(default.signed_gradient),
        window_stride: pair("win_stride")?,
        padding: pair("padding")?.unwrap_or(default.padding),
    })
}
