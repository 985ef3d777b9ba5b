//! Pictures of images that a run has kept.

use crate::run_view::SetView;
use crate::text;
use crate::write::ReportError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eval::run::Run;
use eval::summary::example_path;
use maud::{Markup, html};

/// The file of an image; `None` if the run has kept none.
pub(crate) fn kept(
    run: &Run,
    set: &SetView<'_>,
    row: usize,
) -> Result<Option<Vec<u8>>, ReportError> {
    let file = run.file(&example_path(&set.summary.dataset, row))?;
    // Anything but a PNG does not belong there and is not shown.
    Ok(file.filter(|bytes| bytes.starts_with(b"\x89PNG")))
}

/// The picture inside the page; its longer side has at least `side` CSS pixels, larger pictures are
/// shrunk.
pub(crate) fn img(set: &SetView<'_>, row: usize, png: &[u8], side: usize, alt: &str) -> Markup {
    let size = set.data.size;
    // Whole multiples of small pictures, so that every pixel is as large as the next.
    let longer = size.height.max(size.width).max(1);
    let (times, by) = if longer < side { (side.div_ceil(longer), 1) } else { (side, longer) };
    let (width, height) = (size.width * times / by, size.height * times / by);
    html! {
        img src={ "data:image/png;base64," (STANDARD.encode(png)) }
            width=(width.max(1)) height=(height.max(1)) title=(text::printable(image_name(set, row)))
            alt=(text::printable(alt));
    }
}

/// Name of an image, as it came.
pub(crate) fn image_name<'a>(set: &SetView<'a>, row: usize) -> &'a str {
    set.data.image_names.get(row).map_or("", String::as_str)
}
