//! Numbers of OpenCV, scikit-image, dlib, VLFeat and mahotas; `golden/README.md`,
//! `golden_more/README.md` and `golden_cascades/README.md` name programs, versions and conventions.
//!
//! `versus::golden` works the cases out, as `cargo xtask golden DIR` does for any folder.

use std::path::Path;
use versus::golden;

/// Every case of a family lies within the tolerance that it names.
fn check(folder: &str, family: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    // Where there are cascades, they lie beside the cases.
    let report = golden::run_family(&folder, family, &folder).unwrap();
    let failures: Vec<String> = report.failures().collect();
    assert!(failures.is_empty(), "{}\n{report}", failures.join("\n"));
}

macro_rules! families {
    ($folder:literal: $($family:ident)*) => {
        $(#[test] fn $family() { check($folder, stringify!($family)); })*
    };
}

families! { "golden":
    fhog
    group_rectangles
    haar_skimage
    hog_opencv
    hog_skimage
    integral_opencv
    lbp_mahotas
    lbp_opencv_face
    lbp_skimage
    mblbp_skimage
    resize_opencv
    visualise
}
families!("golden_more": gray_opencv haar_rectangles hog_options lbp_exact);
/// Families that `golden` has too.
mod more {
    use super::check;
    families!("golden_more": fhog);
}
// The cascades that `golden` names are OpenCV's files, which are not all here.
families!("golden_cascades": cascade);
