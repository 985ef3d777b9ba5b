//! Integral images: `cv2.integral3`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::Integral;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let image = case.gray()?;
    let kind: String = case.param("kind")?;
    match kind.as_str() {
        "sum" => {
            let integral = Integral::new(image.view())?;
            let sums: Vec<u32> = integral.view().iter().copied().collect();
            case.compare(integral.view().shape(), &sums)
        }
        other => bail!("integral images of kind `{other}` are not here"),
    }
}
