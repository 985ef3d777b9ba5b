//! Numbers of scikit-image and OpenCV. `golden/generate.py` writes them and shares no code with
//! this crate; `golden/README.md` names programs, versions and conventions.

mod support;

use features::{
    HaarKind, Hog, HogParams, Integral, LbpMethod, Rectangle, haar_features, hog_lines, lbp_codes,
    lbp_codes_like_scikit_image, lbp_label_count,
};
use ndarray::{Array2, ArrayView2};
use support::{assert_close, cases};

/// scikit-image computes in `f64` except for the sums over cells, which are `f32` there as here;
/// the descriptor is `f32` here.
const HOG_TOLERANCE: f64 = 1e-6;

#[test]
fn hog_is_scikit_images() {
    for case in cases("hog") {
        let params: HogParams = serde_json::from_value(case.params.clone()).unwrap();
        let hog = Hog::new(&params).unwrap();
        let picture = case.picture();
        let got = features::describe(&hog, picture.view()).unwrap();
        let (height, width, channels) = picture.dim();
        let shape = hog.shape(base::Size { height, width, channels }).unwrap();
        let expected = case.expected();
        assert_eq!(shape, expected.shape(), "{}", case.name);
        let got: Vec<f64> = got.into_iter().map(f64::from).collect();
        assert_close(&got, expected.as_slice().unwrap(), HOG_TOLERANCE, &case.name);
    }
}

/// Exact, since sums over cells are `f32` there and here, and neither is normalised.
#[test]
fn hog_lines_are_scikit_images() {
    for case in cases("hog_lines") {
        let params: HogParams = serde_json::from_value(case.params.clone()).unwrap();
        let cells = Hog::new(&params).unwrap().cells(case.picture().view()).unwrap();
        let lines = hog_lines(cells.view(), params.cell_size);
        let expected = case.expected();
        assert_eq!(lines.shape(), expected.shape());
        let lines = lines.as_slice().unwrap();
        assert_close(lines, expected.as_slice().unwrap(), 0.0, &case.name);
    }
}

/// Every code, also where rounding errors decide.
#[test]
fn lbp_codes_like_scikit_image_are_its_codes() {
    check_codes("lbp", |_| true, lbp_codes_like_scikit_image);
}

/// scikit-image's codes where its rounding errors decide about no pixel: the settings left out
/// here are in the next test.
#[test]
fn lbp_codes_are_scikit_images_without_ties() {
    let with_ties = [(16, 2.0), (24, 3.0), (8, 2.0)];
    check_codes("lbp", |ring| !with_ties.contains(&ring), lbp_codes);
}

/// The same sums in whole numbers by numpy.
#[test]
fn lbp_codes_have_no_rounding_error() {
    check_codes("lbp_exact", |_| true, lbp_codes);
}

type Codes = fn(ArrayView2<'_, u8>, usize, f64, LbpMethod) -> Result<Array2<u32>, base::ParamError>;

fn check_codes(kind: &str, compare: impl Fn((usize, f64)) -> bool, codes: Codes) {
    for case in cases(kind) {
        let (points, radius) = (case.number("points"), case.setting("radius"));
        let method = case.setting::<LbpMethod>("method");
        if !compare((points, radius)) {
            continue;
        }
        let codes = codes(case.gray_picture().view(), points, radius, method).unwrap();
        let expected = case.expected().into_dimensionality().unwrap();
        let wrong = codes.indexed_iter().find(|(at, code)| f64::from(**code) != expected[*at]);
        assert_eq!(wrong, None, "{}", case.name);
        let labels = lbp_label_count(points, method) as u32;
        assert!(codes.iter().all(|&code| code < labels), "{}", case.name);
    }
}

#[test]
fn haar_values_are_scikit_images() {
    for case in cases("haar") {
        let [top, left] = ["top", "left"].map(|name| case.number(name));
        let [height, width] = ["height", "width"].map(|name| case.number(name));
        let picture = case.gray_picture();
        let window = picture.slice(ndarray::s![top..top + height, left..left + width]);
        let integral = Integral::new(window).unwrap();
        let features = haar_features(case.setting::<HaarKind>("type"), height, width);
        let got: Vec<f64> = features.map(|feature| feature.value(&integral) as f64).collect();
        assert_close(&got, case.expected().as_slice().unwrap(), 0.0, &case.name);
    }
}

#[test]
fn haar_rectangles_are_scikit_images() {
    for case in cases("haar_rects") {
        let (height, width) = (case.number("height"), case.number("width"));
        let every = |kind| haar_features(kind, height, width);
        let features: Vec<_> = HaarKind::ALL.into_iter().flat_map(every).collect();
        assert_eq!(features.len(), case.number("total"));
        // Place in the enumeration, kind, and each rectangle as first and last row and column.
        type Listed = (usize, HaarKind, Vec<[usize; 4]>);
        for (place, kind, rectangles) in case.setting::<Vec<Listed>>("every") {
            let expected = rectangles.iter().map(|&[y, x, last_y, last_x]| Rectangle {
                y,
                x,
                height: last_y - y + 1,
                width: last_x - x + 1,
            });
            assert_eq!(features[place].kind, kind);
            assert!(features[place].rectangles().eq(expected), "{} {place}", case.name);
        }
    }
}

#[test]
fn integral_images_are_opencvs() {
    for case in cases("integral") {
        let integral = Integral::new(case.gray_picture().view()).unwrap();
        let got = integral.view().mapv(f64::from).into_dyn();
        assert_eq!(got, case.expected(), "{}", case.name);
    }
}

#[test]
fn grey_levels_are_opencvs() {
    for case in cases("gray") {
        let got = case.gray_picture().mapv(f64::from).into_dyn();
        assert_eq!(got, case.expected(), "{}", case.name);
    }
}
