//! Local binary patterns: `skimage.feature.local_binary_pattern`.

use super::{Case, Outcome};
use anyhow::Result;
use features::{LbpMethod, lbp_codes_like_scikit_image, lbp_var_like_scikit_image};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let (points, radius) = (case.param("P")?, case.param("R")?);
    let image = case.gray()?;
    let shape = image.shape();
    if case.param::<String>("method")? == "var" {
        let shares = lbp_var_like_scikit_image(image.view(), points, radius)?;
        return case.compare(shape, &shares.into_raw_vec_and_offset().0);
    }
    let method = case.param::<LbpMethod>("method")?;
    let labels = lbp_codes_like_scikit_image(image.view(), points, radius, method)?;
    case.compare(shape, &labels.into_raw_vec_and_offset().0)
}
