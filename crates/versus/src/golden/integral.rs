//! Integral images: `cv2.integral3`.

use super::{Case, Outcome};
use anyhow::{Result, bail};
use features::{Integral, TiltedIntegral};
use ndarray::ArrayView2;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let image = case.gray()?;
    let kind: String = case.param("kind")?;
    match kind.as_str() {
        "sum" => compare(case, Integral::<u32>::of(image.view())?.view()),
        "sqsum" => compare(case, Integral::<f64>::squares(image.view())?.view()),
        "tilted" => compare(case, TiltedIntegral::<u32>::of(image.view())?.view()),
        other => bail!("integral images of kind `{other}` are not here"),
    }
}

fn compare<T: Copy + Into<f64>>(case: &Case, table: ArrayView2<'_, T>) -> Result<Outcome> {
    case.compare(table.shape(), table.as_slice().expect("tables are contiguous"))
}
