//! Circular LBP without rounding errors.

use super::{Case, Outcome};
use anyhow::Result;
use features::{LbpMethod, lbp_codes};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let codes =
        lbp_codes(case.gray()?.view(), case.param("P")?, case.param("R")?, LbpMethod::Default)?;
    case.compare(codes.shape(), codes.as_slice().expect("just made"))
}
