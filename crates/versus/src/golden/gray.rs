//! Grey levels of coloured images: `cv2.cvtColor`.

use super::{Case, Outcome};
use anyhow::Result;

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let gray = case.gray()?;
    case.compare(gray.shape(), gray.as_slice().expect("grey images are contiguous"))
}
