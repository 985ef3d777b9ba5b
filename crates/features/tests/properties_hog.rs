//! What holds for HOG with every choice of options.

use base::{Extract, Size};
use features::{
    BlockNorm, BlockStride, Border, CellVote, Colour, Gamma, GradientFilter, Hog, HogParams,
    HogScratch, Layout, OrientationVote, Remainder, describe,
};
use ndarray::{Array3, s};
use proptest::prelude::*;
use proptest::sample::select;

/// Images of 1 to 40 pixels a side with so many channels.
fn images(channels: impl Strategy<Value = usize>) -> impl Strategy<Value = Array3<u8>> {
    (1_usize..=40, 1_usize..=40, channels, any::<u64>()).prop_map(
        |(height, width, channels, seed)| {
            let noise = base::Seed(seed).permutation(height * width * channels);
            let pixels = noise.into_iter().map(|value| (value % 256) as u8).collect();
            Array3::from_shape_vec((height, width, channels), pixels).unwrap()
        },
    )
}

fn cell_votes() -> impl Strategy<Value = CellVote> {
    let gaussian = (prop::option::of(0.01..100.0), -2.0..2.0)
        .prop_map(|(sigma, offset)| CellVote::Gaussian { sigma, offset });
    prop_oneof![Just(CellVote::Hard), Just(CellVote::Bilinear), gaussian]
}

fn sides(most: usize) -> impl Strategy<Value = [usize; 2]> {
    [1..=most, 1..=most]
}

prop_compose! {
    /// Any choice of options.
    fn params()(
        (gamma, gradient, border, colour) in (
            select(vec![Gamma::None, Gamma::Sqrt, Gamma::Log]),
            select(vec![GradientFilter::Central, GradientFilter::Sobel, GradientFilter::Prewitt]),
            select(vec![Border::Zero, Border::Reflect101, Border::Clamp]),
            select(vec![Colour::MaxMagnitude, Colour::PerChannel]),
        ),
        (signed, orientations, orientation_vote) in (
            any::<bool>(), 1_usize..20, select(vec![OrientationVote::Hard, OrientationVote::Linear]),
        ),
        (cell_size, cell_vote, block_size) in (sides(9), cell_votes(), sides(3)),
        (stride, stride_in_pixels) in (sides(4), any::<bool>()),
        (block_norm, clip, epsilon) in (
            select(vec![
                BlockNorm::None, BlockNorm::L1, BlockNorm::L1Sqrt, BlockNorm::L2, BlockNorm::L2Hys,
                BlockNorm::L2HysOpenCv,
            ]),
            0.01..=1.0, 1e-9..1.0,
        ),
        (remainder, layout) in (
            select(vec![Remainder::Ignore, Remainder::Error, Remainder::Pad]),
            select(vec![Layout::RowMajor, Layout::OpenCv]),
        ),
    ) -> HogParams {
        let in_pixels = stride_in_pixels && matches!(cell_vote, CellVote::Gaussian { .. });
        let block_stride =
            if in_pixels { BlockStride::Pixels(stride) } else { BlockStride::Cells(stride) };
        HogParams {
            gamma, gradient, border, colour, signed, orientations, orientation_vote, cell_size,
            cell_vote, block_size, block_stride, block_norm, clip, epsilon, remainder, layout,
        }
    }
}

prop_compose! {
    /// Options for which there is a faster way.
    fn like_scikit_image()(any in params(), border in 0..2) -> HogParams {
        let gamma = if any.gamma == Gamma::Log { Gamma::Sqrt } else { any.gamma };
        let defaults = HogParams::default();
        let HogParams { orientations, cell_size, block_size, block_norm, .. } = any;
        let block_norm = match block_norm {
            BlockNorm::None | BlockNorm::L2HysOpenCv => defaults.block_norm,
            other => other,
        };
        let border = [Border::Zero, Border::Reflect101][border as usize];
        HogParams { gamma, orientations, cell_size, block_size, block_norm, border, ..defaults }
    }
}

fn size_of(image: &Array3<u8>) -> Size {
    let (height, width, channels) = image.dim();
    Size { height, width, channels }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_choice_of_options_gives_numbers_in_range(
        image in images(select(vec![1, 3])), params in params(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let Ok(length) = hog.length(size_of(&image)) else { return Ok(()) };
        let mut out = vec![f32::NAN; length];
        hog.extract(image.view(), &mut out);
        let most = if params.block_norm == BlockNorm::None { f32::MAX } else { 1.0 };
        prop_assert!(length > 0 && out.iter().all(|value| (0.0..=most).contains(value)));
        let shape = hog.shape(size_of(&image)).unwrap();
        let descriptors = if params.colour == Colour::PerChannel { image.dim().2 } else { 1 };
        prop_assert_eq!(length, shape.iter().product::<usize>() * descriptors);
        prop_assert!(hog.cells(image.view()).unwrap().iter().all(|votes| *votes >= 0.0));
    }

    #[test]
    fn the_general_way_gives_the_numbers_of_the_fast_one(
        image in images(select(vec![1, 3])), params in like_scikit_image(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let Ok(fast) = describe(&hog, image.view()) else { return Ok(()) };
        // The one says what it does for any type of pixels, in the general way.
        let general = hog.describe(image.view()).unwrap();
        for (fast, general) in fast.iter().zip(&general) {
            prop_assert!((fast - general).abs() < 1e-6, "{fast} {general}");
        }
    }

    #[test]
    fn the_type_and_the_strides_of_pixels_do_not_matter(
        image in images(1_usize..=4), params in params(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let Ok(of_u8) = hog.describe(image.view()) else { return Ok(()) };
        prop_assert_eq!(&of_u8, &hog.describe(image.mapv(u16::from).view()).unwrap());
        prop_assert_eq!(&of_u8, &hog.describe(image.mapv(f32::from).view()).unwrap());
        let (height, width, channels) = image.dim();
        let mut wide = Array3::from_elem((2 * height, width + 3, 2 * channels), 77);
        wide.slice_mut(s![..;2, 3.., ..;2]).assign(&image);
        prop_assert_eq!(&of_u8, &hog.describe(wide.slice(s![..;2, 3.., ..;2])).unwrap());
    }

    #[test]
    fn scratch_of_another_image_does_not_matter(
        images in [images(1_usize..=4), images(1_usize..=4)], params in params(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let mut scratch = HogScratch::default();
        for image in &images {
            let Ok(expected) = hog.describe(image.view()) else { return Ok(()) };
            let mut out = vec![f32::NAN; expected.len()];
            hog.describe_into(image.view(), &mut scratch, &mut out).unwrap();
            prop_assert_eq!(out, expected);
        }
    }

    #[test]
    fn every_channel_has_the_descriptor_it_has_alone(
        image in images(2_usize..=4), params in params(),
    ) {
        let hog = Hog::new(&HogParams { colour: Colour::PerChannel, ..params }).unwrap();
        let Ok(together) = hog.describe(image.view()) else { return Ok(()) };
        let alone = image.axis_chunks_iter(ndarray::Axis(2), 1);
        let alone: Vec<f32> = alone.flat_map(|channel| hog.describe(channel).unwrap()).collect();
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn opencvs_order_holds_the_same_numbers(image in images(1_usize..=4), params in params()) {
        let describe = |layout| {
            let hog = Hog::new(&HogParams { layout, ..params.clone() }).unwrap();
            hog.describe(image.view()).map(|numbers| (hog.shape(size_of(&gray(&image))), numbers))
        };
        let Ok((rows_first, by_row)) = describe(Layout::RowMajor) else { return Ok(()) };
        let (columns_first, by_column) = describe(Layout::OpenCv).unwrap();
        let (rows_first, columns_first) = (rows_first.unwrap(), columns_first.unwrap());
        let length: usize = rows_first.iter().product();
        for (by_row, by_column) in by_row.chunks(length).zip(by_column.chunks(length)) {
            let by_row = ndarray::ArrayView5::from_shape(rows_first, by_row).unwrap();
            let by_column = ndarray::ArrayView5::from_shape(columns_first, by_column).unwrap();
            prop_assert_eq!(by_row, by_column.permuted_axes([1, 0, 3, 2, 4]));
        }
    }
}

/// One channel of it.
fn gray(image: &Array3<u8>) -> Array3<u8> {
    image.slice(s![.., .., ..1]).to_owned()
}
