//! What holds for every image and every setting.

use base::{Extract, Size};
use features::{
    BlockNorm, Concat, Gamma, Haar, HaarParams, Hog, HogParams, Lbp, LbpMethod, LbpParams, Pixels,
    PixelsParams, describe, view,
};
use ndarray::Array3;
use proptest::prelude::*;

/// Images of 1 to 40 pixels a side, grey or RGB, with levels up to `brightest`.
fn images(brightest: u8) -> impl Strategy<Value = Array3<u8>> {
    (1_usize..=40, 1_usize..=40, prop_oneof![Just(1_usize), Just(3)], any::<u64>()).prop_map(
        move |(height, width, channels, seed)| {
            let noise = base::Seed(seed).permutation(height * width * channels);
            let levels = usize::from(brightest) + 1;
            let pixels = noise.into_iter().map(|value| (value % levels) as u8).collect();
            Array3::from_shape_vec((height, width, channels), pixels).unwrap()
        },
    )
}

fn hogs() -> impl Strategy<Value = (Hog, bool)> {
    let norms = [BlockNorm::L1, BlockNorm::L1Sqrt, BlockNorm::L2, BlockNorm::L2Hys];
    (
        1_usize..20,
        [1_usize..10, 1_usize..10],
        [1_usize..4, 1_usize..4],
        0..norms.len(),
        any::<bool>(),
    )
        .prop_map(move |(orientations, cell_size, block_size, norm, transform_sqrt)| {
            let block_norm = norms[norm];
            let gamma = if transform_sqrt { Gamma::Sqrt } else { Gamma::None };
            let params = HogParams {
                orientations,
                cell_size,
                block_size,
                block_norm,
                gamma,
                ..HogParams::default()
            };
            (Hog::new(&params).unwrap(), transform_sqrt)
        })
}

fn lbps() -> impl Strategy<Value = (Lbp, usize)> {
    let methods = [LbpMethod::Default, LbpMethod::Ror, LbpMethod::Uniform, LbpMethod::NriUniform];
    (1_usize..6, 2_usize..13, prop::collection::vec(0.1..5.0_f64, 1..4), 0..methods.len()).prop_map(
        move |(grid, points, radii, method)| {
            let method = methods[method];
            let lbp = Lbp::new(&LbpParams { grid, points, radii, method, overlap: 0.0 }).unwrap();
            (lbp, features::lbp_label_count(points, method))
        },
    )
}

/// Either `length` refuses the size, or there are just that many numbers, all finite.
fn check(extractor: &dyn Extract, image: &Array3<u8>) -> Result<(), TestCaseError> {
    let (height, width, channels) = image.dim();
    if let Ok(length) = extractor.length(Size { height, width, channels }) {
        // NaN first, so that a number that is not written shows.
        let mut out = vec![f32::NAN; length];
        extractor.extract(image.view(), &mut out);
        prop_assert!(length > 0 && out.iter().all(|value| value.is_finite()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn hog_is_finite_and_within_its_range(image in images(255), (hog, _) in hogs()) {
        check(&hog, &image)?;
        if let Ok(values) = describe(&hog, image.view()) {
            prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn other_descriptors_are_finite(
        image in images(255), count in 1_usize..300, seed in any::<u64>(), gray in any::<bool>(),
    ) {
        let haar = Haar::new(&HaarParams { count, seed }).unwrap();
        check(&haar, &image)?;
        let pixels = Pixels::new(&PixelsParams { gray }).unwrap();
        check(&pixels, &image)?;
        check(&Concat::new(vec![Box::new(haar), Box::new(pixels)]).unwrap(), &image)?;
    }

    #[test]
    fn lbp_histograms_sum_to_one(image in images(255), (lbp, labels) in lbps()) {
        check(&lbp, &image)?;
        if let Ok(shares) = describe(&lbp, image.view()) {
            for histogram in shares.chunks_exact(labels) {
                let sum: f64 = histogram.iter().map(|&share| f64::from(share)).sum();
                prop_assert!((sum - 1.0).abs() < 1e-5, "sum {sum}");
            }
        }
    }

    /// Grey images, since the conversion of colours to grey rounds.
    #[test]
    fn more_light_changes_neither_lbp_nor_hog(
        image in images(200), light in 1_u8..=55, (hog, square_root) in hogs(), (lbp, _) in lbps(),
    ) {
        let image = image.slice(ndarray::s![.., .., 0..1]).to_owned();
        let brighter = image.mapv(|level| level + light);
        prop_assert_eq!(describe(&lbp, image.view()), describe(&lbp, brighter.view()));
        // The square root is there to tell light from dark.
        if !square_root {
            prop_assert_eq!(describe(&hog, image.view()), describe(&hog, brighter.view()));
        }
    }

    #[test]
    fn a_view_of_a_buffer_has_its_pixels(image in images(255)) {
        let (height, width, channels) = image.dim();
        let (height, width) = (height as u32, width as u32);
        let (pixels, _) = image.clone().into_raw_vec_and_offset();
        if channels == 1 {
            let buffer = image::GrayImage::from_raw(width, height, pixels).unwrap();
            prop_assert_eq!(view(&buffer), image);
        } else {
            let buffer = image::RgbImage::from_raw(width, height, pixels).unwrap();
            prop_assert_eq!(view(&buffer), image);
        }
    }
}
