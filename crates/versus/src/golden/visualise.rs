//! Pictures: `skimage.feature.draw_haar_like_feature` and `draw_multiblock_lbp`.

use super::{Case, Outcome};
use anyhow::{Context, Result};
use features::{HaarKind, Overlay, OverlayStyle, Rectangle};

pub(super) fn check(case: &Case) -> Result<Outcome> {
    let picture = case.picture()?;
    let overlay = match case.optional::<Vec<[[usize; 2]; 2]>>("rects")? {
        Some(corners) => {
            let rectangles: Option<Vec<Rectangle>> = corners.into_iter().map(rectangle).collect();
            let rectangles = rectangles.context("a rectangle ends before it starts")?;
            // It shows in the rectangles.
            case.optional::<HaarKind>("type")?;
            Overlay::haar(picture.view(), rectangles, OverlayStyle::HAAR)?
        }
        None => {
            let block = Rectangle {
                y: case.param("r")?,
                x: case.param("c")?,
                height: case.param("height")?,
                width: case.param("width")?,
            };
            let style = OverlayStyle::MULTI_BLOCK_LBP;
            Overlay::multi_block_lbp(picture.view(), block, case.param("code")?, style)?
        }
    };
    let blended = overlay.blended();
    case.compare(blended.shape(), blended.as_slice().expect("made in C order"))
}

/// By its first and last row and column.
fn rectangle([[y, x], [last_y, last_x]]: [[usize; 2]; 2]) -> Option<Rectangle> {
    let side = |first: usize, last: usize| Some(last.checked_sub(first)? + 1);
    Some(Rectangle { y, x, height: side(y, last_y)?, width: side(x, last_x)? })
}
