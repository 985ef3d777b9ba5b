//! What holds for HOG with every choice of options.

use base::{Extract, Size};
use features::{
    BlockNorm, BlockStride, Border, CellVote, Colour, Gamma, GradientFilter, Hog, HogError,
    HogParams, HogScratch, Layout, OrientationVote, Remainder, describe,
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
    /// Options for which there is a faster way. Without a gamma: the square roots of whole numbers
    /// have gradients of just 30 or 60 degrees, where rounding chooses between two bins.
    fn like_scikit_image()(any in params(), border in 0..2) -> HogParams {
        let defaults = HogParams::default();
        let HogParams { orientations, cell_size, block_size, block_norm, .. } = any;
        let block_norm = match block_norm {
            BlockNorm::None | BlockNorm::L2HysOpenCv => defaults.block_norm,
            other => other,
        };
        let border = [Border::Zero, Border::Reflect101][border as usize];
        HogParams { orientations, cell_size, block_size, block_norm, border, ..defaults }
    }
}

fn size_of(image: &Array3<u8>) -> Size {
    let (height, width, channels) = image.dim();
    Size { height, width, channels }
}

/// A number that may be absurd.
fn any_size() -> impl Strategy<Value = usize> {
    prop_oneof![
        0_usize..5,
        select(vec![180, 360, 1024, 65536, 1 << 30, usize::MAX]),
        any::<usize>()
    ]
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        select(vec![0.0, -0.1, 0.2, 1.0, 1e-12, 1e300, f64::NAN, f64::INFINITY]),
        any::<f64>()
    ]
}

prop_compose! {
    /// Sensible options but for some.
    fn absurd_params()(
        params in params(), which in 0..9, sizes in [any_size(), any_size()], number in any_number(),
        offset in any_number(),
    ) -> HogParams {
        let gaussian = |sigma, offset| CellVote::Gaussian { sigma, offset };
        match which {
            0 => HogParams { orientations: sizes[0], ..params },
            1 => HogParams { cell_size: sizes, ..params },
            2 => HogParams { block_size: sizes, cell_vote: gaussian(None, 0.0), ..params },
            3 => HogParams { block_stride: BlockStride::Cells(sizes), ..params },
            4 => HogParams { block_stride: BlockStride::Pixels(sizes), ..params },
            5 => HogParams { clip: number, ..params },
            6 => HogParams { epsilon: number, ..params },
            7 => HogParams { cell_vote: gaussian(Some(number), offset), ..params },
            _ => HogParams { cell_size: [sizes[0]; 2], block_size: [sizes[1]; 2], ..params },
        }
    }
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
    fn absurd_settings_are_refused_or_work(
        image in images(select(vec![1, 3])), params in absurd_params(),
        height in any_size(), width in any_size(), channels in any_size(),
    ) {
        match Hog::new(&params) {
            Ok(hog) => {
                // No size is too large to be told the length for.
                let _ = hog.length(Size { height, width, channels });
                if let Ok(numbers) = describe(&hog, image.view()) {
                    prop_assert!(numbers.iter().all(|number| number.is_finite()));
                }
                let _ = hog.mirror_permutation(size_of(&image));
            }
            Err(error) => {
                let names = [
                    "orientations", "cell_size", "block_size", "block_stride", "clip", "epsilon",
                    "sigma", "offset",
                ];
                prop_assert!(names.contains(&error.name), "{error}");
            }
        }
    }

    #[test]
    fn any_pixels_are_described_or_refused_with_their_place(
        image in images(1_usize..=4), params in params(), value in any::<f32>(),
        place in [0_usize..40, 0_usize..40, 0_usize..4],
    ) {
        let mut image = image.mapv(f32::from);
        let (height, width, channels) = image.dim();
        let [y, x, channel] = [place[0] % height, place[1] % width, place[2] % channels];
        image[[y, x, channel]] = value;
        match Hog::new(&params).unwrap().describe(image.view()) {
            Ok(numbers) => prop_assert!(numbers.iter().all(|number| number.is_finite())),
            Err(HogError::Level { y: row, x: column, channel: in_channel, .. }) => {
                prop_assert_eq!([row, column, in_channel], [y, x, channel]);
                prop_assert!(!value.is_finite() || value.abs() > 1e20 || value < 0.0);
            }
            Err(error) => prop_assert!(matches!(error, HogError::Shape(_)), "{error}"),
        }
    }

    #[test]
    fn the_general_way_gives_the_numbers_of_the_fast_one(
        image in images(select(vec![1, 3])), params in like_scikit_image(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let Ok(fast) = describe(&hog, image.view()) else { return Ok(()) };
        let general = hog.describe(image.mapv(u16::from).view()).unwrap();
        for (fast, general) in fast.iter().zip(&general) {
            prop_assert!((fast - general).abs() < 1e-6, "{fast} {general}");
        }
    }

    #[test]
    fn the_type_and_the_strides_of_pixels_do_not_matter(
        image in images(1_usize..=4), params in params(),
    ) {
        let hog = Hog::new(&params).unwrap();
        let Ok(of_u16) = hog.describe(image.mapv(u16::from).view()) else { return Ok(()) };
        prop_assert_eq!(&of_u16, &hog.describe(image.mapv(f32::from).view()).unwrap());
        // There may be a faster way for bytes, with other rounding.
        let of_u8 = hog.describe(image.view()).unwrap();
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

    #[test]
    fn a_window_has_the_numbers_of_the_image_cut_out_there_but_for_its_border(
        image in images(1_usize..=4), params in params(), first in [0_usize..3, 0_usize..3],
    ) {
        // Votes do not leave cells or blocks, so a difference can only come from the border.
        let cell_vote = match params.cell_vote {
            CellVote::Bilinear => CellVote::Hard,
            other => other,
        };
        let remainder = Remainder::Ignore;
        let layout = Layout::RowMajor;
        let hog = Hog::new(&HogParams { cell_vote, remainder, layout, ..params }).unwrap();
        let Ok(grid) = hog.grid(image.view()) else { return Ok(()) };
        prop_assert!(grid.blocks().iter().eq(&hog.describe(image.view()).unwrap()));
        let [rows, columns] = grid.counts();
        let size = [rows.saturating_sub(first[0]), columns.saturating_sub(first[1])];
        let Some(window) = grid.window(first, size) else { return Ok(()) };
        let [top, left] = window.corner;
        let cut = hog.grid(image.slice(s![top.., left.., ..])).unwrap();
        prop_assert_eq!(cut.blocks().dim(), window.blocks.dim());
        let inner = s![.., usize::from(top > 0).., usize::from(left > 0).., .., .., ..];
        let (cut, window) = (cut.blocks(), window.blocks);
        // Blocks further in overlap neither the first row of pixels nor the first column.
        prop_assert!(
            cut.slice(inner).iter().zip(window.slice(inner)).all(|(a, b)| (a - b).abs() < 1e-6)
        );
    }

    /// Whole blocks, linear votes or gradients off the edges of bins.
    #[test]
    fn the_descriptor_of_the_mirrored_image_is_the_permuted_one(
        params in params(), blocks in [1_usize..4, 1_usize..4], channels in 1_usize..=4,
        seed in any::<u64>(), hard in any::<bool>(),
    ) {
        let orientation_vote = if hard { OrientationVote::Hard } else { OrientationVote::Linear };
        // At other borders there is a difference of 0, which is an edge of a bin.
        let border = if hard { Border::Clamp } else { params.border };
        let orientations = params.orientations + params.orientations % 2;
        let cell_vote = match params.cell_vote {
            CellVote::Gaussian { sigma, .. } => CellVote::Gaussian { sigma, offset: 0.0 },
            other => other,
        };
        let params = HogParams { orientation_vote, border, orientations, cell_vote, ..params };
        let stride = match params.block_stride {
            BlockStride::Cells(stride) => [0, 1].map(|axis| stride[axis] * params.cell_size[axis]),
            BlockStride::Pixels(stride) => stride,
        };
        let [height, width] = [0, 1].map(|axis| {
            params.block_size[axis] * params.cell_size[axis] + (blocks[axis] - 1) * stride[axis]
        });
        if hard && (height == 1 || width == 1) {
            // Here too there is a difference of 0.
            return Ok(());
        }
        let noise = base::Seed(seed).permutation(height * width * channels);
        let pixels = noise.into_iter().map(|value| (value as f32).sqrt()).collect();
        let image = Array3::from_shape_vec((height, width, channels), pixels).unwrap();
        let hog = Hog::new(&params).unwrap();
        let numbers = hog.describe(image.view()).unwrap();
        let mirrored = hog.describe(image.slice(s![.., ..;-1, ..])).unwrap();
        let size = Size { height, width, channels: 1 };
        let permutation = match (params.colour, channels) {
            (Colour::MaxMagnitude, _) | (_, 1) => hog.mirror_permutation(size).unwrap(),
            (Colour::PerChannel, 3) => {
                hog.mirror_permutation(Size { channels: 3, ..size }).unwrap()
            }
            _ => return Ok(()),
        };
        for (number, place) in mirrored.iter().zip(permutation) {
            let expected = numbers[place];
            let apart = (number - expected).abs();
            prop_assert!(apart < 1e-5 * expected.max(1.0), "{number}, expected {expected}");
        }
    }
}

/// One channel of it.
fn gray(image: &Array3<u8>) -> Array3<u8> {
    image.slice(s![.., .., ..1]).to_owned()
}
