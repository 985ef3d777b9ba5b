//! What holds for OpenCV's HOG of every image and with every setting.

use base::{Extract, Size};
use features::{Hog, HogDetector, HogGrouping, HogScanParams, OpenCvHog, OpenCvHogParams};
use ndarray::{Array3, Array4, Axis, s};
use proptest::prelude::*;

/// Images of 1 to 40 pixels a side, grey or RGB.
fn images() -> impl Strategy<Value = Array3<u8>> {
    let sides = (1_usize..=40, 1_usize..=40, prop_oneof![Just(1_usize), Just(3)], any::<u64>());
    sides.prop_map(|(height, width, channels, seed)| {
        let noise = base::Seed(seed).permutation(height * width * channels);
        let pixels = noise.into_iter().map(|value| value as u8).collect();
        Array3::from_shape_vec((height, width, channels), pixels).unwrap()
    })
}

fn pair(range: std::ops::Range<usize>) -> impl Strategy<Value = [usize; 2]> {
    [range.clone(), range]
}

fn hogs() -> impl Strategy<Value = OpenCvHog> {
    let sizes = (pair(1..6), pair(1..4), pair(1..7), pair(0..4), pair(1..12), pair(0..6));
    let rest = (1_usize..20, prop::option::of(0.1..9.0), 0.05..1.0, any::<bool>(), any::<bool>());
    (sizes, rest).prop_map(|((cell, cells, stride, strides, window_stride, padding), rest)| {
        let (orientations, sigma, clip, gamma_correction, signed_gradient) = rest;
        let block_size = [cell[0] * cells[0], cell[1] * cells[1]];
        let window = |axis: usize| block_size[axis] + stride[axis] * strides[axis];
        let params = OpenCvHogParams {
            window_size: [window(0), window(1)],
            block_size,
            block_stride: stride,
            cell_size: cell,
            orientations,
            sigma,
            clip,
            gamma_correction,
            signed_gradient,
            window_stride: Some(window_stride),
            padding,
        };
        Hog::opencv(&params).unwrap()
    })
}

fn size(image: &Array3<u8>) -> Size {
    let (height, width, channels) = image.dim();
    Size { height, width, channels }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn numbers_lie_between_0_and_1(image in images(), hog in hogs()) {
        if let Ok(length) = hog.length(size(&image)) {
            // NaN first, so that a number that is not written shows.
            let mut out = vec![f32::NAN; length];
            hog.extract(image.view(), &mut out);
            prop_assert!(out.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn a_window_is_the_same_alone_and_among_all(image in images(), hog in hogs()) {
        if let Ok(corners) = hog.window_corners(size(&image)) {
            let all = hog.windows(image.view()).unwrap();
            prop_assert_eq!(all, hog.windows_at(image.view(), &corners).unwrap());
        }
    }

    #[test]
    fn an_image_is_the_same_alone_and_in_a_batch(
        image in images(), hog in hogs(), count in 1_usize..6,
    ) {
        if let Ok(length) = hog.length(size(&image)) {
            let (height, width, channels) = image.dim();
            let images = Array4::from_shape_fn((count, height, width, channels), |(n, y, x, c)| {
                image[[y, x, c]].wrapping_mul(n as u8 + 1)
            });
            let mut all = vec![f32::NAN; count * length];
            hog.extract_batch(images.view(), &mut all);
            for (image, all) in images.outer_iter().zip(all.chunks_exact(length)) {
                prop_assert_eq!(features::describe(&hog, image).unwrap(), all);
            }
        }
    }

    #[test]
    fn layout_in_memory_does_not_matter(image in images(), hog in hogs()) {
        let mirrored = image.slice(s![..;-1, ..;-1, ..]).as_standard_layout().into_owned();
        let same = mirrored.slice(s![..;-1, ..;-1, ..]);
        prop_assert_eq!(
            features::describe(&hog, image.view()).ok(),
            features::describe(&hog, same).ok()
        );
    }

    #[test]
    fn scores_are_the_same_at_a_place_and_among_all(
        image in images(), hog in hogs(), scale in 1.0..3.0_f64, grouping in 0_u32..3,
    ) {
        let weights = base::Seed(1).permutation(hog.window_length() + 1);
        let weights = weights.into_iter().map(|weight| weight as f32 - 50.0).collect();
        let detector = HogDetector::new(hog.params(), weights).unwrap();
        let hits = detector.detect(image.view(), f64::NEG_INFINITY);
        prop_assert_eq!(hits.is_ok(), hog.length(size(&image)).is_ok());
        if let Ok(hits) = hits {
            let (corners, scores): (Vec<_>, Vec<_>) = hits.into_iter().unzip();
            let again = detector.scores_at(image.view(), &corners).unwrap();
            prop_assert_eq!(again, scores.into_iter().map(Some).collect::<Vec<_>>());
        }
        let grouping = HogGrouping::Overlap(grouping);
        let scan = HogScanParams { scale, grouping, levels: 5, ..HogScanParams::default() };
        for (hit, _) in detector.detect_at_scales(image.view(), &scan).unwrap_or_default() {
            let (height, width, _) = image.dim();
            prop_assert!(hit.x >= 0 && hit.right() <= width as i64);
            prop_assert!(hit.y >= 0 && hit.bottom() <= height as i64);
        }
    }

    #[test]
    fn settings_out_of_range_are_refused(
        sides in prop::collection::vec(prop_oneof![0_usize..40, Just(usize::MAX), Just(1 << 31)], 10),
        orientations in prop_oneof![0_usize..300, Just(usize::MAX)],
        numbers in prop::collection::vec(prop_oneof![-1.0..2.0, Just(f64::NAN), Just(1e300)], 2),
        image in images(),
    ) {
        let params = OpenCvHogParams {
            window_size: [sides[0], sides[1]],
            block_size: [sides[2], sides[3]],
            block_stride: [sides[4], sides[5]],
            cell_size: [sides[6], sides[7]],
            orientations,
            sigma: Some(numbers[0]),
            clip: numbers[1],
            padding: [sides[8], sides[9]],
            ..OpenCvHogParams::default()
        };
        if let Ok(hog) = Hog::opencv(&params) {
            prop_assert!(hog.windows(image.view()).is_err() || hog.window_length() > 0);
        }
    }
}

#[test]
fn images_of_no_pixels_or_other_channels_are_refused() {
    let hog = Hog::opencv(&OpenCvHogParams::default()).unwrap();
    for shape in [(0, 64, 1), (128, 0, 3), (128, 64, 2), (127, 64, 1), (128, 63, 1)] {
        assert!(hog.windows(Array3::zeros(shape).view()).is_err(), "{shape:?}");
    }
    let none = Array4::zeros((0, 128, 64, 1));
    hog.extract_batch(none.view(), &mut []);
    assert_eq!(none.len_of(Axis(0)), 0);
}
