//! Multi-block patterns: `skimage.feature.multiblock_lbp`.

use super::{Case, Outcome};
use anyhow::{Result, ensure};
use features::{Integral, multi_block_lbp_like_scikit_image};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let columns: Vec<String> = case.param("columns")?;
    ensure!(columns == ["r", "c", "width", "height", "code"], "columns {columns:?}");
    let integral = Integral::new(case.gray()?.view())?;
    let mut rows = case.array::<i32>()?;
    ensure!(rows.ndim() == 2 && rows.shape()[1] == 5, "shape {:?}", rows.shape());
    for mut row in rows.outer_iter_mut() {
        let [y, x, width, height] = [0, 1, 2, 3].map(|column| usize::try_from(row[column]));
        let sums = integral.view();
        row[4] = multi_block_lbp_like_scikit_image(sums, y?, x?, height?, width?)?.into();
    }
    case.compare(rows.shape(), rows.as_slice().expect("read in C order"))
}
