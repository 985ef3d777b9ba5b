//! HOG with OpenCV's choice of options against the numbers of `cv2.HOGDescriptor.compute`.

use features::{
    BlockNorm, BlockStride, Border, CellVote, Gamma, Hog, HogParams, Layout, OrientationVote,
    Remainder,
};
use ndarray::Axis;
use std::path::Path;
use versus::golden::{self, Case};

/// Largest and mean difference allowed. OpenCV's arc tangent is a polynomial that is off by up to
/// 0.01 degrees, a 2000th of a bin of 20 degrees; with that polynomial here too, the largest
/// difference is 6e-6.
const TOLERANCE: [f64; 2] = [4e-4, 3e-5];

/// Pairs of a case are width and height.
fn pair(case: &Case, name: &str) -> [usize; 2] {
    let [width, height] = case.param(name).unwrap();
    [height, width]
}

fn params(case: &Case) -> HogParams {
    let (cell_size, block) = (pair(case, "cell"), pair(case, "block"));
    let sigma = case.optional("sigma").unwrap();
    HogParams {
        gamma: match case.optional("gamma").unwrap() {
            Some(false) => Gamma::None,
            Some(true) | None => Gamma::Sqrt,
        },
        border: Border::Reflect101,
        signed: case.optional("signed").unwrap().unwrap_or(false),
        orientations: case.param("nbins").unwrap(),
        orientation_vote: OrientationVote::Linear,
        cell_size,
        cell_vote: CellVote::Gaussian { sigma, offset: 0.5 },
        block_size: [block[0] / cell_size[0], block[1] / cell_size[1]],
        block_stride: BlockStride::Pixels(pair(case, "stride")),
        block_norm: BlockNorm::L2HysOpenCv,
        clip: case.optional("thr").unwrap().unwrap_or(0.2),
        remainder: Remainder::Ignore,
        layout: Layout::OpenCv,
        ..HogParams::default()
    }
}

/// The windows of a case, one after another; `None` if they do not all begin where blocks do.
fn windows(case: &Case) -> Option<Vec<f32>> {
    let stride = pair(case, "stride");
    let name = if case.optional::<[usize; 2]>("win_stride").unwrap().is_some() {
        "win_stride"
    } else {
        "cell"
    };
    let window_stride = pair(case, name);
    if case.optional::<[usize; 2]>("padding").unwrap().is_some()
        || (0..2).any(|axis| !window_stride[axis].is_multiple_of(stride[axis]))
    {
        return None;
    }
    let step = [window_stride[0] / stride[0], window_stride[1] / stride[1]];
    // As 16 bits, so that no faster way for bytes is taken.
    let mut picture = case.picture().unwrap().mapv(u16::from);
    // Of equally strong channels OpenCV takes blue before green before red.
    picture.invert_axis(Axis(2));
    let grid = Hog::new(&params(case)).unwrap().grid(picture.view()).unwrap();
    let window = grid.blocks_in(pair(case, "win")).unwrap();
    Some(grid.windows(window, step).flat_map(|window| window.blocks).copied().collect())
}

#[test]
fn windows_with_opencvs_options_have_opencvs_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut compared = 0;
    for case in golden::cases(&folder, "hog_opencv").unwrap() {
        if case.oracle() != "cv2.HOGDescriptor.compute" {
            continue;
        }
        let Some(got) = windows(&case) else { continue };
        let expected = case.numbers().unwrap();
        assert_eq!(got.len(), expected.len(), "{}", case.id());
        let apart = got.iter().zip(&expected).map(|(&got, want)| (f64::from(got) - want).abs());
        let (largest, sum) = apart.fold((0.0_f64, 0.0), |(most, sum), d| (most.max(d), sum + d));
        let mean = sum / got.len() as f64;
        assert!(largest < TOLERANCE[0], "{}: {largest:e}", case.id());
        assert!(mean < TOLERANCE[1], "{}: {mean:e} on average", case.id());
        compared += 1;
    }
    assert_eq!(compared, 12);
}
