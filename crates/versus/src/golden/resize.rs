//! Scaling: `cv2.resize` with `INTER_LINEAR` and `INTER_LINEAR_EXACT`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{Interpolation, resize};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let interpolation = match case.oracle() {
        "cv2.resize INTER_LINEAR" => Interpolation::Linear,
        "cv2.resize INTER_LINEAR_EXACT" => Interpolation::LinearExact,
        other => bail!("{other} is not here"),
    };
    let size = [case.param("height")?, case.param("width")?];
    let picture = case.picture()?;
    let scaled = resize(picture.view(), size, interpolation)?;
    // numpy leaves out the channels of a grey image.
    let shape = if picture.dim().2 == 1 { &scaled.shape()[..2] } else { scaled.shape() };
    case.compare(shape, scaled.as_slice().expect("a new array is contiguous"))
}
